import { expect } from "chai";

import {
  coverageOf,
  marksOf,
  percent,
  rangesOf,
  readLcov,
  rowsOf,
  shortfalls,
  solidityCoverage,
  typescriptCoverage,
} from "../../../scripts/core/house/coverage.js";

const LCOV = `TN:
SF:contracts/math/Rounding.sol
DA:10,1
DA:12,0
DA:11,1
LH:2
LF:3
end_of_record
SF:contracts/Executor.sol
DA:7,1
LH:1
LF:1
end_of_record
`;

const at = (line: number, column = 0) => ({ start: { line, column } });

describe("coverage", function () {
  it("reads which lines of a file have code, and how often they ran", function () {
    const files = readLcov(LCOV);
    expect([...files.keys()]).to.deep.equal(["contracts/math/Rounding.sol", "contracts/Executor.sol"]);
    expect([...(files.get("contracts/math/Rounding.sol") ?? [])]).to.deep.equal([
      [10, 1],
      [12, 0],
      [11, 1],
    ]);
    expect(readLcov("").size).to.equal(0);
  });

  it("finds the marks of an instrumented source, each once", function () {
    const hit = (mark: string): string => `__NomicFoundationCoverage.sendHit(0x${mark});`;
    const source = `${hit("00aa")} f(0x00cc); ${hit("00bb")} ${hit("00aa")}`;
    expect([...marksOf(source)]).to.deep.equal(["00aa", "00bb"]);
    expect(marksOf("return 0x00aa;").size).to.equal(0);
  });

  it("counts a contract's lines by the tracefile and its statements by their marks", function () {
    const marks = new Map([["contracts/math/Rounding.sol", new Set(["aa", "bb", "cc", "dd"])]]);
    const { files, lines, statements } = solidityCoverage(LCOV, marks, new Set(["aa", "cc", "dd", "ee"]));
    expect(files.map(({ path }) => path)).to.deep.equal(["contracts/Executor.sol", "contracts/math/Rounding.sol"]);
    expect(files[1]).to.deep.equal({
      path: "contracts/math/Rounding.sol",
      lines: { found: 3, hit: 2 },
      statements: { found: 4, hit: 3 },
      uncovered: [12],
    });
    expect([lines, statements]).to.deep.equal([
      { found: 4, hit: 3 },
      { found: 4, hit: 3 },
    ]);
  });

  it("adds up what several processes ran of a file", function () {
    const statementMap = { 0: at(1), 1: at(1, 20), 2: at(2), 3: at(5) };
    const file = typescriptCoverage("scripts/core/a.ts", [
      { statementMap, s: { 0: 1, 1: 0, 2: 0, 3: 0 } },
      { statementMap, s: { 0: 1, 1: 0, 2: 3, 3: 0 } },
    ]);
    expect(file).to.deep.equal({
      path: "scripts/core/a.ts",
      lines: { found: 3, hit: 2 },
      statements: { found: 4, hit: 2 },
      uncovered: [5],
    });
  });

  it("rounds percentages down, so that only what ran whole is whole", function () {
    expect(percent({ found: 30_000, hit: 29_999 })).to.equal("99.99");
    expect(percent({ found: 3, hit: 3 })).to.equal("100.00");
    expect(percent({ found: 200, hit: 1 })).to.equal("0.50");
    expect(percent({ found: 0, hit: 0 })).to.equal("100.00");
  });

  it("writes neighbouring lines together", function () {
    expect(rangesOf([3, 4, 5, 9, 11, 12])).to.equal("3-5, 9, 11-12");
    expect(rangesOf([])).to.equal("");
  });

  it("gives each file a row below its part, and the part one at the end", function () {
    const rows = rowsOf("contracts", solidityCoverage(LCOV, new Map(), new Set()));
    expect(rows).to.deep.equal([
      ["Executor.sol", "100.00", "100.00", ""],
      ["math/Rounding.sol", "66.66", "100.00", "12"],
      ["in all", "75.00", "100.00", "3 of 4 lines, 0 of 0 statements"],
    ]);
  });

  it("says what is below its bound, and takes nothing at all for too little", function () {
    const file = (lines: number, statements: number) =>
      coverageOf([
        {
          path: "contracts/A.sol",
          lines: { found: 1_000, hit: lines },
          statements: { found: 1_000, hit: statements },
          uncovered: [],
        },
      ]);
    expect(shortfalls("contracts", file(970, 970))).to.deep.equal([]);
    expect(shortfalls("contracts", file(970, 969))).to.deep.equal([
      "contracts: 96.90% of 1000 statements ran, the bound is 97%",
    ]);
    expect(shortfalls("scripts/core", file(949, 950))).to.deep.equal([
      "scripts/core: 94.90% of 1000 lines ran, the bound is 95%",
    ]);
    expect(shortfalls("contracts", coverageOf([]))).to.have.length(2);
  });
});
