// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ALL_RIGHTS, QUOTE, RIGHT_WITHDRAW} from "../base/Constants.sol";
import {Errors} from "../base/Errors.sol";
import {IMarginAccountExtension} from "../interfaces/IMarginAccountExtension.sol";
import {Cash, CashMarket, CashMarketLib} from "../ledger/CashMarket.sol";
import {AccountId} from "../types/AccountId.sol";
import {GuardLevel} from "../types/Guard.sol";
import {Outflow} from "./Outflow.sol";

/// @title Transfers
/// @notice The chapter of transfers between accounts, of the owners' reserves, and of claims.
abstract contract Transfers is Outflow, IMarginAccountExtension {
    using CashMarketLib for CashMarket;

    /// @inheritdoc IMarginAccountExtension
    function transfer(AccountId from, AccountId to, address token, uint256 amount) external locked {
        // Checks
        if (amount == 0) revert Errors.MarginAccount_ZeroAmount();
        _requireMayAct(from, RIGHT_WITHDRAW);
        if (from == to) revert Errors.MarginAccount_SameAccount(AccountId.unwrap(from));

        // Effects
        uint8 asset = _vault().numberOf(token);
        Cash memory c = _market.loadAccrued();
        if (asset == QUOTE) {
            (amount, , ) = _takeCash(from, amount, c);
            _creditCash(to, amount, c);
            _market.store(c);
        } else {
            (amount, ) = _takeCollateral(from, asset, amount);
            if (!_addCollateral(to, asset, amount, _mayAct(to, msg.sender, ALL_RIGHTS))) {
                revert Errors.MarginAccount_ForeignAsset(AccountId.unwrap(to), asset, msg.sender);
            }
        }
        _followCure(to, c);

        // Check, at the end of a batch if there is one.
        if (!_defers(AccountId.unwrap(from))) _requireInitialMargin(from, c);
    }

    /// @inheritdoc IMarginAccountExtension
    function depositReserve(AccountId account, address token, uint256 amount) external locked {
        if (amount == 0) revert Errors.MarginAccount_ZeroAmount();
        _requireMayAct(account, ALL_RIGHTS);
        _vault().pullToReserve(account, token, msg.sender, amount);
    }

    /// @inheritdoc IMarginAccountExtension
    function withdrawReserve(
        AccountId account,
        address token,
        uint256 amount,
        address receiver
    ) external locked returns (uint256) {
        if (receiver == address(0)) revert Errors.MarginAccount_ZeroReceiver();
        if (amount == type(uint256).max) amount = _vault().reserveOf(account, _vault().numberOf(token));
        if (amount == 0) revert Errors.MarginAccount_ZeroAmount();
        _requireMayAct(account, RIGHT_WITHDRAW);
        _vault().sendFromReserve(account, token, receiver, amount);
        return amount;
    }

    /// @inheritdoc IMarginAccountExtension
    function payClaims(address token, uint256 count) external locked returns (uint256) {
        _requireBelow(GuardLevel.LiquidateOnly, _market.isGuarded());
        return _vault().payClaims(token, count);
    }

    /// @inheritdoc IMarginAccountExtension
    function claim(address token, address receiver) external locked returns (uint256) {
        if (receiver == address(0)) revert Errors.MarginAccount_ZeroReceiver();
        _requireBelow(GuardLevel.LiquidateOnly, _market.isGuarded());
        return _vault().claim(msg.sender, token, receiver);
    }
}
