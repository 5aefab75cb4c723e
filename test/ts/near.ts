import { expect } from "chai";

/** For numbers with a fraction: chai's own `closeTo` becomes one for integers once Hardhat's matchers are loaded. */
export function expectNear(found: number | undefined, expected: number, tolerance: number): void {
  const distance = Math.abs((found ?? Number.NaN) - expected);
  expect(distance <= tolerance, `${found} is not within ${tolerance} of ${expected}`).to.equal(true);
}
