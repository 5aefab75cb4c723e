// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BaseTest} from "../utils/BaseTest.sol";
import {Errors} from "../../../contracts/base/Errors.sol";
import {TransientLock} from "../../../contracts/base/TransientLock.sol";

/// @dev One function behind each of the lock's doors; every door may call out while it holds the lock.
contract TransientLockHarness is TransientLock {
    bool public calledBack;

    function change(bytes calldata inner) external locked {
        _call(inner);
    }

    function changeAndFail(bytes calldata inner) external locked {
        _call(inner);
        require(msg.sender == address(this), "failed");
    }

    function deposit(uint256 account, bytes calldata inner) external lockedOrCallback(account) {
        calledBack = _defers(account);
        _call(inner);
    }

    function read() external view whenConsistent returns (uint256) {
        return 1;
    }

    /// @dev As a taker of a slice is called: `inner` and `second` run inside the callback, `last` after it.
    function deliverSlice(
        uint256 account,
        bytes calldata inner,
        bytes calldata second,
        bytes calldata last
    ) external locked {
        require(!_defers(account), "before");
        _openCallback(account);
        _call(inner);
        _call(second);
        _closeCallback();
        require(!_defers(account), "after");
        _call(last);
    }

    /// @dev As a batch: `inner` with the lock open, then `outside` as other contracts' code, then `last` after the batch.
    /// @return due What the batch's end says of a check.
    function batch(
        uint256 account,
        bytes calldata inner,
        bytes calldata outside,
        bytes calldata last
    ) external returns (bool due) {
        _beginBatch(account);
        _call(inner);
        if (outside.length != 0) act(outside);
        due = _endBatch();
        _call(last);
    }

    function act(bytes calldata outside) public onlyInBatch {
        _call(outside);
    }

    function _call(bytes calldata inner) private {
        if (inner.length == 0) return;
        (bool ok, bytes memory answer) = address(this).call(inner);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }
}

