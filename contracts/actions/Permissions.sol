// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../base/Errors.sol";
import {AccountId} from "../types/AccountId.sol";
import {Guards} from "./Guards.sol";

/// @title Permissions
/// @notice The chapter that answers the one question of permission: may this caller do this to this account?
abstract contract Permissions is Guards {
    /// @dev An owner may do everything. An operator has at least one of the rights in `right`.
    function _mayAct(AccountId account, address caller, uint8 right) internal view returns (bool) {
        return account.ownerOf() == caller || _operators[account][caller] & right != 0;
    }

    function _requireMayAct(AccountId account, uint8 right) internal view {
        if (!_mayAct(account, msg.sender, right)) {
            revert Errors.MarginAccount_NotAuthorized(AccountId.unwrap(account), msg.sender, right);
        }
    }

    /// @dev For what only the owner himself may do: handing out rights, and spending his wallet.
    function _requireOwner(AccountId account) internal view {
        if (account.ownerOf() != msg.sender) {
            revert Errors.MarginAccount_NotAuthorized(AccountId.unwrap(account), msg.sender, 0);
        }
    }
}
