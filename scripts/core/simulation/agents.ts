/** What keepers and liquidators decide from what they saw. Pure: the chain is asked elsewhere. */
import type { Asset } from "../mainnet.js";
import type { AccountView, Prices } from "./types.js";

import { MAINNET } from "../mainnet.js";
import { pagesOf } from "../pages.js";
import { NO_POSITION, hasPosition, isAtRisk, notionalE18, profitE18, quoteE18 } from "./types.js";

/** A transaction's gas is capped below 16.8 million; a rebalance costs under 400,000. */
const BATCH = 40;
/** What one settlement may name. */
const MOST_SETTLED = 200;

/** What a keeper sends for what he saw: the accounts that were due and still are, in batches that fit a transaction. */
export function keeperBatches(
  seen: readonly AccountView[],
  now: readonly AccountView[] = seen,
): readonly (readonly bigint[])[] {
  const known = new Set(seen.filter((account) => account.due).map(({ id }) => id));
  const due = now.filter((account) => account.due && known.has(account.id)).map(({ id }) => id);
  return pagesOf(due, BATCH);
}

const WAD = 10n ** 18n;
const QUOTE_SCALE = 10n ** 12n;

/** Accounts a liquidator would try, the weakest first. */
export function targetsOf(accounts: readonly AccountView[]): readonly AccountView[] {
  return accounts
    .filter((account) => account.healthE18 < WAD && isAtRisk(account) && !account.halted)
    .toSorted((a, b) => (a.healthE18 < b.healthE18 ? -1 : a.healthE18 > b.healthE18 ? 1 : 0));
}

/** The terms of a slice, as the contract states them. */
export interface Terms {
  readonly fractionE18: bigint;
  /** {quote token} Negative: the fund pays. */
  readonly payment: bigint;
  /** {quote token} */
  readonly fundFee: bigint;
}

/** What of an account decides what a slice of it costs. */
type Sliced = Pick<AccountView, "cash" | "positions" | "initialE18">;

/**
 * {quote token} What taking the slice costs: the debt that comes with it, the payment, and the fund's share; less the cash that
 * comes with it. What positions have lost is a debt as well, and what they have earned is cash once they are closed.
 */
export function costOf(account: Sliced, { fractionE18, payment, fundFee }: Terms, prices: Prices): bigint {
  const owed = -account.cash - floorDiv(profitE18(account.positions, prices), QUOTE_SCALE);
  return ceilDiv(owed * fractionE18, WAD) + payment + fundFee;
}

/**
 * {1} The largest fraction, up to the one quoted, that `capital` pays for with a little to spare. Positions that come with it ask
 * for margin until they are closed.
 */
export function affordable(account: Sliced, quoted: Terms, capital: bigint, prices: Prices): bigint {
  const margin = hasPosition(account) ? ceilDiv(account.initialE18 * quoted.fractionE18, WAD * QUOTE_SCALE) : 0n;
  const cost = costOf(account, quoted, prices) + margin;
  const usable = (capital * 98n) / 100n;
  if (usable <= 0n) return 0n;
  return cost <= usable ? quoted.fractionE18 : (quoted.fractionE18 * usable) / cost;
}

/** {quote token} What closing the slice's positions costs at most: the maker's price off the mark, and the exchange's fee. */
export function closingCost({ positions }: Sliced, fractionE18: bigint, closingBps: bigint, prices: Prices): bigint {
  return ceilDiv(notionalE18(positions, prices) * fractionE18 * closingBps, WAD * QUOTE_SCALE * 10_000n);
}

/**
 * {quote token} More than a slice can possibly bring: all of its collateral at the pools' marginal prices, positions closed at
 * the mark, and of what the fund owes only what it has, with what lenders bear. Saves asking for what cannot pay.
 */
