// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BaseTest} from "../utils/BaseTest.sol";
import {WAD} from "../../../contracts/base/Constants.sol";
import {Margin} from "../../../contracts/risk/Margin.sol";
import {Assessment, Leg} from "../../../contracts/types/Assessment.sol";
import {toListedPerpetual} from "../../../contracts/types/ListedPerpetual.sol";

/// @dev Collateral and a perpetual of one underlying. The figures of the first tests are worked out by hand.
contract MarginPositionsTest is BaseTest {
    /// @dev Ten ether of collateral at 2,000: shock 10% (15% for initial margin), haircuts 4% and 8%, basis 1% and 2%.
    function _leg(int256 size) private pure returns (Leg memory leg) {
        (leg.amount, leg.unit, leg.bidE18, leg.askE18) = (10e18, 1e18, 2_000e18, 2_000e18);
        leg.valueE18 = 20_000e18;
        leg.listed = leg.listed.withShocks(1_000, 1_000).withRisk(400, 800, 15_000, 0);
        leg.perpetual = toListedPerpetual(100, 200, 1_000);
        (leg.sizeE18, leg.markE18) = (size, 2_000e18);
    }

    /// @dev A leg of nothing but what the rounding at hand needs.
    function _bare(int256 size, uint256 mark) private pure returns (Leg memory leg) {
        (leg.sizeE18, leg.markE18) = (size, mark);
    }

    function _sum(Leg memory leg) private pure returns (Assessment memory) {
        Leg[] memory legs = new Leg[](1);
        legs[0] = leg;
        return Margin.assess(legs, 0);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                     KNOWN FIGURES
    //////////////////////////////////////////////////////////////////////////*/

    function test_aShortIsCoveredByItsCollateral() public pure {
        (uint256 maintenance, uint256 initial) = Margin.marginAt(_leg(-10e18), 20_000e18);
        // Nothing is exposed: haircut 800 and 1,600, basis 200 and 400.
        assertEq(maintenance, 1_000e18);
        assertEq(initial, 2_000e18);
        // Half covered: 10,000 are exposed; and so they are beyond it.
        (maintenance, ) = Margin.marginAt(_leg(-5e18), 20_000e18);
        assertEq(maintenance, 1_000e18 + 800e18 + 100e18);
        (maintenance, ) = Margin.marginAt(_leg(-15e18), 20_000e18);
        assertEq(maintenance, 1_000e18 + 800e18 + 300e18);
        (maintenance, initial) = Margin.marginAt(_leg(5e18), 20_000e18);
        assertEq(maintenance, 3_000e18 + 800e18 + 100e18);
        assertEq(initial, 4_500e18 + 1_600e18 + 200e18);
    }

    function test_profitCountsForInitialMarginUpToItsCap() public pure {
        Leg memory leg = _leg(5e18);
        leg.quoteE18 = -9_000e18;
        Assessment memory a = _sum(leg);
        assertEq(a.equityE18, 21_000e18);
        assertEq(a.initialE18, 6_300e18);
        leg.quoteE18 = -8_999e18;
        a = _sum(leg);
        assertEq(a.equityE18, 21_001e18);
        assertEq(a.initialE18, 6_301e18);
        assertEq(a.maintenanceE18, 3_900e18);
    }

    function test_aClaimWithoutSizeIsEquityAndNoRisk() public pure {
        Leg memory leg;
        leg.quoteE18 = 3e18;
        leg.perpetual = toListedPerpetual(0, 0, 2);
        Assessment memory a = _sum(leg);
        assertEq(a.equityE18, 3e18);
        assertEq(a.maintenanceE18, 0);
        assertEq(a.initialE18, 1e18);
    }

    /// @dev A position that cost as much as it brought is one all the same.
    function test_aSizeWithoutQuoteIsAPosition() public pure {
        Leg memory leg = _leg(5e18);
        Assessment memory a = _sum(leg);
        assertEq(a.equityE18, 30_000e18);
        assertEq(a.maintenanceE18, 3_900e18);
    }

    function test_whatIsKnownOfAPositionsPriceIsKnownOfTheAccount() public pure {
        Leg memory leg = _leg(-5e18);
        leg.degraded = true;
        assertTrue(_sum(leg).degraded);
        leg.halted = true;
        Assessment memory a = _sum(leg);
        assertTrue(a.halted && a.unpriced);
    }

    /// @dev However small it is: here with a price that makes it worth nothing beside what else there is.
    function test_aHaltedPositionIsNeverADust() public pure {
        Leg[] memory legs = new Leg[](2);
        (legs[0], legs[1]) = (_leg(0), _leg(1));
        (legs[1].amount, legs[1].valueE18, legs[1].halted) = (0, 0, true);
        assertTrue(Margin.assess(legs, 0).halted);
        legs[1].sizeE18 = 0;
        assertFalse(Margin.assess(legs, 0).halted, "nothing of it is left");
    }

    /// @dev Where size does not count, half of a leg asks for half of the margin, whichever side its position is on.
    function test_maintenanceAfter_OfHalfIsHalf() public pure {
        for (uint256 i; i < 3; ++i) {
            Leg[] memory legs = new Leg[](1);
            legs[0] = _leg([int256(5e18), -5e18, -15e18][i]);
            uint256 whole = _sum(legs[0]).maintenanceE18;
            assertEq(Margin.maintenanceAfter(legs, 0), whole);
            assertEq(Margin.maintenanceAfter(legs, 0.5e18), whole / 2);
            assertEq(Margin.maintenanceAfter(legs, WAD), 0);
        }
    }

    /// @dev Shock less haircut is saved while collateral hedges, shock and haircut are asked for beyond.
    function test_collectRates_OfAShortBeyondItsCollateral() public pure {
        (int256 hedging, int256 adding, uint256 open) = Margin.collectRates(_leg(-15e18));
        assertEq(hedging, -0.06e18);
        assertEq(adding, 0.14e18);
        assertEq(open, 10_000e18);
        (hedging, adding, open) = Margin.collectRates(_leg(-5e18));
        assertEq(adding, 0.14e18);
        assertEq(open, 0);
        // Nor is there anything to hedge where all is covered.
        (hedging, adding, open) = Margin.collectRates(_leg(-10e18));
        assertEq(hedging, 0);
        assertEq(adding, 0.14e18);
        assertEq(open, 0);
    }

    function test_releaseRates_WhereSizeDoesNotCount() public pure {
        (int256 maintenance, int256 initial) = Margin.releaseRates(_leg(5e18));
        assertEq(maintenance, 0.14e18);
        assertEq(initial, 0.23e18);
        (maintenance, initial) = Margin.releaseRates(_leg(-15e18));
        assertEq(maintenance, -0.06e18);
        assertEq(initial, -0.07e18);
    }

    /// @dev A million is exposed once all collateral is gone: 0.1 X (0.8 + sqrt(X / 1e6)) rises by 0.08 + 0.15 there.
    function test_releaseRates_WhereSizeCounts() public pure {
        Leg memory leg = _leg(-500e18);
        leg.listed = leg.listed.withRisk(400, 800, 15_000, 10_000);
        (int256 maintenance, ) = Margin.releaseRates(leg);
        assertApproxEqAbs(maintenance, 0.04e18 - 0.23e18, 10);
    }

    /// @dev Two millions, whose root is 1.414,213,562,373,095,049: half of it is half a unit more, and nine tenths tell.
    function test_releaseRates_HalfTheSlopeRoundsUp() public pure {
        Leg memory leg = _leg(-1_000e18);
        leg.listed = leg.listed.withShocks(3_333, 3_333).withRisk(0, 0, 30_000, 10_000);
        (, int256 initial) = Margin.releaseRates(leg);
        uint256 slope = 0.8e18 + 1_414_213_562_373_095_049 + 707_106_781_186_547_525;
        assertEq(initial, -int256((slope * 9_999 + 9_999) / 10_000));
    }

    function test_favourOwner_IsTheAskOfALongAndTheBidOfAShort() public pure {
        Leg[] memory legs = new Leg[](2);
        (legs[0], legs[1]) = (_leg(1e18), _leg(-1e18));
        for (uint256 i; i < 2; ++i) {
            (legs[i].degraded, legs[i].bidE18, legs[i].askE18) = (true, 1_900e18, 2_100e18);
        }
        Margin.favourOwner(legs);
        assertEq(legs[0].markE18, 2_100e18);
        assertEq(legs[1].markE18, 1_900e18);
        assertEq(legs[0].valueE18, 21_000e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       ROUNDING
    //////////////////////////////////////////////////////////////////////////*/

    function test_positionValue_RoundsDown() public pure {
        assertEq(Margin.positionValue(_bare(1, 1e18 - 1), 1), 0);
        assertEq(Margin.positionValue(_bare(-1, 1e18 - 1), -1), -1);
    }

    function test_marginWithPosition_NotionalRoundsUp() public pure {
        Leg memory leg = _bare(1, 1);
        leg.perpetual = toListedPerpetual(10_000, 10_000, 0);
        (uint256 maintenance, uint256 initial) = Margin.marginWithPosition(leg, 0, 1);
        assertEq(maintenance, 1);
        assertEq(initial, 1);
    }

    function test_marginWithPosition_EachPartRoundsUp() public pure {
        // A unit of value, at rates of a third.
        for (uint256 part; part < 3; ++part) {
            Leg memory leg = _bare(1, 1e18);
            uint256 value;
            if (part == 0) leg.listed = leg.listed.withShocks(3_000, 3_000);
            if (part == 1) (value, leg.listed) = (1, leg.listed.withRisk(3_000, 3_000, 10_000, 0));
            if (part == 2) leg.perpetual = toListedPerpetual(3_000, 3_000, 0);
            (uint256 maintenance, uint256 initial) = Margin.marginWithPosition(leg, value, 1);
            assertEq(maintenance, 1);
            assertEq(initial, 1);
        }
    }

    function test_leastEquity_RoundsDown() public pure {
        Leg[] memory legs = new Leg[](1);
        // A long of three units at one; a tenth of it is less than a unit.
        legs[0] = _bare(3, 1e18);
        assertEq(Margin.leastEquity(legs, 5, 0.1e18), 8);
        legs[0].halted = true;
        assertEq(Margin.leastEquity(legs, 5, 0.1e18), 7);
        // A short loses the other way, and collateral hedges it.
        legs[0] = _bare(-3, 1e18);
        legs[0].halted = true;
        assertEq(Margin.leastEquity(legs, 5, 0.1e18), 1);
        legs[0].valueE18 = 3;
        assertEq(Margin.leastEquity(legs, 5, 0.1e18), 5);
    }

    function test_sizeTaken_RoundsTowardZero() public pure {
        assertEq(Margin.sizeTaken(3, 0.5e18), int256(1));
        assertEq(Margin.sizeTaken(-3, 0.5e18), -int256(1));
        assertEq(Margin.sizeTaken(-3, WAD), -int256(3));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                      PROPERTIES
    //////////////////////////////////////////////////////////////////////////*/

    function _some(uint256 seed) private pure returns (Leg memory leg) {
        leg = _leg((int256(uint256(uint96(seed))) * (seed & 1 == 0 ? int256(1) : -1)) / 1e6);
        seed = uint256(keccak256(abi.encode(seed)));
        leg.markE18 = 1 + (seed % 1e24);
        leg.valueE18 = uint256(uint128(seed >> 80)) % 1e26;
        uint256 shock = 100 + (seed % 2_000);
        leg.listed = leg.listed.withShocks(shock, shock + (seed % 1_000)).withRisk(400, 800, 15_000, seed % 10_000);
        if (seed % 3 == 0) leg.listed = leg.listed.withRisk(400, 800, 15_000, 0);
    }

    /// @dev Promise 9, for collateral and position together.
    function testFuzz_ThePartsRequirementIsAtMostThePart(uint256 seed, uint256 fraction) public pure {
        Leg memory leg = _some(seed);
        fraction = bound(fraction, 0, WAD);
        (uint256 maintenance, uint256 initial) = Margin.marginWithPosition(leg, leg.valueE18, leg.sizeE18);
        assertGe(initial, maintenance);
        (uint256 part, uint256 partInitial) = Margin.marginWithPosition(
            leg,
            (leg.valueE18 * fraction) / WAD,
            Margin.sizeTaken(leg.sizeE18, fraction)
        );
        // A unit of size is worth the mark, a unit of rounding in the size that much of exposure.
        uint256 slack = leg.markE18 / WAD + 10;
        assertLe(part, (maintenance * fraction) / WAD + slack);
        assertLe(partInitial, (initial * fraction) / WAD + slack);
    }

    /// @dev What leaves the collateral saves at least what the rates say.
    function testFuzz_releaseRates_AreSaved(uint256 seed, uint256 released) public pure {
        Leg memory leg = _some(seed);
        released = bound(released, 0, leg.valueE18);
        (int256 rate, int256 initialRate) = Margin.releaseRates(leg);
        (uint256 before, uint256 beforeInitial) = Margin.marginAt(leg, leg.valueE18);
        (uint256 left, uint256 leftInitial) = Margin.marginAt(leg, leg.valueE18 - released);
        int256 value = int256(released);
        // Rates are rounded up by a unit each, and value by as much.
        int256 slack =
            int256(leg.valueE18 / WAD + Margin.exposureOf(0, Margin.positionValue(leg, leg.sizeE18)) / WAD + 10) * 4;
        assertGe(int256(before) - int256(left), (rate * value) / 1e18 - slack);
        assertGe(int256(beforeInitial) - int256(leftInitial), (initialRate * value) / 1e18 - slack);
    }

    /// @dev What joins the collateral asks at most what the rates say, where size does not matter.
    function testFuzz_collectRates_AreAsked(uint256 seed, uint256 brought) public pure {
        Leg memory leg = _some(seed);
        leg.listed = leg.listed.withRisk(400, 800, 15_000, 0);
        brought = bound(brought, 0, 1e26);
        (int256 hedging, int256 adding, uint256 open) = Margin.collectRates(leg);
        (uint256 before, ) = Margin.marginAt(leg, leg.valueE18);
        (uint256 afterwards, ) = Margin.marginAt(leg, leg.valueE18 + brought);
        int256 first = int256(brought < open ? brought : open);
        int256 asked = (hedging * first) / 1e18 + (adding * (int256(brought) - first)) / 1e18;
        assertLe(int256(afterwards) - int256(before), asked + 10);
    }
}
