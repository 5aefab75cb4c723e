/** Sizes and prices as people write them, in 18 decimals: read exactly, digit by digit, and written without loss. */
const DECIMALS = 18;
const PLAIN = /^([+-]?)(\d+)(?:\.(\d*))?$/;

/** Why a text is no number of 18 decimals, or the number. */
export type DecimalE18 =
  { readonly kind: "value"; readonly valueE18: bigint } | { readonly kind: "wrong"; readonly why: string };

/** Digits beyond the eighteenth decimal are refused unless they are zeros: dropping them would sign another order. */
export function parseDecimalE18(text: string): DecimalE18 {
  const match = PLAIN.exec(text);
  if (match === null) return { kind: "wrong", why: `must be a decimal number such as 1.5 (found "${text}")` };
  const [, sign = "", whole = "", fraction = ""] = match;
  if (/[1-9]/.test(fraction.slice(DECIMALS))) return { kind: "wrong", why: "has more than 18 decimals" };
  const size = BigInt(whole + fraction.slice(0, DECIMALS).padEnd(DECIMALS, "0"));
  return { kind: "value", valueE18: sign === "-" ? -size : size };
}

/** In plain digits, cut after `shown` decimals; not for sums. */
export function formatUnits(value: bigint, decimals: number, shown: number = decimals): string {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals, digits.length - decimals + shown).replace(/0+$/, "");
  const text = fraction === "" ? whole : `${whole}.${fraction}`;
  return value < 0n && /[1-9]/.test(text) ? `-${text}` : text;
}

export function formatE18(valueE18: bigint, shown: number = DECIMALS): string {
  return formatUnits(valueE18, DECIMALS, shown);
}
