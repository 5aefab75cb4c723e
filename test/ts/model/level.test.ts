import { expect } from "chai";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

import type { LevelParameters, LevelState } from "../../../scripts/core/model/level.js";

import { YEAR } from "../../../scripts/core/model/interest.js";
import {
  blendUp,
  BTC_LEVELS,
  CEILING,
  ETH_LEVELS,
  halving,
  levelAt,
  MIN_INTERVAL,
  moveUp,
  openLevel,
  poke,
  requireParameters,
  settle,
  STARTING_VOLATILITY,
  volatilityUp,
  wantedUp,
} from "../../../scripts/core/model/level.js";
import { RAY, sqrtDown, WAD } from "../../../scripts/core/model/rounding.js";
import { decimal } from "./reference.js";
import { expectNear } from "../near.js";

const HOUR = 3_600n;
const DAY = 24n * HOUR;
const START = 1_600_000_000n;
const DIGITS = 10n ** 60n;
const p = ETH_LEVELS;

const usd = (price: number): bigint => BigInt(Math.round(price * 1e6)) * 10n ** 12n;
const opened = (parameters: LevelParameters = p): LevelState =>
  openLevel(parameters, STARTING_VOLATILITY.eth, usd(2_000), START);

/** A poke that is due. */
function poked(state: LevelState, priceE18: bigint, now: bigint, parameters: LevelParameters = p): LevelState {
  const next = poke(state, parameters, priceE18, now);
  if (next === null) throw new Error(`refused at ${now}`);
  return next;
}

/** The same price once every `step` seconds, up to `until`. */
function repeat(state: LevelState, priceE18: bigint, step: bigint, until: bigint): LevelState {
  let now = state.acceptedAt + step;
  for (; now <= until; now += step) state = poked(state, priceE18, now);
  return state;
}

function expectWithin(found: bigint, expected: bigint, tolerance: bigint): void {
  const off = found > expected ? found - expected : expected - found;
  expect(off <= tolerance, `${found} is ${off} from ${expected}, above ${tolerance}`).to.equal(true);
}

/** 2^(-a/h) with 60 digits from the binary digits of a/h and repeated square roots: no series, no logarithm. */
function halvingExact(a: bigint, h: bigint): bigint {
  let result = DIGITS;
  let root = DIGITS / 2n;
  let rest = a % h;
  for (let i = 0; i < 200; i++) {
    root = sqrtDown(root * DIGITS);
    rest *= 2n;
    if (rest >= h) {
      rest -= h;
      result = (result * root) / DIGITS;
    }
  }
  return result >> (a / h);
}

/** A random walk with quiet and wild stretches, at irregular times. */
function walk(seed: number, steps: number): { readonly priceE18: bigint; readonly now: bigint }[] {
  const source = xoroshiro128plus(seed);
  const draw = (): number => uniformFloat64(source);
  let price = 2_000;
  let now = START;
  return Array.from({ length: steps }, (_, i) => {
    const wild = Math.floor(i / 40) % 3 === 1 ? 0.06 : 0.004;
    price *= 1 + wild * (2 * draw() - 1);
    now += MIN_INTERVAL + BigInt(Math.floor(draw() * (draw() < 0.05 ? 200_000 : 5_000)));
    return { priceE18: usd(price), now };
  });
}

/** mpmath, 80 digits: hourly, var_0 = 0.8^2 / 8760, var_i = 0.94 var_(i-1) + 0.06 r_i^2, volatility = sqrt(8760 var). */
const REGULAR = [
  { logReturn: "0.00415801014866369180147826272940", volatilityE18: 781464729746098469n },
  { logReturn: "-0.00707893857632735632396331664902", volatilityE18: 774844780067355027n },
  { logReturn: "-0.0138861898887175696919333854257", volatilityE18: 815911057971973141n },
  { logReturn: "0.00768227998382269362038167500090", volatilityE18: 810424433382783212n },
  { logReturn: "0.0259819553989814399126843677525", volatilityE18: 985998522833775154n },
  { logReturn: "-0.000491762980158627476427840008119", volatilityE18: 956027514296583531n },
  { logReturn: "-0.0537211406300331707743786739449", volatilityE18: 1541431272304292016n },
  { logReturn: "0.0121234449925894640451355491271", volatilityE18: 1520099121492030723n },
  { logReturn: "0.00196371461182512318603466568606", volatilityE18: 1474478234641496537n },
  { logReturn: "-0.0601129819996967466937771389104", volatilityE18: 1985682152434996470n },
  { logReturn: "0.0199091859834775157311677002611", volatilityE18: 1978558226261316973n },
  { logReturn: "0.00230598771808611235661749602818", volatilityE18: 1919011728763908237n },
] as const;

