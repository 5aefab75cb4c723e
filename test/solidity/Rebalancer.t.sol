// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {Errors} from "../../contracts/base/Errors.sol";
import {IRebalancer, Move, Outcome, Plan} from "../../contracts/interfaces/IRebalancer.sol";
import {IRiskEngine} from "../../contracts/interfaces/IRiskEngine.sol";
import {MintableToken} from "../../contracts/mocks/MintableToken.sol";
import {Margin} from "../../contracts/risk/Margin.sol";
import {PolicyFields} from "../../contracts/types/BandPolicy.sol";
import {Position} from "../../contracts/types/Position.sol";
import {CollateralPage} from "../../contracts/types/CollateralPage.sol";
import {Assessment, Leg} from "../../contracts/types/Assessment.sol";
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
        vm.expectEmit(address(rebalancer));
        emit IRebalancer.KeeperParametersSet(p);
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
        _openWallet(alice, 100e18 + 0.9e12);
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

    /*//////////////////////////////////////////////////////////////////////////
                              TO THE WEI, BY A CHEAP COLLATERAL
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev A token at a cent, whose size factor leaves no rate round: a wei of value is a hundred units of it, so each
    /// rounding on the way to an amount is seen in the amount. Alice holds 20,000 and seven units' worth.
    function _cheap(uint256 debt) private returns (uint8 asset) {
        MintableToken token = new MintableToken("Cheap", "CHP");
        asset = _listCollateral(address(token), 18, 1e6);
        IRiskEngine.RiskParameters memory p = _riskParameters(1_000);
        p.sizeCoefficientBps = 60_000;
        riskEngine.setRiskParameters(asset, p);
        _lend(1_000_000e6);
        _deposit(alice, address(token), 2_000_000e18 + 7);
        _withdraw(alice, address(usdc), debt);
        // Nothing is released in the block in which she raised her risk.
        vm.roll(block.number + 1);
        vm.fee(0);
    }

    function _cheapPolicy(uint8 asset, uint32 lower, uint32 restore, uint32 upper) private {
        PolicyFields memory policy = _policy();
        (policy.lowerE6, policy.lowerRestoreE6) = (lower, restore);
        (policy.upperRestoreE6, policy.upperE6) = (restore, upper);
        policy.assetOrder = asset;
        _setPolicy(alice, policy);
    }

    /// @dev What may go to the restore point: (E - U MM) / (1 - U q).
    function test_EachStepOfAReleaseIsRounded() public {
        uint8 asset = _cheap(8_000e6);
        _cheapPolicy(asset, 1_250_000, 1_800_001, 2_000_000);
        (Assessment memory a, uint256 rate, ) = _rates();
        assertTrue((rate * 1_800_001) % 1e6 != 0 && (a.maintenanceE18 * 1_800_001) % 1e6 != 0);
        uint256 saved = (rate * 1_800_001) / 1e6;
        uint256 spare = uint256(a.equityE18) - 1e18 - ((a.maintenanceE18 * 1_800_001) / 1e6 + 1);
        assertTrue((spare * 1e18) % (1e18 - saved) != 0);
        assertEq(_plan().moves[0].amount, ((spare * 1e18) / (1e18 - saved)) * 100);
    }

    /// @dev What may go to initial margin, where that comes first: (E - IM) / (1 - qI).
    function test_AReleaseToInitialMarginIsRoundedDown() public {
        uint8 asset = _cheap(8_000e6);
        _cheapPolicy(asset, 1_100_000, 1_200_000, 1_300_000);
        (Assessment memory a, , uint256 rate) = _rates();
        uint256 free = uint256(a.equityE18) - 1e18 - a.initialE18;
        assertTrue((free * 1e18) % (1e18 - rate) != 0);
        assertEq(_plan().moves[0].amount, ((free * 1e18) / (1e18 - rate)) * 100);
    }

    /// @dev The first step is (T MM - E) / (1 - T q), where q is how fast margin rises here; those that follow bring what the size
    /// factor asks beyond, to the last wei and no further.
    function test_EachStepOfATopUpIsRounded() public {
        uint8 asset = _cheap(13_000e6);
        _cheapPolicy(asset, 1_900_001, 2_000_001, 0);
        _depositReserve(alice, vault.tokenOf(asset), 5_000_000e18);
        (Assessment memory a, uint256 rate, ) = _rates();
        assertLt(a.healthE18, 1.9e18);
        uint256 short = (a.maintenanceE18 * 2_000_001) / 1e6 + 1 + 1e18 - uint256(a.equityE18);
        Plan memory plan = _plan();
        assertEq(plan.moves.length, 1);
        assertLe(plan.deficitE18, 0);
        assertGe(plan.deficitE18, -1e4);
        Move memory move = plan.moves[0];
        assertGt(move.amount, ((short * 1e18) / (1e18 - (rate * 2_000_001) / 1e6)) * 100);
        // A hundred units are a wei; with the seven that lie there, the sum is none.
        assertEq(move.valueE18, move.amount / 100);
    }

    function _rates() private view returns (Assessment memory a, uint256 maintenance, uint256 initial) {
        a = marginAccount.assess(_account(alice));
        (, , CollateralPage[] memory pages, Position[] memory positions) = marginAccount.stateOf(_account(alice));
        Leg memory leg = riskEngine.priceAccount(pages, positions)[0];
        (maintenance, initial) = Margin.ratesOf(leg, leg.valueE18);
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
