// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ILiquidator} from "../../../../contracts/interfaces/ILiquidator.sol";
import {ISliceTaker} from "../../../../contracts/interfaces/ISliceTaker.sol";
import {AccountId} from "../../../../contracts/types/AccountId.sol";

/// @title ProbingTaker
/// @notice Takes slices, and tries a list of calls while it is called back; remembers how each went.
contract ProbingTaker is ISliceTaker {
    struct Call {
        address target;
        bytes data;
    }

    Call[] public calls;
    bool[] public succeeded;
    bytes[] public answers;
    bool public demanding;
    int256 public payment;

    /// @dev The first call that fails reverts the callback when `demanding_`.
    function plan(Call[] calldata calls_, bool demanding_) external {
        delete calls;
        for (uint256 i; i < calls_.length; ++i) {
            calls.push(calls_[i]);
        }
        demanding = demanding_;
    }

    function take(
        ILiquidator liquidator,
        AccountId account,
        AccountId into,
        uint256 fraction,
        bytes calldata data
    ) external {
        liquidator.liquidate(account, into, fraction, type(int256).max, data);
    }

    /// @notice Lets the owner of this contract, anybody, do what an account's owner does.
    function act(address target, bytes calldata data) external returns (bytes memory) {
        (bool ok, bytes memory answer) = target.call(data);
        if (!ok) _bubble(answer);
        return answer;
    }

    function onSliceTaken(AccountId, AccountId, int256 payment_, bytes calldata) external override {
        payment = payment_;
        for (uint256 i; i < calls.length; ++i) {
            (bool ok, bytes memory answer) = calls[i].target.call(calls[i].data);
            if (!ok && demanding) _bubble(answer);
            succeeded.push(ok);
            answers.push(answer);
        }
    }

    function count() external view returns (uint256) {
        return succeeded.length;
    }

    function _bubble(bytes memory answer) private pure {
        assembly ("memory-safe") {
            revert(add(answer, 32), mload(answer))
        }
    }
}
