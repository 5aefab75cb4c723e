import { expect } from "chai";
import { encodeBytes32String } from "ethers";

import { nameFields } from "../../../scripts/core/deployment/refusal.js";

const thrown = (contract: string, field: string, found: number, bound: number): string =>
  `Reverted with custom error ${contract}_ParameterOutOfBounds("${encodeBytes32String(field)}", ${found}, ${bound})`;

describe("A parameter that the contracts refuse", () => {
  it("is named with what was found and the bound", () => {
    const failed = `Ballast#setInterest/0: Simulating the transaction failed with error: ${thrown("MarginAccount", "kinkBps", 10_000, 9_900)}`;
    expect(nameFields(failed)).to.equal(
      "Ballast#setInterest/0: kinkBps is 10000, and the bound of MarginAccount is 9900",
    );
  });

  it("is named each time, whether simulated or sent", () => {
    const both = `a: ${thrown("Liquidator", "timeSlopeBps", 1, 7)}; b: ${thrown("Rebalancer", "flatE6", 9, 8)}`;
    expect(nameFields(both)).to.equal(
      "a: timeSlopeBps is 1, and the bound of Liquidator is 7; b: flatE6 is 9, and the bound of Rebalancer is 8",
    );
  });

  it("is told apart from what is no bound", () => {
    const other = 'Reverted with custom error CollateralVault_CannotList("0x00", 1, 255)';
    expect(nameFields(other)).to.equal(other);
  });
});
