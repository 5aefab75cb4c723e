// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../../contracts/base/Errors.sol";
import {Outcome} from "../../contracts/interfaces/IRebalancer.sol";
import {IRiskEngine} from "../../contracts/interfaces/IRiskEngine.sol";
import {MintableToken} from "../../contracts/mocks/MintableToken.sol";
import {CallState} from "../../contracts/types/AccountHeader.sol";
import {Assessment} from "../../contracts/types/Assessment.sol";
import {PolicyFields} from "../../contracts/types/BandPolicy.sol";
import {BallastTest} from "./utils/BallastTest.sol";

/// @title GriefingTest
/// @notice Ways in which a stranger, a keeper or an owner once could take, shield or block; each is closed.
contract GriefingTest is BallastTest {
    event MarginCalled(uint256 indexed accountId, int256 deficitE18, uint256 deadline);

    function _wallet() private {
        _borrow(alice, 10e18, 15_000e6);
        _openWallet(alice, 100_000e18);
        _setPrice(WETH_ASSET, 1_800e8);
    }

    // A wallet that refuses pays the keeper again and again in one block.
    function test_RefusingWalletPaysOnce() public {
        _wallet();
        vm.mockCall(address(usdc), abi.encodeWithSelector(usdc.transferFrom.selector, alice), abi.encode(false));
        vm.prank(keeper);
        marginAccount.rebalance(_account(alice));
        int256 paid = _cash(keeper);
        for (uint256 i; i < 10; ++i) {
            vm.prank(keeper);
            marginAccount.rebalance(_account(alice));
        }
        assertEq(_cash(keeper), paid, "paid again");
    }

    // Dust sent to a wallet that tops up is brought in at a cost far above its worth.
    function test_DustInTheWalletIsNotWorthIt() public {
        _wallet();
        vm.prank(alice);
        usdc.transfer(carol, 15_000e6);
        uint256 before = _health(alice);
        for (uint256 i; i < 20; ++i) {
            usdc.mint(alice, 0.01e6);
            vm.prank(keeper);
            marginAccount.rebalance(_account(alice));
        }
        assertLe(_cash(keeper), 1e6, "paid for dust");
        assertGe(_health(alice) + 1e15, before, "health fell");
    }

    // The same with a reserve of one unit: health falls by a rebalance.
    function test_DustInTheReserve() public {
        _borrow(alice, 10e18, 15_000e6);
        _depositReserve(alice, address(usdc), 1);
        _setPrice(WETH_ASSET, 1_800e8);
        vm.prank(keeper);
        marginAccount.rebalance(_account(alice));
        assertLe(_cash(keeper), 1e6, "paid more than a call");
    }

    // With one halted asset any amount of another passes its cap.
    function test_CapHoldsWithAHaltedAsset() public {
        _borrow(alice, 10e18, 1_000e6);
        (MintableToken token, uint8 asset) = _newCollateral();
        _deposit(alice, address(token), 0.01e18);
        _makeStale(asset);
        vault.setLimits(address(weth), 10, 100);
        _fund(alice, address(weth), 1_000e18);
        vm.prank(alice);
        vm.expectPartialRevert(Errors.CollateralVault_AboveCap.selector);
        marginAccount.deposit(_account(alice), address(weth), 1_000e18);
    }

    // A listed asset without risk parameters makes an indebted account unassessable: no rebalance, no liquidation.
    function test_AssetWithoutRiskParametersShields() public {
        _borrow(alice, 10e18, 15_000e6);
        MintableToken token = new MintableToken("New", "NEW");
        _list(address(token), 18, WETH_START, COIN_HEARTBEAT);
        _fund(alice, address(token), 1e18);
        vm.prank(alice);
        marginAccount.deposit(_account(alice), address(token), 1e18);
        _setPrice(WETH_ASSET, 1_600e8);
        _deposit(taker, address(usdc), 1_000_000e6);
        vm.prank(taker);
        liquidator.liquidate(_account(alice), _account(taker), 0.3e18, type(int256).max, "");
    }

    // maxWithdraw names an amount that withdraw refuses as a dust debt.
    function test_MaxWithdrawIsWithdrawable() public {
        _lend(1_000_000e6);
        _deposit(alice, address(weth), 0.05e18);
        _deposit(alice, address(usdc), 100e6);
        uint256 most = marginAccount.maxWithdraw(_account(alice), address(usdc));
        _withdraw(alice, address(usdc), most);
    }

    // maxWithdraw offers more of a debt that stays too small to be allowed.
    function test_MaxWithdrawOffersNoMoreOfADustDebt() public {
        _borrow(alice, 0.07e18, 100e6);
        // {$} Up to 0.07 x 2,000 x (1 - 20%) or so may be borrowed; the minimum rises above it.
        marginAccount.setInterest(200, 800, 9_000, 8_500, 2_000, 150);
        assertEq(marginAccount.maxWithdraw(_account(alice), address(usdc)), 0);
        marginAccount.setInterest(200, 800, 9_000, 8_500, 2_000, 101);
        uint256 most = marginAccount.maxWithdraw(_account(alice), address(usdc));
        assertGt(most, 1e6);
        _withdraw(alice, address(usdc), most);
    }

    // A partial slice at d >= h reverts with HealthLowered.
    function test_PartialSliceBeyondHealth() public {
        _borrow(alice, 10e18, 15_000e6);
        _pass(100 days);
        _setPrice(WETH_ASSET, 1_600e8);
        _deposit(taker, address(usdc), 1_000_000e6);
        marginAccount.rebalance(_account(alice));
        _pass(10 minutes);
        for (uint256 f = 0.01e18; f < 0.99e18; f += 0.07e18) {
            uint256 state = vm.snapshotState();
            vm.prank(taker);
            liquidator.liquidate(_account(alice), _account(taker), f + 12_345, type(int256).max, "");
            vm.revertToState(state);
        }
    }

    // A whole slice panics.
    function test_WholeSlice() public {
        _borrow(alice, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_400e8);
        _deposit(taker, address(usdc), 1_000_000e6);
        vm.prank(taker);
        liquidator.liquidate(_account(alice), _account(taker), 1e18, type(int256).max, "");
    }

    // An asset without risk parameters named in the policy and held in the wallet makes every rebalance revert.
    function test_RebalanceOfAnOwnerWithAnUnparameterisedAsset() public {
        _wallet();
        MintableToken token = new MintableToken("New", "NEW");
        uint8 asset = _list(address(token), 18, WETH_START, COIN_HEARTBEAT);
        PolicyFields memory policy = _policy();
        policy.walletTopUp = true;
        policy.assetOrder = asset;
        _setPolicy(alice, policy);
        _fund(alice, address(token), 1e18);
        vm.prank(alice);
        usdc.approve(address(vault), 0);
        marginAccount.rebalance(_account(alice));
    }

    // What a release set aside for its pay and did not need is released again in the same block, for another pay.
    function test_OneReleaseABlock() public {
        _borrow(alice, 10e18, 120e6);
        PolicyFields memory policy = _policy();
        (policy.upperE6, policy.keeperPayCap) = (policy.upperRestoreE6, 100);
        _setPolicy(alice, policy);
        vm.prank(keeper);
        assertEq(uint8(marginAccount.rebalance(_account(alice))), uint8(Outcome.Released));
        (int256 paid, uint256 kept) = (_cash(keeper), _collateral(alice, WETH_ASSET));
        vm.prank(keeper);
        marginAccount.rebalance(_account(alice));
        assertEq(_cash(keeper), paid, "paid again");
        assertEq(_collateral(alice, WETH_ASSET), kept, "released again");
    }

    // A top-up to the very point at which an account is due leaves it due, by rounding, until its reserve is paid away.
    function test_ABandWithoutRoomIsRefused() public {
        PolicyFields memory policy = _policy();
        policy.lowerE6 = policy.lowerRestoreE6;
        vm.prank(alice);
        vm.expectPartialRevert(Errors.MarginAccount_BadBand.selector);
        marginAccount.setPolicy(_account(alice), policy);
    }

    // A cure that falls short calls an account that nobody had called, and says nothing of it.
    function test_ACallByACureIsAnnounced() public {
        _borrow(alice, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_000e8);
        marginAccount.provision(_account(alice));
        _fund(stranger, address(usdc), 1_000e6);
        vm.expectEmit(true, false, false, false, address(marginAccount));
        emit MarginCalled(_raw(alice), 0, 0);
        vm.prank(stranger);
        marginAccount.depositFor(_account(alice), address(usdc), 1_000e6);
        assertEq(uint8(_header(alice).callState()), uint8(CallState.Running));
    }

    function test_TheDeficitThatACureLeavesIsRoundedUp() public {
        _borrow(alice, 10e18 + 13, 15_000e6);
        _setPrice(WETH_ASSET, 1_000.12345679e8);
        marginAccount.provision(_account(alice));
        Assessment memory a = marginAccount.assess(_account(alice));
        uint256 needed = a.maintenanceE18 * 16;
        assertTrue(needed % 10 != 0);
        int256 deficit = int256(needed / 10 + 1) - (a.equityE18 + 1_000e18);
        _fund(stranger, address(usdc), 1_000e6);
        vm.expectEmit(address(marginAccount));
        emit MarginCalled(_raw(alice), deficit, block.timestamp + 10 minutes);
        vm.prank(stranger);
        marginAccount.depositFor(_account(alice), address(usdc), 1_000e6);
    }

    /// @dev With equal margins a loan to the limit stands at a health of one. The pay for recording its call would put it below,
    /// and a second look would open a liquidation.
    function test_TheCallsPayPutsNobodyBelowMaintenance() public {
        riskEngine.setRiskParameters(WETH_ASSET, IRiskEngine.RiskParameters(1_000, 400, 400, 10_000, 2_000));
        _borrow(alice, 10e18, 17_200e6);
        assertEq(_health(alice), 1e18);
        vm.prank(keeper);
        assertEq(uint8(marginAccount.rebalance(_account(alice))), uint8(Outcome.MarginCalled));
        assertEq(_health(alice), 1e18);
        assertEq(_cash(keeper), 0);
        vm.prank(keeper);
        assertEq(uint8(marginAccount.rebalance(_account(alice))), uint8(Outcome.CallRunning));
        // With room for it the call is paid.
        _borrow(bob, 10e18, 17_190e6);
        vm.prank(keeper);
        assertEq(uint8(marginAccount.rebalance(_account(bob))), uint8(Outcome.MarginCalled));
        assertEq(_cash(keeper), 1e6);
    }

    // A dust of a token whose feed is silent shields an account from liquidation, rebalance and provision.
    function test_ADustOfAStaleTokenShieldsNobody() public {
        _borrow(alice, 10e18, 15_000e6);
        (MintableToken token, uint8 asset) = _newCollateral();
        _makeStale(asset);
        _deposit(alice, address(token), 0.01e18);
        _setPrice(WETH_ASSET, 1_700e8);
        assertEq(uint8(marginAccount.rebalance(_account(alice))), uint8(Outcome.LiquidationOpened));
        _deposit(taker, address(usdc), 1_000_000e6);
        vm.prank(taker);
        liquidator.liquidate(_account(alice), _account(taker), 0.3e18, type(int256).max, "");
        assertEq(_collateral(taker, asset), 0.003e18);
        _setPrice(WETH_ASSET, 1_000e8);
        marginAccount.provision(_account(alice));
        // And it borrows nothing.
        _deposit(bob, address(weth), 10e18);
        _deposit(bob, address(token), 0.25e18);
        uint256 most = marginAccount.maxWithdraw(_account(bob), address(usdc));
        assertApproxEqAbs(most, 7_700e6, 1);
        _withdraw(bob, address(usdc), most);
        // A release leaves it where it is.
        vm.roll(block.number + 1);
        _setPrice(WETH_ASSET, 4_000e8);
        PolicyFields memory policy = _policy();
        policy.assetOrder = asset;
        _setPolicy(bob, policy);
        assertEq(uint8(marginAccount.rebalance(_account(bob))), uint8(Outcome.InBand));
    }

    // An owner makes every taker he knows his operator, and nobody but strangers may liquidate.
    function test_ATakerWhoWasMadeAnOperatorResigns() public {
        _borrow(alice, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_700e8);
        _deposit(taker, address(usdc), 1_000_000e6);
        vm.prank(alice);
        marginAccount.setOperator(_account(alice), taker, 1);
        vm.startPrank(taker);
        vm.expectPartialRevert(Errors.MarginAccount_SelfLiquidation.selector);
        liquidator.liquidate(_account(alice), _account(taker), 0.3e18, type(int256).max, "");
        marginAccount.setOperator(_account(alice), taker, 0);
        liquidator.liquidate(_account(alice), _account(taker), 0.3e18, type(int256).max, "");
        vm.stopPrank();
    }

    // What is worth nothing is a cure of any size, and fills a cap of zero.
    function test_WhatCountsForNothingIsNoCure() public {
        _borrow(alice, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_700e8);
        MintableToken token = new MintableToken("New", "NEW");
        _list(address(token), 18, WETH_START, COIN_HEARTBEAT);
        vault.setLimits(address(token), 0, 100);
        _fund(alice, address(token), 1e18);
        vm.prank(alice);
        vm.expectPartialRevert(Errors.CollateralVault_AboveCap.selector);
        marginAccount.deposit(_account(alice), address(token), 1e18);
    }

    // With one halted asset any amount of another passes its cap, the debt's worth at a time.
    function test_ACapHoldsWithAHaltedAssetInManySteps() public {
        _borrow(alice, 10e18, 1_000e6);
        (MintableToken token, uint8 asset) = _newCollateral();
        _deposit(alice, address(token), 5e18);
        _makeStale(asset);
        vault.setLimits(address(weth), 10, 100);
        _fund(alice, address(weth), 1e18);
        vm.prank(alice);
        vm.expectPartialRevert(Errors.CollateralVault_AboveCap.selector);
        marginAccount.deposit(_account(alice), address(weth), 0.01e18);
    }

    // A taker with cash pays for the very loss that his slice settles.
    function test_ATakerForfeitsNothingToTheProvisionHeSettles() public {
        _borrow(alice, 10e18, 15_000e6);
        _withdraw(lender, address(usdc), 10_000_000e6 - 30_000e6);
        _deposit(taker, address(usdc), 20_000e6);
        _setPrice(WETH_ASSET, 1_000e8);
        uint256 state = vm.snapshotState();
        vm.prank(taker);
        liquidator.liquidate(_account(alice), _account(taker), 1e18, type(int256).max, "");
        int256 left = _cash(taker);
        vm.revertToState(state);
        marginAccount.provision(_account(alice));
        vm.prank(taker);
        liquidator.liquidate(_account(alice), _account(taker), 1e18, type(int256).max, "");
        assertEq(_cash(taker), left);
        assertEq(marginAccount.cashOf(marginAccount.insuranceFund()), 0);
    }

    // A provision that nothing needs any more cannot be reversed for want of a price.
    function test_AProvisionIsReversedOnceTheDebtIsPaid() public {
        _borrow(alice, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_000e8);
        marginAccount.provision(_account(alice));
        _deposit(alice, address(usdc), 15_001e6);
        _makeStale(WETH_ASSET);
        vm.prank(stranger);
        marginAccount.reverseProvision(_account(alice));
        assertEq(marginAccount.cashMarket().provisions, 0);
    }
}
