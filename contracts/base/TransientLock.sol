// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "./Errors.sol";

/// @title TransientLock
/// @notice The one lock of the protocol. Whatever changes the ledger holds it; views of the ledger refuse to answer while
/// it is held, so nobody prices anything on a half-written state.
/// @dev States: `OPEN`; `HELD`; or `CALLBACK`, during a call to a taker of a slice or to the executor of a batch, when only
/// deposits to and withdrawals from one account are open. That account's margin check is deferred to the end of the slice or the
/// batch.
abstract contract TransientLock {
    uint256 internal constant OPEN = 0;
    uint256 internal constant HELD = 1;

    uint256 private constant _CALLBACK = 2;

    uint256 private transient _state;
    uint256 private transient _deferredAccount;
    bool private transient _checkDue;

    /// @dev For everything but the two actions that are open inside a callback.
    modifier locked() {
        if (_state != OPEN) revert Errors.MarginAccount_Locked();
        _state = HELD;
        _;
        _state = OPEN;
    }

    /// @dev For deposit and withdraw: also open inside a callback, for its account.
    modifier lockedOrCallback(uint256 account) {
        uint256 before = _state;
        if (before != OPEN && (before != _CALLBACK || account != _deferredAccount)) {
            revert Errors.MarginAccount_Locked();
        }
        _state = HELD;
        _;
        _state = before;
    }

    /// @dev For views of the ledger.
    modifier whenConsistent() {
        if (_state != OPEN) revert Errors.MarginAccount_Locked();
        _;
    }

    /// @dev Inside a slice: its end checks the taker's account, whatever he did.
    function _openCallback(uint256 account) internal {
        _deferredAccount = account;
        _state = _CALLBACK;
    }

    function _closeCallback() internal {
        _deferredAccount = 0;
        _checkDue = false;
        _state = HELD;
    }

    /// @dev Around a batch. Between its calls the lock is open, but no code runs there save this contract's own.
    function _beginBatch(uint256 account) internal {
        if (_state != OPEN || _deferredAccount != 0) revert Errors.MarginAccount_Locked();
        _deferredAccount = account;
    }

    /// @return due Whether a check waits.
    function _endBatch() internal returns (bool due) {
        due = _checkDue;
        _deferredAccount = 0;
        _checkDue = false;
    }

    /// @dev Around calls to other contracts in the middle of a batch.
    modifier onlyInBatch() {
        if (_state != OPEN || _deferredAccount == 0) revert Errors.MarginAccount_Locked();
        _state = _CALLBACK;
        _;
        _state = OPEN;
    }

    /// @dev Whether the account's margin check waits for the end of a slice or a batch; it is then due.
    function _defers(uint256 account) internal returns (bool) {
        if (_deferredAccount != account || account == 0) return false;
        _checkDue = true;
        return true;
    }
}
