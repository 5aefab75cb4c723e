// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {Call, IExecutor} from "./interfaces/IExecutor.sol";

/// @title Executor
/// @notice Calls other contracts for a batch. MarginAccount never does so itself: owners and wallets trust its address, and nobody
/// trusts this one.
contract Executor is IExecutor, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc IExecutor
    /// @dev While it runs nobody else may use it: what lies here in the middle of a swap is the caller's.
    function run(
        Call[] calldata calls,
        address[] calldata sweep,
        address receiver
    ) external nonReentrant returns (bytes[] memory results) {
        // As many as the caller pays for.
        results = new bytes[](calls.length);
        for (uint256 i; i < calls.length; ++i) {
            results[i] = Address.functionCall(calls[i].target, calls[i].data);
        }
        for (uint256 i; i < sweep.length; ++i) {
            uint256 left = IERC20(sweep[i]).balanceOf(address(this));
            if (left != 0) IERC20(sweep[i]).safeTransfer(receiver, left);
        }
    }
}
