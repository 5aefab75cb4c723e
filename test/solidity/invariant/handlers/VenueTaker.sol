// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ILiquidator} from "../../../../contracts/interfaces/ILiquidator.sol";
import {IMarginAccount} from "../../../../contracts/interfaces/IMarginAccount.sol";
import {ISliceTaker} from "../../../../contracts/interfaces/ISliceTaker.sol";
import {MintableToken} from "../../../../contracts/mocks/MintableToken.sol";
import {AccountId} from "../../../../contracts/types/AccountId.sol";

/// @title VenueTaker
/// @notice Takes slices and, while it is called back, withdraws the collateral, sells it on a venue at the price it was told,
/// and brings the proceeds. It also tries what the lock must refuse.
contract VenueTaker is ISliceTaker {
    IMarginAccount private immutable _MARGIN_ACCOUNT;
    MintableToken private immutable _QUOTE;

    uint256 public calls;
    uint256 public trespasses;

    constructor(IMarginAccount marginAccount, MintableToken quote) {
        _MARGIN_ACCOUNT = marginAccount;
        _QUOTE = quote;
        quote.approve(address(marginAccount.vault()), type(uint256).max);
    }

    /// @param trader Who signs for the positions that come with slices.
    function fund(AccountId own, uint256 amount, address trader) external {
        _MARGIN_ACCOUNT.setOperator(own, trader, 2);
        _QUOTE.mint(address(this), amount);
        _MARGIN_ACCOUNT.deposit(own, address(_QUOTE), amount);
    }

    function take(
        ILiquidator liquidator,
        AccountId account,
        AccountId own,
        uint256 fraction,
        bytes calldata data
    ) external returns (ILiquidator.Quote memory) {
        return liquidator.liquidate(account, own, fraction, type(int256).max, data);
    }

    function onSliceTaken(AccountId account, AccountId taker, int256, bytes calldata data) external override {
        ++calls;
        (address[] memory tokens, uint256[] memory prices) = abi.decode(data, (address[], uint256[]));
        for (uint256 i; i < tokens.length; ++i) {
            // It may hold none. What a pause refuses is not even tried: a recorder of events keeps what a caught call undid.
            if (block.timestamp < _MARGIN_ACCOUNT.guard().until) break;
            try _MARGIN_ACCOUNT.withdraw(taker, tokens[i], type(uint256).max, address(this)) returns (uint256 amount) {
                IERC20(tokens[i]).transfer(address(0xdead), amount);
                uint256 proceeds = (amount * prices[i]) / 1e18;
                _QUOTE.mint(address(this), proceeds);
                if (proceeds >= 1e4) _MARGIN_ACCOUNT.deposit(taker, address(_QUOTE), proceeds);
            } catch {}
        }
        try _MARGIN_ACCOUNT.rebalance(account) {
            ++trespasses;
        } catch {}
        try _MARGIN_ACCOUNT.withdraw(account, tokens[0], 1, address(this)) {
            ++trespasses;
        } catch {}
        try _MARGIN_ACCOUNT.collectFees() {
            ++trespasses;
        } catch {}
    }
}
