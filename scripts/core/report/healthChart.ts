/** One account in all arms side by side: its health, its band, and what happened to it. */
import type { EventKind, Report, ReportEvent } from "./schema.js";
import type { Chart, ChartOption } from "./svg.js";

import { TEXT, timeAxis, timeScale } from "./axes.js";
import { plural } from "./format.js";
import { HEALTH, MARKERS, MUTED, RULE } from "./palette.js";
import { EVENT_KINDS } from "./schema.js";

/** What the scale shows. Bands lie between 1 and 2 and calm accounts above; a health beyond the ends is drawn at the end, and the page says so. */
export const CLIP = { low: 0.7, high: 5 } as const;

const TICKS = [0.7, 1, 1.5, 2, 3, 5];
const SIZE = { width: 610, height: 184 } as const;
const PLOT = { left: 46, top: 36, height: 106, gap: 22, right: 10 } as const;

/** Ratios, not differences, are what healths differ by: half and double are as far from one. */
function place(health: number): number {
  return Math.log2(Math.min(CLIP.high, Math.max(CLIP.low, health)));
}

type Series = NonNullable<Extract<ChartOption["series"], readonly unknown[]>>[number];

export function healthChart(report: Report, index: number): Chart {
  const account = report.accounts[index];
  const arms = report.series.arms;
  const scale = timeScale(report);
  const width = (SIZE.width - PLOT.left - PLOT.right - PLOT.gap * (arms.length - 1)) / arms.length;
  const fitted = { ...TEXT, width, overflow: "truncate" as const };
  const left = (arm: number): number => PLOT.left + arm * (width + PLOT.gap);

  const series = arms.flatMap((arm, armIndex): Series[] => {
    const values = arm.health[index] ?? [];
    const events = arm.events.filter((event) => event.account === account?.id);
    const axes = { xAxisIndex: armIndex, yAxisIndex: armIndex, silent: true };
    return [
      {
        ...axes,
        type: "line",
        showSymbol: false,
        connectNulls: false,
        data: scale.closes.map((x, step) => [x, placeOrGap(values[step])]),
        lineStyle: { color: HEALTH.line, width: 1.5 },
        markArea: {
          silent: true,
          data: [
            region(account?.band.lower ?? 1, account?.band.lowerRestore ?? 1, HEALTH.band),
            region(CLIP.low, 1, HEALTH.below),
          ],
        },
        markLine: {
          silent: true,
          symbol: "none",
          label: { show: false },
          lineStyle: { color: HEALTH.edge, type: "solid", width: 1 },
          data: [{ yAxis: place(1) }],
        },
      },
      ...EVENT_KINDS.map((kind): Series => {
        const { color, symbol, rotate, size } = MARKERS[kind];
        return {
          ...axes,
          type: "scatter",
          symbol,
          symbolRotate: rotate,
          symbolSize: size,
          itemStyle: { color, borderColor: "#fff", borderWidth: 0.8 },
          z: 5,
          data: stepsOf(events, kind).map((step) => [scale.closes[step] ?? 0, place(healthNear(values, step))]),
        };
      }),
    ];
  });

  return {
    ...SIZE,
    label: `Health of account ${account?.id ?? ""} over time in each arm`,
    option: {
      grid: arms.map((_, i) => ({ left: left(i), top: PLOT.top, width, height: PLOT.height })),
      // Two lines: how long a text is, nobody here can measure, so none stands beside another.
      title: arms.flatMap((arm, i) => [
        { text: arm.name, left: left(i), top: 2, padding: 0, textStyle: { ...fitted, fontWeight: "bold" as const } },
        {
          text: summaryOf(arm.events.filter((event) => event.account === account?.id)),
          left: left(i),
          top: 17,
          padding: 0,
          textStyle: { ...fitted, fontWeight: "normal" as const, color: MUTED },
        },
      ]),
      xAxis: arms.map((_, i) => timeAxis(scale, { title: true, gridIndex: i })),
      yAxis: arms.map((_, i) => ({
        type: "value" as const,
        gridIndex: i,
        min: place(CLIP.low),
        max: place(CLIP.high),
        axisLine: { show: true, lineStyle: { color: MUTED } },
        axisTick: { show: true, customValues: TICKS.map(place), lineStyle: { color: MUTED } },
        axisLabel: {
          ...TEXT,
          show: i === 0,
          fontSize: 10,
          color: MUTED,
          customValues: TICKS.map(place),
          formatter: (value: number) => String(Number((2 ** value).toFixed(2))),
        },
        splitLine: { show: false, lineStyle: { color: RULE } },
        name: i === 0 ? "health, E / MM" : "",
        nameLocation: "middle" as const,
        nameGap: 30,
        nameTextStyle: TEXT,
      })),
      series,
    },
  };
}

function region(
  low: number,
  high: number,
  color: string,
): [{ yAxis: number; itemStyle: { color: string } }, { yAxis: number }] {
  return [{ yAxis: place(low), itemStyle: { color } }, { yAxis: place(high) }];
}

/** No debt, no health: the line stops, rather than jump to a top edge that would look like a rescue. */
function placeOrGap(health: number | null | undefined): number | "-" {
  return health === null || health === undefined ? "-" : place(health);
}

/** A marker needs a place also where the event ended all debt; the last health before it tells most. */
function healthNear(values: readonly (number | null)[], step: number): number {
  const known = values.slice(0, step + 1).findLast((value) => value !== null);
  return known ?? 1;
}

function stepsOf(events: readonly ReportEvent[], kind: EventKind): readonly number[] {
  return [...new Set(events.filter((event) => event.kind === kind).map(({ step }) => step))];
}

/** `2 calls, 1 liquidation`, worst last as in the markers' order. */
function summaryOf(events: readonly ReportEvent[]): string {
  const nouns = { cured: "cure", rebalanced: "rebalance", called: "call", liquidated: "liquidation" } as const;
  const count = (kind: EventKind): number => events.filter((event) => event.kind === kind).length;
  const parts = (["called", "rebalanced", "cured", "liquidated"] as const)
    .filter((kind) => count(kind) > 0)
    .map((kind) => plural(count(kind), nouns[kind]));
  const all = [...parts, ...(count("insolvent") > 0 ? ["insolvent"] : [])];
  return all.length > 0 ? all.join(", ") : "untouched";
}
