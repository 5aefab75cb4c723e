import type { Bar, PricePath, PriceSeries } from "./types.js";

import { PriceWindowError } from "./errors.js";
import { formatMoment } from "./moment.js";

export interface Window {
  /** {s} Unix time of the first bar wanted; null begins with the first that both files have. */
  readonly from: bigint | null;
  /** How many bars at most; the files may end earlier, and the path's `source` says so. */
  readonly steps: number;
}

const MIN_BARS = 2;

/** {s} An exchange's outage lasts hours; beyond a day, rows are missing. */
const LONGEST_GAP = 86_400n;

/**
 * Joins two recorded series over the timestamps they share. Gaps of an outage's length stay gaps, and `source` says so:
 * nothing is filled in, because an exchange that was down had no price, and a feed that is silent through a gap is part of
 * what a simulation should show. Longer ones are refused.
 */
export function joinPaths(
  { eth, btc }: { readonly eth: PriceSeries; readonly btc: PriceSeries },
  window: Window,
): PricePath {
  const barSeconds = usualSpacing(eth);
  const btcSeconds = usualSpacing(btc);
  if (barSeconds !== btcSeconds) {
    throw new PriceWindowError(
      `${eth.name} has bars of ${barSeconds} s and ${btc.name} of ${btcSeconds} s; give two files with bars of one length.`,
    );
  }
  const common = commonBars(eth, btc);
  const [first] = common;
  const last = common.at(-1);
  if (!first || !last) {
    throw new PriceWindowError(
      `${eth.name} (${span(eth)}) and ${btc.name} (${span(btc)}) share no timestamp; give files of the same days.`,
    );
  }
  const from = window.from ?? first.timestamp;
  const shared = `the files share ${formatMoment(first.timestamp)} to ${formatMoment(last.timestamp)}`;
  if (from < first.timestamp) {
    throw new PriceWindowError(`There are no prices at ${formatMoment(from)}: ${shared}; choose a later --from.`);
  }
  const bars = common.filter(({ timestamp }) => timestamp >= from).slice(0, window.steps);
  if (bars.length < MIN_BARS) {
    const found = bars.length === 0 ? "No bar" : "Only one bar";
    throw new PriceWindowError(`${found} at or after ${formatMoment(from)}: ${shared}; choose an earlier --from.`);
  }
  const gaps = gapsOf(bars, barSeconds);
  const tooLong = gaps.find(({ seconds }) => seconds > LONGEST_GAP);
  if (tooLong) {
    const until = formatMoment(tooLong.from + tooLong.seconds);
    throw new PriceWindowError(
      `${eth.name} and ${btc.name} have no common bar between ${formatMoment(tooLong.from)} and ${until}; choose ` +
        `--from and --steps so that no gap is longer than a day, or complete the files.`,
    );
  }
  const open = gaps.length === 0 ? "" : gaps.length === 1 ? ", with a gap" : `, with ${gaps.length} gaps`;
  const short = bars.length < window.steps ? `, ${bars.length} of ${window.steps} bars wanted` : "";
  const since = formatMoment(bars[0]?.timestamp ?? from);
  return {
    source: `recorded, ${eth.name} and ${btc.name} from ${since}${open}${short}`,
    kind: "recorded",
    bars,
    barSeconds,
  };
}

function commonBars(eth: PriceSeries, btc: PriceSeries): readonly Bar[] {
  const btcAt = new Map(btc.rows.map(({ timestamp, ohlc }) => [timestamp, ohlc]));
  return eth.rows.flatMap(({ timestamp, ohlc }) => {
    const other = btcAt.get(timestamp);
    return other ? [{ timestamp, eth: ohlc, btc: other }] : [];
  });
}

interface Gap {
  /** {s} Opening of the bar before it, and from there to the bar behind it. */
  readonly from: bigint;
  readonly seconds: bigint;
}

function gapsOf(bars: readonly Bar[], barSeconds: bigint): readonly Gap[] {
  return bars.slice(1).flatMap(({ timestamp }, i) => {
    const from = bars[i]?.timestamp ?? timestamp;
    return timestamp - from > barSeconds ? [{ from, seconds: timestamp - from }] : [];
  });
}

/** {s} The most frequent distance of two rows; of several equally frequent, the shortest, since gaps only lengthen. */
export function usualSpacing({ rows }: PriceSeries): bigint {
  const counts = new Map<bigint, number>();
  for (const [i, row] of rows.slice(1).entries()) {
    const spacing = row.timestamp - (rows[i]?.timestamp ?? 0n);
    counts.set(spacing, (counts.get(spacing) ?? 0) + 1);
  }
  let best: readonly [bigint, number] = [0n, 0];
  for (const [spacing, count] of counts) {
    if (count > best[1] || (count === best[1] && spacing < best[0])) best = [spacing, count];
  }
  return best[0];
}

function span({ rows }: PriceSeries): string {
  return `${formatMoment(rows[0]?.timestamp ?? 0n)} to ${formatMoment(rows.at(-1)?.timestamp ?? 0n)}`;
}
