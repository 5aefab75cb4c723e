// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../../../contracts/base/Errors.sol";
import {IMarginAccountExtension} from "../../../contracts/interfaces/IMarginAccountExtension.sol";
import {Outcome} from "../../../contracts/interfaces/IRebalancer.sol";
import {IRiskEngine} from "../../../contracts/interfaces/IRiskEngine.sol";
import {MintableToken} from "../../../contracts/mocks/MintableToken.sol";
import {Margin} from "../../../contracts/risk/Margin.sol";
import {AccountId, toAccountId} from "../../../contracts/types/AccountId.sol";
import {Assessment, Leg} from "../../../contracts/types/Assessment.sol";
import {CollateralPage} from "../../../contracts/types/CollateralPage.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {TradingTest} from "../utils/TradingTest.sol";

/// @title LedgerViewsTest
/// @notice What the ledger answers, held against what it then does.
contract LedgerViewsTest is TradingTest {
    /// @dev What is said to be withdrawable is, and a ten-thousandth of a cent more is not.
    function testFuzz_MaxWithdrawOfCollateralIsExact(uint256 price, uint256 debt, uint256 bitcoin) public {
        _borrow(alice, 10e18, bound(debt, 100e6, 15_000e6));
        bitcoin = bound(bitcoin, 0, 1e8);
        if (bitcoin >= 0.01e8) _deposit(alice, address(wbtc), bitcoin);
        _setPrice(WETH_ASSET, int256(bound(price, 1_000e8, 5_000e8)));
        for (uint8 asset = WETH_ASSET; asset <= WBTC_ASSET; ++asset) {
            address token = vault.tokenOf(asset);
            uint256 most = marginAccount.maxWithdraw(_account(alice), token);
            uint256 held = _collateral(alice, asset);
            assertLe(most, held);
            uint256 state = vm.snapshotState();
            if (most != 0) _withdraw(alice, token, most);
            vm.revertToState(state);
            uint256 dust = asset == WETH_ASSET ? 1e12 : 100;
            if (most + dust <= held) {
                vm.prank(alice);
                vm.expectPartialRevert(Errors.MarginAccount_BelowInitialMargin.selector);
                marginAccount.withdraw(_account(alice), token, most + dust, alice);
            }
        }
    }

    /// @dev A wei of value is a hundred units of a token at a cent: a wei too much would be refused.
    function testFuzz_MaxWithdrawOfCollateralIsRoundedDown(uint256 amount, uint256 debt) public {
        MintableToken token = new MintableToken("Cheap", "CHP");
        _listCollateral(address(token), 18, 1e6);
        _lend(1_000_000e6);
        amount = bound(amount, 1_000_000e18, 2_000_000e18);
        _deposit(alice, address(token), amount);
        _withdraw(alice, address(usdc), bound(debt, 100e6, 7_000e6));
        uint256 most = marginAccount.maxWithdraw(_account(alice), address(token));
        _withdraw(alice, address(token), most);
    }

    /// @dev Beside a long of the same underlying, what is exposed and the haircut each round up. All is whole but what the price of
    /// the trade leaves, so that what is free ends in every way, and a debt bounds it.
    function testFuzz_MaxWithdrawBesideALongIsRoundedDown(uint256 debt, uint256 size, uint256 tail) public {
        _setPrice(WETH_ASSET, 1e8);
        _fundTraders(10_000e6);
        _lend(10_000e6);
        _trade(maker, trader, ETH_PERP, int256(bound(size, 900, 1_100) * 1e18), 1e18 + bound(tail, 0, 1e6));
        _deposit(trader, address(weth), 5_000e18);
        vm.roll(block.number + 1);
        _withdraw(trader, address(usdc), bound(debt, 10_200e6, 13_000e6));
        uint256 most = marginAccount.maxWithdraw(_account(trader), address(weth));
        assertLt(most, 5_000e18);
        _withdraw(trader, address(weth), most);
    }

    /// @dev What counts for nothing may go, and so may what has no price.
    function test_MaxWithdrawOfWhatCountsForNothingIsAllOfIt() public {
        _borrow(alice, 10e18, 10_000e6);
        MintableToken token = new MintableToken("New", "NEW");
        _list(address(token), 18, WETH_START, COIN_HEARTBEAT);
        _deposit(alice, address(token), 1e18);
        assertEq(marginAccount.maxWithdraw(_account(alice), address(token)), 1e18);
        _withdraw(alice, address(token), 1e18);
    }

    /// @dev To three units, by which shares of a debt may round where the index is below two.
    function testFuzz_MaxWithdrawOfCashIsExact(uint256 price, uint256 debt, uint256 time) public {
        _borrow(alice, 10e18, bound(debt, 100e6, 15_000e6));
        _pass(bound(time, 0, 30 days));
        _setPrice(WETH_ASSET, int256(bound(price, 1_000e8, 5_000e8)));
        uint256 most = marginAccount.maxWithdraw(_account(alice), address(usdc));
        uint256 state = vm.snapshotState();
        if (most != 0) _withdraw(alice, address(usdc), most);
        vm.revertToState(state);
        vm.prank(alice);
        vm.expectPartialRevert(Errors.MarginAccount_BelowInitialMargin.selector);
        marginAccount.withdraw(_account(alice), address(usdc), most + 3, alice);
    }

    /// @dev What a share weighs when the index has multiplied is more than a unit, and both the shares and their value round up.
    function testFuzz_MaxWithdrawOfCashIsGivenWhateverTheIndex(uint256 years_, uint256 price, uint256 held) public {
        _borrow(bob, 100e18, 100_000e6);
        _pass(bound(years_, 1, 40) * 365 days);
        _deposit(alice, address(weth), bound(held, 1e18, 20e18));
        _setPrice(WETH_ASSET, int256(bound(price, 1_000e8, 5_000e8)));
        uint256 most = marginAccount.maxWithdraw(_account(alice), address(usdc));
        if (most != 0) _withdraw(alice, address(usdc), most);
    }

    function test_MaxWithdrawWithoutDebtIsWhatIsHeld() public {
        _deposit(alice, address(weth), 3e18);
        _deposit(alice, address(usdc), 7e6);
        _makeStale(WETH_ASSET);
        assertEq(marginAccount.maxWithdraw(_account(alice), address(weth)), 3e18);
        assertEq(marginAccount.maxWithdraw(_account(alice), address(usdc)), 7e6);
        assertEq(marginAccount.maxWithdraw(_account(alice), address(wbtc)), 0);
        vm.expectRevert(abi.encodeWithSelector(Errors.CollateralVault_UnknownToken.selector, address(0xdead)));
        marginAccount.maxWithdraw(_account(alice), address(0xdead));
    }

    function test_MaxWithdrawOfCashIsAtMostWhatIsIdle() public {
        _lend(1_000e6);
        _deposit(alice, address(weth), 10e18);
        assertEq(marginAccount.maxWithdraw(_account(alice), address(usdc)), 1_000e6);
    }

    /// @dev Where all the cash may go and not a unit more, all of it is offered: the last of the shares round nothing away.
    function test_MaxWithdrawOfAllTheCashIsExact() public {
        _fundTraders(1_000e6);
        _trade(maker, trader, ETH_PERP, 1e18, 2_000e18);
        uint256 cash = uint256(_cash(trader));
        // The ether beside the long whose value is what the margin asks: by halves.
        (uint256 low, uint256 high) = (0.01e18, 10e18);
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (_freeWith(middle) >= int256(cash * 1e12)) high = middle;
            else low = middle + 1;
        }
        assertLt(_freeWith(low), int256((cash + 1) * 1e12));
        _deposit(trader, address(weth), low);
        assertEq(marginAccount.maxWithdraw(_account(trader), address(usdc)), cash);
        _withdraw(trader, address(usdc), cash);
    }

    /// @dev {quote} Equity beyond initial margin with so much ether brought in.
    function _freeWith(uint256 amount) private returns (int256) {
        uint256 state = vm.snapshotState();
        _deposit(trader, address(weth), amount);
        Assessment memory a = marginAccount.assess(_account(trader));
        vm.revertToState(state);
        return a.equityE18 - int256(a.initialE18);
    }

    /// @dev What lies idle would leave a debt below the least: then no debt is offered.
    function test_MaxWithdrawLeavesNoDustOfDebtWhereLittleLiesIdle() public {
        _deposit(alice, address(weth), 10e18);
        _lend(60e6);
        assertEq(marginAccount.maxWithdraw(_account(alice), address(usdc)), 0);
        _deposit(alice, address(usdc), 20e6);
        assertEq(marginAccount.maxWithdraw(_account(alice), address(usdc)), 20e6);
        _lend(40e6);
        assertEq(marginAccount.maxWithdraw(_account(alice), address(usdc)), 120e6);
        _withdraw(alice, address(usdc), 120e6);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                   WHERE TWO RULES MEET
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Ten million in ether, whose size factor asks for an initial margin above its value: who owes nothing may take all the same.
    function test_MaxWithdrawWithoutDebtAsksNoMargin() public {
        IRiskEngine.RiskParameters memory p = _riskParameters(1_000);
        p.sizeCoefficientBps = 60_000;
        riskEngine.setRiskParameters(WETH_ASSET, p);
        _deposit(alice, address(weth), 5_000e18);
        Assessment memory a = marginAccount.assess(_account(alice));
        assertLt(a.equityE18, int256(a.initialE18));
        assertEq(marginAccount.maxWithdraw(_account(alice), address(weth)), 5_000e18);
        _deposit(alice, address(usdc), 7e6);
        assertEq(marginAccount.maxWithdraw(_account(alice), address(usdc)), 7e6);
        assertEq(marginAccount.maxWithdraw(_account(alice), address(weth)), 5_000e18);
        _withdraw(alice, address(usdc), 7e6);
        _withdraw(alice, address(weth), 5_000e18);
    }

    /// @dev 77% of 129.87013166 are 100.00000138: less the unit by which debt may round up, the least that may be borrowed.
    function test_MaxWithdrawOffersTheLeastDebt() public {
        _lend(1_000e6);
        _deposit(alice, address(weth), 0.06493506583e18);
        assertEq(marginAccount.maxWithdraw(_account(alice), address(usdc)), 100e6);
        _withdraw(alice, address(usdc), 100e6);
    }

    /// @dev A bitcoin carries the debt; ether without a fresh price counts for no new risk, so all of it may go.
    function test_MaxWithdrawOfWhatIsHaltedIsAllOfIt() public {
        _lend(1_000_000e6);
        _deposit(alice, address(wbtc), 1e8);
        _deposit(alice, address(weth), 10e18);
        _withdraw(alice, address(usdc), 40_000e6);
        _makeStale(WETH_ASSET);
        assertEq(marginAccount.maxWithdraw(_account(alice), address(weth)), 10e18);
        _withdraw(alice, address(weth), 10e18);
    }

    /// @dev At a size factor of two initial margin is the whole value: it frees as much as it takes with it.
    function test_MaxWithdrawOfWhatCarriesNothingIsAllOfIt() public {
        riskEngine.setRiskParameters(WETH_ASSET, IRiskEngine.RiskParameters(2_000, 400, 4_000, 15_000, 10_000));
        _lend(1_000_000e6);
        _deposit(alice, address(wbtc), 10e8);
        uint256 amount = 720e18 - 1;
        _deposit(alice, address(weth), amount);
        _withdraw(alice, address(usdc), 1_000e6);
        (, , CollateralPage[] memory pages, Position[] memory positions) = marginAccount.stateOf(_account(alice));
        Leg memory leg = riskEngine.priceAccount(pages, positions)[1];
        (, uint256 rate) = Margin.ratesOf(leg, leg.valueE18);
        assertEq(rate, 1e18);
        assertEq(marginAccount.maxWithdraw(_account(alice), address(weth)), amount);
        _withdraw(alice, address(weth), amount);
    }

    /// @dev Where equity is the initial margin nothing is offered, not even what counts for nothing.
    function test_WithNothingFreeNothingIsOffered() public {
        _borrow(alice, 10e18, 15_400e6);
        MintableToken token = new MintableToken("New", "NEW");
        _list(address(token), 18, WETH_START, COIN_HEARTBEAT);
        _deposit(alice, address(token), 1e18);
        Assessment memory a = marginAccount.assess(_account(alice));
        assertEq(a.equityE18, int256(a.initialE18));
        assertEq(marginAccount.maxWithdraw(_account(alice), address(token)), 0);
    }

    function test_BelowInitialMarginNothingMayGo() public {
        _borrow(alice, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_800e8);
        assertEq(marginAccount.maxWithdraw(_account(alice), address(weth)), 0);
        assertEq(marginAccount.maxWithdraw(_account(alice), address(usdc)), 0);
    }

    function test_TheCashMarketSaysWhatIsLentAndOwed() public {
        _borrow(alice, 10e18, 10_000e6);
        IMarginAccountExtension.CashView memory v = marginAccount.cashMarket();
        assertEq(v.supplyIndex, 1e27);
        assertEq(v.borrowIndex, 1e27);
        assertEq(v.supplyAssets, 10_000_000e6);
        assertEq(v.borrowAssets, 10_000e6);
        assertEq(v.idle, 9_990_000e6);
        assertEq(v.updatedAt, block.timestamp);
        _pass(1 days);
        v = marginAccount.cashMarket();
        assertEq(v.updatedAt, block.timestamp);
        assertGt(v.borrowIndex, 1e27);
        assertLe(v.supplyAssets, v.idle + v.borrowAssets + 1);
    }

    function test_LentIsRoundedUpAndOwedDown() public {
        _borrow(alice, 10e18, 10_000e6);
        _pass(1 days + 17);
        IMarginAccountExtension.CashView memory v = marginAccount.cashMarket();
        // One lender and one debtor, whose own values round the other way.
        assertEq(v.supplyAssets, uint256(_cash(lender)) + 1);
        assertEq(v.borrowAssets, uint256(-_cash(alice)) - 1);
    }

    function test_TheRateIsRoundedDown() public {
        _lend(30_000e6);
        _deposit(alice, address(weth), 100e18);
        _withdraw(alice, address(usdc), 10_000e6);
        // 2% + 8% x 1/3
        assertEq(marginAccount.cashMarket().borrowRateE18, 0.046666666666666666e18);
    }

    function test_NobodyOwnsTheFund() public view {
        assertTrue(marginAccount.insuranceFund() == toAccountId(address(marginAccount), 0));
        assertEq(marginAccount.liquidator(), address(liquidator));
    }

    function test_AnEmptyAccountAnswersNothing() public view {
        AccountId id = toAccountId(alice, type(uint96).max);
        assertEq(marginAccount.cashOf(id), 0);
        assertEq(marginAccount.healthOf(id), type(uint256).max);
        assertEq(marginAccount.collateralOf(id, WETH_ASSET), 0);
        assertEq(marginAccount.collateralOf(id, QUOTE_ASSET), 0);
        assertEq(marginAccount.provisionOf(id), 0);
        assertEq(marginAccount.callDeadlineOf(id), 0);
        assertEq(uint8(marginAccount.previewRebalance(id).outcome), uint8(Outcome.NoRisk));
    }
}
