import { AssertionError } from "chai";

/** `closeTo` for fractions: Hardhat's matchers replace chai's with one for whole numbers. */
export function expectNear(actual: number, expected: number, tolerance: number): void {
  if (Math.abs(actual - expected) <= tolerance) return;
  throw new AssertionError(`expected ${actual} to be within ${tolerance} of ${expected}`);
}
