// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../../../../contracts/base/Errors.sol";
import {ILiquidator} from "../../../../contracts/interfaces/ILiquidator.sol";
import {IMarginAccountExtension} from "../../../../contracts/interfaces/IMarginAccountExtension.sol";
import {AccountId, toAccountId} from "../../../../contracts/types/AccountId.sol";
import {Assessment} from "../../../../contracts/types/Assessment.sol";
import {Handler} from "../Handler.sol";
import {MarginModel} from "../MarginModel.sol";
import {OracleModel} from "../OracleModel.sol";
import {Stage, TOKENS, USDC} from "../Stage.sol";
import {VenueTaker} from "./VenueTaker.sol";

/// @title TakerHandler
/// @notice Liquidations, with and without a callback, and attempts at one's own accounts. Promise 5 is checked around each.
contract TakerHandler is Handler {
    using MarginModel for MarginModel.Figures;

    /// @dev What is known of an account before a slice.
    struct Before {
        AccountId id;
        Assessment margin;
        MarginModel.Figures model; // at the side that favours the owner
        uint8 status; // the worst of its prices
        bool mayOwe;
        bool coolingOff;
        int256 cash; // {quote token}
    }

    VenueTaker public immutable VENUE_TAKER;

    uint256 public insolventSlices;
    uint256 public wholeSlices;

    constructor(Stage memory stage) Handler(stage) {
        VENUE_TAKER = new VenueTaker(stage.marginAccount, stage.tokens[USDC]);
    }

    /// @notice Brings takers what they pay with.
    function prepare() external {
        _mint(s.taker, USDC, 3_000_000e6);
        vm.prank(s.taker);
        s.marginAccount.deposit(_own(), address(s.tokens[USDC]), 3_000_000e6);
        VENUE_TAKER.fund(_ownOfVenueTaker(), 3_000_000e6, s.taker);
    }

    /// @notice Whatever account comes up: most are healthy and must be refused.
    function liquidate(uint256 who, uint256 fraction, uint256) external action {
        _liquidate(_accountOf(who), fraction, false);
    }

    /// @notice An account below maintenance, if there is one.
    function liquidateUnhealthy(uint256 who, uint256 fraction, uint256) external action {
        // One in four asks for all there is.
        _liquidate(_find(who, _isBelowMaintenance), who % 4 == 0 ? 1e18 : fraction, true);
    }

    function liquidateWithCallback(uint256 who, uint256 fraction, uint256) external action {
        AccountId id = _find(who, _isBelowMaintenance);
        _party(id);
        _party(_ownOfVenueTaker());
        Before memory b = _before(id);
        (bool ok, bytes memory answer) = _try(
            address(this),
            address(VENUE_TAKER),
            abi.encodeCall(
                VenueTaker.take,
                (s.liquidator, id, _ownOfVenueTaker(), _bound(fraction, 0.005e18, 1e18), _venue())
            )
        );
        _judge(b, ok, answer);
        _claim(5, VENUE_TAKER.trespasses() == 0, "a callback did what the lock forbids");
        if (ok) {
            _claimInitialMargin(_ownOfVenueTaker(), "a callback");
            _done();
        }
    }

    /// @notice The owner by another account of his, or an operator by his own, or an owner by a taker who is his operator.
    function liquidateOneself(uint256 who, uint256 way, uint256) external action {
        AccountId id = _find(who, _isBelowMaintenance);
        // Where there is no slice for anybody, that is what he is told.
        try s.liquidator.quote(id, 1e18) returns (ILiquidator.Quote memory q) {
            if (q.fractionE18 == 0) return;
        } catch {
            return;
        }
        address caller = id.ownerOf();
        AccountId into = toAccountId(caller, id.indexOf() == 0 ? 1 : 0);
        if (way % 2 == 0) {
            caller = s.taker;
            into = _own();
            _party(id);
            // For this one call the taker stands on the account's side.
            _setOperator(id, caller, 1);
        }
        bytes32 digest = _digestOf(id);
        (bool ok, bytes memory answer) = _try(
            caller,
            address(s.liquidator),
            abi.encodeCall(ILiquidator.liquidate, (id, into, 1e18, type(int256).max, ""))
        );
        _claim(5, !ok && _digestOf(id) == digest, "an account was liquidated by its own side");
        _expectRefusal(answer, abi.encodePacked(Errors.MarginAccount_SelfLiquidation.selector), "self-liquidation");
        if (way % 2 == 0) _setOperator(id, caller, 0);
        _done();
    }

    /// @notice A limit below the price is kept.
    function liquidateBelowPrice(uint256 who, uint256 fraction, uint256) external action {
        AccountId id = _find(who, _isBelowMaintenance);
        fraction = _bound(fraction, 0.01e18, 1e18);
        try s.liquidator.quote(id, fraction) returns (ILiquidator.Quote memory q) {
            // What the fund is asked for it may lack, so only a taker who pays knows what.
            if (q.payment <= 0) return;
            int256 limit = q.payment + int256(q.fundFee) - 1;
            bytes32 digest = _digestOf(id);
            (bool ok, bytes memory answer) = _try(
                s.taker,
                address(s.liquidator),
                abi.encodeCall(ILiquidator.liquidate, (id, _own(), fraction, limit, ""))
            );
            _claim(5, !ok && _digestOf(id) == digest, "a taker paid more than he allowed");
            _expectRefusal(
                answer,
                abi.encodePacked(
                    Errors.Liquidator_PaymentAboveLimit.selector,
                    Errors.Liquidator_FractionTooSmall.selector,
                    Errors.MarginAccount_BelowInitialMargin.selector,
                    Errors.MarginAccount_PriceHalted.selector,
                    Errors.MarginAccount_DustDebt.selector
                ),
                "a limited slice"
            );
            _done();
        } catch (bytes memory answer) {
            _expectRefusal(answer, _refusals(), "a quote");
        }
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        PROMISE 5
    //////////////////////////////////////////////////////////////////////////*/

    function _liquidate(AccountId id, uint256 fraction, bool due) private {
        _party(id);
        _party(_own());
        Before memory b = _before(id);
        (bool ok, bytes memory answer) = _try(
            s.taker,
            address(s.liquidator),
            abi.encodeCall(ILiquidator.liquidate, (id, _own(), _bound(fraction, 0.005e18, 1e18), type(int256).max, ""))
        );
        _judge(b, ok, answer);
        if (!ok) {
            // To be refused is what a healthy account's takers are there for.
            if (_isOneOf(answer, abi.encodePacked(Errors.Liquidator_Healthy.selector)) && !due) _done();
            return;
        }
        _claimInitialMargin(_own(), "a slice");
        _done();
    }

    function _judge(Before memory b, bool ok, bytes memory answer) private {
        if (!ok) {
            _expectRefusal(answer, _refusals(), "a liquidation");
            // Who is far below maintenance, seen at live prices and not cooling off, is not shielded by these three.
            bool shielded = _isOneOf(
                answer,
                abi.encodePacked(
                    Errors.Liquidator_Healthy.selector,
                    Errors.Liquidator_PriceHalted.selector,
                    Errors.Liquidator_CoolingOff.selector
                )
            );
            bool due = b.status != OracleModel.HALTED && !b.coolingOff && b.mayOwe;
            _claim(
                5,
                !(shielded && due && b.model.health() < 1e18 - TOLERANCE),
                "an account below maintenance was shielded"
            );
            return;
        }
        ILiquidator.Quote memory q = abi.decode(answer, (ILiquidator.Quote));
        _claim(12, block.timestamp >= s.book.liquidationOpensAt(), "a slice was taken in a halt or the grace after it");
        _claim(5, b.status == OracleModel.DEGRADED || b.margin.healthE18 < 1e18, "a healthy account was liquidated");
        _claim(5, !b.margin.halted && !b.margin.unpriced, "an account was liquidated without a price");
        // What is missing then is a dust.
        if (b.status != OracleModel.HALTED) {
            _claim(5, b.model.health() < 1e18 + TOLERANCE, "the model finds the liquidated account healthy");
        }
        _claim(5, !b.coolingOff, "an account was liquidated in its block of grace");
        _claim(5, b.mayOwe, "an account with neither debt nor positions was liquidated");
        _claimLoss(b, q);
        if (b.margin.equityE18 < 0) ++insolventSlices;
        if (q.fractionE18 == 1e18) {
            ++wholeSlices;
            return;
        }
        _claimHealth(b, q);
    }

    function _claimHealth(Before memory b, ILiquidator.Quote memory q) private {
        if (b.status == OracleModel.DEGRADED) {
            // Sold at the side that favours the owner, and measured there.
            MarginModel.Figures memory then = _model(b.id, true);
            if (b.model.equity < 0 || then.maintenance == 0) return;
            uint256 rounding = (2 * QUOTE_UNIT * 1e18) / then.maintenance + TOLERANCE;
            _claim(5, then.health() + rounding >= b.model.health(), "a slice at a degraded price lowered health");
            return;
        }
        Assessment memory a = s.marginAccount.assess(b.id);
        if (a.maintenanceE18 == 0) return;
        uint256 slack = (2 * QUOTE_UNIT * 1e18) / a.maintenanceE18 + 1;
        if (b.margin.equityE18 >= 0) {
            _claim(5, a.healthE18 + slack >= b.margin.healthE18, "a slice lowered a solvent account's health");
        }
        ILiquidator.LiquidationParameters memory p = s.liquidator.liquidationParameters();
        int256 dust = int256(uint256(p.dustValue) * 1e18);
        if (b.margin.equityE18 < dust && -b.cash * int256(QUOTE_UNIT) < dust) return;
        uint256 most = (uint256(p.targetHealthBps) + p.toleranceBps) * 1e14;
        // A unit of each collateral stays: a satoshi is six hundred units of the quote token.
        slack += ((_value(1, 1) + _value(2, 1)) * 1e18) / a.maintenanceE18;
        string memory found = string.concat(vm.toString(a.healthE18), " of ", vm.toString(a.maintenanceE18));
        _claim(5, a.healthE18 <= most + slack, string.concat("a slice left more than the target: ", found));
        // Where the discount is above health, both shrink alike.
        _claim(5, q.fractionE18 <= q.maxFractionE18, "a slice was larger than the largest");
    }

    /// @dev Promise 11: lenders lose by a slice no more than the negative equity that it carried, at the oracle's prices.
    function _claimLoss(Before memory b, ILiquidator.Quote memory q) private {
        // At a degraded price the side that favours the owner counts, by the model.
        int256 equity = b.status == OracleModel.LIVE ? b.margin.equityE18 : b.model.equity;
        if (b.status == OracleModel.HALTED) return;
        uint256 hole = equity < 0 ? uint256(-equity) / QUOTE_UNIT : 0;
        uint256 most = (hole * q.fractionE18) / 1e18 + 3;
        _claim(11, s.book.socialised() <= most, "lenders lost more by a slice than it was insolvent by");
        if (equity >= 0) {
            // The fund's own credit may fall, and the taker's; what lenders are owed all together bounds both.
            _claim(11, s.book.socialised() == 0, "lenders lost by the slice of a solvent account");
        }
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         SHARED
    //////////////////////////////////////////////////////////////////////////*/

    function _before(AccountId id) private view returns (Before memory b) {
        b.id = id;
        b.margin = s.marginAccount.assess(id);
        b.model = _model(id, true);
        b.status = _worstStatus(id);
        b.mayOwe = _mayOwe(id);
        b.cash = s.marginAccount.cashOf(id);
        b.coolingOff = _riskBlockOf(id) == block.number;
    }

    function _riskBlockOf(AccountId id) private view returns (uint256) {
        (bool ok, bytes memory answer) = address(s.marginAccount).staticcall(
            abi.encodeCall(s.marginAccount.stateOf, (id))
        );
        require(ok);
        // The header is the first word; see AccountHeader.
        return (abi.decode(answer, (uint256)) >> 208) & type(uint32).max;
    }

    /// @dev Tokens that the venue buys, and at what: half a percent below the feeds.
    function _venue() private view returns (bytes memory) {
        address[] memory tokens = new address[](TOKENS - 1);
        uint256[] memory prices = new uint256[](TOKENS - 1);
        for (uint8 asset = 1; asset < TOKENS; ++asset) {
            tokens[asset - 1] = address(s.tokens[asset]);
            uint256 worth = _value(asset, _unit(asset)) / QUOTE_UNIT;
            prices[asset - 1] = (worth * 995 * 1e18) / (1_000 * _unit(asset));
        }
        return abi.encode(tokens, prices);
    }

    function _setOperator(AccountId id, address operator, uint8 rights) private {
        (bool ok, ) = _try(
            id.ownerOf(),
            address(s.marginAccount),
            abi.encodeCall(IMarginAccountExtension.setOperator, (id, operator, rights))
        );
        _claim(0, ok, "an owner may not choose his operator");
    }

    function _own() private view returns (AccountId) {
        return toAccountId(s.taker, 0);
    }

    function _ownOfVenueTaker() private view returns (AccountId) {
        return toAccountId(address(VENUE_TAKER), 0);
    }

    function _refusals() private pure returns (bytes memory) {
        return
            abi.encodePacked(
                Errors.Liquidator_Healthy.selector,
                Errors.Liquidator_PriceHalted.selector,
                Errors.Liquidator_CoolingOff.selector,
                Errors.Liquidator_FractionTooSmall.selector,
                Errors.MarginAccount_BelowInitialMargin.selector,
                Errors.MarginAccount_DustDebt.selector,
                // Of a position that the taker has himself.
                Errors.MarginAccount_PriceHalted.selector,
                // Proceeds that a taker without debt brings back are a deposit like any other.
                Errors.CollateralVault_AboveCap.selector
            );
    }
}
