// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";

import {Errors} from "../../../contracts/base/Errors.sol";
import {PerpetualMarket} from "../../../contracts/ledger/PerpetualMarket.sol";
import {Perpetual} from "../../../contracts/types/Perpetual.sol";

contract PerpetualMarketTest is Test {
    using PerpetualMarket for Perpetual;

    Perpetual private stored;

    /// @dev What the compiler's own accessors find where the library wrote words.
    function testFuzz_store_LoadsBackEveryField(Perpetual memory p, Perpetual memory before) public {
        stored = before;
        (uint256 word0, uint256 word1, uint256 word2) = stored.store(p);
        Perpetual memory found = stored;
        assertEq(abi.encode(found), abi.encode(p));
        uint256 slot;
        assembly {
            slot := stored.slot
        }
        assertEq(vm.load(address(this), bytes32(slot)), bytes32(word0));
        assertEq(vm.load(address(this), bytes32(slot + 1)), bytes32(word1));
        assertEq(vm.load(address(this), bytes32(slot + 2)), bytes32(word2));
    }

    uint256 internal constant HOUR_START = 1_800_000_000; // a whole hour
    int256 internal constant INTEREST = 0.0000125e18;

    function _perpetual() private pure returns (Perpetual memory p) {
        p.indexPriceE18 = 2_000e18;
        p.updatedAt = uint40(HOUR_START);
        (p.interestE7, p.clampE7, p.divisor, p.deviationBps) = (125, 5_000, 8, 40);
    }

    function _at(Perpetual memory p, uint256 timestamp) private {
        vm.warp(timestamp);
        p.accrue();
    }

    function test_TheHoursRateFollowsTheHourBefore() public {
        Perpetual memory p = _perpetual();
        p.rateE18 = int64(INTEREST);
        // Half an hour without premium, half at 0.4%: the mean is 0.2%.
        _at(p, HOUR_START + 1_800);
        p.addFill(3e18, 2_100e18, 2_000e18, 3e18);
        assertEq(p.premiumE18, 0.004e18);
        _at(p, HOUR_START + 3_600);
        assertEq(p.rateE18, 0.002e18 / 8 + INTEREST);
        assertEq(p.premiumE18, 0);
        assertEq(p.weightedE18, 0);
        // The hour itself paid interest alone: 0.00125% of 2,000.
        assertEq(p.fundingIndexE18, 0.025e18);
        _at(p, HOUR_START + 7_200);
        assertEq(p.fundingIndexE18, 0.025e18 + 0.5e18 + 0.025e18);
        assertEq(p.rateE18, INTEREST);
    }

    function test_TheHoursMeanIsRoundedDown() public {
        Perpetual memory p = _perpetual();
        _at(p, HOUR_START + 3_599);
        p.premiumE18 = -1;
        _at(p, HOUR_START + 3_600);
        assertEq(p.rateE18, INTEREST - 1);
    }

    function test_ALongSilencePaysInterestAloneFromTheSecondHour() public {
        Perpetual memory p = _perpetual();
        p.addFill(1e18, 2_100e18, 2_000e18, 1e18);
        vm.warp(HOUR_START + 100 hours);
        p.accrue();
        // One hour at nothing, one at 0.05% (the clamp cuts the interest), 98 at interest.
        assertEq(p.fundingIndexE18, 1e18 + 98 * 0.025e18);
    }

    /// @dev The first look comes exactly at the end of the hour after: what is next is a third hour, at interest alone.
    function test_TwoWholeHoursOfSilenceEndThePremium() public {
        Perpetual memory p = _perpetual();
        p.addFill(1e18, 2_100e18, 2_000e18, 1e18);
        _at(p, HOUR_START + 2 hours);
        assertEq(p.fundingIndexE18, 1e18);
        assertEq(p.rateE18, INTEREST);
    }

    function test_TheFundingIndexFillsItsField() public {
        Perpetual memory p = _perpetual();
        p.rateE18 = int64(INTEREST);
        // An hour at interest moves it by 0.025.
        p.fundingIndexE18 = type(int128).max - 0.025e18;
        _at(p, HOUR_START + 1 hours);
        assertEq(p.fundingIndexE18, type(int128).max);

        p = _perpetual();
        p.rateE18 = -int64(INTEREST);
        p.fundingIndexE18 = type(int128).min + 0.025e18;
        _at(p, HOUR_START + 1 hours);
        assertEq(p.fundingIndexE18, type(int128).min);
    }

    function test_RevertWhen_TheFundingIndexOverflows() public {
        _expectOverflow(int256(type(int128).max) + 1);
        this.moveByAnHour(type(int128).max - 0.025e18 + 1, int64(INTEREST));
        _expectOverflow(int256(type(int128).min) - 1);
        this.moveByAnHour(type(int128).min + 0.025e18 - 1, -int64(INTEREST));
    }

    function moveByAnHour(int128 fundingIndex, int64 rate) external {
        Perpetual memory p = _perpetual();
        (p.fundingIndexE18, p.rateE18) = (fundingIndex, rate);
        _at(p, HOUR_START + 1 hours);
    }

    function _expectOverflow(int256 index) private {
        vm.expectRevert(
            abi.encodeWithSelector(Errors.MarginAccount_PositionOverflow.selector, index, int256(type(int128).max))
        );
    }

    function testFuzz_LookingMoreOftenChangesNothingButRounding(uint256 seed) public {
        Perpetual memory often = _perpetual();
        Perpetual memory seldom = _perpetual();
        often.addFill(1e18, 2_004e18, 2_000e18, 2e18);
        seldom.addFill(1e18, 2_004e18, 2_000e18, 2e18);
        uint256 end = HOUR_START + 1 + (seed % 5 hours);
        uint256 timestamp = HOUR_START;
        for (uint256 i; i < 8; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            timestamp += seed % (end - timestamp + 1);
            _at(often, timestamp);
        }
        _at(often, end);
        _at(seldom, end);
        assertEq(often.rateE18, seldom.rateE18);
        assertEq(often.weightedE18, seldom.weightedE18);
        assertApproxEqAbs(often.fundingIndexE18, seldom.fundingIndexE18, 9);
        assertLe(often.fundingIndexE18, seldom.fundingIndexE18);
    }

    function test_FillsAddUpWithinTheClamp() public pure {
        Perpetual memory p = _perpetual();
        p.addFill(1e18, 2_100e18, 2_000e18, 4e18);
        assertEq(p.premiumE18, 0.001e18);
        p.addFill(1e18, 1_900e18, 2_000e18, 2e18);
        assertEq(p.premiumE18, -0.001e18);
        p.addFill(9e18, 1_900e18, 2_000e18, 2e18);
        assertEq(p.premiumE18, -0.004e18);
        // A part is rounded down.
        p = _perpetual();
        p.addFill(1, 2_100e18, 2_000e18, 3);
        assertEq(p.premiumE18, int256(0.004e18) / 3);
        p = _perpetual();
        p.addFill(1, 1_900e18, 2_000e18, 3);
        assertEq(p.premiumE18, -int256(0.004e18) / 3 - 1);
    }

    function test_OpenInterestIsTheSumOfLongs() public pure {
        Perpetual memory p = _perpetual();
        p.addInterest(0, 5e18);
        p.addInterest(0, -5e18);
        assertEq(p.openInterestE18, 5e18);
        p.addInterest(5e18, -2e18);
        p.addInterest(-5e18, 2e18);
        assertEq(p.openInterestE18, 2e18);
    }

    function test_OpenInterestFillsItsField() public pure {
        Perpetual memory p = _perpetual();
        p.addInterest(0, int256(uint256(type(uint112).max)));
        assertEq(p.openInterestE18, type(uint112).max);
    }

    function test_RevertWhen_OpenInterestOverflows() public {
        vm.expectPartialRevert(Errors.MarginAccount_PositionOverflow.selector);
        this.addInterest(type(int112).max, type(int112).max);
    }

    function addInterest(int256 first, int256 second) external pure {
        Perpetual memory p = _perpetual();
        p.addInterest(0, first);
        p.addInterest(0, second);
        p.addInterest(0, second);
    }

    function test_TheIndexPriceIsSaturated() public pure {
        Perpetual memory p = _perpetual();
        p.setIndexPrice(type(uint128).max);
        assertEq(p.indexPriceE18, type(uint88).max);
    }

    /// @dev Whoever trades with himself moves the premium by at most the clamp times size over interest, for at most an hour. He
    /// holds at most the interest; an eighth of it is what the fees of both sides come to at the least.
    function testFuzz_MovingTheRateCostsWhatItBrings(uint256 size, uint256 interest, uint256 when) public {
        interest = bound(interest, 1e15, 1e26);
        size = bound(size, 1e15, interest);
        when = bound(when, 0, 3_599);
        Perpetual memory p = _perpetual();
        p.interestE7 = 0;
        _at(p, HOUR_START + when);
        p.addFill(size, 4_000e18, 2_000e18, interest);
        _at(p, HOUR_START + 3 hours);
        uint256 brings = (uint256(int256(p.fundingIndexE18)) * interest) / 1e18;
        uint256 costs = (size * 4_000e18 * 5) / 10_000 / 1e18;
        assertLe(brings, costs);
    }
}
