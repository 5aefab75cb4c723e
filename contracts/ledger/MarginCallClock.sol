// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {WAD} from "../base/Constants.sol";
import {AccountHeader, CallState} from "../types/AccountHeader.sol";
import {BandPolicy} from "../types/BandPolicy.sol";

/// @title MarginCallClock
/// @notice Moves an account's clocks to what its health says now. Knows no price: the health is handed in.
///
/// The call's clock runs below `lower`, pauses above it and is reset only at `lowerRestore`, so that neither dust nor noise
/// restarts it. A clock that nobody looked at for {RESTART} starts again, because then nobody could have acted on it.
/// The liquidation's clock runs below a health of 1 and is reset above it.
library MarginCallClock {
    uint256 internal constant RESTART = 6 hours;

    /// @dev A look that changes nothing is written down only this often: enough for {RESTART}, and cheap to look at.
    uint256 internal constant POKE_INTERVAL = 10 minutes;

    /// @notice The header as it should be at `health`.
    function advance(AccountHeader header, BandPolicy policy, uint256 health) internal view returns (AccountHeader) {
        uint256 timestamp = block.timestamp;
        bool forgotten = timestamp - header.lastPoke() > RESTART;

        // The margin call
        CallState state = header.callState();
        if (health < policy.lower()) {
            if (state == CallState.None || (state == CallState.Running && forgotten)) {
                header = header.withCall(CallState.Running, timestamp, 0);
            } else if (state == CallState.Paused) {
                header = header.withCall(CallState.Running, timestamp, header.callElapsed());
            }
        } else if (state != CallState.None) {
            if (health >= policy.lowerRestore()) {
                header = header.withCall(CallState.None, 0, 0);
            } else if (state == CallState.Running) {
                header = header.withCall(CallState.Paused, 0, elapsed(header));
            }
        }

        // The liquidation
        uint256 since = header.liquidationSince();
        if (health >= WAD) {
            if (since != 0) header = header.withLiquidationSince(0);
        } else if (since == 0 || forgotten) {
            header = header.withLiquidationSince(timestamp);
        }

        if (health < policy.lower() && timestamp - header.lastPoke() >= POKE_INTERVAL) {
            header = header.withLastPoke(timestamp);
        }
        return header;
    }

    /// @notice How long the call has counted; {s}.
    function elapsed(AccountHeader header) internal view returns (uint256) {
        uint256 counted = header.callElapsed();
        if (header.callState() == CallState.Running) counted += block.timestamp - header.callSince();
        return counted;
    }

    /// @notice When the call's grace ends; {s}. Zero without a call, the maximum while it is paused.
    function deadline(AccountHeader header, BandPolicy policy) internal pure returns (uint256) {
        CallState state = header.callState();
        if (state == CallState.None) return 0;
        if (state == CallState.Paused) return type(uint256).max;
        uint256 counted = header.callElapsed();
        uint256 grace = policy.graceSeconds();
        return header.callSince() + (grace > counted ? grace - counted : 0);
    }
}
