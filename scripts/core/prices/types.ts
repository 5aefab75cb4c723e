import type { Asset } from "../mainnet.js";

/** The four prices of a bar, each in dollars with 8 decimals, as Chainlink's feeds print them. */
export interface Ohlc {
  readonly openE8: bigint;
  readonly highE8: bigint;
  readonly lowE8: bigint;
  readonly closeE8: bigint;
}

/** Both assets over the same stretch of time. */
export interface Bar {
  /** {s} Of the bar's opening. Unix time in recorded data; counted from 0 in a generated path, which has no date. */
  readonly timestamp: bigint;
  readonly eth: Ohlc;
  readonly btc: Ohlc;
}

export interface PricePath {
  /** Where the prices come from, in words that fit the head of a report. */
  readonly source: string;
  /** Whether they were recorded on a market or made by a generator: a report must never pass the one for the other. */
  readonly kind: "recorded" | "generated";
  readonly bars: readonly Bar[];
  /** {s} The usual distance of two openings. Recorded data may have gaps, so ask the timestamps, not this, for a bar's end. */
  readonly barSeconds: bigint;
  /** What the feeds printed as each bar opened, where that was recorded: a bar is then one moment, not a stretch of time. */
  readonly prints?: readonly Partial<Readonly<Record<Asset, bigint>>>[];
  /** What accounts may hold; both assets when not given. */
  readonly held?: readonly Asset[];
}

/** One asset's bars as a file has them. */
export interface PriceSeries {
  readonly name: string;
  readonly rows: readonly PriceRow[];
}

export interface PriceRow {
  /** {s} Unix time of the bar's opening. */
  readonly timestamp: bigint;
  readonly ohlc: Ohlc;
}
