// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {Governance} from "./actions/Governance.sol";
import {LedgerViews} from "./actions/LedgerViews.sol";
import {Policies} from "./actions/Policies.sol";
import {Provisions} from "./actions/Provisions.sol";
import {Transfers} from "./actions/Transfers.sol";
import {ICollateralVault} from "./interfaces/ICollateralVault.sol";
import {IMarginAccountCore} from "./interfaces/IMarginAccountCore.sol";
import {IRebalancer} from "./interfaces/IRebalancer.sol";
import {IRiskEngine} from "./interfaces/IRiskEngine.sol";

/// @title MarginAccountExtension
/// @notice The second half of MarginAccount's code. It knows no other contract: running as MarginAccount, it asks itself.
/// Called at its own address it has neither vault nor ledger, and whatever needs one reverts.
contract MarginAccountExtension is Transfers, Policies, Provisions, Governance, LedgerViews {
    constructor(address authority) AccessManaged(authority) {}

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
