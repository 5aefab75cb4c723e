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
        int256 paid = FundingMath.payment(position.size(), fundingIndexE18 - self.fundingAt[at]);
        if (paid != 0) position = position.withAmounts(position.size(), position.quote() - paid);
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
            if (at != last) {
                self.positions[at] = self.positions[last];
                self.fundingAt[at] = self.fundingAt[last];
            }
            self.positions[last] = Position.wrap(0);
            self.fundingAt[last] = 0;
            return last;
        }
        if (at == MAX_POSITIONS) revert Errors.MarginAccount_TooManyPositions(AccountId.unwrap(id), at, MAX_POSITIONS);
        self.positions[at] = position;
        self.fundingAt[at] = fundingIndexE18;
        return at == count ? count + 1 : count;
    }
}
