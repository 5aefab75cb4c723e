import { expect } from "chai";

import type { PriceSeries } from "../../../scripts/core/prices/types.js";

import { renderBacktestHtml } from "../../../scripts/core/backtest/html.js";
import { BACKTEST_HELP, parseBacktestOptions } from "../../../scripts/core/backtest/options.js";
import { assembleBacktest, serializeBacktest } from "../../../scripts/core/backtest/report.js";
import { compare } from "../../../scripts/core/backtest/rules.js";
import { erfc, kupiec, normalQuantile, quantile } from "../../../scripts/core/backtest/statistics.js";
import { renderBacktest } from "../../../scripts/core/backtest/summary.js";
import { runTrials } from "../../../scripts/core/backtest/trials.js";
import { ETH_LEVELS, STARTING_VOLATILITY } from "../../../scripts/core/model/level.js";
import { PriceWindowError } from "../../../scripts/core/prices/errors.js";
import { UsageError } from "../../../scripts/core/errors.js";
import { expectNear } from "../near.js";

const HOUR = 3_600n;
const START = 1_577_836_800n;
const E8 = 10n ** 8n;

/** Hours at 100 dollars that move by half a percent, and in some the low or high that is asked for. */
function hours(count: number, extremes: Readonly<Record<number, { low?: bigint; high?: bigint }>> = {}): PriceSeries {
  const rows = Array.from({ length: count }, (_, i) => ({
    timestamp: START + BigInt(i) * HOUR,
    ohlc: {
      openE8: 100n * E8,
      highE8: extremes[i]?.high ?? (201n * E8) / 2n,
      lowE8: extremes[i]?.low ?? (199n * E8) / 2n,
      closeE8: i % 2 === 0 ? 100n * E8 : (201n * E8) / 2n,
    },
  }));
  return { name: "eth.csv", rows };
}

const settings = (change: { horizonSeconds?: bigint; from?: bigint; to?: bigint } = {}) => ({
  parameters: { ...ETH_LEVELS, horizonSeconds: change.horizonSeconds ?? HOUR },
  volatilityE18: STARTING_VOLATILITY.eth,
  from: change.from,
  to: change.to,
});

describe("The back-test's statistics", () => {
  it("have tabulated values", () => {
    expect(erfc(0)).to.equal(1);
    expectNear(erfc(0.5), 0.4795001221869535, 1e-15);
    expectNear(erfc(2), 0.004677734981047266, 1e-15);
    expectNear(erfc(5) / 1.5374597944280349e-12, 1, 1e-10);
    expectNear(erfc(-1), 1.8427007929497148, 1e-14);
    expectNear(normalQuantile(0.999), 3.090232306167813, 1e-12);
    expectNear(normalQuantile(0.99), 2.3263478740408408, 1e-12);
  });

  it("test the proportion of failures as Kupiec does", () => {
    // 8 days of 255 beyond a level of 99%: above the 6.63 of a 1% test.
    const { ratio, pValue } = kupiec(255, 8, 0.01);
    const byHand = -2 * Math.log((0.99 ** 247 * 0.01 ** 8) / ((247 / 255) ** 247 * (8 / 255) ** 8));
    expectNear(ratio, byHand, 1e-9);
    expect(pValue < 0.01 && pValue > 0.005).to.equal(true);
    // The tabulated 5% point of chi-squared with one degree of freedom is 3.841459.
    expectNear(erfc(Math.sqrt(3.841458820694124 / 2)), 0.05, 1e-12);
    expectNear(kupiec(1_000, 1, 0.001).ratio, 0, 1e-9);
    expectNear(kupiec(1_000, 0, 0.001).ratio, -2_000 * Math.log(0.999), 1e-9);
    expectNear(kupiec(10, 10, 0.5).ratio, 20 * Math.LN2, 1e-9);
  });

  it("take the value that a share of them does not exceed", () => {
    const values = Array.from({ length: 1_000 }, (_, i) => (i * 7) % 1_000);
    expect(quantile(values, 0.999)).to.equal(998);
    expect(quantile(values, 0.5)).to.equal(499);
    expect(quantile([3, 1, 2], 0.999)).to.equal(3);
  });
});

