// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BaseTest} from "../utils/BaseTest.sol";
import {OutflowLimiter, OutflowLimiterLib} from "../../../contracts/ledger/OutflowLimiter.sol";

contract OutflowLimiterTest is BaseTest {
    using OutflowLimiterLib for OutflowLimiter;

    function setUp() public {
        vm.warp(START);
    }

    function _limiter(uint96 base, uint16 limitBps) private view returns (OutflowLimiter memory) {
        return OutflowLimiter({base: base, seenAt: uint40(block.timestamp), limitBps: limitBps, queued: 0});
    }

    function test_follow_StaysWithinABlock() public view {
        OutflowLimiter memory l = _limiter(1_000, 2_000);
        assertEq(l.follow(5_000), 800);
        assertEq(l.follow(1), 800);
        assertEq(l.base, 1_000);
    }

    function test_follow_RisesByAllThatIsHeldInADay() public {
        OutflowLimiter memory l = _limiter(0, 2_000);
        skip(6 hours);
        l.follow(1_000);
        assertEq(l.base, 250);
        skip(1 days);
        assertEq(l.follow(1_000), 800);
        assertEq(l.base, 1_000);
    }

    function test_follow_FallsByTheLimitInADay() public {
        OutflowLimiter memory l = _limiter(1_000, 2_000);
        skip(12 hours);
        assertEq(l.follow(800), 720);
        assertEq(l.base, 900);
        skip(30 days);
        assertEq(l.follow(800), 640);
        assertEq(l.base, 800);
    }

    /// @dev A unit of what is held, for a second: a part of a unit, and the base has it whole.
    function test_follow_RiseRoundsUp() public {
        OutflowLimiter memory l = _limiter(0, 2_000);
        skip(1);
        l.follow(1);
        assertEq(l.base, 1);
    }

    /// @dev 20% of 1,000 in a second is 0.0023.
    function test_follow_FallRoundsDown() public {
        OutflowLimiter memory l = _limiter(1_000, 2_000);
        skip(1);
        l.follow(0);
        assertEq(l.base, 1_000);
    }

    /// @dev A fifth of 999 is 199.8; 800 must stay.
    function test_follow_WhatMayLeaveRoundsDown() public view {
        OutflowLimiter memory l = _limiter(999, 2_000);
        assertEq(l.follow(999), 800);
    }

    /// @dev A share of 0.256 counts as one, and one of exactly one as two.
    function test_share_RoundsUp() public pure {
        assertEq(OutflowLimiterLib.share(1, 1_000), 1);
        assertEq(OutflowLimiterLib.share(0, 1_000), 1);
        assertEq(OutflowLimiterLib.share(1, 256), 2);
        assertEq(OutflowLimiterLib.share(256, 256), 257);
    }

    function test_follow_WithoutLimitNothingMustStay() public view {
        OutflowLimiter memory l = _limiter(1_000, 0);
        assertEq(l.follow(1), 0);
    }

    function test_afterLook_QuickOnlyWithRoomAndNobodyWaiting() public view {
        OutflowLimiter memory l = _limiter(1_000, 2_000);
        assertEq(l.afterLook(800, 925, 1_000), 0);
        assertEq(l.afterLook(800, 924, 1_000), OutflowLimiterLib.ALWAYS);
        // An eighth of 1,007 is 125.875, rounded down.
        assertEq(l.afterLook(800, 925, 1_007), 0);
        l.queued = 1;
        assertEq(l.afterLook(800, 1_000, 1_000), OutflowLimiterLib.ALWAYS);
    }

    /// @dev However looks are spaced, no more leaves in a day than twice the limit, the bucket's content and its refill, of the base.
    function testFuzz_follow_NoMoreThanTheBucketAndItsRefill(uint256 seed) public {
        uint256 held = 1e24;
        OutflowLimiter memory l = _limiter(1e24, 2_000);
        uint256 left;
        for (uint256 i; i < 24; ++i) {
            skip(uint256(keccak256(abi.encode(seed, i))) % 1 hours);
            uint256 floor = l.follow(held);
            assertGe(l.base, held);
            if (held <= floor) continue;
            uint256 out = uint256(keccak256(abi.encode(seed, i, "out"))) % (held - floor + 1);
            held -= out;
            left += out;
        }
        assertLe(left, 0.4e24);
    }
}