describe("The shock level's power of a half", () => {
  it("is within 1.2e-23 of a computation by square roots, and exact at whole halvings", () => {
    for (const halfLife of [HOUR, DAY, 10n * DAY, 90n * DAY]) {
      for (let i = 0n; i < 60n; i++) {
        const elapsed = (halfLife * 2n * i) / 60n + (i % 7n);
        expectWithin(halving(elapsed, halfLife) * 10n ** 33n, halvingExact(elapsed, halfLife), 12n * 10n ** 36n);
      }
      for (const n of [0n, 1n, 2n, 20n]) expect(halving(n * halfLife, halfLife)).to.equal(RAY >> n);
    }
  });

  it("falls with every second and ends at nothing", () => {
    let last = RAY + 1n;
    for (let elapsed = 0n; elapsed < 3n * HOUR; elapsed++) {
      const next = halving(elapsed, HOUR);
      expect(next < last).to.equal(true);
      last = next;
    }
    const year = 90n * DAY;
    expect(halving(year, year) < halving(year - 1n, year)).to.equal(true);
    expect(halving(1n, year) < RAY).to.equal(true);
    expect(halving(1_000n * DAY, DAY)).to.equal(0n);
  });
});

describe("The shock level's variances", () => {
  it("have the reference's values at regular times", () => {
    const keep = (RAY * 94n) / 100n;
    let variance = (WAD * 64n) / 100n;
    for (const { logReturn, volatilityE18 } of REGULAR) {
      variance = blendUp(variance, decimal(logReturn.replace("-", ""), 18), HOUR, keep);
      // A return cut to 18 decimals is 2e-16 of itself off where it is smallest; its square weighs little there.
      expectWithin(volatilityUp({ fastE18: variance, slowE18: 0n }), volatilityE18, 200n);
    }
  });

  it("agree with 60 digits at irregular times", () => {
    let state = opened();
    const start = (DIGITS * 36n) / 100n;
    const exact = { fast: start, slow: start };
    for (const { priceE18, now } of walk(1, 200)) {
      const elapsed = now - state.acceptedAt;
      let move = ((priceE18 - state.priceE18) * DIGITS) / state.priceE18;
      if (move < 0n) move = -move;
      const cap = (DIGITS * 15n) / 100n;
      if (move > cap) move = cap;
      for (const [name, halfLife] of [["fast", DAY] as const, ["slow", 10n * DAY] as const]) {
        const keep = halvingExact(elapsed, halfLife);
        const news = ((move * move) / DIGITS) * YEAR * (DIGITS - keep);
        exact[name] = (exact[name] * keep) / DIGITS + news / (elapsed * DIGITS);
      }
      state = poked(state, priceE18, now);
      // 2 r times the rounding of r, times year / elapsed, fades with the rest: thousandths of a billionth.
      expectWithin(state.fastE18 * 10n ** 42n, exact.fast, exact.fast / 10n ** 12n);
      expectWithin(state.slowE18 * 10n ** 42n, exact.slow, exact.slow / 10n ** 12n);
      const deviation = sqrtDown(((exact.fast > exact.slow ? exact.fast : exact.slow) * HOUR * DIGITS) / YEAR);
      const wanted = (9n * deviation) / 10n ** 42n;
      if (wanted < CEILING) expectWithin(state.wantedE18, wanted, wanted / 10n ** 12n);
      else expect(state.wantedE18).to.equal(CEILING);
    }
  });

  it("find the volatility of a walk whose volatility is known, however often it is asked", () => {
    // +-1% an hour is sqrt(8760)% a year; a price seen every fourth hour moves by a sum of four.
    const source = xoroshiro128plus(7);
    let price = 2_000;
    let often = opened();
    let seldom = opened();
    for (let i = 1n; i <= 4_000n; i++) {
      price *= uniformFloat64(source) < 0.5 ? 1.01 : 0.99;
      often = poked(often, usd(price), START + i * HOUR);
      if (i % 4n === 0n) seldom = poked(seldom, usd(price), START + i * HOUR);
    }
    expectNear(Number(often.slowE18) / 1e18, 0.876, 0.01);
    expectNear(Number(seldom.slowE18) / 1e18, 0.876, 0.2);
  });

  it("rise with the size of the move, up or down alike, until the cap", () => {
    const after = (price: number): bigint => poked(opened(), usd(price), START + HOUR).fastE18;
    for (const [less, more] of [
      [2_000, 2_010],
      [2_010, 2_100],
      [2_100, 2_299],
    ] as const) {
      expect(after(less) < after(more)).to.equal(true);
    }
    expect(after(1_900)).to.equal(after(2_100));
    expect(after(2_300)).to.equal(after(20_000));
    expect(after(1_700)).to.equal(after(1));
  });

  it("round up: a level is never too low by a unit", () => {
    expect(moveUp(3n, 7n, WAD)).to.equal((4n * WAD) / 7n + 1n);
    expect(blendUp(1n, 0n, HOUR, RAY / 3n)).to.equal(1n);
    expect(blendUp(0n, 1n, HOUR, 0n)).to.equal(1n);
    expect(wantedUp(0n, p)).to.equal(9n);
    expect(wantedUp(0n, { ...p, multipleE18: (3n * WAD) / 2n })).to.equal(2n);
    expect(volatilityUp({ fastE18: 2n * WAD, slowE18: WAD })).to.equal(sqrtDown(2n * WAD * WAD) + 1n);
    // A fall leaves the larger unit, the ramp the smaller one.
    const fallen = { ...opened(), maintenanceE18: WAD / 5n + 1n, initialE18: WAD / 4n + 1n };
    const kept = halving(1n, p.fallSeconds);
    expect(levelAt(fallen, p, START + 1n)).to.deep.equal({
      maintenanceE18: (fallen.maintenanceE18 * kept) / RAY + 1n,
      initialE18: (fallen.initialE18 * kept) / RAY + 1n,
    });
    const rising = { ...opened(), wantedE18: CEILING };
    expect(levelAt(rising, p, START + 7n).maintenanceE18).to.equal(p.minE18 + (7n * (WAD / 10n)) / DAY);
  });
});

