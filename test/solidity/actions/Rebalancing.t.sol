// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../../../contracts/base/Errors.sol";
import {IMarginAccountExtension} from "../../../contracts/interfaces/IMarginAccountExtension.sol";
import {IRebalancer, Move, Outcome, Plan} from "../../../contracts/interfaces/IRebalancer.sol";
import {IRiskEngine} from "../../../contracts/interfaces/IRiskEngine.sol";
import {CallState} from "../../../contracts/types/AccountHeader.sol";
import {AccountId, toAccountId} from "../../../contracts/types/AccountId.sol";
import {PolicyFields} from "../../../contracts/types/BandPolicy.sol";
import {Assessment} from "../../../contracts/types/Assessment.sol";
import {BallastTest} from "../utils/BallastTest.sol";

/// @title RebalancingTest
/// @notice Each outcome of a rebalance, reached, with what it changes and what it leaves alone.
/// @dev The usual account: ten ether against 15,000. At 1,800 its health is 3,000 / 2,520, below the band.
contract RebalancingTest is BallastTest {
    event Rebalanced(
        uint256 indexed accountId,
        address indexed keeper,
        Outcome outcome,
        uint256 healthE18,
        uint256 keeperPay
    );
    event MarginCalled(uint256 indexed accountId, int256 deficitE18, uint256 deadline);
    event CallChanged(uint256 indexed accountId, CallState state, uint256 elapsedSeconds);
    event LiquidationChanged(uint256 indexed accountId, uint256 since);

    /*//////////////////////////////////////////////////////////////////////////
                                      NOTHING TO DO
    //////////////////////////////////////////////////////////////////////////*/

    function test_InsideTheBandNothingChanges() public {
        _borrow(alice, 10e18, 15_000e6);
        _assertIdle(Outcome.InBand);
    }

    function test_WithoutDebtThereIsNoRisk() public {
        _assertIdle(Outcome.NoRisk);
        _deposit(alice, address(weth), 10e18);
        _deposit(alice, address(usdc), 10e6);
        _assertIdle(Outcome.NoRisk);
    }

    function test_AHaltedPriceLeavesEverything() public {
        _borrow(alice, 10e18, 15_000e6);
        _depositReserve(alice, address(usdc), 5_000e6);
        _setPrice(WETH_ASSET, 1_700e8);
        _makeStale(WETH_ASSET);
        _assertIdle(Outcome.PriceHalted);
    }

    function test_AboveUpperIsInBandUnlessTheOwnerSaysSo() public {
        _borrow(alice, 100e18, 1_000e6);
        _assertIdle(Outcome.InBand);
        // An upper without a collateral named releases nothing.
        PolicyFields memory policy = _policy();
        policy.assetOrder = 0;
        _setPolicy(alice, policy);
        _assertIdle(Outcome.InBand);
    }

    function test_AReleaseNotWorthTwentyTimesItsCostIsLeft() public {
        _borrow(alice, 10e18, 14_100e6);
        PolicyFields memory policy = _policy();
        (policy.upperRestoreE6, policy.upperE6) = (2_000_000, 2_050_000);
        _setPolicy(alice, policy);
        // E 5,900, MM 2,800: 2.107. Less the keeper's 25 it is 275 / 0.72 = 382 that could go, below 500.
        _assertIdle(Outcome.NotWorthIt);
        vm.fee(0);
        // Now a look costs one, and 299 / 0.72 is worth it.
        assertEq(uint8(_rebalance()), uint8(Outcome.Released));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        BELOW LOWER
    //////////////////////////////////////////////////////////////////////////*/

    function test_ReserveCashRestoresTheBand() public {
        _called();
        _depositReserve(alice, address(usdc), 5_000e6);
        uint256 max = marginAccount.previewRebalance(_account(alice)).keeperPayMaxE18 / 1e12;
        assertEq(max, 25e6);
        vm.expectEmit(true, true, false, false, address(marginAccount));
        emit Rebalanced(_raw(alice), keeper, Outcome.ToppedUp, 0, 0);
        assertEq(uint8(_rebalance()), uint8(Outcome.ToppedUp));
        // 1.6 x 2,520 - 3,000 + 25.
        uint256 brought = 1_057e6;
        assertEq(_reserve(alice, QUOTE_ASSET), 5_000e6 - brought);
        uint256 pay = uint256(_cash(keeper));
        assertLe(pay, max);
        assertEq(_cash(alice), -15_000e6 + int256(brought) - int256(pay));
        assertGe(_health(alice), 1.6e18);
        assertLe(_health(alice), 1.6e18 + (max * 1e30) / 2_520e18);
        assertEq(uint8(_header(alice).callState()), uint8(CallState.None));
        _assertIdle(Outcome.InBand);
    }

    function test_ReserveCollateralRestoresTheBandInTheOwnersOrder() public {
        _called();
        _setPolicy(alice, _policy());
        _depositReserve(alice, address(weth), 0.5e18);
        _depositReserve(alice, address(wbtc), 1e8);
        assertEq(uint8(_rebalance()), uint8(Outcome.ToppedUp));
        assertEq(_reserve(alice, WETH_ASSET), 0);
        assertEq(_collateral(alice, WETH_ASSET), 10.5e18);
        // Missing: 1,057 - 900 x (1 - 1.6 x 14%) = 358.6, over 1 - 1.6 x 12%, at 60,000.
        uint256 brought = 739_688;
        assertApproxEqAbs(_collateral(alice, WBTC_ASSET), brought, 1);
        assertEq(_reserve(alice, WBTC_ASSET), 1e8 - _collateral(alice, WBTC_ASSET));
        assertGe(_health(alice), 1.6e18);
        assertLe(_health(alice), 1.612e18);
        _assertIdle(Outcome.InBand);
    }

    function test_ReserveThatTheOrderDoesNotNameStays() public {
        _called();
        _depositReserve(alice, address(weth), 5e18);
        assertEq(uint8(_rebalance()), uint8(Outcome.MarginCalled));
        assertEq(_reserve(alice, WETH_ASSET), 5e18);
    }

    function test_APartialCureAboveLowerIsNoCall() public {
        _called();
        _depositReserve(alice, address(usdc), 500e6);
        assertEq(uint8(_rebalance()), uint8(Outcome.ToppedUp));
        assertEq(_reserve(alice, QUOTE_ASSET), 0);
        assertEq(uint8(_header(alice).callState()), uint8(CallState.None));
        _assertIdle(Outcome.InBand);
    }

    function test_APartialCureBelowLowerIsMadeAndCalled() public {
        vm.fee(0);
        _called();
        _depositReserve(alice, address(usdc), 100e6);
        vm.expectEmit(address(marginAccount));
        // 1.6 x 2,520 - (3,100 - 1): what the keeper really got.
        emit MarginCalled(_raw(alice), 933e18, block.timestamp + 10 minutes);
        assertEq(uint8(_rebalance()), uint8(Outcome.MarginCalled));
        assertEq(_reserve(alice, QUOTE_ASSET), 0);
        assertEq(marginAccount.callDeadlineOf(_account(alice)), block.timestamp + 10 minutes);
        _assertIdle(Outcome.CallRunning);
    }

    /// @dev The plan takes the most a keeper may get, 25, and ends below 1.25 x 2,520 = 3,150; he gets less, and more is left.
    function test_APartialCureIsNoCallWhenThePayLeavesItAboveLower() public {
        _called();
        _depositReserve(alice, address(usdc), 160e6);
        Plan memory plan = marginAccount.previewRebalance(_account(alice));
        assertEq(uint8(plan.outcome), uint8(Outcome.MarginCalled));
        assertEq(plan.healthAfterE18, (uint256(3_135e18) * 1e18) / 2_520e18);
        assertEq(uint8(_rebalance()), uint8(Outcome.ToppedUp));
        assertEq(_health(alice), ((3_160e18 - uint256(_cash(keeper)) * 1e12) * 1e18) / 2_520e18);
        assertEq(uint8(_header(alice).callState()), uint8(CallState.None));
        _assertIdle(Outcome.InBand);
    }

    /// @dev 1.6 x 2,520 = 4,032: the plan ends at 2,999 + 1,055 - 25, and the pay leaves more.
    function test_APartialCureClosesACallWhenThePayLeavesItRestored() public {
        _called();
        _rebalance();
        _depositReserve(alice, address(usdc), 1_055e6);
        assertEq(marginAccount.previewRebalance(_account(alice)).deficitE18, 3e18);
        assertEq(uint8(_rebalance()), uint8(Outcome.ToppedUp));
        assertGe(_health(alice), 1.6e18);
        assertEq(uint8(_header(alice).callState()), uint8(CallState.None));
        _assertIdle(Outcome.InBand);
    }

    /// @dev Of a collateral that asks 70% for margin: 17,000 over 12,600 is 1.35. With the debt repaid it would be 1.44, but then there
    /// is no risk.
    function test_APartialCureThatRepaysAllDebtIsNoCall() public {
        _borrow(alice, 10e18, 1_000e6);
        _setPrice(WETH_ASSET, 1_800e8);
        riskEngine.setRiskParameters(WETH_ASSET, IRiskEngine.RiskParameters(3_000, 4_000, 4_000, 15_000, 0));
        PolicyFields memory policy = _policy();
        policy.lowerE6 = 1_450_000;
        _setPolicy(alice, policy);
        _depositReserve(alice, address(usdc), 1_100e6);
        assertEq(uint8(marginAccount.previewRebalance(_account(alice)).outcome), uint8(Outcome.MarginCalled));
        assertEq(uint8(_rebalance()), uint8(Outcome.ToppedUp));
        assertGt(_cash(alice), 0);
        assertEq(uint8(_header(alice).callState()), uint8(CallState.None));
        _assertIdle(Outcome.NoRisk);
    }

    function test_WithoutReserveTheCallIsRecordedAndPaidOnce() public {
        _called();
        vm.expectEmit(address(marginAccount));
        emit MarginCalled(_raw(alice), 1_032e18, block.timestamp + 10 minutes);
        vm.expectEmit(address(marginAccount));
        emit Rebalanced(_raw(alice), keeper, Outcome.MarginCalled, _health(alice), 1e6);
        assertEq(uint8(_rebalance()), uint8(Outcome.MarginCalled));
        assertEq(_cash(keeper), 1e6);
        assertEq(_cash(alice), -15_001e6);
        _assertIdle(Outcome.CallRunning);
        _pass(5 minutes);
        vm.recordLogs();
        assertEq(uint8(_rebalance()), uint8(Outcome.CallRunning));
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(_cash(keeper), 1e6);
    }

    function test_ThePolicysGraceSetsTheDeadline() public {
        _called();
        PolicyFields memory policy = _policy();
        policy.graceSeconds = 1 hours;
        _setPolicy(alice, policy);
        _rebalance();
        assertEq(marginAccount.callDeadlineOf(_account(alice)), block.timestamp + 1 hours);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         THE WALLET
    //////////////////////////////////////////////////////////////////////////*/

    function test_TheWalletPaysWithinTheDaysLimit() public {
        _called();
        _openWallet(alice, 600e18);
        _fund(alice, address(usdc), 5_000e6);
        assertEq(uint8(_rebalance()), uint8(Outcome.ToppedUp));
        assertEq(usdc.balanceOf(alice), 15_000e6 + 5_000e6 - 600e6);
        (uint256 limit, uint256 left) = marginAccount.walletLimitOf(_account(alice));
        assertEq(limit, 600e18);
        assertEq(left, 0);

        // The limit is a day's: nothing more comes before midnight.
        _setPrice(WETH_ASSET, 1_740e8);
        assertEq(uint8(_rebalance()), uint8(Outcome.MarginCalled));
        uint256 midnight = (block.timestamp / 1 days + 1) * 1 days;
        vm.warp(midnight - 1);
        _refreshPrices();
        (, left) = marginAccount.walletLimitOf(_account(alice));
        assertEq(left, 0);
        vm.warp(midnight);
        _refreshPrices();
        (, left) = marginAccount.walletLimitOf(_account(alice));
        assertEq(left, 600e18);
        assertEq(uint8(_rebalance()), uint8(Outcome.ToppedUp));
        assertEq(usdc.balanceOf(alice), 15_000e6 + 5_000e6 - 1_200e6);
    }

    function test_TheReserveComesBeforeTheWallet() public {
        _called();
        _openWallet(alice, 10_000e18);
        _depositReserve(alice, address(usdc), 1_000e6);
        _fund(alice, address(usdc), 5_000e6);
        _rebalance();
        assertEq(_reserve(alice, QUOTE_ASSET), 0);
        assertEq(usdc.balanceOf(alice), 15_000e6 + 5_000e6 - 57e6);
        (, uint256 left) = marginAccount.walletLimitOf(_account(alice));
        assertEq(left, 10_000e18 - 57e18);
    }

    function test_TheWalletPaysInCollateralToo() public {
        _called();
        _openWallet(alice, 10_000e18);
        vm.startPrank(alice);
        usdc.approve(address(vault), 0);
        weth.approve(address(vault), 0.3e18);
        vm.stopPrank();
        weth.mint(alice, 5e18);
        assertEq(uint8(_rebalance()), uint8(Outcome.ToppedUp));
        // No more than is approved.
        assertEq(_collateral(alice, WETH_ASSET), 10.3e18);
        (, uint256 left) = marginAccount.walletLimitOf(_account(alice));
        assertEq(left, 10_000e18 - 540e18);
    }

    function test_TheWalletIsLeftAloneUnlessThePolicySaysSo() public {
        _called();
        vm.prank(alice);
        marginAccount.setWalletLimit(_account(alice), 10_000e18);
        vm.prank(alice);
        usdc.approve(address(vault), type(uint256).max);
        assertEq(uint8(_rebalance()), uint8(Outcome.MarginCalled));
        assertEq(usdc.balanceOf(alice), 15_000e6);
    }

    function test_AWalletWithoutALimitPaysNothing() public {
        _called();
        PolicyFields memory policy = _policy();
        policy.walletTopUp = true;
        _setPolicy(alice, policy);
        vm.prank(alice);
        usdc.approve(address(vault), type(uint256).max);
        assertEq(uint8(_rebalance()), uint8(Outcome.MarginCalled));
    }

    function test_AWalletBelowTheMinimumDepositPaysNothing() public {
        _called();
        _openWallet(alice, 10_000e18);
        vm.prank(alice);
        usdc.approve(address(vault), 9_999);
        assertEq(uint8(_rebalance()), uint8(Outcome.MarginCalled));
    }

    function test_AWalletThatRefusesLeavesARecordedCall() public {
        for (uint256 how; how < 3; ++how) {
            uint256 state = vm.snapshotState();
            _called();
            _openWallet(alice, 10_000e18);
            bytes memory pull = abi.encodeWithSelector(usdc.transferFrom.selector, alice, address(vault));
            // A list of the blocked; a token that answers false; an allowance that is gone by then.
            if (how == 0) vm.mockCallRevert(address(usdc), pull, "blocked");
            if (how == 1) vm.mockCall(address(usdc), pull, abi.encode(false));
            if (how == 2) {
                vm.prank(alice);
                usdc.approve(address(vault), 0);
                bytes memory asked = abi.encodeWithSelector(usdc.allowance.selector, alice, address(vault));
                vm.mockCall(address(usdc), asked, abi.encode(type(uint256).max));
            }
            assertEq(uint8(_rebalance()), uint8(Outcome.MarginCalled));
            assertEq(uint8(_header(alice).callState()), uint8(CallState.Running));
            assertEq(marginAccount.callDeadlineOf(_account(alice)), block.timestamp + 10 minutes);
            assertEq(usdc.balanceOf(alice), 15_000e6);
            (, uint256 left) = marginAccount.walletLimitOf(_account(alice));
            assertEq(left, 10_000e18);
            vm.clearMockedCalls();
            vm.revertToState(state);
        }
    }

    /// @dev The wallet's WETH alone would cure. It is not asked for: every further rebalance would be refused the same USDC, bring a
    /// little more WETH for what the last pay took, and be paid.
    function test_BehindATokenThatRefusesNothingIsAskedFor() public {
        _called();
        _openWallet(alice, 10_000e18);
        vm.startPrank(alice);
        usdc.approve(address(vault), 1_000e6);
        weth.approve(address(vault), type(uint256).max);
        vm.stopPrank();
        weth.mint(alice, 5e18);
        _refuse(address(usdc));
        assertEq(uint8(_rebalance()), uint8(Outcome.MarginCalled));
        assertEq(weth.balanceOf(alice), 5e18);
        assertEq(_cash(keeper), 1e6);
        _assertRefusedAgain(Outcome.CallRunning);
    }

    /// @dev What was planned before the token that refuses was all there was of it: it stays, and nobody is paid for it.
    function test_BeforeATokenThatRefusesWhatCameStays() public {
        for (uint256 i; i < 2; ++i) {
            uint256 state = vm.snapshotState();
            _called();
            _openWallet(alice, 10_000e18);
            // 3,000 and 300 over 2,520 is above 1.25; and 100 is below.
            uint256 amount = i == 0 ? 300e6 : 100e6;
            vm.startPrank(alice);
            usdc.approve(address(vault), amount);
            weth.approve(address(vault), type(uint256).max);
            vm.stopPrank();
            weth.mint(alice, 5e18);
            _refuse(address(weth));
            assertEq(uint8(_rebalance()), uint8(i == 0 ? Outcome.ToppedUp : Outcome.MarginCalled));
            assertEq(usdc.balanceOf(alice), 15_000e6 - amount);
            (, uint256 left) = marginAccount.walletLimitOf(_account(alice));
            assertEq(left, 10_000e18 - amount * 1e12);
            // A call recorded is paid with the flat part.
            assertEq(_cash(keeper), i == 0 ? int256(0) : int256(1e6));
            assertEq(_cash(alice), -15_000e6 + int256(amount) - _cash(keeper));
            _assertRefusedAgain(i == 0 ? Outcome.InBand : Outcome.CallRunning);
            vm.clearMockedCalls();
            vm.revertToState(state);
        }
    }

    /// @dev 2,453 over 2,450 is healthy; a reserve of 25 that goes to the keeper would not leave it so.
    function test_WithoutItsWalletNoAccountPaysItselfBelowMaintenance() public {
        _borrow(alice, 10e18, 15_047e6);
        _setPrice(WETH_ASSET, 1_750e8);
        _openWallet(alice, 10_000e18);
        _depositReserve(alice, address(weth), 0.0143e18);
        _refuse(address(usdc));
        assertEq(uint8(_rebalance()), uint8(Outcome.MarginCalled));
        assertEq(_reserve(alice, WETH_ASSET), 0.0143e18);
        assertGe(_health(alice), 1e18);
        assertEq(_header(alice).liquidationSince(), 0);
    }

    /// @dev What comes in has a size factor of its own: 2,318 would do without, and asks some 100 more. All of it comes at once.
    function test_WhatSizeAsksForComesAtOnce() public {
        riskEngine.setRiskParameters(WBTC_ASSET, IRiskEngine.RiskParameters(3_000, 400, 800, 15_000, 60_000));
        _called();
        PolicyFields memory policy = _policy();
        policy.lowerE6 = 1_590_000;
        policy.assetOrder = WBTC_ASSET;
        _setPolicy(alice, policy);
        _depositReserve(alice, address(wbtc), 1e8);
        assertEq(uint8(_rebalance()), uint8(Outcome.ToppedUp));
        assertGe(_health(alice), 1.6e18);
        assertLe(_health(alice), 1.61e18);
        _assertIdle(Outcome.InBand);
    }

    /// @dev Something moved, so it is said, though nobody is paid.
    function test_WhatAnOwnerDoesHimselfIsSaidToo() public {
        _called();
        vm.prank(alice);
        marginAccount.rebalance(_account(alice));
        _depositReserve(alice, address(usdc), 100e6);
        vm.expectEmit(address(marginAccount));
        emit Rebalanced(_raw(alice), alice, Outcome.CallRunning, (uint256(3_100e18) * 1e18) / 2_520e18, 0);
        vm.prank(alice);
        assertEq(uint8(marginAccount.rebalance(_account(alice))), uint8(Outcome.CallRunning));
    }

    /// @dev Nothing comes: the first look opens the liquidation, the next finds it open, and neither finds less to ask of the wallet.
    function test_AWalletThatRefusesBelowMaintenanceLeavesTheLiquidationOpen() public {
        _borrow(alice, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_700e8);
        _openWallet(alice, 10_000e18);
        _refuse(address(usdc));
        assertEq(uint8(_rebalance()), uint8(Outcome.LiquidationOpened));
        _assertRefusedAgain(Outcome.LiquidationOpen);
    }

    /// @dev No cap refuses a cure that a rebalance makes.
    function test_CapsDoNotRefuseATopUp() public {
        _called();
        _openWallet(alice, 10_000e18);
        _depositReserve(alice, address(usdc), 500e6);
        vault.setLimits(address(usdc), 1, 100);
        assertEq(uint8(_rebalance()), uint8(Outcome.ToppedUp));
        assertGe(_health(alice), 1.6e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        BELOW ONE
    //////////////////////////////////////////////////////////////////////////*/

    function test_AReserveThatSavesIsUsedBelowOne() public {
        _borrow(alice, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_700e8);
        _depositReserve(alice, address(usdc), 2_000e6);
        assertEq(uint8(_rebalance()), uint8(Outcome.ToppedUp));
        assertGe(_health(alice), 1.6e18);
        assertEq(_header(alice).liquidationSince(), 0);
    }

    function test_AReserveThatSavesFromLiquidationButNotFromTheCall() public {
        _borrow(alice, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_700e8);
        // 2,000 + 500 - 25 over 2,380: above 1, below 1.25.
        _depositReserve(alice, address(usdc), 500e6);
        assertEq(uint8(_rebalance()), uint8(Outcome.MarginCalled));
        assertEq(_reserve(alice, QUOTE_ASSET), 0);
        assertEq(_header(alice).liquidationSince(), 0);
    }

    function test_AReserveThatCannotSaveIsNotThrownIn() public {
        _borrow(alice, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_700e8);
        _depositReserve(alice, address(usdc), 300e6);
        assertEq(uint8(_rebalance()), uint8(Outcome.LiquidationOpened));
        assertEq(_reserve(alice, QUOTE_ASSET), 300e6);
        // And its owner may take it away.
        vm.prank(alice);
        marginAccount.withdrawReserve(_account(alice), address(usdc), type(uint256).max, alice);
    }

    function test_BelowMaintenanceTheLiquidationIsRecordedOnce() public {
        _borrow(alice, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_700e8);
        vm.expectEmit(address(marginAccount));
        emit LiquidationChanged(_raw(alice), block.timestamp);
        assertEq(uint8(_rebalance()), uint8(Outcome.LiquidationOpened));
        assertEq(_header(alice).liquidationSince(), block.timestamp);
        _assertIdle(Outcome.LiquidationOpen);
        _pass(1 hours);
        assertEq(uint8(_rebalance()), uint8(Outcome.LiquidationOpen));
        assertEq(_header(alice).liquidationSince(), block.timestamp - 1 hours);

        _setPrice(WETH_ASSET, 1_800e8);
        assertEq(uint8(_rebalance()), uint8(Outcome.CallRunning));
        assertEq(_header(alice).liquidationSince(), 0);
    }

    function test_InsolventAccountsAreProvisionedForAndNothingIsThrownIn() public {
        _borrow(alice, 10e18, 15_000e6);
        _depositReserve(alice, address(usdc), 20_000e6);
        _setPrice(WETH_ASSET, 1_400e8);
        assertEq(uint8(_rebalance()), uint8(Outcome.Provisioned));
        assertEq(marginAccount.provisionOf(_account(alice)), 1_000e6);
        assertEq(marginAccount.cashMarket().provisions, 1_000e6);
        assertEq(_reserve(alice, QUOTE_ASSET), 20_000e6);
        assertEq(_cash(keeper), 0);
        assertTrue(_header(alice).hasProvision());
        _assertIdle(Outcome.LiquidationOpen);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                          RELEASE
    //////////////////////////////////////////////////////////////////////////*/

    function test_AboveUpperCollateralGoesToTheReserve() public {
        _borrow(alice, 20e18, 10_000e6);
        _setPolicy(alice, _policy());
        uint256 left = _releaseAndCheck();
        assertEq(_reserve(alice, WETH_ASSET), 20e18 - left);
        assertEq(weth.balanceOf(alice), 0);
    }

    function test_AboveUpperCollateralGoesToTheWalletIfThePolicySaysSo() public {
        _borrow(alice, 20e18, 10_000e6);
        PolicyFields memory policy = _policy();
        policy.releaseToWallet = true;
        _setPolicy(alice, policy);
        uint256 left = _releaseAndCheck();
        assertEq(weth.balanceOf(alice), 20e18 - left);
        assertEq(_reserve(alice, WETH_ASSET), 0);
    }

    function test_AReleaseNeverGoesBelowInitialMargin() public {
        _borrow(alice, 20e18, 10_000e6);
        PolicyFields memory policy = _policy();
        // A pure ether book at 1.6 would be below its initial margin, which is 23/14 of maintenance.
        policy.upperRestoreE6 = 1_600_000;
        _setPolicy(alice, policy);
        assertEq(uint8(_rebalance()), uint8(Outcome.Released));
        Assessment memory a = marginAccount.assess(_account(alice));
        assertGe(a.equityE18, int256(a.initialE18));
        assertApproxEqRel(a.healthE18, 1.643e18, 0.01e18);
    }

    function test_AReleaseFollowsTheOwnersOrder() public {
        _borrow(alice, 20e18, 10_000e6);
        _deposit(alice, address(wbtc), 0.1e8);
        PolicyFields memory policy = _policy();
        policy.assetOrder = uint64(WBTC_ASSET) | (uint64(WETH_ASSET) << 8);
        _setPolicy(alice, policy);
        assertEq(uint8(_rebalance()), uint8(Outcome.Released));
        assertEq(_collateral(alice, WBTC_ASSET), 0);
        assertEq(_reserve(alice, WBTC_ASSET), 0.1e8);
        assertGt(_reserve(alice, WETH_ASSET), 0);
        assertGe(_health(alice), 1.8e18);
        assertLe(_health(alice), 1.82e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        THE KEEPER
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev pay = gas x basefee x price of ether x 1.2 + 1, with the same gas at each base fee.
    function test_TheKeepersPayIsGasTimesItsPricePlusOne() public {
        _called();
        _depositReserve(alice, address(usdc), 5_000e6);
        _lend(1e6);
        assertEq(_payAt(0), 1e6);
        uint256 perGwei = _payAt(1 gwei) - 1e6;
        // 1,800 x 1.2 = 2,160 units for a coin's gas; the transaction's own 40,000 are in it.
        assertGt(perGwei, 40_000 * 2.16);
        uint256 gasUsed = (perGwei * 1e6) / 2_160_000;
        assertLt(gasUsed, 700_000);
        assertApproxEqAbs(_payAt(5 gwei), 1e6 + 5 * perGwei, 5 + 5 * 30);

        IRebalancer.KeeperParameters memory k = _keeperParameters();
        k.gasOverhead = 50_000;
        rebalancer.setKeeperParameters(k);
        // Setting parameters has warmed their slot: 2,000 gas less.
        assertApproxEqAbs(_payAt(1 gwei), 1e6 + perGwei + 21_600 - 4_320, 30);
        k.marginBps = 0;
        rebalancer.setKeeperParameters(k);
        uint256 withoutMargin = _payAt(1 gwei);
        k.gasOverhead = 40_000;
        rebalancer.setKeeperParameters(k);
        assertApproxEqAbs(withoutMargin - _payAt(1 gwei), 18_000, 30);
        k.baseFeeMaximum = 2 gwei;
        rebalancer.setKeeperParameters(k);
        assertEq(_payAt(100 gwei), _payAt(2 gwei));
    }

    function test_TheKeepersPayIsCappedByThePolicyAndByTheDiscount() public {
        _called();
        _depositReserve(alice, address(usdc), 5_000e6);
        assertEq(_payAt(500 gwei), 25e6);
        PolicyFields memory policy = _policy();
        policy.keeperPayCap = 3;
        _setPolicy(alice, policy);
        assertEq(_payAt(500 gwei), 3e6);
        policy.keeperPayCap = 1_000;
        _setPolicy(alice, policy);
        // 1% of 2,520.
        IRebalancer.KeeperParameters memory k = _keeperParameters();
        k.discountBps = 100;
        rebalancer.setKeeperParameters(k);
        assertEq(_payAt(500 gwei), 25_200_000);
        policy.keeperPayCap = 0;
        _setPolicy(alice, policy);
        assertEq(_payAt(500 gwei), 0);
    }

    function test_WithoutAPriceOfTheCoinOnlyTheFlatPartIsPaid() public {
        _lend(100_000e6);
        _deposit(alice, address(wbtc), 1e8);
        _withdraw(alice, address(usdc), 45_000e6);
        _depositReserve(alice, address(usdc), 20_000e6);
        _setPrice(WBTC_ASSET, 52_000e8);
        _makeStale(WETH_ASSET);
        assertEq(_payAt(20 gwei), 1e6);
    }

    function test_AKeeperIsNotPaidByHisOwnAccount() public {
        _called();
        _depositReserve(alice, address(usdc), 5_000e6);
        vm.prank(alice);
        assertEq(uint8(marginAccount.rebalance(_account(alice))), uint8(Outcome.ToppedUp));
        assertEq(_cash(alice), -15_000e6 + 1_057e6);
    }

    function test_ABatchSharesTheTransactionsOwnCost() public {
        _called();
        _depositReserve(alice, address(usdc), 5_000e6);
        uint256 alone = _payAt(5 gwei);
        uint256 state = vm.snapshotState();
        vm.fee(5 gwei);
        AccountId[] memory batch = new AccountId[](4);
        batch[0] = _account(alice);
        (batch[1], batch[2], batch[3]) = (_account(bob), _account(carol), _account(stranger));
        vm.prank(keeper);
        marginAccount.rebalanceMany(batch);
        // A quarter of 40,000 is left: 30,000 x 5 gwei x 1,800 x 1.2 = 0.324.
        assertApproxEqAbs(uint256(_cash(keeper)), alone - 324_000, 12_000);
        vm.revertToState(state);
    }

    /// @dev A third of 40,000 gas is as much as a third of 39,999, and less than a third of 40,002.
    function test_AnAccountsPartOfTheTransactionsCostIsRoundedDown() public {
        _called();
        _depositReserve(alice, address(usdc), 5_000e6);
        uint256 pay = _payInBatch(40_000);
        assertEq(pay, _payInBatch(39_999));
        assertLt(pay, _payInBatch(40_002));
    }

    function _payInBatch(uint32 overhead) private returns (uint256 pay) {
        uint256 state = vm.snapshotState();
        IRebalancer.KeeperParameters memory k = _keeperParameters();
        k.gasOverhead = overhead;
        rebalancer.setKeeperParameters(k);
        vm.fee(5 gwei);
        AccountId[] memory batch = new AccountId[](3);
        (batch[0], batch[1], batch[2]) = (_account(alice), _account(bob), _account(carol));
        vm.prank(keeper);
        marginAccount.rebalanceMany(batch);
        pay = uint256(_cash(keeper));
        vm.revertToState(state);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         THE CLOCK
    //////////////////////////////////////////////////////////////////////////*/

    function test_TheClockRunsPausesResumesAndIsResetOnlyAtLowerRestore() public {
        _called();
        uint256 start = vm.getBlockTimestamp();
        _rebalance();
        _pass(4 minutes);
        _setPrice(WETH_ASSET, 1_850e8);
        vm.expectEmit(address(marginAccount));
        emit CallChanged(_raw(alice), CallState.Paused, 4 minutes);
        assertEq(uint8(_rebalance()), uint8(Outcome.CallPaused));
        assertEq(marginAccount.callDeadlineOf(_account(alice)), type(uint256).max);
        _assertIdle(Outcome.InBand);

        _pass(1 hours);
        assertEq(_header(alice).callElapsed(), 4 minutes);
        _setPrice(WETH_ASSET, 1_800e8);
        assertEq(uint8(_rebalance()), uint8(Outcome.CallRunning));
        assertEq(_header(alice).callSince(), start + 1 hours + 4 minutes);
        assertEq(marginAccount.callDeadlineOf(_account(alice)), block.timestamp + 6 minutes);
        _assertIdle(Outcome.CallRunning);

        _setPrice(WETH_ASSET, 2_000e8);
        vm.expectEmit(address(marginAccount));
        emit CallChanged(_raw(alice), CallState.None, 0);
        assertEq(uint8(_rebalance()), uint8(Outcome.CallCured));
        assertEq(marginAccount.callDeadlineOf(_account(alice)), 0);
        _assertIdle(Outcome.InBand);
        // The call was paid for once, whatever the clock did.
        assertEq(_cash(keeper) / 1e6, 1);
    }

    function test_ACallThatNobodyLookedAtForSixHoursStartsAgain() public {
        _called();
        _rebalance();
        uint256 start = vm.getBlockTimestamp();
        _pass(6 hours);
        assertEq(uint8(_rebalance()), uint8(Outcome.CallRunning));
        assertEq(_header(alice).callSince(), start);
        _pass(6 hours + 1);
        assertEq(uint8(_rebalance()), uint8(Outcome.CallRunning));
        assertEq(_header(alice).callSince(), start + 12 hours + 1);
        assertEq(_cash(keeper) / 1e6, 1);
    }

    function test_ACallOfAnAccountWithoutDebtIsClosedWhateverThePrices() public {
        _called();
        _rebalance();
        _makeStale(WETH_ASSET);
        vm.prank(alice);
        usdc.approve(address(vault), type(uint256).max);
        _fund(alice, address(usdc), 15_001e6);
        vm.prank(alice);
        marginAccount.deposit(_account(alice), address(usdc), 15_001e6);
        assertEq(uint8(_header(alice).callState()), uint8(CallState.None));
        _assertIdle(Outcome.NoRisk);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                           BATCHES
    //////////////////////////////////////////////////////////////////////////*/

    function test_InABatchOneThatFailsStopsNoOther() public {
        _borrow(bob, 20e18, 10_000e6);
        PolicyFields memory policy = _policy();
        policy.releaseToWallet = true;
        _setPolicy(bob, policy);
        bytes memory pay = abi.encodeWithSelector(vault.pay.selector, address(weth), bob);
        vm.mockCallRevert(address(vault), pay, "out of order");
        _borrow(alice, 10e18, 15_000e6);
        _borrow(carol, 20e18, 10_000e6);
        _setPolicy(carol, policy);
        bytes32 before = _snapshot(alice, bob);

        AccountId[] memory batch = new AccountId[](4);
        (batch[0], batch[1], batch[2], batch[3]) = (
            _account(alice),
            _account(bob),
            _account(carol),
            _account(stranger)
        );
        vm.expectEmit(address(marginAccount));
        emit Rebalanced(_raw(bob), keeper, Outcome.Failed, 0, 0);
        vm.prank(keeper);
        Outcome[] memory outcomes = marginAccount.rebalanceMany(batch);
        assertEq(uint8(outcomes[0]), uint8(Outcome.InBand));
        assertEq(uint8(outcomes[1]), uint8(Outcome.Failed));
        assertEq(uint8(outcomes[2]), uint8(Outcome.Released));
        assertEq(uint8(outcomes[3]), uint8(Outcome.NoRisk));
        assertGt(weth.balanceOf(carol), 0);
        assertEq(_collateral(bob, WETH_ASSET), 20e18);
        assertTrue(before != _snapshot(alice, bob));
        vm.clearMockedCalls();
    }

    function test_ABatchNamingAnAccountTwiceActsOnce() public {
        _called();
        AccountId[] memory batch = new AccountId[](2);
        (batch[0], batch[1]) = (_account(alice), _account(alice));
        vm.prank(keeper);
        Outcome[] memory outcomes = marginAccount.rebalanceMany(batch);
        assertEq(uint8(outcomes[0]), uint8(Outcome.MarginCalled));
        assertEq(uint8(outcomes[1]), uint8(Outcome.CallRunning));
        assertEq(_cash(keeper), 1e6);
    }

    function test_BatchesAreBounded() public {
        AccountId[] memory batch = new AccountId[](201);
        _assertRefused(
            keeper,
            abi.encodeCall(IMarginAccountExtension.rebalanceMany, (batch)),
            abi.encodeWithSelector(Errors.MarginAccount_BatchTooLong.selector, 201, 200)
        );
        assertEq(marginAccount.rebalanceMany(new AccountId[](200)).length, 200);
        assertEq(marginAccount.rebalanceMany(new AccountId[](0)).length, 0);
    }

    function test_OnlyTheLedgerItselfEntersABatch() public {
        bytes memory call = abi.encodeWithSignature(
            "rebalanceInBatch(uint256,address,uint256)",
            _raw(alice),
            keeper,
            1
        );
        _assertRefused(
            keeper,
            call,
            abi.encodeWithSelector(Errors.MarginAccount_NotModule.selector, keeper, address(marginAccount))
        );
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       PREVIEW AND PROMISE 6
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev What the preview says is what happens, equity falls by no more than the pay and what is released, health does not
    /// leave the side it was restored to, and a second rebalance in the block does nothing.
    function testFuzz_ThePreviewIsWhatARebalanceDoes(
        uint256 price,
        uint256 cashReserve,
        uint256 wethReserve,
        uint256 wallet,
        uint256 debt
    ) public {
        debt = bound(debt, 4_000e6, 15_000e6);
        price = bound(price, 300e8, 4_000e8);
        _borrow(alice, 10e18, debt);
        _openWallet(alice, uint128(bound(wallet, 0, 3_000e18)));
        cashReserve = bound(cashReserve, 100e6, 3_000e6);
        if (cashReserve > 1_000e6) _depositReserve(alice, address(usdc), cashReserve);
        _depositReserve(alice, address(weth), bound(wethReserve, 0.1e18, 2e18));
        _setPrice(WETH_ASSET, int256(price));

        Plan memory plan = marginAccount.previewRebalance(_account(alice));
        uint256 totalBefore = _wealth();
        bytes32 before = _snapshot(alice, keeper);
        Outcome outcome = _rebalance();
        assertEq(uint8(outcome), uint8(plan.outcome));
        uint256 pay = uint256(_cash(keeper));
        assertLe(pay, plan.keeperPayMaxE18 / 1e12);
        assertApproxEqAbs(_wealth() + pay * 1e12, totalBefore, 4e12);

        if (outcome <= Outcome.PriceHalted) assertEq(_snapshot(alice, keeper), before);
        if (plan.moves.length != 0) {
            assertGe(_health(alice) + 1e9, plan.healthAfterE18);
            if (outcome == Outcome.Released) {
                Assessment memory a = marginAccount.assess(_account(alice));
                assertGe(a.healthE18 + 1e9, 1.8e18);
                assertGe(a.equityE18 + 2e12, int256(a.initialE18));
                assertLe(a.healthE18, plan.before.healthE18);
            }
        }
        before = _snapshot(alice, keeper);
        _rebalance();
        assertEq(_snapshot(alice, keeper), before, "not idempotent");
    }

    function test_TheKeepersPayIsRoundedDown() public {
        _borrow(alice, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_800.12345678e8);
        _depositReserve(alice, address(usdc), 5_000e6);
        PolicyFields memory policy = _policy();
        policy.keeperPayCap = 1_000;
        _setPolicy(alice, policy);
        IRebalancer.KeeperParameters memory k = _keeperParameters();
        k.discountBps = 100;
        rebalancer.setKeeperParameters(k);
        // 1% of 2,520.172839492
        assertEq(_payAt(500 gwei), 25_201_728);
    }

    /// @dev When the wallet refuses the deficit is that of a plan without it.
    function test_TheDeficitAfterARefusalIsRoundedUp() public {
        _borrow(alice, 10e18 + 7, 15_000e6);
        _setPrice(WETH_ASSET, 1_800.12345678e8);
        _openWallet(alice, 10_000e18);
        Assessment memory a = marginAccount.assess(_account(alice));
        uint256 needed = a.maintenanceE18 * 16;
        assertTrue(needed % 10 != 0);
        vm.mockCall(address(usdc), abi.encodeWithSelector(usdc.transferFrom.selector, alice), abi.encode(false));
        vm.expectEmit(address(marginAccount));
        emit MarginCalled(_raw(alice), int256(needed / 10 + 1) - a.equityE18, block.timestamp + 10 minutes);
        _rebalance();
        vm.clearMockedCalls();
    }

    /*//////////////////////////////////////////////////////////////////////////
                                           HELPERS
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Ten ether at 1,800 against 15,000: E 3,000, MM 2,520, health 1.19.
    function _called() private {
        _borrow(alice, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_800e8);
    }

    function _rebalance() private returns (Outcome) {
        vm.prank(keeper);
        return marginAccount.rebalance(_account(alice));
    }

    /// @dev A rebalance that answers `outcome`, changes nothing and pays nobody.
    function _assertIdle(Outcome outcome) private {
        assertEq(uint8(marginAccount.previewRebalance(_account(alice)).outcome), uint8(outcome));
        bytes32 before = _snapshot(alice, keeper);
        assertEq(uint8(_rebalance()), uint8(outcome));
        assertEq(_snapshot(alice, keeper), before);
    }

    function _refuse(address token) private {
        vm.mockCallRevert(token, abi.encodeWithSelector(usdc.transferFrom.selector, alice, address(vault)), "blocked");
    }

    /// @dev The plan hopes for the wallet once more; the rebalance changes nothing.
    function _assertRefusedAgain(Outcome outcome) private {
        bytes32 before = _snapshot(alice, keeper);
        assertEq(uint8(_rebalance()), uint8(outcome));
        assertEq(_snapshot(alice, keeper), before);
    }

    function _releaseAndCheck() private returns (uint256 left) {
        assertEq(uint8(_rebalance()), uint8(Outcome.Released));
        left = _collateral(alice, WETH_ASSET);
        // 30,000 - 25 - 1.8 x 5,600 over 1 - 1.8 x 14% can go: 26,597.59, at 2,000.
        assertApproxEqAbs(20e18 - left, 13.298796791443850267e18, 10);
        assertGe(_health(alice), 1.8e18);
        assertLe(_health(alice), 1.82e18);
        assertGt(_cash(keeper), 1e6);
        _assertIdle(Outcome.InBand);
    }

    /// @dev What the keeper gets at a base fee; nothing of it stays.
    function _payAt(uint256 baseFee) private returns (uint256 pay) {
        uint256 state = vm.snapshotState();
        vm.fee(baseFee);
        assertEq(uint8(_rebalance()), uint8(Outcome.ToppedUp));
        pay = uint256(_cash(keeper));
        vm.revertToState(state);
    }

    /// @dev {quote} All that the owner has inside and outside the account, at the bid; {E18}.
    function _wealth() private view returns (uint256) {
        Assessment memory a = marginAccount.assess(_account(alice));
        uint256 coins = _reserve(alice, WETH_ASSET) + weth.balanceOf(alice);
        uint256 dollars = _reserve(alice, QUOTE_ASSET) + usdc.balanceOf(alice);
        (uint256 bid, ) = riskEngine.requirePrice(WETH_ASSET);
        return uint256(a.equityE18 + int256(dollars * 1e12 + (coins * bid) / 1e18));
    }
}
