// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @dev How an asset's price shock follows its volatility; governed, one slot. A multiplier of zero: the shock is constant.
struct LevelParameters {
    uint16 multiplierE2; // {1e-2} k: the shock is k times the volatility over the horizon
    uint24 horizonSeconds; // {s} from a price's move until a liquidation is through
    uint16 minimumBps; // s_min
    uint16 maximumMaintenanceBps; // s_max for maintenance margin
    uint16 maximumInitialBps; // s_max for initial margin
    uint16 moveCapBps; // the largest move that one update may report
    uint24 rampSeconds; // {s} in which maintenance may rise from s_min to s_max
    uint24 halfLifeSeconds; // {s} half life, faster than which neither level falls
}

/// @dev What an asset's volatility is and what became of its levels. Two slots, which no margin reads: the levels that margins
/// use lie in {ListedAsset}.
struct LevelState {
    // slot 0
    uint80 fastVariance; // {1/year E18} half life 24 h
    uint80 slowVariance; // {1/year E18} half life 240 h
    uint32 updatedAt; // {s}
    uint64 wantedE18; // {1} k * sigma * sqrt(horizon) of the last update, at most CEILING
    // slot 1
    uint128 priceE18; // {quote/whole token} of the last update
    uint64 maintenanceE18; // {1} s_u for maintenance margin
    uint64 initialE18; // {1} s_u for initial margin
}
