import { BPS, minimum, mulDivUp, RAY } from "./rounding.js";

/** Interest is a rate a year of 365 days. */
export const YEAR = 365n * 86_400n;

/** The largest exponent compounded at once; interest beyond it is not charged. */
const MAX_EXPONENT = 4n * RAY;

/** The kinked curve: r(u) = base + slope * u, plus jump * (u - kink) / (1 - kink) above the kink; in basis points. */
export interface Curve {
  readonly baseBps: bigint;
  readonly slopeBps: bigint;
  readonly jumpBps: bigint;
  readonly kinkBps: bigint;
}

/**
 * The yearly borrow rate at a utilisation, rounded up: borrowers pay.
 *
 * @param utilisation {RAY} at most 1
 * @returns {RAY/year}
 */
export function borrowRateUp(utilisation: bigint, curve: Curve): bigint {
  const bps = RAY / BPS;
  const kink = curve.kinkBps * bps;
  const straight = curve.baseBps * bps + mulDivUp(curve.slopeBps * bps, utilisation, RAY);
  if (utilisation <= kink) return straight;
  return straight + mulDivUp(curve.jumpBps * bps, utilisation - kink, RAY - kink);
}

/**
 * Growth over a time at a yearly rate, compounded continuously: e^(rate * time) - 1. Terms of the series are cut to whole
 * units as on the chain, where a ledger must agree to the unit; {@link compoundExact} is the same number without cuts.
 *
 * @param rate {RAY/year}
 * @param elapsed {s}
 * @returns {RAY}
 */
export function compound(rate: bigint, elapsed: bigint): bigint {
  const exponent = minimum(mulDivUp(rate, elapsed, YEAR), MAX_EXPONENT);
  let growth = 0n;
  for (let n = 1n, term = exponent; term !== 0n; n += 1n, term = (term * exponent) / (n * RAY)) growth += term;
  return growth;
}

/**
 * The same growth by another route, with twenty more digits: e^x = (e^(x / 2^32))^(2^32), the small power from two terms
 * more than needed and then squared thirty-two times. Good to 10^-30; for tests and for what is not on the ledger.
 */
export function compoundExact(rate: bigint, elapsed: bigint): bigint {
  const halvings = 32n;
  const scale = 10n ** 60n;
  const exponent = minimum((rate * elapsed * scale) / (YEAR * RAY), (MAX_EXPONENT * scale) / RAY);
  const small = exponent >> halvings;
  let growth = 0n;
  for (let n = 1n, term = small; n <= 8n; n += 1n, term = (term * small) / (n * scale)) growth += term;
  // (1 + g)^2 - 1 = 2 g + g^2
  for (let i = 0n; i < halvings; i += 1n) growth = 2n * growth + (growth * growth) / scale;
  return (growth * RAY) / scale;
}
