// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {LedgerViews} from "./actions/LedgerViews.sol";
import {Policies} from "./actions/Policies.sol";
import {Provisions} from "./actions/Provisions.sol";
import {RebalancingMany} from "./actions/RebalancingMany.sol";
import {SelfKnowledge} from "./actions/SelfKnowledge.sol";
import {Transfers} from "./actions/Transfers.sol";
import {Parts} from "./base/Parts.sol";

/// @title MarginAccountExtension
/// @notice The second part of MarginAccount's code. It knows no other contract but the fourth part: running as MarginAccount, it
/// asks itself.
/// Called at its own address it has neither vault nor ledger, and whatever needs one reverts.
contract MarginAccountExtension is Parts, SelfKnowledge, RebalancingMany, Transfers, Policies, Provisions, LedgerViews {
    address public immutable access;

    /// @param access_ A {MarginAccountAccess}.
    constructor(address authority, address access_) AccessManaged(authority) {
        access = access_;
    }

    /// @dev Runs the code of access. What it does not know reverts there.
    fallback() external payable {
        _runAsOwn(access);
    }

    /// @dev Access knows who may send the chain's own coin.
    receive() external payable {
        _runAsOwn(access);
    }
}
