/** Price above, and below it the moves of each horizon beside the levels: against longs downward, against shorts upward. */
import type { Chart, ChartOption } from "../report/svg.js";
import type { LevelStyle } from "./palette.js";
import type { AssetReport } from "./report.js";

import { TEXT } from "../report/axes.js";
import { compact } from "../report/format.js";
import { MUTED, RULE } from "../report/palette.js";
import { LEVELS } from "./palette.js";

type Series = NonNullable<Extract<ChartOption["series"], readonly unknown[]>>[number];

const WIDTH = 1_240;
const LEFT = 66;
const RIGHT = 16;
/** More columns than a picture has room for would only blacken it; each shows the largest move it stands for. */
const COLUMNS = 570;
const DAY = 86_400;

/** All of the stretch. */
export function wholeChart(report: AssetReport): Chart {
  return chartOf(report, 0, report.series.timestamps.length, `${report.asset.toUpperCase()} over the whole stretch`);
}

/** Two days before the largest fall to twelve days after it: the rise at once, the ramp and the slow decay. */
export function stormChart(report: AssetReport): Chart {
  const { timestamps, long } = report.series;
  const worst = timestamps[long.indexOf(long.reduce((most, move) => Math.max(most, move), 0))] ?? 0;
  const begin = timestamps.findIndex((time) => time >= worst - 2 * DAY);
  const end = timestamps.findLastIndex((time) => time <= worst + 12 * DAY) + 1;
  return chartOf(report, begin, end, `${report.asset.toUpperCase()} around its largest fall`);
}

function chartOf({ asset, series, constants }: AssetReport, begin: number, end: number, label: string): Chart {
  const cut = <T>(values: readonly T[]): readonly T[] => values.slice(begin, end);
  const times = cut(series.timestamps).map((seconds) => seconds * 1_000);
  const [maintenance, initial, long, short] = [
    cut(series.maintenance),
    cut(series.initial),
    cut(series.long),
    cut(series.short),
  ];
  const first = times[0] ?? 0;
  const last = times.at(-1) ?? 0;
  const peak = [...long, ...short, ...initial, constants.long, constants.short].reduce((a, b) => Math.max(a, b), 0);
  const tick = peak > 0.2 ? 0.1 : 0.05;
  const limit = tick * Math.ceil(peak / tick + 0.1);

  const at = (values: readonly number[], sign: 1 | -1): [number, number][] =>
    values.map((value, i) => [times[i] ?? 0, sign * value]);
  const plain = { type: "line" as const, showSymbol: false, silent: true, xAxisIndex: 1, yAxisIndex: 1 };
  const level = (values: readonly number[], { color, dash, width }: LevelStyle): Series[] =>
    ([1, -1] as const).map((sign) => ({
      ...plain,
      data: at(values, sign),
      step: "end",
      lineStyle: { color, type: dash, width },
    }));
  const size = Math.max(1, Math.ceil(times.length / COLUMNS));
  const moves = (values: readonly number[], sign: 1 | -1): Series => ({
    type: "bar",
    silent: true,
    xAxisIndex: 1,
    yAxisIndex: 1,
    barWidth: Math.max(1.3, Math.min(4, 800 / times.length)),
    barGap: "-100%",
    itemStyle: { color: LEVELS.move },
    data: columnsOf(values, size).map(({ index, most }) => [times[index] ?? 0, sign * most]),
  });
  const beyond = (values: readonly number[], sign: 1 | -1): [number, number][] =>
    values.flatMap((move, i) => (move > (maintenance[i] ?? 0) ? [[times[i] ?? 0, sign * move]] : []));

  const timeAxis = (gridIndex: number, labels: boolean) => ({
    type: "time" as const,
    gridIndex,
    min: first,
    max: last,
    axisLine: { show: true, onZero: false, lineStyle: { color: MUTED } },
    axisTick: { show: labels, lineStyle: { color: MUTED } },
    axisLabel: { ...TEXT, show: labels, fontSize: 10, color: MUTED, hideOverlap: true, formatter: dateOf },
    splitLine: { show: true, lineStyle: { color: RULE } },
  });
  const valueAxis = (gridIndex: number, name: string) => ({
    gridIndex,
    name,
    nameLocation: "middle" as const,
    nameGap: 46,
    nameTextStyle: TEXT,
    splitLine: { lineStyle: { color: RULE } },
  });
  return {
    width: WIDTH,
    height: 470,
    label,
    option: {
      useUTC: true,
      grid: [
        { left: LEFT, right: RIGHT, top: 10, height: 130 },
        { left: LEFT, right: RIGHT, top: 160, height: 280 },
      ],
      xAxis: [timeAxis(0, false), timeAxis(1, true)],
      yAxis: [
        {
          ...valueAxis(0, `${asset.toUpperCase()}, USD`),
          type: "value",
          scale: true,
          splitNumber: 3,
          axisLabel: { ...TEXT, fontSize: 10, color: MUTED, formatter: (value: number) => compact(value) },
        },
        {
          ...valueAxis(1, "against longs  |  against shorts"),
          type: "value",
          min: -limit,
          max: limit,
          interval: tick,
          axisLabel: { ...TEXT, fontSize: 10, color: MUTED, formatter: percentOf },
        },
      ],
      series: [
        {
          type: "line",
          showSymbol: false,
          silent: true,
          data: at(cut(series.close), 1),
          lineStyle: { color: LEVELS.price, width: 1.2 },
        },
        moves(short, 1),
        moves(long, -1),
        ...level(initial, LEVELS.initial),
        ...level(maintenance, LEVELS.maintenance),
        ...(
          [
            [constants.short, 1],
            [constants.long, -1],
          ] as const
        ).map(([value, sign]): Series => ({
          ...plain,
          data: [
            [first, sign * value],
            [last, sign * value],
          ],
          lineStyle: { color: LEVELS.constant.color, type: LEVELS.constant.dash, width: LEVELS.constant.width },
        })),
        {
          type: "scatter",
          silent: true,
          xAxisIndex: 1,
          yAxisIndex: 1,
          symbol: "diamond",
          symbolSize: 10,
          itemStyle: { color: LEVELS.exceeded, borderColor: "#fff", borderWidth: 0.8 },
          z: 5,
          data: [...beyond(short, 1), ...beyond(long, -1)],
        },
      ],
    },
  };
}

/** Runs of `size` values, each with its largest and where that is. */
function columnsOf(values: readonly number[], size: number): { readonly index: number; readonly most: number }[] {
  const columns: { index: number; most: number }[] = [];
  for (const [i, value] of values.entries()) {
    const column = columns.at(-1);
    if (i % size === 0 || column === undefined) columns.push({ index: i, most: value });
    else if (value > column.most) Object.assign(column, { index: i, most: value });
  }
  return columns;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

function dateOf(milliseconds: number): string {
  const date = new Date(milliseconds);
  const month = MONTHS[date.getUTCMonth()] ?? "";
  const hours = date.getUTCHours();
  if (hours !== 0) return `${hours}h`;
  if (date.getUTCDate() !== 1) return `${date.getUTCDate()} ${month}`;
  return `${month} ${date.getUTCFullYear()}`;
}

/** Both directions are losses: the sign only says whose. */
function percentOf(value: number): string {
  return `${Math.round(Math.abs(value) * 100)}%`;
}
