import { BPS, INFINITE_HEALTH, maximum, mulDivDown, mulDivUp, sqrtDown, WAD } from "./rounding.js";

/** The collateral of one underlying with its price and its terms, as in contracts/types/Assessment.sol. */
export interface Leg {
  readonly asset: number;
  readonly halted: boolean; // no usable price: worth nothing here
  readonly amount: bigint; // {token}
  readonly unit: bigint; // {token} one whole token
  readonly bidE18: bigint; // {quote/whole token}
  readonly valueE18: bigint; // {quote}
  readonly terms: RiskTerms;
}

/** How one underlying is margined; in basis points. */
export interface RiskTerms {
  readonly shockBps: bigint;
  readonly haircutMaintenanceBps: bigint;
  readonly haircutInitialBps: bigint;
  readonly initialFactorBps: bigint;
  readonly sizeCoefficientBps: bigint;
}

/** Maintenance and initial figures of the same thing. */
export interface Pair {
  readonly maintenanceE18: bigint;
  readonly initialE18: bigint;
}

export interface Assessment extends Pair {
  readonly equityE18: bigint; // {quote}
  readonly healthE18: bigint; // {1}
  readonly halted: boolean;
}

const BPS_TO_WAD = WAD / BPS;

/** The size factor begins at 0.8 and is one until c * sqrt(V / 1 million) is 0.2. */
const SIZE_BASE = (8n * WAD) / 10n;
const MILLION = 1_000_000n;

/** Bid of an asset in quote units, from two answers in dollars; rounded down. */
export function bid(answer: bigint, answerDecimals: bigint, quoteAnswer: bigint, quoteDecimals: bigint): bigint {
  return mulDivDown(answer * 10n ** quoteDecimals, WAD, quoteAnswer * 10n ** answerDecimals);
}

/** A leg of `amount` at a bid; zero is no price. */
export function legOf(asset: number, amount: bigint, unit: bigint, bidE18: bigint, terms: RiskTerms): Leg {
  const valueE18 = mulDivDown(amount, bidE18, unit);
  return { asset, halted: bidE18 === 0n, amount, unit, bidE18, valueE18, terms };
}

/** max(1, 0.8 + c * sqrt(V / 1 million)), rounded up; {1}. */
function sizeFactor(valueE18: bigint, coefficientE18: bigint): bigint {
  // Where the exact factor is at most one, so that no rounded root may lift it above: c^2 * V <= 0.2^2 million.
  const squaredE18 = (coefficientE18 * coefficientE18) / WAD;
  if (squaredE18 * valueE18 <= (WAD - SIZE_BASE) ** 2n * MILLION) return WAD;
  const root = sqrtDown(valueE18 * (WAD / MILLION)) + 1n;
  return maximum(WAD, SIZE_BASE + mulDivUp(coefficientE18, root, WAD));
}

/** Margin for each unit of value at a size: shock * size factor + haircut; rounded up. */
export function ratesOf(terms: RiskTerms, valueE18: bigint): Pair {
  const shocks = shocksOf(terms, valueE18);
  return {
    maintenanceE18: shocks.maintenanceE18 + terms.haircutMaintenanceBps * BPS_TO_WAD,
    initialE18: shocks.initialE18 + terms.haircutInitialBps * BPS_TO_WAD,
  };
}

/** How fast maintenance margin rises with the value: where size counts it is X * g(X), with the slope g + (g - 0.8) / 2; rounded up. */
export function slopeOf(terms: RiskTerms, valueE18: bigint): bigint {
  const size = sizeFactor(valueE18, terms.sizeCoefficientBps * BPS_TO_WAD);
  const slope = size === WAD ? WAD : size + mulDivUp(size - SIZE_BASE, 1n, 2n);
  return mulDivUp(terms.shockBps * slope, 1n, BPS) + terms.haircutMaintenanceBps * BPS_TO_WAD;
}

/** Shock * size factor, for initial margin with the initial factor: rounded up once. */
export function shocksOf(terms: RiskTerms, exposureE18: bigint): Pair {
  const size = sizeFactor(exposureE18, terms.sizeCoefficientBps * BPS_TO_WAD);
  return {
    maintenanceE18: mulDivUp(terms.shockBps * size, 1n, BPS),
    initialE18: mulDivUp(terms.shockBps * terms.initialFactorBps * size, 1n, BPS * BPS),
  };
}

/** Both margins of `valueE18` of a leg, rounded up. */
export function marginOf(terms: RiskTerms, valueE18: bigint): Pair {
  const rates = ratesOf(terms, valueE18);
  return {
    maintenanceE18: mulDivUp(valueE18, rates.maintenanceE18, WAD),
    initialE18: mulDivUp(valueE18, rates.initialE18, WAD),
  };
}

/** E / MM rounded down; infinite without risk, zero when equity is negative. */
export function health(equityE18: bigint, maintenanceE18: bigint): bigint {
  if (equityE18 < 0n) return 0n;
  return maintenanceE18 === 0n ? INFINITE_HEALTH : mulDivDown(equityE18, WAD, maintenanceE18);
}

/** The margin of an account; what has no price counts zero on both sides. */
export function assess(legs: readonly Leg[], cashE18: bigint): Assessment {
  const priced = legs.filter((leg) => !leg.halted);
  const margins = priced.map((leg) => marginOf(leg.terms, leg.valueE18));
  const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);
  const equityE18 = cashE18 + sum(priced.map((leg) => leg.valueE18));
  const maintenanceE18 = sum(margins.map((margin) => margin.maintenanceE18));
  return {
    equityE18,
    maintenanceE18,
    initialE18: sum(margins.map((margin) => margin.initialE18)),
    healthE18: health(equityE18, maintenanceE18),
    halted: priced.length !== legs.length,
  };
}

/** Maintenance margin of what is left when the fraction `takenE18` is gone; rounded up. */
export function maintenanceAfter(legs: readonly Leg[], takenE18: bigint): bigint {
  return legs.reduce((total, leg) => {
    const left = mulDivUp(leg.valueE18, WAD - takenE18, WAD);
    return total + marginOf(leg.terms, left).maintenanceE18;
  }, 0n);
}
