// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {QUOTE} from "../base/Constants.sol";
import {Errors} from "../base/Errors.sol";
import {IMarginAccountCore} from "../interfaces/IMarginAccountCore.sol";
import {IMarginAccountTrading} from "../interfaces/IMarginAccountTrading.sol";
import {Account, AccountBook} from "../ledger/AccountBook.sol";
import {Cash, CashMarket, CashMarketLib} from "../ledger/CashMarket.sol";
import {AccountId} from "../types/AccountId.sol";
import {Delegation} from "./Delegation.sol";
import {Outflow} from "./Outflow.sol";

/// @title Payments
/// @notice The chapter of deposits and withdrawals.
abstract contract Payments is Outflow, Delegation, IMarginAccountCore {
    using AccountBook for Account;
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
        _deposit(account, token, amount, true);
    }

    /// @inheritdoc IMarginAccountCore
    function depositFor(
        AccountId account,
        address token,
        uint256 amount
    ) external lockedOrCallback(AccountId.unwrap(account)) {
        if (amount == 0) revert Errors.MarginAccount_ZeroAmount();
        _deposit(account, token, amount, _mayAct(account, msg.sender, ALL_RIGHTS));
    }

    /// @dev The tokens come first, because only then is it known what came; the lock keeps a hostile token out meanwhile.
    function _deposit(AccountId account, address token, uint256 amount, bool mayOpen) private {
        // Interaction
        uint8 asset = _pull(account, token, amount);

        // Effects
        if (asset == QUOTE) {
            Cash memory c = _market.loadAccrued();
            _creditCash(account, amount, c);
            _market.store(c);
            _followCure(account, c);
            return;
        }
        if (!_addCollateral(account, asset, amount, mayOpen)) {
            revert Errors.MarginAccount_ForeignAsset(AccountId.unwrap(account), asset, msg.sender);
        }
        if (_accounts[account].isWatched()) _followCure(account, _market.loadAccrued());
    }

    /// @dev Asks the vault for the tokens. A cap refuses no cure: what it refuses is tried once more, without cap, if it
    /// repays debt or is no more than the account's deficit.
    function _pull(AccountId account, address token, uint256 amount) private returns (uint8) {
        try _vault().pull(token, msg.sender, amount, false) returns (uint8 asset) {
            return asset;
        } catch (bytes memory reason) {
            bool capped = bytes4(reason) == Errors.CollateralVault_AboveCap.selector;
            if (capped && _isCure(account, token, amount)) return _vault().pull(token, msg.sender, amount, true);
            assembly ("memory-safe") {
                // The vault's own error, as it came.
                revert(add(reason, 32), mload(reason))
            }
        }
    }

    function _isCure(AccountId account, address token, uint256 amount) private returns (bool) {
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

        // Effects, and the check on the state that will persist. Inside a taker's callback it is made at the callback's end.
        uint8 asset = _vault().assetOf(token);
        bool check = !_inCallback();
        if (asset == QUOTE) {
            Cash memory c = _market.loadAccrued();
            paid = _takeCash(account, amount, c);
            if (check) _requireInitialMargin(account, c);
        } else {
            bool mayOwe;
            (paid, mayOwe) = _takeCollateral(account, asset, amount);
            // The margin needs the interest of now; nothing needs it written down.
            if (check && mayOwe) _requireInitialMargin(account, _market.loadAccrued());
        }

        // Interaction
        paid = _vault().push(token, account.ownerOf(), receiver, paid);
    }
}
