// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FaultyFeed} from "./utils/mocks/FaultyFeed.sol";
import {FaultySource} from "./utils/mocks/FaultySource.sol";
import {OracleTest} from "./utils/OracleTest.sol";
import {QUOTE} from "../../contracts/base/Constants.sol";
import {Errors} from "../../contracts/base/Errors.sol";
import {IAggregatorV3} from "../../contracts/interfaces/IAggregatorV3.sol";
import {IPriceOracleAdapter} from "../../contracts/interfaces/IPriceOracleAdapter.sol";

/// @title PriceOracleAdapterSourcesTest
/// @notice What beside a feed decides a price: a second source, bounds, the sequencer, a feed's phase, what was recorded.
contract PriceOracleAdapterSourcesTest is OracleTest {
    IPriceOracleAdapter.Status private constant HALTED = IPriceOracleAdapter.Status.Halted;
    IPriceOracleAdapter.Status private constant DEGRADED = IPriceOracleAdapter.Status.Degraded;
    IPriceOracleAdapter.Status private constant LIVE = IPriceOracleAdapter.Status.Live;
    uint80 private constant PHASE = 1 << 64;

    FaultySource private source;
    FaultyFeed private uptime;

    function setUp() public override {
        super.setUp();
        source = new FaultySource(2_000e18);
        uptime = new FaultyFeed(0, 0);
        uptime.setUpdatedAt(START - 30 days);
    }

    function _setSecondary(uint16 deviationBps, uint40 minimumE6, uint48 maximumE6) private {
        vm.prank(governance);
        oracle.setSecondary(ETHER_ASSET, address(source), deviationBps, minimumE6, maximumE6);
    }

    function _setSequencer(uint24 graceSeconds) private {
        vm.prank(governance);
        oracle.setSequencer(address(uptime), graceSeconds);
    }

    function _assert(
        IPriceOracleAdapter.Status status,
        IPriceOracleAdapter.Fault fault,
        uint256 bid,
        uint256 ask
    ) private view {
        (IPriceOracleAdapter.Price memory p, IPriceOracleAdapter.Fault found) = oracle.price(ETHER_ASSET);
        assertEq(uint8(p.status), uint8(status), "status");
        assertEq(uint8(found), uint8(fault), "fault");
        assertEq(p.bidE18, bid, "bid");
        assertEq(p.askE18, ask, "ask");
        IPriceOracleAdapter.Price memory listed = oracle.prices(ETHER_ASSET)[0];
        assertEq(abi.encode(listed), abi.encode(p), "the other view");
    }

    function _expectOutOfBounds(bytes32 field, uint256 found, uint256 limit) private {
        vm.expectRevert(
            abi.encodeWithSelector(Errors.PriceOracleAdapter_ParameterOutOfBounds.selector, field, found, limit)
        );
    }

    /*//////////////////////////////////////////////////////////////////////////
                                   THE SECOND SOURCE
    //////////////////////////////////////////////////////////////////////////*/

    function test_setSecondary_EmitsAndIsRead() public {
        vm.expectEmit(address(oracle));
        emit IPriceOracleAdapter.SecondarySet(ETHER_ASSET, address(source), 300, 100e6, 100_000e6);
        _setSecondary(300, 100e6, 100_000e6);
        (address found, uint16 deviation, uint40 minimum, uint48 maximum) = oracle.secondaryOf(ETHER_ASSET);
        assertEq(found, address(source));
        assertEq(deviation, 300);
        assertEq(minimum, 100e6);
        assertEq(maximum, 100_000e6);
        assertLive(ETHER_ASSET, 2_000e18, 2_000e18);
    }

    function test_setSecondary_RevertWhen_Stranger() public {
        expectStrangerRefused();
        oracle.setSecondary(ETHER_ASSET, address(source), 300, 0, 0);
    }

    function test_setSecondary_Bounds() public {
        vm.startPrank(governance);
        _expectOutOfBounds("asset", 0, 1);
        oracle.setSecondary(QUOTE, address(source), 300, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(Errors.PriceOracleAdapter_NoFeed.selector, ETHER_ASSET));
        oracle.setSecondary(ETHER_ASSET, stranger, 300, 0, 0);
        _expectOutOfBounds("deviationBps", 40, 50);
        oracle.setSecondary(ETHER_ASSET, address(source), 40, 0, 0);
        oracle.setSecondary(ETHER_ASSET, address(source), 50, 0, 0);
        _expectOutOfBounds("deviationBps", 1_010, 1_000);
        oracle.setSecondary(ETHER_ASSET, address(source), 1_010, 0, 0);
        oracle.setSecondary(ETHER_ASSET, address(source), 1_000, 0, 0);
        _expectOutOfBounds("deviationBps", 305, 10);
        oracle.setSecondary(ETHER_ASSET, address(source), 305, 0, 0);
        _expectOutOfBounds("minimumE6", 7, 7);
        oracle.setSecondary(ETHER_ASSET, address(0), 0, 7, 7);
        oracle.setSecondary(ETHER_ASSET, address(0), 0, 6, 7);
        oracle.setSecondary(ETHER_ASSET, address(0), 0, type(uint40).max, 0);
        oracle.setSecondary(ETHER_ASSET, address(0), 0, 0, type(uint48).max);
        vm.stopPrank();
    }

    /// @dev Taken away, nothing is left of it; a new feed, or risk parameters, leave it alone.
    function test_setSecondary_IsTakenAwayByZeros() public {
        _setSecondary(300, 0, 0);
        source.setPrice(0);
        setFeed(ETHER_ASSET, etherFeed, 18);
        _assert(DEGRADED, IPriceOracleAdapter.Fault.SecondMissing, 1_940e18, 2_060e18);
        vm.prank(governance);
        oracle.setSecondary(ETHER_ASSET, address(0), 0, 0, 0);
        assertLive(ETHER_ASSET, 2_000e18, 2_000e18);
    }

    function test_price_LiveUpToTheDeviation() public {
        _setSecondary(300, 0, 0);
        source.setPrice(1_940e18);
        assertLive(ETHER_ASSET, 2_000e18, 2_000e18);
        source.setPrice(1_940e18 - 1);
        _assert(DEGRADED, IPriceOracleAdapter.Fault.Deviating, 1_940e18 - 1, 2_000e18);
        source.setPrice(2_060e18);
        assertLive(ETHER_ASSET, 2_000e18, 2_000e18);
        source.setPrice(2_060e18 + 1);
        _assert(DEGRADED, IPriceOracleAdapter.Fault.Deviating, 2_000e18, 2_060e18 + 1);
    }

    /// @dev One source alone, less and more its bound; the bid down and the ask up.
    function test_price_OneSourceAloneIsWidenedAndRounded() public {
        etherFeed.setAnswer(2e8);
        quoteFeed.setAnswer(3e8);
        _setSecondary(50, 0, 0);
        source.setBehaviour(FaultySource.Behaviour.Reverts);
        // 0.666..666 * 0.995 = 0.66333333333333333267, and 0.666..667 * 1.005 = 0.670000000000000000335
        _assert(DEGRADED, IPriceOracleAdapter.Fault.SecondMissing, 663_333_333_333_333_332, 670_000_000_000_000_001);
        source.setBehaviour(FaultySource.Behaviour.Honest);
        source.setPrice(1_000_000_000_000_000_001);
        etherFeed.setAnswer(0);
        _assert(DEGRADED, IPriceOracleAdapter.Fault.NotPositive, 995_000_000_000_000_000, 1_005_000_000_000_000_002);
    }

    function test_requirePrice_TakesADegradedPrice() public {
        _setSecondary(300, 0, 0);
        etherFeed.setBehaviour(FaultyFeed.Behaviour.Reverts);
        (uint256 bid, uint256 ask) = oracle.requirePrice(ETHER_ASSET);
        assertEq(bid, 1_940e18);
        assertEq(ask, 2_060e18);
    }

    /// @dev Whatever a source does, a status comes, for a bounded price.
    function test_price_HostileSourcesAreMissing() public {
        _setSecondary(300, 0, 0);
        for (uint256 i = 1; i <= uint256(type(FaultySource.Behaviour).max); ++i) {
            source.setBehaviour(FaultySource.Behaviour(i));
            // A flood of zeros begins with the price: it is read, and the rest is not copied.
            if (FaultySource.Behaviour(i) == FaultySource.Behaviour.AnswersAFlood) source.setPrice(0);
            uint256 before = gasleft();
            _assert(DEGRADED, IPriceOracleAdapter.Fault.SecondMissing, 1_940e18, 2_060e18);
            assertLt(before - gasleft(), 1_500_000, "the source ate more than its share");
        }
        vm.etch(address(source), "");
        _assert(DEGRADED, IPriceOracleAdapter.Fault.SecondMissing, 1_940e18, 2_060e18);
    }

    function test_price_ASecondSourceTooLargeToBelieve() public {
        _setSecondary(300, 0, 0);
        source.setPrice(type(uint256).max);
        _assert(DEGRADED, IPriceOracleAdapter.Fault.SecondMissing, 1_940e18, 2_060e18);
        source.setPrice(uint256(type(uint128).max) + 1);
        _assert(DEGRADED, IPriceOracleAdapter.Fault.SecondMissing, 1_940e18, 2_060e18);
        source.setPrice(type(uint128).max);
        _assert(DEGRADED, IPriceOracleAdapter.Fault.Deviating, 2_000e18, type(uint128).max);
    }

    /// @dev A pool's price is in quote units: it needs no feed of the quote.
    function test_price_ASecondSourceStandsWithoutTheQuotesFeed() public {
        _setSecondary(300, 0, 0);
        quoteFeed.setUpdatedAt(START - 2 hours);
        _assert(DEGRADED, IPriceOracleAdapter.Fault.Stale, 1_940e18, 2_060e18);
        assertHalted(BITCOIN_ASSET, IPriceOracleAdapter.Fault.Stale);
    }

    function testFuzz_price_NeverRevertsAndIsOrdered(
        uint256 second,
        int256 answer,
        int256 quoteAnswer,
        uint16 deviation,
        uint40 minimum,
        uint48 maximum
    ) public {
        deviation = uint16(bound(deviation, 5, 100)) * 10;
        if (maximum != 0) minimum = uint40(bound(minimum, 0, maximum - 1));
        _setSecondary(deviation, minimum, maximum);
        source.setPrice(second);
        etherFeed.setAnswer(answer);
        quoteFeed.setAnswer(quoteAnswer);
        (IPriceOracleAdapter.Price memory p, IPriceOracleAdapter.Fault fault) = oracle.price(ETHER_ASSET);
        assertLe(p.bidE18, p.askE18);
        assertEq(p.status == LIVE, fault == IPriceOracleAdapter.Fault.None);
        if (p.status == HALTED)
            assertEq(p.askE18, 0);
            // What is believed of one source alone may be widened over its bound, and no further.
        else if (maximum != 0) assertLe(p.askE18, (uint256(maximum) * 1e12 * 11) / 10);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        BOUNDS
    //////////////////////////////////////////////////////////////////////////*/

    function test_price_OutsideItsBoundsIsNotBelieved() public {
        vm.prank(governance);
        oracle.setSecondary(ETHER_ASSET, address(0), 0, 100e6, 2_000e6);
        assertLive(ETHER_ASSET, 2_000e18, 2_000e18);
        etherFeed.setAnswer(2_000e8 + 1);
        assertHalted(ETHER_ASSET, IPriceOracleAdapter.Fault.OutOfBounds);
        etherFeed.setAnswer(100e8);
        assertLive(ETHER_ASSET, 100e18, 100e18);
        etherFeed.setAnswer(100e8 - 1);
        assertHalted(ETHER_ASSET, IPriceOracleAdapter.Fault.OutOfBounds);
        // Nor is a stale answer outside them a last valid price.
        etherFeed.setUpdatedAt(START - 2 hours);
        assertHalted(ETHER_ASSET, IPriceOracleAdapter.Fault.OutOfBounds);
    }

    /// @dev Each bound stands alone.
    function test_price_OneBoundIsEnough() public {
        vm.prank(governance);
        oracle.setSecondary(ETHER_ASSET, address(0), 0, 0, 1_999e6);
        assertHalted(ETHER_ASSET, IPriceOracleAdapter.Fault.OutOfBounds);
        vm.prank(governance);
        oracle.setSecondary(ETHER_ASSET, address(0), 0, 2_001e6, 0);
        assertHalted(ETHER_ASSET, IPriceOracleAdapter.Fault.OutOfBounds);
    }

    /// @dev What did not come is not out of bounds: its own fault is named.
    function test_price_WhatIsMissingHasItsOwnFault() public {
        vm.prank(governance);
        oracle.setSecondary(ETHER_ASSET, address(0), 0, 100e6, 0);
        etherFeed.setBehaviour(FaultyFeed.Behaviour.Reverts);
        assertHalted(ETHER_ASSET, IPriceOracleAdapter.Fault.Reverting);
    }

    function test_price_BothSourcesHaveTheBounds() public {
        _setSecondary(300, 100e6, 3_000e6);
        source.setPrice(3_000e18 + 1);
        _assert(DEGRADED, IPriceOracleAdapter.Fault.SecondMissing, 1_940e18, 2_060e18);
        source.setPrice(3_000e18);
        _assert(DEGRADED, IPriceOracleAdapter.Fault.Deviating, 2_000e18, 3_000e18);
        etherFeed.setAnswer(3_001e8);
        _assert(DEGRADED, IPriceOracleAdapter.Fault.OutOfBounds, 2_910e18, 3_090e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                     THE SEQUENCER
    //////////////////////////////////////////////////////////////////////////*/

    function test_setSequencer_EmitsAndIsRead() public {
        vm.expectEmit(address(oracle));
        emit IPriceOracleAdapter.SequencerSet(address(uptime), 1 hours);
        _setSequencer(1 hours);
        (address feed, uint24 grace) = oracle.sequencer();
        assertEq(feed, address(uptime));
        assertEq(grace, 1 hours);
        assertLive(ETHER_ASSET, 2_000e18, 2_000e18);
        assertLive(QUOTE, 1e18, 1e18);
    }

    function test_setSequencer_RevertWhen_Stranger() public {
        expectStrangerRefused();
        oracle.setSequencer(address(uptime), 1 hours);
    }

    function test_setSequencer_Bounds() public {
        vm.startPrank(governance);
        vm.expectRevert(abi.encodeWithSelector(Errors.PriceOracleAdapter_NoFeed.selector, QUOTE));
        oracle.setSequencer(stranger, 1 hours);
        _expectOutOfBounds("graceSeconds", 59, 60);
        oracle.setSequencer(address(uptime), 59);
        oracle.setSequencer(address(uptime), 60);
        _expectOutOfBounds("graceSeconds", 1 days + 1, 1 days);
        oracle.setSequencer(address(uptime), 1 days + 1);
        oracle.setSequencer(address(uptime), 1 days);
        vm.stopPrank();
    }

    function test_price_AnOutageHaltsAllAndItsGraceDegrades() public {
        _setSequencer(1 hours);
        uptime.setAnswer(1);
        assertHalted(ETHER_ASSET, IPriceOracleAdapter.Fault.SequencerDown);
        assertHalted(BITCOIN_ASSET, IPriceOracleAdapter.Fault.SequencerDown);
        assertHalted(QUOTE, IPriceOracleAdapter.Fault.SequencerDown);
        uptime.setAnswer(0);
        uptime.setUpdatedAt(START - 1 hours);
        // Nothing is widened.
        _assert(DEGRADED, IPriceOracleAdapter.Fault.AfterOutage, 2_000e18, 2_000e18);
        skip(1);
        quoteFeed.setFresh();
        etherFeed.setFresh();
        assertLive(ETHER_ASSET, 2_000e18, 2_000e18);
    }

    function test_price_ASequencerFeedThatEatsGasIsDown() public {
        _setSequencer(1 hours);
        uptime.setBehaviour(FaultyFeed.Behaviour.BurnsGas);
        assertHalted(ETHER_ASSET, IPriceOracleAdapter.Fault.SequencerDown);
        uptime.setBehaviour(FaultyFeed.Behaviour.AnswersFourWords);
        assertHalted(ETHER_ASSET, IPriceOracleAdapter.Fault.SequencerDown);
        vm.prank(governance);
        oracle.setSequencer(address(0), 0);
        assertLive(ETHER_ASSET, 2_000e18, 2_000e18);
    }

    /// @dev The bounds and a second source hold in the grace as well.
    function test_price_InTheGraceTheSourcesAreStillCompared() public {
        _setSequencer(1 hours);
        _setSecondary(300, 0, 0);
        uptime.setUpdatedAt(START);
        source.setPrice(1_900e18);
        _assert(DEGRADED, IPriceOracleAdapter.Fault.Deviating, 1_900e18, 2_000e18);
        source.setPrice(2_000e18);
        _assert(DEGRADED, IPriceOracleAdapter.Fault.AfterOutage, 2_000e18, 2_000e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        PHASES
    //////////////////////////////////////////////////////////////////////////*/

    function test_price_HaltedWhen_ANewAggregatorHasOtherDecimals() public {
        etherFeed.setRound(3 * PHASE + 1, 3 * PHASE + 1);
        assertLive(ETHER_ASSET, 2_000e18, 2_000e18);
        etherFeed.setDecimals(18);
        assertHalted(ETHER_ASSET, IPriceOracleAdapter.Fault.WrongDecimals);
        // Its stale answers are no last valid price either.
        etherFeed.setUpdatedAt(START - 2 hours);
        assertHalted(ETHER_ASSET, IPriceOracleAdapter.Fault.WrongDecimals);
        etherFeed.setFresh();
        etherFeed.setAnswer(2_100e18);
        vm.expectEmit(address(oracle));
        emit IPriceOracleAdapter.FeedRefreshed(ETHER_ASSET, 18, 3);
        vm.prank(stranger);
        oracle.refreshFeed(ETHER_ASSET);
        assertLive(ETHER_ASSET, 2_100e18, 2_100e18);
    }

    /// @dev One that fails with the right number has not said it.
    function test_price_HaltedWhen_ANewAggregatorFailsToNameItsDecimals() public {
        etherFeed.setRound(3 * PHASE + 1, 3 * PHASE + 1);
        vm.mockCallRevert(address(etherFeed), abi.encodeCall(IAggregatorV3.decimals, ()), abi.encode(uint256(8)));
        assertHalted(ETHER_ASSET, IPriceOracleAdapter.Fault.WrongDecimals);
        vm.clearMockedCalls();
        assertLive(ETHER_ASSET, 2_000e18, 2_000e18);
    }

    /// @dev The quote's feed too: then every price waits.
    function test_price_HaltedWhen_TheQuotesAggregatorHasOtherDecimals() public {
        quoteFeed.setRound(PHASE, PHASE);
        quoteFeed.setDecimals(6);
        assertHalted(ETHER_ASSET, IPriceOracleAdapter.Fault.WrongDecimals);
        quoteFeed.setAnswer(1e6);
        oracle.refreshFeed(QUOTE);
        assertLive(ETHER_ASSET, 2_000e18, 2_000e18);
    }

    function test_setFeed_RemembersThePhase() public {
        etherFeed.setRound(17 * PHASE, 17 * PHASE);
        setFeed(ETHER_ASSET, etherFeed, 18);
        // Sixteen phases on, the four bits are the same, and nobody looks.
        etherFeed.setDecimals(18);
        assertLive(ETHER_ASSET, 2_000e18, 2_000e18);
        etherFeed.setRound(18 * PHASE, 18 * PHASE);
        assertHalted(ETHER_ASSET, IPriceOracleAdapter.Fault.WrongDecimals);
    }

    function test_refreshFeed_LeavesTheRestAlone() public {
        _setSecondary(300, 0, 0);
        etherFeed.setRound(PHASE, PHASE);
        oracle.refreshFeed(ETHER_ASSET);
        (address feed, uint8 feedDecimals, uint8 tokenDecimals, uint24 maxAge) = oracle.feedOf(ETHER_ASSET);
        assertEq(feed, address(etherFeed));
        assertEq(feedDecimals, 8);
        assertEq(tokenDecimals, 18);
        assertEq(maxAge, HEARTBEAT + SLACK);
        source.setPrice(0);
        _assert(DEGRADED, IPriceOracleAdapter.Fault.SecondMissing, 1_940e18, 2_060e18);
    }

    function test_refreshFeed_RevertWhen_ThereIsNothingToRead() public {
        vm.expectRevert(abi.encodeWithSelector(Errors.PriceOracleAdapter_NoFeed.selector, 9));
        oracle.refreshFeed(9);
        etherFeed.setBehaviour(FaultyFeed.Behaviour.Reverts);
        vm.expectRevert(
            abi.encodeWithSelector(
                Errors.PriceOracleAdapter_Halted.selector,
                ETHER_ASSET,
                uint8(IPriceOracleAdapter.Fault.Reverting)
            )
        );
        oracle.refreshFeed(ETHER_ASSET);
        etherFeed.setDecimals(19);
        _expectOutOfBounds("feedDecimals", 19, 18);
        oracle.refreshFeed(ETHER_ASSET);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                   RECORDED PRICES
    //////////////////////////////////////////////////////////////////////////*/

    function test_recordPrice_KeepsALivePrice() public {
        etherFeed.setAnswer(2e8);
        quoteFeed.setAnswer(3e8);
        vm.expectEmit(address(oracle));
        emit IPriceOracleAdapter.PriceRecorded(ETHER_ASSET, 666_666_666_666_666_666, 666_666_666_666_666_667);
        vm.prank(stranger);
        oracle.recordPrice(ETHER_ASSET);
        (uint256 bid, uint256 ask, uint256 at) = oracle.recordedPriceOf(ETHER_ASSET);
        assertEq(bid, 666_666_666_666_666_666);
        assertEq(ask, 666_666_666_666_666_667);
        assertEq(at, block.timestamp);
        // It is no price: who asks for one is told that there is none.
        etherFeed.setBehaviour(FaultyFeed.Behaviour.Reverts);
        assertHalted(ETHER_ASSET, IPriceOracleAdapter.Fault.Reverting);
    }

    function test_recordPrice_RevertWhen_NotLive() public {
        _setSecondary(300, 0, 0);
        source.setPrice(0);
        vm.expectRevert(
            abi.encodeWithSelector(
                Errors.PriceOracleAdapter_NotLive.selector,
                ETHER_ASSET,
                uint8(IPriceOracleAdapter.Fault.SecondMissing)
            )
        );
        oracle.recordPrice(ETHER_ASSET);
        bitcoinFeed.setAnswer(0);
        vm.expectPartialRevert(Errors.PriceOracleAdapter_NotLive.selector);
        oracle.recordPrice(BITCOIN_ASSET);
    }

    function test_recordPrice_RevertWhen_ItDoesNotFit() public {
        uint256 most = type(uint112).max;
        setFeed(ETHER_ASSET, new FaultyFeed(18, int256(uint256(type(uint96).max))), 18);
        setFeed(QUOTE, new FaultyFeed(18, 1e13), 6);
        uint256 found = uint256(type(uint96).max) * 1e5;
        vm.expectRevert(
            abi.encodeWithSelector(Errors.PriceOracleAdapter_PriceTooLarge.selector, ETHER_ASSET, found, most)
        );
        oracle.recordPrice(ETHER_ASSET);
        setFeed(QUOTE, new FaultyFeed(18, 1e14), 6);
        oracle.recordPrice(ETHER_ASSET);
        (uint256 bid, , ) = oracle.recordedPriceOf(ETHER_ASSET);
        assertEq(bid, uint256(type(uint96).max) * 1e4);
    }

    /// @dev Two answers, found outside the chain, whose quotient is a part of a unit below the field's end.
    function test_recordPrice_FillsItsField() public {
        setFeed(ETHER_ASSET, new FaultyFeed(18, 51_922_968_766_684_051_772_775_283_391), 18);
        setFeed(QUOTE, new FaultyFeed(18, 10_000_000_034_924), 6);
        oracle.recordPrice(ETHER_ASSET);
        (uint256 bid, uint256 ask, ) = oracle.recordedPriceOf(ETHER_ASSET);
        assertEq(ask, type(uint112).max);
        assertEq(bid, ask - 1);
    }
}