describe("The shock level", () => {
  it("refuses a price less than five minutes after the last, and what is no price", () => {
    const state = opened();
    expect(poke(state, p, usd(2_100), START + MIN_INTERVAL - 1n)).to.equal(null);
    expect(poke(state, p, usd(2_100), START - HOUR)).to.equal(null);
    expect(poke(state, p, usd(2_100), START + MIN_INTERVAL)).to.not.equal(null);
    expect(() => poke(state, p, 0n, START + HOUR)).to.throw(RangeError, "no price");
    expect(() => levelAt(state, p, START - 1n)).to.throw(RangeError, "before");
  });

  it("refuses parameters outside their bounds or at odds", () => {
    const third = WAD / 3n + 1n;
    const wrong: readonly Partial<LevelParameters>[] = [
      { multipleE18: WAD - 1n },
      { multipleE18: 20n * WAD + 1n },
      { horizonSeconds: 299n },
      { horizonSeconds: DAY + 1n },
      { minE18: WAD / 100n - 1n },
      { maxMaintenanceE18: p.minE18 - 1n },
      { maxInitialE18: p.maxMaintenanceE18 - 1n },
      { maxInitialE18: third },
      { capE18: WAD / 100n - 1n },
      { capE18: WAD / 2n + 1n },
      { fastSeconds: 11n * DAY },
      { fastSeconds: HOUR - 1n },
      { slowSeconds: 91n * DAY },
      { rampSeconds: HOUR - 1n },
      { fallSeconds: HOUR - 1n },
    ];
    for (const change of wrong) {
      expect(() => requireParameters({ ...p, ...change }), Object.keys(change).join()).to.throw(RangeError);
    }
    expect(requireParameters(p)).to.equal(p);
    expect(requireParameters(BTC_LEVELS)).to.equal(BTC_LEVELS);
    // A level may stand still: floor and ceilings as one.
    const flat = { ...p, minE18: CEILING, maxMaintenanceE18: CEILING, maxInitialE18: CEILING };
    expect(requireParameters(flat)).to.equal(flat);
  });

  it("is bounded, IM never below MM, on walks with quiet, wild and silent stretches", () => {
    for (const seed of [2, 3, 4]) {
      let state = opened();
      for (const { priceE18, now } of walk(seed, 400)) {
        for (const between of [state.movedAt + 1n, (state.movedAt + now) / 2n, now]) {
          const { maintenanceE18, initialE18 } = levelAt(state, p, between);
          expect(maintenanceE18 >= p.minE18 && maintenanceE18 <= p.maxMaintenanceE18).to.equal(true);
          expect(initialE18 >= maintenanceE18 && initialE18 <= p.maxInitialE18).to.equal(true);
        }
        state = poked(state, priceE18, now);
      }
    }
  });

  it("raises IM at once and MM by at most its range in a ramp", () => {
    // Two days of +-5% an hour: as wild as March 2020.
    let state = opened();
    let price = 2_000;
    for (let i = 1n; i <= 48n; i++) {
      price *= i % 2n === 0n ? 1.05 : 0.95;
      const before = levelAt(state, p, state.movedAt).maintenanceE18;
      state = poked(state, usd(price), START + i * HOUR);
      expect(state.maintenanceE18 - before <= (p.maxMaintenanceE18 - p.minE18) / 24n).to.equal(true);
      const wanted = state.wantedE18 < p.maxInitialE18 ? state.wantedE18 : p.maxInitialE18;
      if (wanted > p.minE18) expect(state.initialE18).to.equal(wanted);
      if (i === 6n) expect(state.initialE18 > (18n * WAD) / 100n).to.equal(true);
      if (i === 6n) expect(state.maintenanceE18 < (13n * WAD) / 100n).to.equal(true);
    }
    expect(state.maintenanceE18).to.equal(p.maxMaintenanceE18);
    expect(state.initialE18).to.equal(p.maxInitialE18);
  });

  it("falls without a rise on the way, no faster than its half life, and not below what is wanted", () => {
    let state = opened();
    for (let i = 1n; i <= 30n; i++) state = poked(state, usd(i % 2n === 0n ? 2_000 : 2_200), START + i * HOUR);
    const top = state;
    let last = levelAt(state, p, state.movedAt);
    for (let i = 0; i < 800; i++) {
      const before = last;
      state = poked(state, usd(2_000), state.acceptedAt + HOUR);
      last = levelAt(state, p, state.movedAt);
      expect(last.initialE18 <= before.initialE18).to.equal(true);
      if (i > 24) expect(last.maintenanceE18 <= before.maintenanceE18).to.equal(true);
      expect(last.initialE18 * RAY >= before.initialE18 * halving(HOUR, p.fallSeconds)).to.equal(true);
      expect(last.initialE18 >= state.wantedE18 || last.initialE18 === p.maxInitialE18).to.equal(true);
    }
    expect(top.initialE18).to.equal(p.maxInitialE18);
    expect(last.initialE18).to.equal(p.minE18);
  });

  it("lets one false price do only so much: sigma^2 + cap^2 * ln 2 * year / half life", () => {
    const base = opened();
    const bound = Math.sqrt(0.36 + 0.15 ** 2 * Math.LN2 * 365);
    for (const elapsed of [MIN_INTERVAL, HOUR, DAY]) {
      const state = poked(base, usd(1_000_000), START + elapsed);
      expect(Number(volatilityUp(state)) / 1e18 <= bound).to.equal(true);
      // MM has not moved at all, and an hour later by a twenty-fourth of its range at most.
      const { maintenanceE18 } = levelAt(base, p, START + elapsed);
      expect(state.maintenanceE18).to.equal(maintenanceE18);
      const later = levelAt(state, p, START + elapsed + HOUR).maintenanceE18;
      expect(later - maintenanceE18 <= (p.maxMaintenanceE18 - p.minE18) / 24n).to.equal(true);
    }
    const quickest = poked(base, usd(1_000_000), START + MIN_INTERVAL);
    expectNear(Number(volatilityUp(quickest)) / 1e18, bound, 0.005);
  });

  it("gives the same level whether poked often or seldom, as long as the same is wanted", () => {
    let spike = opened();
    for (let i = 1n; i <= 6n; i++) spike = poked(spike, usd(i % 2n === 0n ? 2_000 : 2_300), START + i * HOUR);
    expect(spike.wantedE18).to.equal(CEILING);
    // On the ramp, with the ceiling wanted throughout.
    const until = spike.acceptedAt + 12n * HOUR;
    const often = levelAt(repeat(spike, usd(2_000), MIN_INTERVAL, until), p, until);
    const seldom = levelAt(repeat(spike, usd(2_000), 12n * HOUR, until), p, until);
    const never = levelAt(spike, p, until);
    expect(seldom).to.deep.equal(never);
    expectWithin(often.maintenanceE18, never.maintenanceE18, 144n);
    expect(often.initialE18).to.equal(never.initialE18);
    // At the floor, for ever.
    const calm = repeat(opened(), usd(2_000), 10n * DAY, START + 40n * DAY);
    const late = START + 80n * DAY;
    expect(levelAt(repeat(calm, usd(2_000), HOUR, late), p, late)).to.deep.equal(levelAt(calm, p, late));
  });

  it("leaves the same variances, and never a lower level, when the same price is poked seldom", () => {
    let spike = opened();
    for (let i = 1n; i <= 6n; i++) spike = poked(spike, usd(i % 2n === 0n ? 2_000 : 2_300), START + i * HOUR);
    const until = spike.acceptedAt + 10n * DAY;
    const often = repeat(spike, usd(2_000), HOUR, until);
    const seldom = repeat(spike, usd(2_000), 10n * DAY, until);
    expectWithin(often.fastE18, seldom.fastE18, 300n);
    expectWithin(often.slowE18, seldom.slowE18, 300n);
    expect(seldom.initialE18 >= often.initialE18).to.equal(true);
    // What is left between them is gone as fast as the half life allows.
    const later = until + 2n * DAY;
    expectWithin(levelAt(seldom, p, later).initialE18, levelAt(often, p, later).initialE18, 300n);
    expectWithin(levelAt(seldom, p, later).maintenanceE18, levelAt(often, p, later).maintenanceE18, 300n);
  });

  it("neither jumps nor drops over an outage", () => {
    // Five silent days, then a price a third lower: IM at once, MM from where it stood.
    const before = opened();
    const crash = poked(before, usd(1_300), START + 5n * DAY);
    expect(crash.maintenanceE18).to.equal(before.maintenanceE18);
    expect(crash.initialE18 > before.initialE18).to.equal(true);

    // Five silent days at the ceiling, then the same price: down from where it stood, by the half life, from now on.
    let wild = opened();
    for (let i = 1n; i <= 20n; i++) wild = poked(wild, usd(i % 2n === 0n ? 2_000 : 2_200), START + i * HOUR);
    const silence = wild.acceptedAt + 5n * DAY;
    expect(levelAt(wild, p, silence)).to.deep.equal({ maintenanceE18: WAD / 5n, initialE18: (3n * WAD) / 10n });
    const quiet = poked(wild, usd(2_000), silence);
    const level = levelAt(quiet, p, silence);
    expect(level).to.deep.equal(levelAt(wild, p, silence));
    const { initialE18 } = levelAt(quiet, p, silence + HOUR);
    expect(initialE18 < level.initialE18).to.equal(true);
    expect(initialE18 * RAY >= level.initialE18 * halving(HOUR, DAY)).to.equal(true);
  });

  it("moves on from where it stands when its parameters change", () => {
    let wild = opened();
    for (let i = 1n; i <= 40n; i++) wild = poked(wild, usd(i % 2n === 0n ? 2_000 : 2_300), START + i * HOUR);
    const now = wild.movedAt + HOUR;
    const lower = { ...p, maxMaintenanceE18: (12n * WAD) / 100n, maxInitialE18: (15n * WAD) / 100n };
    const loosened = settle(wild, p, lower, now);
    expect(levelAt(loosened, lower, now)).to.deep.equal(levelAt(wild, p, now));
    const later = levelAt(loosened, lower, now + DAY);
    expect(later).to.deep.equal({ maintenanceE18: lower.maxMaintenanceE18, initialE18: lower.maxInitialE18 });
    expect(levelAt(loosened, lower, now + HOUR).maintenanceE18 > (19n * WAD) / 100n).to.equal(true);

    const higher = { ...p, minE18: (15n * WAD) / 100n };
    const tightened = settle(opened(), p, higher, START + HOUR);
    expect(levelAt(tightened, higher, START + HOUR)).to.deep.equal({
      maintenanceE18: p.minE18,
      initialE18: higher.minE18,
    });
    expect(levelAt(tightened, higher, START + 3n * DAY).maintenanceE18).to.equal(higher.minE18);
  });
});
