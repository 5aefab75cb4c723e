/**
 * A generated crash, shaped after 12-13 March 2020: no recorded price is in here, only the outline below and chance.
 *
 * Calibration, each figure with where it was published (times UTC):
 *
 * | figure                                                    | published by                                        |
 * |-----------------------------------------------------------|-----------------------------------------------------|
 * | start, 12 March 00h: ETH 194.6, BTC 7,934                 | Binance hourly klines, ETHUSDT and BTCUSDT          |
 * | first leg, 10h to 11h: BTC 7,300 to 5,690; second, 23h to | BTCMEX blog, "Black Thursday: what actually happened |
 * | 2:15h: 5,800 to 3,900                                     | to Bitcoin"                                         |
 * | first leg in ETH: 168 before it, 133 at the hour's close  | Binance hourly klines                               |
 * | low, 13 March 02h: ETH 86.00, BTC 3,782.13                | Binance hourly klines; other venues' lows are higher |
 * | within two hours of the low: ETH 124, BTC 5,170           | Binance hourly klines                               |
 * | 14 March 02h: ETH 133, BTC 5,480                          | Binance hourly klines                               |
 * | worst hour, open to close: ETH -20.9%, BTC -18.2%         | Binance hourly klines                               |
 * | hourly closes over the 50 hours: ETH 559% a year, BTC     | computed from those klines (root mean square, 8,760 |
 * | 522%; worst six hours about 1,120%; correlation 0.957     | hours a year)                                       |
 *
 * The path spans 50 hours whatever the number of steps, so that few steps see the whole crash coarsely instead of its
 * quiet morning. It is drawn on a grid of about a minute and then cut into bars, so extremes inside a bar are real. Between
 * anchors runs a bridge whose variance clusters (a mean-reverting log volatility over a profile that leaps at both legs) and
 * jumps; a floor at the drawn low reflects it. Floats stay in this file and `random.ts`; prices leave it as bigint, in cents.
 */
import type { Bar, Ohlc, PricePath } from "./types.js";

import { Random } from "./random.js";

export interface CrashOptions {
  /** An integer; the same seed gives the same path. */
  readonly seed: number;
  readonly steps: number;
}

export const CRASH_SECONDS = 180_000n; // {s} 50 hours
export const DEFAULT_STEPS = 150; // bars of 20 minutes

const CRASH_SOURCE = "generated, shaped after 12-13 March 2020 (not history)";

const HOURS = Number(CRASH_SECONDS) / 3_600;
const GRID = 3_000; // points of the path at least: one a minute
const HOURS_A_YEAR = 8_760;

const CORRELATION = 0.9; // of the two assets' diffusions
const BTC_TO_ETH_VOLATILITY = 0.95;

/** Logs of both prices at one moment. */
interface Pair {
  eth: number;
  btc: number;
}

interface Anchor {
  readonly hour: number;
  readonly log: Pair;
}

/** The outline of one crash: when its legs begin and end, and where the prices stand there. */
function drawOutline(random: Random): readonly [Anchor, Anchor, Anchor, Anchor, Anchor, Anchor, Anchor] {
  // One draw moves both assets, a smaller one parts them.
  const at = (hour: number, eth: number, btc: number, spread: number): Anchor => {
    const common = random.between(-spread, spread);
    const own = (): number => common + random.between(-spread / 4, spread / 4);
    return { hour, log: { eth: Math.log(eth) + own(), btc: Math.log(btc) + own() } };
  };
  const firstLeg = random.between(9.7, 10.3);
  const secondLeg = random.between(22.6, 23.2);
  const low = random.between(25.9, 26.7);
  return [
    at(0, 194.3, 7_920, 0.003),
    at(firstLeg, 169, 7_340, 0.015),
    at(firstLeg + random.between(0.7, 0.95), 131, 5_850, 0.02),
    at(secondLeg, 129, 5_800, 0.02),
    at(low, 88, 3_880, 0.02),
    at(low + random.between(1.3, 2), 121, 5_120, 0.03),
    at(HOURS, 131, 5_480, 0.03),
  ];
}

/** Volatility a year before clustering, by the hour: calm, then a leap at each leg that decays to a restless level. */
function profile(hour: number, firstLeg: number, secondLeg: number, rebound: number): number {
  if (hour < firstLeg) return 0.9;
  if (hour < secondLeg) return 2.2 + 4 * 0.5 ** ((hour - firstLeg) / 1.5);
  if (hour < rebound) return 6.5;
  return 2.5 + 4 * 0.5 ** ((hour - rebound) / 4);
}

