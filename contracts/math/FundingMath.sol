// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {WAD} from "../base/Constants.sol";
import {Rounding} from "./Rounding.sol";

/// @title FundingMath
/// @notice The funding rate of a perpetual, and what it moves between longs and shorts. Pure.
library FundingMath {
    /// @dev Rates are an hour's.
    uint256 internal constant HOUR = 1 hours;

    /// @notice clamp(premium / divisor + interest, +-clamp); {1/hour E18}, toward minus infinity.
    function rateOf(
        int256 premiumE18,
        uint256 divisor,
        int256 interestE18,
        int256 clampE18
    ) internal pure returns (int256) {
        return clamped(Rounding.mulDivFloor(premiumE18, 1, divisor) + interestE18, clampE18);
    }

    /// @notice What a long of one unit pays in `elapsed` seconds; {quote E18/unit}, toward minus infinity. Longs and shorts
    /// see the same figure, so its rounding makes nothing.
    function perUnit(int256 rateE18, uint256 priceE18, uint256 elapsed) internal pure returns (int256) {
        // {quote E18/unit} = {1/hour E18} * {quote E18/unit} * {s} / ({s/hour} * 1e18)
        return Rounding.mulDivFloor(rateE18, priceE18 * elapsed, HOUR * WAD);
    }

    /// @notice What a position pays for a move of the index, negative when it is paid; {quote E18}. Rounded up: who pays, pays
    /// more, and who is paid gets less. That of the opposite size, taken off, gives it back rounded down.
    function payment(int256 sizeE18, int256 indexMoveE18) internal pure returns (int256) {
        if (indexMoveE18 >= 0) return Rounding.mulDivCeil(sizeE18, uint256(indexMoveE18), WAD);
        return Rounding.mulDivCeil(-sizeE18, uint256(-indexMoveE18), WAD);
    }

    /// @notice A fill's deviation from the index, within +-clamp; {1 E18}, toward minus infinity.
    function deviationOf(uint256 priceE18, uint256 indexE18, int256 clampE18) internal pure returns (int256) {
        int256 apart = int256(priceE18) - int256(indexE18);
        return clamped(Rounding.mulDivFloor(apart, WAD, indexE18), clampE18);
    }

    /// @notice The value, within +-clamp.
    function clamped(int256 value, int256 clampE18) internal pure returns (int256) {
        if (value > clampE18) return clampE18;
        return value < -clampE18 ? -clampE18 : value;
    }
}
