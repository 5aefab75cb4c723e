// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../../contracts/base/Errors.sol";
import {IMarginAccount} from "../../contracts/interfaces/IMarginAccount.sol";
import {IMarginAccountExtension} from "../../contracts/interfaces/IMarginAccountExtension.sol";
import {Outcome} from "../../contracts/interfaces/IRebalancer.sol";
import {PolicyFields} from "../../contracts/types/BandPolicy.sol";
import {BallastTest} from "./utils/BallastTest.sol";
import {EntryPoints} from "./utils/EntryPoints.sol";
import {ReentrantToken} from "./utils/mocks/ReentrantToken.sol";

/// @title MarginAccountTest
/// @notice The parts of the ledger's code on one storage, and the lock against tokens that call back.
contract MarginAccountTest is BallastTest {
    /*//////////////////////////////////////////////////////////////////////////
                                       THE EXTENSION
    //////////////////////////////////////////////////////////////////////////*/

    function test_WhatNeitherHalfKnowsReverts() public {
        (bool ok, bytes memory answer) = address(marginAccount).call(abi.encodeWithSignature("nothing()"));
        assertFalse(ok);
        assertEq(answer.length, 0);
        (ok, ) = address(marginAccount).call("");
        assertFalse(ok);
        vm.deal(address(this), 1 ether);
        (ok, ) = address(marginAccount).call{value: 1}("");
        assertFalse(ok);
    }

    function test_EveryPartSeesOneStorage() public {
        _borrow(alice, 10e18, 15_000e6);
        // Written by the first part, read by a further one, and the other way round.
        assertEq(_collateral(alice, WETH_ASSET), 10e18);
        vm.prank(alice);
        marginAccount.setOperator(_account(alice), bob, WITHDRAW);
        assertTrue(marginAccount.mayAct(_account(alice), bob, WITHDRAW));

        // Slot by slot, as the state declares them.
        address target = address(marginAccount);
        assertEq(address(uint160(uint256(vm.load(target, 0)))), address(manager));
        assertEq(uint256(vm.load(target, bytes32(uint256(1)))) & type(uint104).max, 1e27);
        assertEq(uint256(vm.load(target, bytes32(uint256(2)))) & type(uint80).max, 10_000_000e6);
        bytes32 header = keccak256(abi.encode(_raw(alice), uint256(4)));
        assertEq(int256(int88(uint88(uint256(vm.load(target, header))))), -15_000e6);
        assertEq(uint256(vm.load(target, bytes32(uint256(header) + 1))) & type(uint112).max, 10e18);
        bytes32 operators = keccak256(abi.encode(_raw(alice), uint256(5)));
        assertEq(uint256(vm.load(target, keccak256(abi.encode(bob, operators)))), WITHDRAW);
        _setPrice(WETH_ASSET, 1_400e8);
        marginAccount.provision(_account(alice));
        assertEq(uint256(vm.load(target, keccak256(abi.encode(_raw(alice), uint256(6))))), 1_000e6);
        assertEq(uint256(vm.load(target, bytes32(uint256(3)))) & type(uint128).max, 1_000e6);
        assertEq(address(uint160(uint256(vm.load(target, bytes32(uint256(7)))))), address(liquidator));
    }

    /// @dev Called by itself the extension works on its own empty storage, where nobody has anything.
    function test_TheExtensionByItselfReachesNothing() public {
        _borrow(alice, 10e18, 15_000e6);
        _depositReserve(alice, address(weth), 1e18);
        _setPrice(WETH_ASSET, 1_400e8);
        IMarginAccount extension = IMarginAccount(marginAccount.extension());
        bytes32 before = _snapshot(alice, bob);
        bytes[] memory calls = EntryPoints.ofMarginAccount(_account(alice), _account(bob), address(weth), _policy());
        for (uint256 i = 10; i < calls.length; ++i) {
            vm.prank(alice);
            (bool ok, ) = address(extension).call(calls[i]);
            ok;
        }
        // Not even the governor moves the ledger through it.
        extension.setLiquidator(stranger);
        assertEq(_snapshot(alice, bob), before);
        assertEq(marginAccount.liquidator(), address(liquidator));
        assertEq(marginAccount.rightsOf(_account(alice), address(1)), 0);
        vm.prank(alice);
        vm.expectRevert();
        extension.withdrawReserve(_account(alice), address(weth), 1e18, alice);
        vm.prank(alice);
        vm.expectRevert();
        extension.transfer(_account(alice), _account(bob), address(weth), 1);
    }

    function test_TheVaultObeysTheLedgerAlone() public {
        _deposit(alice, address(weth), 1e18);
        address extension = marginAccount.extension();
        for (uint256 i; i < 3; ++i) {
            address caller =
                i == 0
                    ? stranger
                    : i == 1
                        ? extension
                        : address(this);
            vm.startPrank(caller);
            vm.expectRevert(abi.encodeWithSelector(Errors.CollateralVault_NotMarginAccount.selector, caller));
            vault.send(address(weth), alice, caller, 1);
            vm.expectRevert(abi.encodeWithSelector(Errors.CollateralVault_NotMarginAccount.selector, caller));
            vault.pull(address(weth), alice, 1e18, true);
            vm.expectRevert(abi.encodeWithSelector(Errors.CollateralVault_NotMarginAccount.selector, caller));
            vault.sendFromReserve(_account(alice), address(weth), caller, 1);
            vm.stopPrank();
        }
    }

    /*//////////////////////////////////////////////////////////////////////////
                                          THE LOCK
    //////////////////////////////////////////////////////////////////////////*/

    ReentrantToken private token;
    uint8 private asset;

    /// @dev The token has every right that could matter, so that only the lock can refuse it: an account of its own with
    /// something in it, another account of which it is the operator, and the governor's role.
    function _prepare() private {
        token = new ReentrantToken(18);
        asset = _listCollateral(address(token), 18, WETH_START);
        manager.grantRole(ADMIN_ROLE, address(token), 0);
        _deposit(alice, address(token), 10e18);
        _depositReserve(alice, address(token), 10e18);
        token.mint(alice, 100e18);
        vm.prank(alice);
        marginAccount.setOperator(_account(alice), address(token), 7);
        _borrow(bob, 10e18, 15_000e6);
        vm.prank(bob);
        marginAccount.setOperator(_account(bob), address(token), 7);
    }

    function test_ATokenReachesNoFunctionOfTheLedgerInAnyTransfer() public {
        _prepare();
        bytes[] memory calls = EntryPoints.ofMarginAccount(_account(alice), _account(bob), address(weth), _policy());
        for (uint256 i; i < calls.length; ++i) {
            _reenter(address(marginAccount), calls[i]);
        }
    }

    function test_ATokenReachesNoFunctionOfTheLiquidator() public {
        _prepare();
        _setPrice(WETH_ASSET, 1_700e8);
        bytes[] memory calls = EntryPoints.ofLiquidator(_account(address(token)), _account(carol));
        for (uint256 i; i < calls.length; ++i) {
            _reenter(address(liquidator), calls[i]);
        }
    }

    function test_ATokenReachesNothingWhileARebalanceMovesIt() public {
        _prepare();
        _lend(1_000_000e6);
        // Alice owes 10,000 on ten of it at 2,000; she lets the wallet pay in it.
        _withdraw(alice, address(usdc), 15_000e6);
        PolicyFields memory policy = _policy();
        policy.walletTopUp = true;
        policy.releaseToWallet = true;
        policy.assetOrder = asset;
        _setPolicy(alice, policy);
        vm.prank(alice);
        marginAccount.setWalletLimit(_account(alice), 100_000e18);
        vm.prank(alice);
        marginAccount.withdrawReserve(_account(alice), address(token), type(uint256).max, alice);
        // Nothing is released in the block in which she raised her risk.
        vm.roll(block.number + 1);
        bytes[] memory calls = EntryPoints.ofMarginAccount(_account(alice), _account(bob), address(weth), policy);
        for (uint256 i; i < calls.length; ++i) {
            uint256 state = vm.snapshotState();
            _setPrice(asset, 1_800e8);
            token.arm(address(marginAccount), calls[i], false);
            vm.prank(keeper);
            assertEq(uint8(marginAccount.rebalance(_account(alice))), uint8(Outcome.ToppedUp));
            _assertLocked(1);
            // And outwards, when it releases.
            _setPrice(asset, 9_000e8);
            vm.prank(keeper);
            assertEq(uint8(marginAccount.rebalance(_account(alice))), uint8(Outcome.Released));
            _assertLocked(2);
            vm.revertToState(state);
        }
    }

    /// @dev In the middle of a deposit, a withdrawal, and both movements of the reserve.
    function _reenter(address target, bytes memory call) private {
        uint256 state = vm.snapshotState();
        token.arm(target, call, false);
        vm.startPrank(alice);
        marginAccount.deposit(_account(alice), address(token), 1e18);
        _assertLocked(1);
        marginAccount.withdraw(_account(alice), address(token), 1e18, alice);
        _assertLocked(2);
        marginAccount.depositReserve(_account(alice), address(token), 1e18);
        _assertLocked(3);
        marginAccount.withdrawReserve(_account(alice), address(token), 1e18, alice);
        _assertLocked(4);
        vm.stopPrank();
        vm.revertToState(state);
    }

    function _assertLocked(uint256 calls) private view {
        assertEq(token.calls(), calls);
        assertFalse(token.succeeded());
        assertEq(token.answer(), abi.encodeWithSelector(Errors.MarginAccount_Locked.selector));
    }

    /// @dev The lock is released: the next call of the same transaction finds it open.
    function test_TheLockOpensAgain() public {
        _prepare();
        _deposit(alice, address(weth), 1e18);
        _withdraw(alice, address(weth), 1e18);
        assertEq(_collateral(alice, WETH_ASSET), 0);
        marginAccount.collectFees();
        marginAccount.cashMarket();
        IMarginAccountExtension(address(marginAccount)).collectFees();
    }
}
