// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccountViews} from "./actions/AccountViews.sol";
import {Funding} from "./actions/Funding.sol";
import {Rebalancing} from "./actions/Rebalancing.sol";
import {Slices} from "./actions/Slices.sol";
import {ICollateralVault} from "./interfaces/ICollateralVault.sol";
import {IRebalancer} from "./interfaces/IRebalancer.sol";
import {IRiskEngine} from "./interfaces/IRiskEngine.sol";
import {MarginAccountState} from "./ledger/MarginAccountState.sol";
import {MarginAccountExtension} from "./MarginAccountExtension.sol";

/// @title MarginAccount
/// @notice The entry point of every wallet, and the only ledger. Its chapters are in `actions/`.
/// @dev Callers use {IMarginAccount}: what is not here runs from the extension, on this contract's storage. The extension is
/// created here, immutable, and inherits the same storage, so the two cannot come apart.
contract MarginAccount is Funding, Rebalancing, Slices, AccountViews {
    address public immutable extension;

    /// @dev The vault must have listed the quote token already.
    constructor(
        address authority,
        ICollateralVault vault_,
        IRiskEngine riskEngine_,
        IRebalancer rebalancer_
    ) MarginAccountState(authority, vault_, riskEngine_, rebalancer_) {
        extension = address(new MarginAccountExtension(authority, vault_, riskEngine_, rebalancer_));
    }

    /// @dev Runs the extension's code. What neither knows reverts there.
    fallback() external {
        address target = extension;
        assembly ("memory-safe") {
            // Nothing is kept in memory across this: the call either returns or reverts to the caller.
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), target, 0, calldatasize(), 0, 0)
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
