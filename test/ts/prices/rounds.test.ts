import { expect } from "chai";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { PricePath } from "../../../scripts/core/prices/types.js";

import { parseMoment } from "../../../scripts/core/prices/moment.js";
import { STILL_BTC_E8, joinRounds, parseRounds } from "../../../scripts/core/prices/rounds.js";
import { pointsOf } from "../../../scripts/core/simulation/points.js";
import { drawBorrowers } from "../../../scripts/core/simulation/population.js";

const HEADER = "round_id,answer,started_at,updated_at,answered_in_round\n";
const START = 1_692_300_000;

/** Rounds at these seconds after the start, with these whole dollars. */
function file(rounds: readonly (readonly [at: number, usd: number])[]): string {
  return HEADER + rounds.map(([at, usd], i) => `${i},${usd}00000000,${START + at},${START + at},${i}`).join("\n");
}

const ETH = file([
  [0, 1_800],
  [700, 1_790],
  [760, 1_700],
  [4_360, 1_701],
]);
const BTC = file([
  [-500, 29_000],
  [760, 27_000],
  [900, 26_500],
]);

function join(eth: string, btc: string | null, from: bigint | null = null, steps = 100): PricePath {
  const series = { eth: parseRounds(eth, "eth.csv"), btc: btc === null ? null : parseRounds(btc, "btc.csv") };
  return joinRounds(series, { from, steps });
}

