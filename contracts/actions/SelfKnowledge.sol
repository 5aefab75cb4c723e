// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ICollateralVault} from "../interfaces/ICollateralVault.sol";
import {IMarginAccountCore} from "../interfaces/IMarginAccountCore.sol";
import {IRebalancer} from "../interfaces/IRebalancer.sol";
import {IRiskEngine} from "../interfaces/IRiskEngine.sol";
import {MarginAccountState} from "../ledger/MarginAccountState.sol";

/// @title SelfKnowledge
/// @notice How parts of MarginAccount that are called less often find other contracts: running as MarginAccount, they ask it.
abstract contract SelfKnowledge is MarginAccountState {
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
