/** What a back-test leaves behind, as `report.json` holds it: no clock, no machine, every figure rounded. */
import type { LevelParameters } from "../model/level.js";
import type { AssetName } from "./options.js";
import type { Result } from "./rules.js";
import type { Trial, Trials } from "./trials.js";

import { floatOfE8 } from "../prices/decimal.js";
import { compactJson } from "../report/json.js";
import { compare } from "./rules.js";

export interface BacktestReport {
  readonly format: 1;
  readonly kind: "backtest";
  readonly coverage: number;
  readonly horizonSeconds: number;
  readonly assets: readonly AssetReport[];
}

export interface AssetReport {
  readonly asset: AssetName;
  readonly source: string;
  readonly barSeconds: number;
  /** Fractions, and standard deviations for `multiple`. */
  readonly parameters: Readonly<Record<"multiple" | "min" | "maxMaintenance" | "maxInitial" | "cap", number>>;
  readonly constants: Readonly<Record<"long" | "short", number>>;
  readonly results: readonly Result[];
  /** One value a horizon. Moves and levels are fractions of the opening price. */
  readonly series: {
    readonly timestamps: readonly number[];
    readonly close: readonly number[];
    readonly maintenance: readonly number[];
    readonly initial: readonly number[];
    readonly volatility: readonly number[];
    readonly long: readonly number[];
    readonly short: readonly number[];
  };
}

export interface AssetInput {
  readonly asset: AssetName;
  readonly parameters: LevelParameters;
  readonly replayed: Trials;
}

export function assembleBacktest(inputs: readonly AssetInput[], coverage: number): BacktestReport {
  return {
    format: 1,
    kind: "backtest",
    coverage,
    horizonSeconds: Number(inputs[0]?.parameters.horizonSeconds ?? 0n),
    assets: inputs.map((input) => assetReport(input, coverage)),
  };
}

function assetReport({ asset, parameters, replayed }: AssetInput, coverage: number): AssetReport {
  const { name, barSeconds, trials } = replayed;
  const { results, constants } = compare(trials, parameters.horizonSeconds, coverage);
  const column = (of: (trial: Trial) => number): number[] => trials.map((trial) => rounded(of(trial)));
  return {
    asset,
    source: name,
    barSeconds: Number(barSeconds),
    parameters: {
      multiple: rounded(Number(parameters.multipleE18) / 1e18),
      min: rounded(Number(parameters.minE18) / 1e18),
      maxMaintenance: rounded(Number(parameters.maxMaintenanceE18) / 1e18),
      maxInitial: rounded(Number(parameters.maxInitialE18) / 1e18),
      cap: rounded(Number(parameters.capE18) / 1e18),
    },
    constants: { long: rounded(constants.long), short: rounded(constants.short) },
    results: results.map((result) => ({
      ...result,
      expected: rounded(result.expected),
      ratio: rounded(result.ratio),
      pValue: rounded(result.pValue),
      mean: rounded(result.mean),
      worst: result.worst && { by: rounded(result.worst.by), at: result.worst.at },
    })),
    series: {
      timestamps: trials.map(({ begins }) => Number(begins)),
      close: column(({ prices }) => floatOfE8(prices.closeE8)),
      maintenance: column(({ maintenance }) => maintenance),
      initial: column(({ initial }) => initial),
      volatility: column(({ volatility }) => volatility),
      long: column(({ long }) => long),
      short: column(({ short }) => short),
    },
  };
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

export function serializeBacktest(report: BacktestReport): string {
  return compactJson(report);
}
