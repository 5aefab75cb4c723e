// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {BPS, E6_TO_E18, MAX_COLLATERALS, MAX_DECIMALS, QUOTE, WAD} from "./base/Constants.sol";
import {Errors} from "./base/Errors.sol";
import {IAggregatorV3} from "./interfaces/IAggregatorV3.sol";
import {IPriceOracleAdapter} from "./interfaces/IPriceOracleAdapter.sol";
import {IPriceSource} from "./interfaces/IPriceSource.sol";
import {Rounding} from "./math/Rounding.sol";
import {Feeds} from "./risk/Feeds.sol";
import {ListedAsset, MAX_AGE_STEP, PHASE_MASK} from "./types/ListedAsset.sol";
import {DEVIATION_STEP, PriceGuard, RecordedPrice, Sequencer} from "./types/PriceGuard.sol";

/// @title PriceOracleAdapter
/// @notice Reads Chainlink-style feeds and answers in quote units, with a bid, an ask and a status.
/// @dev RiskEngine inherits it, so that pricing an account is one call and not two; it can as well stand alone. Longer than four
/// hundred lines by a few: a feed is read where it is judged.
contract PriceOracleAdapter is IPriceOracleAdapter, AccessManaged {
    uint24 internal constant MIN_HEARTBEAT = 1 minutes;
    uint24 internal constant MAX_HEARTBEAT = 7 days;
    uint24 internal constant MAX_SLACK = 1 days;

    uint16 internal constant MIN_DEVIATION = 50;
    uint16 internal constant MAX_DEVIATION = 1_000;
    uint24 internal constant MIN_GRACE = 1 minutes;
    uint24 internal constant MAX_GRACE = 1 days;

    /// @dev Chainlink's proxies keep the number of the aggregator behind them above a round's own 64 bits.
    uint256 internal constant PHASE_SHIFT = 64;

    /// @dev A mean over this window lags the price: by so many of its standard deviations two honest sources may differ.
    uint256 internal constant DEVIATION_WINDOW = 10 minutes;
    uint256 internal constant DEVIATION_MULTIPLE = 3;

    /// @dev The largest answer that is believed: even with 18 decimals far more than anything costs.
    uint256 internal constant MAX_ANSWER = type(uint96).max;

    // slot 0 is AccessManaged's authority
    // slot 1
    mapping(uint8 asset => ListedAsset) internal _assets;
    // slot 2
    mapping(uint8 asset => PriceGuard) private _guards;
    // slot 3
    mapping(uint8 asset => RecordedPrice) private _recorded;
    // slot 4
    Sequencer private _sequencer;

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

        // Effects: a feed that has no round yet is taken to be in its phase zero.
        (bool ok, uint256 phase) = _phaseOf(feed);
        _assets[asset] = _assets[asset].withFeed(feed, maxAge, feedDecimals, tokenDecimals, ok ? phase : 0);
        emit FeedSet(asset, feed, heartbeatSeconds, slackSeconds, feedDecimals);
    }

    /// @inheritdoc IPriceOracleAdapter
    function setSecondary(
        uint8 asset,
        address source,
        uint16 deviationBps,
        uint40 minimumE6,
        uint48 maximumE6
    ) external restricted {
        // Checks
        if (asset == QUOTE) _feedOutOfBounds("asset", asset, QUOTE + 1);
        if (source != address(0)) {
            if (source.code.length == 0) revert Errors.PriceOracleAdapter_NoFeed(asset);
            if (deviationBps < MIN_DEVIATION) _feedOutOfBounds("deviationBps", deviationBps, MIN_DEVIATION);
        }
        if (deviationBps > MAX_DEVIATION) _feedOutOfBounds("deviationBps", deviationBps, MAX_DEVIATION);
        if (deviationBps % DEVIATION_STEP != 0) _feedOutOfBounds("deviationBps", deviationBps, DEVIATION_STEP);
        if (maximumE6 != 0 && minimumE6 >= maximumE6) _feedOutOfBounds("minimumE6", minimumE6, maximumE6);

        // Effects
        bool on = source != address(0) || minimumE6 != 0 || maximumE6 != 0;
        _assets[asset] = _assets[asset].withGuard(on);
        _guards[asset] = PriceGuard(source, uint8(deviationBps / DEVIATION_STEP), minimumE6, maximumE6);
        emit SecondarySet(asset, source, deviationBps, minimumE6, maximumE6);
    }

    /// @inheritdoc IPriceOracleAdapter
    function setSequencer(address feed, uint24 graceSeconds) external restricted {
        // Checks
        if (feed != address(0)) {
            if (feed.code.length == 0) revert Errors.PriceOracleAdapter_NoFeed(QUOTE);
            if (graceSeconds < MIN_GRACE) _feedOutOfBounds("graceSeconds", graceSeconds, MIN_GRACE);
            if (graceSeconds > MAX_GRACE) _feedOutOfBounds("graceSeconds", graceSeconds, MAX_GRACE);
        }

        // Effects: whether there is one lies in the word that each price reads anyway.
        _assets[QUOTE] = _assets[QUOTE].withGuard(feed != address(0));
        _sequencer = Sequencer(feed, graceSeconds);
        emit SequencerSet(feed, graceSeconds);
    }

    /// @inheritdoc IPriceOracleAdapter
    function refreshFeed(uint8 asset) external {
        // Checks
        ListedAsset listed = _assets[asset];
        address feed = listed.feed();
        if (feed == address(0)) revert Errors.PriceOracleAdapter_NoFeed(asset);
        uint8 feedDecimals = IAggregatorV3(feed).decimals();
        if (feedDecimals > MAX_DECIMALS) _feedOutOfBounds("feedDecimals", feedDecimals, MAX_DECIMALS);
        (bool ok, uint256 phase) = _phaseOf(feed);
        if (!ok) revert Errors.PriceOracleAdapter_Halted(asset, uint8(Fault.Reverting));

        // Effects
        uint256 tokenDecimals = listed.tokenDecimals();
        _assets[asset] = listed.withFeed(feed, listed.maxAgeSeconds(), feedDecimals, tokenDecimals, phase);
        emit FeedRefreshed(asset, feedDecimals, uint8(phase & PHASE_MASK));
    }

    /// @inheritdoc IPriceOracleAdapter
    function recordPrice(uint8 asset) external {
        // Checks
        (uint256 quoteScale, Fault quoteFault) = _quoteSide();
        (uint256 bid, uint256 ask, , Status status, Fault fault) = _sides(
            asset,
            _assets[asset],
            quoteScale,
            quoteFault
        );
        if (status != Status.Live) revert Errors.PriceOracleAdapter_NotLive(asset, uint8(fault));
        if (ask > type(uint112).max) revert Errors.PriceOracleAdapter_PriceTooLarge(asset, ask, type(uint112).max);

        // Effects
        _recorded[asset] = RecordedPrice(uint112(bid), uint112(ask), uint32(block.timestamp));
        emit PriceRecorded(asset, bid, ask);
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
        if (result.status == Status.Halted) revert Errors.PriceOracleAdapter_Halted(asset, uint8(fault));
        return (result.bidE18, result.askE18);
    }

    /// @inheritdoc IPriceOracleAdapter
    function feedOf(
        uint8 asset
    ) external view returns (address feed, uint8 feedDecimals, uint8 tokenDecimals, uint24 maxAgeSeconds) {
        ListedAsset a = _assets[asset];
        return (a.feed(), uint8(a.feedDecimals()), uint8(a.tokenDecimals()), uint24(a.maxAgeSeconds()));
    }

    /// @inheritdoc IPriceOracleAdapter
    function secondaryOf(
        uint8 asset
    ) external view returns (address source, uint16 deviationBps, uint40 minimumE6, uint48 maximumE6) {
        PriceGuard memory g = _guards[asset];
        return (g.source, uint16(g.deviationSteps * DEVIATION_STEP), g.minimumE6, g.maximumE6);
    }

    /// @inheritdoc IPriceOracleAdapter
    function sequencer() external view returns (address feed, uint24 graceSeconds) {
        return (_sequencer.feed, _sequencer.graceSeconds);
    }

    /// @inheritdoc IPriceOracleAdapter
    function recordedPriceOf(uint8 asset) external view returns (uint256 bidE18, uint256 askE18, uint256 recordedAt) {
        RecordedPrice memory r = _recorded[asset];
        return (r.bidE18, r.askE18, r.recordedAt);
    }

    /// @dev The price of an asset given the quote's side of it.
    function _price(
        uint8 asset,
        uint256 quoteScale,
        Fault quoteFault
    ) private view returns (Price memory result, Fault fault) {
        uint256 bid;
        uint256 ask;
        uint256 unit;
        Status status;
        (bid, ask, unit, status, fault) = _sides(asset, _assets[asset], quoteScale, quoteFault);
        result = _toPrice(bid, ask, unit, status);
    }

    /// @dev What callers are told: no price where it is halted.
    function _toPrice(uint256 bid, uint256 ask, uint256 unit, Status status) internal pure returns (Price memory) {
        return status == Status.Halted ? Price(0, 0, unit, status) : Price(bid, ask, unit, status);
    }

    /// @dev Both sides of an asset's price. Of a halted one both are the last valid ask, zero where none is known.
    function _sides(
        uint8 number,
        ListedAsset asset,
        uint256 quoteScale,
        Fault quoteFault
    ) internal view returns (uint256 bid, uint256 ask, uint256 unit, Status status, Fault fault) {
        uint256 remainder;
        (bid, remainder, unit, fault) = _bid(asset, quoteScale, quoteFault);
        unchecked {
            // Below 2^216.
            ask = remainder == 0 ? bid : bid + 1;
        }
        if (fault == Fault.None && !asset.guarded()) return (bid, ask, unit, Status.Live, fault);
        (bid, ask, status, fault) = _judge(number, asset.guarded(), bid, ask, fault, quoteFault);
    }

    /// @dev What becomes of a price that has a fault, bounds or a second source; away from the hot path.
    function _judge(
        uint8 asset,
        bool guarded,
        uint256 bid,
        uint256 ask,
        Fault fault,
        Fault quoteFault
    ) private view returns (uint256, uint256, Status, Fault) {
        bool usable = fault == Fault.None || fault == Fault.AfterOutage;
        // The quote's mark is the sequencer's.
        if (guarded && asset != QUOTE) {
            PriceGuard memory g = _guards[asset];
            if (ask != 0 && !_believed(g, bid, ask)) (bid, ask, fault, usable) = (0, 0, Fault.OutOfBounds, false);
            if (g.source != address(0) && quoteFault != Fault.SequencerDown) {
                uint256 deviationBps = g.deviationSteps * DEVIATION_STEP;
                uint256 second = _secondPrice(g);
                if (usable && second != 0) {
                    if (_deviates(asset, bid, ask, second, deviationBps)) {
                        return (
                            bid < second ? bid : second,
                            ask > second ? ask : second,
                            Status.Degraded,
                            Fault.Deviating
                        );
                    }
                } else if (usable || second != 0) {
                    // One source alone: less, or more, what two might differ by.
                    if (!usable) (bid, ask) = (second, second);
                    bid = Rounding.mulDivDown(bid, BPS - deviationBps, BPS);
                    ask = Rounding.mulDivUp(ask, BPS + deviationBps, BPS);
                    return (bid, ask, Status.Degraded, usable ? Fault.SecondMissing : fault);
                }
            }
        }
        if (usable) return (bid, ask, fault == Fault.None ? Status.Live : Status.Degraded, fault);
        // A stale answer is a last valid one; of anything else only what was recorded.
        uint256 last = ask != 0 ? ask : _recorded[asset].askE18;
        return (last, last, Status.Halted, fault);
    }

    /// @dev {quote/whole token} What the second source says; zero when it says nothing that is believed.
    function _secondPrice(PriceGuard memory g) private view returns (uint256) {
        (bool ok, uint256 second) = Feeds.word(g.source, IPriceSource.price.selector, Feeds.SOURCE_GAS);
        return ok && second <= type(uint128).max && _believed(g, second, second) ? second : 0;
    }

    function _believed(PriceGuard memory g, uint256 bid, uint256 ask) private pure returns (bool) {
        return bid >= g.minimumE6 * E6_TO_E18 && (g.maximumE6 == 0 || ask <= g.maximumE6 * E6_TO_E18);
    }

    /// @dev Whether two prices lie further apart than the bound, and than the asset's volatility explains. Exact: nothing is
    /// rounded.
    function _deviates(
        uint8 asset,
        uint256 bid,
        uint256 ask,
        uint256 second,
        uint256 deviationBps
    ) private view returns (bool) {
        // Prices are below 2^216, basis points below 2^32.
        uint256 apart = second < bid ? bid - second : (second > ask ? second - ask : 0);
        if (apart * BPS <= bid * deviationBps) return false;
        return apart * BPS > bid * DEVIATION_MULTIPLE * _volatilityBps(asset, DEVIATION_WINDOW);
    }

    /// @dev {bps} One standard deviation of an asset's price over so many seconds; zero where nobody knows it.
    function _volatilityBps(uint8, uint256) internal view virtual returns (uint256) {
        return 0;
    }

    /// @dev The bid of an asset and what its rounding left; without memory. That of a stale answer and that after an outage come
    /// with their fault; any other fault leaves no bid.
    function _bid(
        ListedAsset asset,
        uint256 quoteScale,
        Fault quoteFault
    ) private view returns (uint256 bidE18, uint256 remainder, uint256 unit, Fault fault) {
        uint256 answer;
        (answer, fault) = _read(asset);
        unchecked {
            unit = asset.unit();
            if (fault != Fault.None && fault != Fault.Stale) return (0, 0, unit, fault);
            if (quoteFault != Fault.None) {
                if (fault == Fault.None) fault = quoteFault;
                if (quoteFault != Fault.AfterOutage) return (0, 0, unit, fault);
            }
            // {quote/whole token E18} = {usd/whole token} / {usd/whole quote}, both with 18 decimals
            // Numerator < 2^96 * 1e18 < 2^156; times 1e18 < 2^216.
            uint256 numerator = answer * asset.feedScale() * WAD;
            bidE18 = numerator / quoteScale;
            remainder = numerator % quoteScale;
        }
    }

    /// @dev {usd/whole quote E18} The quote's own answer with 18 decimals. Its fault is every asset's. In the grace after an
    /// outage a good answer comes with that fault, and a bad one counts as an outage: a mean over the outage says nothing.
    function _quoteSide() internal view returns (uint256 scale, Fault fault) {
        ListedAsset quote = _assets[QUOTE];
        (scale, fault) = _read(quote);
        unchecked {
            // As above: below 2^156.
            scale *= quote.feedScale();
        }
        if (!quote.guarded()) return (scale, fault);
        Fault outage = _outage();
        if (outage != Fault.None) fault = fault == Fault.None ? outage : Fault.SequencerDown;
    }

    /// @dev A sequencer that cannot be asked, or says what it may not, is down. Its feed speaks at a change only: no answer is old.
    function _outage() private view returns (Fault) {
        Sequencer memory s = _sequencer;
        (bool ok, , int256 answer, uint256 startedAt, , ) = Feeds.latestRound(s.feed);
        if (!ok || answer != 0 || startedAt == 0 || startedAt > block.timestamp) return Fault.SequencerDown;
        return block.timestamp - startedAt <= s.graceSeconds ? Fault.AfterOutage : Fault.None;
    }

    /// @dev One reading of one feed. Never reverts: what is wrong comes back as a fault, a stale answer with its value.
    function _read(ListedAsset asset) private view returns (uint256 value, Fault) {
        address source = asset.feed();
        bytes4 selector = IAggregatorV3.latestRoundData.selector;
        uint256 gasLimit = Feeds.FEED_GAS;
        bool ok;
        uint256 roundId;
        uint256 updatedAt;
        uint256 answeredInRound;
        assembly ("memory-safe") {
            // {Feeds-latestRound}, written out where every leg of every account passes.
            let buffer := mload(0x40)
            mstore(buffer, selector)
            ok := staticcall(gasLimit, source, buffer, 4, buffer, 160)
            ok := and(ok, gt(returndatasize(), 159))
            roundId := mload(buffer)
            value := mload(add(buffer, 0x20))
            updatedAt := mload(add(buffer, 0x60))
            answeredInRound := mload(add(buffer, 0x80))
        }
        if (!ok) return (0, source == address(0) ? Fault.NoFeed : Fault.Reverting);
        // A negative answer is above the largest that is believed.
        if (value == 0 || value > MAX_ANSWER) return (0, Fault.NotPositive);
        if (updatedAt == 0 || answeredInRound < roundId) return (0, Fault.Unanswered);
        if (updatedAt > block.timestamp) return (0, Fault.FromTheFuture);
        if (((roundId >> PHASE_SHIFT) ^ asset.feedPhase()) & PHASE_MASK != 0 && _otherDecimals(asset)) {
            return (0, Fault.WrongDecimals);
        }
        unchecked {
            // The answer is not from the future.
            return (value, block.timestamp - updatedAt > asset.maxAgeSeconds() ? Fault.Stale : Fault.None);
        }
    }

    /// @dev A proxy with another aggregator behind it: whether its answers have other decimals than were read.
    function _otherDecimals(ListedAsset asset) private view returns (bool) {
        (bool ok, uint256 found) = Feeds.word(asset.feed(), IAggregatorV3.decimals.selector, Feeds.FEED_GAS);
        return !ok || found != asset.feedDecimals();
    }

    function _phaseOf(address feed) private view returns (bool ok, uint256 phase) {
        (ok, phase, , , , ) = Feeds.latestRound(feed);
        phase >>= PHASE_SHIFT;
    }

    function _feedOutOfBounds(bytes32 field, uint256 found, uint256 bound) private pure {
        revert Errors.PriceOracleAdapter_ParameterOutOfBounds(field, found, bound);
    }
}