/** The log of the volatility wanders around its profile: half life in hours, and spread when settled. */
const CLUSTER = { halfLifeHours: 1.5, spread: 0.3 };

/** Jumps, both assets at once: how many an hour, their mean size, and the odds that one goes down. */
const CALM = { perHour: 0.1, meanSize: 0.005, down: 0.5 };
const FALL = { perHour: 2.5, meanSize: 0.025, down: 0.85 };
const AFTER = { perHour: 0.6, meanSize: 0.012, down: 0.5 };

/** Log prices at `points + 1` moments, evenly spaced over the 50 hours. */
function drawLogPath(random: Random, points: number): readonly Pair[] {
  const outline = drawOutline(random);
  const [start, firstLeg, firstBottom, secondLeg, low, rebound] = outline;
  const hours = HOURS / points;
  const revert = 1 - 0.5 ** (hours / CLUSTER.halfLifeHours);
  const kick = CLUSTER.spread * Math.sqrt(1 - (1 - revert) ** 2);
  let cluster = 0;

  const path: Pair[] = [start.log];
  for (const [leg, to] of outline.slice(1).entries()) {
    const from = outline[leg] ?? start;
    const first = Math.round(from.hour / hours);
    const count = Math.round(to.hour / hours) - first;
    const falls = to === firstBottom || to === low;
    const jumps = falls ? FALL : to === firstLeg ? CALM : AFTER;

    // Free increments first, and the variance each had: the bridge runs on that clock, so that its drift clusters too.
    const free: { eth: number; btc: number; clock: number }[] = [{ eth: 0, btc: 0, clock: 0 }];
    let sum = { eth: 0, btc: 0, clock: 0 };
    for (let i = 0; i < count; i++) {
      cluster += -revert * cluster + kick * random.normal();
      const level = profile((first + i) * hours, firstLeg.hour, secondLeg.hour, rebound.hour);
      const deviation = level * Math.exp(cluster) * Math.sqrt(hours / HOURS_A_YEAR);
      const eth = random.normal();
      const btc = CORRELATION * eth + Math.sqrt(1 - CORRELATION ** 2) * random.normal();
      const jump = random.happens(jumps.perHour * hours) ? drawJump(random, jumps) : 0;
      sum = {
        eth: sum.eth + deviation * eth + jump,
        btc: sum.btc + BTC_TO_ETH_VOLATILITY * (deviation * btc + jump * random.between(0.75, 1.25)),
        clock: sum.clock + deviation ** 2,
      };
      free.push(sum);
    }
    for (const { eth, btc, clock } of free.slice(1)) {
      const share = clock / sum.clock;
      path.push({
        eth: reflect(from.log.eth + eth + share * (to.log.eth - from.log.eth - sum.eth), low.log.eth),
        btc: reflect(from.log.btc + btc + share * (to.log.btc - from.log.btc - sum.btc), low.log.btc),
      });
    }
  }
  return path;
}

function drawJump(random: Random, { meanSize, down }: typeof FALL): number {
  const size = -meanSize * Math.log(1 - random.between(0, 1));
  return random.happens(down) ? -size : size;
}

/** Keeps the drawn low the lowest point. */
function reflect(log: number, floor: number): number {
  return floor + Math.abs(log - floor);
}

/** {usd} with 8 decimals, rounded to the cent: finer digits of a float would only pretend to be data. */
function toE8(log: number): bigint {
  return BigInt(Math.round(Math.exp(log) * 100)) * 1_000_000n;
}

function barOf(points: readonly Pair[], asset: keyof Pair): Ohlc {
  const logs = points.map((point) => point[asset]);
  return {
    openE8: toE8(logs[0] ?? 0),
    highE8: toE8(Math.max(...logs)),
    lowE8: toE8(Math.min(...logs)),
    closeE8: toE8(logs.at(-1) ?? 0),
  };
}

/** A crash of `steps` bars over 50 hours. The same seed and steps give the same path, to the last digit. */
export function generateCrash({ seed, steps }: CrashOptions): PricePath {
  const perBar = Math.ceil(GRID / steps);
  const path = drawLogPath(new Random(seed), perBar * steps);
  const barSeconds = CRASH_SECONDS / BigInt(steps);
  const bars = Array.from({ length: steps }, (_, step): Bar => {
    // A bar opens where the one before closed, so neighbours share a point.
    const points = path.slice(step * perBar, (step + 1) * perBar + 1);
    return { timestamp: BigInt(step) * barSeconds, eth: barOf(points, "eth"), btc: barOf(points, "btc") };
  });
  return { source: `${CRASH_SOURCE}, seed ${seed}`, kind: "generated", bars, barSeconds };
}
