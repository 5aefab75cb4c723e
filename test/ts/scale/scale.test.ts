import { expect } from "chai";

import { pagesOf } from "../../../scripts/core/pages.js";
import { growthPicture, lensPicture, runPicture } from "../../../scripts/core/scale/charts.js";
import { perAccountAndStep } from "../../../scripts/core/scale/run.js";
import { growthRows, lensRows, markdownOf, runRows } from "../../../scripts/core/scale/tables.js";

describe("scale", function () {
  const growths = [
    { count: 1, health: 55_388, topUp: 114_390, liquidation: 142_136 },
    { count: 8, health: 121_251, topUp: 185_111, liquidation: 382_317 },
  ];
  const readings = [100, 1_000].map((accounts) => ({
    accounts,
    pageSize: 250,
    spent: { milliseconds: 700, cpuMilliseconds: 500 },
    pageGas: 5_000_000n,
    pageBytes: 219_600,
    peakMegabytes: 700,
  }));
  const runs = [24, 100].map((accounts) => ({
    accounts,
    steps: 10,
    funding: { milliseconds: 3_000, cpuMilliseconds: 2_500 },
    stepping: { milliseconds: 9_000, cpuMilliseconds: 6_000 },
    peakMegabytes: 900,
  }));

  it("cuts a list into pages, none of them empty", function () {
    expect(pagesOf([1, 2, 3, 4, 5], 2)).to.deep.equal([[1, 2], [3, 4], [5]]);
    expect(pagesOf([1, 2], 2)).to.deep.equal([[1, 2]]);
    expect(pagesOf([], 2)).to.deep.equal([]);
  });

  it("divides a page's gas by the accounts that are on it, and counts seconds of the processor", function () {
    const [, few, many] = lensRows(readings);
    expect(few).to.deep.equal(["100", "250", "700", "500", "200", "5,000,000", "50,000", "220", "700"]);
    expect(many?.[6]).to.equal("20,000");
  });

  it("gives the processor's time to each account and step", function () {
    const [run] = runs;
    expect(run && perAccountAndStep(run)).to.equal(25);
    expect(runRows(runs)[2]).to.deep.equal(["100", "10", "3.0", "9.0", "6.0", "6.00", "900"]);
  });

  it("writes tables for a page", function () {
    expect(markdownOf(growthRows("positions", growths))).to.equal(
      [
        "| positions | health check | top-up | liquidation |",
        "| --: | --: | --: | --: |",
        "| 1 | 55,388 | 114,390 | 142,136 |",
        "| 8 | 121,251 | 185,111 | 382,317 |",
      ].join("\n"),
    );
  });

  it("draws two charts a picture, with keys where a chart has several lines", function () {
    const drawn = [lensPicture(readings), runPicture(runs), growthPicture(growths, growths)];
    expect(drawn.map(({ name }) => name)).to.deep.equal(["scale-lens", "scale-simulation", "scale-gas"]);
    for (const { svg } of drawn) expect(svg.split('role="img"')).to.have.length(3);
    expect(drawn[0]?.svg).to.include("1,000 accounts");
    expect(drawn[2]?.svg).to.include("health check");
  });
});
