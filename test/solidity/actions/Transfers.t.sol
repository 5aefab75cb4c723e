// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../../../contracts/base/Errors.sol";
import {IMarginAccountExtension} from "../../../contracts/interfaces/IMarginAccountExtension.sol";
import {CallState} from "../../../contracts/types/AccountHeader.sol";
import {AccountId, toAccountId} from "../../../contracts/types/AccountId.sol";
import {BallastTest} from "../utils/BallastTest.sol";

/// @title TransfersTest
/// @notice Transfers between accounts, and the owners' reserves (promise 10).
contract TransfersTest is BallastTest {
    /*//////////////////////////////////////////////////////////////////////////
                                         TRANSFERS
    //////////////////////////////////////////////////////////////////////////*/

    function test_TransferChecksAmountThenRightThenAccounts() public {
        _deposit(alice, address(weth), 1e18);
        _assertRefused(
            stranger,
            _transfer(alice, alice, address(0xdead), 0),
            abi.encodeWithSelector(Errors.MarginAccount_ZeroAmount.selector)
        );
        _assertRefused(
            stranger,
            _transfer(alice, alice, address(0xdead), 1),
            abi.encodeWithSelector(Errors.MarginAccount_NotAuthorized.selector, _raw(alice), stranger, WITHDRAW)
        );
        _assertRefused(
            alice,
            _transfer(alice, alice, address(0xdead), 1),
            abi.encodeWithSelector(Errors.MarginAccount_SameAccount.selector, _raw(alice))
        );
        _assertRefused(
            alice,
            _transfer(alice, bob, address(0xdead), 1),
            abi.encodeWithSelector(Errors.CollateralVault_UnknownToken.selector, address(0xdead))
        );
        // The receiving side may not pull.
        _assertRefused(
            bob,
            _transfer(alice, bob, address(weth), 1),
            abi.encodeWithSelector(Errors.MarginAccount_NotAuthorized.selector, _raw(alice), bob, WITHDRAW)
        );
        vm.prank(alice);
        marginAccount.setOperator(_account(alice), bob, TRADE | POLICY);
        _assertRefused(
            bob,
            _transfer(alice, bob, address(weth), 1),
            abi.encodeWithSelector(Errors.MarginAccount_NotAuthorized.selector, _raw(alice), bob, WITHDRAW)
        );
    }

    function test_TransferRefusesMoreThanIsHeld() public {
        _deposit(alice, address(weth), 1e18);
        _deposit(bob, address(weth), 1e18);
        for (uint256 i; i < 3; ++i) {
            uint256 amount =
                i == 0
                    ? 1e18 + 1
                    : i == 1
                        ? 2 ** 112
                        : type(uint256).max - 1;
            _assertRefused(
                alice,
                _transfer(alice, bob, address(weth), amount),
                abi.encodeWithSelector(
                    Errors.MarginAccount_InsufficientCollateral.selector,
                    _raw(alice),
                    WETH_ASSET,
                    1e18,
                    amount
                )
            );
        }
        bytes memory zero = abi.encodeWithSelector(Errors.MarginAccount_ZeroAmount.selector);
        _assertRefused(alice, _transfer(alice, bob, address(wbtc), type(uint256).max), zero);
        _assertRefused(alice, _transfer(alice, bob, address(usdc), type(uint256).max), zero);
    }

    function test_CollateralGoesOnlyWhereItIsHeldOrWanted() public {
        _deposit(alice, address(weth), 2e18);
        _assertRefused(
            alice,
            _transfer(alice, bob, address(weth), 1e18),
            abi.encodeWithSelector(Errors.MarginAccount_ForeignAsset.selector, _raw(bob), WETH_ASSET, alice)
        );
        _deposit(bob, address(weth), 0.01e18);
        _move(alice, bob, address(weth), 1e18);
        assertEq(_collateral(bob, WETH_ASSET), 1.01e18);
        // To one's own other account, and to one that made him an operator, it opens an entry.
        vm.prank(alice);
        marginAccount.transfer(_account(alice), toAccountId(alice, 7), address(weth), 0.5e18);
        vm.prank(carol);
        marginAccount.setOperator(_account(carol), alice, POLICY);
        _move(alice, carol, address(weth), 0.5e18);
        assertEq(_collateral(carol, WETH_ASSET), 0.5e18);
        assertEq(_collateral(alice, WETH_ASSET), 0);
    }

    function test_CashGoesAnywhereEvenByBorrowing() public {
        _lend(100_000e6);
        _deposit(alice, address(weth), 10e18);
        _move(alice, bob, address(usdc), 15_400e6);
        assertEq(_cash(alice), -15_400e6);
        assertEq(_cash(bob), 15_400e6);
        assertEq(_header(alice).riskBlock(), block.number);
        _assertRefused(
            alice,
            _transfer(alice, bob, address(usdc), 1),
            abi.encodeWithSelector(
                Errors.MarginAccount_BelowInitialMargin.selector,
                _raw(alice),
                int256(4_600e18 - 1e12),
                4_600e18
            )
        );
        _move(bob, alice, address(usdc), type(uint256).max);
        assertEq(_cash(alice), 0);
    }

    function test_TransfersLeaveNoDustDebtAndNoAccountBelowInitialMargin() public {
        _lend(100_000e6);
        _deposit(alice, address(weth), 10e18);
        _deposit(bob, address(weth), 1e18);
        _assertRefused(
            alice,
            _transfer(alice, bob, address(usdc), 100e6 - 1),
            abi.encodeWithSelector(Errors.MarginAccount_DustDebt.selector, _raw(alice), 100e6 - 1, 100e6)
        );
        _withdraw(alice, address(usdc), 15_000e6);
        _assertRefused(
            alice,
            _transfer(alice, bob, address(weth), 1e18),
            abi.encodeWithSelector(
                Errors.MarginAccount_BelowInitialMargin.selector,
                _raw(alice),
                int256(3_000e18),
                4_140e18
            )
        );
        _makeStale(WETH_ASSET);
        _assertRefused(
            alice,
            _transfer(alice, bob, address(weth), 1),
            abi.encodeWithSelector(
                Errors.MarginAccount_BelowInitialMargin.selector,
                _raw(alice),
                int256(5_000e18 - 2_000),
                20_000e18 - 2_000
            )
        );
    }

    function test_NeitherCapNorMinimumHoldsUpATransfer() public {
        _deposit(alice, address(weth), 10e18);
        _deposit(bob, address(weth), 1e18);
        vault.setLimits(address(weth), 1, 10_000);
        _move(alice, bob, address(weth), 1);
        assertEq(_collateral(bob, WETH_ASSET), 1e18 + 1);
    }

    function test_ATransferCuresTheReceiver() public {
        _borrow(alice, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_700e8);
        marginAccount.rebalance(_account(alice));
        assertEq(_header(alice).liquidationSince(), block.timestamp);
        _deposit(bob, address(weth), 10e18);
        _move(bob, alice, address(weth), 5e18);
        assertEq(_header(alice).liquidationSince(), 0);
        assertEq(uint8(_header(alice).callState()), uint8(CallState.None));
    }

    function test_ATransferIsNoWayAroundNineKinds() public {
        _deposit(alice, address(weth), 1e18);
        AccountId full = toAccountId(alice, 1);
        for (uint256 i; i < 8; ++i) {
            (, uint8 asset) = _newCollateral();
            address token = vault.tokenOf(asset);
            _fund(alice, token, 1e18);
            vm.prank(alice);
            marginAccount.deposit(full, token, 1e18);
        }
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.MarginAccount_TooManyCollaterals.selector, AccountId.unwrap(full), 8, 8)
        );
        marginAccount.transfer(_account(alice), full, address(weth), 1e18);
    }

    /// @dev Whatever moves between two accounts, together they have no more than before.
    function testFuzz_ATransferCreatesNothing(uint256 first, uint256 second, uint256 time) public {
        first = bound(first, 1, 1_000_000e6);
        second = bound(second, 1, 1_000_000e6);
        _borrow(carol, 10_000e18, 7_000_000e6);
        _pass(bound(time, 1, 365 days));
        _deposit(alice, address(usdc), 1_000_000e6);
        _deposit(bob, address(weth), 10_000e18);
        int256 sum = _cash(alice) + _cash(bob);
        _move(alice, bob, address(usdc), first > uint256(_cash(alice)) ? type(uint256).max : first);
        assertLe(_cash(alice) + _cash(bob), sum);
        vm.prank(bob);
        (bool ok, ) = address(marginAccount).call(_transfer(bob, alice, address(usdc), second));
        ok;
        assertLe(_cash(alice) + _cash(bob), sum);
        assertGe(_cash(alice) + _cash(bob), sum - 6);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                          RESERVES
    //////////////////////////////////////////////////////////////////////////*/

    function test_DepositReserveChecksAmountThenRightThenToken() public {
        _assertRefused(
            stranger,
            abi.encodeCall(IMarginAccountExtension.depositReserve, (_account(alice), address(0xdead), 0)),
            abi.encodeWithSelector(Errors.MarginAccount_ZeroAmount.selector)
        );
        _assertRefused(
            stranger,
            abi.encodeCall(IMarginAccountExtension.depositReserve, (_account(alice), address(0xdead), 1)),
            abi.encodeWithSelector(Errors.MarginAccount_NotAuthorized.selector, _raw(alice), stranger, 7)
        );
        _assertRefused(
            alice,
            abi.encodeCall(IMarginAccountExtension.depositReserve, (_account(alice), address(0xdead), 1)),
            abi.encodeWithSelector(Errors.CollateralVault_UnknownToken.selector, address(0xdead))
        );
        for (uint256 i; i < 6; ++i) {
            uint256 amount = [2 ** 96, 2 ** 112, type(uint256).max][i % 3];
            // With something there already the sum itself would overflow.
            if (i == 3) _depositReserve(alice, address(weth), 1e18);
            _assertRefused(
                alice,
                abi.encodeCall(IMarginAccountExtension.depositReserve, (_account(alice), address(weth), amount)),
                abi.encodeWithSelector(
                    Errors.CollateralVault_TotalOverflow.selector,
                    address(weth),
                    amount,
                    (1 << 92) - 1
                )
            );
        }
    }

    function test_WithdrawReserveChecksReceiverThenAmountThenRight() public {
        _depositReserve(alice, address(weth), 1e18);
        _assertRefused(
            stranger,
            _withdrawReserve(address(weth), 0, address(0)),
            abi.encodeWithSelector(Errors.MarginAccount_ZeroReceiver.selector)
        );
        _assertRefused(
            stranger,
            _withdrawReserve(address(weth), 0, stranger),
            abi.encodeWithSelector(Errors.MarginAccount_ZeroAmount.selector)
        );
        _assertRefused(
            alice,
            _withdrawReserve(address(wbtc), type(uint256).max, alice),
            abi.encodeWithSelector(Errors.MarginAccount_ZeroAmount.selector)
        );
        _assertRefused(
            alice,
            _withdrawReserve(address(0xdead), 1, alice),
            abi.encodeWithSelector(Errors.CollateralVault_UnknownToken.selector, address(0xdead))
        );
        for (uint256 i; i < 2; ++i) {
            uint256 amount = i == 0 ? 1e18 + 1 : 2 ** 96;
            _assertRefused(
                alice,
                _withdrawReserve(address(weth), amount, alice),
                abi.encodeWithSelector(
                    Errors.CollateralVault_InsufficientReserve.selector,
                    _raw(alice),
                    address(weth),
                    1e18,
                    amount
                )
            );
        }
    }

    /// @dev Promise 10: by right only, at any time: also while the account is liquidated and every feed is silent.
    function test_ReservesLeaveByRightOnlyAndAlways() public {
        _borrow(alice, 10e18, 15_000e6);
        _depositReserve(alice, address(weth), 3e18);
        _depositReserve(alice, address(usdc), 5e6);
        vm.prank(alice);
        marginAccount.setOperator(_account(alice), bob, TRADE | POLICY);
        _setPrice(WETH_ASSET, 1_400e8);
        marginAccount.rebalance(_account(alice));
        _makeStale(WETH_ASSET);
        _makeStale(QUOTE_ASSET);
        for (uint256 i; i < 2; ++i) {
            address caller = i == 0 ? stranger : bob;
            _assertRefused(
                caller,
                _withdrawReserve(address(weth), 1, caller),
                abi.encodeWithSelector(Errors.MarginAccount_NotAuthorized.selector, _raw(alice), caller, WITHDRAW)
            );
        }
        vm.prank(alice);
        marginAccount.setOperator(_account(alice), bob, WITHDRAW);
        vm.prank(bob);
        assertEq(marginAccount.withdrawReserve(_account(alice), address(weth), 1e18, bob), 1e18);
        vm.prank(alice);
        assertEq(marginAccount.withdrawReserve(_account(alice), address(weth), type(uint256).max, carol), 2e18);
        assertEq(weth.balanceOf(carol), 2e18);
        assertEq(_reserve(alice, QUOTE_ASSET), 5e6);
    }

    function test_AReserveCountsForNoMargin() public {
        _lend(100_000e6);
        _depositReserve(alice, address(weth), 10e18);
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.MarginAccount_BelowInitialMargin.selector, _raw(alice), int256(-100e18), 0)
        );
        marginAccount.withdraw(_account(alice), address(usdc), 100e6, alice);
        (uint256 total, uint256 reserved, , ) = vault.totalsOf(address(weth));
        assertEq(total, 0);
        assertEq(reserved, 10e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         HELPERS
    //////////////////////////////////////////////////////////////////////////*/

    function _move(address from, address to, address token, uint256 amount) private {
        vm.prank(from);
        marginAccount.transfer(_account(from), _account(to), token, amount);
    }

    function _transfer(address from, address to, address token, uint256 amount) private pure returns (bytes memory) {
        return abi.encodeCall(IMarginAccountExtension.transfer, (_account(from), _account(to), token, amount));
    }

    function _withdrawReserve(address token, uint256 amount, address to) private view returns (bytes memory) {
        return abi.encodeCall(IMarginAccountExtension.withdrawReserve, (_account(alice), token, amount, to));
    }
}