contract TransientLockTest is BaseTest {
    uint256 private constant TAKER = uint256(uint160(0xA11CE)) << 96;

    TransientLockHarness private lock = new TransientLockHarness();

    bytes private _change = abi.encodeCall(TransientLockHarness.change, (""));
    bytes private _read = abi.encodeCall(TransientLockHarness.read, ());
    bytes private _deposit = abi.encodeCall(TransientLockHarness.deposit, (TAKER, ""));
    bytes private _foreignDeposit = abi.encodeCall(TransientLockHarness.deposit, (TAKER + 1, ""));

    function test_locked_OpensAgainAfterwards() public {
        lock.change("");
        lock.change("");
        lock.deposit(TAKER, "");
        lock.deliverSlice(TAKER, "", "", "");
        assertEq(lock.read(), 1);
    }

    function test_locked_RevertWhen_Held() public {
        _expectLocked();
        lock.change(_change);
        _expectLocked();
        lock.change(_deposit);
        _expectLocked();
        lock.change(abi.encodeCall(TransientLockHarness.deliverSlice, (TAKER, "", "", "")));
    }

    function test_whenConsistent_RevertWhen_Held() public {
        _expectLocked();
        lock.change(_read);
        _expectLocked();
        lock.deposit(TAKER, _read);
    }

    function test_lockedOrCallback_RevertWhen_HeldOutsideACallback() public {
        _expectLocked();
        lock.deposit(TAKER, _deposit);
        _expectLocked();
        lock.deposit(TAKER, _change);
    }

    function test_locked_ARevertLeavesItOpen() public {
        vm.expectRevert("failed");
        lock.changeAndFail("");
        lock.change("");
        assertEq(lock.read(), 1);
    }

    function test_callback_OpensDepositsToTheTakersAccountAlone() public {
        lock.deliverSlice(TAKER, _deposit, _deposit, "");
        assertTrue(lock.calledBack());
        _expectLocked();
        lock.deliverSlice(TAKER, _foreignDeposit, "", "");
        _expectLocked();
        lock.deliverSlice(TAKER, _deposit, _foreignDeposit, "");
    }

    function test_callback_KeepsEverythingElseLocked() public {
        _expectLocked();
        lock.deliverSlice(TAKER, _change, "", "");
        _expectLocked();
        lock.deliverSlice(TAKER, _read, "", "");
        _expectLocked();
        lock.deliverSlice(TAKER, abi.encodeCall(TransientLockHarness.deliverSlice, (TAKER, "", "", "")), "", "");
        // Nor does a deposit inside the callback open it.
        _expectLocked();
        lock.deliverSlice(TAKER, _deposit, _change, "");
        _expectLocked();
        lock.deliverSlice(TAKER, _deposit, _read, "");
    }

    function test_callback_ADepositInsideItIsItselfLocked() public {
        _expectLocked();
        lock.deliverSlice(TAKER, abi.encodeCall(TransientLockHarness.deposit, (TAKER, _deposit)), "", "");
        _expectLocked();
        lock.deliverSlice(TAKER, abi.encodeCall(TransientLockHarness.deposit, (TAKER, _read)), "", "");
    }

    function test_callback_EndsWithTheCall() public {
        _expectLocked();
        lock.deliverSlice(TAKER, _deposit, "", _deposit);
        _expectLocked();
        lock.deliverSlice(TAKER, "", "", _read);
        // Nor is it open to the account of nobody, whom no callback is for.
        _expectLocked();
        lock.deliverSlice(TAKER, "", "", abi.encodeCall(TransientLockHarness.deposit, (0, "")));
        // Outside, a deposit is not taken for one inside a callback.
        lock.deliverSlice(TAKER, _deposit, "", "");
        lock.deposit(TAKER, "");
        assertFalse(lock.calledBack());
    }

    function test_batch_DefersTheChecksOfItsOwnAccountAlone() public {
        assertTrue(lock.batch(TAKER, _deposit, "", ""));
        assertTrue(lock.calledBack());
        // Another account is open too, and is not deferred.
        assertFalse(lock.batch(TAKER, _foreignDeposit, "", ""));
        assertFalse(lock.calledBack());
        assertFalse(lock.batch(TAKER, _change, "", ""));
        // Nothing is left of a batch.
        assertFalse(lock.batch(TAKER, "", "", _deposit));
        assertFalse(lock.calledBack());
        lock.deliverSlice(TAKER, _deposit, "", "");
        assertFalse(lock.batch(TAKER, "", "", ""));
    }

    function test_batch_OthersCodeFindsItShut() public {
        assertTrue(lock.batch(TAKER, "", _deposit, ""));
        _expectLocked();
        lock.batch(TAKER, "", _foreignDeposit, "");
        _expectLocked();
        lock.batch(TAKER, "", _change, "");
        _expectLocked();
        lock.batch(TAKER, "", _read, "");
        _expectLocked();
        lock.batch(TAKER, "", abi.encodeCall(TransientLockHarness.batch, (TAKER, "", "", "")), "");
        _expectLocked();
        lock.batch(TAKER, "", abi.encodeCall(TransientLockHarness.act, ("")), "");
    }

    function test_batch_IsNeverInsideAnything() public {
        bytes memory inner = abi.encodeCall(TransientLockHarness.batch, (TAKER, "", "", ""));
        _expectLocked();
        lock.change(inner);
        _expectLocked();
        lock.batch(TAKER, inner, "", "");
        _expectLocked();
        lock.deliverSlice(TAKER, inner, "", "");
        _expectLocked();
        lock.act("");
        _expectLocked();
        lock.change(abi.encodeCall(TransientLockHarness.act, ("")));
    }

    /// @dev Every account's number but zero names somebody's; zero stands for no batch.
    function test_batch_OfNobodyDefersNothing() public {
        assertFalse(lock.batch(0, abi.encodeCall(TransientLockHarness.deposit, (0, "")), "", ""));
    }

    function _expectLocked() private {
        vm.expectRevert(Errors.MarginAccount_Locked.selector);
    }
}
