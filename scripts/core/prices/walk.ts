import type { Ohlc } from "./types.js";

/**
 * The order in which a price passes the four points of its bar: open, the extreme nearer to it, the farther one, close.
 *
 * A bar does not say which extreme came first. Nearer first is the shorter way, and in a falling bar it puts the low last
 * before the close, so the fall runs from the bar's high: the harder reading for whoever is long. A tie takes the low
 * first, so that no path depends on chance.
 */
export function walkOf({ openE8, highE8, lowE8, closeE8 }: Ohlc): readonly [bigint, bigint, bigint, bigint] {
  const highFirst = highE8 - openE8 < openE8 - lowE8;
  return highFirst ? [openE8, highE8, lowE8, closeE8] : [openE8, lowE8, highE8, closeE8];
}
