// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice How far the guardian has tightened all accounts.
/// - Normal: everything is open.
/// - ReduceOnly: no new debt, no outflow from accounts that owe or hold positions, no fill that grows a position, no release.
/// - LiquidateOnly: no fill and no outflow at all, but from reserves.
/// - Halt: no liquidation either.
/// Cures and reserves are open in each.
enum GuardLevel {
    Normal,
    ReduceOnly,
    LiquidateOnly,
    Halt
}

/// @dev The guardian's pause, in one slot. It ends by itself.
struct Guard {
    GuardLevel level; // until `until`
    uint40 until; // {s}
    uint40 renewableAt; // {s} before it the guardian may make the present pause tighter, and no new one
    uint40 haltedUntil; // {s} when the last halt ends or ended; liquidation is refused for the grace that follows too
    uint32 graceSeconds;
}
