// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {BaseTest} from "../utils/BaseTest.sol";
import {RAY, YEAR} from "../../../contracts/base/Constants.sol";
import {InterestMath} from "../../../contracts/math/InterestMath.sol";
import {Rounding} from "../../../contracts/math/Rounding.sol";

contract InterestMathTest is BaseTest {
    // The curve of the reference values: base 0.5%, 4% more at the kink of 80%, which is 5% for each unit of
    // utilisation, and a jump of 60%.
    uint256 private constant BASE = 50;
    uint256 private constant SLOPE = 500;
    uint256 private constant JUMP = 6_000;
    uint256 private constant KINK = 8_000;

    /// @dev What the series may lack of the exact value; {RAY}.
    uint256 private constant SERIES_ERROR = 41;
    /// @dev Relative, with 27 decimals: 1e-24.
    uint256 private constant TOLERANCE = 1_000;
    /// @dev {RAY/year} Above every rate that the bounds of the curve allow: 200%, 200% and 1000%.
    uint256 private constant MAX_RATE = 14 * RAY;

    uint256 private constant BPS_RAY = 1e23;

    /*//////////////////////////////////////////////////////////////////////////
                                   REFERENCE VALUES
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Source: mpmath, 80 digits.
    function test_borrowRateUp_ReferenceRates() public pure {
        assertEq(_rate(0), 0.005e27);
        assertEq(_rate(0.4e27), 0.025e27);
        assertEq(_rate(0.5e27), 0.03e27);
        assertEq(_rate(0.8e27), 0.045e27);
        // Above the kink the reference's first slope stops and ours goes on: 5% of what lies above the kink more.
        assertEq(_rate(0.85e27), 0.195e27 + 0.0025e27);
        assertEq(_rate(0.95e27), 0.495e27 + 0.0075e27);
        assertEq(_rate(1e27), 0.645e27 + 0.01e27);
    }

    /// @dev Source: mpmath, 80 digits: e^rate after a year at a constant utilisation.
    function test_compound_ReferenceIndicesAfterAYear() public pure {
        _assertIndex(0.005e27, 1.005012520859401063383566241e27);
        _assertIndex(0.025e27, 1.025315120524428840678021029e27);
        _assertIndex(0.045e27, 1.046027859908716942713440264e27);
        _assertIndex(0.195e27, 1.215310986489730774488328226e27);
        _assertIndex(0.495e27, 1.640498239057044001525632050e27);
        _assertIndex(0.645e27, 1.905987029271922692460710274e27);
    }

    /// @dev Source: mpmath, 80 digits: four quarters of a year at utilisations of 50%, 80%, 90% and 97%.
    function test_compound_ReferencePiecewise() public pure {
        uint256[4] memory rates = [uint256(0.03e27), 0.045e27, 0.345e27, 0.555e27];
        uint256 index = RAY;
        for (uint256 i; i < 4; ++i) {
            index += Rounding.mulDivUp(index, InterestMath.compound(rates[i], 7_884_000), RAY);
        }
        assertApproxEqAbs(index, 1.276025284289269023041339650e27, TOLERANCE);
    }

    /// @dev e - 1 and e^4 - 1 from their decimal expansions; the series is never above and at most 41 units below.
    function test_compound_TermsAreRoundedDown() public pure {
        _assertJustBelow(InterestMath.compound(RAY, YEAR), 1718281828459045235360287471);
        _assertJustBelow(InterestMath.compound(4 * RAY, YEAR), 53598150033144239078110261202);
        _assertJustBelow(InterestMath.compound(RAY / 2, YEAR), 648721270700128146848650787);
        // x + x^2 / 2 + x^3 / 6 by hand: the third term is 4.5e-27 and loses its half.
        assertEq(InterestMath.compound(3e18, YEAR), 3e18 + 4.5e9 + 4);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        RATE
    //////////////////////////////////////////////////////////////////////////*/

    function test_borrowRateUp_SlopeRoundsUp() public pure {
        // 1e23 * 1 / 1e27 is a ten-thousandth of a unit.
        assertEq(InterestMath.borrowRateUp({utilisation: 1, baseBps: 0, slopeBps: 1, jumpBps: 0, kinkBps: 10_000}), 1);
    }

    function test_borrowRateUp_JumpRoundsUp() public pure {
        uint256 utilisation = 0.8e27 + 1;
        assertEq(InterestMath.borrowRateUp(utilisation, 0, 0, 1, 8_000), 1);
        assertEq(InterestMath.borrowRateUp(0.8e27, 0, 0, 1, 8_000), 0);
    }

    function test_borrowRateUp_AKinkOfOneNeverDividesByZero() public pure {
        assertEq(InterestMath.borrowRateUp(RAY, 100, 200, 9_000, 10_000), 0.03e27);
    }

    /// @dev Against the exact fraction, by cross-multiplication: never below it, and less than two units above.
    function testFuzz_borrowRateUp_JustAboveTheExactRate(
        uint256 utilisation,
        uint256 base,
        uint256 slope,
        uint256 jump,
        uint256 kink
    ) public pure {
        utilisation = bound(utilisation, 0, RAY);
        base = bound(base, 0, 20_000);
        slope = bound(slope, 0, 20_000);
        jump = bound(jump, 0, 100_000);
        kink = bound(kink, 0, 9_999);
        uint256 rate = InterestMath.borrowRateUp(utilisation, base, slope, jump, kink);
        uint256 above = utilisation > kink * BPS_RAY ? utilisation - kink * BPS_RAY : 0;
        // rate * 1e4 * (1e4 - kink), with every division cleared
        uint256 exact = (base * BPS_RAY * 1e4 + slope * utilisation) * (10_000 - kink) + jump * above * 1e4;
        uint256 unit = 1e4 * (10_000 - kink);
        assertGe(rate * unit, exact);
        assertLt(rate * unit, exact + 2 * unit);
    }

    function testFuzz_borrowRateUp_NeverFallsWithUtilisation(uint256 low, uint256 high) public pure {
        low = bound(low, 0, RAY);
        high = bound(high, low, RAY);
        assertLe(_rate(low), _rate(high));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                      COMPOUNDING
    //////////////////////////////////////////////////////////////////////////*/

    function test_compound_ExponentRoundsUp() public pure {
        // One unit of rate for one second of 31,536,000.
        assertEq(InterestMath.compound(1, 1), 1);
    }

    function test_compound_NothingGrowsFromNothing() public pure {
        assertEq(InterestMath.compound(0, 365 days), 0);
        assertEq(InterestMath.compound(RAY, 0), 0);
    }

    function test_compound_BeyondTheLargestExponentNothingIsCharged() public pure {
        uint256 most = InterestMath.compound(4 * RAY, YEAR);
        assertEq(InterestMath.compound(4 * RAY, YEAR + 1), most);
        assertEq(InterestMath.compound(MAX_RATE, 100 * YEAR), most);
        assertLt(InterestMath.compound(4 * RAY, YEAR - 1), most);
    }

    /// @dev The slow twin: (1 + x/n)^n <= e^x <= (1 - x/n)^-n with n = 2^40, by squaring with 45 decimals. No series.
    function testFuzz_compound_BetweenTheProductsOfManySmallSteps(uint256 rate, uint256 elapsed) public pure {
        rate = bound(rate, 0, MAX_RATE);
        elapsed = bound(elapsed, 0, MAX_ELAPSED);
        uint256 exponent = (rate * elapsed) / YEAR;
        if (exponent >= 4 * RAY) exponent = 4 * RAY;
        uint256 growth = InterestMath.compound(rate, elapsed);

        uint256 one = 1e45;
        uint256 step = (exponent * 1e18) >> 40;
        uint256 below = one + step;
        uint256 above = one - step - 1e6; // the exponent's own rounding, a unit of 27 decimals, with it
        for (uint256 i; i < 40; ++i) {
            below = Math.mulDiv(below, below, one);
            above = Math.mulDiv(above, above, one);
        }
        assertGe(growth + SERIES_ERROR, (below - one) / 1e18);
        assertLe(growth, (Math.mulDiv(one, one, above) - one) / 1e18 + 60);
    }

    /// @dev A thousand steps of a thousandth: compounding does not depend on how often anybody looks.
    function test_compound_ManyStepsMeetOne() public pure {
        uint256 index = RAY;
        for (uint256 i; i < 1_000; ++i) {
            index += Rounding.mulDivUp(index, InterestMath.compound(0.645e27, 31_536), RAY);
        }
        // Each step may be 41 units off the exact one, and rounds up by one more.
        assertApproxEqAbs(index, RAY + InterestMath.compound(0.645e27, YEAR), 1_000 * 84);
    }

    function testFuzz_compound_NeverFallsWithTimeOrRate(uint256 rate, uint256 elapsed, uint256 more) public pure {
        rate = bound(rate, 0, MAX_RATE);
        elapsed = bound(elapsed, 0, MAX_ELAPSED);
        more = bound(more, 0, MAX_ELAPSED);
        uint256 growth = InterestMath.compound(rate, elapsed);
        assertLe(growth, InterestMath.compound(rate, elapsed + more));
        assertLe(growth, InterestMath.compound(rate + more, elapsed));
    }

    function _rate(uint256 utilisation) private pure returns (uint256) {
        return InterestMath.borrowRateUp(utilisation, BASE, SLOPE, JUMP, KINK);
    }

    function _assertIndex(uint256 rate, uint256 expected) private pure {
        assertApproxEqAbs(RAY + InterestMath.compound(rate, YEAR), expected, (TOLERANCE * expected) / RAY);
    }

    function _assertJustBelow(uint256 growth, uint256 exact) private pure {
        assertLe(growth, exact);
        assertGe(growth + SERIES_ERROR, exact);
    }
}
