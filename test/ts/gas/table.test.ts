import { expect } from "chai";

import { OPERATIONS, PEERS, limitOf } from "../../../scripts/core/gas/peers.js";
import { differences, kilo, limitedRows, linesOf, snapshotOf, tableOf } from "../../../scripts/core/gas/table.js";

describe("gas table", function () {
  const reading = (operation: string, gas: bigint) => ({ operation, gas, note: null, breakdown: null });

  it("names every operation of the published table, and gives each a limit in gas", function () {
    expect(Object.values(OPERATIONS)).to.deep.equal(PEERS.rows.map(({ operation }) => operation));
    expect(limitOf(OPERATIONS.firstDeposit)).to.equal(78_000n);
    expect(limitOf("something else")).to.equal(null);
  });

  it("reports only what has a limit to programs, in gas", function () {
    expect(limitedRows([reading(OPERATIONS.repay, 64_321n), reading("deploy", 1n)])).to.deep.equal([
      { operation: "repay part", gas: 64_321, atMost: 65_000 },
    ]);
  });

  it("rounds thousands up, so that a figure never looks lower than it is", function () {
    expect(kilo(64_301n)).to.equal("64.4");
    expect(kilo(64_300n)).to.equal("64.3");
  });

  it("puts our figure beside the peers' and what is left of the limit", function () {
    const { head, rows } = tableOf([reading(OPERATIONS.repay, 64_300n)], [], [reading(OPERATIONS.repay, 70_001n)]);
    const row = rows.find(([operation]) => operation === "repay part");
    expect(head).to.have.length(row?.length ?? 0);
    expect(row?.slice(-5)).to.deep.equal(["", "70.1", "64.3", "65", "0.7"]);
  });

  it("says what changed since the snapshot, and nothing when nothing did", function () {
    const kept = snapshotOf([reading("a", 100n), reading("b", 5n)], [reading("a", 120n)], [reading("a", 9n)]);
    expect(differences(kept, kept)).to.deep.equal([]);
    const found = snapshotOf([reading("a", 90n), reading("c", 7n)], [reading("a", 121n)], [reading("a", 8n)]);
    expect(differences(kept, found)).to.deep.equal([
      'constantFeeds: "a" 100 -> 90 (-10)',
      'constantFeeds: "b" is gone; it was 5',
      'constantFeeds: "c" is new: 7',
      'proxiedFeeds: "a" 120 -> 121 (+1)',
      'secondedFeeds: "a" 9 -> 8 (-1)',
    ]);
  });

  it("writes where the gas went: kinds in their own order, then contracts, the dearest first, without what is nothing", function () {
    const cheap = new Map([["computation", 5n] as const]);
    const dear = new Map([["computation", 7n] as const, ["log", 100n] as const]);
    const byKind = new Map([["computation", 12n] as const, ["log", 100n] as const, ["refund", 0n] as const]);
    const byContract = new Map([
      ["0xa", cheap],
      ["0xb", dear],
      ["0xc", new Map()],
    ]);
    expect(linesOf({ byKind, byContract }, (address) => `contract ${address}`)).to.deep.equal([
      "      100  log",
      "       12  computation",
      "      107  in contract 0xb: log 100; computation 7",
      "        5  in contract 0xa: computation 5",
    ]);
  });
});
