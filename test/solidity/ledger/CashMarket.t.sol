// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BaseTest} from "../utils/BaseTest.sol";
import {RAY} from "../../../contracts/base/Constants.sol";
import {Errors} from "../../../contracts/base/Errors.sol";
import {Cash, CashMarket, CashMarketLib} from "../../../contracts/ledger/CashMarket.sol";
import {InterestMath} from "../../../contracts/math/InterestMath.sol";

/// @dev A market in storage, as MarginAccount holds it.
contract CashMarketHarness {
    using CashMarketLib for CashMarket;
    using CashMarketLib for Cash;

    CashMarket internal market;

    function initialise(uint16 base, uint16 slope, uint16 jump, uint16 kink, uint16 fee, uint16 minimumDebt) external {
        market.initialise();
        market.baseBps = base;
        market.slopeBps = slope;
        market.jumpBps = jump;
        market.kinkBps = kink;
        market.feeBps = fee;
        market.minimumDebt = minimumDebt;
    }

    /// @dev The fields as the compiler's own accessors read them.
    function stored() external view returns (CashMarket memory) {
        return market;
    }

    function load() external view returns (Cash memory) {
        return market.loadAccrued();
    }

    function store(Cash calldata c) external {
        market.store(c);
    }
}

contract CashMarketTest is BaseTest {
    using CashMarketLib for Cash;

    /// @dev An index at which a share is one unit and a half: every odd number of shares has a half to round.
    uint256 private constant ONE_AND_A_HALF = 1.5e27;

    /// @dev {RAY} Where fuzzed indices stop: debt may have grown a thousandfold, credit may have shrunk to a hundredth.
    uint256 private constant MIN_INDEX = RAY / 100;
    uint256 private constant MAX_INDEX = 1_000 * RAY;

    CashMarketHarness private harness = new CashMarketHarness();

    function setUp() public {
        vm.warp(START);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                   LOAD AND STORE
    //////////////////////////////////////////////////////////////////////////*/

    function test_initialise_BothIndicesAreOneAndTheClockIsNow() public {
        harness.initialise(200, 800, 9_000, 8_500, 2_000, 100);
        Cash memory c = harness.load();
        assertEq(c.supplyIndex, RAY);
        assertEq(c.borrowIndex, RAY);
        assertEq(c.updatedAt, START);
        assertEq(c.supplyShares, 0);
        assertEq(c.borrowShares, 0);
        assertFalse(c.provisionsOpen);
        assertEq(c.minimumDebt(), 100);
        assertEq(c.borrowRate(), 0.02e27);
    }

    function testFuzz_store_LoadsBackEveryField(
        uint104 supplyIndex,
        uint104 borrowIndex,
        uint80 supplyShares,
        uint80 borrowShares,
        uint96 curve,
        uint128 provisions,
        uint128 forfeited
    ) public {
        Cash memory c;
        c.supplyIndex = supplyIndex;
        c.borrowIndex = borrowIndex;
        c.updatedAt = block.timestamp;
        c.supplyShares = supplyShares;
        c.borrowShares = borrowShares;
        c.curve = curve;
        c.provisions = provisions;
        c.forfeited = forfeited;
        harness.store(c);
        c.provisionsOpen = provisions != 0 || forfeited != 0;
        assertEq(abi.encode(harness.load()), abi.encode(c));
        _assertCompilerAgrees(c);
    }

    /// @dev What the compiler's own accessors find where the library wrote words.
    function _assertCompilerAgrees(Cash memory c) private view {
        CashMarket memory m = harness.stored();
        assertEq(m.supplyIndex, c.supplyIndex);
        assertEq(m.borrowIndex, c.borrowIndex);
        assertEq(m.updatedAt, c.updatedAt);
        assertEq(m.flags & 1 != 0, c.provisionsOpen);
        assertEq(m.supplyShares, c.supplyShares);
        assertEq(m.borrowShares, c.borrowShares);
        assertEq(
            abi.encodePacked(m.minimumDebt, m.feeBps, m.kinkBps, m.jumpBps, m.slopeBps, m.baseBps),
            abi.encodePacked(uint96(c.curve))
        );
        assertEq(m.provisions, c.provisions);
        assertEq(m.forfeited, c.forfeited);
    }

    function test_store_ClosesProvisionsAndClearsTheirSlot() public {
        Cash memory c = _cash(RAY, RAY, 10, 0);
        c.provisions = 5;
        c.forfeited = 2;
        harness.store(c);
        c = harness.load();
        assertTrue(c.provisionsOpen);
        c.provisions = 0;
        harness.store(c);
        c = harness.load();
        assertTrue(c.provisionsOpen, "forfeited keeps it open");
        assertEq(c.forfeited, 2);
        c.forfeited = 0;
        harness.store(c);
        c = harness.load();
        assertFalse(c.provisionsOpen);
        assertEq(vm.load(address(harness), bytes32(uint256(2))), 0);
    }

    function test_store_AcceptsEveryFieldFull() public {
        Cash memory c = _cash(type(uint104).max, type(uint104).max, type(uint80).max, type(uint80).max);
        harness.store(c);
        assertEq(abi.encode(harness.load()), abi.encode(c));
    }

    function test_store_RevertWhen_AFieldOverflows() public {
        uint256 tooMany = uint256(type(uint80).max) + 1;
        uint256 tooHigh = uint256(type(uint104).max) + 1;
        _expectOverflow(_cash(RAY, RAY, tooMany, 7), tooMany + 7);
        _expectOverflow(_cash(RAY, RAY, 7, tooMany), tooMany + 7);
        _expectOverflow(_cash(tooHigh, RAY, 7, 1), 8);
        _expectOverflow(_cash(RAY, tooHigh, 7, 1), 8);
    }

    function _expectOverflow(Cash memory c, uint256 found) private {
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_AmountOverflow.selector, found, type(uint80).max));
        harness.store(c);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                      INTEREST
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Source: mpmath, 80 digits: at a utilisation of 85% and a fee of 10% lenders earn 14.9175% a year.
    function test_loadAccrued_ReferenceSupplyRate() public {
        // Base 1.25% and a slope of 4% to the kink of 80%, above it 60% and no slope more than the reference's: at 85% the
        // rate is 1.25% + 4.25% + 14% = 19.5%.
        harness.initialise(125, 500, 5_600, 8_000, 1_000, 0);
        Cash memory c = harness.load();
        (c.supplyShares, c.borrowShares) = (100_000e6, 85_000e6);
        assertEq(c.borrowRate(), 0.195e27);
        harness.store(c);
        vm.warp(START + 1);
        c = harness.load();
        // One second: the compounding inside it is 3e-9 of the rate.
        assertApproxEqRel((c.supplyIndex - RAY) * 365 days, 0.149175e27, 1e10);
        assertApproxEqRel((c.borrowIndex - RAY) * 365 days, 0.195e27, 1e10);
    }

    function test_loadAccrued_DebtIndexRoundsUp() public {
        (uint256 growth, Cash memory c) = _accrueHalf({supplyShares: 0, borrowShares: 1});
        // 1.5 * growth, which is odd
        assertEq(c.borrowIndex, ONE_AND_A_HALF + (3 * growth + 1) / 2);
    }

    function test_loadAccrued_SupplyIndexRoundsDown() public {
        (uint256 growth, Cash memory c) = _accrueHalf({supplyShares: 7, borrowShares: 1});
        assertEq(c.supplyIndex, ONE_AND_A_HALF + (3 * growth + 1) / 2 / 7);
    }

    function _accrueHalf(uint256 supplyShares, uint256 borrowShares) private returns (uint256 growth, Cash memory c) {
        harness.initialise(1, 0, 0, 10_000, 0, 0);
        c = harness.load();
        (c.supplyIndex, c.borrowIndex) = (ONE_AND_A_HALF, ONE_AND_A_HALF);
        (c.supplyShares, c.borrowShares) = (supplyShares, borrowShares);
        harness.store(c);
        // The first time whose growth leaves a half to round, and no multiple of seven.
        uint256 elapsed;
        while (growth % 2 == 0 || ((3 * growth + 1) / 2) % 7 == 0) growth = InterestMath.compound(1e23, ++elapsed);
        vm.warp(START + elapsed);
        c = harness.load();
    }

    function test_borrowRate_UtilisationRoundsUp() public {
        // A third is lent out, at 100% for each unit of utilisation.
        harness.initialise(0, 10_000, 0, 10_000, 0, 0);
        Cash memory c = harness.load();
        (c.supplyShares, c.borrowShares) = (3, 1);
        assertEq(c.borrowRate(), RAY / 3 + 1);
    }

    function test_borrowRate_UtilisationIsAtMostOne() public {
        harness.initialise(100, 200, 300, 5_000, 0, 0);
        Cash memory c = harness.load();
        assertEq(c.borrowRate(), 0.01e27, "empty");
        c.borrowShares = 1;
        assertEq(c.borrowRate(), 0.06e27, "debt without credit");
        c.supplyShares = 1;
        assertEq(c.borrowRate(), 0.06e27, "all lent out");
        c.borrowShares = 1_000;
        assertEq(c.borrowRate(), 0.06e27, "more debt than credit");
        c.borrowShares = 0;
        assertEq(c.borrowRate(), 0.01e27, "nobody borrows");
    }

    /// @dev One unit is lent, and debt of 90,000 stands against profits that are not yet paid: the unit earns what a unit owes.
    function test_loadAccrued_LendersEarnOnWhatTheyLentAlone() public {
        harness.initialise(200, 800, 9_000, 8_500, 2_000, 0);
        Cash memory c = harness.load();
        (c.supplyShares, c.borrowShares) = (1e6, 90_000e6);
        harness.store(c);
        vm.warp(START + 365 days);
        c = harness.load();
        // A year at 100%, and lenders' part of it.
        assertApproxEqRel(c.borrowIndex, 2.718281828e27, 1e9);
        assertEq(c.supplyIndex, RAY + ((c.borrowIndex - RAY) * 4) / 5);
        // Nor does the index leave its field.
        vm.warp(START + 1_000 days);
        harness.store(harness.load());
    }

    /// @dev One share owes 1.5, rounded up to the two units that are lent: lenders share what that share's debt grows by.
    function test_loadAccrued_WhereAllIsLentOutLendersEarnWhatBorrowersPay() public {
        harness.initialise(200, 800, 9_000, 8_500, 0, 0);
        Cash memory c = harness.load();
        c.borrowIndex = ONE_AND_A_HALF;
        (c.supplyShares, c.borrowShares) = (2, 1);
        assertEq(c.borrowAssets(), c.supplyAssets());
        harness.store(c);
        vm.warp(START + 365 days);
        c = harness.load();
        assertEq(c.supplyIndex, RAY + (c.borrowIndex - ONE_AND_A_HALF) / 2);
    }

    function test_loadAccrued_WhatLendersEarnBesideMoreDebtRoundsDown() public {
        harness.initialise(1_000, 0, 0, 10_000, 3_333, 0);
        Cash memory c = harness.load();
        (c.supplyShares, c.borrowShares) = (1, 2);
        harness.store(c);
        uint256 growth = RAY / 10;
        uint256 elapsed;
        while ((growth * 6_667) % 10_000 == 0 || elapsed == 0) growth = InterestMath.compound(1e26, ++elapsed);
        vm.warp(START + elapsed);
        c = harness.load();
        assertEq(c.supplyIndex, RAY + (growth * 6_667) / 10_000);
    }

    function test_loadAccrued_TheFeeStaysInTheVault() public {
        harness.initialise(1_000, 0, 0, 10_000, 2_000, 0);
        Cash memory c = harness.load();
        (c.supplyShares, c.borrowShares) = (1_000e6, 1_000e6);
        harness.store(c);
        vm.warp(START + 365 days);
        c = harness.load();
        uint256 interest = c.borrowAssets() - 1_000e6;
        assertApproxEqAbs(c.supplyAssets() - 1_000e6, (interest * 8) / 10, 2);
        assertEq(c.updatedAt, START + 365 days);
    }

    function test_loadAccrued_WithoutDebtTimePassesAndNothingGrows() public {
        harness.initialise(1_000, 0, 0, 10_000, 0, 0);
        Cash memory c = harness.load();
        c.supplyShares = 1_000e6;
        harness.store(c);
        vm.warp(START + 365 days);
        c = harness.load();
        assertEq(c.supplyIndex, RAY);
        assertEq(c.borrowIndex, RAY);
        assertEq(c.updatedAt, START + 365 days);
        // What was not charged while nobody owed is not charged to the first who does.
        c.borrowShares = 1;
        harness.store(c);
        assertEq(harness.load().borrowIndex, RAY);
    }

    function testFuzz_loadAccrued_IndicesNeverFallAndLendersGetNoMoreThanBorrowersPay(
        uint256 supplyShares,
        uint256 borrowShares,
        uint256 elapsed,
        uint256 fee
    ) public {
        Cash memory c = _started(uint16(bound(fee, 0, 5_000)));
        c.supplyShares = bound(supplyShares, 1, MAX_CASH);
        c.borrowShares = bound(borrowShares, 0, c.supplyShares);
        harness.store(c);
        vm.warp(START + bound(elapsed, 0, MAX_ELAPSED));
        Cash memory d = harness.load();
        assertGe(d.supplyIndex, c.supplyIndex);
        assertGe(d.borrowIndex, c.borrowIndex);
        assertLe(d.supplyShares * (d.supplyIndex - c.supplyIndex), d.borrowShares * (d.borrowIndex - c.borrowIndex));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                    VALUE OF SHARES
    //////////////////////////////////////////////////////////////////////////*/

    function test_supplyAssets_RoundsDown() public pure {
        assertEq(_cash(ONE_AND_A_HALF, RAY, 1, 0).supplyAssets(), 1);
    }

    function test_borrowAssets_RoundsUp() public pure {
        assertEq(_cash(RAY, ONE_AND_A_HALF, 0, 1).borrowAssets(), 2);
    }

    function test_valueOf_CreditRoundsDown() public pure {
        assertEq(_cash(ONE_AND_A_HALF, RAY, 1, 0).valueOf(1), 1);
    }

    function test_valueOf_DebtRoundsUp() public pure {
        assertEq(_cash(RAY, ONE_AND_A_HALF, 0, 1).valueOf(-1), -2);
        assertEq(_cash(RAY, ONE_AND_A_HALF, 0, 1).valueOf(0), 0);
    }

    function test_netSupplyIndex_RoundsDown() public pure {
        Cash memory c = _cash(RAY, RAY, 3, 0);
        c.provisions = 1;
        assertEq(c.netSupplyIndex(), 666_666_666_666_666_666_666_666_666);
    }

    function test_creditE18_IsNetOverGrossRoundedDown() public pure {
        Cash memory c = _cash(ONE_AND_A_HALF, RAY, 1_000, 0);
        assertEq(c.creditE18(), 1e18);
        (c.provisions, c.forfeited) = (100, 100);
        assertEq(c.creditE18(), 1e18);
        c.provisions = 600;
        assertEq(c.creditE18(), 0.666666666666666666e18);
        c.provisions = 1_600;
        assertEq(c.creditE18(), 0);
        assertEq(_emptyWithProvision().creditE18(), 0);
    }

    function test_netSupplyIndex_IsGrossOnceEnoughIsForfeited() public pure {
        Cash memory c = _cash(ONE_AND_A_HALF, RAY, 1_000, 0);
        assertEq(c.netSupplyIndex(), ONE_AND_A_HALF);
        c.provisions = 100;
        c.forfeited = 100;
        assertEq(c.netSupplyIndex(), ONE_AND_A_HALF);
        c.forfeited = 101;
        assertEq(c.netSupplyIndex(), ONE_AND_A_HALF);
        c.forfeited = 99;
        assertEq(c.netSupplyIndex(), (ONE_AND_A_HALF * 1_499) / 1_500);
    }

    function test_netSupplyIndex_IsZeroWhenProvisionsTakeAll() public pure {
        Cash memory c = _cash(RAY, RAY, 1_000, 0);
        c.provisions = 1_000;
        assertEq(c.netSupplyIndex(), 0);
        c.provisions = 5_000;
        assertEq(c.netSupplyIndex(), 0);
        c.provisions = 999;
        assertEq(c.netSupplyIndex(), RAY / 1_000);
        assertEq(_emptyWithProvision().netSupplyIndex(), 0);
    }

    function _emptyWithProvision() private pure returns (Cash memory c) {
        c = _cash(RAY, RAY, 0, 0);
        c.provisions = 1;
    }

    /*//////////////////////////////////////////////////////////////////////////
                                   CREDIT AND DEBIT
    //////////////////////////////////////////////////////////////////////////*/

    function test_credit_DebtIsRoundedUpBeforeItCountsAsRepaid() public pure {
        // One share owes 1.5: one unit does not repay it, and burns nothing.
        Cash memory c = _cash(RAY, ONE_AND_A_HALF, 0, 1);
        assertEq(c.credit(-1, 1), -1);
        assertEq(c.borrowShares, 1);
    }

    function test_credit_BorrowSharesBurnedRoundDown() public pure {
        Cash memory c = _cash(RAY, ONE_AND_A_HALF, 0, 10);
        assertEq(c.credit(-10, 2), -9);
        assertEq(c.borrowShares, 9);
    }

    function test_credit_SupplySharesMintedRoundDown() public pure {
        Cash memory c = _cash(ONE_AND_A_HALF, RAY, 0, 0);
        assertEq(c.credit(0, 1), 0);
        assertEq(c.credit(0, 5), 3);
        assertEq(c.supplyShares, 3);
    }

    function test_credit_RepaysAllThenLends() public pure {
        Cash memory c = _cash(ONE_AND_A_HALF, ONE_AND_A_HALF, 0, 10);
        // 15 repays ten shares, the other 30 are twenty shares.
        assertEq(c.credit(-10, 45), 20);
        assertEq(c.borrowShares, 0);
        assertEq(c.supplyShares, 20);
    }

    function test_debit_SupplySharesBurnedRoundUp() public pure {
        Cash memory c = _cash(ONE_AND_A_HALF, RAY, 10, 0);
        assertEq(c.debit(10, 1), 9);
        assertEq(c.supplyShares, 9);
    }

    function test_debit_WhatASharePaysRoundsDown() public pure {
        // One share pays one of the two units; the other is borrowed, and half a unit stays in the vault.
        Cash memory c = _cash(ONE_AND_A_HALF, RAY, 5, 0);
        assertEq(c.debit(1, 2), -1);
        assertEq(c.supplyShares, 4);
        assertEq(c.borrowShares, 1);
    }

    function test_debit_BorrowSharesMintedRoundUp() public pure {
        Cash memory c = _cash(RAY, ONE_AND_A_HALF, 0, 0);
        assertEq(c.debit(0, 1), -1);
        assertEq(c.debit(-1, 4), -4);
        assertEq(c.borrowShares, 4);
    }

    function test_debit_ADebtorKeepsNoShareWorthLessThanAUnit() public pure {
        // Ten shares of 0.15 pay one unit with seven; what is left is worth 0.45 and goes.
        Cash memory c = _cash(0.15e27, RAY, 10, 0);
        assertEq(c.debit(10, 2), -1);
        assertEq(c.supplyShares, 0);
        assertEq(c.borrowShares, 1);
    }

    function test_debit_OfAllItsValueKeepsTheSharesThatAreLeft() public pure {
        // Ten shares of 0.15 are one unit; seven of them pay it, and nothing is owed.
        Cash memory c = _cash(0.15e27, RAY, 10, 0);
        assertEq(c.debit(10, 1), 3);
        assertEq(c.supplyShares, 3);
        assertEq(c.borrowShares, 0);
    }

    /// @dev Cash whose whole value a provision holds pays nothing; but it is not gone: it covers the loss, or comes to the fund.
    function test_debit_WhatAProvisionHoldsWholeIsForfeited() public pure {
        Cash memory c = _cash(RAY, RAY, 1_000, 0);
        c.provisions = 1_000;
        assertEq(c.debit(400, 100), -100);
        assertEq(c.supplyShares, 600);
        assertEq(c.forfeited, 400);
    }

    function test_moveFraction_WhatAProvisionHoldsWholeIsForfeited() public pure {
        Cash memory c = _cash(RAY, RAY, 1_000, 50);
        c.provisions = 1_000;
        (int256 from, int256 to) = c.moveFraction(400, -50, 1, 2);
        assertEq(from, 200);
        assertEq(to, -50);
        assertEq(c.supplyShares, 800);
        assertEq(c.forfeited, 200);
    }

    function test_debit_ForfeitedRoundsDown() public pure {
        // Three shares of 1.5 are 4; net of a provision of 1 a share pays 1.125. One share burned for one unit: half a unit
        // was given up, and none is promised to anyone.
        Cash memory c = _cash(ONE_AND_A_HALF, RAY, 3, 0);
        c.provisions = 1;
        assertEq(c.debit(3, 1), 2);
        assertEq(c.forfeited, 0);
    }

    /// @dev Nobody gains by bringing cash and taking it out again, whatever the indices, from credit as from debt.
    function testFuzz_credit_ThenDebitGainsNothing(
        uint256 supplyIndex,
        uint256 borrowIndex,
        int256 shares,
        uint256 assets
    ) public pure {
        (Cash memory c, int256 held) = _holder(supplyIndex, borrowIndex, shares);
        assets = bound(assets, 0, MAX_CASH);
        int256 before = c.valueOf(held);
        int256 surplus = _surplus(c, 0);
        held = c.credit(held, assets);
        assertLe(c.valueOf(held), before + int256(assets));
        held = c.debit(held, assets);
        assertLe(c.valueOf(held), before);
        assertGe(_surplus(c, 0), surplus, "the vault lost by it");
        _assertOwner(c, held);
    }

    function testFuzz_debit_ThenCreditGainsNothing(
        uint256 supplyIndex,
        uint256 borrowIndex,
        int256 shares,
        uint256 assets
    ) public pure {
        (Cash memory c, int256 held) = _holder(supplyIndex, borrowIndex, shares);
        assets = bound(assets, 0, MAX_CASH);
        int256 before = c.valueOf(held);
        int256 surplus = _surplus(c, 0);
        held = c.debit(held, assets);
        assertLe(c.valueOf(held), before - int256(assets));
        held = c.credit(held, assets);
        assertLe(c.valueOf(held), before);
        assertGe(_surplus(c, 0), surplus, "the vault lost by it");
        _assertOwner(c, held);
    }

    /// @dev What an account is said to have, it can take, and then it owes nothing.
    function testFuzz_debit_AllOfItsValueLeavesNoDebt(
        uint256 supplyIndex,
        uint256 shares,
        uint256 provisions
    ) public pure {
        Cash memory c = _cash(bound(supplyIndex, MIN_INDEX, MAX_INDEX), RAY, 0, 0);
        uint256 held = bound(shares, 1, MAX_CASH);
        c.supplyShares = 2 * held;
        c.provisions = bound(provisions, 0, c.supplyAssets());
        int256 value = c.valueOf(int256(held));
        int256 left = c.debit(int256(held), uint256(value));
        assertGe(left, 0);
        assertEq(c.borrowShares, 0);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                      PROVISIONS
    //////////////////////////////////////////////////////////////////////////*/

    function test_provision_CashEntersGrossAndLeavesNet() public pure {
        Cash memory c = _cash(RAY, RAY, 2_000e6, 0);
        c.provisions = 500e6;
        assertEq(c.valueOf(1_000e6), 750e6, "a lender of half bears half");

        // A newcomer pays for his shares as if there were no loss, so he gains nothing when the provision is reversed.
        int256 newcomer = c.credit(0, 1_000e6);
        assertEq(newcomer, 1_000e6);
        assertEq(c.valueOf(newcomer), 833_333_333);

        // A leaver is paid as if there were one, and what he gives up is kept for it.
        int256 leaver = c.debit(1_000e6, 833_333_333);
        assertLe(leaver, 1);
        assertApproxEqAbs(c.forfeited, 166_666_667, 2);
        assertApproxEqAbs(uint256(c.valueOf(newcomer)), 833_333_333, 2);

        // Reversed: the newcomer has what he brought and no more.
        (c.provisions, c.forfeited) = (0, 0);
        assertEq(c.valueOf(newcomer), 1_000e6);
    }

    function test_provision_UsedUpLeavesLeaverAndStayerAlike() public pure {
        Cash memory c = _cash(RAY, RAY, 2_000e6, 0);
        c.provisions = 500e6;
        uint256 left = uint256(c.valueOf(1_000e6));
        c.debit(1_000e6, left);
        assertEq(left, 750e6);
        assertEq(c.forfeited, 250e6);
        assertEq(c.socialise(500e6), 250e6, "the other half was collected already");
        assertEq(c.forfeited, 0);
        c.provisions = 0;
        assertEq(uint256(c.valueOf(1_000e6)), left);
    }

    /// @dev A leaver neither lifts nor lowers what those who stay would be paid.
    function testFuzz_provision_LeavingMovesNobodyElse(
        uint256 supplyIndex,
        uint256 leaver,
        uint256 stayer,
        uint256 provisions,
        uint256 assets
    ) public pure {
        Cash memory c = _cash(bound(supplyIndex, RAY, MAX_INDEX), RAY, 0, 0);
        leaver = bound(leaver, 1e6, 1e15);
        stayer = bound(stayer, 1e6, 1e15);
        c.supplyShares = leaver + stayer;
        c.provisions = bound(provisions, 0, (c.supplyAssets() * 9) / 10);
        uint256 value = uint256(c.valueOf(int256(leaver)));
        int256 before = c.valueOf(int256(stayer));
        c.debit(int256(leaver), bound(assets, 0, value));
        // Net of rounding: supply and provisions are whole units.
        assertApproxEqAbs(c.valueOf(int256(stayer)), before, 4 + (2 * c.supplyIndex) / RAY);
        // A share is burned whole, so at most one share's worth is forfeited beyond the provisions.
        assertLe(c.forfeited, c.provisions + c.supplyIndex / RAY + 1);
    }

    function testFuzz_provision_InAndOutAgainGainsNothing(
        uint256 held,
        uint256 others,
        uint256 provisions,
        uint256 assets
    ) public pure {
        Cash memory c = _cash(RAY, RAY, 0, 0);
        held = bound(held, 1e6, 1e15);
        others = bound(others, 1e6, 1e15);
        c.supplyShares = held + others;
        c.provisions = bound(provisions, 0, (c.supplyAssets() * 9) / 10);
        assets = bound(assets, 1, 1e15);
        int256 before = c.valueOf(int256(held));
        int256 shares = c.credit(int256(held), assets);
        shares = c.debit(shares, assets);
        assertLe(c.valueOf(shares), before + 2);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                    MOVE A FRACTION
    //////////////////////////////////////////////////////////////////////////*/

    function test_moveFraction_CreditMovedRoundsDown() public pure {
        Cash memory c = _cash(RAY, RAY, 3, 0);
        (int256 from, int256 to) = c.moveFraction(3, 0, 1, 2);
        assertEq(from, 2);
        assertEq(to, 1);
    }

    function test_moveFraction_DebtMovedRoundsUp() public pure {
        Cash memory c = _cash(RAY, RAY, 0, 3);
        (int256 from, int256 to) = c.moveFraction(-3, 0, 1, 2);
        assertEq(from, -1);
        assertEq(to, -2);
    }

    function test_moveFraction_CreditThatRepaysDebtRoundsDown() public pure {
        // One share of 1.5 repays one unit.
        Cash memory c = _cash(ONE_AND_A_HALF, RAY, 5, 10);
        (int256 from, int256 to) = c.moveFraction(1, -10, 1, 1);
        assertEq(from, 0);
        assertEq(to, -9);
        assertEq(c.supplyShares, 4);
        assertEq(c.borrowShares, 9);
    }

    function test_moveFraction_DebtPaidFromCreditRoundsUp() public pure {
        // One share owes 1.5 and costs the taker two units.
        Cash memory c = _cash(RAY, ONE_AND_A_HALF, 10, 5);
        (int256 from, int256 to) = c.moveFraction(-1, 10, 1, 1);
        assertEq(from, 0);
        assertEq(to, 8);
        assertEq(c.supplyShares, 8);
        assertEq(c.borrowShares, 4);
    }

    function test_moveFraction_OfOneSignLosesNothingToAProvision() public pure {
        Cash memory c = _cash(RAY, RAY, 100, 0);
        c.provisions = 50;
        (int256 from, int256 to) = c.moveFraction(60, 40, 1, 2);
        assertEq(from, 30);
        assertEq(to, 70);
        assertEq(c.forfeited, 0);
        assertEq(c.supplyShares, 100);
    }

    /// @dev One share owes 1.5: a debt that were paid and borrowed again would be two shares.
    function test_moveFraction_DebtToWhoHasNothingMovesAsItIs() public pure {
        Cash memory c = _cash(RAY, ONE_AND_A_HALF, 0, 1);
        (int256 from, int256 to) = c.moveFraction(-1, 0, 1, 1);
        assertEq(from, 0);
        assertEq(to, -1);
        assertEq(c.borrowShares, 1);
    }

    function test_moveFraction_NothingMovesNothing() public pure {
        Cash memory c = _cash(RAY, RAY, 9, 9);
        (int256 from, int256 to) = c.moveFraction(0, -9, 1, 2);
        assertEq(from, 0);
        assertEq(to, -9);
        (from, to) = c.moveFraction(1, -9, 1, 2);
        assertEq(from, 1, "half a share is none");
        assertEq(to, -9);
    }

    /// @dev Every combination of signs: shares add up to the totals, the vault loses nothing, and what the two have
    /// together does not grow.
    function testFuzz_moveFraction_ConservesTotals(
        uint256 supplyIndex,
        uint256 borrowIndex,
        int256 from,
        int256 to,
        uint256 fraction,
        uint256 provisions
    ) public pure {
        Cash memory c = _cash(bound(supplyIndex, MIN_INDEX, MAX_INDEX), bound(borrowIndex, RAY, MAX_INDEX), 0, 0);
        from = bound(from, -1e18, 1e18);
        to = bound(to, -1e18, 1e18);
        fraction = bound(fraction, 0, 1e18);
        uint256 bystander = 1e18;
        c.supplyShares = bystander + _positive(from) + _positive(to);
        c.borrowShares = _positive(-from) + _positive(-to);
        c.provisions = bound(provisions, 0, c.supplyAssets() / 2);
        int256 before = c.valueOf(from) + c.valueOf(to);
        int256 surplus = _surplus(c, 0);

        (int256 fromAfter, int256 toAfter) = c.moveFraction(from, to, fraction, 1e18);

        assertEq(c.supplyShares, bystander + _positive(fromAfter) + _positive(toAfter), "supply shares");
        assertEq(c.borrowShares, _positive(-fromAfter) + _positive(-toAfter), "borrow shares");
        assertGe(_surplus(c, 0), surplus, "the vault lost by it");
        // The net index is known to a unit of all credit, and each of the two may be rounded by one.
        assertLe(c.valueOf(fromAfter) + c.valueOf(toAfter), before + 8 + int256((2 * c.supplyIndex) / RAY));
        // What is left never has the other sign, and is not more than the fraction leaves, rounded against the taker.
        int256 left = from * int256(1e18 - fraction);
        assertGe(fromAfter * 1e18, left);
        assertLt(fromAfter * 1e18, left + 1e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        LOSSES
    //////////////////////////////////////////////////////////////////////////*/

    function test_socialise_IndexRoundsDown() public pure {
        Cash memory c = _cash(RAY, RAY, 3, 0);
        assertEq(c.socialise(1), 1);
        assertEq(c.supplyIndex, 666_666_666_666_666_666_666_666_666);
    }

    function test_socialise_TakesWhatWasForfeitedFirst() public pure {
        Cash memory c = _cash(RAY, RAY, 1_000, 0);
        c.forfeited = 30;
        assertEq(c.socialise(20), 0);
        assertEq(c.forfeited, 10);
        assertEq(c.supplyIndex, RAY);
        assertEq(c.socialise(110), 100);
        assertEq(c.forfeited, 0);
        assertEq(c.supplyIndex, (RAY * 9) / 10);
        assertEq(c.socialise(0), 0);
        assertEq(c.supplyIndex, (RAY * 9) / 10);
    }

    function test_socialise_LendersBearNoMoreThanTheyHave() public pure {
        Cash memory c = _cash(RAY, RAY, 1_000, 0);
        // The lowest index leaves a share a price; here a trace of one unit.
        assertEq(c.socialise(1_001), 999);
        assertEq(c.supplyIndex, RAY / 1e9);
        assertEq(c.supplyAssets(), 0);
        // Deposits and repayments stay possible.
        assertGt(c.credit(0, 1_000), 0);
        assertEq(c.credit(-5, 0), -5);
        c = _cash(RAY, RAY, 0, 5);
        assertEq(c.socialise(7), 0);
        assertEq(c.supplyIndex, RAY);
    }

    /// @dev Three units at an index of one and a half times the lowest: the loss of one leaves two thirds of it, which is the lowest.
    function test_socialise_ALossThatEndsAtTheFloorIsBorneWhole() public pure {
        Cash memory c = _cash((RAY * 3) / 2e9, RAY, 2.5e9, 0);
        assertEq(c.supplyAssets(), 3);
        assertEq(c.socialise(1), 1);
        assertEq(c.supplyIndex, RAY / 1e9);
        assertEq(c.supplyAssets(), 2);
    }

    function testFuzz_socialise_TakesAtLeastTheLossAndTouchesNoDebt(
        uint256 supplyIndex,
        uint256 shares,
        uint256 loss
    ) public pure {
        Cash memory c = _cash(bound(supplyIndex, MIN_INDEX, MAX_INDEX), RAY, bound(shares, 1e6, MAX_CASH), 77);
        uint256 supply = c.supplyAssets();
        // Short of everything, when the index meets its floor.
        loss = bound(loss, 0, supply - supply / 1_000 - 1);
        assertEq(c.socialise(loss), loss);
        assertLe(c.supplyAssets(), supply - loss);
        assertApproxEqAbs(c.supplyAssets(), supply - loss, 1);
        assertEq(c.borrowIndex, RAY);
        assertEq(c.borrowShares, 77);
    }

    function testFuzz_socialise_TheIndexKeepsAFloor(uint256 supplyIndex, uint256 shares, uint256 loss) public pure {
        Cash memory c = _cash(bound(supplyIndex, MIN_INDEX, MAX_INDEX), RAY, bound(shares, 1e6, MAX_CASH), 0);
        uint256 supply = c.supplyAssets();
        loss = bound(loss, supply - supply / 1_000, type(uint128).max);
        uint256 borne = c.socialise(loss);
        assertGe(c.supplyIndex, RAY / 1e9);
        assertLe(borne, loss);
        // What is not borne is still owed to lenders, and no more than that, up to a unit.
        assertLe(c.supplyAssets(), supply - borne);
        assertApproxEqAbs(c.supplyAssets(), supply - borne, 1);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        A WALK
    //////////////////////////////////////////////////////////////////////////*/

    uint256 private constant WALKERS = 4;
    uint256 private constant STEPS = 40;
    /// @dev Account 0 is the fund.
    int256[WALKERS] private _shares;
    uint256 private _idle;

    /// @dev Gains, losses and provisions in one walk. After each step: shares add up, the borrow index has not fallen, the
    /// supply index has fallen only by a socialised loss, no step cost the vault anything, and what all accounts have is
    /// covered by what lies idle and what is owed (promises 1 and 4).
    function testFuzz_walk_CreditIsAlwaysCovered(uint256 seed) public {
        Cash memory c = _started(2_000);
        harness.store(c);
        _step(0, 1, 1e12);
        for (uint256 i; i < STEPS; ++i) {
            uint256 roll = uint256(keccak256(abi.encode(seed, i)));
            // Each kind comes once at least, and then by chance.
            uint256 kind = i < 6 ? i : roll % 6;
            _step(kind, (roll >> 8) % WALKERS, 1 + ((roll >> 16) % 10 ** (1 + ((roll >> 240) % 12))));
        }
    }

    function _step(uint256 kind, uint256 who, uint256 size) private {
        Cash memory c = harness.load();
        (uint256 supplyIndex, uint256 borrowIndex) = (c.supplyIndex, c.borrowIndex);
        int256 surplus = _surplus(c, _idle);
        uint256 other = (who + 1 + (size % (WALKERS - 1))) % WALKERS;
        if (kind == 0) {
            _idle += size;
            _shares[who] = c.credit(_shares[who], size);
        } else if (kind == 1) {
            if (size > _idle) size = _idle;
            _idle -= size;
            _shares[who] = c.debit(_shares[who], size);
        } else if (kind == 2) {
            (_shares[who], _shares[other]) = c.moveFraction(_shares[who], _shares[other], size % 1e6, 1e6);
        } else if (kind == 3) {
            c.provisions = size % (c.supplyAssets() / 2 + 1);
            if (c.forfeited > c.provisions) {
                _shares[0] = c.credit(_shares[0], c.forfeited - c.provisions);
                c.forfeited = c.provisions;
            }
        } else if (kind == 4) {
            // A debtor with nothing left: a part of his debt falls on lenders.
            uint256 loss = size % (c.supplyAssets() / 10 + 1);
            uint256 debt = uint256(-(_shares[who] < 0 ? c.valueOf(_shares[who]) : int256(0)));
            if (loss > debt) loss = debt;
            uint256 forfeited = c.forfeited;
            uint256 borne = c.socialise(loss);
            assertEq(borne + forfeited - c.forfeited, loss);
            _shares[who] = c.credit(_shares[who], loss);
        } else {
            vm.warp(c.updatedAt + (size % 30 days));
            harness.store(c);
            c = harness.load();
        }
        harness.store(c);

        assertGe(c.borrowIndex, borrowIndex, "the borrow index fell");
        if (kind != 4) assertGe(c.supplyIndex, supplyIndex, "the supply index fell");
        assertGe(_surplus(c, _idle), surplus, "the vault lost by it");
        uint256 supplied;
        uint256 borrowed;
        int256 values;
        for (uint256 i; i < WALKERS; ++i) {
            supplied += _positive(_shares[i]);
            borrowed += _positive(-_shares[i]);
            if (_shares[i] > 0) values += c.valueOf(_shares[i]);
        }
        assertEq(supplied, c.supplyShares, "supply shares");
        assertEq(borrowed, c.borrowShares, "borrow shares");
        assertLe(values, int256(_idle + c.borrowAssets()), "credit is not covered");
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       HELPERS
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev What the vault has beyond what it owes, with 27 decimals more than a unit, so that nothing is rounded here.
    function _surplus(Cash memory c, uint256 idle) private pure returns (int256) {
        return
            int256(idle * RAY + c.borrowShares * c.borrowIndex) -
            int256(c.supplyShares * c.supplyIndex + c.forfeited * RAY);
    }

    function _cash(
        uint256 supplyIndex,
        uint256 borrowIndex,
        uint256 supplyShares,
        uint256 borrowShares
    ) private pure returns (Cash memory c) {
        c.supplyIndex = supplyIndex;
        c.borrowIndex = borrowIndex;
        c.updatedAt = START;
        c.supplyShares = supplyShares;
        c.borrowShares = borrowShares;
    }

    /// @dev A market of one holder, of either sign.
    function _holder(
        uint256 supplyIndex,
        uint256 borrowIndex,
        int256 shares
    ) private pure returns (Cash memory c, int256 held) {
        held = bound(shares, -int256(MAX_CASH), int256(MAX_CASH));
        c = _cash(
            bound(supplyIndex, MIN_INDEX, MAX_INDEX),
            bound(borrowIndex, RAY, MAX_INDEX),
            _positive(held),
            _positive(-held)
        );
    }

    function _assertOwner(Cash memory c, int256 held) private pure {
        assertEq(c.supplyShares, _positive(held), "supply shares");
        assertEq(c.borrowShares, _positive(-held), "borrow shares");
    }

    function _started(uint16 feeBps) private returns (Cash memory) {
        harness.initialise(200, 800, 9_000, 8_500, feeBps, 0);
        return harness.load();
    }

    function _positive(int256 x) private pure returns (uint256) {
        return x > 0 ? uint256(x) : 0;
    }
}
