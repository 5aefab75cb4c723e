// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {QUOTE, WAD} from "../base/Constants.sol";
import {ICollateralVault} from "../interfaces/ICollateralVault.sol";
import {Move, Plan, Request} from "../interfaces/IRebalancer.sol";
import {Rounding} from "../math/Rounding.sol";
import {AccountId} from "../types/AccountId.sol";
import {Assessment, Leg} from "../types/Assessment.sol";
import {BandPolicy} from "../types/BandPolicy.sol";
import {Margin} from "./Margin.sol";

/// @dev What a plan is computed from and grows in; memory only.
struct Draft {
    AccountId account;
    BandPolicy policy;
    Leg[] legs;
    int256 cashE18; // {quote} after the moves in; before those out
    uint256 keeperPayE18; // {quote} the most the keeper gets
    int256 equityE18; // {quote} after the moves so far, and after the keeper's pay
    uint256 maintenanceE18; // {quote} after the moves so far
    uint256 initialE18; // {quote} after the moves so far
    uint256 movedE18; // {quote} value of the moves so far
    uint256 walletLeftE18; // {quote}
    ICollateralVault vault;
    uint256 quoteScale; // one unit of the quote token with 18 decimals
    uint256 creditE18; // {1} what cash that comes in is worth beyond a debt
    Move[] moves;
    uint256 count;
}

