// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BaseTest} from "../utils/BaseTest.sol";
import {WAD} from "../../../contracts/base/Constants.sol";
import {SliceMath} from "../../../contracts/math/SliceMath.sol";

contract SliceMathTest is BaseTest {
    /// @dev {quote E18} Ten thousand quote units: with it a product of four factors of 18 decimals fits a word.
    uint256 private constant MAX_EXACT = 1e22;

    /*//////////////////////////////////////////////////////////////////////////
                                   REFERENCE VALUES
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Source: mpmath, 80 digits: sell Q of collateral at a penalty p until the margin ratio is m. The account here
    /// has a maintenance margin of a tenth of its collateral C, so the discount is 10 p and the target health 10 m; the
    /// slice's collateral f * C is Q, and what the taker gives, his payment and the debt he takes over, is Q * (1 - p).
    function test_closedFraction_ReferenceRestoringToAThird() public pure {
        uint256 collateral = 47058.823529411764705882e18;
        uint256 equity = 7058.823529411764705882e18;
        _assertReference(
            collateral,
            equity,
            3.33333333333333333e18,
            30449.826989619377143090e18,
            28927.335640138408285936e18
        );
    }

    /// @dev Source: mpmath, 80 digits.
    function test_closedFraction_ReferenceJustBelowMaintenance() public pure {
        _assertReference(100_000e18, 14_900e18, 2e18, 34_000e18, 32_300e18);
    }

    /// @dev Source: mpmath, 80 digits: equity of 4% does not pay a penalty of 5%, so all is sold and 1,000 are missing.
    function test_payment_ReferenceNotRestorable() public pure {
        SliceMath.Payment memory p = SliceMath.payment({
            equityE18: 4_000e18,
            maintenanceE18: 10_000e18,
            discount: 0.5e18,
            fraction: WAD,
            fundShare: 0
        });
        assertEq(p.toAccount, 0);
        assertEq(p.fromFund, 1_000e18);
        assertEq(p.fromLenders, 0);
    }

    function _assertReference(
        uint256 collateral,
        uint256 equity,
        uint256 target,
        uint256 sold,
        uint256 repaid
    ) private pure {
        uint256 maintenance = collateral / 10;
        uint256 discount = 0.5e18; // p = 0.05
        uint256 fraction = SliceMath.closedFraction((equity * WAD) / maintenance, discount, target);
        // A fraction is known to 1e-18, of up to 1e23 units of value.
        assertApproxEqAbs((fraction * collateral) / WAD, sold, 1e6);
        SliceMath.Payment memory p = SliceMath.payment(int256(equity), maintenance, discount, fraction, 0);
        assertApproxEqAbs(p.toAccount + (fraction * (collateral - equity)) / WAD, repaid, 1e6);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                    SIGNED HEALTH
    //////////////////////////////////////////////////////////////////////////*/

    function test_signedHealth_RoundsTowardMinusInfinity() public pure {
        assertEq(SliceMath.signedHealth(-1, 3e18), -1);
        assertEq(SliceMath.signedHealth(1, 3e18), 0);
        assertEq(SliceMath.signedHealth(2, 3), 666_666_666_666_666_666);
        assertEq(SliceMath.signedHealth(-2, 3), -666_666_666_666_666_667);
    }

    function test_signedHealth_WithoutRisk() public pure {
        assertEq(SliceMath.signedHealth(0, 0), type(int256).max);
        assertEq(SliceMath.signedHealth(1, 0), type(int256).max);
        assertEq(SliceMath.signedHealth(-1, 0), 0);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                      FRACTIONS
    //////////////////////////////////////////////////////////////////////////*/

    function test_closedFraction_RoundsDown() public pure {
        // (4 - 3) / (4 - 1)
        assertEq(SliceMath.closedFraction(3, 1, 4), 333_333_333_333_333_333);
    }

    /// @dev The model knows only what a slice does to health, (h - f d) / (1 - f), and halves an interval until it finds
    /// the smallest fraction that reaches the target.
    function testFuzz_closedFraction_MeetsTheBisectionOnHealth(
        uint256 health,
        uint256 discount,
        uint256 target
    ) public pure {
        health = bound(health, 1, WAD - 1);
        discount = bound(discount, 0, health - 1);
        target = bound(target, WAD, 3e18);
        uint256 low;
        uint256 high = WAD;
        while (high - low > 1) {
            uint256 middle = (low + high) / 2;
            if (health * WAD - middle * discount >= target * (WAD - middle)) high = middle;
            else low = middle;
        }
        uint256 closed = SliceMath.closedFraction(health, discount, target);
        // `high` reaches the target and `low` does not; the closed form stops at the target or just before it.
        assertGe(closed, low);
        assertLe(closed, high);
        assertGe(target * (WAD - closed), health * WAD - closed * discount, "rounded above the target");
    }

    function test_secant_RoundsDown() public pure {
        assertEq(SliceMath.secant({lowFraction: 5, lowHealth: 1, highFraction: 7, highHealth: 4, target: 2}), 5);
        assertEq(SliceMath.secant({lowFraction: 5, lowHealth: 1, highFraction: 8, highHealth: 4, target: 2}), 6);
    }

    /// @dev On the line through both points the health at the fraction found is not above the target, one unit on it is.
    function testFuzz_secant_LiesOnTheLine(uint256 lf, uint256 lh, uint256 hf, uint256 hh, uint256 target) public pure {
        lf = bound(lf, 0, WAD - 1);
        hf = bound(hf, lf + 1, WAD);
        lh = bound(lh, 0, 3e18);
        hh = bound(hh, lh + 2, 4e18);
        target = bound(target, lh + 1, hh - 1);
        uint256 f = SliceMath.secant(lf, lh, hf, hh, target);
        assertGe(f, lf);
        assertLe(f, hf);
        assertLe((f - lf) * (hh - lh), (target - lh) * (hf - lf));
        assertGt((f + 1 - lf) * (hh - lh), (target - lh) * (hf - lf));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       PAYMENT
    //////////////////////////////////////////////////////////////////////////*/

    function test_payment_DiscountForTheFundRoundsUp() public pure {
        // d * MM = 0.5
        assertEq(SliceMath.payment(1, 1, 0.5e18, WAD, WAD).toFund, 1);
    }

    function test_payment_SliceOfTheDiscountRoundsUp() public pure {
        // f * d * MM = 0.25 * 2
        assertEq(SliceMath.payment(9, 2, WAD, 0.25e18, WAD).toFund, 1);
    }

    function test_payment_FundShareRoundsUp() public pure {
        assertEq(SliceMath.payment(9, 1, WAD, WAD, 0.5e18).toFund, 1);
    }

    function test_payment_DiscountOffEquityRoundsDown() public pure {
        // E - d * MM = 1 - 0.5, and the account gets the one.
        assertEq(SliceMath.payment(1, 1, 0.5e18, WAD, 0).toAccount, 1);
    }

    function test_payment_ToAccountRoundsUp() public pure {
        assertEq(SliceMath.payment(1, 0, 0, 0.5e18, 0).toAccount, 1);
    }

    function test_payment_OwedToTheTakerRoundsDown() public pure {
        // d * MM - E = 1.5
        assertEq(SliceMath.payment(0, 3, 0.5e18, WAD, 0).fromFund, 1);
    }

    function test_payment_SliceOwedToTheTakerRoundsDown() public pure {
        assertEq(SliceMath.payment(0, 1, WAD, 0.5e18, 0).fromFund, 0);
    }

    function test_payment_LendersShareRoundsDown() public pure {
        // The taker is paid 0.5 * (1 + 1); of that lenders may bear 0.5 * 1.
        SliceMath.Payment memory p = SliceMath.payment(-1, 1, WAD, 0.5e18, 0);
        assertEq(p.fromFund, 1);
        assertEq(p.fromLenders, 0);
    }

    function test_payment_FundKeepsItsShareOfWhatItPays() public pure {
        // Half of an account with E = -50 and d * MM = 100, a tenth of the discount to the fund.
        SliceMath.Payment memory p = SliceMath.payment(-50e18, 200e18, 0.5e18, 0.5e18, 0.1e18);
        assertEq(p.toAccount, 0);
        assertEq(p.toFund, 0);
        assertEq(p.fromFund, 70e18); // 75 owed to the taker, less 5
        assertEq(p.fromLenders, 25e18);
    }

    function test_payment_LendersNeverBearMoreThanTheFundPays() public pure {
        // The fund's share is half the discount, so it pays less than the hole.
        SliceMath.Payment memory p = SliceMath.payment(-10e18, 100e18, 0.1e18, WAD, WAD);
        assertEq(p.fromFund, 10e18);
        assertEq(p.fromLenders, 10e18);
        p = SliceMath.payment(-1, 100e18, 0.1e18, WAD, WAD);
        assertEq(p.fromFund, 1);
        assertEq(p.fromLenders, 1);
    }

    /// @dev Against the exact fractions f * (E - d * MM) and share * f * d * MM, by cross-multiplication.
    function testFuzz_payment_TakerNeverPaysLessNorGetsMoreThanExact(
        int256 equity,
        uint256 maintenance,
        uint256 discount,
        uint256 fraction,
        uint256 share
    ) public pure {
        equity = bound(equity, -int256(MAX_EXACT), int256(MAX_EXACT));
        maintenance = bound(maintenance, 0, MAX_EXACT);
        discount = bound(discount, 0, WAD);
        fraction = bound(fraction, 0, WAD);
        share = bound(share, 0, WAD);
        SliceMath.Payment memory p = SliceMath.payment(equity, maintenance, discount, fraction, share);

        // {quote E72} what the taker gives on balance: the slice's price and the fund's share
        int256 exact =
            (equity * 1e18 - int256(maintenance * discount)) * int256(fraction) * 1e18 +
                int256(maintenance * discount * fraction) * int256(share);
        int256 given = int256(p.toAccount) + int256(p.toFund) - int256(p.fromFund);
        assertGe(given * 1e54, exact, "against the taker");
        assertLe(given * 1e54, exact + 6e54, "by no more than a few units");
        // The account itself never gets less than the formula, and the fund and the taker never both pay.
        if (equity * 1e18 >= int256(maintenance * discount)) {
            assertGe(p.toAccount * 1e36, uint256(equity * 1e18 - int256(maintenance * discount)) * fraction);
            assertEq(p.fromFund, 0);
        } else {
            assertEq(p.toAccount, 0);
        }
        assertTrue(p.fromFund == 0 || (p.toFund == 0 && p.toAccount == 0));
        assertLe(p.fromLenders, p.fromFund);
        if (equity < 0) assertLe(p.fromLenders * 1e18, uint256(-equity) * fraction);
        else assertEq(p.fromLenders, 0);
    }

    /// @dev Around E = d * MM what the taker gives moves by a unit or two, not by a jump that he would wait for.
    function testFuzz_payment_NoJumpWhereBothSidesMeet(
        uint256 maintenance,
        uint256 discount,
        uint256 fraction,
        uint256 share
    ) public pure {
        maintenance = bound(maintenance, 1e18, MAX_VALUE);
        discount = bound(discount, 0.001e18, WAD);
        fraction = bound(fraction, 0, WAD);
        share = bound(share, 0, WAD);
        int256 meeting = int256((maintenance * discount) / WAD);
        int256 last;
        for (int256 i = -2; i <= 2; ++i) {
            SliceMath.Payment memory p = SliceMath.payment(meeting + i, maintenance, discount, fraction, share);
            int256 given = int256(p.toAccount) + int256(p.toFund) - int256(p.fromFund);
            if (i != -2) {
                assertGe(given, last);
                assertLe(given, last + 2);
            }
            last = given;
        }
    }
}
