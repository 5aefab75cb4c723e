// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";

import {FundingMath} from "../../../contracts/math/FundingMath.sol";

/// @dev The reference's example: premiums held over uneven times, clamped to 0.75% in eight hours, for 12.5 units. Its figures come
/// from a computation with thirty digits.
contract FundingMathReferenceTest is Test {
    int256 internal constant CLAMP_8H = 0.0075e18;

    function test_TheReferencesExample() public pure {
        uint256[5] memory marks = [uint256(3_003e18), 3_010.5e18, 2_990.25e18, 3_100e18, 2_950e18];
        uint256[5] memory indices = [uint256(3_000e18), 3_001e18, 2_998e18, 3_020e18, 2_995e18];
        uint256[5] memory times = [uint256(3_600), 3_600, 1_800, 3_600, 16_200];
        int256[5] memory cumulative = [int256(0.375e18), 1.5625e18, 1.078125e18, 3.909375e18, -8.72578125e18];
        int256 index;
        for (uint256 i; i < 5; ++i) {
            int256 premium = FundingMath.deviationOf(marks[i], indices[i], 1e18);
            // An hour's rate is an eighth of the eight hours': the clamp is applied before.
            int256 rate = FundingMath.rateOf(FundingMath.clamped(premium, CLAMP_8H), 8, 0, CLAMP_8H / 8);
            index += FundingMath.perUnit(rate, indices[i], times[i]);
            // A unit of rounding in the rate weighs the price times the hours.
            assertLe(index, cumulative[i]);
            assertGe(index, cumulative[i] - int256(60_000));
        }
        int256 paid = FundingMath.payment(12.5e18, index);
        assertApproxEqAbs(paid, -109.072265625e18, 1_000_000);
    }

    function test_TheRateIsRoundedDownAndClamped() public pure {
        assertEq(FundingMath.rateOf(7, 8, 0, 100), 0);
        assertEq(FundingMath.rateOf(-7, 8, 0, 100), -1);
        assertEq(FundingMath.rateOf(-7, 8, 5, 100), 4);
        assertEq(FundingMath.rateOf(8_000, 8, 5, 100), 100);
        assertEq(FundingMath.rateOf(-8_000, 8, 5, 100), -100);
    }

    function test_TheIndexIsRoundedDown() public pure {
        assertEq(FundingMath.perUnit(1e18, 1, 3_599), 0);
        assertEq(FundingMath.perUnit(1e18, 1, 3_600), 1);
        assertEq(FundingMath.perUnit(-1e18, 1, 1), -1);
    }

    function test_AFillsDeviationIsRoundedDown() public pure {
        assertEq(FundingMath.deviationOf(3e18 + 1, 3e18, 1e18), 0);
        assertEq(FundingMath.deviationOf(3e18 - 1, 3e18, 1e18), -1);
        assertEq(FundingMath.deviationOf(4e18, 3e18, 0.004e18), 0.004e18);
        assertEq(FundingMath.deviationOf(2e18, 3e18, 0.004e18), -0.004e18);
    }

    function test_PaymentsAreRoundedAgainstBothSides() public pure {
        assertEq(FundingMath.payment(1, 1), 1);
        assertEq(FundingMath.payment(-1, 1), int256(0));
        assertEq(FundingMath.payment(1, -1), int256(0));
        assertEq(FundingMath.payment(-1, -1), 1);
        assertEq(FundingMath.payment(2e18, 3), 6);
        assertEq(FundingMath.payment(-2e18, 3), -6);
    }

    function testFuzz_WhatIsPaidCoversWhatIsReceived(int112 size, int96 move) public pure {
        vm.assume(size != type(int112).min);
        int256 long = FundingMath.payment(size, move);
        int256 short = FundingMath.payment(-int256(size), move);
        assertGe(long + short, 0);
        assertLe(long + short, 1);
    }
}
