// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {WAD} from "../base/Constants.sol";
import {Errors} from "../base/Errors.sol";
import {FundingMath} from "../math/FundingMath.sol";
import {Rounding} from "../math/Rounding.sol";
import {Perpetual} from "../types/Perpetual.sol";

/// @title PerpetualMarket
/// @notice Funding, open interest and the settled pool of a perpetual. Pure bookkeeping: no external call, no price but the one
/// handed in, no permission.
///
/// An hour's rate follows the fills of the hour before: each fill moves the premium by its clamped deviation from the index,
/// weighted by its size over the open interest; the hour's time-weighted premium, divided, with interest and clamped, is the next
/// hour's rate. A fill thus acts for one hour at most, and what it can move in that hour is what its fees cost:
/// deviation clamp / divisor <= the fees of both sides.
/// @dev Upholds promise 4: funding moves nothing but between longs and shorts, and is rounded against both.
library PerpetualMarket {
    int256 private constant _E7 = int256(WAD / 1e7);
    int256 private constant _BPS = int256(WAD / 1e4);

    /// @notice Writes an instrument back.
    /// @return word0 Its three slots, as they lie.
    function store(
        Perpetual storage self,
        Perpetual memory p
    ) internal returns (uint256 word0, uint256 word1, uint256 word2) {
        word0 = uint256(uint128(p.fundingIndexE18)) | (uint256(p.indexPriceE18) << 128) | (uint256(p.updatedAt) << 216);
        word1 =
            uint256(uint64(p.rateE18)) |
            (uint256(uint64(p.premiumE18)) << 64) |
            (uint256(uint80(p.weightedE18)) << 128) |
            (uint256(p.interestE7) << 208) |
            (uint256(p.clampE7) << 224) |
            (uint256(p.divisor) << 240) |
            (uint256(p.deviationBps) << 248);
        word2 = uint256(p.openInterestE18) | (uint256(p.pool) << 112) | (uint256(p.capE3) << 208);
        assembly ("memory-safe") {
            // Written as words: field by field the compiler loads and masks a slot once a field.
            sstore(self.slot, word0)
            sstore(add(self.slot, 1), word1)
            sstore(add(self.slot, 2), word2)
        }
    }

    /// @notice Moves the funding index to now: the rest of this hour at its rate, the next at the rate that this hour's fills
    /// made, and those after it, which no fill came before, at that of interest alone.
    function accrue(Perpetual memory p) internal view {
        uint256 from = p.updatedAt;
        uint256 timestamp = block.timestamp;
        if (timestamp == from) return;
        p.updatedAt = uint40(timestamp);

        uint256 price = p.indexPriceE18;
        uint256 boundary = (from / FundingMath.HOUR + 1) * FundingMath.HOUR;
        if (timestamp < boundary) {
            _move(p, FundingMath.perUnit(p.rateE18, price, timestamp - from));
            // The premium is at most 2.55% and an hour has 3,600 seconds: below 2^67.
            p.weightedE18 += int80(int256(p.premiumE18) * int256(timestamp - from));
            return;
        }
        _move(p, FundingMath.perUnit(p.rateE18, price, boundary - from));
        int256 weighted = p.weightedE18 + int256(p.premiumE18) * int256(boundary - from);
        p.rateE18 = _rate(p, Rounding.mulDivFloor(weighted, 1, FundingMath.HOUR));
        (p.premiumE18, p.weightedE18) = (0, 0);

        uint256 left = timestamp - boundary;
        if (left >= FundingMath.HOUR) {
            _move(p, FundingMath.perUnit(p.rateE18, price, FundingMath.HOUR));
            p.rateE18 = _rate(p, 0);
            left -= FundingMath.HOUR;
        }
        _move(p, FundingMath.perUnit(p.rateE18, price, left));
    }

    /// @notice Takes the index price of now; what has passed is charged at the one that held. The caller has accrued.
    function setIndexPrice(Perpetual memory p, uint256 priceE18) internal pure {
        p.indexPriceE18 = priceE18 > type(uint88).max ? type(uint88).max : uint88(priceE18);
    }

    /// @notice Lets a fill weigh in the premium. The caller has accrued.
    /// @param openInterestE18 {unit} The larger of those before and after the fill.
    function addFill(
        Perpetual memory p,
        uint256 sizeE18,
        uint256 priceE18,
        uint256 indexE18,
        uint256 openInterestE18
    ) internal pure {
        int256 most = int256(uint256(p.deviationBps)) * _BPS;
        int256 deviation = FundingMath.deviationOf(priceE18, indexE18, most);
        if (sizeE18 < openInterestE18) deviation = Rounding.mulDivFloor(deviation, sizeE18, openInterestE18);
        p.premiumE18 = int64(FundingMath.clamped(p.premiumE18 + deviation, most));
    }

    /// @notice Books that a size changed from `before` to `afterwards`.
    function addInterest(Perpetual memory p, int256 before, int256 afterwards) internal pure {
        uint256 longBefore = before > 0 ? uint256(before) : 0;
        uint256 longAfter = afterwards > 0 ? uint256(afterwards) : 0;
        uint256 openInterest = p.openInterestE18 - longBefore + longAfter;
        if (openInterest > type(uint112).max) {
            revert Errors.MarginAccount_PositionOverflow(int256(openInterest), type(int112).max);
        }
        p.openInterestE18 = uint112(openInterest);
    }

    /// @notice The cap of the open interest; {unit E18}.
    function capE18(Perpetual memory p) internal pure returns (uint256) {
        return uint256(p.capE3) * (WAD / 1e3);
    }

    /// @notice How far from the mark a fill of an account below its initial margin may be; {1 E18}.
    function bandE18(Perpetual memory p) internal pure returns (uint256) {
        return uint256(p.deviationBps) * uint256(_BPS);
    }

    function _rate(Perpetual memory p, int256 premiumE18) private pure returns (int64) {
        int256 interest = int256(uint256(p.interestE7)) * _E7;
        // The clamp has 16 bits of 1e11: below 2^63.
        return int64(FundingMath.rateOf(premiumE18, p.divisor, interest, int256(uint256(p.clampE7)) * _E7));
    }

    function _move(Perpetual memory p, int256 moveE18) private pure {
        int256 index = p.fundingIndexE18 + moveE18;
        if (index > type(int128).max || index < type(int128).min) {
            revert Errors.MarginAccount_PositionOverflow(index, type(int128).max);
        }
        p.fundingIndexE18 = int128(index);
    }
}
