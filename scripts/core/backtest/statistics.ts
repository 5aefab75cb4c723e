/** What a back-test needs of statistics. Floats: these are judgements, not amounts. */

/** Complementary error function, to 1e-12 of itself: the series where it converges soon, else the continued fraction. */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  const scale = Math.exp(-x * x) / Math.sqrt(Math.PI);
  if (x < 2.5) {
    let sum = 0;
    for (let n = 0, term = 2 * x; term > 1e-17 * sum || n < 2; n++, term *= (2 * x * x) / (2 * n + 1)) sum += term;
    return 1 - scale * sum;
  }
  let fraction = x;
  for (let n = 60; n > 0; n--) fraction = x + n / 2 / fraction;
  return scale / fraction;
}

/** The x below which a standard normal stays with this probability, by bisection. */
export function normalQuantile(probability: number): number {
  let [low, high] = [-40, 40];
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (erfc(-middle / Math.SQRT2) / 2 < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The smallest of the values that is not exceeded by this share of them. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  // A hair less, so that 0.999 * 1000 = 999.0000000000001 does not ask for the thousandth.
  return sorted[Math.max(0, Math.ceil(share * sorted.length - 1e-9) - 1)] ?? 0;
}

export interface Coverage {
  /** Likelihood ratio, chi-squared with one degree of freedom when the nominal probability is the true one. */
  readonly ratio: number;
  /** Probability of a ratio as large or larger. Small when there are too many exceedances, and when there are too few. */
  readonly pValue: number;
}

/** Kupiec's test of the proportion of failures: `exceeded` of `trials`, where each should happen with `probability`. */
export function kupiec(trials: number, exceeded: number, probability: number): Coverage {
  const likelihood = (p: number): number => times(trials - exceeded, Math.log1p(-p)) + times(exceeded, Math.log(p));
  const ratio = Math.max(0, 2 * (likelihood(exceeded / trials) - likelihood(probability)));
  return { ratio, pValue: erfc(Math.sqrt(ratio / 2)) };
}

/** Nothing times minus infinity is nothing here: 0^0 is one. */
function times(count: number, logarithm: number): number {
  return count === 0 ? 0 : count * logarithm;
}
