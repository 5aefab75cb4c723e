/** Figures and words that the terminal and the page share. */
import type { AssetReport, BacktestReport } from "./report.js";
import type { Result, RuleName } from "./rules.js";

import { duration, grouped } from "../report/format.js";
import { formatMoment } from "../prices/moment.js";
import { normalQuantile } from "./statistics.js";

export const COLUMNS = [
  "level",
  "side",
  "exceeded",
  "expected",
  "LR",
  "p",
  "mean level",
  "worst excess",
  "when",
] as const;

function share(fraction: number, decimals = 2): string {
  return `${grouped(fraction * 100, decimals)}%`;
}

/** 99.9%, not 99.90%. */
export function nominal(coverage: number): string {
  return `${Number((coverage * 100).toFixed(6))}%`;
}

function labelOf(rule: RuleName, report: BacktestReport, { parameters }: AssetReport): string {
  const labels: Readonly<Record<RuleName, string>> = {
    maintenance: "dynamic, MM",
    initial: "dynamic, IM",
    unbounded: `${parameters.multiple} sigma, unbounded`,
    normal: `${normalQuantile(report.coverage).toFixed(2)} sigma (normal)`,
    constant: "constant",
  };
  return labels[rule];
}

export function cellsOf(result: Result, report: BacktestReport, asset: AssetReport): readonly string[] {
  const { rule, side, exceeded, expected, ratio, pValue, mean, worst } = result;
  return [
    labelOf(rule, report, asset),
    side,
    grouped(exceeded),
    grouped(expected, 1),
    grouped(ratio, 2),
    pValue < 0.0001 ? "<0.0001" : pValue.toFixed(4),
    share(mean),
    worst === null ? "-" : share(worst.by),
    worst === null ? "-" : formatMoment(BigInt(worst.at)).slice(0, 16),
  ];
}

/** `ETH, eth.csv: 8,779 horizons of 1 h, 2020-01-01 00:00 UTC to ...`. */
export function headingOf({ asset, source, series }: AssetReport, { horizonSeconds }: BacktestReport): string {
  const { timestamps } = series;
  const time = (at: number | undefined): string => formatMoment(BigInt(at ?? 0)).slice(0, 10);
  return (
    `${asset.toUpperCase()}, ${source}: ${grouped(timestamps.length)} horizons of ${duration(horizonSeconds)}, ` +
    `${time(timestamps[0])} to ${time(timestamps.at(-1))}`
  );
}

export function termsOf({ parameters: p, constants }: AssetReport): string {
  return (
    `k ${p.multiple}, floor ${share(p.min, 0)}, ceilings ${share(p.maxMaintenance, 0)} for MM and ` +
    `${share(p.maxInitial, 0)} for IM, one price counts ${share(p.cap, 0)} at most; ` +
    `constant, fitted on the first half: ${share(constants.long)} long, ${share(constants.short)} short`
  );
}

export const PERIOD_TITLES = {
  whole: "All horizons",
  "second half": "The second half alone, on which the constant was not fitted",
} as const;
