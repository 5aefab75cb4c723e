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
        calledBack = _inCallback();
        _call(inner);
    }

    function read() external view whenConsistent returns (uint256) {
        return 1;
    }

    /// @dev As a taker of a slice is called: `inner` and `second` run inside the callback, `last` after it.
    function takeSlice(
        uint256 account,
        bytes calldata inner,
        bytes calldata second,
        bytes calldata last
    ) external locked {
        require(!_inCallback(), "before");
        _openCallback(account);
        _call(inner);
        _call(second);
        _closeCallback();
        require(!_inCallback(), "after");
        _call(last);
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
        lock.takeSlice(TAKER, "", "", "");
        assertEq(lock.read(), 1);
    }

    function test_locked_RevertWhen_Held() public {
        _expectLocked();
        lock.change(_change);
        _expectLocked();
        lock.change(_deposit);
        _expectLocked();
        lock.change(abi.encodeCall(TransientLockHarness.takeSlice, (TAKER, "", "", "")));
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
        lock.takeSlice(TAKER, _deposit, _deposit, "");
        assertTrue(lock.calledBack());
        _expectLocked();
        lock.takeSlice(TAKER, _foreignDeposit, "", "");
        _expectLocked();
        lock.takeSlice(TAKER, _deposit, _foreignDeposit, "");
    }

    function test_callback_KeepsEverythingElseLocked() public {
        _expectLocked();
        lock.takeSlice(TAKER, _change, "", "");
        _expectLocked();
        lock.takeSlice(TAKER, _read, "", "");
        _expectLocked();
        lock.takeSlice(TAKER, abi.encodeCall(TransientLockHarness.takeSlice, (TAKER, "", "", "")), "", "");
        // Nor does a deposit inside the callback open it.
        _expectLocked();
        lock.takeSlice(TAKER, _deposit, _change, "");
        _expectLocked();
        lock.takeSlice(TAKER, _deposit, _read, "");
    }

    function test_callback_ADepositInsideItIsItselfLocked() public {
        _expectLocked();
        lock.takeSlice(TAKER, abi.encodeCall(TransientLockHarness.deposit, (TAKER, _deposit)), "", "");
        _expectLocked();
        lock.takeSlice(TAKER, abi.encodeCall(TransientLockHarness.deposit, (TAKER, _read)), "", "");
    }

    function test_callback_EndsWithTheCall() public {
        _expectLocked();
        lock.takeSlice(TAKER, _deposit, "", _deposit);
        _expectLocked();
        lock.takeSlice(TAKER, "", "", _read);
        // Outside, a deposit is not taken for one inside a callback.
        lock.takeSlice(TAKER, _deposit, "", "");
        lock.deposit(TAKER, "");
        assertFalse(lock.calledBack());
    }

    function _expectLocked() private {
        vm.expectRevert(Errors.MarginAccount_Locked.selector);
    }
}
