// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Rounding
/// @notice Division with the direction in the name: `Down` and `Up` for amounts, `Floor` and `Ceil` for signed values.
/// @dev `Floor` is toward minus infinity and `Ceil` toward plus infinity; the EVM's own signed division, toward zero, would
/// round a loss in the loser's favour. Every call site is a row of docs/ROUNDING.md.
library Rounding {
    /// @dev x * y / d, rounded down. Full 512-bit product.
    function mulDivDown(uint256 x, uint256 y, uint256 d) internal pure returns (uint256) {
        return Math.mulDiv(x, y, d);
    }

    /// @dev x * y / d, rounded up. Full 512-bit product.
    function mulDivUp(uint256 x, uint256 y, uint256 d) internal pure returns (uint256) {
        return Math.mulDiv(x, y, d, Math.Rounding.Ceil);
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
