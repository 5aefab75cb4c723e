// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {QUOTE, RAY, WAD} from "../base/Constants.sol";
import {IMarginAccountExtension} from "../interfaces/IMarginAccountExtension.sol";
import {Move, Outcome, Plan} from "../interfaces/IRebalancer.sol";
import {Account, AccountBook} from "../ledger/AccountBook.sol";
import {Cash, CashMarket, CashMarketLib} from "../ledger/CashMarket.sol";
import {Rounding} from "../math/Rounding.sol";
import {Answers} from "../risk/Answers.sol";
import {Margin} from "../risk/Margin.sol";
import {AccountId} from "../types/AccountId.sol";
import {CollateralPage} from "../types/CollateralPage.sol";
import {Assessment, Leg} from "../types/Assessment.sol";
import {Position} from "../types/Position.sol";
import {Health} from "./Health.sol";

/// @title LedgerViews
/// @notice The chapter of answers. None is given while the ledger is half written.
abstract contract LedgerViews is Health, IMarginAccountExtension {
    using AccountBook for Account;
    using CashMarketLib for Cash;
    using CashMarketLib for CashMarket;

    /// @inheritdoc IMarginAccountExtension
    function collateralOf(AccountId account, uint8 asset) external view whenConsistent returns (uint256) {
        return _accounts[account].amountOf(asset);
    }

    /// @inheritdoc IMarginAccountExtension
    /// @dev For cash: what equity exceeds initial margin by, and at least the positive balance of an account without positions that
    /// borrows nothing; at most what lies idle. For collateral: v = (E - IM) / (1 - q), where q is its initial margin rate.
    /// Rounding: down.
    function maxWithdraw(AccountId account, address token) external view whenConsistent returns (uint256) {
        uint8 asset = _vault().numberOf(token);
        Cash memory c = _market.loadAccrued();
        (int256 cashE18, CollateralPage[] memory pages, Position[] memory positions) = _portfolio(account, c);
        Leg[] memory legs = Answers.priceAccount(_riskEngine(), pages, positions);
        Assessment memory a = Margin.assess(legs, cashE18);
        if (a.unpriced) return 0;
        int256 free = a.equityE18 - int256(a.initialE18);
        if (asset == QUOTE) {
            uint256 idle = _idle();
            uint256 own = cashE18 > 0 ? uint256(cashE18) / _quoteScale() : 0;
            uint256 most = free > 0 ? uint256(free) / _quoteScale() : 0;
            // Shares round against their owner by one, and then their value by a unit: less than the index, rounded up, and one.
            uint256 rounding = Rounding.mulDivUp(c.borrowIndex, 1, RAY);
            uint256 spare = most > rounding ? most - rounding : 0;
            // What stands for positions is not free.
            if (positions.length != 0 && own > most) own = spare;
            if (most > own) most = spare;
            if (own > idle) own = idle;
            if (most > idle) most = idle;
            // A debt too small to be allowed is not offered, nor is more of one that is: a slice or a price can leave so little.
            bool dust = int256(most * _quoteScale()) - cashE18 < int256(c.minimumDebt() * WAD);
            return most < own || dust ? own : most;
        }
        uint256 held = _accounts[account].amountOf(asset);
        if ((cashE18 >= 0 && positions.length == 0) || held == 0) return held;
        if (free <= 0) return 0;
        for (uint256 i; i < legs.length; ++i) {
            if (legs[i].asset != asset) continue;
            if (legs[i].halted || legs[i].bidE18 == 0) return held;
            // Beside a position two parts of the margin that falls round, and the rate allows for one.
            if (Margin.hasPosition(legs[i])) --free;
            (, int256 rate) = Margin.releaseRates(legs[i]);
            if (rate >= int256(WAD)) return held;
            uint256 value = Rounding.mulDivDown(uint256(free), WAD, uint256(int256(WAD) - rate));
            uint256 amount = Rounding.mulDivDown(value, legs[i].unit, legs[i].bidE18);
            return amount < held ? amount : held;
        }
        return 0;
    }

    /// @inheritdoc IMarginAccountExtension
    function previewRebalance(AccountId account) external view whenConsistent returns (Plan memory plan) {
        Cash memory c = _market.loadAccrued();
        plan = _plan(account, c, true);
        // As {Rebalancing}: a pause lets nothing out.
        if (plan.outcome == Outcome.Released && _isTightened(c.guarded)) {
            plan.outcome = Outcome.NotWorthIt;
            plan.healthAfterE18 = plan.before.healthE18;
            plan.moves = new Move[](0);
        }
    }

    /// @inheritdoc IMarginAccountExtension
    function provisionOf(AccountId account) external view returns (uint256) {
        return _provisionOf[account];
    }

    /// @inheritdoc IMarginAccountExtension
    function cashMarket() external view whenConsistent returns (CashView memory v) {
        Cash memory c = _market.loadAccrued();
        v.supplyIndex = c.supplyIndex;
        v.borrowIndex = c.borrowIndex;
        v.supplyShares = c.supplyShares;
        v.borrowShares = c.borrowShares;
        v.supplyAssets = Rounding.mulDivUp(c.supplyShares, c.supplyIndex, RAY);
        v.borrowAssets = Rounding.mulDivDown(c.borrowShares, c.borrowIndex, RAY);
        v.provisions = c.provisions;
        v.forfeited = c.forfeited;
        v.idle = _idle();
        v.borrowRateE18 = c.borrowRate() / (RAY / WAD);
        v.updatedAt = c.updatedAt;
    }

    /// @inheritdoc IMarginAccountExtension
    function insuranceFund() external view returns (AccountId) {
        return _fund();
    }

    /// @inheritdoc IMarginAccountExtension
    function liquidator() external view returns (address) {
        return _liquidator;
    }
}
