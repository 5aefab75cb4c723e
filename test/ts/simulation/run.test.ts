import type { ArmResult } from "../../../scripts/io/simulation/arm.js";
import type { Simulation } from "../../../scripts/io/simulation/simulate.js";

import { expect } from "chai";

import { generateCrash } from "../../../scripts/core/prices/crash.js";
import { serializeReport } from "../../../scripts/core/report/assemble.js";
import { GROUPS, type Group } from "../../../scripts/core/simulation/population.js";
import { BrokenPromiseError } from "../../../scripts/core/simulation/errors.js";
import { pointsOf } from "../../../scripts/core/simulation/points.js";
import { wealthE18 } from "../../../scripts/core/simulation/losses.js";
import { serveReplica } from "../../../scripts/io/replica/server.js";
import { TOKENS } from "../../../scripts/io/simulation/observe.js";
import { simulate } from "../../../scripts/io/simulation/simulate.js";
import { balanceOf, deal } from "../../../scripts/io/tokens.js";

const OPTIONS = { path: generateCrash({ seed: 3, steps: 6 }), accounts: 12, seed: 3 };
const WAD = 10n ** 18n;

describe("A simulation", function () {
  this.timeout(300_000);
  let run: Simulation;
  before(async function () {
    run = await simulate(OPTIONS);
  });

  const arm = (name: string): ArmResult => {
    const found = run.arms.find(({ input }) => input.name === name);
    if (found === undefined) throw new Error(`no arm ${name}`);
    return found;
  };

  it("runs both arms from the same beginning and checks the promises", function () {
    expect(run.report.arms.map(({ name }) => name)).to.deep.equal(["none", "rebalance"]);
    for (const { promises } of run.report.arms) {
      expect(promises.checked).to.be.greaterThan(400);
      expect(promises.broken).to.equal(0);
    }
    const starts = run.report.accounts.map(({ outcomes }) => new Set(outcomes.map((o) => o.startEquityUsd)).size);
    expect(starts).to.deep.equal(starts.map(() => 1));
  });

  it("rebalances in one arm only, and liquidates in a crash", function () {
    const [none, rebalance] = run.report.arms;
    expect(none?.rebalanced).to.equal(0);
    expect(none?.called).to.equal(0);
    expect(none?.liquidated).to.be.greaterThan(0);
    expect(rebalance?.rebalanced).to.be.greaterThan(0);
    expect(rebalance?.keeperGas).to.be.greaterThan(0);
  });

  it("loses nothing and finds nothing: all wealth together moves by the market and by what the venue kept", function () {
    for (const name of ["none", "rebalance"]) {
      const { start, end, marketE18, slippageE18 } = arm(name);
      const drift = wealthE18(end) - wealthE18(start) - marketE18 + slippageE18;
      // A cent, of half a million.
      expect(drift < WAD / 100n && drift > -WAD / 100n, `${name}: ${drift}`).to.equal(true);
    }
  });

  it("opens longs and shorts against the maker before anything happens, the same in both arms", function () {
    const of = (wanted: Group) => run.report.accounts.filter(({ group }) => group === wanted);
    expect(GROUPS.map((group) => of(group).length)).to.deep.equal([12, 2, 2, 1]);
    expect(of("borrower").every(({ exposure }) => exposure === 0)).to.equal(true);
    expect(of("long").every(({ exposure }) => exposure > 1)).to.equal(true);
    expect(of("short").every(({ exposure }) => exposure < -1)).to.equal(true);
    for (const { start } of run.arms) {
      const { ETH, BTC } = start.perpetuals;
      expect(ETH.openInterestE18 + BTC.openInterestE18 > 0n).to.equal(true);
    }
    expect(arm("none").start).to.deep.equal(arm("rebalance").start);
  });

  it("carries positions through liquidations to a taker, who closes them", function () {
    const closed = run.arms.filter(({ input }) => input.losses.closingUsd > 0);
    expect(closed.length).to.be.greaterThan(0);
    for (const { end } of run.arms) {
      const takers = end.accounts.slice(run.report.accounts.length);
      expect(takers.every(({ positions }) => positions.ETH.sizeE18 === 0n && positions.BTC.sizeE18 === 0n)).to.equal(
        true,
      );
    }
  });

  it("gives the same bytes for the same seed, also on a node's fork instead of its own replica", async function () {
    const prices = pointsOf(OPTIONS.path)[0]?.prices ?? { ETH: 1n, BTC: 1n, USDC: 1n };
    const node = await serveReplica({ prices });
    try {
      const other = await simulate({ ...OPTIONS, rpc: node.url, block: node.block });
      expect(serializeReport(other.report)).to.equal(serializeReport(run.report));
    } finally {
      await node.close();
    }
  });

  it("stops at a promise that the chain breaks, with what it found", async function () {
    // A vault that has lost a token: nothing in the protocol can do that, so the chain is told to.
    const robbed = simulate(OPTIONS, {
      staged: async ([stage]) => {
        if (stage === undefined) throw new Error("no stage");
        const { vault } = stage.protocol.addresses;
        const { ETH } = TOKENS;
        await deal(stage.chain, ETH, vault, (await balanceOf(stage.chain, ETH, vault)) - 1n);
      },
    });
    const error: unknown = await robbed.catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(BrokenPromiseError);
    expect(String(error)).to.match(
      /Promise 3 is broken: ETH: vault has \d+, counts \d+ \+ \d+ \(arm none, step 0, block \d+\)/,
    );
  });
});
