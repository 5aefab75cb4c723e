import { expect } from "chai";

import { accrue, emptyCash } from "../../../scripts/core/model/cash.js";
import { borrowRateUp, compound, compoundExact, YEAR } from "../../../scripts/core/model/interest.js";
import { assess, legOf, maintenanceAfter } from "../../../scripts/core/model/margin.js";
import {
  mulDivCeil,
  mulDivDown,
  mulDivFloor,
  mulDivUp,
  RAY,
  sqrtDown,
  WAD,
} from "../../../scripts/core/model/rounding.js";
import { closedFraction, maxFraction, payment } from "../../../scripts/core/model/slice.js";
import { LIQUIDATION } from "./live.js";
import { decimal, INTEREST_KINK, PARTIAL_LIQUIDATION } from "./reference.js";

const BPS = 4;

/** Ours has one slope for all utilisations and a jump on top of it: slope = slope1 / kink. */
const { base, slope1, slope2, kink } = INTEREST_KINK.params;
const kinkBps = decimal(kink, BPS);
const slopeBps = (decimal(slope1, BPS) * 10_000n) / kinkBps;
const CURVE = {
  baseBps: decimal(base, BPS),
  slopeBps,
  jumpBps: decimal(slope2, BPS) - (slopeBps * (10_000n - kinkBps)) / 10_000n,
  kinkBps,
};

function expectWithin(found: bigint, expected: bigint, tolerance: bigint): void {
  const off = found > expected ? found - expected : expected - found;
  expect(off <= tolerance, `${found} is ${off} from ${expected}, above ${tolerance}`).to.equal(true);
}

describe("The model's interest beside mpmath", () => {
  for (const { utilisation, rate, index } of INTEREST_KINK.oneYear) {
    it(`has the rate and a year's growth at a utilisation of ${utilisation}`, () => {
      const found = borrowRateUp(decimal(utilisation, 27), CURVE);
      expect(found).to.equal(decimal(rate, 27));
      // Each term of the series is cut by less than one unit of 27 decimals.
      expectWithin(RAY + compound(found, YEAR), decimal(index, 27), 41n);
      expectWithin(RAY + compoundExact(found, YEAR), decimal(index, 27), 1n);
    });
  }

  it("grows through four quarters as their product", () => {
    const { segments, index } = INTEREST_KINK.piecewise;
    const found = segments.reduce((total, { utilisation, seconds }) => {
      const rate = borrowRateUp(decimal(utilisation, 27), CURVE);
      return total + mulDivUp(total, compound(rate, seconds), RAY);
    }, RAY);
    expectWithin(found, decimal(index, 27), 4n * 41n);
  });

  it("gives lenders utilisation times rate, less the fee", () => {
    const { utilisation, fee, rate } = INTEREST_KINK.supply;
    const borrowRate = borrowRateUp(decimal(utilisation, 27), CURVE);
    const feeBps = decimal(fee, BPS);
    const net = (borrowRate * decimal(utilisation, BPS) * (10_000n - feeBps)) / 10n ** 8n;
    expect(net).to.equal(decimal(rate, 27));
    // And so do the indices: of the growth of 85 lent out of 100, nine tenths.
    const shares = { supplyShares: 100n * RAY, borrowShares: decimal(utilisation, 2) * RAY };
    const cash = accrue({ ...emptyCash(0n), ...shares }, { ...CURVE, feeBps }, YEAR);
    const expected = mulDivDown(cash.borrowIndex - RAY, decimal(utilisation, BPS) * (10_000n - feeBps), 10n ** 8n);
    expectWithin(cash.supplyIndex - RAY, expected, 1n);
  });
});

describe("The model's slices beside mpmath", () => {
  // Maintenance margin over collateral: any above the account's own ratio gives the same sale.
  const MAINTENANCE = { shockBps: 1_600n, haircutMaintenanceBps: 400n };
  const TERMS = { ...MAINTENANCE, haircutInitialBps: 400n, initialFactorBps: 10_000n, sizeCoefficientBps: 0n };
  const MARGIN = 20n * 10n ** 16n;

  for (const example of PARTIAL_LIQUIDATION) {
    it(example.name, () => {
      const collateral = decimal(example.collateral, 18);
      const debt = decimal(example.debt, 18);
      const legs = [legOf(1, collateral, WAD, WAD, TERMS)];
      const a = assess(legs, -debt);
      const discount = mulDivDown(decimal(example.penalty, 18), WAD, MARGIN);
      const target = mulDivDown(decimal(example.target, 18), WAD, MARGIN);
      expect(a.maintenanceE18).to.equal(mulDivUp(collateral, MARGIN, WAD));

      if (example.whole) {
        expect(maxFraction((takenE18) => maintenanceAfter(legs, takenE18), a, debt, discount, LIQUIDATION)).to.equal(
          WAD,
        );
        // What nobody pays for is what the fund pays the taker.
        expect(payment(a, discount, WAD, 0n).fromFund).to.equal(decimal(example.badDebt, 18));
        return;
      }
      const fraction = closedFraction(a.healthE18, discount, target);
      // Health, discount, target and fraction have 18 decimals, of a value of 1e5: a few units of 1e-13.
      const tolerance = 10n ** 6n;
      expectWithin(mulDivDown(collateral, fraction, WAD), decimal(example.sold, 18), tolerance);
      const paid = payment(a, discount, fraction, 0n).toAccount;
      expectWithin(debt - mulDivUp(debt, fraction, WAD) - paid, decimal(example.debtAfter, 18), tolerance);
    });
  }
});

describe("The model's divisions", () => {
  it("round toward the infinity in their name, on both sides of zero", () => {
    const cases: [bigint, bigint, bigint][] = [
      [7n, 3n, 4n],
      [-7n, -4n, -3n],
      [8n, 4n, 4n],
      [-8n, -4n, -4n],
      [0n, 0n, 0n],
    ];
    for (const [x, floor, ceil] of cases) {
      expect(mulDivFloor(x, 1n, 2n)).to.equal(floor);
      expect(mulDivCeil(x, 1n, 2n)).to.equal(ceil);
    }
  });

  it("refuse a negative amount", () => {
    expect(() => mulDivDown(-1n, 1n, 2n)).to.throw(RangeError);
    expect(() => mulDivUp(1n, -1n, 2n)).to.throw(RangeError);
    expect(() => sqrtDown(-1n)).to.throw(RangeError);
  });

  it("find the integer root, at and around squares", () => {
    for (const root of [0n, 1n, 2n, 3n, 10n ** 9n, 2n ** 64n - 1n, 10n ** 30n + 7n]) {
      expect(sqrtDown(root * root)).to.equal(root);
      if (root > 1n) expect(sqrtDown(root * root - 1n)).to.equal(root - 1n);
      expect(sqrtDown(root * root + (root === 0n ? 0n : 1n))).to.equal(root);
    }
  });
});
