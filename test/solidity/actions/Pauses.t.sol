// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {Errors} from "../../../contracts/base/Errors.sol";
import {ILiquidator} from "../../../contracts/interfaces/ILiquidator.sol";
import {IMarginAccountAccess} from "../../../contracts/interfaces/IMarginAccountAccess.sol";
import {IMarginAccountCore} from "../../../contracts/interfaces/IMarginAccountCore.sol";
import {IMarginAccountEvents} from "../../../contracts/interfaces/IMarginAccountEvents.sol";
import {IMarginAccountExtension} from "../../../contracts/interfaces/IMarginAccountExtension.sol";
import {IPriceOracleAdapter} from "../../../contracts/interfaces/IPriceOracleAdapter.sol";
import {Outcome, Plan} from "../../../contracts/interfaces/IRebalancer.sol";
import {Guard, GuardLevel} from "../../../contracts/types/Guard.sol";
import {InstrumentId, toPerpetual} from "../../../contracts/types/InstrumentId.sol";
import {FaultySource} from "../utils/mocks/FaultySource.sol";
import {TradingTest} from "../utils/TradingTest.sol";

/// @title PausesTest
/// @notice What each level refuses, what none refuses, and that no guardian can hold on to a pause.
contract PausesTest is TradingTest {
    uint64 private constant GOVERNOR_ROLE = 1;
    uint64 private constant GUARDIAN_ROLE = 3;
    uint32 private constant GOVERNOR_DELAY = 2 days;
    uint32 private constant MOST = 3 days;
    uint32 private constant GRACE = 1 hours;

    address private guardian = makeAddr("guardian");
    address private governor = makeAddr("governor");

    function setUp() public override {
        super.setUp();
        bytes4[] memory one = new bytes4[](1);
        one[0] = IMarginAccountAccess.pause.selector;
        manager.setTargetFunctionRole(address(marginAccount), one, GUARDIAN_ROLE);
        manager.grantRole(GUARDIAN_ROLE, guardian, 0);
        bytes4[] memory two = new bytes4[](2);
        (two[0], two[1]) = (IMarginAccountAccess.unpause.selector, IMarginAccountAccess.setLiquidationGrace.selector);
        manager.setTargetFunctionRole(address(marginAccount), two, GOVERNOR_ROLE);
        manager.grantRole(GOVERNOR_ROLE, governor, GOVERNOR_DELAY);
    }

    function _pause(GuardLevel level, uint32 time) private {
        vm.prank(guardian);
        marginAccount.pause(level, time);
    }

    function _unpause() private {
        bytes memory call = abi.encodeCall(IMarginAccountAccess.unpause, ());
        vm.startPrank(governor);
        manager.schedule(address(marginAccount), call, 0);
        vm.stopPrank();
        _pass(GOVERNOR_DELAY);
        vm.expectEmit(address(marginAccount));
        emit IMarginAccountEvents.Paused(GuardLevel.Normal, block.timestamp);
        vm.prank(governor);
        marginAccount.unpause();
    }

    function _paused(GuardLevel level) private view returns (bytes memory) {
        return abi.encodeWithSelector(Errors.MarginAccount_Paused.selector, level, marginAccount.guard().until);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                      THE GUARDIAN
    //////////////////////////////////////////////////////////////////////////*/

    function test_ThePauseIsTheGuardiansAndItsEndGovernances() public {
        address[3] memory others = [stranger, governor, alice];
        for (uint256 i; i < 3; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, others[i]));
            marginAccount.pause(GuardLevel.Halt, 1 days);
        }
        _pause(GuardLevel.Halt, MOST);
        vm.startPrank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, guardian));
        marginAccount.unpause();
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, guardian));
        marginAccount.setLiquidationGrace(1 hours);
        vm.stopPrank();
        _unpause();
        assertEq(marginAccount.guard().until, block.timestamp);
    }

    function test_PauseBounds() public {
        vm.startPrank(guardian);
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_NotTighter.selector, 0, 0));
        marginAccount.pause(GuardLevel.Normal, 1);
        _expectOutOfBounds("durationSeconds", 0, 1);
        marginAccount.pause(GuardLevel.Halt, 0);
        _expectOutOfBounds("durationSeconds", MOST + 1, MOST);
        marginAccount.pause(GuardLevel.Halt, MOST + 1);
        vm.expectEmit(address(marginAccount));
        emit IMarginAccountEvents.Paused(GuardLevel.ReduceOnly, block.timestamp + MOST);
        marginAccount.pause(GuardLevel.ReduceOnly, MOST);
        vm.stopPrank();
    }

    /// @dev Within it he may tighten, which gains no time; after it he waits as long as it was to last.
    function test_AGuardianCannotHoldOn() public {
        uint256 until = block.timestamp + MOST;
        _pause(GuardLevel.ReduceOnly, MOST);
        _pass(1 days);
        _pause(GuardLevel.Halt, MOST);
        Guard memory g = marginAccount.guard();
        assertEq(g.until, until);
        assertEq(g.haltedUntil, until);
        uint256 renewable = until + MOST + 2 * GRACE;
        assertEq(g.renewableAt, renewable);
        vm.startPrank(guardian);
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_NotTighter.selector, 3, 3));
        marginAccount.pause(GuardLevel.Halt, MOST);
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_NotTighter.selector, 2, 3));
        marginAccount.pause(GuardLevel.LiquidateOnly, MOST);
        vm.warp(until);
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_PauseTooSoon.selector, until, renewable));
        marginAccount.pause(GuardLevel.ReduceOnly, 1);
        vm.warp(renewable - 1);
        vm.expectPartialRevert(Errors.MarginAccount_PauseTooSoon.selector);
        marginAccount.pause(GuardLevel.ReduceOnly, 1);
        vm.warp(renewable);
        marginAccount.pause(GuardLevel.ReduceOnly, 1);
        vm.stopPrank();
    }

    /// @dev Short halts in a row would leave nobody a moment between one's grace and the next.
    function test_ShortHaltsLeaveLiquidationOpenHalfTheTime() public {
        _pause(GuardLevel.Halt, 1);
        uint256 opensAt = block.timestamp + 1 + GRACE;
        uint256 renewable = opensAt + 1 + GRACE;
        vm.warp(renewable - 1);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_PauseTooSoon.selector, renewable - 1, renewable));
        marginAccount.pause(GuardLevel.Halt, 1);
        vm.warp(renewable);
        _pause(GuardLevel.Halt, 1);
    }

    /// @dev Governance loosens early; it does not give the guardian his time back.
    function test_GovernanceLoosensEarly() public {
        _lend(1_000_000e6);
        _deposit(alice, address(weth), 10e18);
        _pause(GuardLevel.LiquidateOnly, MOST);
        uint256 renewable = marginAccount.guard().renewableAt;
        _unpause();
        assertLt(block.timestamp, renewable - MOST);
        _withdraw(alice, address(usdc), 1_000e6);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_PauseTooSoon.selector, block.timestamp, renewable));
        marginAccount.pause(GuardLevel.Halt, 1);
        bytes memory call = abi.encodeCall(IMarginAccountAccess.unpause, ());
        vm.prank(governor);
        manager.schedule(address(marginAccount), call, 0);
        skip(GOVERNOR_DELAY);
        uint256 until = marginAccount.guard().until;
        vm.prank(governor);
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_NotPaused.selector, block.timestamp, until));
        marginAccount.unpause();
    }

    function testFuzz_WhateverTheGuardianDoesHalfTheTimeIsFree(uint256 seed) public {
        uint256 start = block.timestamp;
        uint256 paused;
        for (uint256 i; i < 30; ++i) {
            uint256 roll = uint256(keccak256(abi.encode(seed, i)));
            uint256 time = roll % 2 days;
            uint256 until = marginAccount.guard().until;
            if (until > block.timestamp) paused += until - block.timestamp < time ? until - block.timestamp : time;
            skip(time);
            vm.prank(guardian);
            try marginAccount.pause(GuardLevel(1 + ((roll >> 64) % 3)), uint32(1 + ((roll >> 128) % MOST))) {} catch {}
        }
        assertLe(paused, (block.timestamp - start) / 2 + MOST);
    }

    function test_GraceBounds() public {
        bytes4[] memory one = new bytes4[](1);
        one[0] = IMarginAccountAccess.setLiquidationGrace.selector;
        manager.setTargetFunctionRole(address(marginAccount), one, ADMIN_ROLE);
        assertEq(marginAccount.guard().graceSeconds, 1 hours);
        _expectOutOfBounds("graceSeconds", 10 minutes - 1, 10 minutes);
        marginAccount.setLiquidationGrace(10 minutes - 1);
        _expectOutOfBounds("graceSeconds", 1 days + 1, 1 days);
        marginAccount.setLiquidationGrace(1 days + 1);
        vm.expectEmit(address(marginAccount));
        emit IMarginAccountEvents.LiquidationGraceSet(10 minutes);
        marginAccount.setLiquidationGrace(10 minutes);
        marginAccount.setLiquidationGrace(1 days);
        assertEq(marginAccount.guard().graceSeconds, 1 days);
    }

    function _expectOutOfBounds(bytes32 field, uint256 found, uint256 bound_) private {
        vm.expectRevert(
            abi.encodeWithSelector(Errors.MarginAccount_ParameterOutOfBounds.selector, field, found, bound_)
        );
    }

    function test_ClearPauseOnlyWhenNothingRemembersIt() public {
        _pause(GuardLevel.Halt, 1 days);
        uint256 from = block.timestamp + 1 days + GRACE + 1 days;
        vm.expectPartialRevert(Errors.MarginAccount_PauseTooSoon.selector);
        marginAccount.clearPause();
        vm.warp(from - 1);
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_PauseTooSoon.selector, from - 1, from));
        marginAccount.clearPause();
        vm.warp(from);
        vm.prank(stranger);
        marginAccount.clearPause();
        // Another pause, when it may be, holds as the first did.
        vm.warp(from + GRACE);
        _refreshPrices();
        _deposit(alice, address(weth), 10e18);
        _pause(GuardLevel.LiquidateOnly, 1 days);
        vm.expectRevert(_paused(GuardLevel.LiquidateOnly));
        marginAccount.payClaims(address(weth), 1);
    }

    /// @dev Until then a liquidation's clock is read from where takers could take again; afterwards from where it began.
    function test_AClearedPauseIsNotAskedAbout() public {
        _borrow(alice, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_700e8);
        marginAccount.rebalance(_account(alice));
        uint256 since = block.timestamp;
        _pause(GuardLevel.Halt, 1 days);
        vm.warp(since + 1 days + GRACE + 1 days);
        assertEq(_header(alice).liquidationSince(), since + 1 days + GRACE);
        marginAccount.clearPause();
        assertEq(_header(alice).liquidationSince(), since);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                  WHAT A LEVEL REFUSES
    //////////////////////////////////////////////////////////////////////////*/

    function test_ReduceOnlyRefusesNewDebtAndTheOutflowOfDebtors() public {
        _borrow(alice, 10e18, 10_000e6);
        _deposit(bob, address(weth), 10e18);
        _pause(GuardLevel.ReduceOnly, 1 days);
        bytes memory reason = _paused(GuardLevel.ReduceOnly);
        _assertRefused(alice, _withdrawCall(alice, address(usdc), 1e6), reason);
        _assertRefused(alice, _withdrawCall(alice, address(weth), 1), reason);
        _assertRefused(bob, _withdrawCall(bob, address(usdc), 1_000e6), reason);
        _assertRefused(
            alice,
            abi.encodeCall(IMarginAccountExtension.transfer, (_account(alice), _account(bob), address(weth), 1)),
            reason
        );
        // Who owes nothing may leave.
        assertEq(_withdraw(bob, address(weth), 10e18), 10e18);
        assertEq(_withdraw(lender, address(usdc), 1_000e6), 1_000e6);
        skip(1 days);
        _refreshPrices();
        _withdraw(alice, address(usdc), 1e6);
    }

    function test_LiquidateOnlyRefusesAllOutflowButReserves() public {
        _deposit(bob, address(weth), 10e18);
        _lend(1_000e6);
        _depositReserve(bob, address(weth), 5e18);
        _pause(GuardLevel.LiquidateOnly, 1 days);
        bytes memory reason = _paused(GuardLevel.LiquidateOnly);
        _assertRefused(bob, _withdrawCall(bob, address(weth), 1e18), reason);
        _assertRefused(lender, _withdrawCall(lender, address(usdc), 1e6), reason);
        _assertRefused(
            bob,
            abi.encodeCall(IMarginAccountExtension.transfer, (_account(bob), _account(alice), address(weth), 1)),
            reason
        );
        _assertRefused(stranger, abi.encodeCall(IMarginAccountExtension.payClaims, (address(weth), 1)), reason);
        _assertRefused(bob, abi.encodeCall(IMarginAccountExtension.claim, (address(weth), bob)), reason);
        vm.prank(bob);
        assertEq(marginAccount.withdrawReserve(_account(bob), address(weth), 5e18, bob), 5e18);
    }

    function test_ReleasesWaitForThePauseToEnd() public {
        _borrow(alice, 20e18, 10_000e6);
        _setPolicy(alice, _policy());
        assertEq(uint8(marginAccount.previewRebalance(_account(alice)).outcome), uint8(Outcome.Released));
        _pause(GuardLevel.ReduceOnly, 1 days);
        Plan memory plan = marginAccount.previewRebalance(_account(alice));
        assertEq(uint8(plan.outcome), uint8(Outcome.NotWorthIt));
        assertEq(plan.moves.length, 0);
        assertEq(plan.healthAfterE18, _health(alice));
        vm.prank(keeper);
        assertEq(uint8(marginAccount.rebalance(_account(alice))), uint8(Outcome.NotWorthIt));
        assertEq(_collateral(alice, WETH_ASSET), 20e18);
        _pass(1 days);
        vm.prank(keeper);
        assertEq(uint8(marginAccount.rebalance(_account(alice))), uint8(Outcome.Released));
    }

    function test_FillsShrinkInReduceOnlyAndStopInLiquidateOnly() public {
        InstrumentId perp = toPerpetual(WETH_ASSET);
        _fundTraders(100_000e6);
        _trade(maker, trader, perp, 2e18, 2_000e18);
        _pause(GuardLevel.ReduceOnly, 1 days);
        _expectFillRefused(perp, 1e18, _paused(GuardLevel.ReduceOnly));
        // Past zero it would be a new position.
        _expectFillRefused(perp, -3e18, _paused(GuardLevel.ReduceOnly));
        _trade(maker, trader, perp, -1e18, 2_000e18);
        _pause(GuardLevel.LiquidateOnly, 1 days);
        _expectFillRefused(perp, -1e18, _paused(GuardLevel.LiquidateOnly));
        skip(1 days);
        _refreshPrices();
        _trade(maker, trader, perp, 1e18, 2_000e18);
    }

    /// @dev One of two sides may shrink while the other opens: the fill grows a position.
    function test_AFillThatGrowsOneSideIsRefused() public {
        InstrumentId perp = toPerpetual(WETH_ASSET);
        _fundTraders(100_000e6);
        _trade(maker, trader, perp, 2e18, 2_000e18);
        address third = _newTrader("third");
        _deposit(third, address(usdc), 100_000e6);
        _pause(GuardLevel.ReduceOnly, 1 days);
        _expectRefused(third, trader, perp, -1e18, _paused(GuardLevel.ReduceOnly));
        _expectRefused(maker, third, perp, -1e18, _paused(GuardLevel.ReduceOnly));
    }

    function _expectFillRefused(InstrumentId perp, int256 size, bytes memory reason) private {
        _expectRefused(maker, trader, perp, size, reason);
    }

    function _expectRefused(address one, address other, InstrumentId perp, int256 size, bytes memory reason) private {
        try this.tradeFor(one, other, perp, size) {
            assertTrue(false, "was not refused");
        } catch (bytes memory answer) {
            assertEq(answer, reason, "another reason");
        }
    }

    /// @dev In a call of its own, so that it may revert.
    function tradeFor(address one, address other, InstrumentId perp, int256 size) external {
        _trade(one, other, perp, size, 2_000e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                    PRICE EVIDENCE
    //////////////////////////////////////////////////////////////////////////*/

    function test_SourcesThatDeviateLetPositionsOnlyShrink() public {
        InstrumentId perp = toPerpetual(WETH_ASSET);
        _fundTraders(100_000e6);
        FaultySource source = new FaultySource(2_000e18);
        riskEngine.setSecondary(WETH_ASSET, address(source), 50, 0, 0);
        _trade(maker, trader, perp, 2e18, 2_000e18);
        source.setPrice(2_100e18);
        bytes memory reason = abi.encodeWithSelector(
            Errors.MarginAccount_ReduceOnly.selector,
            WETH_ASSET,
            uint8(IPriceOracleAdapter.Fault.Deviating)
        );
        _expectFillRefused(perp, 1e18, reason);
        _trade(maker, trader, perp, -1e18, 2_000e18);
        // A source that is missing is no evidence: the price is worse, and enough.
        source.setPrice(0);
        (, IPriceOracleAdapter.Fault fault) = riskEngine.price(WETH_ASSET);
        assertEq(uint8(fault), uint8(IPriceOracleAdapter.Fault.SecondMissing));
        _trade(maker, trader, perp, 1e18, 2_000e18);
        // And it lapses with the evidence.
        source.setPrice(2_000e18);
        _trade(maker, trader, perp, 1e18, 2_000e18);
    }

    function test_AHaltedPriceIsStillNamedAsSuch() public {
        InstrumentId perp = toPerpetual(WETH_ASSET);
        _fundTraders(100_000e6);
        _makeStale(WETH_ASSET);
        _expectFillRefused(
            perp,
            1e18,
            abi.encodeWithSelector(
                Errors.PriceOracleAdapter_Halted.selector,
                WETH_ASSET,
                uint8(IPriceOracleAdapter.Fault.Stale)
            )
        );
    }

    /*//////////////////////////////////////////////////////////////////////////
                                 LIQUIDATION AND GRACE
    //////////////////////////////////////////////////////////////////////////*/

    function _sink() private {
        _borrow(alice, 10e18, 15_000e6);
        _deposit(taker, address(usdc), 1_000_000e6);
        _setPrice(WETH_ASSET, 1_700e8);
        marginAccount.rebalance(_account(alice));
    }

    function _liquidate() private returns (ILiquidator.Quote memory) {
        vm.prank(taker);
        return liquidator.liquidate(_account(alice), _account(taker), 0.05e18, type(int256).max, "");
    }

    function test_LiquidationGoesOnBelowHalt() public {
        _sink();
        _pause(GuardLevel.LiquidateOnly, 1 days);
        _liquidate();
    }

    function test_AHaltStopsLiquidationAndAGraceFollows() public {
        _sink();
        uint256 opensAt = block.timestamp + 1 days + GRACE;
        _pause(GuardLevel.Halt, 1 days);
        uint256[4] memory times = [block.timestamp, opensAt - GRACE - 1, opensAt - GRACE, opensAt - 1];
        for (uint256 i; i < 4; ++i) {
            vm.warp(times[i]);
            vm.roll(block.number + 1);
            _refreshPrices();
            vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_LiquidationPaused.selector, times[i], opensAt));
            _liquidate();
        }
        vm.warp(opensAt);
        _refreshPrices();
        // Somebody looked meanwhile: the clock was kept alive, and starts from its beginning all the same.
        marginAccount.rebalance(_account(alice));
        ILiquidator.Quote memory q = _liquidate();
        // 5%, and what health is missing to 1.
        assertApproxEqAbs(q.discountE18, 1.05e18 - q.healthE18, 1, "the discount grew while nobody could take");
    }

    function test_TheGraceCountsFromAnEarlyEnd() public {
        _sink();
        _pause(GuardLevel.Halt, MOST);
        _unpause();
        uint256 opensAt = block.timestamp + GRACE;
        vm.expectRevert(
            abi.encodeWithSelector(Errors.MarginAccount_LiquidationPaused.selector, block.timestamp, opensAt)
        );
        _liquidate();
        vm.warp(opensAt);
        _refreshPrices();
        _liquidate();
    }

    /*//////////////////////////////////////////////////////////////////////////
                                     CURES ARE OPEN
    //////////////////////////////////////////////////////////////////////////*/

    function test_EveryCureIsOpenInEveryStateAndInTheGrace() public {
        _sink();
        _fund(alice, address(usdc), 100_000e6);
        _fund(alice, address(weth), 100e18);
        _fund(stranger, address(usdc), 100_000e6);
        for (uint8 level = 1; level <= 4; ++level) {
            uint256 state = vm.snapshotState();
            if (level == 4) {
                _pause(GuardLevel.Halt, 1);
                _pass(2);
            } else {
                _pause(GuardLevel(level), 1 days);
            }
            vm.startPrank(alice);
            marginAccount.deposit(_account(alice), address(usdc), 100e6);
            marginAccount.deposit(_account(alice), address(weth), 0.1e18);
            marginAccount.depositReserve(_account(alice), address(usdc), 10_000e6);
            marginAccount.withdrawReserve(_account(alice), address(usdc), 1_000e6, alice);
            vm.stopPrank();
            vm.prank(stranger);
            marginAccount.depositFor(_account(alice), address(usdc), 100e6);
            vm.prank(keeper);
            assertEq(uint8(marginAccount.rebalance(_account(alice))), uint8(Outcome.ToppedUp));
            vm.prank(alice);
            marginAccount.deposit(_account(alice), address(usdc), 15_000e6);
            vm.revertToState(state);
        }
    }

    function _withdrawCall(address owner, address token, uint256 amount) private pure returns (bytes memory) {
        return abi.encodeCall(IMarginAccountCore.withdraw, (_account(owner), token, amount, owner));
    }
}
