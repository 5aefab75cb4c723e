// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMarginAccountCore} from "../interfaces/IMarginAccountCore.sol";
import {Account, AccountBook} from "../ledger/AccountBook.sol";
import {Cash, CashMarket, CashMarketLib} from "../ledger/CashMarket.sol";
import {AccountHeader} from "../types/AccountHeader.sol";
import {AccountId} from "../types/AccountId.sol";
import {CollateralPage} from "../types/CollateralPage.sol";
import {Assessment} from "../types/Assessment.sol";
import {Position} from "../types/Position.sol";
import {Health} from "./Health.sol";

/// @title AccountViews
/// @notice The answers that keepers, takers and modules ask for most. None is given while the ledger is half written.
abstract contract AccountViews is Health, IMarginAccountCore {
    using AccountBook for Account;
    using CashMarketLib for Cash;
    using CashMarketLib for CashMarket;

    /// @inheritdoc IMarginAccountCore
    function stateOf(
        AccountId account
    )
        external
        view
        whenConsistent
        returns (AccountHeader header, int256 cash, CollateralPage[] memory pages, Position[] memory positions)
    {
        Cash memory c = _market.loadAccrued();
        header = _accounts[account].header;
        if (c.guarded) header = _withoutHalt(header);
        uint256 count = header.positionCount();
        if (count != 0) positions = _loadPositions(_accounts[account], count);
        return (header, c.valueOf(header.cashShares()), _accounts[account].loadPages(), positions);
    }

    /// @inheritdoc IMarginAccountCore
    function cashOf(AccountId account) external view whenConsistent returns (int256) {
        return _market.loadAccrued().valueOf(_accounts[account].header.cashShares());
    }

    /// @inheritdoc IMarginAccountCore
    function assess(AccountId account) external view whenConsistent returns (Assessment memory) {
        return _assess(account, _market.loadAccrued());
    }

    /// @inheritdoc IMarginAccountCore
    function healthOf(AccountId account) external view whenConsistent returns (uint256) {
        return _assess(account, _market.loadAccrued()).healthE18;
    }

    /// @inheritdoc IMarginAccountCore
    function mayAct(AccountId account, address caller, uint8 right) external view returns (bool) {
        return _mayAct(account, caller, right);
    }
}
