// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BaseTest} from "./BaseTest.sol";
import {FaultyFeed} from "./mocks/FaultyFeed.sol";
import {QUOTE} from "../../../contracts/base/Constants.sol";
import {IPriceOracleAdapter} from "../../../contracts/interfaces/IPriceOracleAdapter.sol";

/// @title OracleTest
/// @notice An adapter with a dollar, an ether and a bitcoin, whose feeds may be spoilt.
abstract contract OracleTest is BaseTest {
    uint8 internal constant ETHER_ASSET = 1;
    uint8 internal constant BITCOIN_ASSET = 2;
    uint24 internal constant HEARTBEAT = 1 hours;
    uint24 internal constant SLACK = 10 minutes;

    IPriceOracleAdapter internal oracle;
    FaultyFeed internal quoteFeed;
    FaultyFeed internal etherFeed;
    FaultyFeed internal bitcoinFeed;

    function setUp() public virtual {
        vm.warp(START);
        oracle = deployOracle(deployAuthority());
        quoteFeed = new FaultyFeed(8, 1e8);
        etherFeed = new FaultyFeed(8, 2_000e8);
        bitcoinFeed = new FaultyFeed(8, 60_000e8);
        setFeed(QUOTE, quoteFeed, 6);
        setFeed(ETHER_ASSET, etherFeed, 18);
        setFeed(BITCOIN_ASSET, bitcoinFeed, 8);
    }

    /// @dev The adapter alone; whoever tests a contract that inherits it deploys that.
    function deployOracle(address authority) internal virtual returns (IPriceOracleAdapter) {
        return IPriceOracleAdapter(_deployed(ROOT, "PriceOracleAdapter", abi.encode(authority)));
    }

    function setFeed(uint8 asset, FaultyFeed feed, uint8 tokenDecimals) internal {
        vm.prank(governance);
        oracle.setFeed(asset, address(feed), tokenDecimals, HEARTBEAT, SLACK);
    }

    /// @dev The price of `asset` is halted for this reason, says so in every view, and spoils no other asset.
    function assertHalted(uint8 asset, IPriceOracleAdapter.Fault fault) internal view {
        (IPriceOracleAdapter.Price memory p, IPriceOracleAdapter.Fault found) = oracle.price(asset);
        assertEq(uint8(found), uint8(fault), "fault");
        assertEq(uint8(p.status), uint8(IPriceOracleAdapter.Status.Halted), "status");
        assertEq(p.bidE18 | p.askE18, 0, "a halted price is zero");
    }

    function assertLive(uint8 asset, uint256 bidE18, uint256 askE18) internal view {
        (IPriceOracleAdapter.Price memory p, IPriceOracleAdapter.Fault found) = oracle.price(asset);
        assertEq(uint8(found), uint8(IPriceOracleAdapter.Fault.None), "fault");
        assertEq(uint8(p.status), uint8(IPriceOracleAdapter.Status.Live), "status");
        assertEq(p.bidE18, bidE18, "bid");
        assertEq(p.askE18, askE18, "ask");
        (uint256 bid, uint256 ask) = oracle.requirePrice(asset);
        assertEq(bid, bidE18, "required bid");
        assertEq(ask, askE18, "required ask");
    }
}
