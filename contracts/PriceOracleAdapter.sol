// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {MAX_COLLATERALS, QUOTE, WAD} from "./base/Constants.sol";
import {Errors} from "./base/Errors.sol";
import {IAggregatorV3} from "./interfaces/IAggregatorV3.sol";
import {IPriceOracleAdapter} from "./interfaces/IPriceOracleAdapter.sol";
import {Rounding} from "./math/Rounding.sol";

/// @title PriceOracleAdapter
/// @notice Reads Chainlink-style feeds and answers in quote units, with a bid, an ask and a status.
contract PriceOracleAdapter is IPriceOracleAdapter, AccessManaged {
    /// @dev Everything a reading needs, in one slot.
    struct Feed {
        IAggregatorV3 source; // 20 bytes
        uint32 maxAgeSeconds; // {s} heartbeat and slack
        uint8 feedDecimals;
        uint8 tokenDecimals;
    }

    uint24 internal constant MIN_HEARTBEAT = 1 minutes;
    uint24 internal constant MAX_HEARTBEAT = 7 days;
    uint24 internal constant MAX_SLACK = 1 days;
    uint8 internal constant MAX_DECIMALS = 18;

    /// @dev A feed's answer is five words; more gas than any honest feed needs, so that a dishonest one cannot eat it all.
    uint256 internal constant FEED_GAS = 200_000;
    uint256 internal constant ROUND_BYTES = 160;

    /// @dev The largest answer that is believed: with 18 decimals more than all money there is, and no product overflows.
    uint256 internal constant MAX_ANSWER = type(uint128).max;

    // slot 0
    mapping(uint8 asset => Feed feed) private _feeds;

    constructor(address authority) AccessManaged(authority) {}

    /// @inheritdoc IPriceOracleAdapter
    function setFeed(
        uint8 asset,
        address feed,
        uint8 tokenDecimals,
        uint24 heartbeatSeconds,
        uint24 slackSeconds
    ) external restricted {
        // Checks: a feed that cannot even name its decimals is a mistake in the listing.
        if (feed.code.length == 0) revert Errors.PriceOracleAdapter_NoFeed(asset);
        uint8 feedDecimals = IAggregatorV3(feed).decimals();
        if (feedDecimals > MAX_DECIMALS) _outOfBounds("feedDecimals", feedDecimals, MAX_DECIMALS);
        if (tokenDecimals > MAX_DECIMALS) _outOfBounds("tokenDecimals", tokenDecimals, MAX_DECIMALS);
        if (heartbeatSeconds < MIN_HEARTBEAT) _outOfBounds("heartbeatSeconds", heartbeatSeconds, MIN_HEARTBEAT);
        if (heartbeatSeconds > MAX_HEARTBEAT) _outOfBounds("heartbeatSeconds", heartbeatSeconds, MAX_HEARTBEAT);
        if (slackSeconds > MAX_SLACK) _outOfBounds("slackSeconds", slackSeconds, MAX_SLACK);

        // Effects
        _feeds[asset] = Feed({
            source: IAggregatorV3(feed),
            maxAgeSeconds: uint32(heartbeatSeconds) + slackSeconds,
            feedDecimals: feedDecimals,
            tokenDecimals: tokenDecimals
        });
        emit FeedSet(asset, feed, heartbeatSeconds, slackSeconds, feedDecimals);
    }

    /// @inheritdoc IPriceOracleAdapter
    function prices(uint256 assets) external view returns (Price[] memory result) {
        uint256 count;
        while (count < MAX_COLLATERALS && uint8(assets >> (8 * count)) != QUOTE) ++count;
        result = new Price[](count);
        if (count == 0) return result;

        (uint256 quoteAnswer, Feed memory quoteFeed, Fault quoteFault) = _read(QUOTE);
        for (uint256 i; i < count; ++i) {
            _fill(result[i], uint8(assets >> (8 * i)), quoteAnswer, quoteFeed, quoteFault);
        }
    }

    /// @inheritdoc IPriceOracleAdapter
    function price(uint8 asset) external view returns (Price memory result, Fault fault) {
        fault = _price(asset, result);
    }

    /// @inheritdoc IPriceOracleAdapter
    function requirePrice(uint8 asset) external view returns (uint256 bidE18, uint256 askE18) {
        Price memory result;
        Fault fault = _price(asset, result);
        if (fault != Fault.None) revert Errors.PriceOracleAdapter_Halted(asset, uint8(fault));
        return (result.bidE18, result.askE18);
    }

    /// @inheritdoc IPriceOracleAdapter
    function feedOf(
        uint8 asset
    ) external view returns (address feed, uint8 feedDecimals, uint8 tokenDecimals, uint24 maxAgeSeconds) {
        Feed memory f = _feeds[asset];
        return (address(f.source), f.feedDecimals, f.tokenDecimals, uint24(f.maxAgeSeconds));
    }

    function _price(uint8 asset, Price memory result) private view returns (Fault) {
        (uint256 quoteAnswer, Feed memory quoteFeed, Fault quoteFault) = _read(QUOTE);
        return _fill(result, asset, quoteAnswer, quoteFeed, quoteFault);
    }

    /// @dev Writes the price of `asset` into `result`. Without the quote's own price there is none of anything.
    function _fill(
        Price memory result,
        uint8 asset,
        uint256 quoteAnswer,
        Feed memory quoteFeed,
        Fault quoteFault
    ) private view returns (Fault) {
        (uint256 answer, Feed memory feed, Fault fault) = _read(asset);
        result.unit = 10 ** feed.tokenDecimals;
        if (fault != Fault.None) return fault;
        if (quoteFault != Fault.None) return quoteFault;

        // {quote/whole token} = {usd/whole token} / {usd/whole quote}, both brought to one scale
        uint256 numerator = answer * 10 ** quoteFeed.feedDecimals;
        uint256 denominator = quoteAnswer * 10 ** feed.feedDecimals;
        result.bidE18 = Rounding.mulDivDown(numerator, WAD, denominator);
        result.askE18 = Rounding.mulDivUp(numerator, WAD, denominator);
        result.status = Status.Live;
        return Fault.None;
    }

    /// @dev One reading of one feed. Never reverts: what is wrong comes back as a fault.
    function _read(uint8 asset) private view returns (uint256, Feed memory feed, Fault) {
        feed = _feeds[asset];
        if (address(feed.source) == address(0)) return (0, feed, Fault.NoFeed);

        (bool ok, bytes memory data) = address(feed.source).staticcall{gas: FEED_GAS}(
            abi.encodeCall(IAggregatorV3.latestRoundData, ())
        );
        // A feed without code answers nothing, successfully.
        if (!ok || data.length < ROUND_BYTES) return (0, feed, Fault.Reverting);
        // Decoded as full words: a round id that does not fit its type must not revert here.
        (uint256 roundId, int256 answer, , uint256 updatedAt, uint256 answeredInRound) = abi.decode(
            data,
            (uint256, int256, uint256, uint256, uint256)
        );

        if (answer <= 0 || uint256(answer) > MAX_ANSWER) return (0, feed, Fault.NotPositive);
        if (updatedAt == 0 || answeredInRound < roundId) return (0, feed, Fault.Unanswered);
        if (updatedAt > block.timestamp) return (0, feed, Fault.FromTheFuture);
        if (block.timestamp - updatedAt > feed.maxAgeSeconds) return (0, feed, Fault.Stale);
        return (uint256(answer), feed, Fault.None);
    }

    function _outOfBounds(bytes32 field, uint256 found, uint256 bound) private pure {
        revert Errors.PriceOracleAdapter_ParameterOutOfBounds(field, found, bound);
    }
}
