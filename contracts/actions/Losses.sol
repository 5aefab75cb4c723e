// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {RAY} from "../base/Constants.sol";
import {Account, AccountBook} from "../ledger/AccountBook.sol";
import {Cash, CashMarketLib} from "../ledger/CashMarket.sol";
import {Rounding} from "../math/Rounding.sol";
import {AccountHeader} from "../types/AccountHeader.sol";
import {AccountId} from "../types/AccountId.sol";
import {Health} from "./Health.sol";

/// @title Losses
/// @notice The chapter of losses: what lenders may lose is set aside at once, borne by the insurance fund first, and only
/// then by the supply index.
abstract contract Losses is Health {
    using AccountBook for Account;
    using CashMarketLib for Cash;

    /// @dev Whatever the vault holds for accounts beyond what it owes is interest's fee and rounding: idle cash plus debt,
    /// rounded down, minus credit, rounded up, minus what leavers forfeited, minus the settled pools. Rounding: down.
    function _collectFees(Cash memory c) internal returns (uint256) {
        uint256 assets = _idle() + Rounding.mulDivDown(c.borrowShares, c.borrowIndex, RAY);
        uint256 owed = Rounding.mulDivUp(c.supplyShares, c.supplyIndex, RAY) + c.forfeited + _pooled();
        if (assets <= owed) return 0;
        _creditCash(_fund(), assets - owed, c);
        emit FeesCollected(assets - owed);
        return assets - owed;
    }

    /// @dev {quote token} What the settled pools of all perpetuals hold. Bounded by the perpetuals that may be listed.
    function _pooled() internal view returns (uint256 pooled) {
        uint256 listed = _listedPerpetuals;
        for (uint256 underlying; listed != 0; ++underlying) {
            if (listed & 1 == 1) pooled += _perpetuals[uint8(underlying)].pool;
            listed >>= 1;
        }
    }

    /// @dev Takes up to `amount` from the insurance fund's cash, its uncollected fees included.
    /// @return paid {quote token}
    function _payFromFund(uint256 amount, Cash memory c) internal returns (uint256 paid) {
        if (amount == 0) return 0;
        _collectFees(c);
        int256 held = c.valueOf(_accounts[_fund()].header.cashShares());
        if (held <= 0) return 0;
        paid = amount < uint256(held) ? amount : uint256(held);
        _debitCash(_fund(), paid, c);
    }

    /// @dev Lets lenders bear a loss, with an event that says how much and why.
    /// @return paid {quote token} What forfeits and the index paid; less than the loss only when lenders have no more.
    function _socialise(AccountId account, uint256 loss, Cash memory c) internal returns (uint256 paid) {
        if (loss == 0) return 0;
        uint256 forfeited = c.forfeited;
        uint256 borne = c.socialise(loss);
        emit LossSocialised(AccountId.unwrap(account), borne, c.supplyIndex);
        return borne + forfeited - c.forfeited;
    }

    /// @dev Sets aside what an insolvent account may cost lenders; {quote token}, rounded up.
    function _provision(AccountId account, int256 equityE18, Cash memory c) internal {
        _setProvision(account, Rounding.mulDivUp(uint256(-equityE18), 1, _quoteScale()), c);
    }

    /// @dev Replaces an account's provision. What leavers forfeited beyond the provisions that remain goes to the insurance
    /// fund: to the lenders who stayed it would be a gift that others could come for.
    function _setProvision(AccountId account, uint256 amount, Cash memory c) internal {
        uint256 before = _provisionOf[account];
        if (amount == before) return;
        c.provisions = c.provisions - before + amount;
        _provisionOf[account] = amount;
        AccountHeader header = _accounts[account].header.withProvision(amount != 0);
        _accounts[account].header = header;
        _accounts[account].setWatched(!header.isCalm());
        emit ProvisionChanged(AccountId.unwrap(account), amount);
        if (c.forfeited > c.provisions) {
            uint256 excess = c.forfeited - c.provisions;
            c.forfeited = c.provisions;
            _creditCash(_fund(), excess, c);
        }
    }
}
