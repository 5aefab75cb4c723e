// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../base/Errors.sol";
import {IMarginAccountCore} from "../interfaces/IMarginAccountCore.sol";
import {IMarginAccountExtension} from "../interfaces/IMarginAccountExtension.sol";
import {Outcome} from "../interfaces/IRebalancer.sol";
import {MarginAccountState} from "../ledger/MarginAccountState.sol";
import {AccountId} from "../types/AccountId.sol";

/// @title RebalancingMany
/// @notice The chapter of a keeper's round.
abstract contract RebalancingMany is MarginAccountState, IMarginAccountExtension {
    uint256 internal constant MAX_BATCH = 200;

    /// @inheritdoc IMarginAccountExtension
    function rebalanceMany(AccountId[] calldata accounts) external locked returns (Outcome[] memory outcomes) {
        uint256 length = accounts.length;
        if (length > MAX_BATCH) revert Errors.MarginAccount_BatchTooLong(length, MAX_BATCH);
        outcomes = new Outcome[](length);
        IMarginAccountCore self = IMarginAccountCore(address(this));
        for (uint256 i; i < length; ++i) {
            // Each account in a call of its own, so that one that cannot be rebalanced stops no other.
            try self.rebalanceInBatch(accounts[i], msg.sender, length) returns (Outcome outcome) {
                outcomes[i] = outcome;
            } catch {
                outcomes[i] = Outcome.Failed;
                emit Rebalanced(AccountId.unwrap(accounts[i]), msg.sender, Outcome.Failed, 0, 0);
            }
        }
    }
}
