/**
 * Integer maths of a Uniswap v3 pool: prices and their square roots, depth, and what an arbitrageur would do.
 *
 * A price here is what a user reads, quote tokens for one whole asset in 1e-8. A pool keeps the square root of token1 per
 * token0 in smallest units, times 2^96. The two grow in opposite directions when the asset is token1.
 */
import { sqrtDown } from "./model/rounding.js";

const E8 = 100_000_000n;
const E18 = 1_000_000_000_000_000_000n;
const PIPS = 1_000_000n;
const Q192 = 1n << 192n;
const MAX_TICK = 887_272;

/** The part of a `Pool` that prices depend on. */
export interface Pair {
  readonly asset: { readonly decimals: number };
  readonly quote: { readonly decimals: number };
  readonly assetIsToken0: boolean;
}

/** The pool's square root at a price, rounded down: by less than one part in 1e12 for these pairs and any sane price. */
export function sqrtPriceX96At(pair: Pair, priceE8: bigint): bigint {
  if (priceE8 <= 0n) throw new RangeError(`A pool has no price of ${priceE8}`);
  // The smallest units that trade for each other at this price, both times 1e8.
  const quoteUnits = priceE8 * 10n ** BigInt(pair.quote.decimals);
  const assetUnits = E8 * 10n ** BigInt(pair.asset.decimals);
  return pair.assetIsToken0 ? sqrtDown((quoteUnits * Q192) / assetUnits) : sqrtDown((assetUnits * Q192) / quoteUnits);
}

/** {quote, 1e-8} The price at a pool's square root, rounded to the nearest: it is a reading, nobody pays it. */
export function priceE8At(pair: Pair, sqrtPriceX96: bigint): bigint {
  if (sqrtPriceX96 <= 0n) throw new RangeError("The pool has no price yet");
  const ratioX192 = sqrtPriceX96 * sqrtPriceX96;
  const assetUnits = E8 * 10n ** BigInt(pair.asset.decimals);
  const quoteUnits = 10n ** BigInt(pair.quote.decimals);
  return pair.assetIsToken0
    ? divideNearest(assetUnits * ratioX192, quoteUnits * Q192)
    : divideNearest(assetUnits * Q192, quoteUnits * ratioX192);
}

/** The widest ticks a position may have: no path of prices runs off them. */
export function fullRangeTicks(tickSpacing: number): { readonly lower: number; readonly upper: number } {
  const upper = Math.floor(MAX_TICK / tickSpacing) * tickSpacing;
  return { lower: -upper, upper };
}

/** What a position over the full range holds at a price. */
export interface Reserves {
  readonly assetAmount: bigint;
  readonly quoteAmount: bigint;
}

/**
 * The reserves from which selling the asset takes `depthQuote` of quote tokens for each 1% of price.
 *
 * On a constant product the quote reserve goes with the square root of the price, so 1% of price is 1 - sqrt(0.99), half
 * a percent, of the reserve. As the price falls, so does that depth, with its square root.
 */
export function reservesForDepth(pair: Pair, priceE8: bigint, depthQuote: bigint): Reserves {
  const shareOfReserveE18 = E18 - sqrtDown(99n * 10n ** 34n);
  const quoteAmount = (depthQuote * E18) / shareOfReserveE18;
  // {asset unit} = {quote unit} * {asset unit} / {quote unit}
  const assetAmount =
    (quoteAmount * E8 * 10n ** BigInt(pair.asset.decimals)) / (priceE8 * 10n ** BigInt(pair.quote.decimals));
  return { assetAmount, quoteAmount };
}

export type Arbitrage =
  | { readonly kind: "none" }
  | { readonly kind: "swap"; readonly sellsAsset: boolean; readonly sqrtPriceLimitX96: bigint };

/**
 * The swap that carries a pool to `priceE8`, or as near as it pays: an arbitrageur stops where the next unit costs as
 * much as it brings, the pool's fee away from the price, and inside that band does nothing. A fee of zero asks for the
 * price itself.
 */
export function arbitrageTowards(pair: Pair, sqrtPriceX96: bigint, priceE8: bigint, feePips: bigint): Arbitrage {
  const atLowPrice = sqrtPriceX96At(pair, (priceE8 * (PIPS - feePips)) / PIPS);
  const atHighPrice = sqrtPriceX96At(pair, (priceE8 * PIPS) / (PIPS - feePips));
  const [lower, upper] = atLowPrice < atHighPrice ? [atLowPrice, atHighPrice] : [atHighPrice, atLowPrice];

  // A square root falls when token0 is sold into the pool.
  if (sqrtPriceX96 > upper) return { kind: "swap", sellsAsset: pair.assetIsToken0, sqrtPriceLimitX96: upper };
  if (sqrtPriceX96 < lower) return { kind: "swap", sellsAsset: !pair.assetIsToken0, sqrtPriceLimitX96: lower };
  return { kind: "none" };
}

/**
 * {1e-18} What a sale lost against a price, fee and impact together; negative when the venue paid more than the price.
 * Rounded up: a cost is never understated.
 */
export function slippageE18(pair: Pair, assetIn: bigint, quoteOut: bigint, priceE8: bigint): bigint {
  const fair = assetIn * priceE8 * 10n ** BigInt(pair.quote.decimals);
  const got = quoteOut * E8 * 10n ** BigInt(pair.asset.decimals);
  if (fair <= 0n) throw new RangeError("Slippage needs an amount and a price");
  const lostE18 = (fair - got) * E18;
  return lostE18 <= 0n ? lostE18 / fair : (lostE18 + fair - 1n) / fair;
}

function divideNearest(a: bigint, b: bigint): bigint {
  return (a + b / 2n) / b;
}
