// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Rounding
/// @notice Division with the direction in the name: `Down` and `Up` for amounts, `Floor` and `Ceil` for signed values.
/// @dev `Floor` is toward minus infinity and `Ceil` toward plus infinity; the EVM's own signed division, toward zero, would
/// round a loss in the loser's favour. Every call site is a row of docs/ROUNDING.md.
///
/// Factors below 2^128, which is nearly every case, are multiplied as they are; the 512-bit product of OpenZeppelin's `mulDiv`
/// is for the rest. A zero divisor reverts on both paths.
library Rounding {
    /// @dev x * y / d, rounded down.
    function mulDivDown(uint256 x, uint256 y, uint256 d) internal pure returns (uint256) {
        if ((x | y) >> 128 != 0) return Math.mulDiv(x, y, d);
        unchecked {
            // Both factors are below 2^128, so the product is below 2^256.
            return (x * y) / d;
        }
    }

    /// @dev x * y / d, rounded up.
    function mulDivUp(uint256 x, uint256 y, uint256 d) internal pure returns (uint256 quotient) {
        if ((x | y) >> 128 != 0) return Math.mulDiv(x, y, d, Math.Rounding.Ceil);
        unchecked {
            // As above. One less than the product, where there is one, is divided, and one added: no remainder is asked for.
            uint256 product = x * y;
            uint256 one = SafeCast.toUint(product != 0);
            quotient = (product - one) / d + one;
        }
    }

    /// @dev x * y / d toward minus infinity; `y` and `d` are not negative.
    function mulDivFloor(int256 x, uint256 y, uint256 d) internal pure returns (int256) {
        if (x >= 0) return int256(mulDivDown(uint256(x), y, d));
        return -int256(mulDivUp(uint256(-x), y, d));
    }

    /// @dev x * y / d toward plus infinity; `y` and `d` are not negative.
    function mulDivCeil(int256 x, uint256 y, uint256 d) internal pure returns (int256) {
        if (x >= 0) return int256(mulDivUp(uint256(x), y, d));
        return -int256(mulDivDown(uint256(-x), y, d));
    }
}
