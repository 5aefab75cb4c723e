/** What traders and the market maker decide from what they saw. Pure: orders are signed and sent elsewhere. */
import type { Asset } from "../mainnet.js";
import type { Maker, Trader } from "./traders.js";
import type { Position, Prices } from "./types.js";

const BPS = 10_000n;
/** {bps} From the oracle's price to the maker's, while he holds nothing. */
const HALF_SPREAD_BPS = 8n;
/** {bps} By how much more he moves his prices when he holds all he likes to hold. Both together stay within a fill's clamp. */
const MOST_SKEW_BPS = 24n;
/** {bps} How far from the oracle's price he trades at most. */
export const MOST_OFF_BPS = HALF_SPREAD_BPS + MOST_SKEW_BPS;
/** {bps} What a trader accepts beyond the oracle's price. */
const TOLERANCE_BPS = 40n;

/** A wish to trade. */
export interface Wish {
  readonly asset: Asset;
  /** {unit} Positive buys. */
  readonly sizeE18: bigint;
  readonly reduceOnly: boolean;
}

/**
 * {quote/unit} What the maker asks of one who buys, or bids for one who sells: off the oracle's price by half his spread, and
 * moved against what he would then hold, so that whoever lessens it trades at a better price.
 */
export function quotedPriceE18(maker: Maker, inventory: Position, { asset, sizeE18 }: Wish, prices: Prices): bigint {
  const depth = maker.depthE18[asset];
  const after = inventory.sizeE18 - sizeE18;
  const held = depth === 0n ? 0n : clamped((after * MOST_SKEW_BPS) / depth, MOST_SKEW_BPS);
  const bps = BPS - held + (sizeE18 > 0n ? HALF_SPREAD_BPS : -HALF_SPREAD_BPS);
  return (middle(asset, prices) * bps) / BPS;
}

/** {quote/unit} The worst price that one who trades now would accept. */
export function limitPriceE18({ asset, sizeE18 }: Wish, prices: Prices): bigint {
  return (middle(asset, prices) * (sizeE18 > 0n ? BPS + TOLERANCE_BPS : BPS - TOLERANCE_BPS)) / BPS;
}

/**
 * What a trader does once, when the price he saw has moved far enough from where he opened: a stop and a profit taken close
 * half of what he has, a flip turns it round whichever way the price went. Null while there is nothing to do.
 */
export function wishOf(trader: Trader, position: Position, openedE18: bigint, seenE18: bigint): Wish | null {
  const { sizeE18 } = position;
  const { intent, moveBps, underlying: asset, group } = trader;
  if (sizeE18 === 0n || intent === "hold") return null;
  const rise = ((seenE18 - openedE18) * BPS) / openedE18;
  const gain = group === "long" ? rise : -rise;
  switch (intent) {
    case "stop":
      return gain <= -moveBps ? { asset, sizeE18: -sizeE18 / 2n, reduceOnly: true } : null;
    case "takeProfit":
      return gain >= moveBps ? { asset, sizeE18: -sizeE18 / 2n, reduceOnly: true } : null;
    case "flip":
      return gain <= -moveBps || gain >= moveBps ? { asset, sizeE18: -2n * sizeE18, reduceOnly: false } : null;
  }
}

function middle(asset: Asset, { bids, asks }: Prices): bigint {
  return (bids[asset] + asks[asset]) / 2n;
}

function clamped(value: bigint, most: bigint): bigint {
  if (value > most) return most;
  return value < -most ? -most : value;
}
