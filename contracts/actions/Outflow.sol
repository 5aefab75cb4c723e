// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../base/Errors.sol";
import {Account, AccountBook} from "../ledger/AccountBook.sol";
import {Cash, CashMarket, CashMarketLib} from "../ledger/CashMarket.sol";
import {AccountHeader} from "../types/AccountHeader.sol";
import {AccountId} from "../types/AccountId.sol";
import {GuardLevel} from "../types/Guard.sol";
import {Health} from "./Health.sol";

/// @title Outflow
/// @notice How cash and collateral leave an account by its owner's wish, whether to a wallet or to another account.
abstract contract Outflow is Health {
    using AccountBook for Account;
    using CashMarketLib for Cash;
    using CashMarketLib for CashMarket;

    /// @dev Books cash that leaves an account, into debt if need be; all positive cash when `amount` is the maximum.
    /// @return The amount.
    /// @return header The account's, as it is then.
    /// @return left {quote token} What cash is left where there is debt or a position; else nobody asks.
    function _takeCash(
        AccountId account,
        uint256 amount,
        Cash memory c
    ) internal returns (uint256, AccountHeader header, int256 left) {
        header = _accounts[account].header;
        if (amount == type(uint256).max) {
            int256 cash = c.valueOf(header.cashShares());
            if (cash <= 0) revert Errors.MarginAccount_ZeroAmount();
            amount = uint256(cash);
        }
        if (amount > type(uint128).max) revert Errors.MarginAccount_AmountOverflow(amount, type(uint128).max);
        int256 shares = c.debit(header.cashShares(), amount);
        bool mayOwe = shares < 0 || header.positionCount() != 0;
        _requireBelow(mayOwe ? GuardLevel.ReduceOnly : GuardLevel.LiquidateOnly, c.guarded);
        if (mayOwe) header = header.withRiskBlock(block.number);
        header = _setCash(account, header, shares);
        _market.store(c);
        if (mayOwe) {
            left = c.valueOf(shares);
            _requireNoDustDebt(account, left, c);
        }
        return (amount, header, left);
    }

    /// @dev Books collateral that leaves an account; all of it when `amount` is the maximum.
    /// @return The amount.
    /// @return header The account's, as it is then.
    function _takeCollateral(
        AccountId account,
        uint8 asset,
        uint256 amount
    ) internal returns (uint256, AccountHeader header) {
        if (amount == type(uint256).max) {
            amount = _accounts[account].amountOf(asset);
            if (amount == 0) revert Errors.MarginAccount_ZeroAmount();
        }
        _removeCollateral(account, asset, amount);
        header = _accounts[account].header;
        bool mayOwe = header.mayOwe();
        _requireBelow(mayOwe ? GuardLevel.ReduceOnly : GuardLevel.LiquidateOnly, _market.isGuarded());
        if (mayOwe) {
            header = header.withRiskBlock(block.number);
            _accounts[account].header = header;
        }
        return (amount, header);
    }
}
