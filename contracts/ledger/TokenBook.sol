// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {TokenState} from "../types/TokenState.sol";
import {OutflowLimiter, OutflowLimiterLib} from "./OutflowLimiter.sol";

/// @dev A claim that waits for its turn.
struct Claim {
    address owner;
    uint96 amount; // {token}
    address receiver;
}

/// @dev The claims of one token.
struct Queue {
    uint96 claimable; // {token} that owners may fetch
    uint64 first; // the number of the first that waits
    uint64 next; // the number of the next to come
}

/// @dev The vault's book of one token. An action reads and writes the first slot; the second when the limiter looks; the others only
/// while somebody waits, or has not fetched what a receiver refused.
struct TokenBook {
    TokenState state; // slot 0
    OutflowLimiter limiter; // slot 1
    Queue queue; // slot 2
    mapping(uint256 number => Claim claim) claims; // slot 3
}

/// @title TokenBook
/// @notice What comes into accounts and what leaves them of one token, and how much of that may leave now. Pure bookkeeping: no
/// external call, no price, no permission.
/// @dev The state goes through these as a value, so that the caller reads and writes it once.
library TokenBookLib {
    using OutflowLimiterLib for OutflowLimiter;

    /// @dev Withdrawals below the minimum deposit make no claims: they are paid beyond the limit, together up to a hundredth of the
    /// base, so that dust can neither fill the queue nor drain the vault.
    uint256 internal constant DUST_SHARE = 100;

    /// @notice Counts what comes in for accounts.
    /// @param total {token} With `amount` counted; the caller has seen to it that it fits.
    function comeIn(
        TokenBook storage self,
        TokenState state,
        uint256 amount,
        uint256 total
    ) internal returns (TokenState) {
        if (state.isLimited() && amount != 0) {
            uint256 moved = state.moved() + OutflowLimiterLib.share(amount, total);
            if (moved > OutflowLimiterLib.QUICK) {
                OutflowLimiter memory limiter = self.limiter;
                uint256 held = state.total() + limiter.queued;
                uint256 floor = limiter.follow(held);
                self.limiter = limiter;
                moved = limiter.afterLook(floor, held + amount, total);
            }
            state = state.withMoved(moved);
        }
        return state.withAmounts(total, state.reserved());
    }

    /// @notice Counts out what leaves accounts.
    /// @param amount {token} At most the total, which the caller has seen to.
    /// @return paid {token} What leaves now; the rest waits, and is the caller's to put into the queue.
    function letOut(
        TokenBook storage self,
        TokenState state,
        uint256 amount
    ) internal returns (uint256 paid, TokenState) {
        uint256 total = state.total();
        paid = amount;
        if (state.isLimited() && amount != 0) {
            uint256 moved = state.moved() + OutflowLimiterLib.share(amount, total);
            if (moved > OutflowLimiterLib.QUICK) {
                OutflowLimiter memory limiter = self.limiter;
                (paid, moved) = _limit(limiter, state, amount);
                self.limiter = limiter;
                if (paid != amount) state = state.withClaims(true);
            }
            state = state.withMoved(moved);
        }
        unchecked {
            return (paid, state.withAmounts(total - amount, state.reserved()));
        }
    }

    /// @notice Puts a claim behind those that wait.
    /// @return number Its own.
    function enqueue(TokenBook storage self, Claim memory waiting) internal returns (uint256 number) {
        number = self.queue.next++;
        self.claims[number] = waiting;
    }

    /// @dev How much of `amount` may leave now. Behind claims that wait nothing may, but dust.
    function _limit(
        OutflowLimiter memory limiter,
        TokenState state,
        uint256 amount
    ) private view returns (uint256 paid, uint256 moved) {
        uint256 total = state.total();
        uint256 held = total + limiter.queued;
        uint256 floor = limiter.follow(held);
        uint256 room = limiter.queued != 0 || held < floor ? 0 : held - floor;
        paid = amount < room ? amount : room;
        uint256 minimum = state.minimum();
        if (paid != amount && amount - paid < minimum) {
            // A claim is at least the minimum. Of what is less altogether, none is made while the dust's own share lasts.
            if (amount >= minimum) paid = amount - minimum;
            else if (held - amount + limiter.base / DUST_SHARE >= floor) paid = amount;
        }
        limiter.queued += uint96(amount - paid);
        moved = limiter.afterLook(floor, held - paid, total);
    }
}
