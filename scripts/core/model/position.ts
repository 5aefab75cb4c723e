/** Perpetual positions beside collateral, from what ARCHITECTURE.md says of margin and funding; to the unit, as the ledger is. */
import type { Assessment, Leg, Pair, RiskTerms } from "./margin.js";

import { health, legOf, marginOf, shocksOf } from "./margin.js";
import { BPS, maximum, mulDivFloor, mulDivUp, WAD } from "./rounding.js";

/** What was bought, less what was sold, and the quote that was received for it, less what was paid. */
export interface Position {
  readonly sizeE18: bigint; // {unit} negative is short
  readonly quoteE18: bigint; // {quote}
}

/** How a perpetual is margined beside its underlying. */
export interface PerpetualTerms {
  readonly basisMaintenanceBps: bigint;
  readonly basisInitialBps: bigint;
  readonly profitCap: bigint; // {whole quote} of unrealised profit, that counts for new risk
}

/** All that an account has in one underlying. */
export interface Exposure {
  readonly leg: Leg;
  readonly askE18: bigint; // {quote/unit} what a short is valued at; a long is at the leg's bid
  readonly position: Position;
  readonly terms: PerpetualTerms;
}

/** Of an account without collateral in an underlying, a leg of none. */
export function exposureOf(
  asset: number,
  collateral: { readonly amount: bigint; readonly unit: bigint },
  prices: { readonly bidE18: bigint; readonly askE18: bigint },
  position: Position,
  terms: { readonly risk: RiskTerms; readonly perpetual: PerpetualTerms },
): Exposure {
  const leg = legOf(asset, collateral.amount, collateral.unit, prices.bidE18, terms.risk);
  return { leg, askE18: prices.askE18, position, terms: terms.perpetual };
}

/** {quote} What a size is worth now, with its sign: what is owned counts less and what is owed more by a unit of rounding. */
function worthOf({ leg, askE18, position: { sizeE18 } }: Exposure): bigint {
  return mulDivFloor(sizeE18, sizeE18 < 0n ? askE18 : leg.bidE18, WAD);
}

/** {quote} What the position would leave if it were closed now. */
export function profitOf(exposure: Exposure): bigint {
  return worthOf(exposure) + exposure.position.quoteE18;
}

/**
 * Both margins of one underlying, each part rounded up: the shock on what a move of the price would take, whichever way it
 * goes, with the haircut on what must be sold and the basis on what must be closed. Initial margin asks besides for the
 * profit that is beyond the cap, so that it counts for nothing there.
 */
export function marginOfExposure(exposure: Exposure): Pair {
  const { leg, position, terms } = exposure;
  const capped = maximum(0n, profitOf(exposure) - terms.profitCap * WAD);
  // Nothing open, nothing to close: only collateral, and at most a claim.
  if (position.sizeE18 === 0n) {
    const margin = marginOf(leg.terms, leg.valueE18);
    return { ...margin, initialE18: margin.initialE18 + capped };
  }
  const net = leg.valueE18 + worthOf(exposure);
  const open = net < 0n ? -net : net;
  const size = position.sizeE18 < 0n ? -position.sizeE18 : position.sizeE18;
  const notional = mulDivUp(size, position.sizeE18 < 0n ? exposure.askE18 : leg.bidE18, WAD);
  const { haircutMaintenanceBps, haircutInitialBps } = leg.terms;
  const shocks = shocksOf(leg.terms, open);
  const sum = (rateE18: bigint, haircutBps: bigint, basisBps: bigint): bigint =>
    mulDivUp(open, rateE18, WAD) + mulDivUp(leg.valueE18, haircutBps, BPS) + mulDivUp(notional, basisBps, BPS);
  return {
    maintenanceE18: sum(shocks.maintenanceE18, haircutMaintenanceBps, terms.basisMaintenanceBps),
    initialE18: capped + sum(shocks.initialE18, haircutInitialBps, terms.basisInitialBps),
  };
}

/** The margin of an account whose every underlying has a price. */
export function assessExposures(exposures: readonly Exposure[], cashE18: bigint): Assessment {
  let [equityE18, maintenanceE18, initialE18] = [cashE18, 0n, 0n];
  for (const exposure of exposures) {
    const margin = marginOfExposure(exposure);
    equityE18 += exposure.leg.valueE18 + profitOf(exposure);
    maintenanceE18 += margin.maintenanceE18;
    initialE18 += margin.initialE18;
  }
  return { equityE18, maintenanceE18, initialE18, healthE18: health(equityE18, maintenanceE18), halted: false };
}

/** The part of a position that goes with the fraction `takenE18`; {unit}, toward zero. */
export function sizeTaken(sizeE18: bigint, takenE18: bigint): bigint {
  return (sizeE18 * takenE18) / WAD;
}

/** Maintenance margin of what is left when the fraction `takenE18` is gone; rounded up. */
export function maintenanceAfterExposures(exposures: readonly Exposure[], takenE18: bigint): bigint {
  return exposures.reduce((total, exposure) => {
    const { leg, position } = exposure;
    const left = {
      ...exposure,
      leg: { ...leg, valueE18: mulDivUp(leg.valueE18, WAD - takenE18, WAD) },
      position: { ...position, sizeE18: position.sizeE18 - sizeTaken(position.sizeE18, takenE18) },
    };
    return total + marginOfExposure(left).maintenanceE18;
  }, 0n);
}