/// @title Draft
/// @notice How much a rebalance releases or brings in, and what each move makes of equity and margins. Pure: prices are in the legs.
/// @dev Release and top-up grow the same draft, each the other's mirror.
library DraftLib {
    uint256 internal constant NONE = type(uint256).max;

    /// @notice A draft without moves, the keeper's pay taken out.
    function newDraft(
        Request calldata request,
        Leg[] memory legs,
        Assessment memory a,
        uint256 keeperPay
    ) internal pure returns (Draft memory d) {
        d.account = request.account;
        d.policy = request.policy;
        d.vault = request.vault;
        d.quoteScale = request.quoteScale;
        d.creditE18 = request.creditE18;
        d.walletLeftE18 = request.walletLeftE18;
        d.legs = legs;
        d.cashE18 = request.cashE18;
        d.keeperPayE18 = keeperPay;
        d.equityE18 = a.equityE18 - int256(keeperPay);
        d.maintenanceE18 = a.maintenanceE18;
        d.initialE18 = a.initialE18;
        d.moves = _roomForMoves(_mostMoves(d.policy.assetOrder(), request.walletLeftE18 != 0));
    }

    /// @notice {1} What health the moves so far leave.
    function health(Draft memory d) internal pure returns (uint256) {
        return Margin.health(d.equityE18, d.maintenanceE18);
    }

    /// @notice Puts the draft's moves into a plan, and what they leave.
    function finish(Draft memory d, Plan memory p, uint256 healthAfter) internal pure {
        p.healthAfterE18 = healthAfter;
        Move[] memory moves = d.moves;
        uint256 count = d.count;
        assembly ("memory-safe") {
            // Cuts the list to what was found.
            mstore(moves, count)
        }
        p.moves = moves;
        p.deficitE18 = shortfall(d);
    }

    /// @notice {quote} What is missing to `lowerRestore`; rounded up.
    function shortfall(Draft memory d) internal pure returns (int256) {
        return int256(Rounding.mulDivUp(d.maintenanceE18, d.policy.lowerRestore(), WAD)) - d.equityE18;
    }

    /// @notice Where the leg of an asset is; `NONE` where the account does not hold it.
    function find(Leg[] memory legs, uint8 asset) internal pure returns (uint256) {
        for (uint256 i; i < legs.length; ++i) {
            if (legs[i].asset == asset) return i;
        }
        return NONE;
    }

    /// @notice How many kinds of collateral the account holds.
    function kinds(Leg[] memory legs) internal pure returns (uint256 count) {
        for (uint256 i; i < legs.length; ++i) {
            if (legs[i].amount != 0) ++count;
        }
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        RELEASE
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Releases cash: v = min(E - U * MM, E - IM, cash), in whole units of the quote token.
    function releaseCash(Draft memory d, uint256 target) internal pure {
        int256 most = d.equityE18 - int256(Rounding.mulDivUp(d.maintenanceE18, target, WAD));
        int256 free = d.equityE18 - int256(d.initialE18);
        if (free < most) most = free;
        // The keeper is paid from what is left.
        int256 cash = d.cashE18 - int256(d.keeperPayE18);
        if (cash < most) most = cash;
        if (most <= 0) return;
        uint256 amount = uint256(most) / d.quoteScale;
        if (amount == 0) return;
        uint256 value = amount * d.quoteScale;
        d.equityE18 -= int256(value);
        _addMove(d, QUOTE, d.policy.releasesToWallet(), amount, value);
    }

    /// @notice Releases of one leg.
    /// @dev Releasing v of a leg with margin rates q lowers equity by v and margin by at least q * v (the size factor can only
    /// add to that): v = min((E - U * MM) / (1 - U * q), (E - IM) / (1 - qInitial), V).
    function releaseLeg(Draft memory d, Leg memory leg, uint256 target) internal pure {
        (int256 rate, int256 initialRate) = Margin.releaseRates(leg);
        // Rounded against the release: the rates here must not be larger than what is saved.
        int256 saved = Rounding.mulDivFloor(rate, target, WAD);
        if (saved >= int256(WAD) || initialRate >= int256(WAD)) return;
        int256 spare = d.equityE18 - int256(Rounding.mulDivUp(d.maintenanceE18, target, WAD));
        int256 free = d.equityE18 - int256(d.initialE18);
        if (spare <= 0 || free <= 0) return;

        uint256 value = Rounding.mulDivDown(uint256(spare), WAD, uint256(int256(WAD) - saved));
        uint256 most = Rounding.mulDivDown(uint256(free), WAD, uint256(int256(WAD) - initialRate));
        if (most < value) value = most;
        uint256 amount = Rounding.mulDivDown(value, leg.unit, leg.bidE18);
        if (amount > leg.amount) amount = leg.amount;
        if (amount == 0) return;

        uint256 left = leg.amount - amount;
        uint256 valueLeft = Rounding.mulDivDown(left, leg.bidE18, leg.unit);
        uint256 moved = leg.valueE18 - valueLeft;
        _replaceMargin(d, leg, valueLeft);
        d.equityE18 -= int256(moved);
        _addMove(d, leg.asset, d.policy.releasesToWallet(), amount, moved);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         TOP-UP
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice {quote token} The cash that brings health to `lowerRestore`; rounded up.
    /// @dev Cash repays a debt in full; what is credited beyond it carries its part of open provisions, so more of it is needed. While
    /// credit is worth nothing the debt is all that cash can cure.
    /// @param missing {quote} To `lowerRestore`.
    function cashToCollect(Draft memory d, uint256 missing) internal pure returns (uint256) {
        uint256 debt = _debt(d);
        if (missing > debt && d.creditE18 != WAD) {
            missing = d.creditE18 == 0 ? debt : debt + Rounding.mulDivUp(missing - debt, WAD, d.creditE18);
        }
        return (missing + d.quoteScale - 1) / d.quoteScale;
    }

    /// @notice Brings in cash.
    function collectCash(Draft memory d, uint256 amount, bool wallet) internal pure {
        uint256 debt = _debt(d);
        uint256 value = amount * d.quoteScale;
        d.cashE18 += int256(value);
        addInflow(d, QUOTE, wallet, amount, value);
        if (value > debt && d.creditE18 != WAD) {
            uint256 gained = debt + Rounding.mulDivDown(value - debt, d.creditE18, WAD);
            d.movedE18 -= value - gained;
            value = gained;
        }
        d.equityE18 += int256(value);
    }

    /// @notice {token} How much of a leg brings health to `lowerRestore`, rounded up; zero where no amount can. Of a leg short of what
    /// its position owes, the part that hedges comes first.
    /// @dev Bringing in v of a leg with margin rate q raises equity by v and margin by at least q * v: v = D / (1 - T * q), only where
    /// the denominator is positive. Margin is convex in v, so this is Newton's step toward what is missing: without a position it
    /// never overshoots by more than a unit, and where the size factor makes it fall short the next step is closer. Beside a
    /// short the collateral hedges first, and q is what that part adds.
    /// @param missing {quote} To `lowerRestore`.
    function legToCollect(Draft memory d, Leg memory leg, uint256 missing) internal pure returns (uint256) {
        uint256 value = _valueToCollect(d, leg, missing);
        return value == 0 ? 0 : Rounding.mulDivUp(value, leg.unit, leg.bidE18);
    }

    /// @notice Brings in some of a leg; the move is the caller's to add.
    /// @return gained {quote} Its value.
    function collectLeg(Draft memory d, Leg memory leg, uint256 amount) internal pure returns (uint256 gained) {
        uint256 valueAfter = Rounding.mulDivDown(leg.amount + amount, leg.bidE18, leg.unit);
        gained = valueAfter - leg.valueE18;
        _replaceMargin(d, leg, valueAfter);
        leg.amount += amount;
        d.equityE18 += int256(gained);
    }

    /// @notice Adds what came in as a move.
    function addInflow(Draft memory d, uint8 asset, bool wallet, uint256 amount, uint256 valueE18) internal pure {
        if (wallet) d.walletLeftE18 -= valueE18 < d.walletLeftE18 ? valueE18 : d.walletLeftE18;
        _addMove(d, asset, wallet, amount, valueE18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        INTERNAL
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev {quote} Rounded up.
    function _valueToCollect(Draft memory d, Leg memory leg, uint256 missing) private pure returns (uint256 value) {
        int256 target = int256(d.policy.lowerRestore());
        (int256 hedging, int256 adding, uint256 open) = Margin.collectRates(leg);
        if (open != 0) {
            int256 gain = int256(WAD) - Rounding.mulDivCeil(hedging, uint256(target), WAD);
            if (gain <= 0) return 0;
            value = Rounding.mulDivUp(missing, WAD, uint256(gain));
            if (value <= open) return value;
            missing -= Rounding.mulDivDown(open, uint256(gain), WAD);
            value = open;
        }
        int256 rest = int256(WAD) - Rounding.mulDivCeil(adding, uint256(target), WAD);
        if (rest <= 0) return value;
        value += Rounding.mulDivUp(missing, WAD, uint256(rest));
    }

    /// @dev {quote} What the account owes so far.
    function _debt(Draft memory d) private pure returns (uint256) {
        return d.cashE18 < 0 ? uint256(-d.cashE18) : 0;
    }

    /// @dev Puts a leg's margins at its new value in the place of those at its old one.
    function _replaceMargin(Draft memory d, Leg memory leg, uint256 valueAfter) private pure {
        (uint256 maintenance, uint256 initial) = Margin.marginAt(leg, leg.valueE18);
        (uint256 maintenanceAfter, uint256 initialAfter) = Margin.marginAt(leg, valueAfter);
        d.maintenanceE18 = d.maintenanceE18 - maintenance + maintenanceAfter;
        d.initialE18 = d.initialE18 - initial + initialAfter;
        leg.valueE18 = valueAfter;
    }

    function _addMove(Draft memory d, uint8 asset, bool wallet, uint256 amount, uint256 valueE18) private pure {
        d.movedE18 += valueE18;
        d.moves[d.count++] = Move({asset: asset, wallet: wallet, amount: amount, valueE18: valueE18});
    }

    /// @dev Cash and each asset of the order, once from the reserve and once from the wallet: at most 18.
    function _mostMoves(uint256 order, bool wallet) private pure returns (uint256 count) {
        for (count = 1; order != 0; order >>= 8) ++count;
        if (wallet) count *= 2;
    }

    /// @dev A list of `count` moves that are still to come; nothing is cleared for those that never do.
    function _roomForMoves(uint256 count) private pure returns (Move[] memory moves) {
        assembly ("memory-safe") {
            moves := mload(0x40)
            mstore(moves, count)
            mstore(0x40, add(moves, shl(5, add(count, 1))))
        }
    }
}
