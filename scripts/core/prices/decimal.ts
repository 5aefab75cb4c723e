const DECIMALS = 8;
const PLAIN_DECIMAL = /^\+?(\d+)(?:\.(\d*))?$/;

const E8 = 10n ** 8n;

/** Why a text is not an E8 price, or the price. */
export type Decimal =
  | { readonly kind: "value"; readonly valueE8: bigint }
  | { readonly kind: "not-a-number" }
  | { readonly kind: "negative" }
  | { readonly kind: "too-fine" };

/**
 * Reads a decimal number exactly, digit by digit: `Number("0.1")` would already be another price. Zeros beyond the eighth
 * decimal mean nothing and pass; other digits there are refused, because dropping them would change the data unasked.
 */
export function parseDecimalE8(text: string): Decimal {
  if (/^-\d/.test(text)) return { kind: "negative" };
  const match = PLAIN_DECIMAL.exec(text);
  if (!match) return { kind: "not-a-number" };
  const [, whole = "", fraction = ""] = match;
  if (/[1-9]/.test(fraction.slice(DECIMALS))) return { kind: "too-fine" };
  return { kind: "value", valueE8: BigInt(whole + fraction.slice(0, DECIMALS).padEnd(DECIMALS, "0")) };
}

/** The price as a person reads it: no more decimals than it has, no fewer than two. */
export function formatE8(valueE8: bigint): string {
  const sign = valueE8 < 0n ? "-" : "";
  const digits = (valueE8 < 0n ? -valueE8 : valueE8).toString().padStart(DECIMALS + 1, "0");
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, "").padEnd(2, "0");
  return `${sign}${digits.slice(0, -DECIMALS)}.${fraction}`;
}

/** A price as a float, for charts and tables only. Exact to a cent below 90 trillion dollars. */
export function floatOfE8(valueE8: bigint): number {
  return Number(valueE8) / Number(E8);
}
