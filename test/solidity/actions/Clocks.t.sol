// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Vm} from "forge-std/Vm.sol";

import {IMarginAccountCore} from "../../../contracts/interfaces/IMarginAccountCore.sol";
import {IMarginAccountEvents} from "../../../contracts/interfaces/IMarginAccountEvents.sol";
import {Outcome} from "../../../contracts/interfaces/IRebalancer.sol";
import {CallState} from "../../../contracts/types/AccountHeader.sol";
import {BallastTest} from "../utils/BallastTest.sol";

/// @title ClocksTest
/// @notice Promise 13 for the clocks: each change of a call or a liquidation is said, once, and nothing else is.
/// @dev The usual account: ten ether against 15,000. At 1,800 its health is 3,000 / 2,520, at 1,700 it is 2,000 / 2,380.
contract ClocksTest is BallastTest {
    function setUp() public override {
        super.setUp();
        _borrow(alice, 10e18, 15_000e6);
    }

    function _rebalance() private returns (Outcome) {
        vm.prank(keeper);
        return marginAccount.rebalance(_account(alice));
    }

    function _count(Vm.Log[] memory logs, bytes32 topic) private pure returns (uint256 count) {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == topic) ++count;
        }
    }

    function test_ACallIsSaidOnce() public {
        _setPrice(WETH_ASSET, 1_800e8);
        vm.recordLogs();
        assertEq(uint8(_rebalance()), uint8(Outcome.MarginCalled));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(_count(logs, IMarginAccountEvents.MarginCalled.selector), 1);
        assertEq(_count(logs, IMarginAccountEvents.CallChanged.selector), 0);
        assertEq(_count(logs, IMarginAccountEvents.LiquidationChanged.selector), 0);
        assertEq(_count(logs, IMarginAccountEvents.Rebalanced.selector), 1);
    }

    /// @dev Eleven minutes on the look is written down; nothing that anyone was told has changed.
    function test_ALookIsNotSaid() public {
        _setPrice(WETH_ASSET, 1_800e8);
        _rebalance();
        _pass(11 minutes);
        vm.recordLogs();
        assertEq(uint8(_rebalance()), uint8(Outcome.CallRunning));
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(_header(alice).lastPoke(), block.timestamp);
        // Nor one at a liquidation.
        _setPrice(WETH_ASSET, 1_700e8);
        assertEq(uint8(_rebalance()), uint8(Outcome.LiquidationOpened));
        _pass(11 minutes);
        vm.recordLogs();
        assertEq(uint8(_rebalance()), uint8(Outcome.LiquidationOpen));
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(_header(alice).lastPoke(), block.timestamp);
    }

    function test_ALiquidationThatOpensDuringACallLeavesTheCallUnsaid() public {
        _setPrice(WETH_ASSET, 1_800e8);
        _rebalance();
        _setPrice(WETH_ASSET, 1_700e8);
        vm.recordLogs();
        _rebalance();
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(_count(logs, IMarginAccountEvents.LiquidationChanged.selector), 1);
        assertEq(_count(logs, IMarginAccountEvents.CallChanged.selector), 0);
    }

    /// @dev Running as before, but from another moment.
    function test_ACallThatStartsAgainIsSaid() public {
        _setPrice(WETH_ASSET, 1_800e8);
        _rebalance();
        _pass(6 hours + 1);
        vm.expectEmit(address(marginAccount));
        emit IMarginAccountEvents.CallChanged(_raw(alice), CallState.Running, 0);
        _rebalance();
        assertEq(_header(alice).callSince(), block.timestamp);
    }

    function test_ALookThatPausesOrEndsACallIsSaidUnpaid() public {
        _setPrice(WETH_ASSET, 1_800e8);
        _rebalance();
        _setPrice(WETH_ASSET, 1_850e8);
        vm.expectEmit(address(marginAccount));
        emit IMarginAccountEvents.Rebalanced(_raw(alice), keeper, Outcome.CallPaused, _health(alice), 0);
        _rebalance();
        _setPrice(WETH_ASSET, 2_000e8);
        vm.expectEmit(address(marginAccount));
        emit IMarginAccountEvents.Rebalanced(_raw(alice), keeper, Outcome.CallCured, _health(alice), 0);
        _rebalance();
    }

    /// @dev A cure never fails for a feed, and no clock moves by a price that is missing: a minute ago it said 1,800.
    function test_ACureWhileThePriceIsMissingLeavesTheClock() public {
        _setPrice(WETH_ASSET, 1_800e8);
        _rebalance();
        uint256 since = _header(alice).callSince();
        skip(1 minutes);
        _makeStale(WETH_ASSET);
        _deposit(alice, address(usdc), 5_000e6);
        assertEq(uint8(_header(alice).callState()), uint8(CallState.Running));
        assertEq(_header(alice).callSince(), since);
        // Told again, the price says that the call is cured.
        _setPrice(WETH_ASSET, 1_800e8);
        assertEq(uint8(_rebalance()), uint8(Outcome.CallCured));
    }

    /// @dev Set aside for, and never called: a deposit of collateral that falls short is the first to see it, as one of cash is.
    function test_CollateralForAProvisionedAccountStartsItsClocks() public {
        _setPrice(WETH_ASSET, 1_400e8);
        marginAccount.provision(_account(alice));
        assertEq(uint8(_header(alice).callState()), uint8(CallState.None));
        _deposit(alice, address(weth), 0.1e18);
        assertEq(uint8(_header(alice).callState()), uint8(CallState.Running));
        assertEq(_header(alice).liquidationSince(), block.timestamp);
    }

    /// @dev A slice that leaves a health of one ends the liquidation; a wei less does not.
    function test_AHealthOfOneEndsALiquidation() public {
        _setPrice(WETH_ASSET, 1_700e8);
        _rebalance();
        uint256 since = block.timestamp;
        assertEq(_header(alice).liquidationSince(), since);
        _deposit(taker, address(usdc), 100_000e6);
        marginAccount.setLiquidator(address(this));
        IMarginAccountCore.Slice memory slice;
        (slice.account, slice.taker, slice.fractionE18) = (_account(alice), _account(taker), 0.1e18);
        slice.healthAfterE18 = 1e18 - 1;
        marginAccount.deliverSlice(slice, taker, "");
        assertEq(_header(alice).liquidationSince(), since);
        slice.healthAfterE18 = 1e18;
        vm.expectEmit(address(marginAccount));
        emit IMarginAccountEvents.LiquidationChanged(_raw(alice), 0);
        marginAccount.deliverSlice(slice, taker, "");
        assertEq(_header(alice).liquidationSince(), 0);
    }
}
