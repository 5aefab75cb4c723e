// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Parts
/// @notice How a contract whose code is in several parts runs another of them.
abstract contract Parts {
    /// @dev Runs the call that came with the code of `part` on this contract's storage, and ends it with whatever that says.
    function _runAsOwn(address part) internal {
        assembly ("memory-safe") {
            // Nothing is kept in memory across this: the call either returns or reverts to the caller.
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), part, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch ok
            case 0 {
                revert(0, returndatasize())
            }
            default {
                return(0, returndatasize())
            }
        }
    }
}
