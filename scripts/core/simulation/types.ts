/** What a simulation sees of the chain: one consistent reading at one block, exact to the last unit. */
import type { Asset, FeedName } from "../mainnet.js";

import { MAINNET } from "../mainnet.js";

/** {token} Of each collateral. */
export type Holdings = Readonly<Record<Asset, bigint>>;

/** {token} Of the quote and each collateral. */
export type Purse = Readonly<Record<FeedName, bigint>>;

/** {quote/whole token} With 18 decimals: what is owned counts at this. */
export type Bids = Readonly<Record<Asset, bigint>>;

export const EMPTY_PURSE: Purse = { USDC: 0n, ETH: 0n, BTC: 0n };

/** Outcomes of a rebalance, in the order of the contract's enumeration. */
export const OUTCOMES = [
  "InBand",
  "NoRisk",
  "NotWorthIt",
  "PriceHalted",
  "Released",
  "ToppedUp",
  "MarginCalled",
  "CallRunning",
  "CallPaused",
  "CallCured",
  "LiquidationOpened",
  "LiquidationOpen",
  "Provisioned",
  "Failed",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Outcomes that say a rebalance would do nothing more. */
export const IDLE: ReadonlySet<Outcome> = new Set<Outcome>([
  "InBand",
  "NoRisk",
  "NotWorthIt",
  "PriceHalted",
  "CallRunning",
  "LiquidationOpen",
]);

/** Of these, outcomes under which a reserve may still bring something: then the health afterwards differs. */
export const STANDING: ReadonlySet<Outcome> = new Set<Outcome>(["CallRunning", "LiquidationOpen"]);

export interface AccountView {
  readonly id: bigint;
  /** {quote token} Negative is debt. */
  readonly cash: bigint;
  readonly holdings: Holdings;
  readonly reserve: Purse;
  readonly equityE18: bigint;
  readonly maintenanceE18: bigint;
  readonly initialE18: bigint;
  readonly healthE18: bigint;
  readonly halted: boolean;
  readonly lowerE18: bigint;
  readonly lowerRestoreE18: bigint;
  readonly upperRestoreE18: bigint;
  readonly outcome: Outcome;
  /** Whether a rebalance would change it now. */
  readonly due: boolean;
  /** {quote token} */
  readonly provision: bigint;
}

/** The cash market, {quote token} unless the name says more. */
export interface MarketView {
  readonly supplyIndex: bigint;
  readonly borrowIndex: bigint;
  readonly supplyAssets: bigint;
  readonly borrowAssets: bigint;
  readonly provisions: bigint;
  readonly forfeited: bigint;
  readonly idle: bigint;
}

/** What the vault answers for and has, {token}. */
export interface Custody {
  readonly balance: bigint;
  readonly total: bigint;
  readonly reserved: bigint;
}

export interface Observation {
  readonly block: bigint;
  /** {s} */
  readonly timestamp: bigint;
  readonly bids: Bids;
  /** Borrowers first, in their order; then lenders, takers, the keeper and the insurance fund. */
  readonly accounts: readonly AccountView[];
  readonly market: MarketView;
  readonly custody: Readonly<Record<FeedName, Custody>>;
  /** What the takers have outside their accounts. */
  readonly wallets: Purse;
}

const QUOTE_SCALE = 10n ** 12n;

/** {quote} With 18 decimals, from quote tokens. */
export function quoteE18(amount: bigint): bigint {
  return amount * QUOTE_SCALE;
}

/** {quote} What an amount of an asset is worth at the bid; rounded down, as the contracts do. */
export function valueE18(asset: Asset, amount: bigint, bids: Bids): bigint {
  return (amount * bids[asset]) / 10n ** BigInt(MAINNET.assets[asset].decimals);
}

export function holdingsE18(holdings: Holdings, bids: Bids): bigint {
  return valueE18("ETH", holdings.ETH, bids) + valueE18("BTC", holdings.BTC, bids);
}

export function purseE18(purse: Purse, bids: Bids): bigint {
  return quoteE18(purse.USDC) + holdingsE18(purse, bids);
}

/** {quote} What an owner has in an account and its reserve. */
export function capitalE18(account: AccountView, bids: Bids): bigint {
  return quoteE18(account.cash) + holdingsE18(account.holdings, bids) + purseE18(account.reserve, bids);
}

export function accountIdOf(owner: string): bigint {
  return BigInt(owner) << 96n;
}
