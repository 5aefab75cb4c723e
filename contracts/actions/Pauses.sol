// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../base/Errors.sol";
import {IMarginAccountAccess} from "../interfaces/IMarginAccountAccess.sol";
import {CashMarket, CashMarketLib} from "../ledger/CashMarket.sol";
import {Guard, GuardLevel} from "../types/Guard.sol";
import {Bounds} from "./Bounds.sol";
import {Guards} from "./Guards.sol";

/// @title Pauses
/// @notice The chapter by which the guardian tightens all accounts for a while, and governance loosens them early.
/// @dev Upholds promise 12: tightening is immediate; loosening waits, or comes by itself.
abstract contract Pauses is Bounds, Guards, IMarginAccountAccess {
    using CashMarketLib for CashMarket;

    uint32 internal constant MAX_PAUSE = 3 days;
    uint32 internal constant MIN_GRACE = 10 minutes;
    uint32 internal constant MAX_GRACE = 1 days;
    /// @dev After it no discount remembers the halt, since in a day every one is at its most: the bit in the market's slot may go.
    uint256 internal constant FORGOTTEN_AFTER = 1 days;

    /// @inheritdoc IMarginAccountAccess
    function pause(GuardLevel level, uint32 durationSeconds) external restricted locked {
        // Checks
        Guard memory g = _guard;
        bool within = block.timestamp < g.until;
        if (within) {
            if (level <= g.level) revert Errors.MarginAccount_NotTighter(uint8(level), uint8(g.level));
        } else {
            if (level == GuardLevel.Normal) revert Errors.MarginAccount_NotTighter(0, 0);
            if (block.timestamp < g.renewableAt) {
                revert Errors.MarginAccount_PauseTooSoon(block.timestamp, g.renewableAt);
            }
            if (durationSeconds == 0) _outOfBounds("durationSeconds", 0, 1);
            if (durationSeconds > MAX_PAUSE) _outOfBounds("durationSeconds", durationSeconds, MAX_PAUSE);
            g.until = uint40(block.timestamp + durationSeconds);
            g.renewableAt = g.until + durationSeconds;
        }

        // Effects
        g.level = level;
        if (level == GuardLevel.Halt) {
            g.haltedUntil = g.until;
            // A halt closes liquidation for its grace too: a string of short ones would keep it closed for ever.
            g.renewableAt += 2 * g.graceSeconds;
        }
        _guard = g;
        _market.setGuarded(true);
        emit Paused(level, g.until);
    }

    /// @inheritdoc IMarginAccountAccess
    function unpause() external restricted locked {
        // Checks
        Guard memory g = _guard;
        if (block.timestamp >= g.until) revert Errors.MarginAccount_NotPaused(block.timestamp, g.until);

        // Effects: the guardian's wait is as long as if the pause had gone on.
        g.until = uint40(block.timestamp);
        if (g.level == GuardLevel.Halt) g.haltedUntil = g.until;
        _guard = g;
        emit Paused(GuardLevel.Normal, g.until);
    }

    /// @inheritdoc IMarginAccountAccess
    function clearPause() external locked {
        Guard memory g = _guard;
        uint256 from = g.haltedUntil + g.graceSeconds + FORGOTTEN_AFTER;
        if (from < g.until) from = g.until;
        if (block.timestamp < from) revert Errors.MarginAccount_PauseTooSoon(block.timestamp, from);
        _market.setGuarded(false);
    }

    /// @inheritdoc IMarginAccountAccess
    function setLiquidationGrace(uint32 graceSeconds) external restricted locked {
        if (graceSeconds < MIN_GRACE) _outOfBounds("graceSeconds", graceSeconds, MIN_GRACE);
        if (graceSeconds > MAX_GRACE) _outOfBounds("graceSeconds", graceSeconds, MAX_GRACE);
        _guard.graceSeconds = graceSeconds;
        emit LiquidationGraceSet(graceSeconds);
    }

    /// @inheritdoc IMarginAccountAccess
    function guard() external view returns (Guard memory) {
        return _guard;
    }
}
