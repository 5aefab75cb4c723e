// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice Names one margin account: the owner's address in the upper 160 bits, the owner's own index in the lower 96.
/// @dev An account needs no creation: every id exists, empty, from the start. One owner has as many isolated accounts as
/// he likes.
type AccountId is uint256;

using {ownerOf, indexOf, eq as ==, neq as !=} for AccountId global;

/// @dev Builds an id; `index` counts the owner's accounts.
function toAccountId(address owner, uint96 index) pure returns (AccountId) {
    return AccountId.wrap((uint256(uint160(owner)) << 96) | index);
}

function ownerOf(AccountId id) pure returns (address) {
    return address(uint160(AccountId.unwrap(id) >> 96));
}

function indexOf(AccountId id) pure returns (uint96) {
    return uint96(AccountId.unwrap(id));
}

function eq(AccountId a, AccountId b) pure returns (bool) {
    return AccountId.unwrap(a) == AccountId.unwrap(b);
}

function neq(AccountId a, AccountId b) pure returns (bool) {
    return AccountId.unwrap(a) != AccountId.unwrap(b);
}
