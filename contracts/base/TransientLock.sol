// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "./Errors.sol";

/// @title TransientLock
/// @notice The one lock of the protocol. Whatever changes the ledger holds it; views of the ledger refuse to answer while
/// it is held, so nobody prices anything on a half-written state.
/// @dev States: `OPEN`; `HELD`; or an account's id plus `CALLBACK`, during the call to a taker of a slice, when only
/// deposits to and withdrawals from that one account are open.
abstract contract TransientLock {
    uint256 internal constant OPEN = 0;
    uint256 internal constant HELD = 1;

    uint256 private transient _state;
    uint256 private transient _callbackAccount;

    /// @dev For everything but the two actions that a taker may use inside his callback.
    modifier locked() {
        if (_state != OPEN) revert Errors.MarginAccount_Locked();
        _state = HELD;
        _;
        _state = OPEN;
    }

    /// @dev For deposit and withdraw: also open to the taker's own account inside his callback.
    modifier lockedOrCallback(uint256 account) {
        uint256 before = _state;
        if (before != OPEN && (before != _CALLBACK || account != _callbackAccount)) {
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

    uint256 private constant _CALLBACK = 2;

    function _openCallback(uint256 account) internal {
        _callbackAccount = account;
        _state = _CALLBACK;
    }

    function _closeCallback() internal {
        _callbackAccount = 0;
        _state = HELD;
    }

    /// @dev True inside a taker's callback: the margin check of his account then waits for its end. A modifier has set the
    /// state to `HELD` by the time a body asks, but only the callback leaves an account here.
    function _inCallback() internal view returns (bool) {
        return _callbackAccount != 0;
    }
}
