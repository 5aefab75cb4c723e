/** What a simulation sees of the chain: one consistent reading at one block, exact to the last unit. */
import type { Asset, FeedName } from "../mainnet.js";
import type { Outcome } from "../model/rebalance.js";

import { ASSETS, MAINNET } from "../mainnet.js";

/** {token} Of each collateral. */
export type Holdings = Readonly<Record<Asset, bigint>>;

/** {token} Of the quote and each collateral. */
export type Purse = Readonly<Record<FeedName, bigint>>;

/** {quote/whole token} With 18 decimals: what is owned counts at this. */
export type Bids = Readonly<Record<Asset, bigint>>;

/** With the same decimals: what is owed counts at the ask. A long is marked at the bid, a short at the ask. */
export interface Prices {
  readonly bids: Bids;
  readonly asks: Bids;
}

export const EMPTY_PURSE: Purse = { USDC: 0n, ETH: 0n, BTC: 0n };

/** A perpetual position with funding paid up to the reading. */
export interface Position {
  /** {unit} Negative is short. */
  readonly sizeE18: bigint;
  /** {quote} What was received for it, less what was paid. */
  readonly quoteE18: bigint;
}

/** Of the perpetual of each asset. */
export type Positions = Readonly<Record<Asset, Position>>;

export const NO_POSITION: Position = { sizeE18: 0n, quoteE18: 0n };
export const NO_POSITIONS: Positions = { ETH: NO_POSITION, BTC: NO_POSITION };

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
  readonly positions: Positions;
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

/** The perpetual of one asset. */
export interface PerpetualView {
  /** {1/hour} What longs pay shorts. */
  readonly rateE18: bigint;
  /** {unit} The sum of all long sizes. */
  readonly openInterestE18: bigint;
  /** {quote token} Settled losses that are not yet paid out. */
  readonly pool: bigint;
}

/** What the vault answers for and has, {token}. */
export interface Custody {
  readonly balance: bigint;
  readonly total: bigint;
  readonly reserved: bigint;
}

export interface Observation extends Prices {
  readonly block: bigint;
  /** {s} */
  readonly timestamp: bigint;
  /** Whether an asset has no usable price. */
  readonly halted: Readonly<Record<Asset, boolean>>;
  /** Owners first, in their order; then lenders, takers, the keeper and the insurance fund. */
  readonly accounts: readonly AccountView[];
  readonly market: MarketView;
  readonly perpetuals: Readonly<Record<Asset, PerpetualView>>;
  readonly custody: Readonly<Record<FeedName, Custody>>;
  /** What the takers have outside their accounts. */
  readonly wallets: Purse;
}

const QUOTE_SCALE = 10n ** 12n;
const WAD = 10n ** 18n;

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

export function hasPosition({ positions }: Pick<AccountView, "positions">): boolean {
  return ASSETS.some((asset) => positions[asset].sizeE18 !== 0n || positions[asset].quoteE18 !== 0n);
}

/** Whether an account may come to owe: only then has its health a meaning. */
export function isAtRisk({ cash, positions }: Pick<AccountView, "cash" | "positions">): boolean {
  return cash < 0n || ASSETS.some((asset) => positions[asset].sizeE18 !== 0n);
}

/** {quote} What positions have earned at the mark and not yet been paid; each rounded down. */
export function profitE18(positions: Positions, prices: Prices): bigint {
  return ASSETS.reduce((sum, asset) => {
    const { sizeE18, quoteE18: quote } = positions[asset];
    return sum + worthE18(asset, sizeE18, prices) + quote;
  }, 0n);
}

/** {quote} What a size is worth at the mark; toward minus infinity, as the contracts value what may be owed. */
function worthE18(asset: Asset, sizeE18: bigint, { bids, asks }: Prices): bigint {
  const product = sizeE18 * (sizeE18 < 0n ? asks[asset] : bids[asset]);
  return product >= 0n || product % WAD === 0n ? product / WAD : product / WAD - 1n;
}

/** {quote} What positions are worth at the ask without their signs. */
export function notionalE18(positions: Positions, { asks }: Prices): bigint {
  return ASSETS.reduce((sum, asset) => {
    const { sizeE18 } = positions[asset];
    return sum + ((sizeE18 < 0n ? -sizeE18 : sizeE18) * asks[asset]) / WAD;
  }, 0n);
}

/** {quote} The same with their signs, at the mark. */
export function exposureE18(positions: Positions, prices: Prices): bigint {
  return ASSETS.reduce((sum, asset) => sum + worthE18(asset, positions[asset].sizeE18, prices), 0n);
}

/** {quote} What an owner has in an account and its reserve. */
export function capitalE18(account: AccountView, prices: Prices): bigint {
  const { cash, holdings, positions, reserve } = account;
  const held = quoteE18(cash) + holdingsE18(holdings, prices.bids) + purseE18(reserve, prices.bids);
  return held + profitE18(positions, prices);
}
