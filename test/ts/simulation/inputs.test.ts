import type { PricePath } from "../../../scripts/core/prices/types.js";
import type { Simulation } from "../../../scripts/io/simulation/simulate.js";

import { expect } from "chai";

import { joinRounds, parseRounds } from "../../../scripts/core/prices/rounds.js";
import { parsePolicy } from "../../../scripts/core/simulation/policyFile.js";
import { simulate } from "../../../scripts/io/simulation/simulate.js";

const START = 1_692_300_000;
const GWEI = 10n ** 9n;

/** Rounds of an ETH that falls by a quarter within the hour. */
function fallingRounds(): PricePath {
  const rows = [1_800, 1_795, 1_700, 1_600, 1_500, 1_400, 1_350, 1_355].map(
    (usd, i) => `${i},${usd}00000000,${START + 300 * i},${START + 300 * i},${i}`,
  );
  const text = `round_id,answer,started_at,updated_at,answered_in_round\n${rows.join("\n")}`;
  return joinRounds({ eth: parseRounds(text, "eth.csv"), btc: null }, { from: null, steps: 100 });
}

describe("A simulation of recorded rounds", function () {
  this.timeout(300_000);
  const path = fallingRounds();
  const run = async (wei: bigint): Promise<Simulation> =>
    await simulate({
      path,
      accounts: 6,
      seed: 1,
      delaySteps: 0,
      baseFees: { perStep: path.bars.map(() => wei), note: "a test's" },
    });
  let cheap: Simulation;
  before(async function () {
    cheap = await run(GWEI);
  });

  it("takes place at their own times", function () {
    const last = BigInt(START + 300 * 7);
    for (const { start, end } of cheap.arms) {
      expect(start.timestamp < BigInt(START)).to.equal(true);
      expect(start.timestamp > BigInt(START - 7_200)).to.equal(true);
      expect(end.timestamp >= last && end.timestamp < last + 600n).to.equal(true);
    }
    expect(cheap.report).to.deep.include({ stepIs: "round", kind: "recorded", barSeconds: 300, steps: 8 });
    expect(cheap.report.accounts.every(({ collateral }) => collateral === "ETH" || collateral === "USDC")).to.equal(
      true,
    );
  });

  it("lets every account adopt a policy where it is rebalanced, and only there", async function () {
    const policy = parsePolicy('{"lower": 2, "lowerRestore": 2.5, "keeperPayCap": 1000}', "p.json");
    const adopted = await simulate({ path, accounts: 6, seed: 1, delaySteps: 0, policy });
    const usual = await simulate({ path, accounts: 6, seed: 1, delaySteps: 0 });
    const of = ({ report }: Simulation, arm: number) => report.arms[arm];
    for (const { band } of adopted.report.accounts) expect(band).to.deep.equal({ lower: 2, lowerRestore: 2.5 });
    // A higher band is left earlier.
    expect(of(adopted, 1)?.called).to.be.greaterThan(of(usual, 1)?.called ?? 0);
    // The other arm differs by nothing but the seconds that the adoption took.
    expect(of(adopted, 0)?.liquidated).to.equal(of(usual, 0)?.liquidated);
    expect(of(adopted, 0)?.rebalanced).to.equal(0);
    expect(adopted.report.notes[0]).to.match(
      /^Policy: p\.json, adopted by every account in the arm that rebalances: lower 2;/,
    );
  });

  it("has keepers who pay, and are paid, by the base fee", async function () {
    const dear = await run(100n * GWEI);
    const of = ({ report }: Simulation) => report.arms.find(({ name }) => name === "rebalance");
    const [less, more] = [of(cheap), of(dear)];
    expect(less?.rebalanced).to.be.greaterThan(0);
    expect(more?.losses.keeperPayUsd).to.be.greaterThan((less?.losses.keeperPayUsd ?? 0) * 3);
    expect(more?.keeperGasUsd).to.be.greaterThan((less?.keeperGasUsd ?? 0) * 50);
    expect(dear.report.notes).to.deep.equal(["Base fee: a test's"]);
  });
});
