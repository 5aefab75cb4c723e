/** Funding of a perpetual: what longs pay shorts by the hour, from what the fills of the hour before said. */
import { mulDivCeil, mulDivFloor, WAD } from "./rounding.js";

/** How the rate follows the fills. */
export interface FundingTerms {
  readonly interestE7: bigint; // {1e-7/hour} what is paid when fills are at the index
  readonly clampE7: bigint; // {1e-7/hour} of the rate, either way
  readonly divisor: bigint; // the hour's premium over the hour's rate
  readonly deviationBps: bigint; // the most that a fill, and all of an hour, count
}

/** A perpetual's funding at a moment. */
export interface Funding {
  readonly updatedAt: bigint; // {s}
  readonly indexE18: bigint; // {quote/unit} what a long of one unit has paid since the start
  readonly priceE18: bigint; // {quote/unit} that funding is charged on until the next look
  readonly rateE18: bigint; // {1/hour}
  readonly premiumE18: bigint; // {1} as it stands
  readonly weightedE18: bigint; // {s} of this hour so far, by the time it stood
}

const HOUR = 3_600n;
const E7 = WAD / 10_000_000n;
const BPS = WAD / 10_000n;

/** {1/hour} The rate that a mean premium makes. */
export function rateOf(premiumE18: bigint, terms: FundingTerms): bigint {
  const { divisor, interestE7, clampE7 } = terms;
  return within(mulDivFloor(premiumE18, 1n, divisor) + interestE7 * E7, clampE7 * E7);
}

/**
 * Funding at `now`: every hour has a rate of its own, from the mean premium of the hour before it. An hour without fills has
 * none, so the hour after it is charged interest alone. Hours of one rate are charged together.
 */
export function fundingAt(funding: Funding, terms: FundingTerms, now: bigint): Funding {
  const hourEnd = (funding.updatedAt / HOUR + 1n) * HOUR;
  const stood = (now < hourEnd ? now : hourEnd) - funding.updatedAt;
  const weightedE18 = funding.weightedE18 + funding.premiumE18 * stood;
  const charged = charge(funding, stood);
  if (now < hourEnd) return { ...charged, updatedAt: now, weightedE18 };

  const second = { ...charged, premiumE18: 0n, weightedE18: 0n };
  const next = { ...second, rateE18: rateOf(mulDivFloor(weightedE18, 1n, HOUR), terms) };
  const beyond = now - hourEnd - HOUR;
  if (beyond < 0n) return { ...charge(next, now - hourEnd), updatedAt: now };
  return { ...charge({ ...charge(next, HOUR), rateE18: rateOf(0n, terms) }, beyond), updatedAt: now };
}

/**
 * What a fill adds to the premium: how far it was from the index, as much as it is of the market.
 *
 * @param interestE18 {unit} Open interest, the larger of before and after.
 */
export function afterFill(
  funding: Funding,
  terms: FundingTerms,
  fill: {
    readonly sizeE18: bigint;
    readonly priceE18: bigint;
    readonly indexE18: bigint;
    readonly interestE18: bigint;
  },
): Funding {
  const most = terms.deviationBps * BPS;
  const apart = within(mulDivFloor(fill.priceE18 - fill.indexE18, WAD, fill.indexE18), most);
  const weighed = fill.sizeE18 < fill.interestE18 ? mulDivFloor(apart, fill.sizeE18, fill.interestE18) : apart;
  return { ...funding, premiumE18: within(funding.premiumE18 + weighed, most) };
}

/** {quote} What a position pays for a move of the index; rounded against it, whichever side it is on. */
export function paymentOf(sizeE18: bigint, moveE18: bigint): bigint {
  return mulDivCeil(sizeE18 * moveE18, 1n, WAD);
}

/** {quote} The quote as the ledger keeps it: as if the funding index had always been zero. Rounded against the position. */
export function keptQuote(sizeE18: bigint, quoteE18: bigint, indexE18: bigint): bigint {
  return quoteE18 - paymentOf(-sizeE18, indexE18);
}

function charge(funding: Funding, seconds: bigint): Funding {
  const moved = mulDivFloor(funding.rateE18 * funding.priceE18 * seconds, 1n, HOUR * WAD);
  return { ...funding, indexE18: funding.indexE18 + moved };
}

function within(value: bigint, most: bigint): bigint {
  if (value > most) return most;
  return value < -most ? -most : value;
}
