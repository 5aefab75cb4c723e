// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../base/Errors.sol";
import {MarginAccountState} from "../ledger/MarginAccountState.sol";
import {AccountHeader} from "../types/AccountHeader.sol";
import {Guard, GuardLevel} from "../types/Guard.sol";

/// @title Guards
/// @notice The chapter that asks whether the guardian's pause lets an action pass. While none was set no slot is read for it:
/// the market's first slot says so.
abstract contract Guards is MarginAccountState {
    /// @dev Reverts when the pause in force is at `refused` or tighter.
    /// @param guarded As the market says.
    function _requireBelow(GuardLevel refused, bool guarded) internal view {
        if (guarded) _requireLevelBelow(refused);
    }

    function _requireLevelBelow(GuardLevel refused) private view {
        Guard memory g = _guard;
        if (block.timestamp < g.until && g.level >= refused)
            revert Errors.MarginAccount_Paused(uint8(g.level), g.until);
    }

    /// @dev Whether the guardian refuses releases.
    function _isTightened(bool guarded) internal view returns (bool) {
        return guarded && block.timestamp < _guard.until;
    }

    /// @dev Reverts during a halt, and in the grace after it, in which owners may cure and nobody may liquidate.
    function _requireLiquidationOpen() internal view {
        Guard memory g = _guard;
        uint256 opensAt = uint256(g.haltedUntil) + g.graceSeconds;
        if (g.haltedUntil != 0 && block.timestamp < opensAt) {
            revert Errors.MarginAccount_LiquidationPaused(block.timestamp, opensAt);
        }
    }

    /// @dev The header with a liquidation's clock that does not count a halt, nor its grace: the discount starts from its
    /// beginning when takers may take again.
    function _withoutHalt(AccountHeader header) internal view returns (AccountHeader) {
        Guard memory g = _guard;
        uint256 opensAt = uint256(g.haltedUntil) + g.graceSeconds;
        if (g.haltedUntil == 0 || header.liquidationSince() == 0 || header.liquidationSince() >= opensAt) return header;
        return header.withLiquidationSince(block.timestamp < opensAt ? block.timestamp : opensAt);
    }
}
