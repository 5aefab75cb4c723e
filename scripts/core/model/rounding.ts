/** Division with the direction in the name, as in contracts/math/Rounding.sol: `Down` and `Up` for amounts, `Floor` and
 * `Ceil` for signed values. The product is never cut, so results agree with the contracts' 512-bit ones. */

export const WAD = 10n ** 18n;
export const RAY = 10n ** 27n;
export const BPS = 10_000n;
export const INFINITE_HEALTH = 2n ** 256n - 1n;

/** x * y / d toward minus infinity; `d` is positive. */
export function mulDivFloor(x: bigint, y: bigint, d: bigint): bigint {
  const product = x * y;
  const quotient = product / d;
  return product < 0n && quotient * d !== product ? quotient - 1n : quotient;
}

/** x * y / d toward plus infinity; `d` is positive. */
export function mulDivCeil(x: bigint, y: bigint, d: bigint): bigint {
  return -mulDivFloor(-x, y, d);
}

/** x * y / d of amounts, rounded down. */
export function mulDivDown(x: bigint, y: bigint, d: bigint): bigint {
  return mulDivFloor(requireAmount(x), requireAmount(y), d);
}

/** x * y / d of amounts, rounded up. */
export function mulDivUp(x: bigint, y: bigint, d: bigint): bigint {
  return mulDivCeil(requireAmount(x), requireAmount(y), d);
}

/** The largest integer whose square is at most x, by Newton from above. */
export function sqrtDown(x: bigint): bigint {
  if (x < 2n) return requireAmount(x);
  let root = 1n << BigInt((x.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + x / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

export const minimum = (a: bigint, b: bigint): bigint => (a < b ? a : b);
export const maximum = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** The contracts' unsigned types refuse a negative number; so does the model. */
function requireAmount(x: bigint): bigint {
  if (x < 0n) throw new RangeError(`${x} is negative where only an amount has a meaning`);
  return x;
}
