/** Tests that do not hold in the mutated build with no mutant on, and why. Every other must, else nothing is judged. */

export interface Exclusion {
  /** `Suite.test`. */
  readonly test: string;
  readonly why: string;
}

const GAS = "measures gas, of which asking takes some";

export const EXCLUDED: readonly Exclusion[] = [
  { test: "MarginLensCapacityTest.test_AThousandAccountsAreReadInOneCall", why: GAS },
  { test: "TradingLargestTest.test_TheLargestAccountIsLiquidatedWithinFiveMillionGas", why: GAS },
  { test: "RebalancingTest.test_TheKeepersPayIsGasTimesItsPricePlusOne", why: GAS },
];

export function isExcluded(suite: string, test: string): boolean {
  return EXCLUDED.some((exclusion) => exclusion.test === `${suite}.${test}`);
}
