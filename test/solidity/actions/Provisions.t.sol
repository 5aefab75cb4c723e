// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Vm} from "forge-std/Vm.sol";

import {Errors} from "../../../contracts/base/Errors.sol";
import {IMarginAccountExtension} from "../../../contracts/interfaces/IMarginAccountExtension.sol";
import {BallastTest} from "../utils/BallastTest.sol";

/// @title ProvisionsTest
/// @notice What an insolvent account costs lenders: set aside at once, reversed when it was not needed, borne when it was.
/// @dev The usual account: ten ether against 15,000; at 1,400 its equity is -1,000. Two lenders have ten million each.
contract ProvisionsTest is BallastTest {
    event ProvisionChanged(uint256 indexed accountId, uint256 provision);
    event LossSocialised(uint256 indexed accountId, uint256 amount, uint256 supplyIndex);
    event FeesCollected(uint256 amount);

    uint256 private constant LENT = 10_000_000e6;

    function setUp() public override {
        super.setUp();
        _borrow(alice, 10e18, 15_000e6);
        _deposit(carol, address(usdc), LENT);
    }

    function test_ASolventAccountIsNotProvisionedFor() public {
        _assertRefused(
            stranger,
            abi.encodeCall(IMarginAccountExtension.provision, (_account(alice))),
            abi.encodeWithSelector(Errors.MarginAccount_Solvent.selector, _raw(alice), int256(5_000e18))
        );
        _assertRefused(
            stranger,
            abi.encodeCall(IMarginAccountExtension.reverseProvision, (_account(alice))),
            abi.encodeWithSelector(Errors.MarginAccount_ProvisionStands.selector, _raw(alice), int256(5_000e18))
        );
    }

    function test_NoProvisionMovesWithoutPrices() public {
        _setPrice(WETH_ASSET, 1_400e8);
        marginAccount.provision(_account(alice));
        bytes memory halted = abi.encodeWithSelector(Errors.MarginAccount_PriceHalted.selector, _raw(alice));
        for (uint256 fault; fault < 3; ++fault) {
            if (fault == 0) _makeStale(WETH_ASSET);
            if (fault == 1) feeds[WETH_ASSET].push(0, block.timestamp);
            if (fault == 2) feeds[WETH_ASSET].push(2_000e8, block.timestamp + 1);
            _assertRefused(stranger, abi.encodeCall(IMarginAccountExtension.provision, (_account(alice))), halted);
            _assertRefused(
                stranger,
                abi.encodeCall(IMarginAccountExtension.reverseProvision, (_account(alice))),
                halted
            );
        }
    }

    /// @dev {quote token} A tenth of a unit of negative equity is provisioned for as a whole one.
    function test_TheProvisionIsRoundedUp() public {
        _setPrice(WETH_ASSET, 140_000_000_001);
        vm.expectEmit(address(marginAccount));
        emit ProvisionChanged(_raw(alice), 1_000e6);
        vm.prank(stranger);
        marginAccount.provision(_account(alice));
        assertEq(marginAccount.provisionOf(_account(alice)), 1_000e6);
    }

    function test_AProvisionFollowsTheEquity() public {
        _setPrice(WETH_ASSET, 1_400e8);
        marginAccount.provision(_account(alice));
        bytes32 before = _snapshot(alice, carol);
        marginAccount.provision(_account(alice));
        assertEq(_snapshot(alice, carol), before);
        _setPrice(WETH_ASSET, 1_300e8);
        marginAccount.provision(_account(alice));
        assertEq(marginAccount.cashMarket().provisions, 2_000e6);
        _setPrice(WETH_ASSET, 1_450e8);
        marginAccount.provision(_account(alice));
        assertEq(marginAccount.cashMarket().provisions, 500e6);
        _assertRefused(
            stranger,
            abi.encodeCall(IMarginAccountExtension.reverseProvision, (_account(alice))),
            abi.encodeWithSelector(Errors.MarginAccount_ProvisionStands.selector, _raw(alice), int256(-500e18))
        );
    }

    /// @dev Leavers leave net; who stays is made whole; who comes in between gains nothing; what leavers left is the fund's.
    function test_AReversalGivesTheIndexBackToWhoStayed() public {
        _setPrice(WETH_ASSET, 1_400e8);
        marginAccount.provision(_account(alice));
        assertEq(_cash(lender), int256(LENT - 500e6));
        assertEq(_cash(carol), int256(LENT - 500e6));

        assertEq(_withdraw(carol, address(usdc), type(uint256).max), LENT - 500e6);
        assertApproxEqAbs(marginAccount.cashMarket().forfeited, 500e6, 1);
        // The second to leave pays no more than the first.
        assertApproxEqAbs(_cash(lender), int256(LENT - 500e6), 1);

        _deposit(bob, address(usdc), 1_000_000e6);
        assertLt(_cash(bob), 1_000_000e6);
        _setPrice(WETH_ASSET, 2_000e8);
        vm.prank(stranger);
        marginAccount.reverseProvision(_account(alice));
        assertEq(_cash(lender), int256(LENT));
        assertLe(_cash(bob), 1_000_000e6);
        assertGe(_cash(bob), 1_000_000e6 - 1);
        assertApproxEqAbs(marginAccount.cashOf(marginAccount.insuranceFund()), 500e6, 1);
        assertEq(marginAccount.cashMarket().forfeited, 0);
        assertEq(marginAccount.provisionOf(_account(alice)), 0);
        assertFalse(_header(alice).hasProvision());
    }

    /// @dev Promise 1, at any prices and in any order of leaving and coming.
    function testFuzz_NobodyGainsByAProvision(uint256 price, uint256 leaves, uint256 comes) public {
        leaves = bound(leaves, 1e6, LENT - 1_000_000e6);
        comes = bound(comes, 1e6, LENT);
        _setPrice(WETH_ASSET, int256(bound(price, 1e8, 1_499e8)));
        marginAccount.provision(_account(alice));
        int256 carolBefore = _cash(carol);
        _withdraw(carol, address(usdc), leaves);
        assertLe(_cash(carol) + int256(leaves), carolBefore);
        _deposit(bob, address(usdc), comes);
        assertLe(_cash(bob), int256(comes));
        _setPrice(WETH_ASSET, 2_000e8);
        marginAccount.reverseProvision(_account(alice));
        assertLe(_cash(bob), int256(comes));
        assertLe(_cash(carol) + int256(leaves), int256(LENT));
        assertLe(_cash(lender), int256(LENT));
        assertGe(_cash(lender), int256(LENT) - 1);
        _assertBooksBalance();
    }

    /// @dev When the loss comes, what leavers left pays for it first: leaving early spares nobody.
    function test_LeaversAndStayersBearTheSameLoss() public {
        _setPrice(WETH_ASSET, 1_400e8);
        marginAccount.provision(_account(alice));
        uint256 paid = _withdraw(carol, address(usdc), type(uint256).max);
        _deposit(taker, address(usdc), 100_000e6);
        int256 before = _cash(lender);
        vm.prank(taker);
        liquidator.liquidate(_account(alice), _account(taker), type(uint256).max, type(int256).max, "");
        assertEq(marginAccount.cashMarket().provisions, 0);
        assertEq(marginAccount.cashMarket().forfeited, 0);
        assertApproxEqAbs(_cash(lender), before, 10e6);
        assertApproxEqAbs(int256(paid), _cash(lender), 10e6);
        _assertBooksBalance();
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         WRITE-OFF
    //////////////////////////////////////////////////////////////////////////*/

    function test_OnlyADebtWithNothingLeftIsWrittenOff() public {
        _assertRefused(
            stranger,
            abi.encodeCall(IMarginAccountExtension.writeOff, (_account(alice))),
            abi.encodeWithSelector(Errors.MarginAccount_Solvent.selector, _raw(alice), int256(-15_000e18))
        );
        _assertRefused(
            stranger,
            abi.encodeCall(IMarginAccountExtension.writeOff, (_account(lender))),
            abi.encodeWithSelector(Errors.MarginAccount_Solvent.selector, _raw(lender), int256(LENT * 1e12))
        );
        _assertRefused(
            stranger,
            abi.encodeCall(IMarginAccountExtension.writeOff, (_account(stranger))),
            abi.encodeWithSelector(Errors.MarginAccount_Solvent.selector, _raw(stranger), int256(0))
        );
    }

    function test_TheFundThenTheLendersBearAWriteOff() public {
        _loseCollateral();
        _fund(stranger, address(usdc), 3_000e6);
        vm.startPrank(stranger);
        marginAccount.depositFor(marginAccount.insuranceFund(), address(usdc), 3_000e6);
        marginAccount.provision(_account(alice));
        vm.expectEmit(true, false, false, false, address(marginAccount));
        emit LossSocialised(_raw(alice), 12_000e6, 0);
        marginAccount.writeOff(_account(alice));
        vm.stopPrank();
        assertEq(_cash(alice), 0);
        assertEq(marginAccount.provisionOf(_account(alice)), 0);
        assertEq(marginAccount.cashMarket().provisions, 0);
        assertLe(marginAccount.cashOf(marginAccount.insuranceFund()), 15e6);
        assertApproxEqAbs(_cash(lender) + _cash(carol), int256(2 * LENT - 12_000e6), 15e6);
        _assertBooksBalance();
    }

    function test_AFundThatHasEnoughSparesLenders() public {
        _loseCollateral();
        _fund(stranger, address(usdc), 20_000e6);
        vm.startPrank(stranger);
        marginAccount.depositFor(marginAccount.insuranceFund(), address(usdc), 20_000e6);
        marginAccount.writeOff(_account(alice));
        vm.stopPrank();
        assertEq(marginAccount.cashMarket().supplyIndex, 1e27);
        assertEq(marginAccount.cashOf(marginAccount.insuranceFund()), 5_000e6);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                           FEES
    //////////////////////////////////////////////////////////////////////////*/

    function test_AFifthOfInterestIsTheFunds() public {
        _borrow(bob, 10_000e18, 10_000_000e6);
        _pass(365 days);
        uint256 interest = uint256(-_cash(alice) - _cash(bob)) - 10_015_000e6;
        uint256 expected = interest / 5;
        vm.prank(stranger);
        uint256 amount = marginAccount.collectFees();
        assertApproxEqAbs(amount, expected, 10);
        assertLe(amount, expected + 2);
        assertApproxEqAbs(uint256(marginAccount.cashOf(marginAccount.insuranceFund())), amount, 1);
        assertLe(marginAccount.collectFees(), 1);
        _assertBooksBalance();
    }

    /// @dev What is collected is never a unit more than there is. What its shares round by is found the next time: less than the supply
    /// index, which is below two, and a unit.
    function testFuzz_FeesAreRoundedDown(uint256 time) public {
        _borrow(bob, 10_000e18, 10_000_000e6);
        _pass(bound(time, 1, 365 days));
        marginAccount.collectFees();
        IMarginAccountExtension.CashView memory v = marginAccount.cashMarket();
        assertGe(v.idle + v.borrowAssets, v.supplyAssets + v.forfeited);
        assertLt(v.supplyIndex, 2e27);
        assertLe(marginAccount.collectFees(), 2);
    }

    function test_ADonationIsNoFee() public {
        usdc.mint(address(vault), 1_000e6);
        vm.recordLogs();
        assertEq(marginAccount.collectFees(), 0);
        assertEq(vm.getRecordedLogs().length, 0, "nothing was collected");
    }

    /// @dev Where nobody left, a provision that ends leaves nothing for the fund, and nothing is said of it.
    function test_AReversalThatNobodyPaidForIsAllThatIsSaid() public {
        _setPrice(WETH_ASSET, 1_400e8);
        marginAccount.provision(_account(alice));
        _setPrice(WETH_ASSET, 2_000e8);
        vm.recordLogs();
        marginAccount.reverseProvision(_account(alice));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1);
        assertEq(logs[0].topics[0], ProvisionChanged.selector);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         HELPERS
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Promise 1: what lies idle and what is owed cover what lenders and the fund are owed, and what leavers left.
    function _assertBooksBalance() private view {
        IMarginAccountExtension.CashView memory v = marginAccount.cashMarket();
        assertGe(v.idle + v.borrowAssets + 1, v.supplyAssets + v.forfeited);
    }

    /// @dev No action leads to a debt without collateral, so the one page of the account is emptied in storage.
    function _loseCollateral() private {
        bytes32 header = keccak256(abi.encode(_raw(alice), uint256(4)));
        vm.store(address(marginAccount), bytes32(uint256(header) + 1), 0);
        assertEq(_collateral(alice, WETH_ASSET), 0);
    }
}
