// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice All that pricing and margining an asset needs to know of it, in one word: one load for each leg of an account.
///
/// | bits    | field                  | unit                                            |
/// |---------|------------------------|-------------------------------------------------|
/// | 0-159   | feed                   | address; 0: none is set                         |
/// | 160-179 | maxAge                 | s, heartbeat and slack                          |
/// | 180-184 | feedDecimals           |                                                 |
/// | 185-189 | tokenDecimals          |                                                 |
/// | 190-201 | shock                  | bps; 0: the asset has no risk parameters         |
/// | 202-214 | haircutMaintenance     | bps                                             |
/// | 215-227 | haircutInitial         | bps                                             |
/// | 228-242 | initialFactor          | bps above one                                   |
/// | 243-255 | sizeCoefficient        | 10 bps                                          |
///
/// @dev The setters of adapter and engine hold each field to bounds that fit it.
type ListedAsset is uint256;

using {
    feed,
    maxAgeSeconds,
    feedDecimals,
    tokenDecimals,
    shockBps,
    haircutMaintenanceBps,
    haircutInitialBps,
    initialFactorBps,
    sizeCoefficientBps,
    withFeed,
    withRisk
} for ListedAsset global;

/// @dev What a size coefficient is counted in.
uint256 constant SIZE_COEFFICIENT_STEP = 10;

uint256 constant FEED_BITS = 190;
uint256 constant FEED_PART = (1 << FEED_BITS) - 1;

function feed(ListedAsset self) pure returns (address) {
    return address(uint160(ListedAsset.unwrap(self)));
}

function maxAgeSeconds(ListedAsset self) pure returns (uint256) {
    return (ListedAsset.unwrap(self) >> 160) & 0xfffff;
}

function feedDecimals(ListedAsset self) pure returns (uint256) {
    return (ListedAsset.unwrap(self) >> 180) & 0x1f;
}

function tokenDecimals(ListedAsset self) pure returns (uint256) {
    return (ListedAsset.unwrap(self) >> 185) & 0x1f;
}

function shockBps(ListedAsset self) pure returns (uint256) {
    return (ListedAsset.unwrap(self) >> 190) & 0xfff;
}

function haircutMaintenanceBps(ListedAsset self) pure returns (uint256) {
    return (ListedAsset.unwrap(self) >> 202) & 0x1fff;
}

function haircutInitialBps(ListedAsset self) pure returns (uint256) {
    return (ListedAsset.unwrap(self) >> 215) & 0x1fff;
}

function initialFactorBps(ListedAsset self) pure returns (uint256) {
    return ((ListedAsset.unwrap(self) >> 228) & 0x7fff) + 10_000;
}

function sizeCoefficientBps(ListedAsset self) pure returns (uint256) {
    return (ListedAsset.unwrap(self) >> 243) * SIZE_COEFFICIENT_STEP;
}

/// @dev The word with another feed and the same risk parameters.
function withFeed(
    ListedAsset self,
    address source,
    uint256 maxAge,
    uint256 decimalsOfFeed,
    uint256 decimalsOfToken
) pure returns (ListedAsset) {
    uint256 part = uint256(uint160(source)) | (maxAge << 160) | (decimalsOfFeed << 180) | (decimalsOfToken << 185);
    return ListedAsset.wrap((ListedAsset.unwrap(self) & ~FEED_PART) | part);
}

/// @dev The word with other risk parameters and the same feed.
function withRisk(
    ListedAsset self,
    uint256 shock,
    uint256 haircutMaintenance,
    uint256 haircutInitial,
    uint256 initialFactor,
    uint256 sizeCoefficient
) pure returns (ListedAsset) {
    uint256 part =
        (shock << 190) |
            (haircutMaintenance << 202) |
            (haircutInitial << 215) |
            ((initialFactor - 10_000) << 228) |
            ((sizeCoefficient / SIZE_COEFFICIENT_STEP) << 243);
    return ListedAsset.wrap((ListedAsset.unwrap(self) & FEED_PART) | part);
}
