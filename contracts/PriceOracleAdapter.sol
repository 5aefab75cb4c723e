// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {MAX_COLLATERALS, QUOTE, WAD} from "./base/Constants.sol";
import {Errors} from "./base/Errors.sol";
import {IAggregatorV3} from "./interfaces/IAggregatorV3.sol";
import {IPriceOracleAdapter} from "./interfaces/IPriceOracleAdapter.sol";
import {ListedAsset, MAX_AGE_STEP} from "./types/ListedAsset.sol";

/// @title PriceOracleAdapter
/// @notice Reads Chainlink-style feeds and answers in quote units, with a bid, an ask and a status.
/// @dev RiskEngine inherits it, so that pricing an account is one call and not two; it can as well stand alone.
contract PriceOracleAdapter is IPriceOracleAdapter, AccessManaged {
    uint24 internal constant MIN_HEARTBEAT = 1 minutes;
    uint24 internal constant MAX_HEARTBEAT = 7 days;
    uint24 internal constant MAX_SLACK = 1 days;
    uint8 internal constant MAX_DECIMALS = 18;

    /// @dev A feed's answer is five words; more gas than any honest feed needs, so that a dishonest one cannot eat it all.
    uint256 internal constant FEED_GAS = 200_000;
    uint256 internal constant ROUND_BYTES = 160;

    /// @dev The largest answer that is believed: with 18 decimals far more than all money there is. Prices stay below 2^128.
    uint256 internal constant MAX_ANSWER = type(uint96).max;

    // slot 0 is AccessManaged's authority
    // slot 1
    mapping(uint8 asset => ListedAsset) internal _assets;

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
        if (feedDecimals > MAX_DECIMALS) _feedOutOfBounds("feedDecimals", feedDecimals, MAX_DECIMALS);
        if (tokenDecimals > MAX_DECIMALS) _feedOutOfBounds("tokenDecimals", tokenDecimals, MAX_DECIMALS);
        if (heartbeatSeconds < MIN_HEARTBEAT) _feedOutOfBounds("heartbeatSeconds", heartbeatSeconds, MIN_HEARTBEAT);
        if (heartbeatSeconds > MAX_HEARTBEAT) _feedOutOfBounds("heartbeatSeconds", heartbeatSeconds, MAX_HEARTBEAT);
        if (slackSeconds > MAX_SLACK) _feedOutOfBounds("slackSeconds", slackSeconds, MAX_SLACK);
        uint256 maxAge = uint256(heartbeatSeconds) + slackSeconds;
        if (maxAge % MAX_AGE_STEP != 0) _feedOutOfBounds("maxAgeSeconds", maxAge, MAX_AGE_STEP);

        // Effects
        _assets[asset] = _assets[asset].withFeed(feed, maxAge, feedDecimals, tokenDecimals);
        emit FeedSet(asset, feed, heartbeatSeconds, slackSeconds, feedDecimals);
    }

    /// @inheritdoc IPriceOracleAdapter
    function prices(uint256 assets) external view returns (Price[] memory result) {
        uint256 count;
        while (count < MAX_COLLATERALS && uint8(assets >> (8 * count)) != QUOTE) ++count;
        result = new Price[](count);
        if (count == 0) return result;

        (uint256 quoteScale, Fault quoteFault) = _quoteSide();
        for (uint256 i; i < count; ++i) {
            (result[i], ) = _price(uint8(assets >> (8 * i)), quoteScale, quoteFault);
        }
    }

    /// @inheritdoc IPriceOracleAdapter
    function price(uint8 asset) external view returns (Price memory, Fault) {
        (uint256 quoteScale, Fault quoteFault) = _quoteSide();
        return _price(asset, quoteScale, quoteFault);
    }

    /// @inheritdoc IPriceOracleAdapter
    function requirePrice(uint8 asset) external view returns (uint256 bidE18, uint256 askE18) {
        (uint256 quoteScale, Fault quoteFault) = _quoteSide();
        (Price memory result, Fault fault) = _price(asset, quoteScale, quoteFault);
        if (fault != Fault.None) revert Errors.PriceOracleAdapter_Halted(asset, uint8(fault));
        return (result.bidE18, result.askE18);
    }

    /// @inheritdoc IPriceOracleAdapter
    function feedOf(
        uint8 asset
    ) external view returns (address feed, uint8 feedDecimals, uint8 tokenDecimals, uint24 maxAgeSeconds) {
        ListedAsset a = _assets[asset];
        return (a.feed(), uint8(a.feedDecimals()), uint8(a.tokenDecimals()), uint24(a.maxAgeSeconds()));
    }

    /// @dev The price of an asset given the quote's side of it. Without the quote's own price there is none of anything.
    function _price(
        uint8 asset,
        uint256 quoteScale,
        Fault quoteFault
    ) private view returns (Price memory result, Fault fault) {
        uint256 remainder;
        (result.bidE18, remainder, result.unit, fault) = _bid(_assets[asset], quoteScale, quoteFault);
        if (fault != Fault.None) {
            result.bidE18 = 0;
            return (result, fault);
        }
        result.askE18 = remainder == 0 ? result.bidE18 : result.bidE18 + 1;
        result.status = Status.Live;
    }

    /// @dev The bid of an asset and what its rounding left; the hot half of {_price}, without memory. That of a stale answer
    /// comes with its fault; any other fault leaves no bid.
    function _bid(
        ListedAsset asset,
        uint256 quoteScale,
        Fault quoteFault
    ) internal view returns (uint256 bidE18, uint256 remainder, uint256 unit, Fault fault) {
        uint256 answer;
        uint256 feedDecimals;
        (answer, feedDecimals, unit, fault) = _read(asset);
        unchecked {
            // Decimals are at most 18, so a power is at most 1e18.
            unit = 10 ** unit;
            if (fault != Fault.None && fault != Fault.Stale) return (0, 0, unit, fault);
            if (quoteFault != Fault.None) return (0, 0, unit, fault == Fault.None ? quoteFault : fault);
            // {quote/whole token E18} = {usd/whole token} / {usd/whole quote}, both with 18 decimals
            // Numerator < 2^96 * 1e18 < 2^156; times 1e18 < 2^216.
            uint256 numerator = answer * 10 ** (MAX_DECIMALS - feedDecimals) * WAD;
            bidE18 = numerator / quoteScale;
            remainder = numerator % quoteScale;
        }
    }

    /// @dev {usd/whole quote E18} The quote's own answer with 18 decimals.
    function _quoteSide() internal view returns (uint256 scale, Fault fault) {
        uint256 feedDecimals;
        (scale, feedDecimals, , fault) = _read(_assets[QUOTE]);
        unchecked {
            // As above: below 2^156.
            scale *= 10 ** (MAX_DECIMALS - feedDecimals);
        }
    }

    /// @dev One reading of one feed. Never reverts: what is wrong comes back as a fault, a stale answer with its value.
    function _read(
        ListedAsset asset
    ) private view returns (uint256 value, uint256 feedDecimals, uint256 tokenDecimals, Fault) {
        address source = asset.feed();
        (feedDecimals, tokenDecimals) = (asset.feedDecimals(), asset.tokenDecimals());
        if (source == address(0)) return (0, feedDecimals, tokenDecimals, Fault.NoFeed);

        bytes4 selector = IAggregatorV3.latestRoundData.selector;
        bool ok;
        uint256 roundId;
        int256 answer;
        uint256 updatedAt;
        uint256 answeredInRound;
        assembly ("memory-safe") {
            // The answer's five words are laid over the free memory and read at once, so that nothing is allocated and a
            // dishonest feed can neither return a bomb nor make a decoder revert. Words a short answer leaves unwritten
            // are not read: its size is checked below.
            let buffer := mload(0x40)
            mstore(buffer, selector)
            ok := staticcall(FEED_GAS, source, buffer, 4, buffer, ROUND_BYTES)
            ok := and(ok, gt(returndatasize(), sub(ROUND_BYTES, 1)))
            roundId := mload(buffer)
            answer := mload(add(buffer, 0x20))
            updatedAt := mload(add(buffer, 0x60))
            answeredInRound := mload(add(buffer, 0x80))
        }
        Fault fault = Fault.None;
        if (!ok) fault = Fault.Reverting;
        else if (answer <= 0 || uint256(answer) > MAX_ANSWER) fault = Fault.NotPositive;
        else if (updatedAt == 0 || answeredInRound < roundId) fault = Fault.Unanswered;
        else if (updatedAt > block.timestamp) fault = Fault.FromTheFuture;
        else {
            value = uint256(answer);
            if (block.timestamp - updatedAt > asset.maxAgeSeconds()) fault = Fault.Stale;
        }
        return (value, feedDecimals, tokenDecimals, fault);
    }

    function _feedOutOfBounds(bytes32 field, uint256 found, uint256 bound) private pure {
        revert Errors.PriceOracleAdapter_ParameterOutOfBounds(field, found, bound);
    }
}
