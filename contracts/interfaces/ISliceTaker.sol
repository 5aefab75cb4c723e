// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccountId} from "../types/AccountId.sol";

/// @title ISliceTaker
/// @notice What a contract implements to be called between taking a slice and paying for it: it may sell what it took on a
/// venue and bring the proceeds.
interface ISliceTaker {
    /// @notice Called after the slice is booked and before the taking account's margin is checked. Only deposits to and
    /// withdrawals from `taker` are open meanwhile.
    /// @param account The account that was sliced.
    /// @param taker The account that took the slice.
    /// @param payment {quote token} What the taker paid; negative when he was paid.
    function onSliceTaken(AccountId account, AccountId taker, int256 payment, bytes calldata data) external;
}
