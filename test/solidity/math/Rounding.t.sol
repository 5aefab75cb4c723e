// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BaseTest} from "../utils/BaseTest.sol";
import {Rounding} from "../../../contracts/math/Rounding.sol";

contract RoundingTest is BaseTest {
    /// @dev Products of two of these fit a word, so the model can multiply where the library divides.
    uint256 private constant MAX_FACTOR = type(uint120).max;

    function test_mulDiv_EachDirectionOnAThird() public pure {
        assertEq(Rounding.mulDivDown(1, 1, 3), 0);
        assertEq(Rounding.mulDivUp(1, 1, 3), 1);
        assertEq(Rounding.mulDivFloor(1, 1, 3), 0);
        assertEq(Rounding.mulDivCeil(1, 1, 3), 1);
        assertEq(Rounding.mulDivFloor(-1, 1, 3), -1);
        assertEq(Rounding.mulDivCeil(-1, 1, 3), 0);
    }

    function test_mulDiv_ExactQuotientsAreNotMoved() public pure {
        assertEq(Rounding.mulDivDown(6, 1, 3), 2);
        assertEq(Rounding.mulDivUp(6, 1, 3), 2);
        assertEq(Rounding.mulDivFloor(-6, 1, 3), -2);
        assertEq(Rounding.mulDivCeil(-6, 1, 3), -2);
        assertEq(Rounding.mulDivUp(0, 7, 3), 0);
        assertEq(Rounding.mulDivFloor(0, 7, 3), 0);
        assertEq(Rounding.mulDivCeil(0, 7, 3), 0);
    }

    function test_mulDiv_ProductMayExceedAWord() public pure {
        uint256 max = type(uint256).max;
        assertEq(Rounding.mulDivDown(max, max, max), max);
        assertEq(Rounding.mulDivUp(max, max - 1, max), max - 1);
        assertEq(Rounding.mulDivUp(max - 1, max - 1, max), max - 1);
        assertEq(Rounding.mulDivDown(max - 1, max - 1, max), max - 2);
    }

    /// @dev A quotient rounded down is the only q with q * d <= x * y < (q + 1) * d.
    function testFuzz_mulDivDown_IsTheLargestNotAbove(uint256 x, uint256 y, uint256 d) public pure {
        (x, y, d) = _factors(x, y, d);
        uint256 q = Rounding.mulDivDown(x, y, d);
        assertLe(q * d, x * y);
        assertGt((q + 1) * d, x * y);
    }

    function testFuzz_mulDivUp_IsTheSmallestNotBelow(uint256 x, uint256 y, uint256 d) public pure {
        (x, y, d) = _factors(x, y, d);
        uint256 q = Rounding.mulDivUp(x, y, d);
        assertGe(q * d, x * y);
        if (q != 0) assertLt((q - 1) * d, x * y);
    }

    function testFuzz_mulDivFloor_IsTowardMinusInfinity(int256 signed, uint256 y, uint256 d) public pure {
        signed = bound(signed, -int256(MAX_FACTOR), int256(MAX_FACTOR));
        (, y, d) = _factors(0, y, d);
        int256 q = Rounding.mulDivFloor(signed, y, d);
        assertLe(q * int256(d), signed * int256(y));
        assertGt((q + 1) * int256(d), signed * int256(y));
        assertEq(Rounding.mulDivCeil(-signed, y, d), -q, "the mirror image");
    }

    function testFuzz_mulDivCeil_IsTowardPlusInfinity(int256 signed, uint256 y, uint256 d) public pure {
        signed = bound(signed, -int256(MAX_FACTOR), int256(MAX_FACTOR));
        (, y, d) = _factors(0, y, d);
        int256 q = Rounding.mulDivCeil(signed, y, d);
        assertGe(q * int256(d), signed * int256(y));
        assertLt((q - 1) * int256(d), signed * int256(y));
    }

    function _factors(uint256 x, uint256 y, uint256 d) private pure returns (uint256, uint256, uint256) {
        return (bound(x, 0, MAX_FACTOR), bound(y, 0, MAX_FACTOR), bound(d, 1, MAX_FACTOR));
    }
}
