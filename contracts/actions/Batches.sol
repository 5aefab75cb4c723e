// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {ALL_RIGHTS} from "../base/Constants.sol";
import {Errors} from "../base/Errors.sol";
import {Call, IExecutor} from "../interfaces/IExecutor.sol";
import {IMarginAccountAccess} from "../interfaces/IMarginAccountAccess.sol";
import {IMarginAccountCore} from "../interfaces/IMarginAccountCore.sol";
import {IMarginAccountExtension} from "../interfaces/IMarginAccountExtension.sol";
import {CashMarket, CashMarketLib} from "../ledger/CashMarket.sol";
import {AccountId} from "../types/AccountId.sol";
import {Health} from "./Health.sol";

/// @title Batches
/// @notice The chapter of several calls in one transaction, whose account may be short in between.
/// @dev Upholds promise 7: nobody but its owner's calls sees an account that is short, because the lock is shut to all others
/// wherever other code runs, and the account passes its initial margin before the transaction is over. Nothing that judges an
/// account, a rebalance or a slice, may be part of a batch.
abstract contract Batches is Health, IMarginAccountAccess {
    using CashMarketLib for CashMarket;

    /// @inheritdoc IMarginAccountAccess
    function multicall(AccountId account, bytes[] calldata calls) external returns (bytes[] memory results) {
        // Checks
        _beginBatch(AccountId.unwrap(account));
        _requireMayAct(account, ALL_RIGHTS);

        // Effects and interactions: each call takes the lock for itself, and the caller stays who he is.
        results = new bytes[](calls.length);
        for (uint256 i; i < calls.length; ++i) {
            bytes4 selector = bytes4(calls[i]);
            if (!_mayBatch(selector)) revert Errors.MarginAccount_NotInBatch(selector);
            results[i] = Address.functionDelegateCall(address(this), calls[i]);
        }

        // Check: on the state that will persist.
        if (_endBatch()) _requireInitialMargin(account, _market.loadAccrued());
    }

    /// @inheritdoc IMarginAccountAccess
    function act(
        Call[] calldata calls,
        address[] calldata sweep
    ) external onlyInBatch returns (bytes[] memory results) {
        return executor().run(calls, sweep, msg.sender);
    }

    /// @inheritdoc IMarginAccountAccess
    function executor() public view virtual returns (IExecutor);

    function _mayBatch(bytes4 selector) private pure returns (bool) {
        return
            selector == IMarginAccountCore.deposit.selector ||
            selector == IMarginAccountCore.depositFor.selector ||
            selector == IMarginAccountCore.withdraw.selector ||
            selector == IMarginAccountExtension.transfer.selector ||
            selector == IMarginAccountExtension.claim.selector ||
            selector == IMarginAccountExtension.depositReserve.selector ||
            selector == IMarginAccountExtension.withdrawReserve.selector ||
            selector == IMarginAccountExtension.setPolicy.selector ||
            selector == IMarginAccountExtension.setOperator.selector ||
            selector == IMarginAccountExtension.setWalletLimit.selector ||
            selector == IMarginAccountAccess.usePermit.selector ||
            selector == IMarginAccountAccess.withdrawNative.selector ||
            selector == IMarginAccountAccess.grantBySignature.selector ||
            selector == IMarginAccountAccess.act.selector;
    }
}
