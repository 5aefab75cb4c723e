// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Vm} from "forge-std/Vm.sol";

import {Errors} from "../../../contracts/base/Errors.sol";
import {ILiquidator} from "../../../contracts/interfaces/ILiquidator.sol";
import {IMarginAccountCore} from "../../../contracts/interfaces/IMarginAccountCore.sol";
import {AccountId, toAccountId} from "../../../contracts/types/AccountId.sol";
import {BallastTest} from "../utils/BallastTest.sol";
import {EntryPoints} from "../utils/EntryPoints.sol";
import {ProbingTaker} from "../utils/mocks/ProbingTaker.sol";

/// @title SlicesTest
/// @notice What moves a slice, and what a taker may do between taking and paying.
contract SlicesTest is BallastTest {
    ProbingTaker private prober;
    address private probe;

    function setUp() public override {
        super.setUp();
        _borrow(alice, 10e18, 15_000e6);
        prober = new ProbingTaker();
        probe = address(prober);
        _deposit(probe, address(usdc), 100_000e6);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       THE MODULE'S ENTRY
    //////////////////////////////////////////////////////////////////////////*/

    function test_OnlyTheLiquidatorMovesSlices() public {
        IMarginAccountCore.Slice memory slice = _slice(alice, bob, 1e18);
        for (uint256 i; i < 3; ++i) {
            address caller =
                i == 0
                    ? stranger
                    : i == 1
                        ? alice
                        : address(this);
            _assertRefused(
                caller,
                abi.encodeCall(IMarginAccountCore.deliverSlice, (slice, caller, "")),
                abi.encodeWithSelector(Errors.MarginAccount_NotModule.selector, caller, address(liquidator))
            );
        }
    }

    /// @dev Whatever the Liquidator lets through.
    function test_TheLedgerItselfRefusesWhoeverStandsOnTheAccountsSide() public {
        marginAccount.setLiquidator(address(this));
        bytes4 own = Errors.MarginAccount_SelfLiquidation.selector;
        _refused(alice, alice, abi.encodeWithSelector(own, _raw(alice), alice));
        _refused(
            probe,
            address(this),
            abi.encodeWithSelector(Errors.MarginAccount_NotAuthorized.selector, _raw(probe), address(this), TRADE)
        );
        vm.prank(alice);
        marginAccount.setOperator(_account(alice), probe, 4);
        _refused(probe, probe, abi.encodeWithSelector(own, _raw(alice), probe));
    }

    function _refused(address taker, address caller, bytes memory reason) private {
        _assertRefused(
            address(this),
            abi.encodeCall(IMarginAccountCore.deliverSlice, (_slice(alice, taker, 1e18), caller, "")),
            reason
        );
    }

    /// @dev Collateral of the slice down, debt of the slice up: a third of three and a bit.
    function test_ASliceIsRoundedAgainstTheTaker() public {
        marginAccount.setLiquidator(address(this));
        uint256 third = uint256(1e18) / 3;
        _deposit(alice, address(wbtc), 1_000_001);
        marginAccount.deliverSlice(_slice(alice, probe, third), probe, "");
        assertEq(_collateral(probe, WETH_ASSET), (10e18 * third) / 1e18);
        assertEq(_collateral(probe, WBTC_ASSET), 333_333);
        // A third of 15,000 is 4,999.999999999999999, owed as 5,000.
        assertEq(_cash(probe), 100_000e6 - 5_000e6);
        assertEq(_cash(alice), -10_000e6);
    }

    /// @dev Shares of credit move down: an account with cash keeps the unit that does not divide.
    function test_ASliceOfCreditIsRoundedDown() public {
        marginAccount.setLiquidator(address(this));
        _deposit(bob, address(usdc), 1e6);
        marginAccount.deliverSlice(_slice(bob, carol, uint256(1e18) / 3), carol, "");
        assertEq(_cash(carol), 333_333);
        assertEq(_cash(bob), 666_667);
    }

    function testFuzz_ASliceCreatesNothing(uint256 fraction, uint256 payment, uint256 time) public {
        fraction = bound(fraction, 0.01e18, 1e18);
        payment = bound(payment, 0, 10_000e6);
        _pass(bound(time, 0, 365 days));
        marginAccount.setLiquidator(address(this));
        IMarginAccountCore.Slice memory slice = _slice(alice, probe, fraction);
        slice.payment = payment;
        slice.fundFee = payment / 10;
        AccountId fund = marginAccount.insuranceFund();
        int256 sum = _cash(alice) + _cash(probe) + marginAccount.cashOf(fund);
        marginAccount.deliverSlice(slice, probe, "");
        int256 after_ = _cash(alice) + _cash(probe) + marginAccount.cashOf(fund);
        assertLe(after_, sum);
        // The fund's share waits in the vault.
        assertGe(after_, sum - 6 - int256(slice.fundFee));
        assertEq(_collateral(alice, WETH_ASSET) + _collateral(probe, WETH_ASSET), 10e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        THE CALLBACK
    //////////////////////////////////////////////////////////////////////////*/

    function test_InsideTheCallbackEverythingElseIsRefused() public {
        _setPrice(WETH_ASSET, 1_700e8);
        vm.prank(alice);
        marginAccount.setOperator(_account(alice), stranger, 1);
        manager.grantRole(ADMIN_ROLE, probe, 0);
        _fund(probe, address(usdc), 1e6);
        // The taker's second account, another's, and every function but the two.
        bytes[] memory calls = EntryPoints.ofMarginAccount(
            toAccountId(probe, 1),
            _account(bob),
            address(usdc),
            _policy()
        );
        bytes[] memory more = EntryPoints.ofLiquidator(_account(probe), _account(alice));
        ProbingTaker.Call[] memory plan = new ProbingTaker.Call[](calls.length + more.length);
        for (uint256 i; i < calls.length; ++i) {
            plan[i] = ProbingTaker.Call({target: address(marginAccount), data: calls[i]});
        }
        for (uint256 i; i < more.length; ++i) {
            plan[calls.length + i] = ProbingTaker.Call({target: address(liquidator), data: more[i]});
        }
        prober.plan(plan, false);
        prober.take(liquidator, _account(alice), _account(probe), 0.2e18, "x");
        assertEq(prober.count(), plan.length);
        for (uint256 i; i < plan.length; ++i) {
            assertFalse(prober.succeeded(i));
            assertEq(prober.answers(i), abi.encodeWithSelector(Errors.MarginAccount_Locked.selector));
        }
        // And the transfer out of the taker's own account.
        assertEq(_collateral(probe, WETH_ASSET), 2e18);
    }

    /// @dev He sells what he took and brings the proceeds; in between he is far below his margin.
    function test_InsideTheCallbackTheTakerPaysWithWhatHeTook() public {
        _setPrice(WETH_ASSET, 1_700e8);
        ILiquidator.Quote memory q = liquidator.quote(_account(alice), type(uint256).max);
        vm.prank(probe);
        marginAccount.withdraw(_account(probe), address(usdc), type(uint256).max, carol);
        usdc.mint(probe, 10_000e6);

        ProbingTaker.Call[] memory plan = new ProbingTaker.Call[](3);
        plan[0] = _planned(
            abi.encodeCall(IMarginAccountCore.withdraw, (_account(probe), address(weth), type(uint256).max, carol))
        );
        plan[1] = _planned(abi.encodeCall(IMarginAccountCore.deposit, (_account(probe), address(usdc), 5_000e6)));
        plan[2] = _planned(abi.encodeCall(IMarginAccountCore.depositFor, (_account(probe), address(usdc), 5_000e6)));
        prober.plan(plan, true);
        prober.take(liquidator, _account(alice), _account(probe), type(uint256).max, "x");
        assertEq(prober.payment(), q.payment);
        assertEq(_collateral(probe, WETH_ASSET), 0);
        assertGt(_cash(probe), 0);
        assertApproxEqRel(weth.balanceOf(carol), (10e18 * q.fractionE18) / 1e18, 1e12);
    }

    function test_TheTakersMarginIsCheckedAtTheEndOfTheCallback() public {
        _setPrice(WETH_ASSET, 1_700e8);
        ProbingTaker.Call[] memory plan = new ProbingTaker.Call[](1);
        // All of the cash that he had leaves: what stays is the slice's own debt and collateral.
        plan[0] = _planned(
            abi.encodeCall(IMarginAccountCore.withdraw, (_account(probe), address(usdc), 99_500e6, carol))
        );
        prober.plan(plan, true);
        vm.expectPartialRevert(Errors.MarginAccount_BelowInitialMargin.selector);
        prober.take(liquidator, _account(alice), _account(probe), 0.2e18, "x");
        assertEq(usdc.balanceOf(carol), 0);
        assertEq(_collateral(alice, WETH_ASSET), 10e18);
    }

    /// @dev A taker without cash owes nothing: there is no debt that could be too small.
    function test_ATakerWithoutCashComesOutOfTheCallback() public {
        _deposit(bob, address(weth), 1e18);
        marginAccount.setLiquidator(address(this));
        IMarginAccountCore.Slice memory slice = _slice(bob, probe, 1e18);
        slice.taker = toAccountId(probe, 1);
        marginAccount.deliverSlice(slice, probe, "x");
        assertEq(marginAccount.cashOf(slice.taker), 0);
        assertEq(marginAccount.collateralOf(slice.taker, WETH_ASSET), 1e18);
    }

    /// @dev What he is paid he is told as a payment below nothing, as by the quote.
    function test_TheTakerIsToldWhatTheFundPaysHim() public {
        marginAccount.setLiquidator(address(this));
        IMarginAccountCore.Slice memory slice = _slice(alice, probe, 0.1e18);
        slice.fromFund = 2e6;
        _fund(bob, address(usdc), 5e6);
        AccountId fund = marginAccount.insuranceFund();
        vm.prank(bob);
        marginAccount.depositFor(fund, address(usdc), 5e6);
        (uint256 paid, ) = marginAccount.deliverSlice(slice, probe, "x");
        assertEq(paid, 2e6);
        assertEq(prober.payment(), -2e6);
        // A tenth of 15,000 came with the slice.
        assertEq(_cash(probe), 100_000e6 - 1_500e6 + 2e6);
    }

    /// @dev A fund that has nothing pays nothing, and nothing is said of it.
    function test_AnEmptyFundIsLeftAlone() public {
        marginAccount.setLiquidator(address(this));
        IMarginAccountCore.Slice memory slice = _slice(alice, probe, 0.1e18);
        slice.fromFund = 1e6;
        uint256 fund = AccountId.unwrap(marginAccount.insuranceFund());
        vm.recordLogs();
        (uint256 paid, ) = marginAccount.deliverSlice(slice, probe, "");
        assertEq(paid, 0);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            assertTrue(logs[i].topics.length < 2 || uint256(logs[i].topics[1]) != fund);
        }
    }

    function test_WithoutDataNobodyIsCalledBack() public {
        _setPrice(WETH_ASSET, 1_700e8);
        prober.take(liquidator, _account(alice), _account(probe), 0.2e18, "");
        assertEq(prober.payment(), 0);
    }

    function test_ACallbackThatRevertsUndoesEverything() public {
        _setPrice(WETH_ASSET, 1_700e8);
        ProbingTaker.Call[] memory plan = new ProbingTaker.Call[](1);
        plan[0] = _planned(abi.encodeCall(IMarginAccountCore.deposit, (_account(probe), address(usdc), 0)));
        prober.plan(plan, true);
        bytes32 before = _snapshot(alice, probe);
        vm.expectRevert(Errors.MarginAccount_ZeroAmount.selector);
        prober.take(liquidator, _account(alice), _account(probe), 0.2e18, "x");
        assertEq(_snapshot(alice, probe), before);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                          HELPERS
    //////////////////////////////////////////////////////////////////////////*/

    function _planned(bytes memory data) private view returns (ProbingTaker.Call memory) {
        return ProbingTaker.Call({target: address(marginAccount), data: data});
    }

    function _slice(
        address from,
        address into,
        uint256 fraction
    ) private pure returns (IMarginAccountCore.Slice memory slice) {
        slice.account = _account(from);
        slice.taker = _account(into);
        slice.fractionE18 = fraction;
        slice.healthAfterE18 = 1.2e18;
    }
}
