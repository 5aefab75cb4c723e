// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {Errors} from "../../../contracts/base/Errors.sol";
import {IMarginAccountAccess} from "../../../contracts/interfaces/IMarginAccountAccess.sol";
import {IMarginAccountCore} from "../../../contracts/interfaces/IMarginAccountCore.sol";
import {BallastTest} from "../utils/BallastTest.sol";

/// @title GovernanceTest
/// @notice What roles may set, both bounds of each parameter, and strangers who may not.
contract GovernanceTest is BallastTest {
    event InterestSet(
        uint16 baseBps,
        uint16 slopeBps,
        uint16 jumpBps,
        uint16 kinkBps,
        uint16 feeBps,
        uint16 minimumDebt
    );
    event LiquidatorSet(address indexed liquidator);

    function test_StrangersSetNothing() public {
        bytes memory refusal = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        _assertRefused(stranger, _interest(200, 800, 9_000, 8_500, 2_000, 100), refusal);
        _assertRefused(stranger, _interest(60_000, 0, 0, 0, 0, 0), refusal);
        _assertRefused(stranger, abi.encodeCall(IMarginAccountAccess.setLiquidator, (stranger)), refusal);
        // The extension called by itself asks the same authority.
        address extension = address(uint160(uint256(_read("extension()"))));
        vm.prank(stranger);
        vm.expectRevert(refusal);
        IMarginAccountAccess(extension).setLiquidator(stranger);
    }

    function test_BoundsOfTheInterestCurve() public {
        _assertOutOfBounds(_interest(5_001, 0, 0, 8_500, 0, 0), "baseBps", 5_001, 5_000);
        _assertOutOfBounds(_interest(5_000, 10_001, 0, 8_500, 0, 0), "slopeBps", 10_001, 10_000);
        _assertOutOfBounds(_interest(5_000, 10_000, 30_001, 8_500, 0, 0), "jumpBps", 30_001, 30_000);
        _assertOutOfBounds(_interest(5_000, 10_000, 30_000, 99, 0, 0), "kinkBps", 99, 100);
        _assertOutOfBounds(_interest(5_000, 10_000, 30_000, 9_901, 0, 0), "kinkBps", 9_901, 9_900);
        _assertOutOfBounds(_interest(5_000, 10_000, 30_000, 100, 5_001, 0), "feeBps", 5_001, 5_000);
        _assertOutOfBounds(_interest(5_000, 10_000, 30_000, 100, 5_000, 10_001), "minimumDebt", 10_001, 10_000);

        vm.expectEmit(address(marginAccount));
        emit InterestSet(5_000, 10_000, 30_000, 9_900, 5_000, 10_000);
        marginAccount.setInterest(5_000, 10_000, 30_000, 9_900, 5_000, 10_000);
        marginAccount.setInterest(0, 0, 0, 100, 0, 0);
    }

    function test_WhatHasPassedIsChargedAtTheCurveThatHeld() public {
        _borrow(alice, 10_000e18, 8_500_000e6);
        uint256 state = vm.snapshotState();
        _pass(30 days);
        int256 untouched = _cash(alice);
        vm.revertToState(state);
        _pass(30 days);
        marginAccount.setInterest(5_000, 10_000, 30_000, 100, 5_000, 100);
        assertEq(_cash(alice), untouched);
        _pass(1 days);
        assertLt(_cash(alice), untouched - 23_000e6);
    }

    function test_TheRateIsTheDesigns() public {
        assertEq(marginAccount.cashMarket().borrowRateE18, 0.02e18);
        _borrow(alice, 10_000e18, 8_500_000e6);
        assertEq(marginAccount.cashMarket().borrowRateE18, 0.088e18);
        _withdraw(alice, address(usdc), 1_500_000e6);
        assertEq(marginAccount.cashMarket().borrowRateE18, 1e18);
    }

    function test_TheMinimumDebtIsInWholeQuoteUnits() public {
        _lend(100_000e6);
        _deposit(alice, address(weth), 100e18);
        marginAccount.setInterest(200, 800, 9_000, 8_500, 2_000, 10_000);
        _assertRefused(
            alice,
            abi.encodeCall(IMarginAccountCore.withdraw, (_account(alice), address(usdc), 10_000e6 - 1, alice)),
            abi.encodeWithSelector(Errors.MarginAccount_DustDebt.selector, _raw(alice), 10_000e6 - 1, 10_000e6)
        );
        marginAccount.setInterest(200, 800, 9_000, 8_500, 2_000, 0);
        _withdraw(alice, address(usdc), 1);
    }

    function test_ANewLiquidatorTakesTheOldOnesPlace() public {
        _borrow(alice, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_700e8);
        _deposit(taker, address(usdc), 100_000e6);
        vm.expectEmit(address(marginAccount));
        emit LiquidatorSet(carol);
        marginAccount.setLiquidator(carol);
        assertEq(marginAccount.liquidator(), carol);
        vm.prank(taker);
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_NotModule.selector, address(liquidator), carol));
        liquidator.liquidate(_account(alice), _account(taker), 1e18, type(int256).max, "");
    }

    function _interest(
        uint16 base,
        uint16 slope,
        uint16 jump,
        uint16 kink,
        uint16 fee,
        uint16 debt
    ) private pure returns (bytes memory) {
        return abi.encodeCall(IMarginAccountAccess.setInterest, (base, slope, jump, kink, fee, debt));
    }

    function _assertOutOfBounds(bytes memory call, bytes32 field, uint256 found, uint256 limit) private {
        _assertRefused(
            address(this),
            call,
            abi.encodeWithSelector(Errors.MarginAccount_ParameterOutOfBounds.selector, field, found, limit)
        );
    }

    function _read(string memory name) private view returns (bytes32) {
        (, bytes memory answer) = address(marginAccount).staticcall(abi.encodeWithSignature(name));
        return abi.decode(answer, (bytes32));
    }
}
