import { health, type Assessment } from "./margin.js";
import { BPS, minimum, mulDivDown, mulDivFloor, mulDivUp, WAD } from "./rounding.js";

/** How accounts are liquidated, as in contracts/interfaces/ILiquidator.sol. */
export interface LiquidationTerms {
  readonly startDiscountBps: bigint; // {MM}
  readonly healthSlopeBps: bigint; // {MM} for each 1 of missing health
  readonly timeSlopeBps: bigint; // {MM/minute}
  readonly maxDiscountBps: bigint; // {MM}
  readonly targetHealthBps: bigint; // {1}
  readonly toleranceBps: bigint; // {1}
  readonly fundShareBps: bigint;
  readonly dustValue: bigint; // {whole quote}
  readonly restartSeconds: bigint; // {s}
}

/** What a slice moves besides the account's own content; {quote E18}. */
export interface Payment {
  readonly toAccount: bigint;
  readonly toFund: bigint;
  readonly fromFund: bigint;
  readonly fromLenders: bigint; // the most of `fromFund` that lenders bear
}

/** Maintenance margin of what is left of an account when a fraction of it is gone; {quote E18} of {1 E18}. */
export type MaintenanceAfter = (takenE18: bigint) => bigint;

const BPS_TO_WAD = WAD / BPS;
const SECANT_STEPS = 3;
const MINUTE = 60n;

/** E / MM as a signed number, toward minus infinity. */
function signedHealth(equityE18: bigint, maintenanceE18: bigint): bigint {
  if (maintenanceE18 === 0n) return equityE18 < 0n ? 0n : 2n ** 255n - 1n;
  return mulDivFloor(equityE18, WAD, maintenanceE18);
}

/** The slice that leaves a linear book at the target: f = (target - h) / (target - d), rounded down. */
export function closedFraction(healthE18: bigint, discountE18: bigint, targetE18: bigint): bigint {
  return mulDivDown(targetE18 - healthE18, WAD, targetE18 - discountE18);
}

/**
 * d = min(dMax, d0 + slopeHealth * (1 - h) + slopeTime * minutes since the account was seen below maintenance).
 *
 * @param seconds {s} since then; zero when nobody has looked, or not for `restartSeconds`
 */
export function discount(assessment: Assessment, seconds: bigint, terms: LiquidationTerms): bigint {
  const missing = WAD - signedHealth(assessment.equityE18, assessment.maintenanceE18);
  const grown =
    terms.startDiscountBps * BPS_TO_WAD +
    mulDivDown(missing, terms.healthSlopeBps, BPS) +
    (terms.timeSlopeBps * BPS_TO_WAD * seconds) / MINUTE;
  return minimum(grown, terms.maxDiscountBps * BPS_TO_WAD);
}

/** f * (E - d * MM) to the account, or from the fund where that is negative; against the taker. */
export function payment(
  { equityE18, maintenanceE18 }: Pick<Assessment, "equityE18" | "maintenanceE18">,
  discountE18: bigint,
  fractionE18: bigint,
  fundShareE18: bigint,
): Payment {
  const valueUp = mulDivUp(maintenanceE18, discountE18, WAD);
  const valueDown = mulDivDown(maintenanceE18, discountE18, WAD);
  const share = mulDivUp(mulDivUp(valueUp, fractionE18, WAD), fundShareE18, WAD);
  if (equityE18 >= valueUp) {
    const toAccount = mulDivUp(equityE18 - valueDown, fractionE18, WAD);
    return { toAccount, toFund: share, fromFund: 0n, fromLenders: 0n };
  }
  // The fund's own share of the discount comes off what it pays, or the taker pays what of it is more.
  const owed = mulDivDown(valueDown - equityE18, fractionE18, WAD);
  const fromFund = owed >= share ? owed - share : 0n;
  const shortfall = equityE18 < 0n ? mulDivDown(-equityE18, fractionE18, WAD) : 0n;
  return {
    toAccount: 0n,
    toFund: owed >= share ? 0n : share - owed,
    fromFund,
    fromLenders: minimum(shortfall, fromFund),
  };
}

/** Health when the fraction is gone: (E - f * d * MM) / MM(1 - f). */
export function healthAfter(
  maintenanceAfter: MaintenanceAfter,
  { equityE18, maintenanceE18 }: Assessment,
  discountE18: bigint,
  fractionE18: bigint,
): bigint {
  const discountValue = mulDivUp(maintenanceE18, discountE18, WAD);
  const keeps =
    equityE18 > discountValue
      ? equityE18 - mulDivUp(discountValue, fractionE18, WAD)
      : mulDivFloor(equityE18, WAD - fractionE18, WAD);
  return health(keeps, maintenanceAfter(fractionE18));
}

/** The largest slice: what restores the target, the whole where nothing could be restored or dust would be left. */
export function maxFraction(
  maintenanceAfter: MaintenanceAfter,
  assessment: Assessment,
  debtE18: bigint,
  discountE18: bigint,
  terms: LiquidationTerms,
): bigint {
  const { equityE18, healthE18 } = assessment;
  if (equityE18 < 0n || discountE18 >= healthE18) return WAD;
  const dust = terms.dustValue * WAD;
  if (equityE18 < dust && debtE18 < dust) return WAD;

  const target = terms.targetHealthBps * BPS_TO_WAD;
  const ceiling = target + terms.toleranceBps * BPS_TO_WAD;
  const reach = (fractionE18: bigint): Point => ({
    fractionE18,
    healthE18: healthAfter(maintenanceAfter, assessment, discountE18, fractionE18),
  });
  let low: Point = { fractionE18: 0n, healthE18 };
  let last = reach(closedFraction(healthE18, discountE18, target));
  let high = last;
  for (let i = 0; i < SECANT_STEPS && (last.healthE18 > ceiling || last.healthE18 < target); i += 1) {
    if (high.healthE18 <= target) break;
    last = reach(secant(low, high, target));
    if (last.healthE18 < target) low = last;
    else high = last;
  }
  return last.healthE18 > ceiling ? low.fractionE18 : last.fractionE18;
}

interface Point {
  readonly fractionE18: bigint;
  readonly healthE18: bigint;
}

/** Where the line through two points meets the target; rounded down. */
function secant(low: Point, high: Point, target: bigint): bigint {
  const width = high.fractionE18 - low.fractionE18;
  return low.fractionE18 + mulDivDown(width, target - low.healthE18, high.healthE18 - low.healthE18);
}