export function mostProfit(
  account: Sliced & Pick<AccountView, "holdings" | "equityE18">,
  terms: Terms,
  market: { readonly poolPricesE8: Readonly<Record<Asset, bigint>>; readonly prices: Prices },
  fundCash: bigint,
): bigint {
  const { fractionE18, payment } = terms;
  const worth = (["ETH", "BTC"] as const).reduce((sum, asset) => {
    const { asset: token, feePips } = MAINNET.pools[asset];
    const amount = (account.holdings[asset] * fractionE18) / WAD;
    // {quote token} = {token} * {quote, E8} * {1e-6} / {token} / E8, in 6 decimals
    return sum + (amount * market.poolPricesE8[asset] * (1_000_000n - feePips)) / 10n ** BigInt(token.decimals + 8);
  }, 0n);
  const least = leastPayment(account, fundCash);
  return worth - costOf(account, { ...terms, payment: payment < least ? least : payment }, market.prices);
}

/** {quote token} What a taker is paid at most, negative: all that the fund has, and of lenders no more than the hole. */
function leastPayment({ equityE18 }: Pick<AccountView, "equityE18">, fundCash: bigint): bigint {
  const hole = equityE18 < 0n ? -equityE18 / QUOTE_SCALE : 0n;
  return -(fundCash > 0n ? fundCash : 0n) - hole;
}

/** Whether a higher discount would bring a taker no more: what there is to pay him with is promised already. */
export function isExhausted(account: Pick<AccountView, "equityE18">, { payment }: Terms, fundCash: bigint): boolean {
  return payment <= leastPayment(account, fundCash);
}

/** A taker's own limit on the payment: terms move with the clock in his favour, interest a little against him. */
export function paymentLimit({ payment, fundFee }: Terms): bigint {
  const total = payment + fundFee;
  return total + (total < 0n ? -total : total) / 10_000n + 10_000n;
}

/** {quote token} What a transaction of `gas` costs. */
export function gasCost(gas: bigint, baseFee: bigint, etherBidE18: bigint): bigint {
  // {quote token} = {wei} * {quote/ether, E18} / {wei/ether} / {E18/quote token}
  return (gas * baseFee * etherBidE18) / 10n ** 30n + 1n;
}

/** What has to be set aside, taken back or written off, and liquidations whose clock has to be started. */
export type Duty = {
  readonly kind: "open" | "provision" | "reverseProvision" | "writeOff";
  readonly account: bigint;
};

/**
 * A provision that fell behind the hole by a tenth is worth a transaction. The clock of a liquidation is started by a
 * rebalance that finds nothing to bring in: it moves nothing, and without it a discount would never grow.
 */
export function dutiesOf(accounts: readonly AccountView[]): readonly Duty[] {
  return accounts.flatMap((view): Duty[] => {
    const { id: account, cash, equityE18, holdings, provision, halted, outcome } = view;
    const empty = holdings.ETH === 0n && holdings.BTC === 0n && !hasPosition(view);
    if (cash < 0n && empty) return [{ kind: "writeOff", account }];
    if (halted) return [];
    if (outcome === "LiquidationOpened" || outcome === "Provisioned") return [{ kind: "open", account }];
    if (equityE18 >= 0n) return provision > 0n ? [{ kind: "reverseProvision", account }] : [];
    return quoteE18(provision) * 10n < -equityE18 * 9n ? [{ kind: "provision", account }] : [];
  });
}

/** Whose profit or loss of a perpetual is to become cash: losses first, since they pay the profits. */
export function settlingOrder(accounts: readonly AccountView[], asset: Asset, prices: Prices): readonly bigint[] {
  const profitOf = ({ positions }: AccountView): bigint =>
    profitE18({ ETH: NO_POSITION, BTC: NO_POSITION, [asset]: positions[asset] }, prices);
  return accounts
    .filter(({ positions }) => positions[asset].sizeE18 !== 0n || positions[asset].quoteE18 !== 0n)
    .map((account) => ({ id: account.id, profit: profitOf(account) }))
    .toSorted((a, b) => (a.profit < b.profit ? -1 : a.profit > b.profit ? 1 : 0))
    .map(({ id }) => id)
    .slice(0, MOST_SETTLED);
}

function ceilDiv(a: bigint, b: bigint): bigint {
  return -floorDiv(-a, b);
}

/** Toward minus infinity. */
function floorDiv(a: bigint, b: bigint): bigint {
  return a >= 0n || a % b === 0n ? a / b : a / b - 1n;
}
