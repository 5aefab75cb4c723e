// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {INFINITE_HEALTH} from "../base/Constants.sol";
import {Errors} from "../base/Errors.sol";
import {IMarginAccountExtension} from "../interfaces/IMarginAccountExtension.sol";
import {Account, AccountBook} from "../ledger/AccountBook.sol";
import {Cash, CashMarket, CashMarketLib} from "../ledger/CashMarket.sol";
import {AccountHeader} from "../types/AccountHeader.sol";
import {AccountId} from "../types/AccountId.sol";
import {Assessment} from "../types/Assessment.sol";
import {Losses} from "./Losses.sol";

/// @title Provisions
/// @notice The chapter by which anyone sets aside, reverses or settles what an insolvent account costs lenders.
abstract contract Provisions is Losses, IMarginAccountExtension {
    using AccountBook for Account;
    using CashMarketLib for Cash;
    using CashMarketLib for CashMarket;

    /// @inheritdoc IMarginAccountExtension
    function provision(AccountId account) external locked {
        Cash memory c = _market.loadAccrued();
        Assessment memory a = _assessLive(account, c);
        if (a.equityE18 >= 0) revert Errors.MarginAccount_Solvent(AccountId.unwrap(account), a.equityE18);
        _provision(account, a.equityE18, c);
        _market.store(c);
    }

    /// @inheritdoc IMarginAccountExtension
    function reverseProvision(AccountId account) external locked {
        Cash memory c = _market.loadAccrued();
        // With neither debt nor positions nothing is at risk, whatever the prices are.
        int256 equity;
        if (_accounts[account].header.mayOwe()) equity = _assessLive(account, c).equityE18;
        if (equity < 0 || _provisionOf[account] == 0) {
            revert Errors.MarginAccount_ProvisionStands(AccountId.unwrap(account), equity);
        }
        _setProvision(account, 0, c);
        _market.store(c);
    }

    /// @inheritdoc IMarginAccountExtension
    function writeOff(AccountId account) external locked {
        // Checks: something is owed and nothing is left to pay it with.
        Cash memory c = _market.loadAccrued();
        AccountHeader header = _accounts[account].header;
        int256 cash = c.valueOf(header.cashShares());
        if (cash >= 0 || header.positionCount() != 0 || _accounts[account].loadPages().length != 0) {
            revert Errors.MarginAccount_Solvent(AccountId.unwrap(account), _toE18(cash));
        }

        // Effects
        uint256 debt = uint256(-cash);
        uint256 covered = _payFromFund(debt, c);
        _socialise(account, debt - covered, c);
        _creditCash(account, debt, c);
        _setProvision(account, 0, c);
        _advanceClock(account, INFINITE_HEALTH);
        _market.store(c);
    }

    /// @inheritdoc IMarginAccountExtension
    function collectFees() external locked returns (uint256 amount) {
        Cash memory c = _market.loadAccrued();
        amount = _collectFees(c);
        _market.store(c);
    }

    function _assessLive(AccountId account, Cash memory c) private view returns (Assessment memory a) {
        a = _assess(account, c);
        if (a.halted || a.degraded) revert Errors.MarginAccount_PriceHalted(AccountId.unwrap(account));
    }
}
