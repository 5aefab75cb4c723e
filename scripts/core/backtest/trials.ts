/** Replays recorded bars through the level: what it asked before each horizon, and how far the price then went. */
import type { LevelParameters, LevelState } from "../model/level.js";
import type { Ohlc, PriceRow, PriceSeries } from "../prices/types.js";

import { levelAt, openLevel, poke, volatilityUp } from "../model/level.js";
import { mulDivUp, WAD } from "../model/rounding.js";
import { PriceWindowError } from "../prices/errors.js";
import { usualSpacing } from "../prices/join.js";
import { formatMoment } from "../prices/moment.js";

/** One horizon: the levels asked when it began, and the farthest the price went against each side in it. All are fractions. */
export interface Trial {
  /** {s} */
  readonly begins: bigint;
  readonly prices: Ohlc;
  readonly maintenance: number;
  readonly initial: number;
  /** k sigma over the horizon, without floor and ceilings (but below a third). */
  readonly wanted: number;
  /** Volatility a year. */
  readonly volatility: number;
  /** How far the low lay below the open: what a long position lost. */
  readonly long: number;
  /** How far the high lay above the open: what a short position lost. */
  readonly short: number;
}

export interface TrialSettings {
  readonly parameters: LevelParameters;
  readonly volatilityE18: bigint;
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
}

export interface Trials {
  readonly name: string;
  readonly barSeconds: bigint;
  readonly trials: readonly Trial[];
}

/** Half of fewer would leave the constant level to a handful of bars. */
const MIN_TRIALS = 100;
const REPORT_EVERY = 500;
const TO_E18 = 10n ** 10n;

/**
 * Horizons follow each other without overlap, so that trials are distinct, as Kupiec's test assumes. The level knows no more
 * than a feed that prints each bar's close when the bar is over; a gap in the bars is a silence of the feed.
 */
export function runTrials(
  series: PriceSeries,
  settings: TrialSettings,
  progress: (rows: number) => void = () => undefined,
): Trials {
  const { parameters, from, to } = settings;
  const barSeconds = usualSpacing(series);
  const horizon = parameters.horizonSeconds;
  if (horizon % barSeconds !== 0n) {
    throw new PriceWindowError(
      `${series.name} has bars of ${barSeconds} s, in which a horizon of ${horizon} s cannot be seen; ` +
        "choose a --horizon of whole bars.",
    );
  }
  const rows = series.rows.filter(({ timestamp }) => timestamp >= (from ?? 0n) && (to === undefined || timestamp < to));
  const [first] = rows;
  const trials = first === undefined ? [] : replay(rows, first, barSeconds, settings, progress);
  if (trials.length < MIN_TRIALS) {
    const last = series.rows.at(-1)?.timestamp ?? 0n;
    throw new PriceWindowError(
      `${series.name} has ${trials.length} horizons of ${horizon} s between --from and --to, fewer than ${MIN_TRIALS}: ` +
        `its bars run from ${formatMoment(series.rows[0]?.timestamp ?? 0n)} to ${formatMoment(last)}; choose a longer stretch.`,
    );
  }
  return { name: series.name, barSeconds, trials };
}

function replay(
  rows: readonly PriceRow[],
  first: PriceRow,
  barSeconds: bigint,
  { parameters, volatilityE18 }: TrialSettings,
  progress: (rows: number) => void,
): readonly Trial[] {
  let state = openLevel(parameters, volatilityE18, first.ohlc.openE8 * TO_E18, first.timestamp);
  const trials: Trial[] = [];
  let current: readonly PriceRow[] = [];
  let asked = state;
  for (const [done, row] of rows.entries()) {
    if (done % REPORT_EVERY === 0) progress(done);
    const begins = current[0]?.timestamp;
    if (begins === undefined || row.timestamp >= begins + parameters.horizonSeconds) {
      if (current.length > 0) trials.push(trialOf(current, asked, parameters));
      current = [row];
      asked = state;
    } else {
      current = [...current, row];
    }
    state = poke(state, parameters, row.ohlc.closeE8 * TO_E18, row.timestamp + barSeconds) ?? state;
  }
  // The last horizon may be cut short by the end of the file; only a whole one counts.
  const last = current.at(-1);
  const whole = last && last.timestamp + barSeconds >= (current[0]?.timestamp ?? 0n) + parameters.horizonSeconds;
  if (whole) trials.push(trialOf(current, asked, parameters));
  return trials;
}

function trialOf(rows: readonly PriceRow[], asked: LevelState, parameters: LevelParameters): Trial {
  const prices = rows.map(({ ohlc }) => ohlc).reduce(join);
  const begins = rows[0]?.timestamp ?? asked.movedAt;
  const { maintenanceE18, initialE18 } = levelAt(asked, parameters, begins);
  return {
    begins,
    prices,
    maintenance: fraction(maintenanceE18),
    initial: fraction(initialE18),
    wanted: fraction(asked.wantedE18),
    volatility: fraction(volatilityUp(asked)),
    long: fraction(mulDivUp(prices.openE8 - prices.lowE8, WAD, prices.openE8)),
    short: fraction(mulDivUp(prices.highE8 - prices.openE8, WAD, prices.openE8)),
  };
}

function join(all: Ohlc, next: Ohlc): Ohlc {
  return {
    openE8: all.openE8,
    highE8: next.highE8 > all.highE8 ? next.highE8 : all.highE8,
    lowE8: next.lowE8 < all.lowE8 ? next.lowE8 : all.lowE8,
    closeE8: next.closeE8,
  };
}

const fraction = (valueE18: bigint): number => Number(valueE18) / 1e18;
