// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ALL_RIGHTS, QUOTE, RIGHT_WITHDRAW} from "../base/Constants.sol";
import {Errors} from "../base/Errors.sol";
import {IMarginAccountCore} from "../interfaces/IMarginAccountCore.sol";
import {IMarginAccountTrading} from "../interfaces/IMarginAccountTrading.sol";
import {Cash, CashMarket, CashMarketLib} from "../ledger/CashMarket.sol";
import {AccountHeader} from "../types/AccountHeader.sol";
import {AccountId} from "../types/AccountId.sol";
import {Delegation} from "./Delegation.sol";
import {Inflow} from "./Inflow.sol";
import {Outflow} from "./Outflow.sol";

/// @title Payments
/// @notice The chapter of deposits and withdrawals.
abstract contract Payments is Inflow, Outflow, Delegation, IMarginAccountCore {
    using CashMarketLib for Cash;
    using CashMarketLib for CashMarket;

    /*//////////////////////////////////////////////////////////////////////////
                                        DEPOSIT
    //////////////////////////////////////////////////////////////////////////*/

    /// @inheritdoc IMarginAccountCore
    function deposit(
        AccountId account,
        address token,
        uint256 amount
    ) external lockedOrCallback(AccountId.unwrap(account)) {
        if (amount == 0) revert Errors.MarginAccount_ZeroAmount();
        _requireMayAct(account, ALL_RIGHTS);
        _deposit(account, token, amount, msg.sender, true);
    }

    /// @inheritdoc IMarginAccountCore
    function depositFor(
        AccountId account,
        address token,
        uint256 amount
    ) external lockedOrCallback(AccountId.unwrap(account)) {
        if (amount == 0) revert Errors.MarginAccount_ZeroAmount();
        _deposit(account, token, amount, msg.sender, _mayAct(account, msg.sender, ALL_RIGHTS));
    }

    /// @dev The trading part of this contract's code knows.
    function _isCure(AccountId account, address token, uint256 amount) internal override returns (bool) {
        return abi.decode(_runTrading(abi.encodeCall(IMarginAccountTrading.isCure, (account, token, amount))), (bool));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        WITHDRAW
    //////////////////////////////////////////////////////////////////////////*/

    /// @inheritdoc IMarginAccountCore
    function withdraw(
        AccountId account,
        address token,
        uint256 amount,
        address receiver
    ) external lockedOrCallback(AccountId.unwrap(account)) returns (uint256 paid) {
        // Checks
        if (receiver == address(0)) revert Errors.MarginAccount_ZeroReceiver();
        if (amount == 0) revert Errors.MarginAccount_ZeroAmount();
        _requireMayAct(account, RIGHT_WITHDRAW);

        // Effects, and the check on the state that will persist. Inside a slice or a batch it is made at the end of that.
        uint8 asset = token == _quoteToken() ? QUOTE : _vault().numberOf(token);
        bool check = !_defers(AccountId.unwrap(account));
        if (asset == QUOTE) {
            Cash memory c = _market.loadAccrued();
            AccountHeader header;
            int256 left;
            (paid, header, left) = _takeCash(account, amount, c);
            if (check && header.mayOwe()) _requireInitialMargin(account, header, left);
        } else {
            AccountHeader header;
            (paid, header) = _takeCollateral(account, asset, amount);
            // The margin needs the interest of now; nothing needs it written down.
            if (check && header.mayOwe()) {
                _requireInitialMargin(account, header, _market.loadAccrued().valueOf(header.cashShares()));
            }
        }

        // Interaction
        paid = _vault().send(token, account.ownerOf(), receiver, paid);
    }
}
