// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title SettablePool
/// @notice The part of a Uniswap v3 pool that a price source reads, saying whatever it is told to.
contract SettablePool {
    address public token0;
    address public token1;
    int56 private _then;
    int56 private _now;
    bool private _old;

    constructor(address token0_, address token1_) {
        (token0, token1) = (token0_, token1_);
    }

    /// @notice Sets the sums of ticks at the window's beginning and at its end.
    function setCumulatives(int56 then, int56 today) external {
        (_then, _now) = (then, today);
    }

    /// @notice Sets whether the observations do not reach back.
    function setOld(bool old) external {
        _old = old;
    }

    /// @notice The two sums.
    function observe(
        uint32[] calldata secondsAgo
    ) external view returns (int56[] memory cumulatives, uint160[] memory liquidity) {
        require(!_old && secondsAgo.length == 2 && secondsAgo[0] > secondsAgo[1] && secondsAgo[1] == 0, "OLD");
        cumulatives = new int56[](2);
        (cumulatives[0], cumulatives[1]) = (_then, _now);
        liquidity = new uint160[](2);
    }
}
