import type { Report } from "./schema.js";
import type { ChartOption } from "./svg.js";

import { compact } from "./format.js";
import { INK, MUTED, RULE } from "./palette.js";

/** Without quotes: echarts puts it into an attribute as it is. */
const FONT = "system-ui, -apple-system, Helvetica, Arial, sans-serif";

export const TEXT = { fontFamily: FONT, fontSize: 11, color: INK } as const;

/** Beyond four days hours are hard to read. */
const HOURS_AT_MOST = 96 * 3_600;

type XAxis = Extract<Exclude<ChartOption["xAxis"], readonly unknown[] | undefined>, { type?: "value" }>;
type YAxis = Extract<Exclude<ChartOption["yAxis"], readonly unknown[] | undefined>, { type?: "value" }>;

/** How the x axis counts: hours or days since the first bar opened. A bar's values stand where it closes. */
export interface TimeScale {
  readonly unit: "hours" | "days";
  readonly closes: readonly number[];
  readonly end: number;
}

export function timeScale({ series, barSeconds, stepIs }: Report): TimeScale {
  const [first = 0] = series.timestamps;
  // A round is one moment; a bar closes its length after it opened.
  const length = stepIs === "bar" ? barSeconds : 0;
  const seconds = series.timestamps.map((timestamp) => timestamp - first + length);
  const total = seconds.at(-1) ?? barSeconds;
  const [unit, unitSeconds] = total <= HOURS_AT_MOST ? (["hours", 3_600] as const) : (["days", 86_400] as const);
  return { unit, closes: seconds.map((value) => value / unitSeconds), end: total / unitSeconds };
}

export function timeAxis(
  { unit, end }: TimeScale,
  options: { readonly title: boolean; readonly gridIndex?: number },
): XAxis {
  return {
    type: "value" as const,
    gridIndex: options.gridIndex ?? 0,
    min: 0,
    max: end,
    axisLine: { show: true, onZero: false, lineStyle: { color: MUTED } },
    axisTick: { show: true, lineStyle: { color: MUTED } },
    // The scale may end at 49.7, which is no tick; a label there would collide with the last round one.
    axisLabel: { ...TEXT, fontSize: 10, color: MUTED, hideOverlap: true, showMaxLabel: Number.isInteger(end) },
    splitLine: { show: false },
    name: options.title ? `${unit} since the start` : "",
    nameLocation: "middle" as const,
    nameGap: 24,
    nameTextStyle: TEXT,
  };
}

export function moneyAxis(name: string): XAxis & YAxis {
  return {
    type: "value" as const,
    scale: true,
    axisLabel: { ...TEXT, fontSize: 10, color: MUTED, formatter: (value: number) => compact(value) },
    splitLine: { lineStyle: { color: RULE } },
    splitNumber: 4,
    name,
    nameLocation: "middle" as const,
    nameGap: 46,
    nameTextStyle: TEXT,
  };
}
