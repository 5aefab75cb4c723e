// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {Errors} from "../../contracts/base/Errors.sol";
import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {IMarginAccountAccess} from "../../contracts/interfaces/IMarginAccountAccess.sol";
import {BallastTest} from "./utils/BallastTest.sol";

/// @title ModulesTest
/// @notice Promise 12 for modules: a new Liquidator takes over after the governor's delay, and the old one loses its call, in the
/// middle of a liquidation too; the guardian may stop it.
contract ModulesTest is BallastTest {
    uint64 private constant GOVERNOR_ROLE = 1;
    uint64 private constant GUARDIAN_ROLE = 3;
    uint32 private constant DELAY = 2 days;

    address private governor = makeAddr("governor");
    address private guardian = makeAddr("guardian");
    ILiquidator private next;
    bytes private call;

    function setUp() public override {
        super.setUp();
        bytes4[] memory one = new bytes4[](1);
        one[0] = IMarginAccountAccess.setLiquidator.selector;
        manager.setTargetFunctionRole(address(marginAccount), one, GOVERNOR_ROLE);
        manager.setRoleGuardian(GOVERNOR_ROLE, GUARDIAN_ROLE);
        manager.grantRole(GOVERNOR_ROLE, governor, DELAY);
        manager.grantRole(GUARDIAN_ROLE, guardian, 0);
        next = ILiquidator(_deployed(ROOT, "Liquidator", abi.encode(manager, marginAccount)));
        next.setLiquidationParameters(_liquidationParameters());
        call = abi.encodeCall(IMarginAccountAccess.setLiquidator, (address(next)));

        _borrow(alice, 10e18, 15_000e6);
        _deposit(taker, address(usdc), 1_000_000e6);
        vm.prank(governor);
        manager.schedule(address(marginAccount), call, 0);
    }

    function _take(ILiquidator from) private returns (ILiquidator.Quote memory) {
        vm.prank(taker);
        return from.liquidate(_account(alice), _account(taker), 0.05e18, type(int256).max, "");
    }

    function _expectNotModule(ILiquidator caller) private {
        vm.expectRevert(
            abi.encodeWithSelector(Errors.MarginAccount_NotModule.selector, address(caller), marginAccount.liquidator())
        );
    }

    function test_ANewLiquidatorTakesOverInTheMiddleOfALiquidation() public {
        _pass(DELAY - 10 minutes);
        _setPrice(WETH_ASSET, 1_700e8);
        marginAccount.rebalance(_account(alice));
        _take(liquidator);
        _expectNotModule(next);
        _take(next);

        vm.prank(governor);
        vm.expectPartialRevert(IAccessManager.AccessManagerNotReady.selector);
        manager.execute(address(marginAccount), call);
        // The waiting is in sight of everybody, and takers go on meanwhile.
        _take(liquidator);
        skip(10 minutes);
        vm.roll(block.number + 50);
        _refreshPrices();
        vm.prank(governor);
        manager.execute(address(marginAccount), call);

        assertEq(marginAccount.liquidator(), address(next));
        _expectNotModule(liquidator);
        _take(liquidator);
        // The account's clock is the ledger's: the new one reads on where the old one stopped.
        assertEq(
            next.quote(_account(alice), 0.05e18).discountE18,
            liquidator.quote(_account(alice), 0.05e18).discountE18
        );
        uint256 before = _health(alice);
        _take(next);
        // By no more than two units of cash weigh.
        uint256 twoUnits = (2 * 1e12 * 1e18) / marginAccount.assess(_account(alice)).maintenanceE18;
        assertGe(_health(alice) + twoUnits + 1, before);
    }

    function test_TheGuardianStopsANewLiquidator() public {
        vm.prank(stranger);
        vm.expectPartialRevert(IAccessManager.AccessManagerUnauthorizedCancel.selector);
        manager.cancel(governor, address(marginAccount), call);
        vm.prank(guardian);
        manager.cancel(governor, address(marginAccount), call);
        _pass(DELAY);
        vm.prank(governor);
        vm.expectPartialRevert(IAccessManager.AccessManagerNotScheduled.selector);
        manager.execute(address(marginAccount), call);
        assertEq(marginAccount.liquidator(), address(liquidator));
    }
}