describe("The back-test's trials", () => {
  it("ask the level before the bar and measure the bar's extremes from its open", () => {
    const { trials } = runTrials(hours(200, { 150: { low: 70n * E8 }, 151: { high: 105n * E8 } }), settings());
    expect(trials).to.have.length(200);
    expect(trials[150]).to.deep.include({ begins: START + 150n * HOUR, long: 0.3, short: 0.005 });
    expect(trials[151]).to.deep.include({ long: 0.005, short: 0.05 });
    expect(trials[0]).to.deep.include({ maintenance: 0.1, initial: 0.1 });
  });

  it("never look ahead: a later bar changes no earlier level", () => {
    const calm = hours(300);
    const crash = { ...calm, rows: calm.rows.map((row, i) => (i < 200 ? row : halved(row))) };
    const levels = (series: PriceSeries) =>
      runTrials(series, settings()).trials.map(({ initial, maintenance, wanted }) => [initial, maintenance, wanted]);
    const [before, after] = [levels(calm), levels(crash)];
    // The bar of the crash itself is asked for what was known before it.
    expect(after.slice(0, 201)).to.deep.equal(before.slice(0, 201));
    expect(after[201]).to.not.deep.equal(before[201]);
  });

  it("cut time into horizons that do not overlap, and drop one that is cut short", () => {
    const { trials } = runTrials(hours(403, { 401: { low: 50n * E8 }, 6: { low: 80n * E8 } }), {
      ...settings({ horizonSeconds: 4n * HOUR }),
    });
    expect(trials).to.have.length(100);
    expect(trials[1]).to.deep.include({ begins: START + 4n * HOUR, long: 0.2 });
    expect(Math.max(...trials.map(({ long }) => long))).to.equal(0.2);
  });

  it("refuse a horizon of broken bars and a stretch too short, in one line", () => {
    const refuse = (change: Parameters<typeof settings>[0], says: RegExp): void => {
      expect(() => runTrials(hours(200), settings(change)))
        .to.throw(PriceWindowError)
        .with.property("message")
        .match(says);
    };
    refuse({ horizonSeconds: 1_800n }, /bars of 3600 s.*--horizon of whole bars/);
    refuse({ from: START + 101n * HOUR }, /99 horizons .* fewer than 100/);
    refuse({ to: START }, /0 horizons/);
  });

  it("count what lies beyond each level, fit the constant on the first half alone", () => {
    const series = hours(400, { 10: { low: 80n * E8 }, 300: { low: 70n * E8 }, 301: { high: 112n * E8 } });
    const { trials } = runTrials(series, settings());
    const { results, constants } = compare(trials, HOUR, 0.999);
    expect(constants).to.deep.equal({ long: 0.2, short: 0.005 });
    const of = (period: string, rule: string, side: string) =>
      results.find((result) => result.period === period && result.rule === rule && result.side === side);
    expect(of("whole", "maintenance", "long")).to.include({ exceeded: 2, trials: 400 });
    expect(of("second half", "maintenance", "long")).to.include({ exceeded: 1, trials: 200 });
    expect(of("second half", "constant", "long")).to.include({ exceeded: 1 });
    expectNear(of("second half", "constant", "long")?.mean, 0.2, 1e-12);
    expectNear(of("second half", "constant", "long")?.worst?.by, 0.1, 1e-12);
    expect(of("whole", "maintenance", "short")?.worst).to.deep.include({ at: Number(START + 301n * HOUR) });
    expect(of("whole", "constant", "long")).to.equal(undefined);
  });
});

describe("The back-test's report", () => {
  const replayed = runTrials(hours(400, { 300: { low: 70n * E8 } }), settings());
  const report = assembleBacktest([{ asset: "eth", parameters: ETH_LEVELS, replayed }], 0.999);

  it("is the same bytes for the same prices, with one value a horizon", () => {
    const again = assembleBacktest([{ asset: "eth", parameters: ETH_LEVELS, replayed }], 0.999);
    expect(serializeBacktest(again)).to.equal(serializeBacktest(report));
    for (const values of Object.values(report.assets[0]?.series ?? {})) expect(values).to.have.length(400);
  });

  it("fits a terminal of 100 columns", () => {
    const lines = renderBacktest(report, ["out/report.json"]).split("\n");
    expect(Math.max(...lines.map(({ length }) => length))).to.be.at.most(100);
    expect(lines.join("\n")).to.match(/dynamic, MM +│long +│ +1│ +0\.4│/);
  });

  it("is a page that fetches nothing and runs nothing", () => {
    const html = renderBacktestHtml(report);
    expect(html).to.not.match(/<script|<link|src=|https?:\/\/(?!www\.w3\.org)/);
    expect(html.match(/<svg [^>]*role="img"/g)).to.have.length(2);
    expect(html).to.include("1 Jan").and.not.include("NaN");
  });
});

describe("The back-test's command line", () => {
  it("reads files, times and decimals", () => {
    const request = parseBacktestOptions(
      "--prices eth=a.csv --prices BTC=b.csv --horizon 4h --multiple 8.5 --coverage 99 --from 2020-01-01".split(" "),
    );
    if (request.kind !== "run") throw new Error("expected a run");
    expect(request.options).to.deep.include({
      prices: [
        { asset: "eth", file: "a.csv" },
        { asset: "btc", file: "b.csv" },
      ],
      horizon: 14_400n,
      multiple: 85n * 10n ** 17n,
      coverage: 0.99,
      from: START,
      out: "out/backtest",
    });
    expect(parseBacktestOptions(["--help"])).to.deep.equal({ kind: "help", text: BACKTEST_HELP });
  });

  it("says in one line what is wrong", () => {
    const refuse = (line: string, says: RegExp): void => {
      expect(() => parseBacktestOptions(line.split(" ").filter(Boolean)))
        .to.throw(UsageError)
        .with.property("message")
        .match(says)
        .and.not.match(/\n/);
    };
    refuse("", /--prices is missing/);
    refuse("--prices a.csv", /--prices must name a file of eth or btc.*found "a.csv"/);
    refuse("--prices doge=a.csv", /found "doge=a.csv"/);
    refuse("--prices eth=a --prices eth=b", /names eth twice/);
    refuse("--prices eth=a --horizon 4", /--horizon must be a time from 5m to 24h/);
    refuse("--prices eth=a --horizon 2d", /--horizon/);
    refuse("--prices eth=a --multiple 0.5", /--multiple must be .* 1 to 20/);
    refuse("--prices eth=a --floor 25", /--floor must be a percentage, from 1 to 20/);
    refuse("--prices eth=a --coverage 100", /--coverage must be a percentage/);
    refuse("--prices eth=a --from yesterday", /--from must be a UTC time/);
    refuse("--prices eth=a --from 2021-01-01 --to 2020-01-01", /--from must be before --to/);
    refuse("--prices eth=a --horizn 1h", /Did you mean --horizon/);
    refuse("eth=a", /every option starts with --/);
  });
});

function halved(row: PriceSeries["rows"][number]): PriceSeries["rows"][number] {
  const { openE8, highE8, lowE8, closeE8 } = row.ohlc;
  const ohlc = { openE8: openE8 / 2n, highE8: highE8 / 2n, lowE8: lowE8 / 2n, closeE8: closeE8 / 2n };
  return { timestamp: row.timestamp, ohlc };
}
