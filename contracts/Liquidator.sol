// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {BPS, BPS_TO_WAD, WAD} from "./base/Constants.sol";
import {Errors} from "./base/Errors.sol";
import {ILiquidator} from "./interfaces/ILiquidator.sol";
import {IMarginAccountCore} from "./interfaces/IMarginAccountCore.sol";
import {IRiskEngine} from "./interfaces/IRiskEngine.sol";
import {Rounding} from "./math/Rounding.sol";
import {SliceMath} from "./math/SliceMath.sol";
import {Answers} from "./risk/Answers.sol";
import {Margin} from "./risk/Margin.sol";
import {AccountHeader} from "./types/AccountHeader.sol";
import {AccountId} from "./types/AccountId.sol";
import {CollateralPage} from "./types/CollateralPage.sol";
import {Assessment, Leg} from "./types/Assessment.sol";
import {Position} from "./types/Position.sol";

/// @title Liquidator
/// @notice Sells slices of accounts below maintenance. Nobody else may take one from the ledger; it holds nothing.
/// @dev Upholds promise 5.
contract Liquidator is ILiquidator, AccessManaged {
    /// @dev What a slice is computed from; memory only.
    struct Terms {
        Leg[] legs;
        int256 equityE18; // {quote}
        uint256 maintenanceE18; // {quote}
        uint256 healthE18; // {1}
        uint256 discountE18;
        uint256 fractionE18;
        uint256 maxFractionE18;
        uint256 healthAfterE18;
        SliceMath.Payment payment; // {quote E18}
    }

    uint256 internal constant MAX_SECANT_STEPS = 3;
    /// @dev Smaller slices would only buy a look at the clock.
    uint256 internal constant MIN_FRACTION = 0.01e18;

    uint16 internal constant MAX_HEALTH_SLOPE = 50_000;
    uint16 internal constant MAX_TIME_SLOPE = 10_000;
    uint16 internal constant MAX_TARGET = 20_000;
    uint16 internal constant MAX_TOLERANCE = 2_000;
    uint16 internal constant MAX_FUND_SHARE = 5_000;
    uint32 internal constant MAX_DUST = 10_000;
    uint32 internal constant MIN_RESTART = 10 minutes;

    IMarginAccountCore public immutable marginAccount;
    IRiskEngine public immutable riskEngine;
    /// @dev One unit of the quote token with 18 decimals.
    uint256 private immutable _quoteScale;

    // slot 0 is AccessManaged's authority
    // slot 1
    LiquidationParameters private _parameters;

    constructor(address authority, IMarginAccountCore marginAccount_) AccessManaged(authority) {
        marginAccount = marginAccount_;
        riskEngine = marginAccount_.riskEngine();
        _quoteScale = marginAccount_.quoteScale();
    }

    /// @inheritdoc ILiquidator
    function setLiquidationParameters(LiquidationParameters calldata p) external restricted {
        // Checks
        if (p.maxDiscountBps > BPS) _outOfBounds("maxDiscountBps", p.maxDiscountBps, BPS);
        if (p.startDiscountBps > p.maxDiscountBps) {
            _outOfBounds("startDiscountBps", p.startDiscountBps, p.maxDiscountBps);
        }
        if (p.healthSlopeBps > MAX_HEALTH_SLOPE) _outOfBounds("healthSlopeBps", p.healthSlopeBps, MAX_HEALTH_SLOPE);
        if (p.timeSlopeBps > MAX_TIME_SLOPE) _outOfBounds("timeSlopeBps", p.timeSlopeBps, MAX_TIME_SLOPE);
        // After a day the discount is at its most, however it began: what held liquidations up longer ago matters to none.
        uint256 slope = Rounding.mulDivUp(p.maxDiscountBps - p.startDiscountBps, 1 minutes, 1 days);
        if (p.timeSlopeBps < slope) _outOfBounds("timeSlopeBps", p.timeSlopeBps, slope);
        if (p.targetHealthBps <= BPS) _outOfBounds("targetHealthBps", p.targetHealthBps, BPS);
        if (p.targetHealthBps > MAX_TARGET) _outOfBounds("targetHealthBps", p.targetHealthBps, MAX_TARGET);
        if (p.toleranceBps > MAX_TOLERANCE) _outOfBounds("toleranceBps", p.toleranceBps, MAX_TOLERANCE);
        if (p.fundShareBps > MAX_FUND_SHARE) _outOfBounds("fundShareBps", p.fundShareBps, MAX_FUND_SHARE);
        if (p.dustValue > MAX_DUST) _outOfBounds("dustValue", p.dustValue, MAX_DUST);
        if (p.restartSeconds < MIN_RESTART) _outOfBounds("restartSeconds", p.restartSeconds, MIN_RESTART);

        // Effects
        _parameters = p;
        emit LiquidationParametersSet(p);
    }

    /// @inheritdoc ILiquidator
    function liquidate(
        AccountId account,
        AccountId taker,
        uint256 fractionE18,
        int256 maxPayment,
        bytes calldata data
    ) external returns (Quote memory q) {
        // Checks
        Terms memory t = _terms(account, fractionE18);
        _fillQuote(q, t);
        if (t.fractionE18 == 0 || (t.fractionE18 < MIN_FRACTION && t.fractionE18 < t.maxFractionE18)) {
            revert Errors.Liquidator_FractionTooSmall(t.fractionE18, MIN_FRACTION);
        }

        // Interaction: the ledger sees that the caller is no party to the account, moves the slice under its lock, calls the taker
        // back, and checks his margin.
        (uint256 paidToTaker, int256 cash) = marginAccount.deliverSlice(
            IMarginAccountCore.Slice({
                account: account,
                taker: taker,
                fractionE18: t.fractionE18,
                payment: q.payment > 0 ? uint256(q.payment) : 0,
                fundFee: q.fundFee,
                fromFund: t.payment.fromFund / _quoteScale,
                fromLenders: t.payment.fromLenders / _quoteScale,
                healthAfterE18: t.healthAfterE18
            }),
            msg.sender,
            data
        );
        if (t.payment.fromFund != 0) q.payment = -int256(paidToTaker);

        // Checks: on what the ledger says is left.
        int256 total = q.payment + int256(q.fundFee);
        if (total > maxPayment) revert Errors.Liquidator_PaymentAboveLimit(total, maxPayment);
        (uint256 healthAfter, uint256 rounding) = _healthLeft(t, cash);
        if (healthAfter < q.healthE18 && q.healthE18 - healthAfter > rounding) {
            revert Errors.Liquidator_HealthLowered(AccountId.unwrap(account), q.healthE18, healthAfter);
        }
        emit Liquidated(
            AccountId.unwrap(account),
            AccountId.unwrap(taker),
            q.fractionE18,
            q.discountE18,
            q.payment,
            q.fundFee,
            healthAfter
        );
    }

    /// @inheritdoc ILiquidator
    function quote(AccountId account, uint256 fractionE18) external view returns (Quote memory q) {
        _fillQuote(q, _terms(account, fractionE18));
    }

    /// @inheritdoc ILiquidator
    function liquidationParameters() external view returns (LiquidationParameters memory) {
        return _parameters;
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         TERMS
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Everything about a slice of the account now.
    function _terms(AccountId account, uint256 asked) private view returns (Terms memory t) {
        (AccountHeader header, int256 cash, CollateralPage[] memory pages, Position[] memory positions) = Answers
            .stateOf(marginAccount, account);
        uint256 raw = AccountId.unwrap(account);
        if (header.riskBlock() == block.number) revert Errors.Liquidator_CoolingOff(raw, block.number);
        t.legs = Answers.priceAccount(riskEngine, pages, positions);
        Assessment memory a = Margin.assess(t.legs, cash * int256(_quoteScale));
        if (a.halted) revert Errors.Liquidator_PriceHalted(raw);
        if (a.degraded) {
            // An outage is the whole chain's, so each leg says the same.
            if (t.legs[0].afterOutage) revert Errors.Liquidator_AfterOutage(raw);
            Margin.favourOwner(t.legs);
            a = Margin.assess(t.legs, cash * int256(_quoteScale));
        }
        (t.equityE18, t.maintenanceE18, t.healthE18) = (a.equityE18, a.maintenanceE18, a.healthE18);
        if (a.healthE18 >= WAD) revert Errors.Liquidator_Healthy(raw, a.healthE18);

        LiquidationParameters memory p = _parameters;
        t.discountE18 = _discount(a, header, p);
        t.maxFractionE18 = _maxFraction(t, cash, p);
        t.fractionE18 = asked < t.maxFractionE18 ? asked : t.maxFractionE18;
        if (t.fractionE18 != t.maxFractionE18 || t.healthAfterE18 == 0) {
            t.healthAfterE18 = _healthAfter(t, t.fractionE18);
        }
        t.payment = SliceMath.payment(
            a.equityE18,
            a.maintenanceE18,
            t.discountE18,
            t.fractionE18,
            _toWad(p.fundShareBps)
        );
    }

    /// @dev d = min(dMax, d0 + slopeHealth * (1 - h) + slopeTime * minutes). The clock counts from the moment somebody
    /// recorded that the account was below maintenance; one that nobody looked at starts again.
    function _discount(
        Assessment memory a,
        AccountHeader header,
        LiquidationParameters memory p
    ) private view returns (uint256 discount) {
        uint256 missing = uint256(int256(WAD) - SliceMath.signedHealth(a.equityE18, a.maintenanceE18));
        discount = _toWad(p.startDiscountBps) + Rounding.mulDivDown(missing, p.healthSlopeBps, BPS);
        uint256 since = header.liquidationSince();
        if (since != 0 && block.timestamp - header.lastPoke() <= p.restartSeconds) {
            discount += (_toWad(p.timeSlopeBps) * (block.timestamp - since)) / 1 minutes;
        }
        uint256 most = _toWad(p.maxDiscountBps);
        if (discount > most) discount = most;
    }

    /// @dev The largest slice: what restores the target health, found in closed form and shrunk by secant steps where the
    /// size factor makes it overshoot; everything where nothing could be restored, or what is left would be dust.
    function _maxFraction(Terms memory t, int256 cash, LiquidationParameters memory p) private view returns (uint256) {
        uint256 health = t.healthE18;
        if (t.equityE18 < 0 || t.discountE18 >= health) return WAD;
        uint256 dust = uint256(p.dustValue) * WAD;
        if (uint256(t.equityE18) < dust && -cash * int256(_quoteScale) < int256(dust)) return WAD;

        uint256 target = _toWad(p.targetHealthBps);
        uint256 ceiling = target + _toWad(p.toleranceBps);
        uint256 fraction = SliceMath.closedFraction(health, t.discountE18, target);
        uint256 reached = _healthAfter(t, fraction);
        (uint256 lowFraction, uint256 lowHealth) = (uint256(0), health);
        (uint256 highFraction, uint256 highHealth) = (fraction, reached);
        for (uint256 i; i < MAX_SECANT_STEPS && (reached > ceiling || reached < target); ++i) {
            if (highHealth <= target) break;
            fraction = SliceMath.secant(lowFraction, lowHealth, highFraction, highHealth, target);
            reached = _healthAfter(t, fraction);
            if (reached < target) (lowFraction, lowHealth) = (fraction, reached);
            else (highFraction, highHealth) = (fraction, reached);
        }
        // Health is convex in the fraction, so a step lands at or below the target; should rounding say otherwise, the
        // last fraction known to stay below it is taken.
        if (reached > ceiling) return lowFraction;
        t.healthAfterE18 = reached;
        return fraction;
    }

    /// @dev Health when the fraction is gone: (E - f * d * MM) / MM(1 - f).
    function _healthAfter(Terms memory t, uint256 fraction) private pure returns (uint256) {
        uint256 discountValue = Rounding.mulDivUp(t.maintenanceE18, t.discountE18, WAD);
        int256 keeps = Rounding.mulDivFloor(t.equityE18, WAD - fraction, WAD);
        if (t.equityE18 > int256(discountValue)) {
            keeps = t.equityE18 - int256(Rounding.mulDivUp(discountValue, fraction, WAD));
        }
        return Margin.health(keeps, Margin.maintenanceAfter(t.legs, fraction));
    }

    /// @dev The account's health with the cash that the ledger left it and the collateral that the slice, rounded down, left it.
    /// @return healthE18 {1}
    /// @return rounding {1} What two units of the quote token weigh in it: by that much cash of either sign may round while the
    /// indices are below two.
    function _healthLeft(Terms memory t, int256 cash) private view returns (uint256 healthE18, uint256 rounding) {
        Leg[] memory legs = t.legs;
        for (uint256 i; i < legs.length; ++i) {
            Leg memory leg = legs[i];
            leg.amount -= Rounding.mulDivDown(leg.amount, t.fractionE18, WAD);
            leg.valueE18 = Rounding.mulDivDown(leg.amount, leg.bidE18, leg.unit);
            if (!Margin.hasPosition(leg)) continue;
            leg.sizeE18 -= Margin.sizeTaken(leg.sizeE18, t.fractionE18);
            leg.quoteE18 -= Rounding.mulDivFloor(leg.quoteE18, t.fractionE18, WAD);
        }
        Assessment memory a = Margin.assess(legs, cash * int256(_quoteScale));
        if (a.maintenanceE18 != 0) rounding = Rounding.mulDivUp(2 * _quoteScale, WAD, a.maintenanceE18);
        return (a.healthE18, rounding);
    }

    /// @dev To quote units: what the taker pays up, what he is paid down.
    function _fillQuote(Quote memory q, Terms memory t) private view {
        q.healthE18 = t.healthE18;
        q.discountE18 = t.discountE18;
        q.maxFractionE18 = t.maxFractionE18;
        q.fractionE18 = t.fractionE18;
        q.fundFee = Rounding.mulDivUp(t.payment.toFund, 1, _quoteScale);
        q.payment =
            int256(Rounding.mulDivUp(t.payment.toAccount, 1, _quoteScale)) - int256(t.payment.fromFund / _quoteScale);
    }

    /// @dev {1} A parameter in basis points.
    function _toWad(uint16 bps) private pure returns (uint256) {
        unchecked {
            // Below 2^16 * 1e14.
            return bps * BPS_TO_WAD;
        }
    }

    function _outOfBounds(bytes32 field, uint256 found, uint256 bound) private pure {
        revert Errors.Liquidator_ParameterOutOfBounds(field, found, bound);
    }
}
