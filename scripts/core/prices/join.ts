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

/**
 * Joins two recorded series over the timestamps they share. Gaps stay gaps: nothing is filled in, because an exchange that
 * was down had no price, and a feed that is silent through a gap is part of what a simulation should show.
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
  const bars = common.filter(({ timestamp }) => timestamp >= from).slice(0, window.steps);
  const shared = `the files share ${formatMoment(first.timestamp)} to ${formatMoment(last.timestamp)}`;
  if (bars.length < MIN_BARS) {
    const found = bars.length === 0 ? "No bar" : "Only one bar";
    throw new PriceWindowError(`${found} at or after ${formatMoment(from)}: ${shared}; choose an earlier --from.`);
  }
  const short = bars.length < window.steps ? `, ${bars.length} of ${window.steps} bars wanted` : "";
  const since = formatMoment(bars[0]?.timestamp ?? from);
  return { source: `recorded, ${eth.name} and ${btc.name} from ${since}${short}`, kind: "recorded", bars, barSeconds };
}

function commonBars(eth: PriceSeries, btc: PriceSeries): readonly Bar[] {
  const btcAt = new Map(btc.rows.map(({ timestamp, ohlc }) => [timestamp, ohlc]));
  return eth.rows.flatMap(({ timestamp, ohlc }) => {
    const other = btcAt.get(timestamp);
    return other ? [{ timestamp, eth: ohlc, btc: other }] : [];
  });
}

/** {s} The most frequent distance of two rows; of several equally frequent, the shortest, since gaps only lengthen. */
function usualSpacing({ rows }: PriceSeries): bigint {
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
