// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Governance} from "./actions/Governance.sol";
import {LedgerViews} from "./actions/LedgerViews.sol";
import {Policies} from "./actions/Policies.sol";
import {Provisions} from "./actions/Provisions.sol";
import {Transfers} from "./actions/Transfers.sol";
import {ICollateralVault} from "./interfaces/ICollateralVault.sol";
import {IRebalancer} from "./interfaces/IRebalancer.sol";
import {IRiskEngine} from "./interfaces/IRiskEngine.sol";
import {MarginAccountState} from "./ledger/MarginAccountState.sol";

/// @title MarginAccountExtension
/// @notice The second half of MarginAccount's code. Called by itself it works on its own, empty storage, where nobody has
/// anything: the vault obeys MarginAccount alone.
contract MarginAccountExtension is Transfers, Policies, Provisions, Governance, LedgerViews {
    constructor(
        address authority,
        ICollateralVault vault_,
        IRiskEngine riskEngine_,
        IRebalancer rebalancer_
    ) MarginAccountState(authority, vault_, riskEngine_, rebalancer_) {}
}
