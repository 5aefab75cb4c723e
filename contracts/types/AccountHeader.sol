// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../base/Errors.sol";

/// @notice Where an account's margin call stands.
/// - None: the account is not called.
/// - Running: below `lower`; the clock counts.
/// - Paused: back above `lower` but not yet at `lowerRestore`; the time already counted is kept.
enum CallState {
    None,
    Running,
    Paused
}

/// @notice What every action needs of an account, in one word.
///
/// | bits    | field            | unit                                                                          |
/// |---------|------------------|-------------------------------------------------------------------------------|
/// | 0-87    | cashShares       | signed shares: positive of the supply index, negative of the borrow index      |
/// | 88-119  | callSince        | s, when the margin call's clock last started to run                            |
/// | 120-143 | callElapsed      | s counted before the last pause; saturates at 194 days                         |
/// | 144-175 | lastPoke         | s, when somebody last looked at the account while it was called or liquidatable |
/// | 176-207 | liquidationSince | s, when the account was first seen below maintenance; 0 while it is not        |
/// | 208-239 | riskBlock        | the block of the owner's last action that raised risk                          |
/// | 240-247 | callState        | {CallState}                                                                   |
/// | 248     | provision        | a provision for this account is open                                          |
/// | 249-254 | positions        | how many positions the account has                                            |
///
/// @dev Times are 32 bits and last until the year 2106.
type AccountHeader is uint256;

using {
    cashShares,
    callSince,
    callElapsed,
    lastPoke,
    liquidationSince,
    riskBlock,
    callState,
    hasProvision,
    isCalm,
    positionCount,
    mayOwe,
    withCashShares,
    withCall,
    withLastPoke,
    withLiquidationSince,
    withRiskBlock,
    withProvision,
    withPositionCount
} for AccountHeader global;

uint256 constant CASH_MASK = (1 << 88) - 1;
uint256 constant U32_MASK = (1 << 32) - 1;
uint256 constant U24_MASK = (1 << 24) - 1;
uint256 constant CALL_MASK = (U32_MASK << 88) | (U24_MASK << 120) | (0xff << 240);
/// @dev The bits that are zero while an account is neither called, nor below maintenance, nor provisioned for.
uint256 constant CALM_MASK = (U32_MASK << 176) | (0x1ff << 240);
uint256 constant COUNT_MASK = 0x3f << 249;

function cashShares(AccountHeader self) pure returns (int256) {
    return int88(uint88(AccountHeader.unwrap(self)));
}

function callSince(AccountHeader self) pure returns (uint256) {
    return (AccountHeader.unwrap(self) >> 88) & U32_MASK;
}

function callElapsed(AccountHeader self) pure returns (uint256) {
    return (AccountHeader.unwrap(self) >> 120) & U24_MASK;
}

function lastPoke(AccountHeader self) pure returns (uint256) {
    return (AccountHeader.unwrap(self) >> 144) & U32_MASK;
}

function liquidationSince(AccountHeader self) pure returns (uint256) {
    return (AccountHeader.unwrap(self) >> 176) & U32_MASK;
}

function riskBlock(AccountHeader self) pure returns (uint256) {
    return (AccountHeader.unwrap(self) >> 208) & U32_MASK;
}

function callState(AccountHeader self) pure returns (CallState) {
    return CallState((AccountHeader.unwrap(self) >> 240) & 0xff);
}

function hasProvision(AccountHeader self) pure returns (bool) {
    return (AccountHeader.unwrap(self) >> 248) & 1 == 1;
}

/// @dev Neither called, nor below maintenance when last seen, nor provisioned for: nothing to update after a cure.
function isCalm(AccountHeader self) pure returns (bool) {
    return AccountHeader.unwrap(self) & CALM_MASK == 0;
}

function positionCount(AccountHeader self) pure returns (uint256) {
    return (AccountHeader.unwrap(self) & COUNT_MASK) >> 249;
}

/// @dev Whether prices can make the account owe what it has not: with neither debt nor positions it needs none.
function mayOwe(AccountHeader self) pure returns (bool) {
    return self.cashShares() < 0 || AccountHeader.unwrap(self) & COUNT_MASK != 0;
}

function withCashShares(AccountHeader self, int256 shares) pure returns (AccountHeader) {
    if (shares > type(int88).max || shares < type(int88).min) {
        revert Errors.MarginAccount_CashOverflow(shares, type(int88).max);
    }
    return AccountHeader.wrap((AccountHeader.unwrap(self) & ~CASH_MASK) | (uint256(shares) & CASH_MASK));
}

/// @param elapsed {s} Saturated here, so that a call that was never cured cannot overflow its field.
function withCall(AccountHeader self, CallState state, uint256 since, uint256 elapsed) pure returns (AccountHeader) {
    if (elapsed > U24_MASK) elapsed = U24_MASK;
    uint256 cleared = AccountHeader.unwrap(self) & ~CALL_MASK;
    return AccountHeader.wrap(cleared | ((since & U32_MASK) << 88) | (elapsed << 120) | (uint256(state) << 240));
}

function withLastPoke(AccountHeader self, uint256 timestamp) pure returns (AccountHeader) {
    return AccountHeader.wrap((AccountHeader.unwrap(self) & ~(U32_MASK << 144)) | ((timestamp & U32_MASK) << 144));
}

function withLiquidationSince(AccountHeader self, uint256 timestamp) pure returns (AccountHeader) {
    return AccountHeader.wrap((AccountHeader.unwrap(self) & ~(U32_MASK << 176)) | ((timestamp & U32_MASK) << 176));
}

function withRiskBlock(AccountHeader self, uint256 blockNumber) pure returns (AccountHeader) {
    return AccountHeader.wrap((AccountHeader.unwrap(self) & ~(U32_MASK << 208)) | ((blockNumber & U32_MASK) << 208));
}

function withProvision(AccountHeader self, bool open) pure returns (AccountHeader) {
    uint256 cleared = AccountHeader.unwrap(self) & ~(uint256(1) << 248);
    return AccountHeader.wrap(open ? cleared | (uint256(1) << 248) : cleared);
}

/// @dev At most 32, which the book sees to.
function withPositionCount(AccountHeader self, uint256 count) pure returns (AccountHeader) {
    return AccountHeader.wrap((AccountHeader.unwrap(self) & ~COUNT_MASK) | (count << 249));
}
