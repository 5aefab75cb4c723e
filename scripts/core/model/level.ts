/**
 * The dynamic shock level of one underlying: how far a price is assumed to move against an account, from how far it has moved
 * lately. contracts/risk/Volatility.sol has the same rule on the chain; docs/LEVELS.md has the formulas and what was measured.
 *
 * Two exponentially weighted variances, one quick and one slow, are fed by accepted prices. The larger one times the
 * horizon gives the level that is wanted. The initial level follows it up at once, the maintenance level on a ramp, so that
 * a spike asks for new risk's collateral at once and liquidates nobody by itself; both come down slowly. What is wanted
 * changes only when a price is accepted: silence is no news, and neither raises nor lowers it.
 *
 * Rounding: what an account must cover goes up, the ramp goes down (nobody is called early for a fraction of a unit).
 */
import { YEAR } from "./interest.js";
import { maximum, minimum, mulDivDown, mulDivUp, RAY, sqrtDown, WAD } from "./rounding.js";

export interface LevelParameters {
  readonly multipleE18: bigint; // {1} k: the level in standard deviations over the horizon
  readonly horizonSeconds: bigint; // {s} from a price's move until a liquidation is through
  readonly minE18: bigint; // {1} both levels' floor
  readonly maxMaintenanceE18: bigint; // {1}
  readonly maxInitialE18: bigint; // {1}
  readonly capE18: bigint; // {1} the largest move that one price may report
  readonly fastSeconds: bigint; // {s} half life of the quick variance
  readonly slowSeconds: bigint; // {s} half life of the slow one
  readonly rampSeconds: bigint; // {s} in which the maintenance level may rise from its floor to its ceiling
  readonly fallSeconds: bigint; // {s} half life, faster than which neither level falls
}

export interface LevelState {
  readonly fastE18: bigint; // {1/year} variance
  readonly slowE18: bigint; // {1/year} variance
  readonly priceE18: bigint; // {quote/whole token} the last accepted price
  readonly acceptedAt: bigint; // {s} its time
  readonly wantedE18: bigint; // {1} k * sigma * sqrt(horizon), of the last accepted price, at most CEILING
  readonly maintenanceE18: bigint; // {1} as of movedAt
  readonly initialE18: bigint; // {1} as of movedAt
  readonly movedAt: bigint; // {s}
}

export interface Level {
  readonly maintenanceE18: bigint; // {1}
  readonly initialE18: bigint; // {1}
}

const HOUR = 3_600n;
const DAY = 24n * HOUR;

/** {s} Prices closer together are refused: a burst of them is noise, or somebody's. */
export const MIN_INTERVAL = 300n;

/** Levels stay below a third, so that a price shocked by three of them is positive. */
export const CEILING = (WAD - 1n) / 3n;

/** ln 2, rounded down. */
const LN_2 = 693_147_180_559_945_309_417_232_121n; // {RAY}

/** Beyond so many halvings nothing is left of 27 decimals. */
const MAX_HALVINGS = 90n;

/** Bounds in which governance may move. */
const BOUNDS = {
  multipleE18: [WAD, 20n * WAD],
  horizonSeconds: [300n, DAY],
  minE18: [WAD / 100n, CEILING],
  maxMaintenanceE18: [WAD / 100n, CEILING],
  maxInitialE18: [WAD / 100n, CEILING],
  capE18: [WAD / 100n, WAD / 2n],
  fastSeconds: [HOUR, 30n * DAY],
  slowSeconds: [HOUR, 90n * DAY],
  rampSeconds: [HOUR, 7n * DAY],
  fallSeconds: [HOUR, 7n * DAY],
} as const satisfies Readonly<Record<keyof LevelParameters, readonly [bigint, bigint]>>;

const NAMES = [
  "multipleE18",
  "horizonSeconds",
  "minE18",
  "maxMaintenanceE18",
  "maxInitialE18",
  "capE18",
  "fastSeconds",
  "slowSeconds",
  "rampSeconds",
  "fallSeconds",
] as const satisfies readonly (keyof LevelParameters)[];

