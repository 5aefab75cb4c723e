// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IWrappedNative
/// @notice What the token that wraps the chain's own coin does beside being one.
interface IWrappedNative {
    /// @notice Wraps what is sent.
    function deposit() external payable;

    /// @notice Unwraps and sends `amount`; {wei}.
    function withdraw(uint256 amount) external;
}
