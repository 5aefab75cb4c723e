/** The levels compared: the dynamic ones, the dynamic one without bounds, a normal quantile, and a constant. */
import type { Trial } from "./trials.js";

import { kupiec, normalQuantile, quantile } from "./statistics.js";

const SIDES = ["long", "short"] as const;
export type Side = (typeof SIDES)[number];

const RULES = ["maintenance", "initial", "unbounded", "normal", "constant"] as const;
export type RuleName = (typeof RULES)[number];

/** All horizons, or the later half, on which the constant level was not fitted. */
export const PERIODS = ["whole", "second half"] as const;
export type Period = (typeof PERIODS)[number];

export interface Result {
  readonly period: Period;
  readonly rule: RuleName;
  readonly side: Side;
  readonly trials: number;
  readonly exceeded: number;
  readonly expected: number;
  readonly ratio: number;
  readonly pValue: number;
  /** Mean of what was asked, a fraction of the position's value. */
  readonly mean: number;
  /** The largest excess of a move over the level, and when; null when there was none. */
  readonly worst: { readonly by: number; readonly at: number } | null;
}

export interface Comparison {
  readonly results: readonly Result[];
  /** The constant level of each side. */
  readonly constants: Readonly<Record<Side, number>>;
}

const YEAR_SECONDS = 365 * 86_400;

/** `coverage` is the share of horizons in which the level should hold, such as 0.999. */
export function compare(trials: readonly Trial[], horizonSeconds: bigint, coverage: number): Comparison {
  const half = Math.floor(trials.length / 2);
  const fitted = (side: Side): number =>
    quantile(
      trials.slice(0, half).map((trial) => trial[side]),
      coverage,
    );
  const constants = { long: fitted("long"), short: fitted("short") };
  const normal = normalQuantile(coverage) * Math.sqrt(Number(horizonSeconds) / YEAR_SECONDS);
  const levels: Readonly<Record<RuleName, (trial: Trial, side: Side) => number>> = {
    maintenance: (trial) => trial.maintenance,
    initial: (trial) => trial.initial,
    unbounded: (trial) => trial.wanted,
    normal: (trial) => normal * trial.volatility,
    constant: (_, side) => constants[side],
  };
  const results = PERIODS.flatMap((period) =>
    RULES.filter((rule) => rule !== "constant" || period === "second half").flatMap((rule) =>
      SIDES.map((side) => {
        const chosen = period === "whole" ? trials : trials.slice(half);
        return { period, rule, side, ...judge(chosen, side, (trial) => levels[rule](trial, side), coverage) };
      }),
    ),
  );
  return { results, constants };
}

type Judgement = Omit<Result, "period" | "rule" | "side">;

function judge(trials: readonly Trial[], side: Side, levelOf: (trial: Trial) => number, coverage: number): Judgement {
  const excesses = trials.map((trial) => ({ by: trial[side] - levelOf(trial), at: Number(trial.begins) }));
  const beyond = excesses.filter(({ by }) => by > 0);
  const mean = trials.reduce((sum, trial) => sum + levelOf(trial), 0) / trials.length;
  return {
    trials: trials.length,
    exceeded: beyond.length,
    expected: trials.length * (1 - coverage),
    ...kupiec(trials.length, beyond.length, 1 - coverage),
    mean,
    worst: beyond.length === 0 ? null : beyond.reduce((worst, next) => (next.by > worst.by ? next : worst)),
  };
}
