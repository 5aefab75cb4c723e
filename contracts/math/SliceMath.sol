// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {WAD} from "../base/Constants.sol";
import {Rounding} from "./Rounding.sol";

/// @title SliceMath
/// @notice The closed forms of a liquidation: what a slice costs, and how much of an account restores it.
library SliceMath {
    /// @notice What a slice moves besides the account's own content; {quote E18}.
    struct Payment {
        uint256 toAccount; // taker to account
        uint256 toFund; // taker to insurance fund
        uint256 fromFund; // insurance fund to taker
        uint256 fromLenders; // the most of `fromFund` that lenders bear when the fund lacks it
    }

    /// @notice Health as a signed number, for accounts on both sides of solvency; {1}, toward minus infinity.
    function signedHealth(int256 equityE18, uint256 maintenanceE18) internal pure returns (int256) {
        if (maintenanceE18 == 0) return equityE18 < 0 ? int256(0) : type(int256).max;
        return Rounding.mulDivFloor(equityE18, WAD, maintenanceE18);
    }

    /// @notice f = (target - h) / (target - d): the slice that leaves a linear book at the target. {1}, rounded down.
    /// @dev After a slice, health is (h - f * d) / (1 - f). The caller has seen d < h < target.
    function closedFraction(uint256 health, uint256 discount, uint256 target) internal pure returns (uint256) {
        return Rounding.mulDivDown(target - health, WAD, target - discount);
    }

    /// @notice The fraction at which the line through two points (fraction, health) meets the target; {1}, rounded down.
    /// @dev The caller has seen lowHealth < target < highHealth and lowFraction < highFraction.
    function secant(
        uint256 lowFraction,
        uint256 lowHealth,
        uint256 highFraction,
        uint256 highHealth,
        uint256 target
    ) internal pure returns (uint256) {
        return
            lowFraction + Rounding.mulDivDown(highFraction - lowFraction, target - lowHealth, highHealth - lowHealth);
    }

    /// @notice The one payment formula: f * (E - d * MM) to the account, and `fundShare` of the discount to the fund; where
    /// d * MM exceeds E the account gives its slice for nothing and the fund pays the difference, less its own share. At
    /// E = d * MM both sides meet, so there is no jump to wait for.
    /// @dev Rounding against the taker: what he pays up, what he is paid down.
    function payment(
        int256 equityE18,
        uint256 maintenanceE18,
        uint256 discount,
        uint256 fraction,
        uint256 fundShare
    ) internal pure returns (Payment memory p) {
        uint256 discountValue = Rounding.mulDivUp(maintenanceE18, discount, WAD);
        uint256 sliceDiscount = Rounding.mulDivUp(discountValue, fraction, WAD);
        p.toFund = Rounding.mulDivUp(sliceDiscount, fundShare, WAD);
        if (equityE18 >= int256(discountValue)) {
            // Equity is lessened by the discount rounded down: the account never gets less than the formula.
            uint256 net = uint256(equityE18) - Rounding.mulDivDown(maintenanceE18, discount, WAD);
            p.toAccount = Rounding.mulDivUp(net, fraction, WAD);
            return p;
        }
        uint256 owing = uint256(int256(Rounding.mulDivDown(maintenanceE18, discount, WAD)) - equityE18);
        uint256 paid = Rounding.mulDivDown(owing, fraction, WAD);
        if (equityE18 < 0) p.fromLenders = Rounding.mulDivDown(uint256(-equityE18), fraction, WAD);
        if (paid >= p.toFund) {
            p.fromFund = paid - p.toFund;
            p.toFund = 0;
        } else {
            p.toFund -= paid;
        }
        if (p.fromLenders > p.fromFund) p.fromLenders = p.fromFund;
    }
}
