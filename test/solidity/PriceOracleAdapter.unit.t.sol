// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FaultyFeed} from "./utils/mocks/FaultyFeed.sol";
import {OracleTest} from "./utils/OracleTest.sol";
import {QUOTE} from "../../contracts/base/Constants.sol";
import {Errors} from "../../contracts/base/Errors.sol";
import {IPriceOracleAdapter} from "../../contracts/interfaces/IPriceOracleAdapter.sol";

/// @dev One test for each fault of a feed, and one for each edge between a fault and a good answer.
contract PriceOracleAdapterUnitTest is OracleTest {
    uint256 private constant MAX_AGE = 70 minutes;

    function test_price_InQuoteUnits() public {
        assertLive(ETHER_ASSET, 2_000e18, 2_000e18);
        assertLive(BITCOIN_ASSET, 60_000e18, 60_000e18);
        // A dollar that has fallen to 80 cents makes everything dearer.
        quoteFeed.setAnswer(0.8e8);
        assertLive(ETHER_ASSET, 2_500e18, 2_500e18);
        assertLive(QUOTE, 1e18, 1e18);
    }

    function test_price_BidRoundsDownAndAskRoundsUp() public {
        etherFeed.setAnswer(2e8);
        quoteFeed.setAnswer(3e8);
        assertLive(ETHER_ASSET, 666_666_666_666_666_666, 666_666_666_666_666_667);
    }

    function test_price_UnitIsOneWholeToken() public view {
        (IPriceOracleAdapter.Price memory p, ) = oracle.price(ETHER_ASSET);
        assertEq(p.unit, 1e18);
        (p, ) = oracle.price(BITCOIN_ASSET);
        assertEq(p.unit, 1e8);
        (p, ) = oracle.price(QUOTE);
        assertEq(p.unit, 1e6);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        FAULTS
    //////////////////////////////////////////////////////////////////////////*/

    function test_price_HaltedWhen_NoFeed() public {
        assertHalted(9, IPriceOracleAdapter.Fault.NoFeed);
        _expectRequireHalted(9, IPriceOracleAdapter.Fault.NoFeed);
        oracle.requirePrice(9);
    }

    function test_price_HaltedWhen_Reverting() public {
        etherFeed.setBehaviour(FaultyFeed.Behaviour.Reverts);
        _assertEtherHalted(IPriceOracleAdapter.Fault.Reverting);
    }

    function test_price_HaltedWhen_NoCode() public {
        vm.etch(address(etherFeed), "");
        _assertEtherHalted(IPriceOracleAdapter.Fault.Reverting);
    }

    function test_price_HaltedWhen_AnswerIsShort() public {
        etherFeed.setBehaviour(FaultyFeed.Behaviour.AnswersFourWords);
        _assertEtherHalted(IPriceOracleAdapter.Fault.Reverting);
        etherFeed.setBehaviour(FaultyFeed.Behaviour.AnswersNothing);
        _assertEtherHalted(IPriceOracleAdapter.Fault.Reverting);
    }

    function test_price_HaltedWhen_FeedBurnsGas() public {
        etherFeed.setBehaviour(FaultyFeed.Behaviour.BurnsGas);
        uint256 before = gasleft();
        assertHalted(ETHER_ASSET, IPriceOracleAdapter.Fault.Reverting);
        assertLt(before - gasleft(), 300_000, "the feed ate more than its share");
        _assertEtherHalted(IPriceOracleAdapter.Fault.Reverting);
    }

    function test_price_HaltedWhen_AnswerIsAFlood() public {
        etherFeed.setBehaviour(FaultyFeed.Behaviour.AnswersAFlood);
        uint256 before = gasleft();
        assertHalted(ETHER_ASSET, IPriceOracleAdapter.Fault.NotPositive);
        assertLt(before - gasleft(), 500_000, "copying it cost more than making it");
    }

    function test_price_HaltedWhen_Zero() public {
        etherFeed.setAnswer(0);
        _assertEtherHalted(IPriceOracleAdapter.Fault.NotPositive);
        etherFeed.setAnswer(1);
        assertLive(ETHER_ASSET, 1e10, 1e10);
    }

    function test_price_HaltedWhen_Negative() public {
        etherFeed.setAnswer(-1);
        _assertEtherHalted(IPriceOracleAdapter.Fault.NotPositive);
        etherFeed.setAnswer(type(int256).min);
        _assertEtherHalted(IPriceOracleAdapter.Fault.NotPositive);
    }

    function test_price_HaltedWhen_TooLargeToBelieve() public {
        int256 largest = int256(uint256(type(uint96).max));
        etherFeed.setAnswer(largest);
        assertLive(ETHER_ASSET, uint256(largest) * 1e10, uint256(largest) * 1e10);
        etherFeed.setAnswer(largest + 1);
        _assertEtherHalted(IPriceOracleAdapter.Fault.NotPositive);
        etherFeed.setAnswer(type(int256).max);
        _assertEtherHalted(IPriceOracleAdapter.Fault.NotPositive);
    }

    function test_price_HaltedWhen_Unanswered() public {
        etherFeed.setUpdatedAt(0);
        _assertEtherHalted(IPriceOracleAdapter.Fault.Unanswered);
    }

    function test_price_HaltedWhen_AnsweredInAnEarlierRound() public {
        etherFeed.setRound(7, 6);
        _assertEtherHalted(IPriceOracleAdapter.Fault.Unanswered);
        etherFeed.setRound(7, 7);
        assertLive(ETHER_ASSET, 2_000e18, 2_000e18);
        etherFeed.setRound(7, 8);
        assertLive(ETHER_ASSET, 2_000e18, 2_000e18);
    }

    function test_price_HaltedWhen_FromTheFuture() public {
        etherFeed.setUpdatedAt(START);
        assertLive(ETHER_ASSET, 2_000e18, 2_000e18);
        etherFeed.setUpdatedAt(START + 1);
        _assertEtherHalted(IPriceOracleAdapter.Fault.FromTheFuture);
        etherFeed.setUpdatedAt(type(uint256).max);
        _assertEtherHalted(IPriceOracleAdapter.Fault.FromTheFuture);
    }

    function test_price_HaltedWhen_Stale() public {
        etherFeed.setUpdatedAt(START - MAX_AGE);
        assertLive(ETHER_ASSET, 2_000e18, 2_000e18);
        etherFeed.setUpdatedAt(START - MAX_AGE - 1);
        _assertEtherHalted(IPriceOracleAdapter.Fault.Stale);
    }

    function test_price_RoundsThatDoNotFitTheirTypeDoNotRevert() public {
        etherFeed.setBehaviour(FaultyFeed.Behaviour.AnswersDirtyWords);
        assertLive(ETHER_ASSET, 2_000e18, 2_000e18);
    }

    function test_price_RecoversWithTheFeed() public {
        etherFeed.setUpdatedAt(START - MAX_AGE - 1);
        _assertEtherHalted(IPriceOracleAdapter.Fault.Stale);
        etherFeed.setFresh();
        assertLive(ETHER_ASSET, 2_000e18, 2_000e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                      THE QUOTE
    //////////////////////////////////////////////////////////////////////////*/

    function test_price_AHaltedQuoteHaltsAll() public {
        quoteFeed.setUpdatedAt(START - MAX_AGE - 1);
        _assertAllHalted(IPriceOracleAdapter.Fault.Stale);
        quoteFeed.setFresh();
        quoteFeed.setAnswer(0);
        _assertAllHalted(IPriceOracleAdapter.Fault.NotPositive);
        quoteFeed.setAnswer(1e8);
        quoteFeed.setBehaviour(FaultyFeed.Behaviour.BurnsGas);
        _assertAllHalted(IPriceOracleAdapter.Fault.Reverting);
        quoteFeed.setBehaviour(FaultyFeed.Behaviour.Honest);
        quoteFeed.setRound(2, 1);
        _assertAllHalted(IPriceOracleAdapter.Fault.Unanswered);
        quoteFeed.setRound(2, 2);
        assertLive(BITCOIN_ASSET, 60_000e18, 60_000e18);
    }

    function test_price_AnAssetsOwnFaultIsNamedBeforeTheQuotes() public {
        quoteFeed.setAnswer(0);
        etherFeed.setUpdatedAt(START + 1);
        assertHalted(ETHER_ASSET, IPriceOracleAdapter.Fault.FromTheFuture);
        assertHalted(BITCOIN_ASSET, IPriceOracleAdapter.Fault.NotPositive);
    }

    function _assertAllHalted(IPriceOracleAdapter.Fault fault) private view {
        assertHalted(QUOTE, fault);
        assertHalted(ETHER_ASSET, fault);
        assertHalted(BITCOIN_ASSET, fault);
        IPriceOracleAdapter.Price[] memory list = oracle.prices((uint256(BITCOIN_ASSET) << 8) | ETHER_ASSET);
        assertEq(uint8(list[0].status) | uint8(list[1].status), uint8(IPriceOracleAdapter.Status.Halted));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                    SEVERAL PRICES
    //////////////////////////////////////////////////////////////////////////*/

    function test_prices_InTheOrderAsked() public view {
        IPriceOracleAdapter.Price[] memory list = oracle.prices((uint256(ETHER_ASSET) << 8) | BITCOIN_ASSET);
        assertEq(list.length, 2);
        assertEq(list[0].bidE18, 60_000e18);
        assertEq(list[0].unit, 1e8);
        assertEq(list[1].bidE18, 2_000e18);
        assertEq(list[1].unit, 1e18);
    }

    function test_prices_ZeroEndsTheList() public view {
        assertEq(oracle.prices(0).length, 0);
        // What lies behind the zero is not read.
        assertEq(oracle.prices((uint256(BITCOIN_ASSET) << 16) | ETHER_ASSET).length, 1);
    }

    function test_prices_AtMostEight() public view {
        uint256 packed;
        for (uint256 i; i < 32; ++i) packed |= uint256(ETHER_ASSET) << (8 * i);
        IPriceOracleAdapter.Price[] memory list = oracle.prices(packed);
        assertEq(list.length, 8);
        for (uint256 i; i < 8; ++i) assertEq(list[i].bidE18, 2_000e18);
    }

    function test_prices_WithoutAnAssetWantNoQuote() public {
        quoteFeed.setBehaviour(FaultyFeed.Behaviour.Reverts);
        assertEq(oracle.prices(0).length, 0);
    }

    /// @dev The fault is reported by every view, and the bitcoin beside the ether stays live.
    function _assertEtherHalted(IPriceOracleAdapter.Fault fault) private {
        assertHalted(ETHER_ASSET, fault);
        _expectRequireHalted(ETHER_ASSET, fault);
        oracle.requirePrice(ETHER_ASSET);
        IPriceOracleAdapter.Price[] memory list = oracle.prices((uint256(BITCOIN_ASSET) << 8) | ETHER_ASSET);
        assertEq(uint8(list[0].status), uint8(IPriceOracleAdapter.Status.Halted));
        assertEq(list[0].bidE18 | list[0].askE18, 0);
        assertEq(list[0].unit, 1e18, "the unit does not depend on the feed");
        assertEq(uint8(list[1].status), uint8(IPriceOracleAdapter.Status.Live));
        assertLive(BITCOIN_ASSET, 60_000e18, 60_000e18);
    }

    function _expectRequireHalted(uint8 asset, IPriceOracleAdapter.Fault fault) private {
        vm.expectRevert(abi.encodeWithSelector(Errors.PriceOracleAdapter_Halted.selector, asset, uint8(fault)));
    }
}
