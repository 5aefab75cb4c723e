// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title Delegation
/// @notice How MarginAccount runs code of its third part in the middle of an action: what is rare, or rare without positions.
abstract contract Delegation {
    function _trading() internal view virtual returns (address);

    /// @dev Runs on this contract's storage, under the lock that the caller holds; its error comes as it is.
    function _runTrading(bytes memory call) internal returns (bytes memory) {
        return Address.functionDelegateCall(_trading(), call);
    }
}
