// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPriceOracleAdapter} from "../../../contracts/interfaces/IPriceOracleAdapter.sol";
import {IPriceSource} from "../../../contracts/interfaces/IPriceSource.sol";
import {SettableAggregator} from "../../../contracts/mocks/SettableAggregator.sol";

/// @title OracleModel
/// @notice What a price is, once more, from the table of docs/ARCHITECTURE.md and not from the code: of one feed, the quote's, and
/// a second source that may be there.
library OracleModel {
    uint8 internal constant HALTED = 0;
    uint8 internal constant DEGRADED = 1;
    uint8 internal constant LIVE = 2;

    struct Seen {
        uint256 bid; // {quote E18/whole token}
        uint256 ask; // {quote E18/whole token}
        uint8 status;
        bool deviating;
    }

    /// @param maximumAge {s} Of each answer.
    function look(
        IPriceOracleAdapter oracle,
        uint8 asset,
        SettableAggregator feed,
        SettableAggregator quoteFeed,
        uint256 maximumAge,
        uint256 quoteMaximumAge
    ) internal view returns (Seen memory seen) {
        uint256 answer = usable(feed, maximumAge);
        uint256 quote = usable(quoteFeed, quoteMaximumAge);
        if (answer != 0 && quote != 0) {
            seen.bid = (answer * 1e18) / quote;
            seen.ask = seen.bid + ((answer * 1e18) % quote == 0 ? 0 : 1);
            seen.status = LIVE;
        }
        (address source, uint256 deviation, uint256 minimum, uint256 maximum) = oracle.secondaryOf(asset);
        if (!_believed(seen.bid, minimum, maximum)) seen = Seen(0, 0, HALTED, false);
        if (source == address(0)) return seen;

        uint256 second = _second(source);
        if (!_believed(second, minimum, maximum)) second = 0;
        if (seen.status == HALTED && second == 0) return seen;
        if (seen.status == LIVE && second != 0) {
            uint256 apart = second > seen.bid ? second - seen.bid : seen.bid - second;
            if (apart * 1e4 <= seen.bid * deviation) return seen;
            return Seen(second < seen.bid ? second : seen.bid, second > seen.ask ? second : seen.ask, DEGRADED, true);
        }
        if (seen.status == HALTED) (seen.bid, seen.ask) = (second, second);
        seen.bid = (seen.bid * (1e4 - deviation)) / 1e4;
        seen.ask = (seen.ask * (1e4 + deviation) + 1e4 - 1) / 1e4;
        seen.status = DEGRADED;
    }

    /// @dev {usd 1e-8} What a feed is good for; zero: nothing.
    function usable(SettableAggregator feed, uint256 maximumAge) internal view returns (uint256) {
        (, int256 answer, , uint256 updatedAt, ) = feed.latestRoundData();
        if (answer <= 0 || updatedAt == 0 || updatedAt > block.timestamp) return 0;
        return block.timestamp - updatedAt > maximumAge ? 0 : uint256(answer);
    }

    function _believed(uint256 price, uint256 minimumE6, uint256 maximumE6) private pure returns (bool) {
        return price >= minimumE6 * 1e12 && (maximumE6 == 0 || price <= maximumE6 * 1e12);
    }

    /// @dev What the source says; zero when it says nothing.
    function _second(address source) private view returns (uint256) {
        (bool ok, bytes memory answer) = source.staticcall{gas: 200_000}(abi.encodeCall(IPriceSource.price, ()));
        return ok && answer.length >= 32 ? abi.decode(answer, (uint256)) : 0;
    }
}
