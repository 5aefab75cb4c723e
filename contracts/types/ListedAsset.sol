// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BPS, MAX_DECIMALS, WAD} from "../base/Constants.sol";

/// @notice All that pricing and margining an asset needs to know of it, in one word: one load for each leg of an account.
///
/// | bits    | field                  | unit                                                |
/// |---------|------------------------|-----------------------------------------------------|
/// | 0-159   | feed                   | address; 0: none is set                             |
/// | 160-173 | maxAge                 | minutes, heartbeat and slack                        |
/// | 174-178 | feedDecimals           |                                                     |
/// | 179-183 | tokenDecimals          |                                                     |
/// | 184-195 | shockMaintenance       | bps; 0: the asset has no risk parameters             |
/// | 196-207 | shockInitial           | bps, before the initial factor                      |
/// | 208-217 | haircutMaintenance     | 5 bps                                               |
/// | 218-227 | haircutInitial         | 5 bps                                               |
/// | 228-235 | initialFactor          | percent above one                                   |
/// | 236-248 | sizeCoefficient        | 10 bps                                              |
/// | 249-252 | feedPhase              | the low bits of the proxy's phase                   |
/// | 253     | guarded                | 1: a further slot says more                         |
///
/// What the further slot is: for a collateral its second source and its price bounds, for the quote, which has neither, the
/// sequencer of the chain.
///
/// @dev The setters of adapter and engine hold each field to bounds that fit it.
type ListedAsset is uint256;

using {
    feed,
    maxAgeSeconds,
    feedDecimals,
    tokenDecimals,
    unit,
    feedScale,
    shockMaintenanceBps,
    shockInitialBps,
    haircutMaintenanceBps,
    haircutInitialBps,
    initialFactorBps,
    sizeCoefficientBps,
    feedPhase,
    guarded,
    withFeed,
    withRisk,
    withShocks,
    withGuard
} for ListedAsset global;

/// @dev What these fields are counted in; their setters refuse what lies between.
uint256 constant MAX_AGE_STEP = 1 minutes;
uint256 constant INITIAL_FACTOR_STEP = 100;
uint256 constant SIZE_COEFFICIENT_STEP = 10;
uint256 constant HAIRCUT_STEP = 5;

uint256 constant FEED_PART = ((1 << 184) - 1) | (PHASE_MASK << 249);
uint256 constant SHOCK_PART = 0xffffff << 184;
uint256 constant RISK_PART = ((1 << 41) - 1) << 208;
uint256 constant GUARD = 1 << 253;
uint256 constant PHASE_MASK = 0xf;

// A field of at most fourteen bits times its step does not overflow.

function feed(ListedAsset self) pure returns (address) {
    return address(uint160(ListedAsset.unwrap(self)));
}

function maxAgeSeconds(ListedAsset self) pure returns (uint256) {
    unchecked {
        return ((ListedAsset.unwrap(self) >> 160) & 0x3fff) * MAX_AGE_STEP;
    }
}

function feedDecimals(ListedAsset self) pure returns (uint256) {
    return (ListedAsset.unwrap(self) >> 174) & 0x1f;
}

function tokenDecimals(ListedAsset self) pure returns (uint256) {
    return (ListedAsset.unwrap(self) >> 179) & 0x1f;
}

/// @dev {token} One whole token. A comparison costs less than half of a power, and most tokens have 18 decimals.
function unit(ListedAsset self) pure returns (uint256) {
    uint256 decimals = self.tokenDecimals();
    unchecked {
        // At most 18 are listed.
        return decimals == MAX_DECIMALS ? WAD : 10 ** decimals;
    }
}

/// @dev What an answer is multiplied with to have 18 decimals. As above: most feeds have 8.
function feedScale(ListedAsset self) pure returns (uint256) {
    uint256 decimals = self.feedDecimals();
    unchecked {
        // At most 18 are listed.
        return decimals == 8 ? 1e10 : 10 ** (MAX_DECIMALS - decimals);
    }
}

function shockMaintenanceBps(ListedAsset self) pure returns (uint256) {
    return (ListedAsset.unwrap(self) >> 184) & 0xfff;
}

function shockInitialBps(ListedAsset self) pure returns (uint256) {
    return (ListedAsset.unwrap(self) >> 196) & 0xfff;
}

function haircutMaintenanceBps(ListedAsset self) pure returns (uint256) {
    unchecked {
        return ((ListedAsset.unwrap(self) >> 208) & 0x3ff) * HAIRCUT_STEP;
    }
}

function haircutInitialBps(ListedAsset self) pure returns (uint256) {
    unchecked {
        return ((ListedAsset.unwrap(self) >> 218) & 0x3ff) * HAIRCUT_STEP;
    }
}

function initialFactorBps(ListedAsset self) pure returns (uint256) {
    unchecked {
        return ((ListedAsset.unwrap(self) >> 228) & 0xff) * INITIAL_FACTOR_STEP + BPS;
    }
}

function sizeCoefficientBps(ListedAsset self) pure returns (uint256) {
    unchecked {
        return ((ListedAsset.unwrap(self) >> 236) & 0x1fff) * SIZE_COEFFICIENT_STEP;
    }
}

function feedPhase(ListedAsset self) pure returns (uint256) {
    return (ListedAsset.unwrap(self) >> 249) & PHASE_MASK;
}

function guarded(ListedAsset self) pure returns (bool) {
    return ListedAsset.unwrap(self) & GUARD != 0;
}

/// @dev The word with another feed and the same risk parameters.
function withFeed(
    ListedAsset self,
    address source,
    uint256 maxAge,
    uint256 decimalsOfFeed,
    uint256 decimalsOfToken,
    uint256 phase
) pure returns (ListedAsset) {
    uint256 part =
        uint256(uint160(source)) |
            ((maxAge / MAX_AGE_STEP) << 160) |
            (decimalsOfFeed << 174) |
            (decimalsOfToken << 179) |
            ((phase & PHASE_MASK) << 249);
    return ListedAsset.wrap((ListedAsset.unwrap(self) & ~FEED_PART) | part);
}

/// @dev The word with other haircuts, factor and coefficient; feed and shocks stay.
function withRisk(
    ListedAsset self,
    uint256 haircutMaintenance,
    uint256 haircutInitial,
    uint256 initialFactor,
    uint256 sizeCoefficient
) pure returns (ListedAsset) {
    uint256 part =
        ((haircutMaintenance / HAIRCUT_STEP) << 208) |
            ((haircutInitial / HAIRCUT_STEP) << 218) |
            (((initialFactor - BPS) / INITIAL_FACTOR_STEP) << 228) |
            ((sizeCoefficient / SIZE_COEFFICIENT_STEP) << 236);
    return ListedAsset.wrap((ListedAsset.unwrap(self) & ~RISK_PART) | part);
}

/// @dev The word with other shocks.
function withShocks(ListedAsset self, uint256 maintenance, uint256 initial) pure returns (ListedAsset) {
    return ListedAsset.wrap((ListedAsset.unwrap(self) & ~SHOCK_PART) | (maintenance << 184) | (initial << 196));
}

/// @dev The word that says whether a further slot is to be read.
function withGuard(ListedAsset self, bool on) pure returns (ListedAsset) {
    uint256 word = ListedAsset.unwrap(self);
    return ListedAsset.wrap(on ? word | GUARD : word & ~GUARD);
}
