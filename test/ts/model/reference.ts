/**
 * Reference values of the maths, computed apart from this project: mpmath, 80 digits. Decimals are strings so that no float
 * touches them; see {@link decimal}.
 */

/**
 * A kinked curve given by base, slope1 up to the kink and slope2 above it, with continuous compounding:
 * r = base + slope1 * u / kink, or base + slope1 + slope2 * (u - kink) / (1 - kink); index = e^(r * t).
 */
export const INTEREST_KINK = {
  params: { base: "0.005", slope1: "0.04", slope2: "0.60", kink: "0.80" },
  oneYear: [
    { utilisation: "0", rate: "0.005", index: "1.005012520859401063383566241124068580735" },
    { utilisation: "0.40", rate: "0.025", index: "1.025315120524428840678021029964306024881" },
    { utilisation: "0.80", rate: "0.045", index: "1.046027859908716942713440264868903523035" },
    { utilisation: "0.85", rate: "0.195", index: "1.215310986489730774488328226573676797359" },
    { utilisation: "0.95", rate: "0.495", index: "1.640498239057044001525632050971362749638" },
    { utilisation: "1", rate: "0.645", index: "1.905987029271922692460710274811736039955" },
  ],
  /** Four quarters of a year, one after the other. */
  piecewise: {
    segments: [
      { utilisation: "0.50", seconds: 7884000n, rate: "0.03" },
      { utilisation: "0.80", seconds: 7884000n, rate: "0.045" },
      { utilisation: "0.90", seconds: 7884000n, rate: "0.345" },
      { utilisation: "0.97", seconds: 7884000n, rate: "0.555" },
    ],
    index: "1.276025284289269023041339650809261560049",
  },
  supply: { utilisation: "0.85", fee: "0.10", rate: "0.149175000000000000000000000000" },
} as const;

/**
 * The sale of a part of an account: a value Q of collateral C for Q * (1 - p) of debt brings equity over collateral to the
 * target m_T. With m for maintenance margin over collateral and d for the discount: MM = m * C and p = d * m.
 */
export const PARTIAL_LIQUIDATION = [
  {
    name: "A 3x target, 5% penalty",
    collateral: "47058.823529411764705882",
    debt: "40000",
    target: "0.333333333333333333",
    penalty: "0.05",
    whole: false,
    sold: "30449.8269896193771430905923061",
    debtAfter: "11072.6643598615917140639373092",
    badDebt: "0.0",
  },
  {
    name: "C just below maintenance",
    collateral: "100000",
    debt: "85100",
    target: "0.20",
    penalty: "0.05",
    whole: false,
    sold: "34000.0000000000000000000000000",
    debtAfter: "52800.0000000000000000000000000",
    badDebt: "0.0",
  },
  {
    name: "E not restorable: m<p -> full close",
    collateral: "100000",
    debt: "96000",
    target: "0.20",
    penalty: "0.05",
    whole: true,
    sold: "100000.000000000000000000000000",
    debtAfter: "1000.00000000000000000000000000",
    badDebt: "1000.00000000000000000000000000",
  },
] as const;

/** A decimal as a whole number of 10^-digits; what does not fit is cut. */
export function decimal(text: string, digits: number): bigint {
  const [whole = "0", fraction = ""] = text.split(".");
  return BigInt(whole + fraction.slice(0, digits).padEnd(digits, "0"));
}
