/** What keepers and liquidators decide from what they saw. Pure: the chain is asked elsewhere. */
import type { Asset } from "../mainnet.js";
import type { AccountView } from "./types.js";

import { MAINNET } from "../mainnet.js";
import { quoteE18 } from "./types.js";

/** A transaction's gas is capped below 16.8 million; a rebalance costs under 400,000. */
const BATCH = 40;

/** What a keeper sends for what he saw: the accounts that were due and still are, in batches that fit a transaction. */
export function keeperBatches(
  seen: readonly AccountView[],
  now: readonly AccountView[] = seen,
): readonly (readonly bigint[])[] {
  const known = new Set(seen.filter((account) => account.due).map(({ id }) => id));
  const due = now.filter((account) => account.due && known.has(account.id)).map(({ id }) => id);
  return Array.from({ length: Math.ceil(due.length / BATCH) }, (_, i) => due.slice(i * BATCH, (i + 1) * BATCH));
}

const WAD = 10n ** 18n;

/** Accounts a liquidator would try, the weakest first. */
export function targetsOf(accounts: readonly AccountView[]): readonly AccountView[] {
  return accounts
    .filter(({ healthE18, cash, halted }) => healthE18 < WAD && cash < 0n && !halted)
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

/** {quote token} What taking the slice costs: the debt that comes with it, the payment, and the fund's share. */
export function costOf(account: Pick<AccountView, "cash">, { fractionE18, payment, fundFee }: Terms): bigint {
  const debt = account.cash < 0n ? -account.cash : 0n;
  return ceilDiv(debt * fractionE18, WAD) + payment + fundFee;
}

/** {1} The largest fraction, up to the one quoted, that `capital` pays for with a little to spare. */
export function affordable(account: Pick<AccountView, "cash">, quoted: Terms, capital: bigint): bigint {
  const cost = costOf(account, quoted);
  const usable = (capital * 98n) / 100n;
  return cost <= usable ? quoted.fractionE18 : (quoted.fractionE18 * usable) / cost;
}

/**
 * {quote token} More than a slice can possibly bring: all of its collateral at the pools' marginal prices, and of what the
 * fund owes only what it has, with what lenders bear. Saves asking for what cannot pay.
 */
export function mostProfit(
  account: Pick<AccountView, "cash" | "holdings" | "equityE18">,
  terms: Terms,
  poolPricesE8: Readonly<Record<Asset, bigint>>,
  fundCash: bigint,
): bigint {
  const { fractionE18, payment } = terms;
  const worth = (["ETH", "BTC"] as const).reduce((sum, asset) => {
    const { asset: token, feePips } = MAINNET.pools[asset];
    const amount = (account.holdings[asset] * fractionE18) / WAD;
    // {quote token} = {token} * {quote, E8} * {1e-6} / {token} / E8, in 6 decimals
    return sum + (amount * poolPricesE8[asset] * (1_000_000n - feePips)) / 10n ** BigInt(token.decimals + 8);
  }, 0n);
  const hole = account.equityE18 < 0n ? -account.equityE18 / 10n ** 12n : 0n;
  const least = -(fundCash > 0n ? fundCash : 0n) - hole;
  return worth - costOf(account, { ...terms, payment: payment < least ? least : payment });
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
  return accounts.flatMap(({ id: account, cash, equityE18, holdings, provision, halted, outcome }): Duty[] => {
    const empty = holdings.ETH === 0n && holdings.BTC === 0n;
    if (cash < 0n && empty) return [{ kind: "writeOff", account }];
    if (halted) return [];
    if (outcome === "LiquidationOpened" || outcome === "Provisioned") return [{ kind: "open", account }];
    if (equityE18 >= 0n) return provision > 0n ? [{ kind: "reverseProvision", account }] : [];
    return quoteE18(provision) * 10n < -equityE18 * 9n ? [{ kind: "provision", account }] : [];
  });
}

function ceilDiv(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}
