// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {QUOTE} from "../base/Constants.sol";
import {Errors} from "../base/Errors.sol";
import {Account, AccountBook} from "../ledger/AccountBook.sol";
import {Cash, CashMarket, CashMarketLib} from "../ledger/CashMarket.sol";
import {AccountId} from "../types/AccountId.sol";
import {Health} from "./Health.sol";

/// @title Inflow
/// @notice How tokens come into an account.
abstract contract Inflow is Health {
    using AccountBook for Account;
    using CashMarketLib for CashMarket;

    /// @dev The tokens come first, because only then is it known what came; the lock keeps a hostile token out meanwhile.
    function _deposit(AccountId account, address token, uint256 amount, address from, bool mayOpen) internal {
        // Interaction
        uint8 asset = _pull(account, token, amount, from);

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
    function _pull(AccountId account, address token, uint256 amount, address from) private returns (uint8) {
        try _vault().pull(token, from, amount, false) returns (uint8 asset) {
            return asset;
        } catch (bytes memory reason) {
            bool capped = bytes4(reason) == Errors.CollateralVault_AboveCap.selector;
            if (capped && _isCure(account, token, amount)) return _vault().pull(token, from, amount, true);
            assembly ("memory-safe") {
                // The vault's own error, as it came.
                revert(add(reason, 32), mload(reason))
            }
        }
    }

    /// @dev Whether a deposit is a cure that no cap may refuse; see {IMarginAccountTrading-isCure}.
    function _isCure(AccountId account, address token, uint256 amount) internal virtual returns (bool);
}
