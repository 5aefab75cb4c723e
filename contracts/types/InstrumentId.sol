// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice Names one instrument in one word, so that instruments need no registry.
///
/// | bits  | field      | unit                       |
/// |-------|------------|----------------------------|
/// | 0-7   | kind       | 1: perpetual               |
/// | 8-15  | underlying | the asset's number         |
///
/// @dev The bits above are for what a perpetual lacks (expiry, strike, call or put) and are zero.
type InstrumentId is uint256;

using {isPerpetual, underlyingOf} for InstrumentId global;

uint256 constant PERPETUAL = 1;

function toPerpetual(uint8 underlying) pure returns (InstrumentId) {
    return InstrumentId.wrap((uint256(underlying) << 8) | PERPETUAL);
}

function isPerpetual(InstrumentId self) pure returns (bool) {
    return InstrumentId.unwrap(self) & ~uint256(0xff00) == PERPETUAL;
}

function underlyingOf(InstrumentId self) pure returns (uint8) {
    return uint8(InstrumentId.unwrap(self) >> 8);
}
