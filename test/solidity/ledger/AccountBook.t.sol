// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BaseTest} from "../utils/BaseTest.sol";
import {Errors} from "../../../contracts/base/Errors.sol";
import {Account, AccountBook} from "../../../contracts/ledger/AccountBook.sol";
import {AccountId} from "../../../contracts/types/AccountId.sol";
import {CollateralPage} from "../../../contracts/types/CollateralPage.sol";

/// @dev One account in storage, and its neighbour's slots behind it.
contract AccountBookHarness {
    using AccountBook for Account;

    Account internal account;
    AccountId internal constant ID = AccountId.wrap(77);

    function add(uint8 asset, uint256 amount, bool mayOpen) external returns (uint256) {
        return account.add(ID, asset, amount, mayOpen);
    }

    function remove(uint8 asset, uint256 amount) external returns (uint256) {
        return account.remove(ID, asset, amount);
    }

    function amountOf(uint8 asset) external view returns (uint256) {
        return account.amountOf(asset);
    }

    function loadPages() external view returns (CollateralPage[] memory) {
        return account.loadPages();
    }

    function page(uint256 i) external view returns (CollateralPage) {
        return account.pages[i];
    }
}

contract AccountBookTest is BaseTest {
    uint256 private constant ID = 77;
    uint256 private constant MAX_BALANCE = type(uint112).max;
    /// @dev Assets that the walk uses: more than an account may hold.
    uint8 private constant ASSETS = 10;
    uint256 private constant STEPS = 60;

    AccountBookHarness private book = new AccountBookHarness();

    /*//////////////////////////////////////////////////////////////////////////
                                         ADD
    //////////////////////////////////////////////////////////////////////////*/

    function test_add_FirstDepositWritesOnePage() public {
        assertEq(book.loadPages().length, 0);
        assertEq(book.add(3, 100, true), 100);
        CollateralPage[] memory pages = book.loadPages();
        assertEq(pages.length, 1);
        assertEq(pages[0].assetAt(0), 3);
        assertEq(pages[0].amountAt(0), 100);
        assertEq(book.add(3, 11, false), 111);
        assertEq(book.amountOf(3), 111);
        assertEq(book.amountOf(4), 0);
    }

    function test_add_WhenNotAllowedToOpenChangesNothing() public {
        assertEq(book.add(3, 100, false), 0);
        assertEq(book.loadPages().length, 0);
        _fill(8);
        assertEq(book.add(9, 100, false), 0, "nor does it revert on a full account");
        assertEq(book.amountOf(9), 0);
    }

    function test_add_EightCollateralsOnFourPages() public {
        _fill(8);
        CollateralPage[] memory pages = book.loadPages();
        assertEq(pages.length, 4);
        for (uint8 asset = 1; asset <= 8; ++asset) {
            assertEq(book.amountOf(asset), uint256(asset) * 100);
            assertEq(pages[(asset - 1) / 2].assetAt((asset - 1) % 2), asset);
        }
        assertTrue(pages[0].hasMore() && pages[1].hasMore() && pages[2].hasMore());
        assertFalse(pages[3].hasMore());
    }

    function test_add_RevertWhen_NinthCollateral() public {
        _fill(8);
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_TooManyCollaterals.selector, ID, 8, 8));
        book.add(9, 1, true);
        // What is held still grows, on every page.
        for (uint8 asset = 1; asset <= 8; ++asset) {
            assertEq(book.add(asset, 1, false), uint256(asset) * 100 + 1);
        }
    }

    function test_add_FillsTheFirstHole() public {
        _fill(8);
        book.remove(2, 200);
        book.remove(5, 500);
        assertEq(book.loadPages().length, 4);
        book.add(9, 900, true);
        book.add(10, 1_000, true);
        assertEq(book.page(0).assetAt(1), 9);
        assertEq(book.page(2).assetAt(0), 10);
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_TooManyCollaterals.selector, ID, 8, 8));
        book.add(2, 1, true);
    }

    /// @dev A hole before the held entry must not receive it a second time.
    function test_add_FindsAnEntryBehindAHole() public {
        _fill(6);
        book.remove(1, 100);
        assertEq(book.add(6, 5, true), 605);
        assertEq(book.page(0).assetAt(0), 0);
        assertEq(book.amountOf(6), 605);
    }

    function test_add_AcceptsAFullBalance() public {
        assertEq(book.add(1, MAX_BALANCE, true), MAX_BALANCE);
        assertEq(book.amountOf(1), MAX_BALANCE);
        book.add(2, 5, true);
        assertEq(book.amountOf(1), MAX_BALANCE);
    }

    function test_add_RevertWhen_BalanceOverflows() public {
        vm.expectRevert(_overflow(MAX_BALANCE + 1));
        book.add(1, MAX_BALANCE + 1, true);
        book.add(1, MAX_BALANCE, true);
        vm.expectRevert(_overflow(MAX_BALANCE + 1));
        book.add(1, 1, true);
    }

    function _overflow(uint256 amount) private pure returns (bytes memory) {
        return abi.encodeWithSelector(Errors.MarginAccount_AmountOverflow.selector, amount, MAX_BALANCE);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        REMOVE
    //////////////////////////////////////////////////////////////////////////*/

    function test_remove_RevertWhen_NotHeldOrNotEnough() public {
        _expectInsufficient(1, 0, 1);
        book.remove(1, 1);
        _fill(8);
        _expectInsufficient(1, 100, 101);
        book.remove(1, 101);
        _expectInsufficient(8, 800, 801);
        book.remove(8, 801);
        _expectInsufficient(9, 0, 1);
        book.remove(9, 1);
    }

    /// @dev The quote asset's number is that of an empty entry, and the bits behind the entries are no balance of it.
    function test_TheQuoteAssetIsNeverACollateral() public {
        _fill(3);
        assertEq(book.amountOf(0), 0);
        _fill(8);
        assertEq(book.amountOf(0), 0);
        _expectInsufficient(0, 0, 1);
        book.remove(0, 1);
    }

    function _expectInsufficient(uint8 asset, uint256 held, uint256 needed) private {
        vm.expectRevert(
            abi.encodeWithSelector(Errors.MarginAccount_InsufficientCollateral.selector, ID, asset, held, needed)
        );
    }

    function test_remove_APartKeepsTheEntry() public {
        _fill(3);
        assertEq(book.remove(3, 299), 1);
        assertEq(book.amountOf(3), 1);
        assertEq(book.loadPages().length, 2);
    }

    function test_remove_TheLastPageIsUnlinked() public {
        _fill(5);
        assertEq(book.loadPages().length, 3);
        book.remove(5, 500);
        assertEq(book.loadPages().length, 2);
        assertFalse(book.page(1).hasMore());
        assertEq(CollateralPage.unwrap(book.page(2)), 0);
    }

    /// @dev Pages emptied before the last one go with it.
    function test_remove_EmptyPagesBeforeTheLastAreUnlinkedWithIt() public {
        _fill(8);
        for (uint8 asset = 3; asset <= 6; ++asset) book.remove(asset, uint256(asset) * 100);
        assertEq(book.loadPages().length, 4, "the last one still holds");
        book.remove(7, 700);
        assertEq(book.loadPages().length, 4);
        book.remove(8, 800);
        assertEq(book.loadPages().length, 1);
        assertFalse(book.page(0).hasMore());
        for (uint256 i = 1; i < 4; ++i) assertEq(CollateralPage.unwrap(book.page(i)), 0);
    }

    function test_remove_EverythingLeavesEmptySlots() public {
        _fill(8);
        for (uint8 asset = 1; asset <= 8; ++asset) book.remove(asset, uint256(asset) * 100);
        assertEq(book.loadPages().length, 0);
        for (uint256 i; i < 4; ++i) assertEq(CollateralPage.unwrap(book.page(i)), 0);
        // And the account may be filled again.
        _fill(8);
        assertEq(book.loadPages().length, 4);
    }

    function test_remove_AnEmptyFirstPageKeepsItsLink() public {
        _fill(4);
        book.remove(1, 100);
        book.remove(2, 200);
        assertEq(book.loadPages().length, 2);
        assertEq(book.amountOf(4), 400);
        book.add(9, 9, true);
        assertEq(book.page(0).assetAt(0), 9);
        assertTrue(book.page(0).hasMore());
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        A WALK
    //////////////////////////////////////////////////////////////////////////*/

    mapping(uint8 asset => uint256 amount) private _balances;
    uint256 private _kinds;

    /// @dev Random adds and removals against a plain mapping: balances, returned values, refusals and the shape of the pages.
    function testFuzz_walk_AgreesWithAMapping(uint256 seed) public {
        for (uint256 i; i < STEPS; ++i) {
            uint256 roll = uint256(keccak256(abi.encode(seed, i)));
            // Asset 0 marks an empty entry and is never booked.
            uint8 asset = uint8(1 + ((roll >> 8) % ASSETS));
            if (roll % 5 < 3) _walkAdd(asset, 1 + ((roll >> 16) % 1_000), (roll >> 128) % 8 != 0);
            else _walkRemove(asset, (roll >> 16) % 4 == 0 ? 1 + ((roll >> 32) % 1_500) : _balances[asset]);
            _assertPages();
        }
    }

    function _walkAdd(uint8 asset, uint256 amount, bool mayOpen) private {
        uint256 held = _balances[asset];
        if (held == 0 && mayOpen && _kinds == 8) {
            vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_TooManyCollaterals.selector, ID, 8, 8));
            book.add(asset, amount, mayOpen);
            return;
        }
        uint256 balance = book.add(asset, amount, mayOpen);
        if (held == 0 && !mayOpen) {
            assertEq(balance, 0);
            return;
        }
        if (held == 0) ++_kinds;
        _balances[asset] = held + amount;
        assertEq(balance, held + amount);
    }

    function _walkRemove(uint8 asset, uint256 amount) private {
        uint256 held = _balances[asset];
        if (amount == 0) return;
        if (amount > held) _expectInsufficient(asset, held, amount);
        uint256 balance = book.remove(asset, amount);
        if (amount > held) return;
        _balances[asset] = held - amount;
        assertEq(balance, held - amount);
        if (amount == held) --_kinds;
    }

    function _assertPages() private view {
        CollateralPage[] memory pages = book.loadPages();
        uint256 entries;
        for (uint256 i; i < pages.length; ++i) {
            for (uint256 entry; entry < 2; ++entry) {
                uint8 asset = pages[i].assetAt(entry);
                assertEq(pages[i].amountAt(entry), _balances[asset], "amount on the page");
                if (asset != 0) ++entries;
            }
            assertEq(pages[i].hasMore(), i + 1 < pages.length, "link");
        }
        assertEq(entries, _kinds, "one entry for each asset held");
        for (uint8 asset = 1; asset <= ASSETS; ++asset) {
            assertEq(book.amountOf(asset), _balances[asset], "balance");
        }
        // Reading never walks more pages than the last entry needs, and what is beyond is zero.
        if (pages.length != 0) assertFalse(pages[pages.length - 1].isEmpty(), "an empty last page");
        for (uint256 i = pages.length; i < 4; ++i) assertEq(CollateralPage.unwrap(book.page(i)), 0);
    }

    function _fill(uint8 count) private {
        for (uint8 asset = 1; asset <= count; ++asset) book.add(asset, uint256(asset) * 100, true);
    }
}
