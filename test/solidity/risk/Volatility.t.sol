// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {exp2, sqrt} from "@prb/math/src/Common.sol";

import {BaseTest} from "../utils/BaseTest.sol";
import {RAY, WAD} from "../../../contracts/base/Constants.sol";
import {Volatility} from "../../../contracts/risk/Volatility.sol";
import {LevelParameters, LevelState} from "../../../contracts/types/ShockLevel.sol";

/// @title VolatilityTest
/// @notice The averages against PRB-math's powers of two, the levels against what the design says of them.
contract VolatilityTest is BaseTest {
    uint256 private constant PRICE = 2_000e18;

    function _parameters() private pure returns (LevelParameters memory) {
        return
            LevelParameters({
                multiplierE2: 900,
                horizonSeconds: 1 hours,
                minimumBps: 1_000,
                maximumMaintenanceBps: 2_000,
                maximumInitialBps: 3_000,
                moveCapBps: 1_500,
                rampSeconds: 24 hours,
                halfLifeSeconds: 24 hours
            });
    }

    function _start() private pure returns (LevelState memory) {
        return Volatility.start(_parameters(), 6_000, PRICE, START);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        HALVING
    //////////////////////////////////////////////////////////////////////////*/

    function test_halving_WholeHalvingsAreExact() public pure {
        assertEq(Volatility.halving(0, 1 days), RAY);
        assertEq(Volatility.halving(1 days, 1 days), RAY / 2);
        assertEq(Volatility.halving(10 days, 1 days), RAY / 1_024);
        assertEq(Volatility.halving(90 days, 1 days), 0);
    }

    /// @dev 2^(-1 / 86,400) = 0.999,991,977,495,368,425,989,823,173,3: to the last digit as exact integers outside the chain give it.
    function test_halving_EachTermAndSquareRoundsDown() public pure {
        assertEq(Volatility.halving(1, 1 days), 999_991_977_495_368_425_989_823_174);
    }

    /// @dev Another method: PRB-math multiplies roots of two. It has 18 decimals, and so has the comparison.
    function testFuzz_halving_IsTheInverseOfAPowerOfTwo(uint256 elapsed, uint256 halfLife) public pure {
        halfLife = bound(halfLife, 1 hours, 30 days);
        elapsed = bound(elapsed, 0, 20 * halfLife);
        uint256 power = exp2((elapsed << 64) / halfLife);
        assertApproxEqAbs((Volatility.halving(elapsed, halfLife) * power) / RAY, WAD, 4);
    }

    function testFuzz_halving_FallsWithTime(uint256 elapsed, uint256 halfLife) public pure {
        halfLife = bound(halfLife, 1 hours, 30 days);
        elapsed = bound(elapsed, 0, 30 * halfLife);
        assertLt(Volatility.halving(elapsed + 1, halfLife), Volatility.halving(elapsed, halfLife));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       VARIANCE
    //////////////////////////////////////////////////////////////////////////*/

    function test_moveOf_IsRelativeRoundedUpAndCapped() public pure {
        assertEq(Volatility.moveOf(PRICE, 2_100e18, 1_500), 0.05e18);
        assertEq(Volatility.moveOf(PRICE, 1_900e18, 1_500), 0.05e18);
        assertEq(Volatility.moveOf(3, 4, 5_000), 333_333_333_333_333_334);
        assertEq(Volatility.moveOf(PRICE, 2_300e18, 1_500), 0.15e18);
        assertEq(Volatility.moveOf(PRICE, 2_300e18 + 1, 1_500), 0.15e18);
        assertEq(Volatility.moveOf(PRICE, 1, 1_500), 0.15e18);
    }

    /// @dev After one half life an average has half of its past and half of what is new: 5% in a day is 0.0025 * 365.
    function test_blend_HalfAndHalfAfterAHalfLife() public pure {
        uint256 keep = Volatility.halving(1 days, 1 days);
        assertEq(Volatility.blend(0.36e18, 0.05e18, 1 days, keep), (0.36e18 + 0.0025e18 * 365) / 2);
        // A single unit is rounded up in both halves.
        assertEq(Volatility.blend(1, 1, 1 days, keep), 2);
        assertEq(Volatility.blend(0, 0, 1 days, keep), 0);
    }

    /// @dev A fair walk at a volatility keeps the average where it is: moves of sigma * sqrt(time) add what time takes.
    function test_update_AWalkOfConstantVolatilityConverges() public pure {
        LevelParameters memory p = _parameters();
        LevelState memory s = _start();
        // 1% an hour is 0.01 * sqrt(8,760) = 93.6% a year.
        uint256 price = PRICE;
        for (uint256 i = 1; i <= 24 * 60; ++i) {
            price = i % 2 == 0 ? (price * 100) / 99 : (price * 99) / 100;
            s = Volatility.update(s, p, price, START + i * 1 hours);
        }
        assertApproxEqRel(sqrt(uint256(s.fastVariance) * WAD), 0.94e18, 0.01e18);
        assertApproxEqRel(sqrt(uint256(s.slowVariance) * WAD), 0.94e18, 0.02e18);
        // k * 1% = 9%: below the minimum of both.
        assertApproxEqRel(s.wantedE18, 0.0904e18, 0.01e18);
        assertEq(s.maintenanceE18, 0.1e18);
        assertEq(s.initialE18, 0.1e18);
    }

    /// @dev One lie of any size moves the level by no more than a capped move does: 15% in 5 minutes weighs a fast variance of
    /// 0.0225 * 105,120 * (1 - 2^(-1/288)) = 5.69, which at k = 9 wants 9 * sqrt(6.05 / 8,760) = 23.6%.
    function test_update_OneLieIsCapped() public pure {
        LevelState memory s = Volatility.update(_start(), _parameters(), 1, START + 5 minutes);
        assertApproxEqRel(s.wantedE18, 0.2364e18, 0.002e18);
        LevelState memory honest = Volatility.update(_start(), _parameters(), 2_300e18, START + 5 minutes);
        assertEq(s.wantedE18, honest.wantedE18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        LEVELS
    //////////////////////////////////////////////////////////////////////////*/

    function test_start_MaintenanceBeginsAtItsMinimum() public pure {
        LevelState memory s = Volatility.start(_parameters(), 20_000, PRICE, START);
        // 9 * 200% / sqrt(8,760) = 19.2%
        assertApproxEqRel(s.wantedE18, 0.1923e18, 0.001e18);
        assertEq(s.initialE18, s.wantedE18);
        assertEq(s.maintenanceE18, 0.1e18);
        assertEq(Volatility.start(_parameters(), 6_000, PRICE, START).initialE18, 0.1e18);
    }

    function test_update_InitialRisesAtOnceAndMaintenanceRamps() public pure {
        LevelParameters memory p = _parameters();
        LevelState memory s = Volatility.update(_start(), p, 1_700e18, START + 5 minutes);
        assertEq(s.initialE18, s.wantedE18);
        assertEq(s.maintenanceE18, 0.1e18);
        // A tenth in 24 hours, rounded down: six hours later a quarter of it.
        (uint64 maintenance, ) = Volatility.levelsAt(s, p, 6 hours);
        assertEq(maintenance, 0.125e18);
        (maintenance, ) = Volatility.levelsAt(s, p, 1);
        assertEq(maintenance, 0.1e18 + uint256(0.1e18) / 1 days);
        (maintenance, ) = Volatility.levelsAt(s, p, 30 days);
        assertEq(maintenance, 0.2e18);
    }

    function test_update_BothFallByNoMoreThanTheHalfLife() public pure {
        LevelParameters memory p = _parameters();
        LevelState memory s = _start();
        (s.maintenanceE18, s.initialE18) = (0.2e18, 0.3e18);
        (uint64 maintenance, uint64 initial) = Volatility.levelsAt(s, p, 12 hours);
        assertApproxEqAbs(maintenance, uint256(0.2e18 * WAD) / sqrt(2e36), 1);
        assertApproxEqAbs(initial, uint256(0.3e18 * WAD) / sqrt(2e36), 1);
        (maintenance, initial) = Volatility.levelsAt(s, p, 30 days);
        assertEq(maintenance, 0.1e18);
        assertEq(initial, 0.1e18);
    }

    /// @dev An outage says nothing: the levels go where they were wanted before it, and the long return counts for its time.
    function test_update_AnOutageIsNoNews() public pure {
        LevelParameters memory p = _parameters();
        LevelState memory s = Volatility.update(_start(), p, 1_000e18, START + 10 days);
        // Capped at 15% over ten days.
        assertLt(s.fastVariance, 0.9e18);
        assertEq(s.maintenanceE18, 0.1e18);
    }

    /// @dev Promise 9 on a walk: initial covers maintenance, both stay inside their bounds, maintenance rises no faster than
    /// its ramp and neither falls faster than its half life.
    function testFuzz_update_Walk(uint256 seed) public pure {
        LevelParameters memory p = _parameters();
        LevelState memory s = _start();
        uint256 timestamp = START;
        for (uint256 i; i < 60; ++i) {
            uint256 roll = uint256(keccak256(abi.encode(seed, i)));
            uint256 elapsed = 5 minutes + (roll % 6 hours);
            uint256 price = (s.priceE18 * (700 + ((roll >> 64) % 700))) / 1_000 + 1;
            (uint256 maintenance, uint256 initial) = (s.maintenanceE18, s.initialE18);
            timestamp += elapsed;
            s = Volatility.update(s, p, price, timestamp);
            assertGe(s.initialE18, s.maintenanceE18);
            assertGe(s.maintenanceE18, 0.1e18);
            assertLe(s.maintenanceE18, 0.2e18);
            assertLe(s.initialE18, 0.3e18);
            assertLe(s.maintenanceE18, maintenance + (0.1e18 * elapsed) / 1 days);
            uint256 kept = Volatility.halving(elapsed, 1 days);
            assertGe(s.maintenanceE18, (maintenance * kept) / RAY);
            assertGe(s.initialE18, (initial * kept) / RAY);
        }
    }

    /// @dev A unit and a half become half and a whole unit: what has to be covered rounds up.
    function test_levelsAt_TheFallRoundsUp() public pure {
        LevelState memory s = _start();
        (s.maintenanceE18, s.initialE18) = (0.2e18 + 1, 0.2e18 + 1);
        (uint64 maintenance, uint64 initial) = Volatility.levelsAt(s, _parameters(), 24 hours);
        assertEq(maintenance, 0.1e18 + 1);
        assertEq(initial, 0.1e18 + 1);
    }

    /// @dev The root of 2e18 is 1,414,213,562.4. That of a square less a part of a unit is the square's: found outside the chain,
    /// 6,612,141,927,083^2 = 39,619,746,907 * 34,800 * 1e18 / 31,536,000 and less than one.
    function test_deviation_RoundsUp() public pure {
        assertEq(Volatility.deviation(2, 365 days), 1_414_213_563);
        assertEq(Volatility.deviation(39_619_746_907, 34_800), 6_612_141_927_083);
    }

    /// @dev One and a half times a unit.
    function test_wanted_RoundsUp() public pure {
        LevelParameters memory p = _parameters();
        p.multiplierE2 = 150;
        assertEq(Volatility.deviation(0, p.horizonSeconds), 1);
        assertEq(Volatility.wanted(p, 0), 2);
    }

    /// @dev More volatility, more margin.
    function testFuzz_wanted_RisesWithVariance(uint256 low, uint256 high) public pure {
        high = bound(high, 0, 30_000e18);
        low = bound(low, 0, high);
        assertLe(Volatility.wanted(_parameters(), low), Volatility.wanted(_parameters(), high));
        assertLe(Volatility.wanted(_parameters(), high), Volatility.CEILING);
    }

    function test_toBps_RoundsUp() public pure {
        assertEq(Volatility.toBps(0.1e18), 1_000);
        assertEq(Volatility.toBps(0.1e18 + 1), 1_001);
        assertEq(Volatility.toBps(Volatility.CEILING), 3_334);
    }
}
