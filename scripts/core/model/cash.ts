import { borrowRateUp, compound, type Curve } from "./interest.js";
import { BPS, minimum, mulDivDown, mulDivFloor, mulDivUp, RAY, WAD } from "./rounding.js";

/** The book of the quote token at a moment: signed shares of two growing indices. Amounts in the quote's own units. */
export interface Cash {
  readonly supplyIndex: bigint; // {RAY} gross of open provisions
  readonly borrowIndex: bigint; // {RAY}
  readonly supplyShares: bigint;
  readonly borrowShares: bigint;
  readonly updatedAt: bigint; // {s}
  readonly provisions: bigint; // {quote token}
  readonly forfeited: bigint; // {quote token}
}

/** The curve, and interest's share that lenders do not get. */
export interface InterestTerms extends Curve {
  readonly feeBps: bigint;
}

/** A market and one account's shares after a booking. */
export interface Booked {
  readonly cash: Cash;
  readonly shares: bigint;
}

/** A market and two accounts' shares after a slice. */
export interface Moved {
  readonly cash: Cash;
  readonly from: bigint;
  readonly to: bigint;
}

/** A market in which nobody has anything. */
export function emptyCash(updatedAt: bigint): Cash {
  const nothing = { supplyShares: 0n, borrowShares: 0n, provisions: 0n, forfeited: 0n };
  return { supplyIndex: RAY, borrowIndex: RAY, updatedAt, ...nothing };
}

/** Debt over credit, debt rounded up and credit down, and at most one; {RAY}. */
function utilisationUp(cash: Cash): bigint {
  const debt = borrowAssets(cash);
  const supply = supplyAssets(cash);
  if (debt === 0n) return 0n;
  return debt >= supply ? RAY : mulDivUp(debt, RAY, supply);
}

/** Moves both indices to `now`: the debt index rounded up, the supply index down, the fee in between. */
export function accrue(cash: Cash, terms: InterestTerms, now: bigint): Cash {
  const elapsed = now - cash.updatedAt;
  if (elapsed === 0n) return cash;
  if (cash.borrowShares === 0n) return { ...cash, updatedAt: now };
  const growth = compound(borrowRateUp(utilisationUp(cash), terms), elapsed);
  const rise = mulDivUp(cash.borrowIndex, growth, RAY);
  const borrowIndex = cash.borrowIndex + rise;
  if (cash.supplyShares === 0n) return { ...cash, borrowIndex, updatedAt: now };
  // All interest, of which lenders get their part, by the share; but no more than what they lent earns at that rate.
  const gained =
    borrowAssets(cash) > supplyAssets(cash)
      ? mulDivDown(cash.supplyIndex * growth, BPS - terms.feeBps, BPS * RAY)
      : mulDivDown(cash.borrowShares * rise, BPS - terms.feeBps, BPS * cash.supplyShares);
  return { ...cash, borrowIndex, supplyIndex: cash.supplyIndex + gained, updatedAt: now };
}

/** What all lenders are owed, rounded down. */
export function supplyAssets(cash: Cash): bigint {
  return mulDivDown(cash.supplyShares, cash.supplyIndex, RAY);
}

/** What all borrowers owe, rounded up. */
function borrowAssets(cash: Cash): bigint {
  return mulDivUp(cash.borrowShares, cash.borrowIndex, RAY);
}

/** The index at which cash leaves: net of what open provisions have not yet collected. */
export function netSupplyIndex(cash: Cash): bigint {
  const owing = cash.provisions - cash.forfeited;
  if (owing <= 0n) return cash.supplyIndex;
  const supply = supplyAssets(cash);
  return owing >= supply ? 0n : mulDivDown(cash.supplyIndex, supply - owing, supply);
}

/** {1} What a unit of cash that enters is worth when it would leave; one but for open provisions. Rounded down. */
export function creditE18(cash: Cash): bigint {
  return mulDivDown(netSupplyIndex(cash), WAD, cash.supplyIndex);
}

/** The cash of an account: credit rounded down, debt up. */
export function valueOf(cash: Cash, shares: bigint): bigint {
  const index = shares >= 0n ? netSupplyIndex(cash) : cash.borrowIndex;
  return mulDivFloor(shares, index, RAY);
}

/** Books what came in: debt first, the rest is lent. Shares burned of a debt that remains and shares minted: down. */
export function credit(cash: Cash, shares: bigint, assets: bigint): Booked {
  const debt = shares < 0n ? -valueOf(cash, shares) : 0n;
  if (assets < debt) {
    const burned = mulDivDown(assets, RAY, cash.borrowIndex);
    return { cash: { ...cash, borrowShares: cash.borrowShares - burned }, shares: shares + burned };
  }
  const owed = shares < 0n ? -shares : 0n;
  const minted = mulDivDown(assets - debt, RAY, cash.supplyIndex);
  return {
    cash: { ...cash, borrowShares: cash.borrowShares - owed, supplyShares: cash.supplyShares + minted },
    shares: shares + owed + minted,
  };
}

/** Books what leaves: what is lent first, the rest is borrowed. Shares burned and shares minted: up. */
export function debit(cash: Cash, shares: bigint, assets: bigint): Booked {
  if (shares <= 0n) return borrow(cash, shares, assets);
  const net = netSupplyIndex(cash);
  const taken = minimum(assets, mulDivDown(shares, net, RAY));
  // A debtor keeps no shares.
  const burned = assets > taken ? shares : taken === 0n ? 0n : mulDivUp(taken, RAY, net);
  const after = burn(cash, burned, taken);
  const left = shares - burned;
  if (taken === assets) return { cash: after, shares: left };
  return borrow(after, 0n, assets - taken);
}

/** Moves the fraction numerator / denominator of one account's shares to another's, netting opposites there. */
export function moveFraction(cash: Cash, from: bigint, to: bigint, numerator: bigint, denominator: bigint): Moved {
  const moved = mulDivFloor(from, numerator, denominator);
  if (moved === 0n) return { cash, from, to };
  if (to === 0n || moved > 0n === to > 0n) return { cash, from: from - moved, to: to + moved };
  if (moved > 0n) {
    const value = mulDivDown(moved, netSupplyIndex(cash), RAY);
    const booked = credit(burn(cash, moved, value), to, value);
    return { cash: booked.cash, from: from - moved, to: booked.shares };
  }
  const debt = mulDivUp(-moved, cash.borrowIndex, RAY);
  const booked = debit({ ...cash, borrowShares: cash.borrowShares + moved }, to, debt);
  return { cash: booked.cash, from: from - moved, to: booked.shares };
}

/** While a provision is open, a leaver leaves the difference between gross and net behind. */
function burn(cash: Cash, shares: bigint, taken: bigint): Cash {
  const gross = mulDivDown(shares, cash.supplyIndex, RAY);
  const forfeit = netSupplyIndex(cash) === cash.supplyIndex ? 0n : gross - taken;
  return { ...cash, supplyShares: cash.supplyShares - shares, forfeited: cash.forfeited + forfeit };
}

function borrow(cash: Cash, shares: bigint, assets: bigint): Booked {
  const minted = mulDivUp(assets, RAY, cash.borrowIndex);
  return { cash: { ...cash, borrowShares: cash.borrowShares + minted }, shares: shares - minted };
}
