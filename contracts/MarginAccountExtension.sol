// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {LedgerViews} from "./actions/LedgerViews.sol";
import {Policies} from "./actions/Policies.sol";
import {Provisions} from "./actions/Provisions.sol";
import {RebalancingMany} from "./actions/RebalancingMany.sol";
import {Transfers} from "./actions/Transfers.sol";
import {Parts} from "./base/Parts.sol";
import {ICollateralVault} from "./interfaces/ICollateralVault.sol";
import {IMarginAccountCore} from "./interfaces/IMarginAccountCore.sol";
import {IRebalancer} from "./interfaces/IRebalancer.sol";
import {IRiskEngine} from "./interfaces/IRiskEngine.sol";

/// @title MarginAccountExtension
/// @notice The second part of MarginAccount's code. It knows no other contract but the fourth part: running as MarginAccount, it
/// asks itself.
/// Called at its own address it has neither vault nor ledger, and whatever needs one reverts.
contract MarginAccountExtension is Parts, RebalancingMany, Transfers, Policies, Provisions, LedgerViews {
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

    function _self() private view returns (IMarginAccountCore) {
        return IMarginAccountCore(address(this));
    }

    function _vault() internal view override returns (ICollateralVault) {
        return _self().vault();
    }

    function _riskEngine() internal view override returns (IRiskEngine) {
        return _self().riskEngine();
    }

    function _rebalancer() internal view override returns (IRebalancer) {
        return _self().rebalancer();
    }

    function _quoteToken() internal view override returns (address) {
        return _self().quoteToken();
    }

    function _quoteScale() internal view override returns (uint256) {
        return _self().quoteScale();
    }
}
