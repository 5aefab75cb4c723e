// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {Errors} from "../../contracts/base/Errors.sol";
import {IRebalancer, Move, Outcome, Plan} from "../../contracts/interfaces/IRebalancer.sol";
import {PolicyFields} from "../../contracts/types/BandPolicy.sol";
import {BallastTest} from "./utils/BallastTest.sol";

/// @title RebalancerTest
/// @notice What keepers may be paid, within bounds. The plans themselves are tested where they are carried out.
contract RebalancerTest is BallastTest {
    function test_StrangersSetNothing() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        rebalancer.setKeeperParameters(_keeperParameters());
    }

    function test_BoundsOfEachParameter() public {
        IRebalancer.KeeperParameters memory p = _keeperParameters();
        p.gasMaximum = 5_000_001;
        _assertOutOfBounds(p, "gasMaximum", 5_000_001, 5_000_000);
        p.gasMaximum = 5_000_000;
        p.gasOverhead = 100_001;
        _assertOutOfBounds(p, "gasOverhead", 100_001, 100_000);
        p.gasOverhead = 100_000;
        p.baseFeeMaximum = 10_000 gwei + 1;
        _assertOutOfBounds(p, "baseFeeMaximum", 10_000 gwei + 1, 10_000 gwei);
        p.baseFeeMaximum = 10_000 gwei;
        p.marginBps = 10_001;
        _assertOutOfBounds(p, "marginBps", 10_001, 10_000);
        p.marginBps = 10_000;
        p.flatE6 = 100e6 + 1;
        _assertOutOfBounds(p, "flatE6", 100e6 + 1, 100e6);
        p.flatE6 = 100e6;
        p.discountBps = 10_001;
        _assertOutOfBounds(p, "discountBps", 10_001, 10_000);
        p.discountBps = 10_000;
        rebalancer.setKeeperParameters(p);
        assertEq(keccak256(abi.encode(rebalancer.keeperParameters())), keccak256(abi.encode(p)));
        rebalancer.setKeeperParameters(IRebalancer.KeeperParameters(0, 0, 0, 0, 0, 0, 0, 0));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         ROUNDING
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev {quote} Ten ether and seven units at 1,800.12345678: nothing divides.
    function _odd() private {
        _borrow(alice, 10e18 + 7, 15_000e6);
        _setPrice(WETH_ASSET, 1_800.12345678e8);
    }

    function _plan() private view returns (Plan memory) {
        return marginAccount.previewRebalance(_account(alice));
    }

    function test_TheGasPriceIsRoundedDown() public {
        _odd();
        vm.fee(1);
        // 1 wei x 1,800.12345678 x 1.2 = 2,160.148...
        assertEq(_plan().gasPriceE18, 2_160);
    }

    function test_TheKeepersLimitIsRoundedDown() public {
        _odd();
        IRebalancer.KeeperParameters memory p = _keeperParameters();
        p.discountBps = 77;
        rebalancer.setKeeperParameters(p);
        vm.fee(500 gwei);
        Plan memory plan = _plan();
        assertTrue((plan.before.maintenanceE18 * 77) % 10_000 != 0);
        assertEq(plan.keeperPayMaxE18, (plan.before.maintenanceE18 * 77) / 10_000);
    }

    function test_TheDeficitIsRoundedUp() public {
        _odd();
        Plan memory plan = _plan();
        assertEq(uint8(plan.outcome), uint8(Outcome.MarginCalled));
        uint256 needed = plan.before.maintenanceE18 * 16;
        assertTrue(needed % 10 != 0);
        assertEq(plan.deficitE18 + plan.before.equityE18, int256(needed / 10 + 1));
        // And what a partial cure leaves.
        _depositReserve(alice, address(usdc), 100e6);
        plan = _plan();
        int256 equity = plan.before.equityE18 + 100e18 - int256(plan.keeperPayMaxE18);
        assertEq(plan.deficitE18 + equity, int256(needed / 10 + 1));
    }

    function test_CashThatEntersIsRoundedUp() public {
        _odd();
        _depositReserve(alice, address(usdc), 5_000e6);
        Plan memory plan = _plan();
        assertLe(plan.deficitE18, 0);
        assertGt(plan.deficitE18, -1e12);
    }

    /// @dev At each of many prices what enters reaches the restore point, by less than two units' worth.
    function testFuzz_CollateralThatEntersIsRoundedUp(uint256 price) public {
        _borrow(alice, 10e18 + 7, 15_000e6);
        _setPrice(WETH_ASSET, int256(bound(price, 1_770e8, 1_815e8)));
        _setPolicy(alice, _policy());
        _depositReserve(alice, address(weth), 5e18);
        Plan memory plan = _plan();
        assertEq(plan.moves.length, 1);
        assertLe(plan.deficitE18, 0);
        assertGt(plan.deficitE18, -2 * 1_815);
    }

    function test_AWalletsLimitIsRoundedDown() public {
        _odd();
        PolicyFields memory policy = _policy();
        policy.walletTopUp = true;
        _setPolicy(alice, policy);
        vm.startPrank(alice);
        marginAccount.setWalletLimit(_account(alice), 100e18 + 0.9e12);
        usdc.approve(address(vault), type(uint256).max);
        vm.stopPrank();
        Move[] memory moves = _plan().moves;
        assertEq(moves[0].amount, 100e6);
        // In ether: 100 and a bit at 1,800.12345678.
        vm.startPrank(alice);
        usdc.approve(address(vault), 0);
        weth.approve(address(vault), type(uint256).max);
        vm.stopPrank();
        weth.mint(alice, 5e18);
        moves = _plan().moves;
        assertEq(moves[0].amount, uint256((100e18 + 0.9e12) * 1e8) / 1_800.12345678e8);
    }

    /// @dev What is released leaves the account at its restore point or above, to the wei of the plan's own books.
    function testFuzz_WhatIsReleasedIsRoundedDown(uint256 price) public {
        price = bound(price, 1_900e8, 4_000e8);
        _borrow(alice, 20e18 + 7, 10_000e6);
        _setPrice(WETH_ASSET, int256(price));
        _setPolicy(alice, _policy());
        vm.fee(0);
        Plan memory plan = _plan();
        assertEq(uint8(plan.outcome), uint8(Outcome.Released));
        uint256 left = ((20e18 + 7 - plan.moves[0].amount) * price) / 1e8;
        uint256 was = ((20e18 + 7) * price) / 1e8;
        assertEq(plan.moves[0].valueE18, was - left);
        int256 equity = int256(left) - 10_000e18 - 1e18;
        uint256 maintenance = (left * 14 + 99) / 100;
        assertGe(equity * 10, int256(maintenance * 18));
        assertLe(equity * 10, int256(maintenance * 18) + 10 * 8_000);
    }

    function _assertOutOfBounds(
        IRebalancer.KeeperParameters memory p,
        bytes32 field,
        uint256 found,
        uint256 limit
    ) private {
        bytes32 before = keccak256(abi.encode(rebalancer.keeperParameters()));
        vm.expectRevert(abi.encodeWithSelector(Errors.Rebalancer_ParameterOutOfBounds.selector, field, found, limit));
        rebalancer.setKeeperParameters(p);
        assertEq(keccak256(abi.encode(rebalancer.keeperParameters())), before);
    }
}
