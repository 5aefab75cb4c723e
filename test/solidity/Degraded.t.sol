// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FaultyFeed} from "./utils/mocks/FaultyFeed.sol";
import {FaultySource} from "./utils/mocks/FaultySource.sol";
import {BallastTest} from "./utils/BallastTest.sol";
import {Errors} from "../../contracts/base/Errors.sol";
import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {IMarginAccountCore} from "../../contracts/interfaces/IMarginAccountCore.sol";
import {IMarginAccountExtension} from "../../contracts/interfaces/IMarginAccountExtension.sol";
import {Outcome, Plan} from "../../contracts/interfaces/IRebalancer.sol";
import {AccountHeader} from "../../contracts/types/AccountHeader.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {Assessment} from "../../contracts/types/Assessment.sol";

/// @title DegradedTest
/// @notice What each action makes of two sources that differ, and of the time after an outage. Alice holds ten ether and owes
/// 15,000, so liquidation is near 1,744.
contract DegradedTest is BallastTest {
    int256 private constant NO_LIMIT = type(int256).max;
    uint256 private constant ALL = type(uint256).max;

    FaultySource private source;

    function setUp() public override {
        super.setUp();
        source = new FaultySource(2_000e18);
        riskEngine.setSecondary(WETH_ASSET, address(source), 50, 0, 0);
        _borrow(alice, 10e18, 15_000e6);
        _deposit(taker, address(usdc), 50_000e6);
        _setPolicy(alice, _policy());
    }

    /// @dev {quote/whole token}
    function _say(uint256 primary, uint256 secondary) private {
        _setPrice(WETH_ASSET, int256(primary * 1e8));
        source.setPrice(secondary * 1e18);
    }

    function _rebalance() private returns (Outcome) {
        vm.prank(keeper);
        return marginAccount.rebalance(_account(alice));
    }

    function _refused(bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(taker);
        liquidator.liquidate(_account(alice), _account(taker), ALL, NO_LIMIT, "");
    }

    /*//////////////////////////////////////////////////////////////////////////
                                   THE OWNER'S WISHES
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev At the bid: 19,500 - 15,000 - 16 against 23% of 19,500.
    function test_AWithdrawalIsValuedAtTheWorseSide() public {
        _say(2_000, 1_950);
        _assertRefused(
            alice,
            abi.encodeCall(IMarginAccountCore.withdraw, (_account(alice), address(usdc), 16e6, alice)),
            abi.encodeWithSelector(
                Errors.MarginAccount_BelowInitialMargin.selector,
                _raw(alice),
                int256(4_484e18),
                4_485e18
            )
        );
        _say(1_950, 2_500);
        _assertRefused(
            alice,
            abi.encodeCall(IMarginAccountCore.withdraw, (_account(alice), address(usdc), 16e6, alice)),
            abi.encodeWithSelector(
                Errors.MarginAccount_BelowInitialMargin.selector,
                _raw(alice),
                int256(4_484e18),
                4_485e18
            )
        );
        _withdraw(alice, address(usdc), 15e6);
    }

    /// @dev Health at the bid is 1.865, at the ask 2.857: nothing is released. At 2,300 the bid alone says 2.48.
    function test_AReleaseIsValuedAtTheWorseSide() public {
        _say(2_030, 2_500);
        assertEq(uint8(_rebalance()), uint8(Outcome.InBand));
        _say(2_300, 2_500);
        assertEq(uint8(_rebalance()), uint8(Outcome.Released));
        // At the bid, and a wei of ether short of it.
        assertApproxEqRel(marginAccount.assess(_account(alice)).healthE18, 1.8e18, 0.01e18);
        assertGe(marginAccount.assess(_account(alice)).healthE18, 1.8e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                    AGAINST THE OWNER
    //////////////////////////////////////////////////////////////////////////*/

    function test_NoLiquidationWhileTheBetterSideIsHealthy() public {
        _say(1_700, 1_800);
        assertLt(_health(alice), 1e18);
        uint256 better = (uint256(3_000e18) * 1e18) / 2_520e18;
        _refused(abi.encodeWithSelector(Errors.Liquidator_Healthy.selector, _raw(alice), better));
        _say(1_800, 1_700);
        _refused(abi.encodeWithSelector(Errors.Liquidator_Healthy.selector, _raw(alice), better));
    }

    /// @dev On the terms of the better side, to the unit.
    function test_ALiquidationIsPricedAtTheBetterSide() public {
        _say(1_740, 1_740);
        ILiquidator.Quote memory live = liquidator.quote(_account(alice), ALL);
        _say(1_700, 1_740);
        assertTrue(marginAccount.assess(_account(alice)).degraded);
        AccountId[] memory ids = new AccountId[](1);
        ids[0] = _account(alice);
        assertTrue(lens.accounts(ids)[0].degraded);
        assertEq(abi.encode(liquidator.quote(_account(alice), ALL)), abi.encode(live));
        vm.prank(taker);
        ILiquidator.Quote memory taken = liquidator.liquidate(_account(alice), _account(taker), ALL, NO_LIMIT, "");
        assertEq(abi.encode(taken), abi.encode(live));
        _say(1_740, 1_740);
        assertGe(_health(alice), 1.15e18);
    }

    /// @dev One source alone is widened: at 1,740 plus half a percent the account is just healthy.
    function test_ALiquidationByOneSourceAloneIsPricedAboveIt() public {
        _say(1_740, 0);
        uint256 better = (uint256(17_487e18 - 15_000e18) * 1e18) / 2_448.18e18;
        _refused(abi.encodeWithSelector(Errors.Liquidator_Healthy.selector, _raw(alice), better));
        feeds[WETH_ASSET].push(0, block.timestamp);
        source.setPrice(1_740e18);
        _refused(abi.encodeWithSelector(Errors.Liquidator_Healthy.selector, _raw(alice), better));
        // Neither: no price is no price.
        source.setPrice(0);
        _refused(abi.encodeWithSelector(Errors.Liquidator_PriceHalted.selector, _raw(alice)));
    }

    /// @dev At the ask 1,800 the reserve's 400 bring 3,000 to 3,399 of the 3,150 that `lower` asks, and the wallet refuses the rest; at
    /// the bid 1,700 it would be 2,399 of 2,975.
    function test_AWalletThatRefusesIsJudgedAtTheBetterSide() public {
        _say(1_700, 1_800);
        _depositReserve(alice, address(usdc), 400e6);
        _openWallet(alice, 10_000e18);
        bytes memory pull = abi.encodeWithSelector(usdc.transferFrom.selector, alice, address(vault));
        vm.mockCallRevert(address(usdc), pull, "blocked");
        assertEq(uint8(_rebalance()), uint8(Outcome.ToppedUp));
        assertEq(_reserve(alice, QUOTE_ASSET), 0);
        assertEq(_header(alice).callSince(), 0);
        bytes32 before = _snapshot(alice, keeper);
        assertEq(uint8(_rebalance()), uint8(Outcome.InBand));
        assertEq(_snapshot(alice, keeper), before);
    }

    /// @dev Below the band at the bid alone nobody is called; at both sides, at the ask's figures.
    function test_ARebalanceBelowTheBandIsDecidedAtTheBetterSide() public {
        _say(1_700, 1_900);
        // 4,000 / 2,660 = 1.5
        assertEq(uint8(_rebalance()), uint8(Outcome.InBand));
        _say(1_700, 1_800);
        Plan memory plan = marginAccount.previewRebalance(_account(alice));
        assertEq(plan.before.equityE18, 3_000e18);
        assertEq(plan.before.maintenanceE18, 2_520e18);
        assertEq(uint8(_rebalance()), uint8(Outcome.MarginCalled));
        assertEq(_header(alice).liquidationSince(), 0);
    }

    /// @dev What brings 1,800's health to 1.6 is less than what brings 1,700's there.
    function test_ATopUpIsAsLargeAsTheBetterSideAsks() public {
        _depositReserve(alice, address(usdc), 10_000e6);
        _say(1_700, 1_800);
        assertEq(uint8(_rebalance()), uint8(Outcome.ToppedUp));
        _say(1_800, 1_800);
        assertApproxEqRel(_health(alice), 1.6e18, 0.01e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                    LOSSES AND CURES
    //////////////////////////////////////////////////////////////////////////*/

    function test_NoProvisionWithoutALivePrice() public {
        _say(1_300, 1_400);
        bytes memory refused = abi.encodeWithSelector(Errors.MarginAccount_PriceHalted.selector, _raw(alice));
        _assertRefused(stranger, abi.encodeCall(IMarginAccountExtension.provision, (_account(alice))), refused);
        // A rebalance finds the account below maintenance, and sets nothing aside.
        assertEq(uint8(_rebalance()), uint8(Outcome.LiquidationOpened));
        assertEq(marginAccount.provisionOf(_account(alice)), 0);
        _say(1_400, 1_400);
        assertEq(uint8(_rebalance()), uint8(Outcome.Provisioned));
        _say(1_400, 1_500);
        _assertRefused(stranger, abi.encodeCall(IMarginAccountExtension.reverseProvision, (_account(alice))), refused);
    }

    /// @dev Promise 8: a cure is taken, and its clocks are moved by whoever looks next.
    function test_ACureIsTakenAndTheClocksWait() public {
        _say(1_740, 1_740);
        assertEq(uint8(_rebalance()), uint8(Outcome.LiquidationOpened));
        AccountHeader before = _header(alice);
        _say(1_740, 1_900);
        _deposit(alice, address(usdc), 2_000e6);
        AccountHeader later = _header(alice);
        assertEq(later.liquidationSince(), before.liquidationSince());
        assertEq(uint8(later.callState()), uint8(before.callState()));
        assertEq(uint8(_rebalance()), uint8(Outcome.CallCured));
        assertEq(_header(alice).liquidationSince(), 0);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                     AFTER AN OUTAGE
    //////////////////////////////////////////////////////////////////////////*/

    function test_NobodyIsLiquidatedInTheGraceAfterAnOutage() public {
        FaultyFeed uptime = new FaultyFeed(0, 1);
        uptime.setUpdatedAt(block.timestamp - 1 minutes);
        riskEngine.setSequencer(address(uptime), 1 hours);
        _say(1_700, 1_700);
        _refused(abi.encodeWithSelector(Errors.Liquidator_PriceHalted.selector, _raw(alice)));
        assertEq(uint8(_rebalance()), uint8(Outcome.PriceHalted));

        uptime.setAnswer(0);
        _refused(abi.encodeWithSelector(Errors.Liquidator_AfterOutage.selector, _raw(alice)));
        // What its owner keeps outside comes in meanwhile.
        assertEq(uint8(_rebalance()), uint8(Outcome.LiquidationOpened));
        _depositReserve(alice, address(usdc), 500e6);
        _deposit(alice, address(usdc), 100e6);
        _refused(abi.encodeWithSelector(Errors.Liquidator_AfterOutage.selector, _raw(alice)));
        Assessment memory a = marginAccount.assess(_account(alice));
        assertTrue(a.degraded);
        assertFalse(a.halted);

        // To the second.
        skip(59 minutes);
        _say(1_700, 1_700);
        _refused(abi.encodeWithSelector(Errors.Liquidator_AfterOutage.selector, _raw(alice)));
        skip(1);
        _say(1_700, 1_700);
        vm.prank(taker);
        liquidator.liquidate(_account(alice), _account(taker), ALL, NO_LIMIT, "");
    }
}
