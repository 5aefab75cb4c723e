// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BaseTest} from "../utils/BaseTest.sol";
import {INFINITE_HEALTH, WAD} from "../../../contracts/base/Constants.sol";
import {Margin} from "../../../contracts/risk/Margin.sol";
import {Assessment, Leg} from "../../../contracts/types/Assessment.sol";
import {HAIRCUT_STEP} from "../../../contracts/types/ListedAsset.sol";

contract MarginTest is BaseTest {
    uint256 private constant MILLION = 1e24;
    uint256 private constant BPS_E18 = 1e14;
    /// @dev The bounds of the governed parameters, in basis points.
    uint256 private constant MAX_SHOCK = 3_333;
    uint256 private constant MAX_HAIRCUT = 5_000;
    uint256 private constant MAX_FACTOR = 30_000;
    uint256 private constant MAX_COEFFICIENT = 60_000;

    /*//////////////////////////////////////////////////////////////////////////
                                     SIZE FACTOR
    //////////////////////////////////////////////////////////////////////////*/

    function test_sizeFactor_KnownPoints() public pure {
        // c = 0.2 reaches one at a million and 1.2 at four millions, where the root is two.
        assertEq(Margin.sizeFactor(MILLION, 0.2e18), WAD);
        assertApproxEqAbs(Margin.sizeFactor(4 * MILLION, 0.2e18), 1.2e18, 1);
        assertApproxEqAbs(Margin.sizeFactor(100 * MILLION, 0.2e18), 2.8e18, 1);
        // The largest coefficient doubles the shock of 40,000.
        assertApproxEqAbs(Margin.sizeFactor(40_000e18, 6e18), 2e18, 6);
        assertEq(Margin.sizeFactor(0, 0.2e18), WAD);
        assertEq(Margin.sizeFactor(MAX_VALUE, 0), WAD);
    }

    function test_sizeFactor_RootRoundsUp() public pure {
        // sqrt(2 million / 1 million) = 1.414213562373095048.80..., with c = 1
        assertEq(Margin.sizeFactor(2 * MILLION, WAD), 0.8e18 + 1_414_213_562_373_095_049);
    }

    function test_sizeFactor_CoefficientTimesRootRoundsUp() public pure {
        // The value whose root is n - 5e-19 for n = 1e18 + 1: rounded up the root is n itself, and 0.3001 n is
        // 300,100,000,000,000,000.3001, which has to become ...001.
        uint256 value = 1e24 + 2e6;
        assertEq(Margin.sizeFactor(value, 0.3001e18), 0.8e18 + 300_100_000_000_000_001);
    }

    function test_sizeFactor_WhereTheRootBeginsRoundsDown() public pure {
        // With c = 0.3 the factor passes one at 444,444.4... quote units: the unit above that pays already.
        assertEq(Margin.sizeFactor(444_444_444_444_444_444_444_444, 0.3e18), WAD);
        assertGt(Margin.sizeFactor(444_444_444_444_444_444_444_445, 0.3e18), WAD);
    }

    /// @dev The root is found by halving an interval, on squares: c * r >= size - 0.8 must hold just before the exact size.
    function testFuzz_sizeFactor_JustAboveTheBisectedRoot(uint256 value, uint256 coefficient) public pure {
        value = bound(value, 0, MAX_VALUE);
        coefficient = bound(coefficient, 0, MAX_COEFFICIENT) * BPS_E18;
        uint256 size = Margin.sizeFactor(value, coefficient);

        // The smallest r with r^2 >= value * 1e12, both {1 E18} of a root.
        uint256 low;
        uint256 high = 1e24;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (middle * middle >= value * 1e12) high = middle;
            else low = middle + 1;
        }
        // {1 E36} 0.8 + c * r, with the root up and then down, brackets the exact size.
        uint256 atMost = 0.8e36 + coefficient * high;
        uint256 atLeast = 0.8e36 + coefficient * (high == 0 ? 0 : high - 1);
        assertGe(size, WAD);
        assertGe(size * WAD, atLeast > 1e36 ? atLeast : 1e36);
        assertLe(size * WAD, (atMost > 1e36 ? atMost : 1e36) + coefficient + WAD);
        // Below the exact one it never is: (size - 0.8)^2 >= c^2 V / 1e6, where the size is above one.
        if (size > WAD) {
            uint256 rise = size - 0.8e18;
            assertGe(rise * rise, ((coefficient * coefficient) / 1e18) * (value / 1e6));
        }
    }

    function testFuzz_sizeFactor_NeverFallsWithValueOrCoefficient(
        uint256 value,
        uint256 more,
        uint256 coefficient
    ) public pure {
        value = bound(value, 0, MAX_VALUE);
        more = bound(more, 0, MAX_VALUE);
        coefficient = bound(coefficient, 0, MAX_COEFFICIENT - 1) * BPS_E18;
        uint256 size = Margin.sizeFactor(value, coefficient);
        assertLe(size, Margin.sizeFactor(value + more, coefficient));
        assertLe(size, Margin.sizeFactor(value, coefficient + BPS_E18));
    }

    /// @dev Where the root is spared the size is one, and just above it is hardly more: no step that a value could sit on.
    function testFuzz_sizeFactor_IsContinuousWhereTheRootBegins(uint256 coefficient) public pure {
        coefficient = bound(coefficient, 100, MAX_COEFFICIENT) * BPS_E18;
        uint256 first = (0.04e18 * MILLION) / ((coefficient * coefficient) / WAD);
        assertEq(Margin.sizeFactor(first, coefficient), WAD);
        assertGt(Margin.sizeFactor(first + 1, coefficient), WAD);
        assertLe(Margin.sizeFactor(first + 1, coefficient), WAD + coefficient / WAD + 2);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                    RATES AND MARGIN
    //////////////////////////////////////////////////////////////////////////*/

    function test_ratesOf_ShockTimesSizeRoundsUp() public pure {
        // A size of 1.2 and a wei, from the root's rounding, times a shock of 0.1: 0.12 and a part of a wei.
        Leg memory leg = _leg(4 * MILLION, 1_000, 0, 0, 10_000, 2_000);
        uint256 size = Margin.sizeFactor(4 * MILLION, 0.2e18);
        assertEq(size, 1.2e18 + 1);
        (uint256 maintenance, ) = Margin.ratesOf(leg, 4 * MILLION);
        assertEq(maintenance, 0.12e18 + 1);
    }

    function test_ratesOf_InitialRateRoundsUpOnce() public pure {
        // 0.1 times 1.5 is exact; times 1.2 and a wei it is 0.18 and a part of a wei.
        Leg memory leg = _leg(4 * MILLION, 1_000, 400, 800, 15_000, 2_000);
        (uint256 maintenance, uint256 initial) = Margin.ratesOf(leg, 4 * MILLION);
        assertEq(maintenance, 0.16e18 + 1);
        assertEq(initial, 0.26e18 + 1);
    }

    function test_marginOf_BothRoundUp() public pure {
        Leg memory leg = _leg(1, 1_000, 400, 800, 15_000, 0);
        (uint256 maintenance, uint256 initial) = Margin.marginOf(leg, 1);
        assertEq(maintenance, 1);
        assertEq(initial, 1);
        (maintenance, initial) = Margin.marginOf(leg, 0);
        assertEq(maintenance, 0);
        assertEq(initial, 0);
    }

    /// @dev The starting parameters of ether: liquidation near 86% loan to value, borrowing to 77%.
    function test_marginOf_StartingParametersOfEther() public pure {
        Leg memory leg = _leg(100_000e18, 1_000, 400, 800, 15_000, 2_000);
        (uint256 maintenance, uint256 initial) = Margin.marginOf(leg, 100_000e18);
        assertEq(maintenance, 14_000e18);
        assertEq(initial, 23_000e18);
    }

    /// @dev Promise 9: IM >= MM, and the requirement of a fraction is at most that fraction of the requirement, up to a unit.
    function testFuzz_marginOf_InitialIsAtLeastMaintenanceAndSuperHomogeneous(
        uint256 value,
        uint256 fraction,
        uint256 shock,
        uint256 haircut,
        uint256 factor,
        uint256 coefficient
    ) public pure {
        value = bound(value, 0, MAX_VALUE);
        fraction = bound(fraction, 0, WAD);
        haircut = bound(haircut, 0, MAX_HAIRCUT);
        Leg memory leg = _leg(
            value,
            bound(shock, 100, MAX_SHOCK),
            haircut,
            haircut,
            bound(factor, 100, MAX_FACTOR / 100) * 100,
            bound(coefficient, 0, MAX_COEFFICIENT)
        );
        (uint256 maintenance, uint256 initial) = Margin.marginOf(leg, value);
        assertGe(initial, maintenance);
        uint256 part = (value * fraction) / WAD;
        (uint256 maintenancePart, uint256 initialPart) = Margin.marginOf(leg, part);
        assertLe(maintenancePart, (maintenance * fraction) / WAD + 1);
        assertLe(initialPart, (initial * fraction) / WAD + 1);
        assertGe(initialPart, maintenancePart);
    }

    function testFuzz_marginOf_RisesWithShockAndHaircut(uint256 value, uint256 shock, uint256 haircut) public pure {
        value = bound(value, 0, MAX_VALUE);
        shock = bound(shock, 100, MAX_SHOCK - 1);
        haircut = bound(haircut, 0, MAX_HAIRCUT - HAIRCUT_STEP);
        (uint256 maintenance, uint256 initial) = Margin.marginOf(
            _leg(value, shock, haircut, haircut, 15_000, 2_000),
            value
        );
        (uint256 moreMaintenance, uint256 moreInitial) = Margin.marginOf(
            _leg(value, shock + 1, haircut, haircut, 15_000, 2_000),
            value
        );
        assertLe(maintenance, moreMaintenance);
        assertLe(initial, moreInitial);
        (moreMaintenance, moreInitial) = Margin.marginOf(
            _leg(value, shock, haircut + HAIRCUT_STEP, haircut + HAIRCUT_STEP, 15_000, 2_000),
            value
        );
        assertLe(maintenance, moreMaintenance);
        assertLe(initial, moreInitial);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        HEALTH
    //////////////////////////////////////////////////////////////////////////*/

    function test_health_RoundsDown() public pure {
        assertEq(Margin.health(2, 3), 666_666_666_666_666_666);
        // An account one unit short is below one, however large it is.
        assertLt(Margin.health(1e18 - 1, 1e18), WAD);
        assertEq(Margin.health(1e18, 1e18), WAD);
        assertEq(Margin.health(int256(MAX_VALUE) - 1, MAX_VALUE), WAD - 1);
    }

    function test_health_WithoutRiskOrEquity() public pure {
        assertEq(Margin.health(0, 0), INFINITE_HEALTH);
        assertEq(Margin.health(1, 0), INFINITE_HEALTH);
        assertEq(Margin.health(-1, 0), 0);
        assertEq(Margin.health(-1, 1), 0);
        assertEq(Margin.health(0, 1), 0);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        ASSESS
    //////////////////////////////////////////////////////////////////////////*/

    function test_assess_AddsUpLegsOfDifferentUnderlyings() public pure {
        Leg[] memory legs = new Leg[](2);
        legs[0] = _leg(10_000e18, 1_000, 400, 800, 15_000, 2_000);
        legs[1] = _leg(5_000e18, 800, 400, 800, 15_000, 2_000);
        Assessment memory a = Margin.assess(legs, -12_000e18);
        assertEq(a.equityE18, 3_000e18);
        assertEq(a.maintenanceE18, 1_400e18 + 600e18);
        assertEq(a.initialE18, 2_300e18 + 1_000e18);
        assertEq(a.healthE18, 1.5e18);
        assertFalse(a.halted);
    }

    function test_assess_AHaltedLegCountsAtItsLastAskAndForInitialMarginNotAtAll() public pure {
        Leg[] memory legs = new Leg[](2);
        legs[0] = _leg(10_000e18, 1_000, 400, 800, 15_000, 2_000);
        legs[1] = _leg(5_000e18, 800, 400, 800, 15_000, 2_000);
        legs[1].halted = true;
        Assessment memory a = Margin.assess(legs, -9_000e18);
        assertEq(a.equityE18, 6_000e18);
        assertEq(a.maintenanceE18, 1_400e18 + 600e18);
        assertEq(a.initialE18, 2_300e18 + 5_000e18);
        assertTrue(a.halted);
    }

    /// @dev A twentieth of the gross, to the unit.
    function test_assess_ADustOfHaltedCollateralBlocksNothing() public pure {
        Leg[] memory legs = new Leg[](2);
        legs[0] = _leg(19_000e18, 1_000, 400, 800, 15_000, 2_000);
        legs[1] = _leg(1_000e18, 800, 400, 800, 15_000, 2_000);
        legs[1].halted = true;
        assertFalse(Margin.assess(legs, 0).halted);
        legs[1].valueE18 += 2;
        assertTrue(Margin.assess(legs, 0).halted);
    }

    function test_assess_AHaltedLegWithoutALastPriceIsWorthNothing() public pure {
        Leg[] memory legs = new Leg[](2);
        legs[0] = _leg(10_000e18, 1_000, 400, 800, 15_000, 2_000);
        legs[1].halted = true;
        legs[1].amount = 1;
        Assessment memory a = Margin.assess(legs, -9_000e18);
        assertEq(a.equityE18, 1_000e18);
        assertEq(a.maintenanceE18, 1_400e18);
        assertEq(a.initialE18, 2_300e18);
        assertTrue(a.halted);
    }

    function test_assess_SaysWhetherALivePriceIsDegraded() public pure {
        Leg[] memory legs = new Leg[](2);
        legs[0] = _leg(10_000e18, 1_000, 400, 800, 15_000, 2_000);
        legs[1] = _leg(5_000e18, 800, 400, 800, 15_000, 2_000);
        assertFalse(Margin.assess(legs, 0).degraded);
        legs[1].degraded = true;
        assertTrue(Margin.assess(legs, 0).degraded);
    }

    /// @dev Degraded legs alone, and rounded down: four units at two for three are two and two thirds.
    function test_favourOwner_ValuesDegradedLegsAtTheAskRoundedDown() public pure {
        Leg[] memory legs = new Leg[](2);
        for (uint256 i; i < 2; ++i) {
            (legs[i].amount, legs[i].unit, legs[i].bidE18, legs[i].askE18, legs[i].valueE18) = (4, 3, 1, 2, 1);
        }
        legs[1].degraded = true;
        Margin.favourOwner(legs);
        assertEq(legs[0].bidE18, 1);
        assertEq(legs[0].valueE18, 1);
        assertEq(legs[1].bidE18, 2);
        assertEq(legs[1].valueE18, 2);
    }

    function test_assess_CashAlone() public pure {
        Assessment memory a = Margin.assess(new Leg[](0), 5);
        assertEq(a.equityE18, 5);
        assertEq(a.healthE18, INFINITE_HEALTH);
        a = Margin.assess(new Leg[](0), -5);
        assertEq(a.equityE18, -5);
        assertEq(a.healthE18, 0);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                   AFTER A SLICE
    //////////////////////////////////////////////////////////////////////////*/

    function test_maintenanceAfter_WhatIsLeftRoundsUp() public pure {
        // Two thirds of four units are left, which is three; at the largest rate that is three units of margin, not two.
        Leg[] memory legs = new Leg[](1);
        legs[0] = _leg(4, 3_333, 5_000, 5_000, 10_000, 0);
        assertEq(Margin.maintenanceAfter(legs, WAD / 3), 3);
        // Of one unit a third is left: one unit of value, and one of margin. Rounded down there would be none.
        legs[0] = _leg(1, 1_000, 0, 0, 10_000, 0);
        assertEq(Margin.maintenanceAfter(legs, (WAD * 2) / 3), 1);
        assertEq(Margin.maintenanceAfter(legs, WAD), 0);
    }

    function testFuzz_maintenanceAfter_NothingTakenIsTheWhole(uint256 value, uint256 coefficient) public pure {
        value = bound(value, 0, MAX_VALUE);
        Leg[] memory legs = new Leg[](2);
        legs[0] = _leg(value, 1_000, 400, 800, 15_000, bound(coefficient, 0, MAX_COEFFICIENT));
        legs[1] = _leg(value / 3, 800, 400, 800, 15_000, 2_000);
        assertEq(Margin.maintenanceAfter(legs, 0), Margin.assess(legs, 0).maintenanceE18);
    }

    /// @dev The size factor only helps: what is left needs at most its share of the whole.
    function testFuzz_maintenanceAfter_AtMostTheShareLeft(uint256 value, uint256 taken) public pure {
        value = bound(value, 0, MAX_VALUE);
        taken = bound(taken, 0, WAD);
        Leg[] memory legs = new Leg[](1);
        legs[0] = _leg(value, 1_000, 400, 800, 15_000, 2_000);
        uint256 whole = Margin.assess(legs, 0).maintenanceE18;
        assertLe(Margin.maintenanceAfter(legs, taken), (whole * (WAD - taken)) / WAD + 3);
    }

    function _leg(
        uint256 value,
        uint256 shockBps,
        uint256 haircutMaintenanceBps,
        uint256 haircutInitialBps,
        uint256 initialFactorBps,
        uint256 sizeCoefficientBps
    ) private pure returns (Leg memory leg) {
        leg.asset = 1;
        leg.amount = value;
        leg.unit = WAD;
        leg.bidE18 = WAD;
        leg.valueE18 = value;
        leg.listed = leg.listed.withShocks(shockBps, shockBps).withRisk(
            haircutMaintenanceBps,
            haircutInitialBps,
            initialFactorBps,
            sizeCoefficientBps
        );
    }
}
