// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../../../contracts/base/Errors.sol";
import {IMarginAccountCore} from "../../../contracts/interfaces/IMarginAccountCore.sol";
import {Outcome, Plan} from "../../../contracts/interfaces/IRebalancer.sol";
import {AccountHeader} from "../../../contracts/types/AccountHeader.sol";
import {GuardLevel} from "../../../contracts/types/Guard.sol";
import {TradingTest} from "../utils/TradingTest.sol";

/// @title GuardsTest
/// @notice What a pause does to a liquidation's clock and to who has nothing to do with it, to the second.
contract GuardsTest is TradingTest {
    uint256 private constant GRACE = 1 hours;

    function _sink() private {
        _setPrice(WETH_ASSET, 2_000e8);
        _borrow(alice, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_700e8);
    }

    function _since(address owner) private view returns (uint256) {
        (AccountHeader header, , , ) = marginAccount.stateOf(_account(owner));
        return header.liquidationSince();
    }

    function _at(uint256 timestamp) private {
        vm.warp(timestamp);
        vm.roll(block.number + 1);
        _refreshPrices();
    }

    /// @dev While nobody may take it stands at now; then it counts from where takers could take again.
    function test_ALiquidationsClockLeavesOutAHaltAndItsGrace() public {
        _sink();
        marginAccount.rebalance(_account(alice));
        uint256 start = block.timestamp;
        _at(start + 5 minutes);
        marginAccount.pause(GuardLevel.Halt, 1 hours);
        uint256 opensAt = start + 5 minutes + 1 hours + GRACE;
        assertEq(_since(alice), block.timestamp);
        _at(opensAt - 1);
        assertEq(_since(alice), opensAt - 1);
        _at(opensAt);
        assertEq(_since(alice), opensAt);
        _at(opensAt + 3 minutes);
        assertEq(_since(alice), opensAt);
        // Three minutes at a tenth.
        uint256 discount = liquidator.quote(_account(alice), 1e18).discountE18;
        assertApproxEqAbs(discount, 0.05e18 + 1e18 - _health(alice) + 0.3e18, 1);
    }

    /// @dev Below a halt there is nothing to leave out.
    function test_OtherPausesCountForALiquidation() public {
        _sink();
        marginAccount.rebalance(_account(alice));
        uint256 start = block.timestamp;
        marginAccount.pause(GuardLevel.LiquidateOnly, 1 hours);
        _at(start + 10 minutes);
        assertEq(_since(alice), start);
    }

    function test_ALiquidationAfterTheGraceCountsFromItsBeginning() public {
        _sink();
        uint256 opensAt = block.timestamp + 1 hours + GRACE;
        marginAccount.pause(GuardLevel.Halt, 1 hours);
        _at(opensAt + 30 minutes);
        marginAccount.rebalance(_account(alice));
        _at(opensAt + 40 minutes);
        assertEq(_since(alice), opensAt + 30 minutes);
    }

    /// @dev Whatever the level is, and while no halt ever was.
    function test_APauseGivesNobodyAClock() public {
        _borrow(alice, 10e18, 10_000e6);
        marginAccount.pause(GuardLevel.ReduceOnly, 1 days);
        assertEq(_since(alice), 0);
        marginAccount.pause(GuardLevel.Halt, 1 days);
        assertEq(_since(alice), 0);
        _at(block.timestamp + 1 days + GRACE);
        assertEq(_since(alice), 0);
    }

    /// @dev At its end a pause is over: there is nothing left to loosen.
    function test_RevertWhen_APauseIsLoosenedAtItsEnd() public {
        marginAccount.pause(GuardLevel.ReduceOnly, 1 hours);
        uint256 until = block.timestamp + 1 hours;
        vm.warp(until);
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_NotPaused.selector, until, until));
        marginAccount.unpause();
    }

    /// @dev Cash that stands for a position stays; that of who has neither debt nor position may go, to the last unit.
    function test_ReduceOnlyHoldsCashBesidePositionsAlone() public {
        _fundTraders(10_000e6);
        _trade(maker, trader, ETH_PERP, 1e18, 2_000e18);
        _deposit(bob, address(usdc), 5e6);
        marginAccount.pause(GuardLevel.ReduceOnly, 1 days);
        bytes memory reason = abi.encodeWithSelector(
            Errors.MarginAccount_Paused.selector,
            GuardLevel.ReduceOnly,
            block.timestamp + 1 days
        );
        _assertRefused(
            trader,
            abi.encodeCall(IMarginAccountCore.withdraw, (_account(trader), address(usdc), 1, trader)),
            reason
        );
        assertEq(_withdraw(bob, address(usdc), type(uint256).max), 5e6);
        assertEq(_cash(bob), 0);
    }

    /// @dev A pause lets nothing out; what else a rebalance would do it does, and is previewed.
    function test_APauseChangesNoOtherPreview() public {
        _sink();
        _depositReserve(alice, address(usdc), 5_000e6);
        marginAccount.pause(GuardLevel.LiquidateOnly, 1 days);
        Plan memory plan = marginAccount.previewRebalance(_account(alice));
        assertEq(uint8(plan.outcome), uint8(Outcome.ToppedUp));
        assertEq(plan.moves.length, 1);
        assertGe(plan.healthAfterE18, 1.6e18);
    }
}
