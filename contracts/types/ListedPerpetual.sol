// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice What margining a perpetual needs to know besides its underlying's {ListedAsset}, in one word.
///
/// | bits  | field            | unit                                                                             |
/// |-------|------------------|----------------------------------------------------------------------------------|
/// | 0-15  | basisMaintenance | bps of the notional                                                              |
/// | 16-31 | basisInitial     | bps                                                                              |
/// | 32-95 | profitCap        | {whole quote} of an account's unrealised profit, that counts for initial margin  |
type ListedPerpetual is uint256;

using {basisMaintenanceBps, basisInitialBps, profitCap} for ListedPerpetual global;

function basisMaintenanceBps(ListedPerpetual self) pure returns (uint256) {
    return ListedPerpetual.unwrap(self) & 0xffff;
}

function basisInitialBps(ListedPerpetual self) pure returns (uint256) {
    return (ListedPerpetual.unwrap(self) >> 16) & 0xffff;
}

function profitCap(ListedPerpetual self) pure returns (uint256) {
    return (ListedPerpetual.unwrap(self) >> 32) & type(uint64).max;
}

function toListedPerpetual(uint256 basisMaintenance, uint256 basisInitial, uint256 cap) pure returns (ListedPerpetual) {
    return ListedPerpetual.wrap(basisMaintenance | (basisInitial << 16) | (cap << 32));
}
