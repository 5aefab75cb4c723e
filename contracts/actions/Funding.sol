// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {QUOTE, WAD} from "../base/Constants.sol";
import {Errors} from "../base/Errors.sol";
import {IMarginAccountCore} from "../interfaces/IMarginAccountCore.sol";
import {Account, AccountBook} from "../ledger/AccountBook.sol";
import {Cash, CashMarket, CashMarketLib} from "../ledger/CashMarket.sol";
import {Rounding} from "../math/Rounding.sol";
import {AccountId} from "../types/AccountId.sol";
import {CollateralPage} from "../types/CollateralPage.sol";
import {Assessment, Leg} from "../types/Assessment.sol";
import {Outflow} from "./Outflow.sol";

/// @title Funding
/// @notice The chapter of deposits and withdrawals.
abstract contract Funding is Outflow, IMarginAccountCore {
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

    /// @dev Whether a deposit is a cure that no cap may refuse: cash up to the debt, or up to the deficit at `lowerRestore`; a
    /// collateral worth something, but no more than the deficit. What has no price counts for nothing on both sides, so many
    /// deposits bring no more than one.
    function _isCure(AccountId account, address token, uint256 amount) private view returns (bool) {
        Cash memory c = _market.loadAccrued();
        (int256 cashE18, CollateralPage[] memory pages) = _portfolio(account, c);
        if (cashE18 >= 0) return false;
        uint8 asset = _vault().assetOf(token);
        if (asset == QUOTE && _toE18(int256(amount)) <= -cashE18) return true;

        Assessment memory a = _riskEngine().assess(cashE18, pages);
        uint256 wanted = Rounding.mulDivUp(a.maintenanceE18, _policyOf(account).lowerRestore(), WAD);
        int256 deficit = int256(wanted) - a.equityE18;
        if (deficit <= 0) return false;
        if (asset == QUOTE) return _toE18(int256(amount)) <= deficit;

        // One leg of the asset alone, to price the deposit. One that has no price may at most double what is held of it.
        CollateralPage[] memory page = new CollateralPage[](1);
        page[0] = CollateralPage.wrap(0).withEntry(0, asset, amount);
        Leg memory leg = _riskEngine().legs(page)[0];
        if (leg.halted) return amount <= _accounts[account].amountOf(asset);
        return leg.valueE18 != 0 && int256(leg.valueE18) <= deficit;
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
            bool indebted;
            (paid, indebted) = _takeCollateral(account, asset, amount);
            // The margin needs the interest of now; nothing needs it written down.
            if (check && indebted) _requireInitialMargin(account, _market.loadAccrued());
        }

        // Interaction
        _vault().push(token, receiver, paid);
    }
}