/** The starting values of docs/LEVELS.md. Bitcoin's floor is lower: it moves less. */
export const ETH_LEVELS: LevelParameters = {
  multipleE18: 9n * WAD,
  horizonSeconds: HOUR,
  minE18: WAD / 10n,
  maxMaintenanceE18: WAD / 5n,
  maxInitialE18: (3n * WAD) / 10n,
  capE18: (15n * WAD) / 100n,
  fastSeconds: DAY,
  slowSeconds: 10n * DAY,
  rampSeconds: DAY,
  fallSeconds: DAY,
};
export const BTC_LEVELS: LevelParameters = { ...ETH_LEVELS, minE18: (8n * WAD) / 100n };

/** {1/sqrt(year)} Volatility to begin with, before any price has moved. */
export const STARTING_VOLATILITY = { eth: (60n * WAD) / 100n, btc: WAD / 2n } as const;

/** Refuses parameters outside their bounds or at odds with each other. */
export function requireParameters(p: LevelParameters): LevelParameters {
  for (const name of NAMES) {
    const [low, high] = BOUNDS[name];
    if (p[name] < low || p[name] > high) throw new RangeError(`${name} is ${p[name]}, outside ${low} to ${high}`);
  }
  const ordered = (low: keyof LevelParameters, high: keyof LevelParameters): void => {
    if (p[low] > p[high]) throw new RangeError(`${low} is ${p[low]}, above ${high}, which is ${p[high]}`);
  };
  ordered("minE18", "maxMaintenanceE18");
  ordered("maxMaintenanceE18", "maxInitialE18");
  ordered("fastSeconds", "slowSeconds");
  return p;
}

/** A level that begins at a price, with both variances at a volatility and both levels where they are wanted. */
export function openLevel(p: LevelParameters, volatilityE18: bigint, priceE18: bigint, now: bigint): LevelState {
  const variance = mulDivUp(volatilityE18, volatilityE18, WAD);
  const wantedE18 = wantedUp(variance, requireParameters(p));
  return {
    fastE18: variance,
    slowE18: variance,
    priceE18: requirePrice(priceE18),
    acceptedAt: now,
    wantedE18,
    maintenanceE18: clamp(wantedE18, p.minE18, p.maxMaintenanceE18),
    initialE18: clamp(wantedE18, p.minE18, p.maxInitialE18),
    movedAt: now,
  };
}

/** Takes in a price. Null when it is refused because the last one was accepted less than {@link MIN_INTERVAL} ago. */
export function poke(state: LevelState, p: LevelParameters, priceE18: bigint, now: bigint): LevelState | null {
  const elapsed = now - state.acceptedAt;
  if (elapsed < MIN_INTERVAL) return null;

  const moveE18 = moveUp(requirePrice(priceE18), state.priceE18, p.capE18);
  const fastE18 = blendUp(state.fastE18, moveE18, elapsed, halving(elapsed, p.fastSeconds));
  const slowE18 = blendUp(state.slowE18, moveE18, elapsed, halving(elapsed, p.slowSeconds));
  // Until now the levels moved toward what was wanted before: time that has passed in silence counts for nothing else.
  return settle({ ...state, fastE18, slowE18, priceE18, acceptedAt: now }, p, p, now);
}

/** Changes the parameters: the levels move to now under the old ones, and on from there under the new ones. */
export function settle(state: LevelState, before: LevelParameters, after: LevelParameters, now: bigint): LevelState {
  const level = levelAt(state, before, now);
  const wantedE18 = wantedUp(maximum(state.fastE18, state.slowE18), after);
  const initialE18 = maximum(level.initialE18, clamp(wantedE18, after.minE18, after.maxInitialE18));
  return { ...state, wantedE18, maintenanceE18: level.maintenanceE18, initialE18, movedAt: now };
}

