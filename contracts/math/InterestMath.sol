// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BPS, RAY, YEAR} from "../base/Constants.sol";
import {Rounding} from "./Rounding.sol";

/// @title InterestMath
/// @notice The kinked utilisation rate and its continuous compounding.
library InterestMath {
    /// @dev One basis point with 27 decimals.
    uint256 internal constant BPS_TO_RAY = RAY / BPS;

    /// @dev The largest exponent that is compounded at once: e^4 is 55-fold growth in one step, which takes more than a year
    /// without any action at the highest rate the bounds allow. Interest beyond it is not charged.
    uint256 internal constant MAX_EXPONENT = 4 * RAY;

    /// @notice The yearly borrow rate at a utilisation.
    /// @dev r(u) = base + slope * u + (u > kink) * jump * (u - kink) / (1 - kink). Rounded up: borrowers pay.
    /// @param utilisation {RAY} At most 1. The parameters of the curve are below 2^16.
    /// @return rate {RAY/year}
    function borrowRateUp(
        uint256 utilisation,
        uint256 baseBps,
        uint256 slopeBps,
        uint256 jumpBps,
        uint256 kinkBps
    ) internal pure returns (uint256 rate) {
        unchecked {
            // Basis points fit 16 bits and utilisation is at most 1: each part of a rate is below 7 * RAY, and a kink that is exceeded
            // below RAY.
            uint256 kink = kinkBps * BPS_TO_RAY;
            rate = baseBps * BPS_TO_RAY + Rounding.mulDivUp(slopeBps * BPS_TO_RAY, utilisation, RAY);
            if (utilisation > kink) rate += Rounding.mulDivUp(jumpBps * BPS_TO_RAY, utilisation - kink, RAY - kink);
        }
    }

    /// @notice Growth over a time at a yearly rate, compounded continuously: e^(rate * time) - 1.
    /// @dev The series is summed until a term vanishes, so a block's growth costs three terms and a year's about twenty. The
    /// exponent is at most 4, where the terms fall below one unit of 27 decimals by the 41st: the loop is bounded by 41.
    /// Each term is rounded down, by less than one unit; with the exponent rounded up the sum stays within 41 units of exact.
    /// @return growth {RAY}
    function compound(uint256 rate, uint256 elapsed) internal pure returns (uint256 growth) {
        uint256 exponent = Rounding.mulDivUp(rate, elapsed, YEAR);
        if (exponent > MAX_EXPONENT) exponent = MAX_EXPONENT;
        unchecked {
            // exponent <= 4e27 and each term <= e^4 * 1e27, so a product stays below 3e56 and the sum below 6e28.
            uint256 term = exponent;
            for (uint256 divisor = 2 * RAY; term != 0; divisor += RAY) {
                growth += term;
                term = (term * exponent) / divisor;
            }
        }
    }
}
