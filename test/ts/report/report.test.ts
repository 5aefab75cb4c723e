import { expect } from "chai";
import { ZodError } from "zod";

import type { ReportInput } from "../../../scripts/core/report/assemble.js";

import { assembleReport, healthOf, serializeReport, usdOf } from "../../../scripts/core/report/assemble.js";
import { ReportSchema } from "../../../scripts/core/report/schema.js";
import { exampleInput } from "./example.js";

describe("assembleReport", function () {
  const report = assembleReport(exampleInput());

  it("counts accounts, not events, and sums the losses", function () {
    const [arm] = report.arms;
    const [{ events } = { events: [] }] = report.series.arms;
    const accounts = new Set(events.filter(({ kind }) => kind === "rebalanced").map(({ account }) => account));
    expect(arm?.rebalanced).to.equal(accounts.size).and.be.below(events.length);
    const { discountsUsd, penaltiesUsd, slippageUsd, closingUsd, keeperPayUsd, badDebtUsd } = arm?.losses ?? {};
    const kinds = [discountsUsd, penaltiesUsd, slippageUsd, closingUsd, keeperPayUsd, badDebtUsd];
    const cents = kinds.map((v) => Math.round((v ?? 0) * 100));
    expect(Math.round((arm?.lossesUsd ?? 0) * 100)).to.equal(cents.reduce((sum, value) => sum + value));
    expect(arm?.penaltiesUsd).to.equal(penaltiesUsd);
  });

  it("gives each account its worst outcome in each arm, and events in order", function () {
    for (const { id, outcomes } of report.accounts) {
      for (const [i, { worst, liquidations }] of outcomes.entries()) {
        const kinds =
          report.series.arms[i]?.events.filter(({ account }) => account === id).map(({ kind }) => kind) ?? [];
        if (kinds.includes("insolvent")) expect(worst).to.equal("insolvent");
        else if (liquidations > 0) expect(worst).to.equal("liquidated");
        else expect(worst).to.be.oneOf(["untouched", "cured", "rebalanced", "called"]);
      }
    }
    const steps = report.series.arms.flatMap(({ events }) => events.map(({ step }) => step));
    expect(steps.some((step, i) => step < (steps[i - 1] ?? 0))).to.equal(true, "two arms, each from the start");
    for (const { events } of report.series.arms) {
      expect(events.map(({ step }) => step)).to.deep.equal(events.map(({ step }) => step).toSorted((a, b) => a - b));
    }
  });

  it("refuses what contradicts itself", function () {
    const good = exampleInput({ accounts: 3, steps: 10 });
    const [arm] = good.arms;
    if (!arm) throw new Error("no arm");
    const withArm = (change: Partial<typeof arm>): ReportInput => ({ ...good, arms: [{ ...arm, ...change }] });
    const cases: readonly (readonly [ReportInput, RegExp])[] = [
      [{ ...good, timestamps: good.timestamps.slice(1) }, /one a step/],
      [withArm({ marginUsd: [] }), /one a step/],
      [withArm({ accounts: arm.accounts.slice(1) }), /Required/],
      [withArm({ events: [{ kind: "called", step: 0, account: "nobody", amountUsd: 1 }] }), /no such account/],
      [withArm({ events: [{ kind: "called", step: 10, account: "A01", amountUsd: 1 }] }), /no such account or step/],
      [withArm({ markToMarketUsd: 0.123 }), /rounded to cents/],
      [withArm({ markToMarketUsd: NaN }), /./],
      [{ ...good, accounts: good.accounts.map((account) => ({ ...account, id: "same" })) }, /two accounts have one id/],
    ];
    for (const [input, says] of cases) expect(() => assembleReport(input)).to.throw(ZodError, says);
  });
});

describe("serializeReport", function () {
  it("gives the same bytes for the same simulation, whatever the order of keys", function () {
    const report = assembleReport(exampleInput());
    const { source, seed, accounts, ...rest } = exampleInput();
    const reversed = accounts.map(({ id, collateral, ...more }) => ({ ...more, collateral, id }));
    const shuffled = assembleReport({ ...rest, accounts: reversed, seed, source });
    expect(serializeReport(shuffled)).to.equal(serializeReport(report));
  });

  it("comes back as it was, with a series on one line", function () {
    const input = exampleInput({ accounts: 3, steps: 10 });
    const report = assembleReport({ ...input, source: 'odd [\n "text" ]' });
    const json = serializeReport(report);
    expect(ReportSchema.parse(JSON.parse(json))).to.deep.equal(report);
    expect(json).to.match(/"timestamps": \[0, 18000, .*162000\],\n/);
    expect(json.endsWith("}\n")).to.equal(true);
  });
});

describe("usdOf and healthOf", function () {
  it("round to cents, halves away from zero", function () {
    expect([usdOf(1_005_000n, 6), usdOf(-1_005_000n, 6), usdOf(1_004_999n, 6)]).to.deep.equal([1.01, -1.01, 1]);
    expect(usdOf(123n * 10n ** 18n, 18)).to.equal(123);
    expect(usdOf(7n, 0)).to.equal(7);
  });

  it("keep four decimals of a health, downward, and call no risk null", function () {
    const e18 = 10n ** 18n;
    expect(healthOf((123_456n * e18) / 100_000n)).to.equal(1.2345);
    expect(healthOf(-1n)).to.equal(-0.0001);
    expect(healthOf(2n ** 256n - 1n)).to.equal(null);
    expect(healthOf(0n)).to.equal(0);
  });
});