/** Both levels at a time not before they were last moved. A function of the time alone: nobody need poke for them to move. */
export function levelAt(state: LevelState, p: LevelParameters, now: bigint): Level {
  const elapsed = now - state.movedAt;
  if (elapsed < 0n) throw new RangeError(`${now} is before ${state.movedAt}, when the levels were last moved`);
  const maintenanceTarget = clamp(state.wantedE18, p.minE18, p.maxMaintenanceE18);
  const initialTarget = clamp(state.wantedE18, p.minE18, p.maxInitialE18);

  const kept = halving(elapsed, p.fallSeconds);
  const rise = mulDivDown(p.maxMaintenanceE18 - p.minE18, elapsed, p.rampSeconds);
  return {
    maintenanceE18:
      state.maintenanceE18 < maintenanceTarget
        ? minimum(maintenanceTarget, state.maintenanceE18 + rise)
        : maximum(maintenanceTarget, mulDivUp(state.maintenanceE18, kept, RAY)),
    initialE18: maximum(initialTarget, mulDivUp(state.initialE18, kept, RAY)),
  };
}

/** {1/sqrt(year)} The volatility that the level stands on: the larger of the two, rounded up. */
export function volatilityUp(state: Pick<LevelState, "fastE18" | "slowE18">): bigint {
  return sqrtDown(maximum(state.fastE18, state.slowE18) * WAD) + 1n;
}

/** |p / p0 - 1|, rounded up, at most the cap; {1}. */
export function moveUp(priceE18: bigint, lastE18: bigint, capE18: bigint): bigint {
  const distance = priceE18 > lastE18 ? priceE18 - lastE18 : lastE18 - priceE18;
  return minimum(capE18, mulDivUp(distance, WAD, lastE18));
}

/** v * keep + r^2 * (year / elapsed) * (1 - keep), each rounded up; {1/year}. The products stay below 2^256. */
export function blendUp(varianceE18: bigint, moveE18: bigint, elapsed: bigint, keep: bigint): bigint {
  return mulDivUp(varianceE18, keep, RAY) + mulDivUp(moveE18 * moveE18 * YEAR, RAY - keep, elapsed * WAD * RAY);
}

/** k * sqrt(variance * horizon), rounded up, at most {@link CEILING}; {1}. */
export function wantedUp(varianceE18: bigint, p: Pick<LevelParameters, "multipleE18" | "horizonSeconds">): bigint {
  const deviation = sqrtDown((varianceE18 * p.horizonSeconds * WAD) / YEAR) + 1n;
  return minimum(CEILING, mulDivUp(p.multipleE18, deviation, WAD));
}

/**
 * 2^(-elapsed / halfLife), within 1.2e-23 of it; {RAY}.
 *
 * Whole halvings are a shift. The rest is e^-y with y below ln 2: the Taylor series of e^(-y/8) to the twelfth power by
 * Horner's rule, squared three times. Where it is worst, at y = ln 2, the series' remainder (ln 2 / 8)^13 / 13! = 2.5e-24
 * grows to 8 e^(-7 y / 8) times that, 1.1e-23, and the cut divisions add some units of 27 decimals: a variance or a level
 * of 18 decimals cannot see it. The result is 1 at zero and falls with every second, since a second moves y by more than the
 * error varies.
 */
export function halving(elapsed: bigint, halfLife: bigint): bigint {
  const halvings = elapsed / halfLife;
  if (halvings >= MAX_HALVINGS) return 0n;
  const y = (LN_2 * (elapsed % halfLife)) / (8n * halfLife);
  let power = RAY;
  for (let n = 12n; n > 0n; n -= 1n) power = RAY - (y * power) / (n * RAY);
  for (let i = 0; i < 3; i++) power = (power * power) / RAY;
  return power >> halvings;
}

function clamp(x: bigint, low: bigint, high: bigint): bigint {
  return minimum(high, maximum(low, x));
}

function requirePrice(priceE18: bigint): bigint {
  if (priceE18 <= 0n) throw new RangeError(`${priceE18} is no price`);
  return priceE18;
}
