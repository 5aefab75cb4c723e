// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BPS} from "../base/Constants.sol";
import {Rounding} from "../math/Rounding.sol";

/// @dev What the limiter knows of one token.
struct OutflowLimiter {
    uint96 base; // {token} what the vault held for accounts and their waiting claims, followed slowly
    uint40 seenAt; // {s} when the base was last moved
    uint16 limitBps; // {base/day} what may leave; 0: everything
    uint96 queued; // {token} in claims that wait for room
}

/// @title OutflowLimiter
/// @notice How much of a token may leave: a bucket that leaks. The base follows what is held, upward by all of it in a day,
/// downward by the limit's share of itself in a day; what is held may be below the base by the limit's share, no more.
/// Pure bookkeeping: no external call, no price, no permission.
/// @dev It counts net: what comes in may leave again, and moves the base only as time passes. So tokens that come and go within
/// a block take no room from anybody.
library OutflowLimiterLib {
    /// @dev {1/256 of the total} Movements up to a twentieth of the total are not looked at one by one.
    uint256 internal constant QUICK = 13;
    /// @dev The mark of a token whose every movement is looked at.
    uint256 internal constant ALWAYS = 255;
    /// @dev Room of an eighth of the total lets a twentieth go unseen, whichever way the total moves meanwhile.
    uint256 internal constant QUICK_ROOM = 8;

    /// @notice What is counted of a movement: {1/256 of the total}, rounded up.
    /// @param total {token} Not zero, at least `amount`: the larger of those before and after.
    function share(uint256 amount, uint256 total) internal pure returns (uint256) {
        unchecked {
            // Amounts have 92 bits.
            return (amount * 256) / total + 1;
        }
    }

    /// @notice Moves the base to now.
    /// @param held {token} What has been held since it was last moved.
    /// @return floor {token} What must stay.
    function follow(OutflowLimiter memory self, uint256 held) internal view returns (uint256 floor) {
        uint256 base = self.base;
        uint256 elapsed = block.timestamp - self.seenAt;
        if (held > base) {
            base += Rounding.mulDivUp(held, elapsed, 1 days);
            if (base > held) base = held;
        } else {
            uint256 fall = Rounding.mulDivDown(base * self.limitBps, elapsed, BPS * 1 days);
            base = base > held + fall ? base - fall : held;
        }
        (self.base, self.seenAt) = (uint96(base), uint40(block.timestamp));
        if (self.limitBps == 0) return 0;
        return base - Rounding.mulDivDown(base, self.limitBps, BPS);
    }

    /// @notice What is to be remembered as moved after a look.
    /// @param held {token} Afterwards.
    /// @param total {token} Before.
    function afterLook(
        OutflowLimiter memory self,
        uint256 floor,
        uint256 held,
        uint256 total
    ) internal pure returns (uint256) {
        return self.queued == 0 && held >= floor + total / QUICK_ROOM ? 0 : ALWAYS;
    }
}
