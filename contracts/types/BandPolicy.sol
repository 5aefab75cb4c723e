// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {E6_TO_E18} from "../base/Constants.sol";

/// @notice An owner's wishes for one account, in one word. All zero means "the defaults of {defaultPolicy}".
///
/// | bits    | field             | unit                                                                           |
/// |---------|-------------------|--------------------------------------------------------------------------------|
/// | 0-31    | lowerE6           | health at which the account is topped up or called                             |
/// | 32-63   | lowerRestoreE6    | health that a top-up restores                                                   |
/// | 64-95   | upperRestoreE6    | health that a release restores                                                  |
/// | 96-127  | upperE6           | health above which collateral is released; 0 is infinite                        |
/// | 128-151 | graceSeconds      | s from a margin call to its deadline                                            |
/// | 152-167 | keeperPayCap      | whole quote units; what one rebalance may cost the account at most              |
/// | 168     | releaseToWallet   | release to the owner's wallet instead of the reserve                            |
/// | 169     | walletTopUp       | top up from the owner's wallet too, by allowance, within the daily limit        |
/// | 176-239 | assetOrder        | up to eight asset numbers, the first in the lowest byte; 0 ends the list        |
/// | 240     | isSet             | the owner has set a policy                                                      |
///
/// @dev `assetOrder` names the collaterals that a rebalance may move, in the owner's order. Cash always comes first and is
/// not named.
type BandPolicy is uint256;

using {
    lower,
    lowerRestore,
    upperRestore,
    upper,
    graceSeconds,
    keeperPayCapE18,
    releasesToWallet,
    topsUpFromWallet,
    assetOrder,
    isSet
} for BandPolicy global;

/// @dev A policy as its owner writes it; see {BandPolicy} for the fields.
struct PolicyFields {
    uint32 lowerE6;
    uint32 lowerRestoreE6;
    uint32 upperRestoreE6;
    uint32 upperE6;
    uint24 graceSeconds;
    uint16 keeperPayCap;
    bool releaseToWallet;
    bool walletTopUp;
    uint64 assetOrder;
}

uint256 constant POLICY_SET = 1 << 240;
uint256 constant RELEASE_TO_WALLET = 1 << 168;
uint256 constant WALLET_TOP_UP = 1 << 169;

function packPolicy(PolicyFields memory f) pure returns (BandPolicy) {
    uint256 word =
        uint256(f.lowerE6) |
            (uint256(f.lowerRestoreE6) << 32) |
            (uint256(f.upperRestoreE6) << 64) |
            (uint256(f.upperE6) << 96) |
            (uint256(f.graceSeconds) << 128) |
            (uint256(f.keeperPayCap) << 152) |
            (uint256(f.assetOrder) << 176) |
            POLICY_SET;
    if (f.releaseToWallet) word |= RELEASE_TO_WALLET;
    if (f.walletTopUp) word |= WALLET_TOP_UP;
    return BandPolicy.wrap(word);
}

/// @dev What holds for an account whose owner set nothing: called below 1.25, restored to 1.6, never released, ten minutes
/// of grace, at most 25 quote units for a keeper, nothing taken from the wallet. Without an `assetOrder` only cash is
/// brought in.
function defaultPolicy() pure returns (BandPolicy) {
    return
        packPolicy(
            PolicyFields({
                lowerE6: 1_250_000,
                lowerRestoreE6: 1_600_000,
                upperRestoreE6: 1_600_000,
                upperE6: 0,
                graceSeconds: 10 minutes,
                keeperPayCap: 25,
                releaseToWallet: false,
                walletTopUp: false,
                assetOrder: 0
            })
        );
}

function lower(BandPolicy self) pure returns (uint256) {
    return (BandPolicy.unwrap(self) & type(uint32).max) * E6_TO_E18;
}

function lowerRestore(BandPolicy self) pure returns (uint256) {
    return ((BandPolicy.unwrap(self) >> 32) & type(uint32).max) * E6_TO_E18;
}

function upperRestore(BandPolicy self) pure returns (uint256) {
    return ((BandPolicy.unwrap(self) >> 64) & type(uint32).max) * E6_TO_E18;
}

/// @dev An `upperE6` of zero is infinite: the account is never released.
function upper(BandPolicy self) pure returns (uint256) {
    uint256 raw = (BandPolicy.unwrap(self) >> 96) & type(uint32).max;
    return raw == 0 ? type(uint256).max : raw * E6_TO_E18;
}

function graceSeconds(BandPolicy self) pure returns (uint256) {
    return (BandPolicy.unwrap(self) >> 128) & type(uint24).max;
}

function keeperPayCapE18(BandPolicy self) pure returns (uint256) {
    return ((BandPolicy.unwrap(self) >> 152) & type(uint16).max) * 1e18;
}

function releasesToWallet(BandPolicy self) pure returns (bool) {
    return BandPolicy.unwrap(self) & RELEASE_TO_WALLET != 0;
}

function topsUpFromWallet(BandPolicy self) pure returns (bool) {
    return BandPolicy.unwrap(self) & WALLET_TOP_UP != 0;
}

/// @return order The list as packed bytes, the first asset in the lowest byte.
function assetOrder(BandPolicy self) pure returns (uint256 order) {
    return (BandPolicy.unwrap(self) >> 176) & type(uint64).max;
}

function isSet(BandPolicy self) pure returns (bool) {
    return BandPolicy.unwrap(self) & POLICY_SET != 0;
}
