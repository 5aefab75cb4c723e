// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice A call to another contract.
struct Call {
    address target;
    bytes data;
}

/// @title IExecutor
/// @notice Makes calls for whoever asks, from an address that has no rights anywhere: what a batch does with other contracts.
interface IExecutor {
    /// @notice Makes the calls in their order, then sends all it has of the tokens in `sweep` to `receiver`.
    /// @dev Requirements: it is not running already; each call succeeds, and its target is a contract. Open to anyone: what is left
    /// here between transactions belongs to whoever comes first.
    /// @return results What each call returned.
    function run(
        Call[] calldata calls,
        address[] calldata sweep,
        address receiver
    ) external returns (bytes[] memory results);
}
