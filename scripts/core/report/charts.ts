/** The charts of a report but for those of health: prices, solvency, losses. */
import type { PerpetualTrack, PriceTrack, Report } from "./schema.js";
import type { Chart } from "./svg.js";

import { TEXT, moneyAxis, timeAxis, timeScale } from "./axes.js";
import { grouped } from "./format.js";
import { LOSS_KINDS } from "./figures.js";
import { ARMS, LOSSES, MUTED, PRICE, RULE } from "./palette.js";

const HALF = { width: 610, height: 270 } as const;
const GRID = { left: 66, right: 16, top: 12, bottom: 42 } as const;

/** One asset: the range of each bar, its close, and what the feed had printed by then. */
export function priceChart(report: Report, asset: "eth" | "btc"): Chart {
  const scale = timeScale(report);
  const track: PriceTrack = report.series[asset];
  const name = asset.toUpperCase();
  const at = (values: readonly number[]): [number, number][] => scale.closes.map((x, i) => [x, values[i] ?? 0]);
  const plain = { type: "line" as const, showSymbol: false, silent: true };
  return {
    ...HALF,
    label: `${name} price over time, with what the feed printed`,
    option: {
      grid: GRID,
      xAxis: timeAxis(scale, { title: true }),
      yAxis: moneyAxis(`${name}, USD`),
      series: [
        // The band is drawn as an invisible line with the range stacked on it.
        { ...plain, stack: "range", data: at(track.low), lineStyle: { opacity: 0 } },
        {
          ...plain,
          stack: "range",
          data: at(track.high.map((high, i) => high - (track.low[i] ?? 0))),
          lineStyle: { opacity: 0 },
          areaStyle: { color: PRICE.range, opacity: 0.45 },
        },
        { ...plain, data: at(track.close), lineStyle: { color: PRICE.market, width: 1.4 } },
        { ...plain, data: at(track.oracle), step: "end", lineStyle: { color: PRICE.oracle, width: 1.2 } },
      ],
    },
  };
}

/** One line an arm. */
export function armsChart(report: Report, what: "marginUsd" | "equityUsd"): Chart {
  const scale = timeScale(report);
  const title = what === "marginUsd" ? "vault assets minus claims, USD" : "equity of all accounts, USD";
  return {
    ...HALF,
    label: `${title}, over time, for each arm`,
    option: {
      grid: GRID,
      xAxis: timeAxis(scale, { title: true }),
      yAxis: moneyAxis(title),
      series: report.series.arms.map((arm, i) => {
        const style = ARMS[i % ARMS.length] ?? ARMS[0];
        return {
          type: "line" as const,
          showSymbol: false,
          silent: true,
          data: scale.closes.map((x, step) => [x, arm[what][step] ?? 0]),
          lineStyle: { color: style.color, type: style.dash, width: 1.8 },
        };
      }),
    },
  };
}

/** One perpetual in all arms: its open interest above, the rate that longs paid below. */
export function perpetualChart(report: Report, asset: "eth" | "btc"): Chart {
  const scale = timeScale(report);
  const name = asset.toUpperCase();
  const lines = (what: keyof PerpetualTrack, axis: number) =>
    report.series.arms.map((arm, i) => {
      const style = ARMS[i % ARMS.length] ?? ARMS[0];
      return {
        type: "line" as const,
        xAxisIndex: axis,
        yAxisIndex: axis,
        showSymbol: false,
        silent: true,
        // A rate holds for its hour, and open interest until the next fill.
        step: "end" as const,
        // {%/hour}
        data: scale.closes.map((x, step) => [x, (arm[asset][what][step] ?? 0) * (axis === 0 ? 1 : 100)]),
        lineStyle: { color: style.color, type: style.dash, width: 1.5 },
      };
    });
  const rate = moneyAxis("funding, % an hour");
  return {
    width: HALF.width,
    height: 380,
    label: `Open interest of ${name} in USD and its funding rate, over time, for each arm`,
    option: {
      grid: [
        { ...GRID, bottom: 204 },
        { ...GRID, top: 206 },
      ],
      xAxis: [timeAxis(scale, { title: false }), timeAxis(scale, { title: true, gridIndex: 1 })],
      yAxis: [
        { ...moneyAxis(`${name} open interest, USD`), scale: false },
        { ...rate, gridIndex: 1, axisLabel: { ...rate.axisLabel, formatter: (value: number) => value.toFixed(3) } },
      ],
      series: [...lines("openInterestUsd", 0), ...lines("fundingRate", 1)],
    },
  };
}

/** A bar an arm, stacked by where the money went. */
export function lossChart(report: Report): Chart {
  // Upside down, because the axis counts categories from below.
  const arms = report.arms.toReversed();
  const largest = Math.max(...arms.map(({ lossesUsd }) => lossesUsd), 1);
  return {
    width: 1_240,
    height: 70 + 46 * arms.length,
    label: "Losses by kind for each arm",
    option: {
      // Names of arms are free text; room for some 25 letters, the rest is cut by the label's own width.
      grid: { left: 190, right: 120, top: 8, bottom: 44 },
      xAxis: {
        ...moneyAxis("losses, USD"),
        scale: false,
        // Room on the right for the total, which stands behind the bar.
        max: largest,
        nameGap: 26,
        splitNumber: 6,
        splitLine: { showMaxLine: false, lineStyle: { color: RULE } },
        axisLabel: { ...moneyAxis("").axisLabel, showMaxLabel: false },
      },
      yAxis: {
        type: "category",
        data: arms.map(({ name }) => name),
        axisTick: { show: false },
        axisLine: { lineStyle: { color: RULE } },
        axisLabel: { ...TEXT, fontSize: 12, width: 175, overflow: "truncate" },
      },
      series: [
        ...LOSS_KINDS.map((kind) => ({
          type: "bar" as const,
          stack: "losses",
          silent: true,
          barWidth: 24,
          itemStyle: { color: LOSSES[kind] },
          data: arms.map(({ losses }) => losses[kind]),
        })),
        {
          type: "bar" as const,
          stack: "losses",
          silent: true,
          data: arms.map(() => 0),
          label: {
            ...TEXT,
            show: true,
            position: "right",
            color: MUTED,
            formatter: ({ dataIndex }: { dataIndex: number }) => grouped(arms[dataIndex]?.lossesUsd ?? 0),
          },
        },
      ],
    },
  };
}
