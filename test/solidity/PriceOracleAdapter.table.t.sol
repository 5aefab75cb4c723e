// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FaultyFeed} from "./utils/mocks/FaultyFeed.sol";
import {FaultySource} from "./utils/mocks/FaultySource.sol";
import {OracleTest} from "./utils/OracleTest.sol";
import {IPriceOracleAdapter} from "../../contracts/interfaces/IPriceOracleAdapter.sol";

/// @title PriceOracleAdapterTableTest
/// @notice Every combination of what primary, secondary, quote and sequencer may say, beside a small model that is written from
/// the design and knows neither the order of the checks nor their code.
contract PriceOracleAdapterTableTest is OracleTest {
    /// @dev What a feed, or a source, may say. A source that is stale, or lies by being negative or early, can only revert.
    enum Said {
        Ok,
        Deviating,
        Stale,
        Reverting,
        Zero,
        Negative,
        Future,
        Absent
    }

    enum Uptime {
        None,
        Up,
        Grace,
        Down,
        Reverting,
        Negative,
        Future,
        Unstarted
    }

    struct Case {
        Said primary;
        Said secondary;
        Said quote;
        Uptime chain;
    }

    struct Expected {
        IPriceOracleAdapter.Status status;
        uint256 bid;
        uint256 ask;
    }

    uint24 private constant GRACE = 1 hours;
    uint16 private constant DEVIATION = 300;
    uint256 private constant ETHER_PRICE = 2_000;
    /// @dev Ten percent more: of a primary and of the quote it cancels.
    uint256 private constant DEVIATED_PRICE = 2_200;

    FaultySource private source;
    FaultyFeed private uptime;

    function setUp() public override {
        super.setUp();
        source = new FaultySource(ETHER_PRICE * 1e18);
        uptime = new FaultyFeed(0, 0);
    }

    function test_price_EverySubsetOfFeeds() public {
        uint256[3] memory seen;
        for (uint256 chain; chain <= uint256(type(Uptime).max); ++chain) {
            for (uint256 quote; quote < uint256(Said.Absent); ++quote) {
                for (uint256 primary; primary < uint256(Said.Absent); ++primary) {
                    for (uint256 secondary; secondary <= uint256(Said.Absent); ++secondary) {
                        Case memory c = Case(Said(primary), Said(secondary), Said(quote), Uptime(chain));
                        ++seen[uint256(_check(c))];
                    }
                }
            }
        }
        assertGt(seen[0], 2_000, "halted");
        assertGt(seen[1], 100, "degraded");
        assertGt(seen[2], 10, "live");
        assertEq(seen[0] + seen[1] + seen[2], 8 * 7 * 7 * 8);
    }

    function _check(Case memory c) private returns (IPriceOracleAdapter.Status) {
        _say(etherFeed, c.primary, int256(ETHER_PRICE) * 1e8, int256(DEVIATED_PRICE) * 1e8);
        _say(quoteFeed, c.quote, 1e8, 1.1e8);
        _saySecond(c.secondary);
        _sayChain(c.chain);

        Expected memory e = _model(c);
        (IPriceOracleAdapter.Price memory p, IPriceOracleAdapter.Fault fault) = oracle.price(ETHER_ASSET);
        string memory name = string.concat(
            vm.toString(uint256(c.primary)),
            vm.toString(uint256(c.secondary)),
            vm.toString(uint256(c.quote)),
            vm.toString(uint256(c.chain))
        );
        assertEq(uint8(p.status), uint8(e.status), name);
        assertApproxEqAbs(p.bidE18, e.bid, 2, name);
        assertApproxEqAbs(p.askE18, e.ask, 2, name);
        assertLe(p.bidE18, p.askE18, name);
        assertEq(fault == IPriceOracleAdapter.Fault.None, e.status == IPriceOracleAdapter.Status.Live, name);
        return p.status;
    }

    /// @dev The design's table. Rounding apart: the fixture's prices divide.
    function _model(Case memory c) private pure returns (Expected memory e) {
        bool down = c.chain > Uptime.Grace;
        bool quoted = c.quote <= Said.Deviating;
        // A mean over an outage says nothing, so in the grace nothing stands without the quote's feed.
        if (down || (c.chain == Uptime.Grace && !quoted)) return e;

        uint256 first;
        if (c.primary <= Said.Deviating && quoted) {
            first = (c.primary == Said.Ok ? ETHER_PRICE : DEVIATED_PRICE) * 1e19;
            first /= c.quote == Said.Ok ? 10 : 11;
        }
        uint256 second =
            c.secondary > Said.Deviating ? 0 : (c.secondary == Said.Ok ? ETHER_PRICE : DEVIATED_PRICE) * 1e18;
        if (first == 0 && second == 0) return e;

        e.status = IPriceOracleAdapter.Status.Degraded;
        if (first == 0 || second == 0) {
            uint256 alone = first + second;
            (e.bid, e.ask) = (alone, alone);
            if (c.secondary != Said.Absent) (e.bid, e.ask) = ((alone * 97) / 100, (alone * 103) / 100);
            else if (c.chain != Uptime.Grace) e.status = IPriceOracleAdapter.Status.Live;
            return e;
        }
        (e.bid, e.ask) = first < second ? (first, second) : (second, first);
        if ((e.ask - e.bid) * 100 > first * 3) return e;
        (e.bid, e.ask) = (first, first);
        if (c.chain != Uptime.Grace) e.status = IPriceOracleAdapter.Status.Live;
    }

    /*//////////////////////////////////////////////////////////////////////////
                                     WHAT IS SAID
    //////////////////////////////////////////////////////////////////////////*/

    function _say(FaultyFeed feed, Said said, int256 ok, int256 deviating) private {
        feed.setBehaviour(said == Said.Reverting ? FaultyFeed.Behaviour.Reverts : FaultyFeed.Behaviour.Honest);
        int256 answer = said == Said.Deviating ? deviating : ok;
        if (said == Said.Zero) answer = 0;
        if (said == Said.Negative) answer = -1;
        feed.setAnswer(answer);
        uint256 at = block.timestamp;
        if (said == Said.Stale) at -= HEARTBEAT + SLACK + 1;
        if (said == Said.Future) at += 1;
        feed.setUpdatedAt(at);
    }

    function _saySecond(Said said) private {
        bool answers = said <= Said.Deviating || said == Said.Zero;
        source.setBehaviour(answers ? FaultySource.Behaviour.Honest : FaultySource.Behaviour.Reverts);
        uint256 answer = said == Said.Deviating ? DEVIATED_PRICE * 1e18 : ETHER_PRICE * 1e18;
        source.setPrice(said == Said.Zero ? 0 : answer);
        vm.prank(governance);
        if (said == Said.Absent) oracle.setSecondary(ETHER_ASSET, address(0), 0, 0, 0);
        else oracle.setSecondary(ETHER_ASSET, address(source), DEVIATION, 0, 0);
    }

    function _sayChain(Uptime chain) private {
        uptime.setBehaviour(chain == Uptime.Reverting ? FaultyFeed.Behaviour.Reverts : FaultyFeed.Behaviour.Honest);
        int256 answer = chain == Uptime.Down ? int256(1) : int256(0);
        uptime.setAnswer(chain == Uptime.Negative ? -1 : answer);
        uint256 since = block.timestamp - GRACE;
        if (chain != Uptime.Grace) since -= 1;
        if (chain == Uptime.Future) since = block.timestamp + 1;
        uptime.setUpdatedAt(chain == Uptime.Unstarted ? 0 : since);
        vm.prank(governance);
        oracle.setSequencer(chain == Uptime.None ? address(0) : address(uptime), GRACE);
    }
}
