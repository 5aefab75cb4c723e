// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../../../contracts/base/Errors.sol";
import {IMarginAccountCore} from "../../../contracts/interfaces/IMarginAccountCore.sol";
import {MintableToken} from "../../../contracts/mocks/MintableToken.sol";
import {CallState} from "../../../contracts/types/AccountHeader.sol";
import {AccountId, toAccountId} from "../../../contracts/types/AccountId.sol";
import {PolicyFields} from "../../../contracts/types/BandPolicy.sol";
import {Assessment} from "../../../contracts/types/Assessment.sol";
import {BallastTest} from "../utils/BallastTest.sol";

/// @title FundingTest
/// @notice Deposits, withdrawals and borrowing: what they do, and everything that refuses them.
contract FundingTest is BallastTest {
    /*//////////////////////////////////////////////////////////////////////////
                                       DEPOSITS REFUSED
    //////////////////////////////////////////////////////////////////////////*/

    function test_DepositRefusesZeroBeforeAnythingElse() public {
        bytes memory zero = abi.encodeWithSelector(Errors.MarginAccount_ZeroAmount.selector);
        _assertRefused(stranger, _depositCall(alice, address(0xdead), 0), zero);
        _assertRefused(stranger, _depositForCall(alice, address(0xdead), 0), zero);
    }

    function test_DepositRefusesAStrangerBeforeTheToken() public {
        _assertRefused(stranger, _depositCall(alice, address(0xdead), 1), _notAuthorized(alice, stranger, 7));
    }

    function test_DepositRefusesWhatIsNotListed() public {
        bytes memory unknown = abi.encodeWithSelector(Errors.CollateralVault_UnknownToken.selector, address(0xdead));
        _assertRefused(alice, _depositCall(alice, address(0xdead), 1), unknown);
        _assertRefused(stranger, _depositForCall(alice, address(0xdead), 1), unknown);
        _assertRefused(
            alice,
            _depositCall(alice, address(0), 1),
            abi.encodeWithSelector(Errors.CollateralVault_UnknownToken.selector, address(0))
        );
    }

    function test_DepositRefusesDust() public {
        _fund(alice, address(usdc), 1e6);
        _fund(alice, address(weth), 1e18);
        _fund(alice, address(wbtc), 1e8);
        _assertRefused(alice, _depositCall(alice, address(usdc), 9_999), _belowMinimum(address(usdc), 9_999, 10_000));
        _assertRefused(
            alice,
            _depositCall(alice, address(weth), 0.01e18 - 1),
            _belowMinimum(address(weth), 0.01e18 - 1, 0.01e18)
        );
        _assertRefused(
            alice,
            _depositCall(alice, address(wbtc), 999_999),
            _belowMinimum(address(wbtc), 999_999, 1_000_000)
        );
        vm.startPrank(alice);
        marginAccount.deposit(_account(alice), address(usdc), 10_000);
        marginAccount.deposit(_account(alice), address(weth), 0.01e18);
        marginAccount.deposit(_account(alice), address(wbtc), 1_000_000);
        vm.stopPrank();
        assertEq(_cash(alice), 10_000);
    }

    function test_DepositRefusesAmountsThatOverflow() public {
        uint256 cap = 1_000_000_000e18;
        uint256 most = (1 << 92) - 1;
        _assertRefused(alice, _depositCall(alice, address(weth), most), _aboveCap(address(weth), most, cap));
        for (uint256 i; i < 4; ++i) {
            uint256 amount = [2 ** 96, 2 ** 112, 2 ** 255, type(uint256).max][i];
            _assertRefused(alice, _depositCall(alice, address(weth), amount), _totalOverflow(address(weth), amount));
        }
        // With something there already the sum itself would overflow.
        _deposit(bob, address(weth), 1e18);
        _assertRefused(
            alice,
            _depositCall(alice, address(weth), type(uint256).max),
            _totalOverflow(address(weth), type(uint256).max)
        );
    }

    /// @dev Of one who owes, too: only what a cap refuses is asked whether it cures.
    function test_AnAmountThatOverflowsIsNoCure() public {
        _borrow(alice, 10e18, 15_000e6);
        uint256 amount = 2 ** 254;
        _assertRefused(alice, _depositCall(alice, address(usdc), amount), _totalOverflow(address(usdc), amount));
    }

    function test_DepositRefusesWhatIsAboveTheCap() public {
        vault.setLimits(address(weth), 10, 100);
        _deposit(bob, address(weth), 9e18);
        _fund(alice, address(weth), 10e18);
        bytes memory above = _aboveCap(address(weth), 10e18 + 1, 10e18);
        _assertRefused(alice, _depositCall(alice, address(weth), 1e18 + 1), above);
        _assertRefused(stranger, _depositForCall(alice, address(weth), 1e18 + 1), above);
        vm.prank(alice);
        marginAccount.deposit(_account(alice), address(weth), 1e18);
    }

    function test_DepositRefusesANinthAsset() public {
        _fillAccount(alice);
        (MintableToken ninth, ) = _newCollateral();
        _fund(alice, address(ninth), 1e18);
        bytes memory tooMany = abi.encodeWithSelector(
            Errors.MarginAccount_TooManyCollaterals.selector,
            AccountId.unwrap(_account(alice)),
            8,
            8
        );
        _assertRefused(alice, _depositCall(alice, address(ninth), 1e18), tooMany);

        // Room is made by taking one out whole.
        _withdraw(alice, address(weth), type(uint256).max);
        vm.prank(alice);
        marginAccount.deposit(_account(alice), address(ninth), 1e18);
        assertEq(_collateral(alice, vault.numberOf(address(ninth))), 1e18);
        // Cash is no kind of collateral.
        _deposit(alice, address(usdc), 1e6);
    }

    function test_StrangerBringsOnlyCashOrWhatIsHeld() public {
        _fund(stranger, address(weth), 10e18);
        _fund(stranger, address(usdc), 10e6);
        bytes memory foreign = abi.encodeWithSelector(
            Errors.MarginAccount_ForeignAsset.selector,
            AccountId.unwrap(_account(alice)),
            WETH_ASSET,
            stranger
        );
        _assertRefused(stranger, _depositForCall(alice, address(weth), 1e18), foreign);

        vm.prank(stranger);
        marginAccount.depositFor(_account(alice), address(usdc), 5e6);
        assertEq(_cash(alice), 5e6);
        _deposit(alice, address(weth), 1e18);
        vm.prank(stranger);
        marginAccount.depositFor(_account(alice), address(weth), 1e18);
        assertEq(_collateral(alice, WETH_ASSET), 2e18);
    }

    function test_AnyRightLetsAnOperatorDepositAndOpenAnAsset() public {
        for (uint8 right = 1; right <= 4; right *= 2) {
            address operator = address(uint160(0x1000 + right));
            vm.prank(alice);
            marginAccount.setOperator(_account(alice), operator, right);
            (MintableToken token, uint8 asset) = _newCollateral();
            _fund(operator, address(token), 2e18);
            vm.startPrank(operator);
            marginAccount.deposit(_account(alice), address(token), 1e18);
            marginAccount.depositFor(_account(alice), address(token), 1e18);
            vm.stopPrank();
            assertEq(_collateral(alice, asset), 2e18);
        }
    }

    function test_DepositTakesFromTheCallerOnly() public {
        _fund(alice, address(usdc), 10e6);
        _fund(bob, address(usdc), 10e6);
        vm.prank(bob);
        marginAccount.depositFor(_account(alice), address(usdc), 10e6);
        assertEq(usdc.balanceOf(alice), 10e6);
        assertEq(usdc.balanceOf(bob), 0);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                     WITHDRAWALS REFUSED
    //////////////////////////////////////////////////////////////////////////*/

    function test_WithdrawChecksReceiverThenAmountThenRight() public {
        _deposit(alice, address(weth), 1e18);
        _assertRefused(
            stranger,
            _withdrawCall(alice, address(0xdead), 0, address(0)),
            abi.encodeWithSelector(Errors.MarginAccount_ZeroReceiver.selector)
        );
        _assertRefused(
            stranger,
            _withdrawCall(alice, address(0xdead), 0, stranger),
            abi.encodeWithSelector(Errors.MarginAccount_ZeroAmount.selector)
        );
        _assertRefused(
            stranger,
            _withdrawCall(alice, address(0xdead), 1, stranger),
            _notAuthorized(alice, stranger, WITHDRAW)
        );
        _assertRefused(
            alice,
            _withdrawCall(alice, address(0xdead), 1, alice),
            abi.encodeWithSelector(Errors.CollateralVault_UnknownToken.selector, address(0xdead))
        );
    }

    function test_WithdrawNeedsTheRightToWithdraw() public {
        _deposit(alice, address(weth), 1e18);
        vm.prank(alice);
        marginAccount.setOperator(_account(alice), bob, TRADE | POLICY);
        _assertRefused(bob, _withdrawCall(alice, address(weth), 1, bob), _notAuthorized(alice, bob, WITHDRAW));
        vm.prank(alice);
        marginAccount.setOperator(_account(alice), bob, WITHDRAW);
        vm.prank(bob);
        assertEq(marginAccount.withdraw(_account(alice), address(weth), 0.4e18, carol), 0.4e18);
        assertEq(weth.balanceOf(carol), 0.4e18);
        vm.prank(alice);
        marginAccount.setOperator(_account(alice), bob, 0);
        _assertRefused(bob, _withdrawCall(alice, address(weth), 1, bob), _notAuthorized(alice, bob, WITHDRAW));
    }

    function test_AnOperatorOfOneAccountHasNothingToSayInAnother() public {
        AccountId second = toAccountId(alice, 1);
        vm.startPrank(alice);
        marginAccount.setOperator(second, bob, 7);
        vm.stopPrank();
        _deposit(alice, address(weth), 1e18);
        _assertRefused(bob, _withdrawCall(alice, address(weth), 1, bob), _notAuthorized(alice, bob, WITHDRAW));
    }

    function test_WithdrawRefusesMoreThanIsHeld() public {
        _deposit(alice, address(weth), 1e18);
        _assertRefused(alice, _withdrawCall(alice, address(weth), 1e18 + 1, alice), _insufficient(1e18, 1e18 + 1));
        _assertRefused(alice, _withdrawCall(alice, address(weth), 2 ** 112, alice), _insufficient(1e18, 2 ** 112));
        _assertRefused(
            alice,
            _withdrawCall(alice, address(weth), type(uint256).max - 1, alice),
            _insufficient(1e18, type(uint256).max - 1)
        );
        _assertRefused(
            alice,
            _withdrawCall(alice, address(wbtc), 1, alice),
            abi.encodeWithSelector(Errors.MarginAccount_InsufficientCollateral.selector, _raw(alice), WBTC_ASSET, 0, 1)
        );
        // "All" of nothing is nothing.
        bytes memory zero = abi.encodeWithSelector(Errors.MarginAccount_ZeroAmount.selector);
        _assertRefused(alice, _withdrawCall(alice, address(wbtc), type(uint256).max, alice), zero);
        _assertRefused(alice, _withdrawCall(alice, address(usdc), type(uint256).max, alice), zero);
    }

    function test_WithdrawRefusesCashThatIsNotIdle() public {
        _lend(10_000e6);
        _deposit(alice, address(weth), 100e18);
        _assertRefused(
            alice,
            _withdrawCall(alice, address(usdc), 10_001e6, alice),
            abi.encodeWithSelector(Errors.CollateralVault_InsufficientTotal.selector, address(usdc), 10_000e6, 10_001e6)
        );
        assertEq(_withdraw(alice, address(usdc), 10_000e6), 10_000e6);
    }

    function test_WithdrawRefusesAmountsThatOverflow() public {
        _borrow(alice, 10e18, 1_000e6);
        for (uint256 i; i < 4; ++i) {
            uint256 amount = [2 ** 128, 2 ** 255, 2 ** 255 + 1, type(uint256).max - 1][i];
            _assertRefused(
                alice,
                _withdrawCall(alice, address(usdc), amount, alice),
                abi.encodeWithSelector(Errors.MarginAccount_AmountOverflow.selector, amount, type(uint128).max)
            );
        }
        _assertRefused(
            alice,
            _withdrawCall(alice, address(usdc), type(uint128).max, alice),
            abi.encodeWithSelector(
                Errors.MarginAccount_CashOverflow.selector,
                -int256(1_000e6 + uint256(type(uint128).max)),
                int256(type(int88).max)
            )
        );
    }

    function test_WithdrawRefusesAHugeDebt() public {
        _lend(10_000e6);
        _deposit(alice, address(weth), 1e18);
        // {share} rounds up to the amount itself while the index is at one.
        uint256 shares = 2 ** 87 + 1;
        _assertRefused(
            alice,
            _withdrawCall(alice, address(usdc), shares, alice),
            abi.encodeWithSelector(Errors.MarginAccount_CashOverflow.selector, -int256(shares), int256(type(int88).max))
        );
        _assertRefused(
            alice,
            _withdrawCall(alice, address(usdc), 2 ** 80, alice),
            abi.encodeWithSelector(
                Errors.MarginAccount_AmountOverflow.selector,
                2 ** 80 + 10_000e6,
                uint256(type(uint80).max)
            )
        );
    }

    function test_BorrowingStopsAtInitialMargin() public {
        _lend(100_000e6);
        _deposit(alice, address(weth), 10e18);
        // 20,000 of collateral with 23% of initial margin carries 15,400 of debt.
        _assertRefused(
            alice,
            _withdrawCall(alice, address(usdc), 15_400e6 + 1, alice),
            _belowInitial(int256(4_600e18 - 1e12), 4_600e18)
        );
        _withdraw(alice, address(usdc), 15_400e6);
        assertEq(_cash(alice), -15_400e6);
        _assertRefused(
            alice,
            _withdrawCall(alice, address(weth), 1e10, alice),
            _belowInitial(4_600e18 - 2e13, 4_600e18 - 0.46e13)
        );
    }

    function test_CollateralCannotLeaveBetweenMaintenanceAndInitialMargin() public {
        _borrow(alice, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_900e8);
        assertGt(_health(alice), 1e18);
        _assertRefused(
            alice,
            _withdrawCall(alice, address(weth), 1, alice),
            _belowInitial(4_000e18 - 1_900, 4_370e18 - 437)
        );
    }

    function test_DebtsUnderTheMinimumAreRefused() public {
        _lend(100_000e6);
        _deposit(alice, address(weth), 10e18);
        _assertRefused(alice, _withdrawCall(alice, address(usdc), 100e6 - 1, alice), _dust(100e6 - 1));
        _withdraw(alice, address(usdc), 100e6);
        // With cash of one's own, what is borrowed beyond it counts.
        _deposit(bob, address(weth), 10e18);
        _deposit(bob, address(usdc), 50e6);
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_DustDebt.selector, _raw(bob), 100e6 - 1, 100e6));
        _withdraw(bob, address(usdc), 150e6 - 1);
        _withdraw(bob, address(usdc), 150e6);
        assertEq(_cash(bob), -100e6);
    }

    function test_ARepaymentMayLeaveDust() public {
        _borrow(alice, 10e18, 1_000e6);
        _deposit(alice, address(usdc), 999e6);
        assertEq(_cash(alice), -1e6);
        // A cure is never refused, but the next withdrawal of cash must leave a whole debt or none.
        _assertRefused(alice, _withdrawCall(alice, address(usdc), 1e6, alice), _dust(2e6));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                            FLOWS
    //////////////////////////////////////////////////////////////////////////*/

    function test_BorrowAccrueRepayAndLend() public {
        _borrow(alice, 10e18, 10_000e6);
        _pass(365 days);
        // Utilisation 0.1%: a rate of 2.008% a year, compounded.
        int256 debt = -_cash(alice);
        assertApproxEqAbs(debt, 10_202.83e6, 0.01e6);
        assertGt(_cash(lender), 10_000_000e6);

        _deposit(alice, address(usdc), uint256(debt) + 500e6);
        assertApproxEqAbs(_cash(alice), 500e6, 1);
        assertLe(_cash(alice), 500e6);
        assertEq(marginAccount.cashMarket().borrowShares, 0);
        uint256 paid = _withdraw(alice, address(usdc), type(uint256).max);
        assertApproxEqAbs(paid, 500e6, 1);
        _withdraw(alice, address(weth), type(uint256).max);
        assertEq(weth.balanceOf(alice), 10e18);
        assertEq(_collateral(alice, WETH_ASSET), 0);
    }

    function test_EventsSayTheNewBalances() public {
        _fund(alice, address(weth), 2e18);
        vm.expectEmit(address(marginAccount));
        emit CollateralChanged(_raw(alice), WETH_ASSET, 2e18);
        vm.prank(alice);
        marginAccount.deposit(_account(alice), address(weth), 2e18);
        vm.expectEmit(address(marginAccount));
        emit CollateralChanged(_raw(alice), WETH_ASSET, 0.5e18);
        _withdraw(alice, address(weth), 1.5e18);

        _fund(bob, address(usdc), 200e6);
        vm.expectEmit(address(marginAccount));
        emit CashChanged(_raw(bob), 200e6);
        vm.prank(bob);
        marginAccount.deposit(_account(bob), address(usdc), 200e6);
        vm.expectEmit(address(marginAccount));
        emit CashChanged(_raw(alice), -150e6);
        _withdraw(alice, address(usdc), 150e6);
    }

    function test_AWithdrawalInDebtMarksTheBlock() public {
        _lend(10_000e6);
        _deposit(alice, address(weth), 10e18);
        assertEq(_header(alice).riskBlock(), 0);
        _withdraw(alice, address(weth), 1e18);
        assertEq(_header(alice).riskBlock(), 0);
        _withdraw(alice, address(usdc), 1_000e6);
        assertEq(_header(alice).riskBlock(), block.number);
        vm.roll(block.number + 5);
        _withdraw(alice, address(weth), 1e18);
        assertEq(_header(alice).riskBlock(), block.number);
    }

    function testFuzz_DepositAndWithdrawAllGivesBackNoMore(uint256 amount, uint256 time) public {
        amount = bound(amount, 0.01e6, MAX_USDC);
        time = bound(time, 0, 365 days);
        _borrow(bob, MAX_WETH, 5_000_000e6);
        _pass(time);
        _deposit(alice, address(usdc), amount);
        uint256 paid = _withdraw(alice, address(usdc), type(uint256).max);
        assertLe(paid, amount);
        assertApproxEqAbs(paid, amount, 2);
    }

    function testFuzz_BorrowAndRepayCostsNoLess(uint256 debt, uint256 time) public {
        debt = bound(debt, 100e6, MAX_USDC);
        time = bound(time, 1, 365 days);
        _borrow(bob, MAX_WETH, 5_000_000e6);
        _pass(time);
        _borrow(alice, MAX_WETH, debt);
        assertLe(_cash(alice), -int256(debt));
        _deposit(alice, address(usdc), debt);
        assertLe(_cash(alice), 0);
        assertGe(_cash(alice), -2);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                    PRICES THAT ARE MISSING
    //////////////////////////////////////////////////////////////////////////*/

    function test_EachFaultOfAFeedRefusesToWithdrawInDebt() public {
        _borrow(alice, 10e18, 10_000e6);
        for (uint256 fault; fault < 4; ++fault) {
            // A stale answer is a last valid price: it counts for equity, and initial margin takes all of it back.
            uint256 known = fault == 0 ? 20_000e18 : 0;
            int256 equity = int256(known) - 10_000e18;
            if (fault == 0) feeds[WETH_ASSET].push(WETH_START, block.timestamp - COIN_HEARTBEAT - SLACK - 1);
            if (fault == 1) feeds[WETH_ASSET].push(-1, block.timestamp);
            if (fault == 2) feeds[WETH_ASSET].push(WETH_START, block.timestamp + 1);
            if (fault == 3) feeds[WETH_ASSET].push(WETH_START, 0);
            int256 less = fault == 0 ? int256(2_000) : int256(0);
            _assertRefused(
                alice,
                _withdrawCall(alice, address(weth), 1, alice),
                _belowInitial(equity - less, known - uint256(less))
            );
            _assertRefused(alice, _withdrawCall(alice, address(usdc), 1e6, alice), _belowInitial(equity - 1e18, known));
        }
        feeds[WETH_ASSET].push(WETH_START, block.timestamp - COIN_HEARTBEAT - SLACK);
        _withdraw(alice, address(weth), 1e18);
    }

    function test_AHaltedQuoteHaltsEverythingInDebt() public {
        _borrow(alice, 10e18, 10_000e6);
        _makeStale(QUOTE_ASSET);
        _assertRefused(alice, _withdrawCall(alice, address(weth), 1, alice), _belowInitial(-10_000e18, 0));
    }

    function test_WithoutDebtNoPriceIsNeeded() public {
        _deposit(alice, address(weth), 10e18);
        _deposit(alice, address(usdc), 10e6);
        _makeStale(WETH_ASSET);
        _makeStale(QUOTE_ASSET);
        assertEq(_withdraw(alice, address(weth), type(uint256).max), 10e18);
        assertEq(_withdraw(alice, address(usdc), type(uint256).max), 10e6);
    }

    function test_AHaltedCollateralCountsZeroButHoldsNobodyUp() public {
        _borrow(alice, 10e18, 10_000e6);
        _deposit(alice, address(wbtc), 1e8);
        _makeStale(WBTC_ASSET);
        // Ether alone carries the debt: it may leave down to its own initial margin, and the halted one altogether.
        _withdraw(alice, address(wbtc), 0.5e8);
        _withdraw(alice, address(weth), 3.5e18);
        // Half a bitcoin on both sides.
        _assertRefused(
            alice,
            _withdrawCall(alice, address(weth), 0.02e18, alice),
            _belowInitial(30_000e18 + 2_960e18, 30_000e18 + 2_980.8e18)
        );
        _withdraw(alice, address(wbtc), type(uint256).max);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                            CURES
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev {quote E18} A wei of the deficit is a hundred units of a token at a cent.
    function test_TheDeficitThatACapYieldsToIsRoundedUp() public {
        MintableToken token = new MintableToken("Cheap", "CHP");
        uint8 asset = _listCollateral(address(token), 18, 1e6);
        vault.setLimits(address(token), 0, 100);
        _borrow(alice, 10e18 + 7, 15_000e6);
        _setPrice(WETH_ASSET, 1_700.12345678e8);
        Assessment memory a = marginAccount.assess(_account(alice));
        assertTrue((a.maintenanceE18 * 16) % 10 != 0);
        uint256 amount = ((a.maintenanceE18 * 16) / 10 + 1 - uint256(a.equityE18)) * 100;
        _fund(alice, address(token), 2 * amount);
        _assertRefused(
            alice,
            _depositCall(alice, address(token), amount + 100),
            _aboveCap(address(token), amount + 100, 0)
        );
        vm.prank(alice);
        marginAccount.deposit(_account(alice), address(token), amount);
        assertEq(_collateral(alice, asset), amount);
    }

    /// @dev Promise 8: no phase, no feed and no cap refuses a cure.
    function test_CuresAreTakenInEveryPhaseWithEveryFeedHalted() public {
        for (uint256 phase; phase < 4; ++phase) {
            uint256 state = vm.snapshotState();
            _borrow(alice, 10e18, 15_000e6);
            if (phase == 1) _setPrice(WETH_ASSET, 1_800e8);
            if (phase == 2) _setPrice(WETH_ASSET, 1_700e8);
            if (phase == 3) _setPrice(WETH_ASSET, 1_400e8);
            marginAccount.rebalance(_account(alice));
            if (phase == 1) assertEq(uint8(_header(alice).callState()), uint8(CallState.Running));
            if (phase > 1) assertEq(_header(alice).liquidationSince(), block.timestamp);
            assertEq(_header(alice).hasProvision(), phase == 3);

            _makeStale(WETH_ASSET);
            _makeStale(QUOTE_ASSET);
            _fund(stranger, address(usdc), 20_000e6);
            _fund(stranger, address(weth), 1e18);
            vm.startPrank(stranger);
            marginAccount.depositFor(_account(alice), address(weth), 1e18);
            int256 debt = _cash(alice);
            marginAccount.depositFor(_account(alice), address(usdc), 1_000e6);
            assertEq(_cash(alice), debt + 1_000e6);
            assertEq(_collateral(alice, WETH_ASSET), 11e18);
            // The clocks wait for a price, unless the debt is gone.
            if (phase == 1) assertEq(uint8(_header(alice).callState()), uint8(CallState.Running));
            marginAccount.depositFor(_account(alice), address(usdc), 14_001e6);
            vm.stopPrank();
            assertEq(uint8(_header(alice).callState()), uint8(CallState.None));
            assertEq(_header(alice).liquidationSince(), 0);
            vm.revertToState(state);
        }
    }

    function test_ARepaymentIsExemptFromTheCap() public {
        _borrow(alice, 10e18, 10_000e6);
        vault.setLimits(address(usdc), 1_000, 100);
        _fund(alice, address(usdc), 30_000e6);
        (uint256 total, , uint256 cap, ) = vault.totalsOf(address(usdc));
        _assertRefused(
            alice,
            _depositCall(alice, address(usdc), 10_000e6 + 1),
            _aboveCap(address(usdc), total + 10_000e6 + 1, cap)
        );
        vm.prank(alice);
        marginAccount.deposit(_account(alice), address(usdc), 10_000e6);
        assertEq(_cash(alice), 0);
        _assertRefused(alice, _depositCall(alice, address(usdc), 1e6), _aboveCap(address(usdc), total + 10_001e6, cap));
    }

    function test_CollateralUpToTheDeficitIsExemptFromTheCap() public {
        _borrow(alice, 10e18, 15_000e6);
        vault.setLimits(address(weth), 10, 100);
        _fund(alice, address(weth), 10e18);
        // Health 5,000 / 2,800 is above 1.6: nothing is missing.
        _assertRefused(alice, _depositCall(alice, address(weth), 0.01e18), _aboveCap(address(weth), 10.01e18, 10e18));
        _setPrice(WETH_ASSET, 1_800e8);
        // E 3,000, MM 2,520, missing to 1.6: 1,032.
        uint256 most = uint256(1_032e18) / 1_800;
        bytes memory above = _aboveCap(address(weth), 10e18 + most + 1, 10e18);
        _assertRefused(alice, _depositCall(alice, address(weth), most + 1), above);
        vm.prank(alice);
        marginAccount.deposit(_account(alice), address(weth), most);
    }

    function test_NoExemptionWithoutDebt() public {
        _deposit(alice, address(weth), 10e18);
        vault.setLimits(address(weth), 10, 100);
        _fund(alice, address(weth), 1e18);
        _assertRefused(alice, _depositCall(alice, address(weth), 1e18), _aboveCap(address(weth), 11e18, 10e18));
    }

    /// @dev A debt of 15,000 is repaid in cash alone: a bitcoin, of fewer units than the debt has, repays none.
    function test_NoExemptionForCollateralBelowTheDebt() public {
        _borrow(alice, 10e18, 15_000e6);
        vault.setLimits(address(wbtc), 0, 100);
        _fund(alice, address(wbtc), 0.01e8);
        _assertRefused(alice, _depositCall(alice, address(wbtc), 0.01e8), _aboveCap(address(wbtc), 0.01e8, 0));
    }

    /// @dev What has no price may at most double what is held, and only while something is missing. At 1,875 equity is 1.6 times the
    /// maintenance margin, to the unit.
    function test_TheExemptionOfWhatHasNoPriceIsWhatIsHeld() public {
        _deposit(alice, address(wbtc), 0.1e8);
        _borrow(alice, 10e18, 14_550e6);
        vault.setLimits(address(wbtc), 0, 100);
        _fund(alice, address(wbtc), 1e8);
        _setPrice(WBTC_ASSET, 0);
        _setPrice(WETH_ASSET, 1_875e8);
        _assertRefused(alice, _depositCall(alice, address(wbtc), 0.1e8), _aboveCap(address(wbtc), 0.2e8, 0));
        _setPrice(WETH_ASSET, 1_874e8);
        _assertRefused(alice, _depositCall(alice, address(wbtc), 0.1e8 + 1), _aboveCap(address(wbtc), 0.2e8 + 1, 0));
        vm.prank(alice);
        marginAccount.deposit(_account(alice), address(wbtc), 0.1e8);
    }

    /// @dev The deficit is what is missing to the owner's own `lowerRestore`, rounded up.
    function test_ThePolicysRestorePointSetsTheExemption() public {
        _borrow(alice, 10e18, 15_000e6);
        PolicyFields memory policy = _policy();
        (policy.lowerRestoreE6, policy.upperRestoreE6, policy.upperE6) = (2_500_000, 3_000_000, 4_000_000);
        _setPolicy(alice, policy);
        vault.setLimits(address(weth), 10, 100);
        _fund(alice, address(weth), 10e18);
        // 2.5 x 2,800 - 5,000 = 2,000: one ether.
        _assertRefused(alice, _depositCall(alice, address(weth), 1e18 + 1), _aboveCap(address(weth), 11e18 + 1, 10e18));
        vm.prank(alice);
        marginAccount.deposit(_account(alice), address(weth), 1e18);
    }

    function test_ACureMovesTheClock() public {
        _borrow(alice, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_800e8);
        marginAccount.rebalance(_account(alice));
        skip(100);
        _deposit(alice, address(usdc), 200e6);
        // 3,200 / 2,520 = 1.27: above lower, not restored.
        assertEq(uint8(_header(alice).callState()), uint8(CallState.Paused));
        assertEq(_header(alice).callElapsed(), 100);
        _deposit(alice, address(usdc), 1_000e6);
        assertEq(uint8(_header(alice).callState()), uint8(CallState.None));
    }

    /// @dev As cash does, collateral too.
    function test_ACureInCollateralMovesTheClock() public {
        _borrow(alice, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_800e8);
        marginAccount.rebalance(_account(alice));
        skip(100);
        _deposit(alice, address(weth), 0.2e18);
        // 3,360 / 2,570 = 1.31: above lower, not restored.
        assertEq(uint8(_header(alice).callState()), uint8(CallState.Paused));
        assertEq(_header(alice).callElapsed(), 100);
        _deposit(alice, address(weth), 2e18);
        assertEq(uint8(_header(alice).callState()), uint8(CallState.None));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                           HELPERS
    //////////////////////////////////////////////////////////////////////////*/

    event CollateralChanged(uint256 indexed accountId, uint8 indexed asset, uint256 balance);
    event CashChanged(uint256 indexed accountId, int256 shares);

    function _fillAccount(address owner) private {
        _deposit(owner, address(weth), 1e18);
        _deposit(owner, address(wbtc), 1e8);
        for (uint256 i; i < 6; ++i) {
            (MintableToken token, ) = _newCollateral();
            _deposit(owner, address(token), 1e18);
        }
    }

    function _depositCall(address owner, address token, uint256 amount) private pure returns (bytes memory) {
        return abi.encodeCall(IMarginAccountCore.deposit, (_account(owner), token, amount));
    }

    function _depositForCall(address owner, address token, uint256 amount) private pure returns (bytes memory) {
        return abi.encodeCall(IMarginAccountCore.depositFor, (_account(owner), token, amount));
    }

    function _withdrawCall(
        address owner,
        address token,
        uint256 amount,
        address receiver
    ) private pure returns (bytes memory) {
        return abi.encodeCall(IMarginAccountCore.withdraw, (_account(owner), token, amount, receiver));
    }

    function _notAuthorized(address owner, address caller, uint8 right) private pure returns (bytes memory) {
        return abi.encodeWithSelector(Errors.MarginAccount_NotAuthorized.selector, _raw(owner), caller, right);
    }

    function _belowMinimum(address token, uint256 amount, uint256 minimum) private pure returns (bytes memory) {
        return abi.encodeWithSelector(Errors.CollateralVault_BelowMinimum.selector, token, amount, minimum);
    }

    function _aboveCap(address token, uint256 total, uint256 cap) private pure returns (bytes memory) {
        return abi.encodeWithSelector(Errors.CollateralVault_AboveCap.selector, token, total, cap);
    }

    function _insufficient(uint256 held, uint256 needed) private view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                Errors.MarginAccount_InsufficientCollateral.selector,
                _raw(alice),
                WETH_ASSET,
                held,
                needed
            );
    }

    function _totalOverflow(address token, uint256 total) private pure returns (bytes memory) {
        return abi.encodeWithSelector(Errors.CollateralVault_TotalOverflow.selector, token, total, (1 << 92) - 1);
    }

    function _belowInitial(int256 equity, uint256 initial) private view returns (bytes memory) {
        return abi.encodeWithSelector(Errors.MarginAccount_BelowInitialMargin.selector, _raw(alice), equity, initial);
    }

    function _dust(uint256 debt) private view returns (bytes memory) {
        return abi.encodeWithSelector(Errors.MarginAccount_DustDebt.selector, _raw(alice), debt, 100e6);
    }
}
