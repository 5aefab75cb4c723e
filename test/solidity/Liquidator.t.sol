// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Vm} from "forge-std/Vm.sol";

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {Errors} from "../../contracts/base/Errors.sol";
import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {IMarginAccountCore} from "../../contracts/interfaces/IMarginAccountCore.sol";
import {IRiskEngine} from "../../contracts/interfaces/IRiskEngine.sol";
import {AccountId, toAccountId} from "../../contracts/types/AccountId.sol";
import {Assessment} from "../../contracts/types/Assessment.sol";
import {BallastTest} from "./utils/BallastTest.sol";

/// @title LiquidatorTest
/// @notice Promise 5: who may be liquidated, for how much, by whom and at what price.
/// @dev The usual account: ten ether against 15,000. At 1,700 it has E = 2,000 and MM = 2,380: health 0.84.
contract LiquidatorTest is BallastTest {
    event Liquidated(
        uint256 indexed accountId,
        uint256 indexed takerId,
        uint256 fractionE18,
        uint256 discountE18,
        int256 payment,
        uint256 fundFee,
        uint256 healthE18
    );
    event LossSocialised(uint256 indexed accountId, uint256 amount, uint256 supplyIndex);
    event LiquidationParametersSet(ILiquidator.LiquidationParameters parameters);

    uint256 private constant ALL = type(uint256).max;
    int256 private constant NO_LIMIT = type(int256).max;

    function setUp() public override {
        super.setUp();
        _borrow(alice, 10e18, 15_000e6);
        _deposit(taker, address(usdc), 1_000_000e6);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        REFUSALS
    //////////////////////////////////////////////////////////////////////////*/

    function test_OnlyTheTakersSideTakes() public {
        _setPrice(WETH_ASSET, 1_700e8);
        _refused(
            stranger,
            taker,
            ALL,
            NO_LIMIT,
            abi.encodeWithSelector(Errors.MarginAccount_NotAuthorized.selector, _raw(taker), stranger, TRADE)
        );
        vm.prank(taker);
        marginAccount.setOperator(_account(taker), stranger, WITHDRAW | POLICY);
        _refused(
            stranger,
            taker,
            ALL,
            NO_LIMIT,
            abi.encodeWithSelector(Errors.MarginAccount_NotAuthorized.selector, _raw(taker), stranger, TRADE)
        );
        vm.prank(taker);
        marginAccount.setOperator(_account(taker), stranger, TRADE);
        vm.prank(stranger);
        liquidator.liquidate(_account(alice), _account(taker), ALL, NO_LIMIT, "");
    }

    function test_NobodyLiquidatesHisOwnAccount() public {
        _setPrice(WETH_ASSET, 1_700e8);
        // 1: the owner's other account takes.
        AccountId second = toAccountId(alice, 1);
        bytes memory own = abi.encodeWithSelector(Errors.MarginAccount_SelfLiquidation.selector, _raw(alice), alice);
        vm.prank(alice);
        vm.expectRevert(own);
        liquidator.liquidate(_account(alice), second, ALL, NO_LIMIT, "");
        // The same account, too.
        _refused(alice, alice, ALL, NO_LIMIT, own);

        // 2: the owner calls for a stranger's account that he operates.
        vm.prank(taker);
        marginAccount.setOperator(_account(taker), alice, TRADE);
        _refused(alice, taker, ALL, NO_LIMIT, own);

        // 3: an operator takes into his own account, whatever his right.
        for (uint8 right = 1; right <= 4; right *= 2) {
            vm.prank(alice);
            marginAccount.setOperator(_account(alice), bob, right);
            own = abi.encodeWithSelector(Errors.MarginAccount_SelfLiquidation.selector, _raw(alice), bob);
            _refused(bob, bob, ALL, NO_LIMIT, own);
            // 4: an operator calls for a stranger's account.
            vm.prank(taker);
            marginAccount.setOperator(_account(taker), bob, TRADE);
            _refused(bob, taker, ALL, NO_LIMIT, own);
        }

        // And a stranger who calls for the operator's account.
        vm.prank(bob);
        marginAccount.setOperator(_account(bob), carol, TRADE);
        own = abi.encodeWithSelector(Errors.MarginAccount_SelfLiquidation.selector, _raw(alice), carol);
        _refused(carol, bob, ALL, NO_LIMIT, own);
    }

    function test_NotInTheBlockInWhichTheOwnerRaisedRisk() public {
        vm.prank(alice);
        marginAccount.withdraw(_account(alice), address(weth), 0.01e18, alice);
        _setPrice(WETH_ASSET, 1_700e8);
        _refused(
            taker,
            taker,
            ALL,
            NO_LIMIT,
            abi.encodeWithSelector(Errors.Liquidator_CoolingOff.selector, _raw(alice), block.number)
        );
        vm.roll(block.number + 1);
        _take(ALL);
    }

    function test_ATakerCannotBeTakenInTheSameBlock() public {
        _setPrice(WETH_ASSET, 1_700e8);
        _take(ALL);
        assertEq(_header(taker).riskBlock(), block.number);
        assertTrue(_header(alice).riskBlock() != block.number);
    }

    function test_NotWhileAPriceIsHalted() public {
        _setPrice(WETH_ASSET, 1_700e8);
        bytes memory halted = abi.encodeWithSelector(Errors.Liquidator_PriceHalted.selector, _raw(alice));
        feeds[WETH_ASSET].push(1_700e8, block.timestamp - COIN_HEARTBEAT - SLACK - 1);
        _refused(taker, taker, ALL, NO_LIMIT, halted);
        feeds[WETH_ASSET].push(-1_700e8, block.timestamp);
        _refused(taker, taker, ALL, NO_LIMIT, halted);
        feeds[WETH_ASSET].push(1_700e8, block.timestamp + 1);
        _refused(taker, taker, ALL, NO_LIMIT, halted);
        _setPrice(WETH_ASSET, 1_700e8);
        _makeStale(QUOTE_ASSET);
        _refused(taker, taker, ALL, NO_LIMIT, halted);
        vm.expectRevert(halted);
        liquidator.quote(_account(alice), ALL);
    }

    function test_NotWhileHealthIsOneOrMore() public {
        _refused(
            taker,
            taker,
            ALL,
            NO_LIMIT,
            abi.encodeWithSelector(Errors.Liquidator_Healthy.selector, _raw(alice), _health(alice))
        );
        // 8.6 p = 15,000: the last price at which E is at least MM, and the first at which it is not.
        _setPrice(WETH_ASSET, 174_418_604_652);
        assertGe(_health(alice), 1e18);
        _refused(
            taker,
            taker,
            ALL,
            NO_LIMIT,
            abi.encodeWithSelector(Errors.Liquidator_Healthy.selector, _raw(alice), _health(alice))
        );
        _setPrice(WETH_ASSET, 174_418_604_651);
        assertLt(_health(alice), 1e18);
        _take(ALL);
        // An account without anything is healthy for ever.
        vm.expectRevert(abi.encodeWithSelector(Errors.Liquidator_Healthy.selector, _raw(bob), ALL));
        liquidator.quote(_account(bob), ALL);
    }

    /// @dev Ten ether at 1,750 against 15,050: E and MM are 2,450, to the unit.
    function test_NotWhileHealthIsExactlyOne() public {
        _borrow(bob, 10e18, 15_050e6);
        _setPrice(WETH_ASSET, 1_750e8);
        assertEq(_health(bob), 1e18);
        vm.expectRevert(abi.encodeWithSelector(Errors.Liquidator_Healthy.selector, _raw(bob), 1e18));
        liquidator.quote(_account(bob), ALL);
    }

    /// @dev With a target just above one, an account just below it needs less than a percent: that is no look at the clock.
    function test_ALargestSliceBelowOnePercentMayBeTaken() public {
        ILiquidator.LiquidationParameters memory p = _liquidationParameters();
        (p.targetHealthBps, p.dustValue) = (10_010, 0);
        liquidator.setLiquidationParameters(p);
        _setPrice(WETH_ASSET, 174_418_604_651);
        uint256 most = liquidator.quote(_account(alice), ALL).maxFractionE18;
        assertGt(most, 0);
        assertLt(most, 0.01e18);
        _refused(
            taker,
            taker,
            most - 1,
            NO_LIMIT,
            abi.encodeWithSelector(Errors.Liquidator_FractionTooSmall.selector, most - 1, 0.01e18)
        );
        assertEq(_take(most).fractionE18, most);
    }

    function test_SlicesBelowOnePercentAreRefused() public {
        _setPrice(WETH_ASSET, 1_700e8);
        _refused(
            taker,
            taker,
            0.01e18 - 1,
            NO_LIMIT,
            abi.encodeWithSelector(Errors.Liquidator_FractionTooSmall.selector, 0.01e18 - 1, 0.01e18)
        );
        _refused(
            taker,
            taker,
            0,
            NO_LIMIT,
            abi.encodeWithSelector(Errors.Liquidator_FractionTooSmall.selector, 0, 0.01e18)
        );
        _take(0.01e18);
        assertEq(_collateral(taker, WETH_ASSET), 0.1e18);
    }

    function test_MoreThanTheLargestSliceMeansTheLargest() public {
        _setPrice(WETH_ASSET, 1_700e8);
        uint256 most = liquidator.quote(_account(alice), ALL).maxFractionE18;
        for (uint256 i; i < 3; ++i) {
            uint256 asked =
                i == 0
                    ? ALL
                    : i == 1
                        ? 1e18
                        : most + 1;
            ILiquidator.Quote memory q = liquidator.quote(_account(alice), asked);
            assertEq(q.fractionE18, most);
        }
        assertEq(_take(2 ** 112).fractionE18, most);
    }

    function test_TheTakersLimitHolds() public {
        _setPrice(WETH_ASSET, 1_700e8);
        ILiquidator.Quote memory q = liquidator.quote(_account(alice), ALL);
        int256 total = q.payment + int256(q.fundFee);
        _refused(
            taker,
            taker,
            ALL,
            total - 1,
            abi.encodeWithSelector(Errors.Liquidator_PaymentAboveLimit.selector, total, total - 1)
        );
        vm.prank(taker);
        liquidator.liquidate(_account(alice), _account(taker), ALL, total, "");
    }

    function test_ATakerBelowInitialMarginIsRefused() public {
        _setPrice(WETH_ASSET, 1_700e8);
        ILiquidator.Quote memory q = liquidator.quote(_account(alice), 0.1e18);
        int256 total = q.payment + int256(q.fundFee);
        // One tenth: 1,700 of collateral, 1,500 of debt, and the payment; initial margin is 391.
        int256 equity = (200e6 - total) * 1e12;
        _refused(
            bob,
            bob,
            0.1e18,
            NO_LIMIT,
            abi.encodeWithSelector(Errors.MarginAccount_BelowInitialMargin.selector, _raw(bob), equity, 391e18)
        );
        uint256 needed = uint256(int256(391e6) - equity / 1e12);
        _deposit(bob, address(usdc), needed);
        vm.prank(bob);
        liquidator.liquidate(_account(alice), _account(bob), 0.1e18, NO_LIMIT, "");
    }

    function test_ATakerIsNotLeftWithADustDebt() public {
        _makeDust();
        _deposit(bob, address(weth), 1e18);
        vm.prank(bob);
        (bool ok, bytes memory reason) = address(liquidator).call(
            abi.encodeCall(ILiquidator.liquidate, (_account(carol), _account(bob), ALL, NO_LIMIT, ""))
        );
        assertFalse(ok);
        assertEq(bytes4(reason), Errors.MarginAccount_DustDebt.selector);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         PAYMENT
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Against exact rational arithmetic: the payment is f (E - d MM) to a unit above, the fee a tenth of f d MM.
    function testFuzz_PaymentIsTheFormulas(uint256 price, uint256 fraction, uint256 time) public {
        price = bound(price, 1_100e8, 1_744e8);
        fraction = bound(fraction, 0.01e18, 1e18);
        time = bound(time, 0, 9 minutes);
        _setPrice(WETH_ASSET, int256(price));
        marginAccount.rebalance(_account(alice));
        skip(time);
        _refreshPrices();

        ILiquidator.Quote memory q = liquidator.quote(_account(alice), fraction);
        int256 cash = _cash(alice);
        // {quote E18} exact: ten ether at a price with eight decimals.
        int256 value = int256(price * 10 * 1e10);
        int256 equity = value + cash * 1e12;
        int256 maintenance = (value * 14) / 100;
        // d = min(1, 5% + (1 - E / MM) + 10% a minute); health is rounded down, so d may be a unit up.
        int256 discount = 0.05e18 + 1e18 - (equity * 1e18) / maintenance + int256((0.1e18 * time) / 1 minutes);
        if (discount > 1e18) discount = 1e18;
        assertApproxEqAbs(int256(q.discountE18), discount, 1);

        // {E54}
        int256 exact = int256(q.fractionE18) * (equity * 1e18 - int256(q.discountE18) * maintenance);
        int256 fee = (int256(q.fractionE18) * int256(q.discountE18) * maintenance) / 10;
        int256 unit = 1e48;
        if (exact >= 0) {
            assertGe(q.payment * unit, exact);
            assertLe(q.payment * unit, exact + unit + 1e38);
            assertGe(int256(q.fundFee) * unit, fee);
            assertLe(int256(q.fundFee) * unit, fee + unit + 1e38);
        } else {
            int256 net = -exact - fee;
            int256 got = -q.payment - int256(q.fundFee);
            assertLe(got * unit, net + 1e38);
            assertGe(got * unit, net - unit - 1e38);
        }
    }

    function test_DiscountGrowsWithMissingHealthAndTime() public {
        _setPrice(WETH_ASSET, 1_700e8);
        uint256 health = _health(alice);
        uint256 start = 0.05e18 + 1e18 - health;
        assertEq(liquidator.quote(_account(alice), ALL).discountE18, start);
        // Nobody recorded it yet: time does not count.
        _pass(3 minutes);
        assertApproxEqAbs(liquidator.quote(_account(alice), ALL).discountE18, start, 1e15);
        marginAccount.rebalance(_account(alice));
        _pass(3 minutes);
        assertApproxEqAbs(liquidator.quote(_account(alice), ALL).discountE18, start + 0.3e18, 1e15);
        _pass(30 seconds);
        assertApproxEqAbs(liquidator.quote(_account(alice), ALL).discountE18, start + 0.35e18, 1e15);
        _pass(1 hours);
        assertEq(liquidator.quote(_account(alice), ALL).discountE18, 1e18);
        // Six hours without a look: it starts again.
        _pass(6 hours);
        assertApproxEqAbs(liquidator.quote(_account(alice), ALL).discountE18, start, 0.05e18);
    }

    /// @dev Minutes are counted from when the account was seen below one, while it is looked at as often as is asked.
    function test_TimeCountsOnlyFromALookBelowOne() public {
        _setPrice(WETH_ASSET, 1_700e8);
        uint256 atOnce = liquidator.quote(_account(alice), ALL).discountE18;
        // Called at 1.19, and only then below one: somebody looked, but not at that.
        _setPrice(WETH_ASSET, 1_800e8);
        marginAccount.rebalance(_account(alice));
        assertEq(_header(alice).lastPoke(), block.timestamp);
        _setPrice(WETH_ASSET, 1_700e8);
        // The keeper's pay lowers health by less than a thousandth.
        assertApproxEqAbs(liquidator.quote(_account(alice), ALL).discountE18, atOnce, 0.001e18);

        marginAccount.rebalance(_account(alice));
        uint256 restart = liquidator.liquidationParameters().restartSeconds;
        skip(restart);
        _refreshPrices();
        assertGt(liquidator.quote(_account(alice), ALL).discountE18, atOnce + 0.1e18);
        skip(1);
        _refreshPrices();
        // Nor does interest of six hours by more.
        assertApproxEqAbs(liquidator.quote(_account(alice), ALL).discountE18, atOnce, 0.001e18);
    }

    /// @dev A slice that leaves the account below one leaves its clock running; one that restores it ends the liquidation.
    function test_TheClockRunsUntilHealthIsOne() public {
        _setPrice(WETH_ASSET, 1_700e8);
        marginAccount.rebalance(_account(alice));
        uint256 since = _header(alice).liquidationSince();
        assertEq(since, block.timestamp);
        _take(0.02e18);
        assertLt(_health(alice), 1e18);
        assertEq(_header(alice).liquidationSince(), since);
        _take(ALL);
        assertGe(_health(alice), 1e18);
        assertEq(_header(alice).liquidationSince(), 0);
    }

    /// @dev Who has nothing left but what he was paid is not being liquidated.
    function test_WhoseAllIsTakenHasNoClock() public {
        _makeDust();
        marginAccount.rebalance(_account(carol));
        assertEq(_header(carol).liquidationSince(), block.timestamp);
        vm.prank(taker);
        liquidator.liquidate(_account(carol), _account(taker), ALL, NO_LIMIT, "");
        assertEq(_collateral(carol, WETH_ASSET), 0);
        assertEq(_header(carol).liquidationSince(), 0);
    }

    function test_ASliceMovesItsFractionOfEverything() public {
        _setPrice(WETH_ASSET, 1_700e8);
        ILiquidator.Quote memory q = liquidator.quote(_account(alice), 0.25e18);
        int256 cashBefore = _cash(taker);
        vm.expectEmit(address(liquidator));
        emit Liquidated(
            _raw(alice),
            _raw(taker),
            0.25e18,
            q.discountE18,
            q.payment,
            q.fundFee,
            _healthAfter(0.25e18, q)
        );
        _take(0.25e18);
        assertEq(_collateral(alice, WETH_ASSET), 7.5e18);
        assertEq(_collateral(taker, WETH_ASSET), 2.5e18);
        assertEq(_cash(alice), -11_250e6 + q.payment);
        assertEq(_cash(taker), cashBefore - 3_750e6 - q.payment - int256(q.fundFee));
        // The fund's share stays in the vault until it is collected.
        assertApproxEqAbs(marginAccount.collectFees(), q.fundFee, 2);
    }

    function test_ReservesStayOutOfALiquidation() public {
        _depositReserve(alice, address(usdc), 100e6);
        _depositReserve(alice, address(wbtc), 1e8);
        _setPrice(WETH_ASSET, 1_400e8);
        _take(ALL);
        assertEq(_collateral(alice, WETH_ASSET), 0);
        assertEq(_reserve(alice, QUOTE_ASSET), 100e6);
        assertEq(_reserve(alice, WBTC_ASSET), 1e8);
        vm.prank(alice);
        assertEq(marginAccount.withdrawReserve(_account(alice), address(wbtc), 1e8, alice), 1e8);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                           SIZE
    //////////////////////////////////////////////////////////////////////////*/

    function test_ALargestSliceRestoresTheTarget() public {
        _setPrice(WETH_ASSET, 1_700e8);
        uint256 h = _health(alice);
        ILiquidator.Quote memory q = liquidator.quote(_account(alice), ALL);
        // f = (1.15 - h) / (1.15 - d)
        assertApproxEqAbs(q.maxFractionE18, ((1.15e18 - h) * 1e18) / (1.15e18 - q.discountE18), 1);
        _take(ALL);
        assertApproxEqAbs(_health(alice), 1.15e18, 1e12);
        assertEq(_header(alice).liquidationSince(), 0);
        vm.expectRevert(abi.encodeWithSelector(Errors.Liquidator_Healthy.selector, _raw(alice), _health(alice)));
        liquidator.quote(_account(alice), ALL);
    }

    /// @dev With a size factor a slice lowers the margin of what stays, and the closed form overshoots.
    function testFuzz_UnderASizeFactorHealthStaysBelowTargetPlusTolerance(
        uint256 amount,
        uint256 price,
        uint256 asked
    ) public {
        amount = bound(amount, 1_000e18, 4_000e18);
        uint256 debt = (amount * 1_300) / 1e12;
        _lend(40_000_000e6);
        _deposit(taker, address(usdc), 40_000_000e6);
        _borrow(bob, amount, debt);
        price = bound(price, 1_400e8, 1_800e8);
        _setPrice(WETH_ASSET, int256(price));
        uint256 before = _health(bob);
        if (before >= 1e18) return;
        vm.prank(taker);
        ILiquidator.Quote memory q = liquidator.liquidate(
            _account(bob),
            _account(taker),
            bound(asked, 0.01e18, 1e18),
            NO_LIMIT,
            ""
        );
        // Infinite where all of it was taken.
        uint256 reached = _health(bob);
        assertGe(reached, before - 1e6);
        if (q.maxFractionE18 == 1e18) return;
        assertLe(reached, 1.15e18 + 0.02e18 + 1e12);
        // And the largest comes close to the target, unless the discount has nearly reached the account's health.
        if (q.fractionE18 == q.maxFractionE18 && before > 0.8e18) assertGe(reached, 1.1e18);
    }

    function testFuzz_EverySliceOfASolventAccountLeavesHealthNoLower(
        uint256 price,
        uint256 asked,
        uint256 time
    ) public {
        _setPrice(WETH_ASSET, int256(bound(price, 1_501e8, 1_744e8)));
        marginAccount.rebalance(_account(alice));
        _pass(bound(time, 0, 30 minutes));
        uint256 before = _health(alice);
        ILiquidator.Quote memory q = _take(bound(asked, 0.01e18, 1e18));
        // Cash of either sign may round by a unit of 1e-6, which weighs the more the less margin is left.
        uint256 left = marginAccount.assess(_account(alice)).maintenanceE18;
        if (left != 0) assertGe(_health(alice) + 2e30 / left + 1, before);
        if (q.maxFractionE18 != 1e18) assertLe(_health(alice), 1.17e18);
        assertEq(marginAccount.cashMarket().supplyIndex, _supplyIndexNow());
    }

    function test_DustAccountsMayBeTakenWhole() public {
        _makeDust();
        ILiquidator.Quote memory q = liquidator.quote(_account(carol), ALL);
        assertEq(q.maxFractionE18, 1e18);
        vm.prank(taker);
        liquidator.liquidate(_account(carol), _account(taker), ALL, NO_LIMIT, "");
        assertEq(_collateral(carol, WETH_ASSET), 0);
        assertEq(_cash(carol), q.payment);
        // One unit above the dust it is a slice like any other.
    }

    function test_DustNeedsBothEquityAndDebtToBeSmall() public {
        _makeDust();
        ILiquidator.LiquidationParameters memory p = _liquidationParameters();
        // Debt 80, equity 10: with 80 as the bound the debt is not below it.
        p.dustValue = 80;
        liquidator.setLiquidationParameters(p);
        assertLt(liquidator.quote(_account(carol), ALL).maxFractionE18, 1e18);
        p.dustValue = 81;
        liquidator.setLiquidationParameters(p);
        assertEq(liquidator.quote(_account(carol), ALL).maxFractionE18, 1e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        INSOLVENCY
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev At E = d MM the taker's terms have no jump: one tick of the price moves them by about what the tick is worth.
    function test_TermsAreContinuousWhereTheFundBeginsToPay() public {
        int256 last;
        // h = d = 0.525 at 15,000 / 9.265 = 1,618.996.
        for (int256 tick = -200; tick < 200; ++tick) {
            _setPrice(WETH_ASSET, 161_899_622_000 + tick * 10_000);
            ILiquidator.Quote memory q = liquidator.quote(_account(alice), 0.3e18);
            assertEq(q.fractionE18, 0.3e18);
            int256 total = q.payment + int256(q.fundFee);
            // 0.3 x ten ether x 0.0001 is 300 units of equity; the discount falls as well, so the terms move by less than 800.
            if (tick != -200) assertApproxEqAbs(total, last, 800);
            last = total;
        }
        assertGt(liquidator.quote(_account(alice), 0.3e18).payment, 0);
    }

    function test_TheFundPaysFirstAndLendersNoMoreThanTheNegativeEquity() public {
        AccountId fund = marginAccount.insuranceFund();
        _fund(stranger, address(usdc), 10_000e6);
        vm.prank(stranger);
        marginAccount.depositFor(fund, address(usdc), 500e6);
        _setPrice(WETH_ASSET, 1_400e8);
        // E -1,000, MM 1,960, d 1: the taker is to get 2,960 less the fund's tenth of 1,960; the fund has 500, lenders bear
        // 1,000 and no more.
        uint256 lent = marginAccount.cashMarket().supplyAssets;
        ILiquidator.Quote memory q = liquidator.quote(_account(alice), 1e18);
        assertEq(q.payment, -(2_960e6 - 196e6));
        assertEq(q.fundFee, 0);
        int256 before = _cash(taker);
        vm.expectEmit(true, false, false, false, address(marginAccount));
        emit LossSocialised(_raw(alice), 1_000e6, 0);
        q = _take(ALL);
        assertEq(q.payment, -1_500e6);
        assertApproxEqAbs(_cash(taker), before - 15_000e6 + 1_500e6, 150e6);
        assertEq(marginAccount.cashOf(fund), 0);
        assertEq(_cash(alice), 0);
        assertApproxEqAbs(
            marginAccount.cashMarket().supplyAssets,
            lent - 15_000e6 - 1_500e6 + 1_500e6 - 1_000e6,
            20_000e6
        );
        assertLt(marginAccount.cashMarket().supplyIndex, 1e27);
    }

    function test_ATakerSetsTheLeastHeIsPaid() public {
        _setPrice(WETH_ASSET, 1_400e8);
        _refused(
            taker,
            taker,
            ALL,
            -1_000e6 - 1,
            abi.encodeWithSelector(Errors.Liquidator_PaymentAboveLimit.selector, int256(-1_000e6), int256(-1_000e6 - 1))
        );
        vm.prank(taker);
        liquidator.liquidate(_account(alice), _account(taker), ALL, -1_000e6, "");
    }

    function test_BetweenZeroAndTheDiscountOnlyTheFundPays() public {
        _setPrice(WETH_ASSET, 1_550e8);
        // E 500, MM 2,170, d = 0.8196: the taker is owed 1,278 less the fund's share, but lenders owe nothing.
        uint256 index = marginAccount.cashMarket().supplyIndex;
        ILiquidator.Quote memory q = _take(ALL);
        assertEq(q.payment, 0);
        assertEq(marginAccount.cashMarket().supplyIndex, index);
        assertEq(_cash(alice), 0);
    }

    function test_AnInsolventSliceTakesItsPartOfTheProvision() public {
        _setPrice(WETH_ASSET, 1_400e8);
        marginAccount.provision(_account(alice));
        _take(0.25e18);
        assertEq(marginAccount.provisionOf(_account(alice)), 750e6);
        _take(ALL);
        assertEq(marginAccount.provisionOf(_account(alice)), 0);
        assertFalse(_header(alice).hasProvision());
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         ROUNDING
    //////////////////////////////////////////////////////////////////////////*/

    function test_TheDiscountIsRoundedDown() public {
        ILiquidator.LiquidationParameters memory p = _liquidationParameters();
        p.healthSlopeBps = 3_333;
        liquidator.setLiquidationParameters(p);
        _setPrice(WETH_ASSET, 1_700.12345678e8);
        uint256 missing = 1e18 - _health(alice);
        assertTrue((missing * 3_333) % 10_000 != 0);
        assertEq(liquidator.quote(_account(alice), ALL).discountE18, 0.05e18 + (missing * 3_333) / 10_000);
        marginAccount.rebalance(_account(alice));
        p.healthSlopeBps = 0;
        liquidator.setLiquidationParameters(p);
        skip(7);
        // 0.1 x 7 / 60 = 0.01166...
        assertEq(liquidator.quote(_account(alice), ALL).discountE18, 0.061666666666666666e18);
    }

    function test_WhatFundAndLendersPayIsRoundedDown() public {
        AccountId fund = marginAccount.insuranceFund();
        _setPrice(WETH_ASSET, 1_400.12345678e8);
        // E -998.7654322: a third and a bit of it is no whole number of units.
        uint256 part = 0.337123456789e18;
        ILiquidator.Quote memory q = liquidator.quote(_account(alice), part);
        uint256 state = vm.snapshotState();
        // The fund has nothing: lenders pay no more than their part of the negative equity.
        uint256 most = (998.7654322e18 * part) / 1e30;
        assertEq(_take(part).payment, -int256(most));
        vm.revertToState(state);
        // The fund has enough: what was quoted is what is paid.
        _fund(stranger, address(usdc), 10_000e6);
        vm.prank(stranger);
        marginAccount.depositFor(fund, address(usdc), 10_000e6);
        assertEq(_take(part).payment, q.payment);
    }

    function test_WhatIsLeftOfAProvisionIsRoundedUp() public {
        _setPrice(WETH_ASSET, 1_400e8);
        marginAccount.provision(_account(alice));
        _take(uint256(1e18) / 3);
        assertEq(marginAccount.provisionOf(_account(alice)), 666_666_667);
    }

    /// @dev The secant's fractions as exact integer arithmetic outside the chain finds them, at two prices where one wei of what
    /// the account keeps decides: the first tells how the discount's value is rounded, the second how the slice's part of it is.
    function test_TheHealthASliceLeavesIsRoundedDown() public {
        _sizeUp();
        _setPrice(WETH_ASSET, 1_802.66490675e8);
        ILiquidator.Quote memory q = liquidator.quote(_account(alice), ALL);
        assertEq(q.healthE18, 837_157_251_086_753_249);
        assertEq(q.maxFractionE18, 279_925_600_755_381_188);
        _setPrice(WETH_ASSET, 1_800.14501853e8);
        q = liquidator.quote(_account(alice), ALL);
        assertEq(q.healthE18, 831_583_013_596_762_969);
        assertEq(q.maxFractionE18, 286_685_414_195_239_377);
    }

    /// @dev Where the whole equity goes with the slice: found outside the chain, a fraction that leaves a health of one less a
    /// wei. The account is still below maintenance then, and its clock runs on.
    function test_WhatASliceLeavesOfTheEquityIsRoundedDown() public {
        _sizeUp();
        marginAccount.setInterest(0, 0, 0, 8_500, 0, 100);
        _setPrice(WETH_ASSET, 1_865.23915416e8);
        // Nobody is paid by himself.
        vm.prank(alice);
        marginAccount.rebalance(_account(alice));
        uint256 since = block.timestamp;
        _pass(10 minutes);
        ILiquidator.Quote memory q = liquidator.quote(_account(alice), 144_033_096_981_193_311);
        assertEq(q.healthE18, 969_641_739_364_545_644);
        assertEq(q.discountE18, 1e18);
        _take(144_033_096_981_193_311);
        assertEq(_header(alice).liquidationSince(), since);
    }

    /// @dev The largest coefficient: no rate of an account of 18,000 is a round number.
    function _sizeUp() private {
        IRiskEngine.RiskParameters memory p = _riskParameters(1_000);
        p.sizeCoefficientBps = 60_000;
        riskEngine.setRiskParameters(WETH_ASSET, p);
    }

    /// @dev {1} To the wei, on an account of half a dollar, where one unit of token or value is seen in the health.
    function testFuzz_TheEventSaysTheHealthThatIsLeft(uint256 price, uint256 amount, uint256 fraction) public {
        marginAccount.setInterest(200, 800, 9_000, 8_500, 2_000, 0);
        vault.setLimits(address(weth), 1_000_000, 0);
        _deposit(bob, address(weth), bound(amount, 0.0003e18, 0.0004e18));
        _withdraw(bob, address(usdc), 0.45e6);
        vm.roll(block.number + 1);
        // A loan to value between the maintenance margin's and nine tenths.
        price = bound(
            price,
            0.5e26 / bound(amount, 0.0003e18, 0.0004e18),
            0.52e26 / bound(amount, 0.0003e18, 0.0004e18)
        );
        _setPrice(WETH_ASSET, int256(price));
        vm.recordLogs();
        vm.prank(taker);
        liquidator.liquidate(_account(bob), _account(taker), bound(fraction, 0.1e18, 0.9e18), NO_LIMIT, "");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        (, , , , uint256 health) = abi.decode(logs[logs.length - 1].data, (uint256, uint256, int256, uint256, uint256));
        assertEq(health, _health(bob));
    }

    /// @dev The ledger is made to answer with less cash than it would leave: what two units weigh, rounded up, is forgiven, and
    /// no more. An account of billions, so that a unit weighs little and prices can be found where it matters.
    function test_HealthMayFallByTwoUnitsRoundedUp() public {
        IRiskEngine.RiskParameters memory p = _riskParameters(1_000);
        p.sizeCoefficientBps = 0;
        riskEngine.setRiskParameters(WETH_ASSET, p);
        vault.setLimits(address(usdc), 4_000_000_000, 100);
        _lend(3_100_000_000e6);
        _borrow(bob, 2_000_000e18, 3_000_000_000e6);
        (uint256 price, int256 cash, uint256 before, uint256 left) = _whereTheRoundingMatters();
        _setPrice(WETH_ASSET, int256(price));
        assertEq(_health(bob), before);

        bytes4 take = IMarginAccountCore.deliverSlice.selector;
        vm.mockCall(address(marginAccount), abi.encodeWithSelector(take), abi.encode(uint256(0), cash - 1));
        uint256 lower = uint256((int256(1_500_000 * price * 1e10) + (cash - 1) * 1e12) * 1e18) / left;
        vm.prank(taker);
        vm.expectRevert(abi.encodeWithSelector(Errors.Liquidator_HealthLowered.selector, _raw(bob), before, lower));
        liquidator.liquidate(_account(bob), _account(taker), 0.25e18, NO_LIMIT, "");
        vm.mockCall(address(marginAccount), abi.encodeWithSelector(take), abi.encode(uint256(0), cash));
        vm.prank(taker);
        liquidator.liquidate(_account(bob), _account(taker), 0.25e18, NO_LIMIT, "");
        vm.clearMockedCalls();
    }

    /// @return price {1e-8 usd} At which some cash leaves a health that is lower by two units' weight, rounded up.
    /// @return cash {quote token}
    /// @return before {1} The health before the slice.
    /// @return left {quote E18} The maintenance margin after it.
    function _whereTheRoundingMatters()
        private
        pure
        returns (uint256 price, int256 cash, uint256 before, uint256 left)
    {
        for (price = 1_700e8; price < 1_700e8 + 20_000; ++price) {
            // {quote E18} two million coins before, three quarters of them after
            uint256 value = 2_000_000 * price * 1e10;
            left = (value * 3 * 14) / 400;
            before = ((value - 3_000_000_000e18) * 1e18) / ((value * 14) / 100);
            uint256 rounding = 2e30 / left + 1;
            // The most cash that leaves a health of no more than this.
            uint256 equity = ((before - rounding + 1) * left) / 1e18;
            cash = (int256(equity) - int256((value * 3) / 4)) / 1e12 - 1;
            int256 kept = int256((value * 3) / 4) + cash * 1e12;
            if ((uint256(kept) * 1e18) / left == before - rounding) return (price, cash, before, left);
        }
        revert("none found");
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        PARAMETERS
    //////////////////////////////////////////////////////////////////////////*/

    function test_StrangersSetNothing() public {
        ILiquidator.LiquidationParameters memory p = _liquidationParameters();
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        liquidator.setLiquidationParameters(p);
    }

    function test_BoundsOfEachParameter() public {
        ILiquidator.LiquidationParameters memory p = _liquidationParameters();
        p.maxDiscountBps = 10_001;
        _outOfBounds(p, "maxDiscountBps", 10_001, 10_000);
        p.maxDiscountBps = 10_000;
        p.startDiscountBps = 10_001;
        _outOfBounds(p, "startDiscountBps", 10_001, 10_000);
        p.startDiscountBps = 10_000;
        p.healthSlopeBps = 50_001;
        _outOfBounds(p, "healthSlopeBps", 50_001, 50_000);
        p.healthSlopeBps = 50_000;
        p.timeSlopeBps = 10_001;
        _outOfBounds(p, "timeSlopeBps", 10_001, 10_000);
        p.timeSlopeBps = 10_000;
        p.targetHealthBps = 10_000;
        _outOfBounds(p, "targetHealthBps", 10_000, 10_000);
        p.targetHealthBps = 20_001;
        _outOfBounds(p, "targetHealthBps", 20_001, 20_000);
        p.targetHealthBps = 20_000;
        p.toleranceBps = 2_001;
        _outOfBounds(p, "toleranceBps", 2_001, 2_000);
        p.toleranceBps = 2_000;
        p.fundShareBps = 5_001;
        _outOfBounds(p, "fundShareBps", 5_001, 5_000);
        p.fundShareBps = 5_000;
        p.dustValue = 10_001;
        _outOfBounds(p, "dustValue", 10_001, 10_000);
        p.dustValue = 10_000;
        p.restartSeconds = 10 minutes - 1;
        _outOfBounds(p, "restartSeconds", 10 minutes - 1, 10 minutes);
        p.restartSeconds = 10 minutes;
        vm.expectEmit(address(liquidator));
        emit LiquidationParametersSet(p);
        liquidator.setLiquidationParameters(p);
        assertEq(keccak256(abi.encode(liquidator.liquidationParameters())), keccak256(abi.encode(p)));
        p = ILiquidator.LiquidationParameters(0, 0, 0, 0, 10_001, 0, 0, 0, type(uint32).max);
        liquidator.setLiquidationParameters(p);
    }

    /// @dev 1,440 minutes of 6 bps are 8,640: a discount that rises by one bp more takes longer than a day.
    function test_TheDiscountIsAtItsMostAfterADay() public {
        ILiquidator.LiquidationParameters memory p = _liquidationParameters();
        (p.startDiscountBps, p.maxDiscountBps, p.timeSlopeBps) = (500, 9_140, 6);
        liquidator.setLiquidationParameters(p);
        p.maxDiscountBps = 9_141;
        _outOfBounds(p, "timeSlopeBps", 6, 7);
        p.startDiscountBps = 501;
        liquidator.setLiquidationParameters(p);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         HELPERS
    //////////////////////////////////////////////////////////////////////////*/

    function _take(uint256 fraction) private returns (ILiquidator.Quote memory) {
        vm.prank(taker);
        return liquidator.liquidate(_account(alice), _account(taker), fraction, NO_LIMIT, "");
    }

    function _refused(address caller, address into, uint256 fraction, int256 limit, bytes memory reason) private {
        bytes32 before = _snapshot(alice, into);
        vm.prank(caller);
        (bool ok, bytes memory answer) = address(liquidator).call(
            abi.encodeCall(ILiquidator.liquidate, (_account(alice), _account(into), fraction, limit, ""))
        );
        assertFalse(ok);
        assertEq(answer, reason);
        assertEq(_snapshot(alice, into), before);
    }

    function _outOfBounds(
        ILiquidator.LiquidationParameters memory p,
        bytes32 field,
        uint256 found,
        uint256 limit
    ) private {
        vm.expectRevert(abi.encodeWithSelector(Errors.Liquidator_ParameterOutOfBounds.selector, field, found, limit));
        liquidator.setLiquidationParameters(p);
    }

    /// @dev What is left of ten ether at 1,700 and 15,000 of debt, after the payment.
    function _healthAfter(uint256 fraction, ILiquidator.Quote memory q) private pure returns (uint256) {
        int256 left = int256(1e18 - fraction);
        int256 equity = (2_000 * left) + q.payment * 1e12;
        return uint256((equity * 1e18) / (2_380 * left));
    }

    /// @dev Carol owes 80 on collateral of 90: E 10, MM 12.6.
    function _makeDust() private {
        _borrow(carol, 0.075e18, 100e6);
        _deposit(carol, address(usdc), 20e6);
        _setPrice(WETH_ASSET, 1_200e8);
    }

    function _supplyIndexNow() private view returns (uint256) {
        return marginAccount.cashMarket().supplyIndex;
    }
}
