// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice What lies in the reserve of an account in one asset, in one word.
///
/// | bits   | field  | unit                                            |
/// |--------|--------|-------------------------------------------------|
/// | 0-91   | amount | {token}                                         |
/// | 92-251 | token  | the asset's; zero until something has lain here |
///
/// @dev The token's address stands beside the amount, so that a move between account and reserve need not look it up.
type Reserve is uint256;

using {amount, token} for Reserve global;

function newReserve(address token_, uint256 amount_) pure returns (Reserve) {
    return Reserve.wrap((uint256(uint160(token_)) << 92) | amount_);
}

function amount(Reserve self) pure returns (uint256) {
    return Reserve.unwrap(self) & ((1 << 92) - 1);
}

function token(Reserve self) pure returns (address) {
    return address(uint160(Reserve.unwrap(self) >> 92));
}
