// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

import {Cures} from "./actions/Cures.sol";
import {Trading} from "./actions/Trading.sol";
import {ICollateralVault} from "./interfaces/ICollateralVault.sol";
import {IMarginAccountCore} from "./interfaces/IMarginAccountCore.sol";
import {IMarginAccountTrading} from "./interfaces/IMarginAccountTrading.sol";
import {IRebalancer} from "./interfaces/IRebalancer.sol";
import {IRiskEngine} from "./interfaces/IRiskEngine.sol";
import {AccountId} from "./types/AccountId.sol";

/// @title MarginAccountTrading
/// @notice The third part of MarginAccount's code: positions, and which deposits are cures. What a fill needs of other contracts is
/// known here as it is there, so that a fill asks nobody. Called at its own address it has no ledger, and whatever needs one reverts.
contract MarginAccountTrading is Trading, Cures {
    IRebalancer private immutable _engine;
    address private immutable _quote;
    uint256 private immutable _scale;

    /// @param quoteToken_ As in {MarginAccount}.
    /// @param rebalancer_ As in {MarginAccount}.
    constructor(address authority, address quoteToken_, IRebalancer rebalancer_) AccessManaged(authority) {
        _engine = rebalancer_;
        _quote = quoteToken_;
        _scale = 10 ** (18 - IERC20Metadata(quoteToken_).decimals());
    }

    /// @inheritdoc IMarginAccountTrading
    function isCure(AccountId account, address token, uint256 amount) external view returns (bool) {
        return _cures(account, token, amount);
    }

    function _vault() internal view override returns (ICollateralVault) {
        return IMarginAccountCore(address(this)).vault();
    }

    function _riskEngine() internal view override returns (IRiskEngine) {
        return IRiskEngine(address(_engine));
    }

    function _rebalancer() internal view override returns (IRebalancer) {
        return _engine;
    }

    function _quoteToken() internal view override returns (address) {
        return _quote;
    }

    function _quoteScale() internal view override returns (uint256) {
        return _scale;
    }
}