describe("recorded rounds", function () {
  it("make a step of each moment at which a feed printed, at its own time", function () {
    const path = join(ETH, BTC);
    expect(path.bars.map(({ timestamp }) => Number(timestamp) - START)).to.deep.equal([0, 700, 760, 900, 4_360]);
    expect(path.prints).to.deep.equal([
      { ETH: 180_000_000_000n },
      { ETH: 179_000_000_000n },
      { ETH: 170_000_000_000n, BTC: 2_700_000_000_000n },
      { BTC: 2_650_000_000_000n },
      { ETH: 170_100_000_000n },
    ]);
    expect(path.source).to.equal(
      "recorded rounds of Chainlink, eth.csv and btc.csv, from 2023-08-17 19:20 UTC, 5 of 100 rounds wanted",
    );
    expect(path.kind).to.equal("recorded");
  });

  it("are walked as they were: a point each, the market where the feeds are, nothing printed in between", function () {
    const points = pointsOf(join(ETH, BTC));
    expect(points.map(({ offset }) => Number(offset))).to.deep.equal([0, 700, 760, 900, 4_360]);
    expect(points.every(({ closesBar }) => closesBar)).to.equal(true);
    for (const { prices, oracle } of points) expect(prices).to.deep.equal(oracle);
    const [first, second] = points;
    // What BTC's feed had said before the start stands at the first point, with the quote's.
    expect(first?.prints).to.deep.equal({ ETH: 180_000_000_000n, BTC: 2_900_000_000_000n, USDC: 100_000_000n });
    expect(second?.prints).to.deep.equal({ ETH: 179_000_000_000n });
  });

  it("print the quote's dollar before its heartbeat is over", function () {
    const hours = Array.from({ length: 60 }, (_, i) => [i * 3_600, 1_800] as const);
    const printed = pointsOf(join(file(hours), null)).flatMap(({ prints, step }) => ("USDC" in prints ? [step] : []));
    expect(printed).to.deep.equal([0, 22, 44]);
  });

  it("of ETH alone leave BTC still, and nobody holds it", function () {
    const path = join(ETH, null);
    expect(path.held).to.deep.equal(["ETH"]);
    expect(new Set(path.bars.map(({ btc }) => btc.closeE8))).to.deep.equal(new Set([STILL_BTC_E8]));
    expect(path.source).to.include("eth.csv alone, BTC stands still");
    const prices = pointsOf(path)[0]?.prices ?? { ETH: 1n, BTC: 1n, USDC: 1n };
    const kinds = new Set(drawBorrowers(12, 1, prices, path.held).map(({ kind }) => kind));
    expect([...kinds]).to.deep.equal(["ETH"]);
  });

  it("begin where they are asked to, and end after so many", function () {
    const path = join(ETH, BTC, BigInt(START + 701), 2);
    expect(path.bars.map(({ timestamp }) => Number(timestamp) - START)).to.deep.equal([760, 900]);
    // The first step's bar has no step before it to come from.
    expect(path.bars[0]?.eth.openE8).to.equal(170_000_000_000n);
    expect(path.bars[1]?.btc.openE8).to.equal(2_700_000_000_000n);
  });

  it("of two in one second give the later", function () {
    const path = join(file([[0, 5], [9, 6], [9, 7]]), null); // prettier-ignore
    expect(path.bars.map(({ eth }) => eth.closeE8)).to.deep.equal([500_000_000n, 700_000_000n]);
  });

  const row = (fields: string): string => `${HEADER}1,100,1692300000,1692300000,1\n${fields}`;
  const refused: Readonly<Record<string, readonly [string, RegExp]>> = {
    "an empty file": ["", /^x\.csv: the file is empty/],
    "a file of bars": [
      "timestamp,open,high,low,close\n1,2,3,1,2",
      /^x\.csv, line 1: the header lacks round_id, answer, started_at/,
    ],
    "no rounds": [HEADER, /^x\.csv: the file has no rounds/],
    "one round": [row(""), /^x\.csv: the file has one round/],
    "an answer of zero": [row("2,0,1692300009,1692300009,2"), /^x\.csv, line 3: the answer is 0/],
    "a negative answer": [row("2,-5,1692300009,1692300009,2"), /line 3: answer is "-5", which is not a whole number/],
    "a decimal answer": [row("2,1800.5,1692300009,1692300009,2"), /line 3: answer is "1800\.5", which is not/],
    "a missing field": [row("2,5,1692300009"), /line 3: updated_at is "", which is not a whole number/],
    milliseconds: [
      row("2,5,1692300009000,1692300009000,2"),
      /line 3: updated_at is 1692300009000, which is not a unix time/,
    ],
    "rounds out of order": [row("2,5,1692299999,1692299999,2"), /line 3: updated_at is earlier than in the row before/],
    "a round without an answer": [
      row("2,5,1692300009,1692300009,1"),
      /line 3: round 2 was answered in the earlier round 1/,
    ],
  };
  for (const [what, [text, message]] of Object.entries(refused)) {
    it(`refuse ${what} in one line`, function () {
      expect(() => parseRounds(text, "x.csv"))
        .to.throw(message)
        .and.satisfy((error: Error) => !error.message.includes("\n"));
    });
  }

  it("refuse a time outside them, and rows that are missing", function () {
    expect(() => join(ETH, BTC, BigInt(START - 100))).to.throw(/^There are no rounds at .*choose a later --from/);
    expect(() => join(ETH, BTC, BigInt(START + 4_360))).to.throw(
      /^Only one round at or after .*choose an earlier --from/,
    );
    expect(() => join(ETH, BTC, BigInt(START + 5_000))).to.throw(/^No round at or after /);
    const torn = file([[0, 5], [9, 6], [400_000, 7]]); // prettier-ignore
    expect(() => join(torn, null)).to.throw(/^There is no round between 2023-08-17 19:20 UTC and 2023-08-22/);
  });
});

/** Market data has no licence to be copied here; whoever keeps it beside the repository gets these checks. */
const FOLDER = fileURLToPath(new URL("../../../../shared/data/chainlink", import.meta.url));
const PRESENT = existsSync(FOLDER);

describe(`Chainlink's rounds of 2023${PRESENT ? "" : " (skipped: there is no folder ../shared/data/chainlink beside this one)"}`, function () {
  before(function () {
    if (!PRESENT) this.skip();
  });

  it("fall by 7% to 8% in the hour of 17 August, in steps of seconds", function () {
    const read = (asset: string) =>
      parseRounds(readFileSync(`${FOLDER}/${asset}_usd_mainnet_rounds.csv`, "utf8"), `${asset}.csv`);
    const path = joinRounds(
      { eth: read("eth"), btc: read("btc") },
      { from: parseMoment("2023-08-17T21:00"), steps: 60 },
    );
    const fall = (asset: "eth" | "btc"): number => {
      const closes = path.bars.map((bar) => Number(bar[asset].closeE8));
      return 1 - Math.min(...closes) / (closes[0] ?? 1);
    };
    expect(fall("eth")).to.be.within(0.05, 0.2);
    expect(fall("btc")).to.be.within(0.05, 0.2);
    expect(path.barSeconds < 600n).to.equal(true);
  });
});
