// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {MAX_COLLATERALS, MAX_PAGES} from "../base/Constants.sol";
import {Errors} from "../base/Errors.sol";
import {AccountHeader} from "../types/AccountHeader.sol";
import {AccountId} from "../types/AccountId.sol";
import {BandPolicy} from "../types/BandPolicy.sol";
import {AMOUNT_MASK, CollateralPage, ENTRIES_PER_PAGE} from "../types/CollateralPage.sol";
import {Position} from "../types/Position.sol";

/// @dev One account. Of its slots in a row a common action reads the first two; a position takes one more.
struct Account {
    AccountHeader header; // slot 0
    CollateralPage[4] pages; // slots 1 to 4
    BandPolicy policy; // slot 5
    WalletAllowance wallet; // slots 6 and 7
    Position[32] positions; // slots 8 to 39, without gaps
}

/// @dev What top-ups may take from the owner's wallet in a day.
struct WalletAllowance {
    uint128 dailyLimitE18; // {quote}
    uint128 spentE18; // {quote} on `day`
    uint32 day; // {day} since the epoch
}

/// @title AccountBook
/// @notice Who has what: collateral amounts on pages of two. Pure bookkeeping: no external call, no price, no permission.
/// @dev The first page's `watched` bit repeats that the header is not calm, so that a deposit of collateral, which finds the
/// bit on its way, need not read the header of an account that nobody called.
library AccountBook {
    /// @notice The pages in use, in order.
    function loadPages(Account storage self) internal view returns (CollateralPage[] memory pages) {
        CollateralPage page = self.pages[0];
        if (!page.hasMore()) {
            if (page.isEmpty()) return pages;
            pages = new CollateralPage[](1);
            pages[0] = page;
            return pages;
        }
        CollateralPage[MAX_PAGES] memory found;
        uint256 count;
        found[count++] = page;
        while (page.hasMore()) {
            page = self.pages[count];
            found[count++] = page;
        }
        pages = new CollateralPage[](count);
        for (uint256 i; i < count; ++i) {
            pages[i] = found[i];
        }
    }

    /// @notice Repeats on the first page whether the header is calm.
    function setWatched(Account storage self, bool watched) internal {
        self.pages[0] = self.pages[0].withWatched(watched);
    }

    /// @notice Whether a cure has clocks to move.
    function isWatched(Account storage self) internal view returns (bool) {
        return self.pages[0].isWatched();
    }

    /// @notice The balance of one asset; {token}.
    function amountOf(Account storage self, uint8 asset) internal view returns (uint256) {
        for (uint256 i; i < MAX_PAGES; ++i) {
            CollateralPage page = self.pages[i];
            for (uint256 entry; entry < ENTRIES_PER_PAGE; ++entry) {
                if (page.assetAt(entry) == asset) return page.amountAt(entry);
            }
            if (!page.hasMore()) return 0;
        }
        return 0;
    }

    /// @notice Adds to the balance of an asset, opening an entry when there is none.
    /// @param mayOpen False: the account must hold the asset already.
    /// @return balance {token} The new balance; 0 when an entry was needed and not allowed.
    function add(
        Account storage self,
        AccountId id,
        uint8 asset,
        uint256 amount,
        bool mayOpen
    ) internal returns (uint256 balance) {
        CollateralPage page;
        CollateralPage freePage;
        uint256 freeAt = MAX_COLLATERALS;
        uint256 i;
        while (true) {
            page = self.pages[i];
            for (uint256 entry; entry < ENTRIES_PER_PAGE; ++entry) {
                uint8 held = page.assetAt(entry);
                if (held == asset) {
                    balance = page.amountAt(entry) + amount;
                    _requireFits(balance);
                    self.pages[i] = page.withEntry(entry, asset, balance);
                    return balance;
                }
                if (held == 0 && freeAt == MAX_COLLATERALS) {
                    freeAt = i * ENTRIES_PER_PAGE + entry;
                    freePage = page;
                }
            }
            if (!page.hasMore()) break;
            ++i;
        }
        if (!mayOpen) return 0;
        _requireFits(amount);
        if (freeAt < MAX_COLLATERALS) {
            self.pages[freeAt / ENTRIES_PER_PAGE] = freePage.withEntry(freeAt % ENTRIES_PER_PAGE, asset, amount);
            return amount;
        }
        if (i + 1 == MAX_PAGES) {
            revert Errors.MarginAccount_TooManyCollaterals(AccountId.unwrap(id), MAX_COLLATERALS, MAX_COLLATERALS);
        }
        self.pages[i] = page.withMore(true);
        self.pages[i + 1] = CollateralPage.wrap(0).withEntry(0, asset, amount);
        return amount;
    }

    /// @notice Takes from the balance of an asset.
    /// @return balance {token} The new balance.
    function remove(
        Account storage self,
        AccountId id,
        uint8 asset,
        uint256 amount
    ) internal returns (uint256 balance) {
        uint256 held;
        for (uint256 i; i < MAX_PAGES; ++i) {
            CollateralPage page = self.pages[i];
            for (uint256 entry; entry < ENTRIES_PER_PAGE; ++entry) {
                if (page.assetAt(entry) != asset) continue;
                held = page.amountAt(entry);
                if (amount > held) break;
                balance = held - amount;
                page = page.withEntry(entry, asset, balance);
                self.pages[i] = page;
                if (i != 0 && page.isEmpty() && !page.hasMore()) _dropLast(self, i);
                return balance;
            }
            if (held != 0 || !page.hasMore()) break;
        }
        revert Errors.MarginAccount_InsufficientCollateral(AccountId.unwrap(id), asset, held, amount);
    }

    /// @dev Unlinks the last page, and those before it that are empty as well, so that reading an account never walks more
    /// pages than its last entry needs.
    function _dropLast(Account storage self, uint256 last) private {
        while (last != 0) {
            --last;
            CollateralPage page = self.pages[last].withMore(false);
            self.pages[last] = page;
            if (!page.isEmpty()) return;
        }
    }

    function _requireFits(uint256 amount) private pure {
        if (amount > AMOUNT_MASK) revert Errors.MarginAccount_AmountOverflow(amount, AMOUNT_MASK);
    }
}
