// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";

/// @title ConstantFeed
/// @notice A feed that always has just answered the same: the cheapest feed there is, so that the gas table measures the
/// protocol and not an oracle.
contract ConstantFeed is IAggregatorV3 {
    /// @inheritdoc IAggregatorV3
    uint8 public constant override decimals = 8;

    int256 private immutable _ANSWER;

    /// @param answer {1e-8 usd} What the feed answers.
    constructor(int256 answer) {
        _ANSWER = answer;
    }

    /// @inheritdoc IAggregatorV3
    function latestRoundData() external view override returns (uint80, int256, uint256, uint256, uint80) {
        return (1, _ANSWER, block.timestamp, block.timestamp, 1);
    }
}
