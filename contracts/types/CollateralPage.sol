// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice Two collateral balances of an account in one word, so that the common account is read with one load and an
/// account's first deposit writes one fresh slot instead of two.
///
/// | bits    | field                                             |
/// |---------|---------------------------------------------------|
/// | 0-111   | amount of entry 0, in the token's own units        |
/// | 112-119 | asset of entry 0; 0 is an empty entry              |
/// | 120-231 | amount of entry 1                                  |
/// | 232-239 | asset of entry 1                                   |
/// | 240     | more: a further page follows                       |
/// | 241     | watched, on the first page: see {AccountBook}      |
///
/// @dev An entry is empty exactly when its amount is zero; the book keeps asset and amount zero together.
type CollateralPage is uint256;

using {amountAt, assetAt, hasMore, isWatched, isEmpty, withEntry, withMore, withWatched} for CollateralPage global;

uint256 constant ENTRIES_PER_PAGE = 2;
uint256 constant AMOUNT_MASK = (1 << 112) - 1;
uint256 constant ENTRY_BITS = 120;
uint256 constant ENTRY_MASK = (1 << ENTRY_BITS) - 1;
uint256 constant MORE_BIT = 1 << 240;
uint256 constant WATCHED_BIT = 1 << 241;

function amountAt(CollateralPage self, uint256 entry) pure returns (uint256) {
    return (CollateralPage.unwrap(self) >> (entry * ENTRY_BITS)) & AMOUNT_MASK;
}

function assetAt(CollateralPage self, uint256 entry) pure returns (uint8) {
    return uint8(CollateralPage.unwrap(self) >> (entry * ENTRY_BITS + 112));
}

function hasMore(CollateralPage self) pure returns (bool) {
    return CollateralPage.unwrap(self) & MORE_BIT != 0;
}

/// @dev No entry in use; says nothing about `more` and `watched`.
function isEmpty(CollateralPage self) pure returns (bool) {
    return CollateralPage.unwrap(self) & ~(MORE_BIT | WATCHED_BIT) == 0;
}

/// @dev `amount` must fit 112 bits; the book checks it. A zero amount clears the asset too.
function withEntry(CollateralPage self, uint256 entry, uint8 asset, uint256 amount) pure returns (CollateralPage) {
    uint256 shift = entry * ENTRY_BITS;
    uint256 cleared = CollateralPage.unwrap(self) & ~(ENTRY_MASK << shift);
    if (amount == 0) return CollateralPage.wrap(cleared);
    return CollateralPage.wrap(cleared | (((uint256(asset) << 112) | amount) << shift));
}

function withMore(CollateralPage self, bool more) pure returns (CollateralPage) {
    uint256 word = CollateralPage.unwrap(self);
    return CollateralPage.wrap(more ? word | MORE_BIT : word & ~MORE_BIT);
}

function isWatched(CollateralPage self) pure returns (bool) {
    return CollateralPage.unwrap(self) & WATCHED_BIT != 0;
}

function withWatched(CollateralPage self, bool watched) pure returns (CollateralPage) {
    uint256 word = CollateralPage.unwrap(self);
    return CollateralPage.wrap(watched ? word | WATCHED_BIT : word & ~WATCHED_BIT);
}
