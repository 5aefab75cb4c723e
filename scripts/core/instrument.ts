/** Names of instruments, as contracts/types/InstrumentId.sol has them. */

const PERPETUAL = 1n;

/** The perpetual of an asset, by its number. */
export function toPerpetual(underlying: bigint): bigint {
  return (underlying << 8n) | PERPETUAL;
}

/** The number of the asset that an instrument is on. */
export function underlyingNumber(instrument: bigint): bigint {
  return (instrument >> 8n) & 0xffn;
}
