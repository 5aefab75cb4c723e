// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ShortString, ShortStrings} from "@openzeppelin/contracts/utils/ShortStrings.sol";

/// @title SettableAggregator
/// @notice A Chainlink aggregator whose answers are pushed by anyone: it stands behind the real price proxies on the
/// replica, and replaces the code of the real aggregators on a fork of mainnet.
/// @dev Where it replaces another contract's code that contract's storage stays behind. Hence the configuration is
/// immutable (it travels inside the code) and the rounds live in a namespaced slot, where nothing was written before.
/// Unknown rounds answer zeros and an empty feed reverts, as mainnet's off-chain-reporting aggregators do.
/// No access check: on mainnet only the proxy may read, here a test may look behind it too.
contract SettableAggregator {
    using ShortStrings for string;
    using ShortStrings for ShortString;

    /// @dev One slot, packed as mainnet packs it.
    struct Round {
        int192 answer; // {1e-decimals} the price
        uint64 updatedAt; // {s} when it was observed
    }

    /// @custom:storage-location erc7201:ballast.mocks.SettableAggregator
    struct Feed {
        // slot 0
        uint32 latestRound;
        // slot 1
        mapping(uint256 position => Round) rounds;
    }

    /// @notice Rounds that can still be read: five and a half days of one each two minutes. A ring keeps the state of a
    /// long simulation bounded.
    uint256 public constant HISTORY = 4_096;

    /// @dev keccak256(abi.encode(uint256(keccak256("ballast.mocks.SettableAggregator")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant FEED_SLOT = 0x5fd4abd509a6bd2e481342e48ac53f48e042047ae362aa211441c3f9c1ecbf00;

    /// @notice The version of the aggregator interface.
    uint256 public constant version = 4;

    /// @notice Decimals of an answer.
    uint8 public immutable decimals;

    uint32 private immutable _ROUNDS_BEFORE;
    ShortString private immutable _DESCRIPTION;

    /// @dev The event of Chainlink's `AggregatorInterface`, so that a monitor sees what it would see on mainnet.
    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    /// @notice Thrown when an answer does not fit the packed round.
    error SettableAggregator_OutOfRange(int256 answer, uint256 updatedAt);

    /// @param description_ Pair of the feed, "ETH / USD"; at most 31 bytes.
    /// @param decimals_ Decimals of an answer.
    /// @param roundsBefore The last round of the aggregator whose code this one replaces: rounds go on from there, since
    /// consumers reject a round that goes back. Zero for a new feed.
    constructor(string memory description_, uint8 decimals_, uint32 roundsBefore) {
        _DESCRIPTION = description_.toShortString();
        decimals = decimals_;
        _ROUNDS_BEFORE = roundsBefore;
    }

    /// @notice Opens a round with `answer`, observed at `updatedAt` {s}. Emits {AnswerUpdated}.
    /// @dev Zero, negative, old and future observations are accepted: consumers must be tested against them.
    function push(int256 answer, uint256 updatedAt) external {
        if (answer != int192(answer) || updatedAt != uint64(updatedAt)) {
            revert SettableAggregator_OutOfRange(answer, updatedAt);
        }
        Feed storage feed = _feed();
        uint32 roundId = uint32(latestRound()) + 1;
        feed.latestRound = roundId;
        feed.rounds[roundId % HISTORY] = Round({answer: int192(answer), updatedAt: uint64(updatedAt)});
        emit AnswerUpdated(answer, roundId, updatedAt);
    }

    /// @notice Pair of the feed.
    function description() external view returns (string memory) {
        return _DESCRIPTION.toString();
    }

    /// @notice The newest answer; zero when there is none.
    function latestAnswer() external view returns (int256) {
        return getAnswer(latestRound());
    }

    /// @notice When the newest answer was observed; zero when there is none.
    function latestTimestamp() external view returns (uint256) {
        return getTimestamp(latestRound());
    }

    /// @notice The newest round, whole.
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        uint256 roundId = latestRound();
        require(_feed().latestRound != 0, "No data present");
        return getRoundData(uint80(roundId));
    }

    /// @notice The newest round's id.
    function latestRound() public view returns (uint256) {
        uint32 pushed = _feed().latestRound;
        return pushed > _ROUNDS_BEFORE ? pushed : _ROUNDS_BEFORE;
    }

    /// @notice The answer of a round; zero when it is unknown.
    function getAnswer(uint256 roundId) public view returns (int256) {
        return _roundAt(roundId).answer;
    }

    /// @notice When a round was observed; zero when it is unknown.
    function getTimestamp(uint256 roundId) public view returns (uint256) {
        return _roundAt(roundId).updatedAt;
    }

    /// @notice A round, whole; zeros under its own id when it is unknown.
    function getRoundData(uint80 roundId) public view returns (uint80, int256, uint256, uint256, uint80) {
        Round memory round = _roundAt(roundId);
        return (roundId, round.answer, round.updatedAt, round.updatedAt, roundId);
    }

    /// @dev A position of the ring is written once in each turn, so it belongs to `roundId` exactly when that is in the
    /// last turn; rounds of a replaced aggregator were never written and read as zero.
    function _roundAt(uint256 roundId) private view returns (Round memory round) {
        uint256 latest = latestRound();
        if (roundId <= latest && roundId + HISTORY > latest) round = _feed().rounds[roundId % HISTORY];
    }

    function _feed() private pure returns (Feed storage feed) {
        assembly ("memory-safe") {
            feed.slot := FEED_SLOT
        }
    }
}
