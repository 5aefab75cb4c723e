// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice What every movement of a token needs of it, in one word.
///
/// | bits    | field     | unit                                                                                  |
/// |---------|-----------|---------------------------------------------------------------------------------------|
/// | 0-91    | total     | {token} counted for accounts                                                          |
/// | 92-183  | reserved  | {token} in the owners' reserves                                                       |
/// | 184-191 | moved     | {1/256 of the total} in and out since the outflow limiter last looked; 255: it always looks |
/// | 192-223 | cap       | {whole token} the most of `total`                                                     |
/// | 224-239 | minimumE4 | {1e-4 whole token}                                                                    |
/// | 240-247 | asset     | the token's number                                                                    |
/// | 248-252 | decimals  | at most 18                                                                            |
/// | 253     | hasClaims | somebody waits for this token, or has not fetched it                                  |
/// | 254     | isLimited | its outflow is limited                                                                |
/// | 255     | isListed  |                                                                                       |
///
/// @dev A cap has 32 bits of tokens of at most 18 decimals: below 2^92.
type TokenState is uint256;

using {
    total,
    reserved,
    moved,
    limits,
    minimum,
    asset,
    hasClaims,
    isLimited,
    isListed,
    withAmounts,
    withMoved,
    withLimits,
    withClaims,
    withLimited
} for TokenState global;

uint256 constant MAX_TOTAL = (1 << 92) - 1;
uint256 constant LIMITS_MASK = 0xffffffffffff << 192;

function newTokenState(uint8 asset_, uint8 decimals) pure returns (TokenState) {
    return TokenState.wrap((1 << 255) | (uint256(decimals) << 248) | (uint256(asset_) << 240));
}

function total(TokenState self) pure returns (uint256) {
    return TokenState.unwrap(self) & MAX_TOTAL;
}

function reserved(TokenState self) pure returns (uint256) {
    return (TokenState.unwrap(self) >> 92) & MAX_TOTAL;
}

function moved(TokenState self) pure returns (uint256) {
    return (TokenState.unwrap(self) >> 184) & 0xff;
}

/// @dev {token} The minimum rounded down, but never zero: a deposit of nothing is a mistake.
function limits(TokenState self) pure returns (uint256 minimum_, uint256 cap) {
    uint256 word = TokenState.unwrap(self);
    unchecked {
        // Decimals are at most 18, so neither product exceeds 2^32 * 1e18.
        uint256 unit = 10 ** ((word >> 248) & 0x1f);
        cap = ((word >> 192) & 0xffffffff) * unit;
        minimum_ = (((word >> 224) & 0xffff) * unit) / 1e4;
    }
    if (minimum_ == 0) minimum_ = 1;
}

/// @dev {token} The smallest deposit, and the smallest claim that waits.
function minimum(TokenState self) pure returns (uint256 amount) {
    (amount, ) = self.limits();
}

function asset(TokenState self) pure returns (uint8) {
    return uint8(TokenState.unwrap(self) >> 240);
}

function hasClaims(TokenState self) pure returns (bool) {
    return TokenState.unwrap(self) & (1 << 253) != 0;
}

function isLimited(TokenState self) pure returns (bool) {
    return TokenState.unwrap(self) & (1 << 254) != 0;
}

function isListed(TokenState self) pure returns (bool) {
    return TokenState.unwrap(self) >> 255 != 0;
}

/// @dev Both are at most {MAX_TOTAL}, which the caller has seen to.
function withAmounts(TokenState self, uint256 total_, uint256 reserved_) pure returns (TokenState) {
    return TokenState.wrap(((TokenState.unwrap(self) >> 184) << 184) | total_ | (reserved_ << 92));
}

function withMoved(TokenState self, uint256 moved_) pure returns (TokenState) {
    return TokenState.wrap((TokenState.unwrap(self) & ~(uint256(0xff) << 184)) | (moved_ << 184));
}

function withLimits(TokenState self, uint32 capWholeTokens, uint16 minimumE4) pure returns (TokenState) {
    uint256 word = (uint256(capWholeTokens) << 192) | (uint256(minimumE4) << 224);
    return TokenState.wrap((TokenState.unwrap(self) & ~LIMITS_MASK) | word);
}

function withClaims(TokenState self, bool some) pure returns (TokenState) {
    uint256 cleared = TokenState.unwrap(self) & ~(uint256(1) << 253);
    return TokenState.wrap(some ? cleared | (1 << 253) : cleared);
}

function withLimited(TokenState self, bool limited) pure returns (TokenState) {
    uint256 cleared = TokenState.unwrap(self) & ~(uint256(1) << 254);
    return TokenState.wrap(limited ? cleared | (1 << 254) : cleared);
}
