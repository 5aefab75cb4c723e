// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {ALL_RIGHTS} from "../base/Constants.sol";
import {Errors} from "../base/Errors.sol";
import {IMarginAccountAccess} from "../interfaces/IMarginAccountAccess.sol";
import {IMarginAccountCore} from "../interfaces/IMarginAccountCore.sol";
import {IWrappedNative} from "../interfaces/IWrappedNative.sol";
import {AccountId} from "../types/AccountId.sol";
import {Inflow} from "./Inflow.sol";

/// @title Wallets
/// @notice The chapter of what a wallet has beside listed tokens: signatures instead of allowances, and the chain's own coin.
abstract contract Wallets is Inflow, IMarginAccountAccess {
    using SafeERC20 for IERC20;

    /// @inheritdoc IMarginAccountAccess
    function wrappedNative() public view virtual returns (address);

    /// @inheritdoc IMarginAccountAccess
    /// @dev The allowance is what counts. A permit that somebody sent ahead fails here and has done its work; one that a token without
    /// permits swallows (wrapped ether does) has not.
    function usePermit(address token, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external locked {
        address spender = address(_vault());
        try IERC20Permit(token).permit(msg.sender, spender, amount, deadline, v, r, s) {} catch {}
        uint256 allowed = IERC20(token).allowance(msg.sender, spender);
        if (allowed < amount) revert Errors.MarginAccount_PermitRefused(token, allowed, amount);
    }

    /// @inheritdoc IMarginAccountAccess
    function depositNative(AccountId account) external payable locked {
        if (msg.value == 0) revert Errors.MarginAccount_ZeroAmount();
        address token = _requireWrapped();
        IWrappedNative(token).deposit{value: msg.value}();
        IERC20(token).forceApprove(address(_vault()), msg.value);
        _deposit(account, token, msg.value, address(this), _mayAct(account, msg.sender, ALL_RIGHTS));
    }

    /// @inheritdoc IMarginAccountAccess
    /// @dev The withdrawal is the caller's own, to this contract; a part of it that has to wait would come here when nobody unwraps it.
    function withdrawNative(AccountId account, uint256 amount, address receiver) external returns (uint256 paid) {
        if (receiver == address(0)) revert Errors.MarginAccount_ZeroReceiver();
        address token = _requireWrapped();
        (, , , uint256 before) = _vault().claimsOf(token);
        bytes memory call = abi.encodeCall(IMarginAccountCore.withdraw, (account, token, amount, address(this)));
        paid = abi.decode(Address.functionDelegateCall(address(this), call), (uint256));
        (, , , uint256 afterwards) = _vault().claimsOf(token);
        if (afterwards != before) revert Errors.MarginAccount_WouldWait(token, paid);
        _unwrap(token, paid, receiver);
    }

    /// @dev Only the wrapped coin sends the coin here, while it is unwrapped.
    receive() external payable {
        if (msg.sender != wrappedNative()) revert Errors.MarginAccount_NotModule(msg.sender, wrappedNative());
    }

    function _unwrap(address token, uint256 amount, address receiver) private locked {
        IWrappedNative(token).withdraw(amount);
        Address.sendValue(payable(receiver), amount);
    }

    function _requireWrapped() private view returns (address token) {
        token = wrappedNative();
        if (token == address(0)) revert Errors.MarginAccount_NoWrappedNative();
    }
}
