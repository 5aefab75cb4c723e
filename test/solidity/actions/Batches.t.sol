// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Errors} from "../../../contracts/base/Errors.sol";
import {Call} from "../../../contracts/interfaces/IExecutor.sol";
import {IMarginAccountAccess} from "../../../contracts/interfaces/IMarginAccountAccess.sol";
import {IMarginAccountCore} from "../../../contracts/interfaces/IMarginAccountCore.sol";
import {IMarginAccountExtension} from "../../../contracts/interfaces/IMarginAccountExtension.sol";
import {MintableToken} from "../../../contracts/mocks/MintableToken.sol";
import {AccountId, toAccountId} from "../../../contracts/types/AccountId.sol";
import {EntryPoints} from "../utils/EntryPoints.sol";
import {BallastTest} from "../utils/BallastTest.sol";
import {FixedVenue} from "../utils/mocks/FixedVenue.sol";

/// @title BatchesTest
/// @notice Several calls in one transaction, with one check of the margin at the end, and nobody who profits in between.
contract BatchesTest is BallastTest {
    FixedVenue private venue;
    address private executor;

    function setUp() public override {
        super.setUp();
        venue = new FixedVenue();
        executor = address(marginAccount.executor());
        _lend(10_000_000e6);
        _deposit(alice, address(weth), 10e18);
        _fund(alice, address(weth), 1);
        _fund(alice, address(usdc), 1);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        HELPERS
    //////////////////////////////////////////////////////////////////////////*/

    function _withdrawal(address token, uint256 amount, address to) private view returns (bytes memory) {
        return abi.encodeCall(IMarginAccountCore.withdraw, (_account(alice), token, amount, to));
    }

    function _bring(address token, uint256 amount) private view returns (bytes memory) {
        return abi.encodeCall(IMarginAccountCore.deposit, (_account(alice), token, amount));
    }

    /// @dev Swaps what the executor holds at the venue for alice; what is left of it comes back to her.
    function _swap(
        IERC20 from,
        uint256 amount,
        MintableToken to,
        uint256 received
    ) private view returns (bytes memory) {
        Call[] memory calls = new Call[](2);
        calls[0] = Call(address(from), abi.encodeCall(IERC20.approve, (address(venue), amount)));
        calls[1] = Call(address(venue), abi.encodeCall(FixedVenue.swap, (from, amount, to, received, alice)));
        address[] memory sweep = new address[](1);
        sweep[0] = address(from);
        return abi.encodeCall(IMarginAccountAccess.act, (calls, sweep));
    }

    function _leverage(uint256 borrowed, uint256 received) private view returns (bytes[] memory calls) {
        calls = new bytes[](3);
        calls[0] = _withdrawal(address(usdc), borrowed, executor);
        calls[1] = _swap(usdc, borrowed, weth, received);
        calls[2] = _bring(address(weth), received);
    }

    function _run(bytes[] memory calls) private returns (bytes[] memory) {
        vm.prank(alice);
        return marginAccount.multicall(_account(alice), calls);
    }

    function _refused(address caller, bytes[] memory calls, bytes memory reason) private {
        _assertRefused(caller, abi.encodeCall(IMarginAccountAccess.multicall, (_account(alice), calls)), reason);
    }

    function _one(bytes memory call) private pure returns (bytes[] memory calls) {
        calls = new bytes[](1);
        calls[0] = call;
    }

    /*//////////////////////////////////////////////////////////////////////////
                                 LEVERAGE AND BACK AGAIN
    //////////////////////////////////////////////////////////////////////////*/

    function test_LeverageInOneTransaction() public {
        // Beyond what ten ether carry by themselves.
        uint256 most = marginAccount.maxWithdraw(_account(alice), address(usdc));
        assertLt(most, 24_000e6);
        bytes[] memory results = _run(_leverage(24_000e6, 12e18));
        assertEq(abi.decode(results[0], (uint256)), 24_000e6);
        assertEq(_collateral(alice, WETH_ASSET), 22e18);
        assertEq(_cash(alice), -24_000e6);
        assertEq(usdc.balanceOf(executor), 0);
        assertGt(_health(alice), 1e18);
    }

    function test_DeleverageInOneTransaction() public {
        _run(_leverage(24_000e6, 12e18));
        vm.roll(block.number + 1);
        bytes[] memory calls = new bytes[](3);
        calls[0] = _withdrawal(address(weth), 12e18, executor);
        calls[1] = _swap(IERC20(address(weth)), 12e18, MintableToken(address(usdc)), 23_990e6);
        calls[2] = _bring(address(usdc), 23_990e6);
        _run(calls);
        // The first call alone is refused.
        bytes[] memory first = _one(_withdrawal(address(weth), 9e18, alice));
        assertEq(_collateral(alice, WETH_ASSET), 10e18);
        assertApproxEqAbs(_cash(alice), -10e6, 2);
        marginAccount.setInterest(200, 800, 9_000, 8_500, 2_000, 0);
        _deposit(alice, address(usdc), 20e6);
        assertGt(_cash(alice), 0);
        _run(first);
    }

    function test_WhatIsLeftOfASwapComesBack() public {
        bytes[] memory calls = _leverage(24_000e6, 12e18);
        calls[1] = _swap(usdc, 23_000e6, weth, 12e18);
        uint256 before = usdc.balanceOf(alice);
        _run(calls);
        assertEq(usdc.balanceOf(alice) - before, 1_000e6);
        assertEq(usdc.balanceOf(executor), 0);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        THE CHECK
    //////////////////////////////////////////////////////////////////////////*/

    function test_AnAccountThatEndsBelowItsInitialMarginIsRefused() public {
        bytes[] memory calls = _leverage(24_000e6, 1e18);
        vm.prank(alice);
        vm.expectPartialRevert(Errors.MarginAccount_BelowInitialMargin.selector);
        marginAccount.multicall(_account(alice), calls);
        // To the unit: one more than it offers is refused as it is outside.
        uint256 most = marginAccount.maxWithdraw(_account(alice), address(usdc));
        vm.prank(alice);
        vm.expectPartialRevert(Errors.MarginAccount_BelowInitialMargin.selector);
        marginAccount.multicall(_account(alice), _one(_withdrawal(address(usdc), most + 2, alice)));
        _run(_one(_withdrawal(address(usdc), most, alice)));
    }

    function test_TheCheckOfATransferWaitsToo() public {
        _run(_one(_withdrawal(address(usdc), 10_000e6, alice)));
        AccountId other = toAccountId(alice, 1);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(IMarginAccountExtension.transfer, (_account(alice), other, address(weth), 9e18));
        vm.prank(alice);
        vm.expectPartialRevert(Errors.MarginAccount_BelowInitialMargin.selector);
        marginAccount.multicall(_account(alice), _one(calls[0]));
        calls[1] = _bring(address(usdc), 10_000e6);
        _run(calls);
        assertEq(marginAccount.collateralOf(other, WETH_ASSET), 9e18);
    }

    function test_OtherAccountsAreCheckedAtOnce() public {
        AccountId other = toAccountId(alice, 1);
        bytes[] memory calls = new bytes[](2);
        // The other account has nothing; what would cover it comes too late.
        calls[0] = abi.encodeCall(IMarginAccountCore.withdraw, (other, address(usdc), 1_000e6, alice));
        calls[1] = abi.encodeCall(IMarginAccountCore.deposit, (other, address(usdc), 1_000e6));
        vm.prank(alice);
        vm.expectPartialRevert(Errors.MarginAccount_BelowInitialMargin.selector);
        marginAccount.multicall(_account(alice), calls);
        vm.prank(alice);
        marginAccount.multicall(other, calls);
    }

    function test_NothingWaitsWhenTheBatchIsOver() public {
        _run(_leverage(24_000e6, 12e18));
        uint256 most = marginAccount.maxWithdraw(_account(alice), address(usdc));
        vm.prank(alice);
        vm.expectPartialRevert(Errors.MarginAccount_BelowInitialMargin.selector);
        marginAccount.withdraw(_account(alice), address(usdc), most + 2, alice);
    }

    /// @dev A cure by batch is a cure: an account that is short may bring what it has.
    function test_ABatchThatOnlyBringsIsNotChecked() public {
        _run(_one(_withdrawal(address(usdc), 15_000e6, alice)));
        _setPrice(WETH_ASSET, 1_600e8);
        assertLt(_health(alice), 1e18);
        _run(_one(_bring(address(usdc), 100e6)));
        assertEq(_cash(alice), -14_900e6);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       WHO AND WHAT
    //////////////////////////////////////////////////////////////////////////*/

    function test_StrangersHaveNoBatch() public {
        bytes memory reason = abi.encodeWithSelector(
            Errors.MarginAccount_NotAuthorized.selector,
            _raw(alice),
            stranger,
            WITHDRAW | TRADE | POLICY
        );
        _refused(stranger, new bytes[](0), reason);
        _refused(stranger, _leverage(24_000e6, 12e18), reason);
    }

    function test_AnOperatorsBatchDoesWhatHeMayDo() public {
        vm.prank(alice);
        marginAccount.setOperator(_account(alice), bob, POLICY);
        _refused(
            bob,
            _one(_withdrawal(address(usdc), 1_000e6, bob)),
            abi.encodeWithSelector(Errors.MarginAccount_NotAuthorized.selector, _raw(alice), bob, WITHDRAW)
        );
        vm.prank(bob);
        marginAccount.multicall(
            _account(alice),
            _one(abi.encodeCall(IMarginAccountExtension.setPolicy, (_account(alice), _policy())))
        );
    }

    function test_WhatMayBeInABatch() public {
        bytes[] memory all = EntryPoints.ofMarginAccount(_account(alice), _account(bob), address(weth), _policy());
        uint256 allowed;
        for (uint256 i; i < all.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(Errors.MarginAccount_NotInBatch.selector, bytes4(all[i]));
            vm.prank(alice);
            (bool ok, bytes memory answer) = address(marginAccount).call(
                abi.encodeCall(IMarginAccountAccess.multicall, (_account(alice), _one(all[i])))
            );
            if (ok || keccak256(answer) != keccak256(reason)) ++allowed;
        }
        // deposit, depositFor, withdraw, transfer, depositReserve, withdrawReserve, setOperator, setPolicy, setWalletLimit, claim,
        // act, usePermit and grantBySignature of this list.
        assertEq(allowed, 13);
        _refused(
            alice,
            _one(hex"d0e30d"),
            abi.encodeWithSelector(Errors.MarginAccount_NotInBatch.selector, bytes4(hex"d0e30d00"))
        );
    }

    function test_TheErrorOfACallIsTheErrorOfTheBatch() public {
        bytes[] memory calls = new bytes[](2);
        calls[0] = _withdrawal(address(usdc), 1_000e6, alice);
        calls[1] = _bring(address(weth), 0);
        _refused(alice, calls, abi.encodeWithSelector(Errors.MarginAccount_ZeroAmount.selector));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                     WHILE OTHERS' CODE RUNS
    //////////////////////////////////////////////////////////////////////////*/

    function test_OutsideABatchNobodyActs() public {
        _assertRefused(
            alice,
            abi.encodeCall(IMarginAccountAccess.act, (new Call[](0), new address[](0))),
            abi.encodeWithSelector(Errors.MarginAccount_Locked.selector)
        );
    }

    /// @dev The venue owns the account: it may do everything with it that an owner may, and still finds the lock shut.
    function test_WhileTheAccountIsShortEverythingElseIsShut() public {
        AccountId own = _account(address(venue));
        bytes[] memory all = EntryPoints.ofMarginAccount(own, _account(bob), address(weth), _policy());
        for (uint256 i; i < all.length; ++i) {
            venue.attempt(address(marginAccount), all[i]);
        }
        bytes[] memory more = EntryPoints.ofLiquidator(own, _account(alice));
        venue.attempt(address(liquidator), more[0]);
        venue.attempt(address(liquidator), more[1]);
        _run(_leverage(24_000e6, 12e18));
        assertEq(venue.tried(), all.length + 2);
        bytes4 reason;
        for (uint256 i; i < all.length; ++i) {
            assertFalse(venue.succeeded(i), vm.toString(i));
            reason = bytes4(venue.answers(i));
            bool governed = reason == bytes4(keccak256("AccessManagedUnauthorized(address)"));
            bool module = reason == Errors.MarginAccount_NotModule.selector;
            assertTrue(reason == Errors.MarginAccount_Locked.selector || governed || module, vm.toString(i));
        }
        assertFalse(venue.succeeded(all.length));
        assertFalse(venue.succeeded(all.length + 1));
    }

    /// @dev To the batch's own account deposits and withdrawals are open, to whoever may make them.
    function test_TheBatchsAccountMayBeCuredMeanwhile() public {
        _fund(address(venue), address(weth), 1e18);
        venue.attempt(
            address(marginAccount),
            abi.encodeCall(IMarginAccountCore.depositFor, (_account(alice), address(weth), 1e18))
        );
        venue.attempt(
            address(marginAccount),
            abi.encodeCall(IMarginAccountCore.withdraw, (_account(alice), address(weth), 1e18, address(venue)))
        );
        _run(_leverage(24_000e6, 12e18));
        assertTrue(venue.succeeded(0));
        assertFalse(venue.succeeded(1));
        assertEq(bytes4(venue.answers(1)), Errors.MarginAccount_NotAuthorized.selector);
        assertEq(_collateral(alice, WETH_ASSET), 23e18);
    }

    function test_AFailedCallOutsideUndoesAll() public {
        bytes[] memory calls = _leverage(24_000e6, 12e18);
        calls[1] = _swap(usdc, 24_001e6, weth, 12e18);
        bytes32 before = _snapshot(alice, bob);
        vm.prank(alice);
        vm.expectRevert();
        marginAccount.multicall(_account(alice), calls);
        assertEq(_snapshot(alice, bob), before);
    }
}
