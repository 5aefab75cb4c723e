// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../base/Errors.sol";

/// @title Bounds
/// @notice The chapter that refuses a governed parameter beyond its bound.
abstract contract Bounds {
    function _outOfBounds(bytes32 field, uint256 found, uint256 bound) internal pure {
        revert Errors.MarginAccount_ParameterOutOfBounds(field, found, bound);
    }
}
