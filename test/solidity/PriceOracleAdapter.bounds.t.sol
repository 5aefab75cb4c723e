// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FaultyFeed} from "./utils/mocks/FaultyFeed.sol";
import {OracleTest} from "./utils/OracleTest.sol";
import {Errors} from "../../contracts/base/Errors.sol";
import {IPriceOracleAdapter} from "../../contracts/interfaces/IPriceOracleAdapter.sol";

/// @dev Both sides of every bound of a feed's parameters.
contract PriceOracleAdapterBoundsTest is OracleTest {
    function test_setFeed_EmitsAndIsRead() public {
        vm.expectEmit(address(oracle));
        emit IPriceOracleAdapter.FeedSet(5, address(etherFeed), 2 hours, 5 minutes, 8);
        _set(etherFeed, 17, 2 hours, 5 minutes);
        (address feed, uint8 feedDecimals, uint8 tokenDecimals, uint24 maxAge) = oracle.feedOf(5);
        assertEq(feed, address(etherFeed));
        assertEq(feedDecimals, 8);
        assertEq(tokenDecimals, 17);
        assertEq(maxAge, 2 hours + 5 minutes);
    }

    function test_setFeed_ReplacesAFeed() public {
        _set(etherFeed, 18, 2 hours, 0);
        _set(bitcoinFeed, 8, 1 hours, 0);
        (address feed, , uint8 tokenDecimals, ) = oracle.feedOf(5);
        assertEq(feed, address(bitcoinFeed));
        assertEq(tokenDecimals, 8);
        assertLive(5, 60_000e18, 60_000e18);
    }

    function test_setFeed_RevertWhen_Stranger() public {
        expectStrangerRefused();
        oracle.setFeed(5, address(etherFeed), 18, 1 hours, 0);
    }

    function test_setFeed_RevertWhen_NoCode() public {
        vm.prank(governance);
        vm.expectRevert(abi.encodeWithSelector(Errors.PriceOracleAdapter_NoFeed.selector, 5));
        oracle.setFeed(5, stranger, 18, 1 hours, 0);
        vm.prank(governance);
        vm.expectRevert(abi.encodeWithSelector(Errors.PriceOracleAdapter_NoFeed.selector, 5));
        oracle.setFeed(5, address(0), 18, 1 hours, 0);
    }

    function test_setFeed_RevertWhen_FeedCannotNameItsDecimals() public {
        vm.prank(governance);
        vm.expectRevert();
        oracle.setFeed(5, address(this), 18, 1 hours, 0);
    }

    function test_setFeed_FeedDecimals() public {
        _set(new FaultyFeed(18, 1), 18, 1 hours, 0);
        _set(new FaultyFeed(0, 1), 18, 1 hours, 0);
        FaultyFeed wide = new FaultyFeed(19, 1);
        _expectOutOfBounds("feedDecimals", 19, 18);
        _set(wide, 18, 1 hours, 0);
    }

    function test_setFeed_TokenDecimals() public {
        _set(etherFeed, 18, 1 hours, 0);
        _set(etherFeed, 0, 1 hours, 0);
        _expectOutOfBounds("tokenDecimals", 19, 18);
        _set(etherFeed, 19, 1 hours, 0);
    }

    function test_setFeed_Heartbeat() public {
        _set(etherFeed, 18, 1 minutes, 0);
        _expectOutOfBounds("heartbeatSeconds", 59, 60);
        _set(etherFeed, 18, 59, 0);
        _set(etherFeed, 18, 7 days, 0);
        _expectOutOfBounds("heartbeatSeconds", 7 days + 1, 7 days);
        _set(etherFeed, 18, 7 days + 1, 0);
    }

    function test_setFeed_Slack() public {
        _set(etherFeed, 18, 1 hours, 0);
        _set(etherFeed, 18, 7 days, 1 days);
        (, , , uint24 maxAge) = oracle.feedOf(5);
        assertEq(maxAge, 8 days);
        _expectOutOfBounds("slackSeconds", 1 days + 1, 1 days);
        _set(etherFeed, 18, 1 hours, 1 days + 1);
    }

    function test_setFeed_MaximumAgeIsInMinutes() public {
        _expectOutOfBounds("maxAgeSeconds", 1 hours + 1, 1 minutes);
        _set(etherFeed, 18, 1 hours, 1);
        // Only the sum counts.
        _set(etherFeed, 18, 1 hours + 1, 59);
        (, , , uint24 maxAge) = oracle.feedOf(5);
        assertEq(maxAge, 61 minutes);
    }

    /// @dev The oldest answer still believed, and the first that is not, for every age the bounds allow.
    function testFuzz_setFeed_AnswersAreBelievedToTheirMaximumAge(uint24 heartbeat, uint24 slack) public {
        heartbeat = uint24(bound(heartbeat, 1, 7 days / 1 minutes) * 1 minutes);
        slack = uint24(bound(slack, 0, 1 days / 1 minutes) * 1 minutes);
        _set(etherFeed, 18, heartbeat, slack);
        etherFeed.setUpdatedAt(START - heartbeat - slack);
        assertLive(5, 2_000e18, 2_000e18);
        vm.warp(START + 1);
        assertHalted(5, IPriceOracleAdapter.Fault.Stale);
    }

    function _set(FaultyFeed feed, uint8 tokenDecimals, uint24 heartbeat, uint24 slack) private {
        vm.prank(governance);
        oracle.setFeed(5, address(feed), tokenDecimals, heartbeat, slack);
    }

    function _expectOutOfBounds(bytes32 field, uint256 found, uint256 limit) private {
        vm.expectRevert(
            abi.encodeWithSelector(Errors.PriceOracleAdapter_ParameterOutOfBounds.selector, field, found, limit)
        );
    }
}
