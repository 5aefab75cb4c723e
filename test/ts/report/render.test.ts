import { expect } from "chai";

import { assembleReport } from "../../../scripts/core/report/assemble.js";
import { grouped, signed } from "../../../scripts/core/report/format.js";
import { renderHtml } from "../../../scripts/core/report/html.js";
import { renderSummary } from "../../../scripts/core/report/summary.js";
import { exampleInput } from "./example.js";

describe("renderSummary", function () {
  const report = assembleReport(exampleInput());
  const times = [
    { name: "deploy", milliseconds: 840 },
    { name: "with rebalancing", milliseconds: 61_200 },
  ];

  it("fits the terminal, up to 100 columns", function () {
    for (const width of [80, 100, 200]) {
      const lines = renderSummary(report, { width, times }).split("\n");
      expect(Math.max(...lines.map(({ length }) => length))).to.be.at.most(Math.min(width, 100));
    }
  });

  it("shows both arms, their difference, the time and the files", function () {
    const text = renderSummary(report, { width: 100, times, files: ["out/report.json", "out/report.html"] });
    expect(text).to.include("generated, shaped after 12-13 March 2020 (not history)");
    expect(text).to.match(/liquidated +│ +\d+ │ +\d+ │ +-\d+ │/);
    expect(text).to.match(/with rebalancing against without: \d+ fewer accounts liquidated, [\d,.]+ USD/);
    expect(text)
      .to.match(/1 market maker +\d/)
      .and.match(/1 longs +\d/);
    expect(text).to.match(/Time: 62\.0 s\n {2}deploy +840 ms \(1\.4%\)/);
    expect(text).to.match(/Written:\n {2}out\/report\.json\n {2}out\/report\.html\n$/);
  });

  it("cries out when a promise was broken", function () {
    const input = exampleInput({ accounts: 3, steps: 5 });
    const breaches = [{ step: 4, promise: "promise 3", detail: "vault short by 1 wei" }];
    const arms = input.arms.map((arm) => ({ ...arm, promises: { checked: 5, broken: 1, breaches } }));
    const broken = assembleReport({ ...input, arms });
    expect(renderSummary(broken, { width: 100 })).to.match(
      /BROKEN PROMISES in without:\n {2}step 4, promise 3: vault short/,
    );
    expect(renderHtml(broken)).to.include("vault short by 1 wei");
  });

  it("has colour only when asked", function () {
    const escapes = (text: string): boolean => text.includes("\u001b[");
    expect(escapes(renderSummary(report, { width: 100 }))).to.equal(false);
    expect(escapes(renderSummary(report, { width: 100, color: true }))).to.equal(true);
  });
});

describe("renderHtml", function () {
  const report = assembleReport(exampleInput());
  const html = renderHtml(report);

  it("is one page that fetches nothing and runs nothing", function () {
    expect(html).to.not.match(/<script|<link|<img|@import|url\((?!#)|\son\w+=/i);
    // Addresses may only be names of SVG's vocabularies.
    const addresses = html.match(/https?:\/\/[^"' ]+/g) ?? [];
    expect(new Set(addresses)).to.deep.equal(new Set(["http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"]));
  });

  it("draws prices, losses, solvency, and every account in both arms", function () {
    expect(html.match(/<svg[^>]*role="img"/g)).to.have.length(2 + 1 + 2 + 2 + report.accounts.length);
    for (const { id } of report.accounts) expect(html).to.include(`aria-label="Health of account ${id} `);
    expect(html).to.not.match(/NaN|undefined|Infinity/);
  });

  it("gives the same bytes again, and no id twice", function () {
    expect(renderHtml(report)).to.equal(html);
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).to.equal(ids.length).and.be.above(0);
  });

  it("takes names for text, never for markup", function () {
    const input = exampleInput({ accounts: 3, steps: 5 });
    const arms = input.arms.map((arm) => ({ ...arm, name: `<b>&"${arm.name}` }));
    const odd = renderHtml(assembleReport({ ...input, source: "<script>alert(1)</script>", arms }));
    expect(odd).to.not.include("<script>").and.not.include("<b>&");
  });

  it("draws the accounts that most happened to when there are too many", function () {
    const many = assembleReport(exampleInput({ accounts: 100, steps: 10 }));
    const page = renderHtml(many);
    expect(page.match(/Health of account /g)).to.have.length(48);
    expect(page).to.include("Shown are the 48 accounts");
  });

  it("counts in days when hours would be too many", function () {
    const input = exampleInput({ accounts: 3, steps: 10 });
    const long = {
      ...input,
      kind: "recorded" as const,
      timestamps: input.timestamps.map((t) => t * 10 + 1_583_971_200),
    };
    expect(renderHtml(assembleReport(long)))
      .to.include("days since the start")
      .and.include("2020-03-12 00:00 UTC");
  });
});

describe("format", function () {
  it("groups digits and signs what is not zero", function () {
    expect([grouped(1_234_567.891, 2), grouped(-0.001, 2), grouped(-999)]).to.deep.equal([
      "1,234,567.89",
      "0.00",
      "-999",
    ]);
    expect([signed(5), signed(0), signed(-5), signed(0.001, 2)]).to.deep.equal(["+5", "0", "-5", "0.00"]);
  });
});
