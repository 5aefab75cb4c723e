// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {MAX_POSITIONS} from "../base/Constants.sol";
import {Errors} from "../base/Errors.sol";
import {FundingMath} from "../math/FundingMath.sol";
import {AccountId} from "../types/AccountId.sol";
import {Position, toPosition} from "../types/Position.sol";
import {Account} from "./AccountBook.sol";

/// @title PositionBook
/// @notice An account's positions, in a list without gaps whose length is in the account's header. Pure bookkeeping: no
/// external call, no price, no permission.
/// @dev A position is stored with the quote that it would have had while the funding index was zero, so that it needs no note of how
/// far it has paid: what it owes now is its size times the index of now. Stored down and read up against its owner.
library PositionBook {
    /// @notice Where the position in an underlying stands; the count when there is none.
    function find(Account storage self, uint256 count, uint8 underlying) internal view returns (uint256 at) {
        while (at < count && self.positions[at].underlying() != underlying) ++at;
    }

    /// @notice A position with funding paid up to an index; what it paid or was paid is in its quote.
    function accrued(
        Account storage self,
        uint256 at,
        int256 fundingIndexE18
    ) internal view returns (Position position) {
        position = self.positions[at];
        int256 size = position.size();
        int256 paid = FundingMath.payment(size, fundingIndexE18);
        if (paid != 0) position = position.withAmounts(size, position.quote() - paid);
    }

    /// @notice The account's position in an underlying, funding paid up to an index; one of nothing when there is none.
    function load(
        Account storage self,
        uint256 at,
        uint256 count,
        uint8 underlying,
        int256 fundingIndexE18
    ) internal view returns (Position) {
        return at == count ? toPosition(underlying) : accrued(self, at, fundingIndexE18);
    }

    /// @notice Writes a position that has paid funding up to an index; one of nothing is taken off the list, and the last takes
    /// its place.
    /// @return The new count.
    function store(
        Account storage self,
        AccountId id,
        uint256 at,
        uint256 count,
        Position position,
        int256 fundingIndexE18
    ) internal returns (uint256) {
        if (position.isNone()) {
            if (at == count) return count;
            uint256 last = count - 1;
            if (at != last) self.positions[at] = self.positions[last];
            self.positions[last] = Position.wrap(0);
            return last;
        }
        if (at == MAX_POSITIONS) revert Errors.MarginAccount_TooManyPositions(AccountId.unwrap(id), at, MAX_POSITIONS);
        int256 size = position.size();
        self.positions[at] = position.withAmounts(size, position.quote() - FundingMath.payment(-size, fundingIndexE18));
        return at == count ? count + 1 : count;
    }
}
