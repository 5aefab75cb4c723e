// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BaseTest} from "../utils/BaseTest.sol";
import {Errors} from "../../../contracts/base/Errors.sol";
import {Position, toPosition} from "../../../contracts/types/Position.sol";

/// @dev A call from outside, so that a revert can be expected.
contract PositionHarness {
    function withAmounts(int256 size, int256 quote) external pure returns (Position) {
        return toPosition(7).withAmounts(size, quote);
    }
}

contract PositionTest is BaseTest {
    int256 private constant MAX_SIZE = 2 ** 111 - 1;
    int256 private constant MIN_SIZE = -(2 ** 111);
    int256 private constant MAX_QUOTE = 2 ** 127 - 1;
    int256 private constant MIN_QUOTE = -(2 ** 127);

    PositionHarness private harness = new PositionHarness();

    function testFuzz_withAmounts_ReadsBackInTheDocumentedLayout(uint8 asset, int112 size, int128 quote) public pure {
        Position position = toPosition(asset).withAmounts(size, quote);
        assertEq(position.size(), size);
        assertEq(position.quote(), quote);
        assertEq(position.underlying(), asset);
        assertEq(position.isNone(), size == 0 && quote == 0);
        // The word as an outsider would write it: kind, asset, quote, size.
        assertEq(abi.encodePacked(Position.unwrap(position)), abi.encodePacked(uint8(1), asset, quote, size));
    }

    function test_withAmounts_TakesTheEndsOfEachField() public view {
        assertEq(harness.withAmounts(MAX_SIZE, MIN_QUOTE).size(), MAX_SIZE);
        assertEq(harness.withAmounts(MIN_SIZE, MAX_QUOTE).size(), MIN_SIZE);
        assertEq(harness.withAmounts(MAX_SIZE, MIN_QUOTE).quote(), MIN_QUOTE);
        assertEq(harness.withAmounts(MIN_SIZE, MAX_QUOTE).quote(), MAX_QUOTE);
    }

    function test_withAmounts_RevertWhen_BeyondAField() public {
        _expectOverflow(MAX_SIZE + 1, MAX_SIZE);
        harness.withAmounts(MAX_SIZE + 1, 0);
        _expectOverflow(MIN_SIZE - 1, MAX_SIZE);
        harness.withAmounts(MIN_SIZE - 1, 0);
        _expectOverflow(MAX_QUOTE + 1, MAX_QUOTE);
        harness.withAmounts(0, MAX_QUOTE + 1);
        _expectOverflow(MIN_QUOTE - 1, MAX_QUOTE);
        harness.withAmounts(0, MIN_QUOTE - 1);
    }

    function _expectOverflow(int256 amount, int256 maximum) private {
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_PositionOverflow.selector, amount, maximum));
    }
}
