// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAggregatorV3} from "../../../../contracts/interfaces/IAggregatorV3.sol";

/// @title FaultyFeed
/// @notice A feed with every fault a feed can have, one setting each. Without a setting it is honest and fresh.
/// A feed without code is made by `vm.etch(feed, "")`.
contract FaultyFeed is IAggregatorV3 {
    /// @dev How the feed behaves when it is asked for a round.
    enum Behaviour {
        Honest,
        Reverts,
        BurnsGas,
        AnswersFourWords,
        AnswersNothing,
        AnswersAFlood,
        AnswersDirtyWords
    }

    uint8 public override decimals;
    Behaviour public behaviour;
    uint80 public roundId = 1;
    uint80 public answeredInRound = 1;
    int256 public answer;
    uint256 public updatedAt;
    /// @notice Whether the feed always has just answered; off as soon as a time is set.
    bool public fresh = true;

    constructor(uint8 decimals_, int256 answer_) {
        decimals = decimals_;
        answer = answer_;
    }

    /// @notice Sets the answer: zero, negative and huge ones too.
    function setAnswer(int256 answer_) external {
        answer = answer_;
    }

    /// @notice Sets the time of the answer: zero, stale and future ones too.
    function setUpdatedAt(uint256 updatedAt_) external {
        updatedAt = updatedAt_;
        fresh = false;
    }

    /// @notice Makes every answer fresh again.
    function setFresh() external {
        fresh = true;
    }

    /// @notice Sets the round and the one it was answered in; an unanswered round has an older one.
    function setRound(uint80 roundId_, uint80 answeredInRound_) external {
        roundId = roundId_;
        answeredInRound = answeredInRound_;
    }

    /// @notice Changes the decimals under the feed's readers.
    function setDecimals(uint8 decimals_) external {
        decimals = decimals_;
    }

    /// @notice Sets how the feed behaves.
    function setBehaviour(Behaviour behaviour_) external {
        behaviour = behaviour_;
    }

    /// @inheritdoc IAggregatorV3
    function latestRoundData() external view override returns (uint80, int256, uint256, uint256, uint80) {
        Behaviour b = behaviour;
        if (b == Behaviour.Reverts) revert("No data present");
        if (b == Behaviour.BurnsGas) {
            uint256 spun;
            while (gasleft() > 100) ++spun;
        }
        uint256 at = fresh ? block.timestamp : updatedAt;
        if (b == Behaviour.AnswersFourWords) _return(abi.encode(uint256(1), answer, at, at));
        if (b == Behaviour.AnswersNothing) _return("");
        if (b == Behaviour.AnswersAFlood) {
            assembly ("memory-safe") {
                // As much memory as two hundred thousand gas can open, short of what the call has left.
                return(0, 250000)
            }
        }
        if (b == Behaviour.AnswersDirtyWords) {
            _return(abi.encode(type(uint256).max, answer, at, at, type(uint256).max));
        }
        return (roundId, answer, at, at, answeredInRound);
    }

    function _return(bytes memory data) private pure {
        assembly ("memory-safe") {
            return(add(data, 0x20), mload(data))
        }
    }
}
