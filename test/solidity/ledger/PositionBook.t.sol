// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BaseTest} from "../utils/BaseTest.sol";
import {Errors} from "../../../contracts/base/Errors.sol";
import {Account as LedgerAccount} from "../../../contracts/ledger/AccountBook.sol";
import {PositionBook} from "../../../contracts/ledger/PositionBook.sol";
import {AccountId} from "../../../contracts/types/AccountId.sol";
import {Position, toPosition} from "../../../contracts/types/Position.sol";

/// @title PositionBookTest
/// @notice The list of an account's positions, and the quote that is stored as if funding had never moved.
contract PositionBookTest is BaseTest {
    using PositionBook for LedgerAccount;

    AccountId private constant ID = AccountId.wrap(7);

    LedgerAccount private account;

    function _put(uint256 at, uint256 count, uint8 underlying, int256 size, int256 quote, int256 index) private {
        Position position = toPosition(underlying).withAmounts(size, quote);
        account.store(ID, at, count, position, index);
    }

    function _quoteAt(int256 index) private view returns (int256) {
        return account.accrued(0, index).quote();
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        FUNDING
    //////////////////////////////////////////////////////////////////////////*/

    function test_ALongPaysWhatTheIndexRose() public {
        // Three units from index 10 to 12.5: 7.5, and back again.
        _put(0, 0, 1, 3e18, 100e18, 10e18);
        assertEq(_quoteAt(10e18), 100e18);
        assertEq(_quoteAt(12.5e18), 92.5e18);
        assertEq(_quoteAt(-2e18), 136e18);
        _put(0, 1, 1, -3e18, 100e18, 10e18);
        assertEq(_quoteAt(12.5e18), 107.5e18);
        assertEq(_quoteAt(-2e18), 64e18);
    }

    function test_AClaimWithoutSizePaysNothing() public {
        _put(0, 0, 1, 0, 5e18, 10e18);
        assertEq(_quoteAt(10e18), 5e18);
        assertEq(_quoteAt(-99e18), 5e18);
    }

    function test_WhatIsReadIsRoundedDown() public {
        // Stored while the index was zero: nothing to round. A third of a wei that is owed is a wei.
        _put(0, 0, 1, 1, 0, 0);
        assertEq(_quoteAt(0.3e18), -1);
        assertEq(_quoteAt(-0.3e18), 0);
        _put(0, 1, 1, -1, 0, 0);
        assertEq(_quoteAt(0.3e18), 0);
        assertEq(_quoteAt(-0.3e18), -1);
    }

    function test_WhatIsStoredIsRoundedDown() public {
        // Read where nothing is to be rounded: at an index of zero.
        _put(0, 0, 1, 1, 0, 0.3e18);
        assertEq(_quoteAt(0), 0);
        _put(0, 1, 1, 1, 0, -0.3e18);
        assertEq(_quoteAt(0), -1);
        _put(0, 1, 1, -1, 0, 0.3e18);
        assertEq(_quoteAt(0), -1);
    }

    /// @dev Two sides of one size: what the one pays is at least what the other gets, less than two wei for each time they are
    /// written; nobody gains by being looked at.
    function testFuzz_FundingOnlyEverLeavesSomething(int80 size, int88 first, int88 second, int88 third) public {
        _put(0, 0, 1, size, 0, first);
        _put(1, 1, 2, -int256(size), 0, first);
        for (uint256 i; i < 2; ++i) {
            Position long = account.accrued(0, second);
            Position short = account.accrued(1, second);
            assertLe(long.quote() + short.quote(), 0);
            assertGe(long.quote() + short.quote(), -4 - 4 * int256(i));
            int256 exact = (int256(size) * (int256(second) - first)) / 1e18;
            assertApproxEqAbs(long.quote(), -exact, 3 + 3 * i);
            account.store(ID, 0, 2, long, second);
            account.store(ID, 1, 2, short, second);
            second = second == third ? second : third;
        }
    }

    function test_AQuoteOutOfItsFieldIsRefused() public {
        vm.expectPartialRevert(Errors.MarginAccount_PositionOverflow.selector);
        this.putLargest();
    }

    function putLargest() external {
        _put(0, 0, 1, type(int112).max, type(int128).max, 1e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        THE LIST
    //////////////////////////////////////////////////////////////////////////*/

    function test_TheLastTakesThePlaceOfOneThatIsGone() public {
        for (uint8 i; i < 3; ++i) {
            _put(i, i, i + 1, 1e18, int256(uint256(i)), 0);
        }
        assertEq(account.find(3, 2), 1);
        assertEq(account.find(3, 9), 3);
        uint256 count = account.store(ID, 1, 3, toPosition(2), 5e18);
        assertEq(count, 2);
        assertEq(account.positions[1].underlying(), 3);
        assertEq(account.positions[1].quote(), 2);
        assertEq(Position.unwrap(account.positions[2]), 0);
        // The last itself, and one that was never there.
        count = account.store(ID, 1, 2, toPosition(3), 0);
        assertEq(count, 1);
        assertEq(Position.unwrap(account.positions[1]), 0);
        assertEq(account.store(ID, 1, 1, toPosition(9), 0), 1);
    }

    function test_RevertWhen_ThereAreThirtyTwo() public {
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_TooManyPositions.selector, 7, 32, 32));
        this.putThirtyThird();
    }

    function putThirtyThird() external {
        _put(31, 31, 1, 1, 0, 0);
        // One that is there may change.
        _put(31, 32, 1, -5, 7, 0);
        _put(32, 32, 2, 1, 0, 0);
    }
}
