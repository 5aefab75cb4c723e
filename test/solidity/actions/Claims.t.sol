// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../../../contracts/base/Errors.sol";
import {IMarginAccountExtension} from "../../../contracts/interfaces/IMarginAccountExtension.sol";
import {Outcome} from "../../../contracts/interfaces/IRebalancer.sol";
import {AccountId} from "../../../contracts/types/AccountId.sol";
import {PolicyFields} from "../../../contracts/types/BandPolicy.sol";
import {BallastTest} from "../utils/BallastTest.sol";
import {BlockingToken} from "../utils/mocks/BlockingToken.sol";
import {ReentrantToken} from "../utils/mocks/ReentrantToken.sol";

/// @title ClaimsTest
/// @notice A token that refuses one owner stops nobody else; what exceeds a limit has left the account and is owed.
contract ClaimsTest is BallastTest {
    BlockingToken private blocking;
    uint8 private asset;

    function _prepare() private {
        blocking = new BlockingToken(18);
        asset = _listCollateral(address(blocking), 18, WETH_START);
        _lend(1_000_000e6);
        _deposit(alice, address(blocking), 20e18);
        _withdraw(alice, address(usdc), 10_000e6);
        PolicyFields memory policy = _policy();
        policy.releaseToWallet = true;
        policy.assetOrder = asset;
        _setPolicy(alice, policy);
        vm.roll(block.number + 1);
    }

    function test_ARebalanceThatReleasesToARefusedWalletIsDone() public {
        _prepare();
        blocking.setBlocked(alice, true);
        vm.prank(keeper);
        assertEq(uint8(marginAccount.rebalance(_account(alice))), uint8(Outcome.Released));
        uint256 released = 20e18 - _collateral(alice, asset);
        assertGt(released, 0);
        assertEq(vault.claimableOf(alice, address(blocking)), released);
        assertGt(_cash(keeper), 0, "the keeper worked for nothing");

        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.CollateralVault_NothingToClaim.selector, stranger, address(blocking))
        );
        marginAccount.claim(address(blocking), stranger);
        vm.startPrank(alice);
        vm.expectRevert(Errors.MarginAccount_ZeroReceiver.selector);
        marginAccount.claim(address(blocking), address(0));
        assertEq(marginAccount.claim(address(blocking), carol), released);
        vm.stopPrank();
        assertEq(blocking.balanceOf(carol), released);
    }

    function test_ABatchGoesOn() public {
        _prepare();
        _borrow(bob, 20e18, 10_000e6);
        _setPolicy(bob, _policy());
        blocking.setBlocked(alice, true);
        AccountId[] memory batch = new AccountId[](2);
        (batch[0], batch[1]) = (_account(alice), _account(bob));
        vm.prank(keeper);
        Outcome[] memory outcomes = marginAccount.rebalanceMany(batch);
        assertEq(uint8(outcomes[0]), uint8(Outcome.Released));
        assertEq(uint8(outcomes[1]), uint8(Outcome.Released));
    }

    /// @dev His own withdrawal he may send elsewhere: it reverts, and nothing is booked.
    function test_AWithdrawalToARefusedReceiverReverts() public {
        _prepare();
        blocking.setBlocked(bob, true);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(BlockingToken.BlockingToken_Blocked.selector, bob));
        marginAccount.withdraw(_account(alice), address(blocking), 1e18, bob);
        assertEq(_collateral(alice, asset), 20e18);
    }

    /// @dev The debt is booked and the margin checked as if all had been paid.
    function test_ALoanBeyondTheLimitIsOwedAndWaits() public {
        _lend(1_000_000e6);
        _deposit(alice, address(weth), 1_000e18);
        vault.setOutflowLimit(address(usdc), 500);
        vm.prank(alice);
        assertEq(marginAccount.withdraw(_account(alice), address(usdc), 80_000e6, bob), 50_000e6);
        assertEq(_cash(alice), -80_000e6);
        assertEq(usdc.balanceOf(bob), 50_000e6);
        (uint256 total, , , ) = vault.totalsOf(address(usdc));
        assertEq(total, 920_000e6);
        assertEq(marginAccount.cashMarket().idle, 920_000e6);
        // The ledger's own sums know nothing of it.
        assertEq(marginAccount.collectFees(), 0);
        vm.prank(alice);
        vm.expectPartialRevert(Errors.MarginAccount_BelowInitialMargin.selector);
        marginAccount.withdraw(_account(alice), address(usdc), 5_000_000e6 / 2, bob);
        _pass(1 days);
        vm.prank(stranger);
        assertEq(marginAccount.payClaims(address(usdc), 5), 1);
        assertEq(usdc.balanceOf(bob), 80_000e6);
    }

    function test_AReleaseBeyondTheLimitWaitsForTheWallet() public {
        _borrow(alice, 20e18, 10_000e6);
        _setPolicy(alice, _policy());
        vault.setOutflowLimit(address(weth), 500);
        vm.prank(keeper);
        assertEq(uint8(marginAccount.rebalance(_account(alice))), uint8(Outcome.Released));
        uint256 released = 20e18 - _collateral(alice, WETH_ASSET);
        assertGt(released, 1e18);
        assertEq(_reserve(alice, WETH_ASSET), 1e18);
        (uint256 queued, , , ) = vault.claimsOf(address(weth));
        assertEq(queued, released - 1e18);
        _pass(30 days);
        while (queued != 0) {
            assertEq(marginAccount.payClaims(address(weth), 1), 1);
            (queued, , , ) = vault.claimsOf(address(weth));
            _pass(1 days);
        }
        assertEq(weth.balanceOf(alice), released - 1e18);
    }

    function test_ACureIsNeverLimited() public {
        _borrow(alice, 10e18, 15_000e6);
        vault.setOutflowLimit(address(usdc), 500);
        vault.setOutflowLimit(address(weth), 500);
        _withdraw(lender, address(usdc), 5_000_000e6);
        usdc.mint(alice, 15_000e6);
        vm.prank(alice);
        usdc.approve(address(vault), type(uint256).max);
        _setPrice(WETH_ASSET, 1_700e8);
        vm.startPrank(alice);
        marginAccount.deposit(_account(alice), address(usdc), 20_000e6);
        marginAccount.depositReserve(_account(alice), address(usdc), 5_000e6);
        assertEq(marginAccount.withdrawReserve(_account(alice), address(usdc), 5_000e6, alice), 5_000e6);
        vm.stopPrank();
    }

    /// @dev While a claim is fetched, and while claims are paid, the ledger's lock is held.
    function test_ATokenReentersThroughNoClaim() public {
        ReentrantToken token = new ReentrantToken(18);
        uint8 number = _listCollateral(address(token), 18, WETH_START);
        _deposit(alice, address(token), 100e18);
        vault.setOutflowLimit(address(token), 500);
        _withdraw(alice, address(token), 50e18);
        vault.setOutflowLimit(address(token), 0);
        bytes[3] memory calls = [
            abi.encodeCall(IMarginAccountExtension.payClaims, (address(token), 1)),
            abi.encodeCall(IMarginAccountExtension.claim, (address(token), alice)),
            abi.encodeCall(IMarginAccountExtension.cashMarket, ())
        ];
        for (uint256 i; i < calls.length; ++i) {
            uint256 state = vm.snapshotState();
            token.arm(address(marginAccount), calls[i], i % 2 == 0);
            assertEq(marginAccount.payClaims(address(token), 10), 1);
            assertEq(token.calls(), 1);
            assertFalse(token.succeeded());
            assertEq(token.answer(), abi.encodeWithSelector(Errors.MarginAccount_Locked.selector));
            assertEq(token.balanceOf(alice), 50e18);
            vm.revertToState(state);
        }
        assertEq(_collateral(alice, number), 50e18);
    }
}
