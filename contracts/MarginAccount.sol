// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

import {AccountViews} from "./actions/AccountViews.sol";
import {Payments} from "./actions/Payments.sol";
import {Rebalancing} from "./actions/Rebalancing.sol";
import {Slices} from "./actions/Slices.sol";
import {Parts} from "./base/Parts.sol";
import {CollateralVault} from "./CollateralVault.sol";
import {ICollateralVault} from "./interfaces/ICollateralVault.sol";
import {IMarginAccountTrading} from "./interfaces/IMarginAccountTrading.sol";
import {IRebalancer} from "./interfaces/IRebalancer.sol";
import {IRiskEngine} from "./interfaces/IRiskEngine.sol";
import {CashMarket, CashMarketLib} from "./ledger/CashMarket.sol";

/// @title MarginAccount
/// @notice The entry point of every wallet, and the only ledger. Its chapters are in `actions/`.
/// @dev Callers use {IMarginAccount}: what is not here is code of the further parts, run on this contract's storage. The vault is
/// created here, so that the two name each other without a call in between.
contract MarginAccount is Parts, Payments, Rebalancing, Slices, AccountViews {
    using CashMarketLib for CashMarket;

    ICollateralVault public immutable vault;
    IRiskEngine public immutable riskEngine;
    IRebalancer public immutable rebalancer;
    address public immutable quoteToken;
    uint256 public immutable quoteScale;
    address public immutable extension;
    address public immutable trading;

    /// @param quoteToken_ The token that cash is counted in; at most 8 decimals.
    /// @param rebalancer_ The risk engine too.
    /// @param extension_ A {MarginAccountExtension}.
    /// @param trading_ A {MarginAccountTrading}.
    constructor(
        address authority,
        address quoteToken_,
        IRebalancer rebalancer_,
        address extension_,
        address trading_
    ) AccessManaged(authority) {
        vault = new CollateralVault(authority, quoteToken_);
        riskEngine = IRiskEngine(address(rebalancer_));
        rebalancer = rebalancer_;
        quoteToken = quoteToken_;
        quoteScale = 10 ** (18 - IERC20Metadata(quoteToken_).decimals());
        extension = extension_;
        trading = trading_;
        _market.initialise();
        _guard.graceSeconds = 1 hours;
    }

    /// @dev Runs the code of trading or of the extension, which runs that of access. What none of them knows reverts there.
    fallback() external payable {
        _runAsOwn(_isTrading(msg.sig) ? trading : extension);
    }

    /// @dev Access knows who may send the chain's own coin.
    receive() external payable {
        _runAsOwn(extension);
    }

    /// @dev What wallets and modules may call of trading. Its move of positions is for slices alone and its judgement of cures for
    /// deposits alone: neither is among them.
    function _isTrading(bytes4 selector) private pure returns (bool) {
        return
            selector == IMarginAccountTrading.fill.selector ||
            selector == IMarginAccountTrading.settle.selector ||
            selector == IMarginAccountTrading.accrueFunding.selector ||
            selector == IMarginAccountTrading.positionOf.selector ||
            selector == IMarginAccountTrading.perpetualOf.selector;
    }

    function _trading() internal view override returns (address) {
        return trading;
    }

    function _vault() internal view override returns (ICollateralVault) {
        return vault;
    }

    function _riskEngine() internal view override returns (IRiskEngine) {
        return riskEngine;
    }

    function _rebalancer() internal view override returns (IRebalancer) {
        return rebalancer;
    }

    function _quoteToken() internal view override returns (address) {
        return quoteToken;
    }

    function _quoteScale() internal view override returns (uint256) {
        return quoteScale;
    }
}
