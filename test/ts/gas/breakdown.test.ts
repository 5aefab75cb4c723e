import { expect } from "chai";

import { breakDown, calldataGas, perStep, totalOf, type TraceStep } from "../../../scripts/core/gas/breakdown.js";

describe("breakDown", function () {
  const OUTER = `0x${"aa".repeat(20)}`;
  const INNER = `0x${"bb".repeat(20)}`;
  const step = (op: string, gas: number, gasCost: number, depth = 1, stack: string[] = []): TraceStep => ({
    op,
    gas: BigInt(gas),
    gasCost: BigInt(gasCost),
    depth,
    stack,
  });

  it("charges each step with what it cost itself, to the contract whose code ran", function () {
    const steps = [
      step("SLOAD", 10_000, 2_100),
      step("CALL", 7_900, 5_600, 1, ["0x0", INNER, "0x7000"]), // 2,600 of its own, 3,000 handed on
      step("SSTORE", 3_000, 2_900, 2),
      step("STOP", 100, 0, 2),
      step("LOG1", 2_400, 750), // 2,900 of the inner frame are gone, and the 2,600
      step("RETURN", 1_650, 3),
    ];
    const { byKind, byContract } = breakDown({ to: OUTER, data: "0x00ff", gasUsed: 29_373n, steps });
    expect(byKind.get("intrinsic")).to.equal(21_000n);
    expect(byKind.get("calldata")).to.equal(20n);
    expect(byKind.get("storage read, cold")).to.equal(2_100n);
    expect(byKind.get("storage write, change")).to.equal(2_900n);
    expect(byKind.get("call, cold")).to.equal(2_600n);
    expect(byKind.get("log")).to.equal(750n);
    expect(byKind.get("memory, copies")).to.equal(3n);
    expect(byKind.get("unexplained")).to.equal(0n);
    expect(byKind.get("refund")).to.equal(0n);
    expect(byContract.get(INNER)?.get("storage write, change")).to.equal(2_900n);
    expect(totalOf(byContract.get(OUTER) ?? new Map())).to.equal(5_453n);
  });

  it("calls what the steps spent beyond the receipt a refund, and the reverse unexplained", function () {
    const steps = [step("SSTORE", 10_000, 5_000), step("STOP", 5_000, 0)];
    expect(breakDown({ to: OUTER, data: "0x", gasUsed: 21_200n, steps }).byKind.get("refund")).to.equal(-4_800n);
    expect(breakDown({ to: OUTER, data: "0x", gasUsed: 26_007n, steps }).byKind.get("unexplained")).to.equal(7n);
  });

  it("tells two calls of one depth apart", function () {
    const call = (gas: number, to: string): TraceStep => step("CALL", gas, 0, 1, ["0x0", to, "0x0"]);
    const steps = [
      call(1_000, INNER),
      step("ADD", 500, 3, 2),
      step("STOP", 497, 0, 2),
      call(897, OUTER), // the first call: 100 and 3
      step("MUL", 400, 5, 2),
      step("STOP", 395, 0, 2),
      step("STOP", 792, 0), // the second: 100 and 5
    ];
    const { byKind, byContract } = breakDown({ to: OUTER, data: "0x", gasUsed: 21_208n, steps });
    expect(byKind.get("call, warm")).to.equal(200n);
    expect(byKind.get("computation")).to.equal(8n);
    expect(byContract.get(INNER)).to.deep.equal(new Map([["computation", 3n]]));
  });

  it("spreads what further items added over them", function () {
    const one = breakDown({ to: OUTER, data: "0x", gasUsed: 21_003n, steps: [step("ADD", 100, 3)] });
    const more = breakDown({
      to: OUTER,
      data: "0x",
      gasUsed: 21_013n,
      steps: [step("ADD", 100, 3), step("MUL", 97, 10)],
    });
    const each = perStep(one, more, 2n);
    expect(each.byKind.get("intrinsic")).to.equal(0n);
    expect(each.byKind.get("computation")).to.equal(5n);
    expect(each.byContract.get(OUTER)?.get("computation")).to.equal(5n);
  });

  it("counts calldata as the chain does", function () {
    expect(calldataGas("0x")).to.equal(0n);
    expect(calldataGas("0x00000001")).to.equal(28n);
  });
});
