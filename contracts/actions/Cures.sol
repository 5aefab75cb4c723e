// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {QUOTE, WAD} from "../base/Constants.sol";
import {Account, AccountBook} from "../ledger/AccountBook.sol";
import {Cash, CashMarket, CashMarketLib} from "../ledger/CashMarket.sol";
import {Rounding} from "../math/Rounding.sol";
import {Answers} from "../risk/Answers.sol";
import {AccountId} from "../types/AccountId.sol";
import {Assessment, Leg} from "../types/Assessment.sol";
import {CollateralPage} from "../types/CollateralPage.sol";
import {Position} from "../types/Position.sol";
import {Health} from "./Health.sol";

/// @title Cures
/// @notice The chapter that says which deposits no cap may refuse.
abstract contract Cures is Health {
    using AccountBook for Account;
    using CashMarketLib for CashMarket;

    /// @dev See {IMarginAccountTrading-isCure}.
    function _cures(AccountId account, address token, uint256 amount) internal view returns (bool) {
        if (!_accounts[account].header.mayOwe()) return false;
        Cash memory c = _market.loadAccrued();
        (int256 cashE18, CollateralPage[] memory pages, Position[] memory positions) = _portfolio(account, c);
        uint8 asset = _vault().numberOf(token);
        if (asset == QUOTE && _toE18(int256(amount)) <= -cashE18) return true;

        Assessment memory a;
        Answers.assessAccount(_riskEngine(), a, cashE18, pages, positions);
        uint256 wanted = Rounding.mulDivUp(a.maintenanceE18, _policyOf(account).lowerRestore(), WAD);
        int256 deficit = int256(wanted) - a.equityE18;
        if (deficit <= 0) return false;
        if (asset == QUOTE) return _toE18(int256(amount)) <= deficit;

        // One leg of the asset alone, to price the deposit. One that has no price may at most double what is held of it.
        CollateralPage[] memory page = new CollateralPage[](1);
        page[0] = CollateralPage.wrap(0).withEntry(0, asset, amount);
        Leg memory leg = Answers.priceAccount(_riskEngine(), page, new Position[](0))[0];
        if (leg.halted) return amount <= _accounts[account].amountOf(asset);
        return leg.valueE18 != 0 && int256(leg.valueE18) <= deficit;
    }
}
