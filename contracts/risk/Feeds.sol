// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";

/// @title Feeds
/// @notice Asks contracts that are not trusted. Never reverts: what did not come, came short or ate its gas is not `ok`.
/// @dev Answers are laid over the free memory and read at once, so that nothing is allocated and a dishonest source can
/// neither return a bomb nor make a decoder revert. Words that a short answer leaves unwritten are not used.
library Feeds {
    /// @dev More gas than any honest feed needs, so that a dishonest one cannot eat it all.
    uint256 internal constant FEED_GAS = 200_000;
    /// @dev A pool's average is found by a search over its observations.
    uint256 internal constant SOURCE_GAS = 300_000;
    uint256 internal constant ROUND_BYTES = 160;

    /// @notice The newest round of a Chainlink-style feed.
    function latestRound(
        address feed
    )
        internal
        view
        returns (bool ok, uint256 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint256 answeredInRound)
    {
        bytes4 selector = IAggregatorV3.latestRoundData.selector;
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore(buffer, selector)
            ok := staticcall(FEED_GAS, feed, buffer, 4, buffer, ROUND_BYTES)
            ok := and(ok, gt(returndatasize(), sub(ROUND_BYTES, 1)))
            roundId := mload(buffer)
            answer := mload(add(buffer, 0x20))
            startedAt := mload(add(buffer, 0x40))
            updatedAt := mload(add(buffer, 0x60))
            answeredInRound := mload(add(buffer, 0x80))
        }
    }

    /// @notice The one word that `source` answers to a call without arguments.
    function word(address source, bytes4 selector, uint256 gasLimit) internal view returns (bool ok, uint256 value) {
        assembly ("memory-safe") {
            mstore(0, selector)
            ok := staticcall(gasLimit, source, 0, 4, 0, 0x20)
            ok := and(ok, gt(returndatasize(), 0x1f))
            value := mload(0)
        }
    }
}
