import { expect } from "chai";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { PricePath } from "../../../scripts/core/prices/types.js";

import { feesAlong, gwei, parseBaseFees } from "../../../scripts/core/prices/baseFee.js";
import { generateCrash } from "../../../scripts/core/prices/crash.js";

const START = 1_735_707_423;
const GWEI = 10n ** 9n;
const DAY = 86_400;

const blocks = (fees: readonly string[]): string =>
  `block_number,timestamp,basefee_gwei\n${fees.map((fee, i) => `${i},${START + 12 * i},${fee}`).join("\n")}`;
const days = (fees: readonly string[]): string =>
  `timestamp,date,avg_gas_price_wei,avg_gas_price_gwei\n${fees.map((fee, i) => `${START + DAY * i},x,${fee},0`).join("\n")}`;

/** A recorded path with steps at these seconds after the start. */
function pathAt(...seconds: readonly number[]): PricePath {
  const { bars } = generateCrash({ seed: 1, steps: 2 });
  const [bar] = bars;
  if (bar === undefined) throw new TypeError("no bars");
  const at = seconds.map((second) => ({ ...bar, timestamp: BigInt(START + second) }));
  return { source: "a test", kind: "recorded", bars: at, barSeconds: 60n };
}

describe("recorded base fees", function () {
  it("are read exactly, per block in gwei and per day in wei", function () {
    const perBlock = parseBaseFees(blocks(["11.189797", "9", "0.000000001"]), "x.csv");
    expect(perBlock).to.deep.include({ name: "x.csv", of: "block" });
    expect(perBlock.rows.map(({ wei }) => wei)).to.deep.equal([11_189_797_000n, 9n * GWEI, 1n]);
    const perDay = parseBaseFees(days(["0", "77900000001"]), "x.csv");
    expect(perDay.of).to.equal("day");
    expect(perDay.rows.map(({ wei }) => wei)).to.deep.equal([0n, 77_900_000_001n]);
  });

  it("hold from their row to the next, and at the ends beyond them, said", function () {
    const series = parseBaseFees(days(["1000000000", "2000000000", "3000000000"]), "x.csv");
    const { perStep, note } = feesAlong(series, pathAt(-5, 0, DAY - 1, DAY, 3 * DAY - 1, 3 * DAY, 9 * DAY), null);
    expect(perStep.map((fee) => fee / GWEI)).to.deep.equal([1n, 1n, 1n, 2n, 3n, 3n, 3n]);
    expect(note).to.equal(
      "x.csv, by day, at its dates, its first value before its beginning (1 step), its last value beyond its end (2 steps): " +
        "1.00 to 3.00 gwei, 2.00 at the median",
    );
  });

  it("repeat along a path of other dates or of none, said", function () {
    const series = parseBaseFees(blocks(["1", "2", "3"]), "x.csv");
    const other = feesAlong(series, pathAt(1_000_000, 1_000_012, 1_000_024, 1_000_036, 1_000_072), null);
    expect(other.perStep.map((fee) => fee / GWEI)).to.deep.equal([1n, 2n, 3n, 1n, 1n]);
    expect(other.note).to.match(
      /^x\.csv, by block, from 2025-01-01 04:57 UTC on, begun again 2 times at its end: 1\.00 to 3/,
    );
    const undated = feesAlong(series, generateCrash({ seed: 1, steps: 150 }), null);
    expect(undated.perStep).to.have.length(150);
    expect(undated.perStep[0]).to.equal(GWEI);
  });

  it("begin where they are asked to, whatever the dates", function () {
    const series = parseBaseFees(days(["1000000000", "2000000000", "3000000000"]), "x.csv");
    const { perStep, note } = feesAlong(series, pathAt(0, DAY, 2 * DAY), BigInt(START + DAY));
    expect(perStep.map((fee) => fee / GWEI)).to.deep.equal([2n, 3n, 1n]);
    expect(note).to.include("begun again once at its end");
    expect(() => feesAlong(series, pathAt(0, 1), BigInt(START - 1))).to.throw(
      /^There are no base fees at .*--basefee-from/,
    );
  });

  it("are said in gwei", function () {
    expect([0n, 1n, 20n * GWEI, 77_904_000_000n].map(gwei)).to.deep.equal(["0.00", "0.00", "20.00", "77.90"]);
  });

  const refused: Readonly<Record<string, readonly [string, RegExp]>> = {
    "an empty file": ["", /^x\.csv: the file is empty/],
    "a file of prices": ["timestamp,open\n1,2", /^x\.csv, line 1: the header lacks avg_gas_price_wei/],
    "no rows": [blocks([]), /^x\.csv: the file has no rows/],
    "a negative fee": [blocks(["-1"]), /^x\.csv, line 2: basefee_gwei is "-1"; give it in gwei/],
    "no number": [days(["NaN"]), /line 2: avg_gas_price_wei is "NaN"; give it in wei/],
    "wei where gwei are meant": [
      blocks(["11189797000"]),
      /line 2: basefee_gwei is "11189797000"; give it in gwei, at most/,
    ],
    "a time that is none": ["timestamp,basefee_gwei\n2025-01-01,5", /line 2: timestamp is "2025-01-01", which is not/],
    "rows out of order": [`timestamp,basefee_gwei\n${START},5\n${START},6`, /line 3: timestamp is not later than/],
  };
  for (const [what, [text, message]] of Object.entries(refused)) {
    it(`refuse ${what} in one line`, function () {
      expect(() => parseBaseFees(text, "x.csv")).to.throw(message);
    });
  }
});

/** Fees have no licence to be copied here; whoever keeps them beside the repository gets these checks. */
const FOLDER = fileURLToPath(new URL("../../../../shared/data/gas", import.meta.url));
const PRESENT = existsSync(FOLDER);

describe(`base fees of mainnet${PRESENT ? "" : " (skipped: there is no folder ../shared/data/gas beside this one)"}`, function () {
  before(function () {
    if (!PRESENT) this.skip();
  });

  it("were 77.90 gwei on 12 March 2020, and 11.18 in a block of 2025", function () {
    const read = (name: string) => parseBaseFees(readFileSync(`${FOLDER}/${name}`, "utf8"), name);
    const daily = read("eth_avg_gas_price_daily_2015_2026.csv");
    expect(gwei(daily.rows.find(({ timestamp }) => timestamp === 1_583_971_200n)?.wei ?? 0n)).to.equal("77.90");
    const perBlock = read("eth_basefee_per_block_21527387_21527726.csv");
    expect(perBlock.rows).to.have.length(340);
    expect(gwei(perBlock.rows[0]?.wei ?? 0n)).to.equal("11.18");
  });
});
