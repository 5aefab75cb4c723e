// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Vm} from "forge-std/Vm.sol";

import {Errors} from "../../../contracts/base/Errors.sol";
import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {IMarginAccountCore} from "../../../contracts/interfaces/IMarginAccountCore.sol";
import {IMarginAccountEvents} from "../../../contracts/interfaces/IMarginAccountEvents.sol";
import {IRiskEngine} from "../../../contracts/interfaces/IRiskEngine.sol";
import {MintableToken} from "../../../contracts/mocks/MintableToken.sol";
import {SettableAggregator} from "../../../contracts/mocks/SettableAggregator.sol";
import {AccountHeader} from "../../../contracts/types/AccountHeader.sol";
import {AccountId} from "../../../contracts/types/AccountId.sol";
import {Assessment} from "../../../contracts/types/Assessment.sol";
import {InstrumentId} from "../../../contracts/types/InstrumentId.sol";
import {Perpetual} from "../../../contracts/types/Perpetual.sol";
import {TradingTest} from "../utils/TradingTest.sol";

contract TradingFillTest is TradingTest {
    function test_AFillMovesSizeAndQuoteBetweenTwoAccounts() public {
        _fundTraders(10_000e6);
        _trade(maker, trader, ETH_PERP, 5e18, 2_000e18);
        (int256 size, int256 quote) = _position(trader, ETH_PERP);
        assertEq(size, 5e18);
        assertEq(quote, -10_000e18);
        (size, quote) = _position(maker, ETH_PERP);
        assertEq(size, -5e18);
        assertEq(quote, 10_000e18);
        assertEq(_perpetual(ETH_PERP).openInterestE18, 5e18);
        // 0.03% of 10,000 from each.
        assertEq(_cash(trader), 10_000e6 - 3e6);
        assertEq(_cash(maker), 10_000e6 - 3e6);
        vm.expectEmit(address(marginAccount));
        emit IMarginAccountEvents.FeesCollected(6e6);
        assertEq(marginAccount.collectFees(), 6e6);
    }

    /// @dev A side that pays no fee has the cash that it had, and a position all the same.
    function test_ASideWithoutAFeeIsBooked() public {
        exchange.setFeeParameters(IExchange.FeeParameters({makerE6: 0, takerE6: 600}));
        _fundTraders(10_000e6);
        _trade(maker, trader, ETH_PERP, 5e18, 2_000e18);
        assertEq(_cash(maker), 10_000e6);
        (int256 size, int256 quote) = _position(maker, ETH_PERP);
        assertEq(size, -5e18);
        assertEq(quote, 10_000e18);
        assertEq(_header(maker).positionCount(), 1);
        assertEq(_header(maker).riskBlock(), block.number);
    }

    function test_MarginOfAPerpetual() public {
        _fundTraders(10_000e6);
        _trade(maker, trader, ETH_PERP, 5e18, 2_000e18);
        Assessment memory a = marginAccount.assess(_account(trader));
        assertEq(a.equityE18, 9_997e18);
        // 10,000 * (10% + 1%), and 10,000 * (10% * 1.5 + 2%).
        assertEq(a.maintenanceE18, 1_100e18);
        assertEq(a.initialE18, 1_700e18);
        // The short is worth less by the ask's unit.
        a = marginAccount.assess(_account(maker));
        assertApproxEqAbs(a.equityE18, 9_997e18, 10);
        assertApproxEqAbs(a.maintenanceE18, 1_100e18, 10);
        assertGe(a.maintenanceE18, 1_100e18);
    }

    function test_CollateralCoversAShort() public {
        _deposit(maker, address(usdc), 10_000e6);
        _deposit(trader, address(weth), 10e18);
        vm.roll(block.number + 1);
        _trade(maker, trader, ETH_PERP, -10e18, 2_000e18);
        Assessment memory a = marginAccount.assess(_account(trader));
        // Nothing is exposed: 20,000 * 4% of haircut, 20,000 * 1% of basis; the fee of 6 is owed.
        assertApproxEqAbs(a.maintenanceE18, 1_000e18, 20);
        assertApproxEqAbs(a.equityE18, 19_994e18, 20);
        _setPrice(WETH_ASSET, 4_000e8);
        a = marginAccount.assess(_account(trader));
        assertApproxEqAbs(a.equityE18, 19_994e18, 100);
    }

    function test_RevertWhen_InitialMarginIsMissing() public {
        _fundTraders(1_000e6);
        IExchange.Order memory one = _order(maker, ETH_PERP, -6e18, 2_000e18);
        IExchange.Order memory other = _order(trader, ETH_PERP, 6e18, 2_000e18);
        bytes memory first = _sign(one);
        bytes memory second = _sign(other);
        vm.expectPartialRevert(Errors.MarginAccount_BelowInitialMargin.selector);
        exchange.fill(one, first, other, second, 6e18);
    }

    /// @dev 17% of 10,000, and the fee of 3.
    function test_InitialMarginIsEnoughToTheUnit() public {
        address third = _newTrader("third");
        _deposit(maker, address(usdc), 10_000e6);
        _deposit(third, address(usdc), 1_703e6 - 1);
        _deposit(trader, address(usdc), 1_703e6);
        IExchange.Order memory one = _order(maker, ETH_PERP, -5e18, 2_000e18);
        IExchange.Order memory other = _order(third, ETH_PERP, 5e18, 2_000e18);
        bytes memory first = _sign(one);
        bytes memory second = _sign(other);
        bytes4 below = Errors.MarginAccount_BelowInitialMargin.selector;
        vm.expectRevert(abi.encodeWithSelector(below, _raw(third), int256(1_700e18 - 1e12), 1_700e18));
        exchange.fill(one, first, other, second, 5e18);
        _trade(maker, trader, ETH_PERP, 5e18, 2_000e18);
        Assessment memory a = marginAccount.assess(_account(trader));
        assertEq(a.equityE18, 1_700e18);
        assertEq(a.initialE18, 1_700e18);
    }

    /// @dev Below initial margin: 19,000 less 15,000, against 23% of 19,000. With a basis as large as the shock and no fee, a unit
    /// sold at the mark costs as much margin as it saves.
    function test_WhatLeavesRiskAsItWasIsAllowedBelowInitialMargin() public {
        exchange.setFeeParameters(IExchange.FeeParameters({makerE6: 0, takerE6: 600}));
        riskEngine.setPerpetualRisk(
            WETH_ASSET,
            IRiskEngine.PerpetualRisk({basisMaintenanceBps: 1_000, basisInitialBps: 1_500, profitCap: 100_000})
        );
        _deposit(maker, address(usdc), 100_000e6);
        _borrow(trader, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_900e8);
        for (uint256 i; i < 2; ++i) {
            Assessment memory a = marginAccount.assess(_account(trader));
            assertEq(a.equityE18, 4_000e18);
            assertEq(a.initialE18, 4_370e18);
            assertEq(a.maintenanceE18, 2_660e18);
            if (i == 0) _trade(trader, maker, ETH_PERP, 1e18, 1_900e18);
        }
        (int256 size, ) = _position(trader, ETH_PERP);
        assertEq(size, -1e18);
    }

    /// @dev The open interest is above its cap, and a long that changes hands adds nothing to it.
    function test_ALongMayBePassedOnAboveTheCap() public {
        _fundTraders(10_000e6);
        address third = _newTrader("third");
        _deposit(third, address(usdc), 10_000e6);
        _trade(maker, trader, ETH_PERP, 5e18, 2_000e18);
        marginAccount.setPerpetual(WETH_ASSET, 125, 5_000, 8, 40, 0);
        _trade(third, trader, ETH_PERP, -5e18, 2_000e18);
        (int256 size, ) = _position(third, ETH_PERP);
        assertEq(size, 5e18);
        assertEq(_perpetual(ETH_PERP).openInterestE18, 5e18);
    }

    function test_LossesSettleAtOnceAndProfitsFromThePool() public {
        _fundTraders(10_000e6);
        _trade(maker, trader, ETH_PERP, 5e18, 2_000e18);
        _setPrice(WETH_ASSET, 2_200e8);
        int256 before = marginAccount.assess(_account(trader)).equityE18;

        // Nothing is in the pool yet: the profit waits.
        _settle(ETH_PERP, trader);
        assertEq(_cash(trader), 9_997e6);
        _settle(ETH_PERP, maker);
        assertEq(_cash(maker), 9_997e6 - 1_000e6);
        assertEq(_perpetual(ETH_PERP).pool, 1_000e6);
        _settle(ETH_PERP, trader);
        assertEq(_cash(trader), 10_997e6);
        assertEq(_perpetual(ETH_PERP).pool, 0);
        assertEq(marginAccount.assess(_account(trader)).equityE18, before);
        (, int256 quote) = _position(trader, ETH_PERP);
        assertEq(quote, -11_000e18);
    }

    function test_AClosedPositionIsGone() public {
        _fundTraders(10_000e6);
        _trade(maker, trader, ETH_PERP, 5e18, 2_000e18);
        _setPrice(WETH_ASSET, 2_100e8);
        _trade(maker, trader, ETH_PERP, -5e18, 2_100e18);
        (int256 size, int256 quote) = _position(trader, ETH_PERP);
        assertEq(size, 0);
        // The maker applied first and lost 500: it paid the trader's profit.
        assertEq(quote, 0);
        assertEq(_cash(trader), 10_000e6 + 500e6 - 3e6 - 3.15e6);
        assertEq(_cash(maker), 10_000e6 - 500e6 - 3e6 - 3.15e6);
        assertEq(_perpetual(ETH_PERP).openInterestE18, 0);
        assertEq(_perpetual(ETH_PERP).pool, 0);
        assertEq(_header(trader).positionCount(), 0);
        assertEq(_header(maker).positionCount(), 0);
        _withdraw(trader, address(usdc), type(uint256).max);
    }

    function test_WhatAClosedPositionSettlesIsSaid() public {
        _fundTraders(10_000e6);
        _trade(maker, trader, ETH_PERP, 5e18, 2_000e18);
        _setPrice(WETH_ASSET, 2_100e8);
        IExchange.Order memory one = _order(maker, ETH_PERP, 5e18, 2_100e18);
        IExchange.Order memory other = _order(trader, ETH_PERP, -5e18, 2_100e18);
        bytes memory first = _sign(one);
        bytes memory second = _sign(other);
        vm.expectEmit(address(marginAccount));
        emit IMarginAccountEvents.Settled(_raw(maker), InstrumentId.unwrap(ETH_PERP), -500e6);
        vm.expectEmit(address(marginAccount));
        emit IMarginAccountEvents.Settled(_raw(trader), InstrumentId.unwrap(ETH_PERP), 500e6);
        exchange.fill(one, first, other, second, 5e18);
    }

    function test_ProfitBeyondTheCapCannotBeWithdrawn() public {
        _lend(10_000_000e6);
        _fundTraders(400_000e6);
        _trade(maker, trader, ETH_PERP, 200e18, 2_000e18);
        _setPrice(WETH_ASSET, 3_000e8);
        Assessment memory a = marginAccount.assess(_account(trader));
        // Of a profit of 200,000 half counts.
        assertApproxEqAbs(a.equityE18, 600_000e18 - 120e18, 1e12);
        uint256 most = marginAccount.maxWithdraw(_account(trader), address(usdc));
        assertApproxEqAbs(int256(most), (a.equityE18 - int256(a.initialE18)) / 1e12, 2);
        uint256 notional = 600_000e18;
        assertLt(most, 500_000e6 - (notional * 17) / 100 / 1e12);
        vm.prank(trader);
        vm.expectPartialRevert(Errors.MarginAccount_BelowInitialMargin.selector);
        marginAccount.withdraw(_account(trader), address(usdc), most + 2, trader);
        _withdraw(trader, address(usdc), most);
    }

    function test_FundingIsPaidByLongsToShorts() public {
        _fundTraders(10_000e6);
        _trade(maker, trader, ETH_PERP, 5e18, 2_008e18);
        // The fill was the whole open interest, 0.4% above the index, at 20 minutes to the hour or so.
        uint256 left = 3_600 - (block.timestamp % 3_600);
        _pass(left);
        Perpetual memory p = _perpetual(ETH_PERP);
        int256 premium = int256((0.004e18 * left) / 3_600);
        assertApproxEqAbs(int256(p.rateE18), premium / 8 + 0.0000125e18, 2);
        (, int256 quoteBefore) = _position(trader, ETH_PERP);
        (, int256 makerBefore) = _position(maker, ETH_PERP);
        _pass(3_600);
        (, int256 quote) = _position(trader, ETH_PERP);
        (, int256 makerQuote) = _position(maker, ETH_PERP);
        int256 paid = (int256(p.rateE18) * 2_000e18 * 5) / 1e18;
        assertApproxEqAbs(quoteBefore - quote, paid, 10);
        assertApproxEqAbs(makerQuote - makerBefore, paid, 10);
        assertLe(quote + makerQuote, 0);
        // No fill came in the hour after: interest alone.
        _pass(3_600);
        assertEq(_perpetual(ETH_PERP).rateE18, 0.0000125e18);
    }
}

contract TradingRuleTest is TradingTest {
    /// @dev The trader is long 5 with 2,000 of cash, and the price falls until initial margin is missing.
    function setUp() public override {
        super.setUp();
        _deposit(maker, address(usdc), 1_000_000e6);
        _deposit(trader, address(usdc), 2_000e6);
        vm.roll(block.number + 1);
        _trade(maker, trader, ETH_PERP, 5e18, 2_000e18);
        _setPrice(WETH_ASSET, 1_900e8);
        Assessment memory a = marginAccount.assess(_account(trader));
        assertLt(a.equityE18, int256(a.initialE18));
        assertGt(a.healthE18, 1e18);
    }

    function _refusedAt(int256 size, uint256 price, bytes4 selector) private {
        IExchange.Order memory one = _order(maker, ETH_PERP, -size, price);
        IExchange.Order memory other = _order(trader, ETH_PERP, size, price);
        bytes memory first = _sign(one);
        bytes memory second = _sign(other);
        vm.expectPartialRevert(selector);
        exchange.fill(one, first, other, second, uint256(size < 0 ? -size : size));
    }

    function test_BelowInitialMarginRiskMayBeLessened() public {
        uint256 before = _health(trader);
        _trade(maker, trader, ETH_PERP, -1e18, 1_900e18);
        assertGt(_health(trader), before);
        (int256 size, ) = _position(trader, ETH_PERP);
        assertEq(size, 4e18);
    }

    function test_RevertWhen_RiskGrowsBelowInitialMargin() public {
        _refusedAt(1e18, 1_900e18, Errors.MarginAccount_BelowInitialMargin.selector);
        // Nor by turning the position round to as much on the other side.
        _refusedAt(-11e18, 1_900e18, Errors.MarginAccount_BelowInitialMargin.selector);
    }

    function test_RevertWhen_RiskIsLessenedFarFromTheMark() public {
        // 0.4% is still near; the loss is less than what margin falls by.
        _trade(maker, trader, ETH_PERP, -0.1e18, 1_892.4e18);
        _refusedAt(-0.1e18, 1_892.4e18 - 1, Errors.MarginAccount_PriceOutsideBand.selector);
        _refusedAt(-0.1e18, 1_907.6e18 + 1, Errors.MarginAccount_PriceOutsideBand.selector);
        _trade(maker, trader, ETH_PERP, -0.1e18, 1_907.6e18);
    }

    /// @dev Initial margin takes back all that bitcoin counts for, so it neither helps nor harms; but what it is worth nobody knows.
    function test_RevertWhen_RiskIsLessenedBesideACollateralWithoutAPrice() public {
        _deposit(trader, address(wbtc), 0.1e8);
        _makeStale(WBTC_ASSET);
        Assessment memory a = marginAccount.assess(_account(trader));
        assertTrue(a.halted && !a.unpriced);
        // 2,000 - 3 - 500 + 6,000, against 17% of 9,500 and 6,000.
        assertEq(a.equityE18, 7_497e18);
        assertEq(a.initialE18, 7_615e18);
        _refusedAt(-0.1e18, 1_900e18, Errors.MarginAccount_BelowInitialMargin.selector);
    }

    /// @dev Ten ether against 15,000 of debt, below maintenance: each hedge sold makes a position grow, and lowers risk.
    function test_WhatLowersRiskIsNoReasonToCoolOff() public {
        _deposit(taker, address(usdc), 50_000e6);
        _setPrice(WETH_ASSET, 2_000e8);
        _borrow(alice, 10e18, 15_000e6);
        _setPrice(WETH_ASSET, 1_700e8);
        assertLt(_health(alice), 1e18);
        (address hedger, uint256 key) = makeAddrAndKey("hedger");
        keys[hedger] = key;
        vm.prank(alice);
        marginAccount.setOperator(_account(alice), hedger, 2);

        IExchange.Order memory one = _order(maker, ETH_PERP, 0.01e18, 1_700e18);
        IExchange.Order memory other = _order(alice, ETH_PERP, -0.01e18, 1_700e18);
        other.signer = hedger;
        _fill(one, other, 0.01e18);
        (AccountHeader header, , , ) = marginAccount.stateOf(_account(alice));
        // It is still the block in which she borrowed.
        assertEq(header.riskBlock(), block.number - 1);
        // In the same block.
        vm.prank(taker);
        liquidator.liquidate(_account(alice), _account(taker), 1e18, type(int256).max, "");
    }

    /// @dev Above initial margin a position that grows does: its owner could else sell himself into his own liquidation.
    function test_ANewPositionIsOneBlockOld() public {
        _deposit(trader, address(usdc), 10_000e6);
        _trade(maker, trader, ETH_PERP, 1e18, 1_900e18);
        (AccountHeader header, , , ) = marginAccount.stateOf(_account(trader));
        assertEq(header.riskBlock(), block.number);
    }

    function test_AnInsolventAccountMayNotTrade() public {
        _setPrice(WETH_ASSET, 1_500e8);
        assertLt(marginAccount.assess(_account(trader)).equityE18, 0);
        _refusedAt(-1e18, 1_500e18, Errors.MarginAccount_BelowInitialMargin.selector);
    }

    function test_AboveInitialMarginAnyPriceIsTheTradersOwn() public {
        _deposit(trader, address(usdc), 10_000e6);
        _trade(maker, trader, ETH_PERP, 1e18, 2_500e18);
        assertApproxEqAbs(
            marginAccount.assess(_account(trader)).equityE18,
            12_000e18 - 500e18 - 600e18 - 3.75e18,
            1e16
        );
    }

    function test_RevertWhen_OpenInterestIsAboveItsCap() public {
        _deposit(trader, address(usdc), 100_000e6);
        marginAccount.setPerpetual(WETH_ASSET, 125, 5_000, 8, 40, 6_000);
        _trade(maker, trader, ETH_PERP, 1e18, 1_900e18);
        _refusedAt(1, 1_900e18, Errors.MarginAccount_OpenInterestAboveCap.selector);
        marginAccount.setPerpetual(WETH_ASSET, 125, 5_000, 8, 40, 0);
        // What shrinks it is welcome, whatever the cap is.
        _trade(maker, trader, ETH_PERP, -1e18, 1_900e18);
        _refusedAt(1e18, 1_900e18, Errors.MarginAccount_OpenInterestAboveCap.selector);
    }

    function test_AnUnpricedPositionHoldsEverythingBack() public {
        _deposit(trader, address(usdc), 100_000e6);
        _makeStale(WETH_ASSET);
        assertEq(marginAccount.maxWithdraw(_account(trader), address(usdc)), 0);
        assertTrue(marginAccount.assess(_account(trader)).unpriced);
        vm.prank(trader);
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_PriceHalted.selector, _raw(trader)));
        marginAccount.withdraw(_account(trader), address(usdc), 1, trader);
        // A cure is no question of price.
        _deposit(trader, address(usdc), 1e6);
        // Neither is a position in another coin a way round.
        _refusedOther();
    }

    function _refusedOther() private {
        IExchange.Order memory one = _order(maker, BTC_PERP, -0.01e18, 60_000e18);
        IExchange.Order memory other = _order(trader, BTC_PERP, 0.01e18, 60_000e18);
        bytes memory first = _sign(one);
        bytes memory second = _sign(other);
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_PriceHalted.selector, _raw(maker)));
        exchange.fill(one, first, other, second, 0.01e18);
    }

    function test_WithdrawalsCountThePosition() public {
        _deposit(trader, address(usdc), 10_000e6);
        uint256 most = marginAccount.maxWithdraw(_account(trader), address(usdc));
        vm.prank(trader);
        vm.expectPartialRevert(Errors.MarginAccount_BelowInitialMargin.selector);
        marginAccount.withdraw(_account(trader), address(usdc), most + 2, trader);
        _withdraw(trader, address(usdc), most);
    }

    /// @dev Nothing divides: what is free is offered in whole units, less the one that shares may round by.
    function test_MaxWithdrawBesideAPositionIsRoundedDown() public {
        _deposit(trader, address(usdc), 10_000e6);
        _setPrice(WETH_ASSET, 1_900.12345678e8);
        Assessment memory a = marginAccount.assess(_account(trader));
        uint256 free = uint256(a.equityE18 - int256(a.initialE18));
        assertTrue(free % 1e12 != 0);
        assertEq(marginAccount.maxWithdraw(_account(trader), address(usdc)), free / 1e12 - 1);
        _withdraw(trader, address(usdc), free / 1e12);
    }

    /// @dev Collateral stands for a position too, though nothing is owed: 2,397 against 2,052 let 345 / 77% of it go.
    function test_MaxWithdrawOfCollateralBesideAPosition() public {
        _deposit(trader, address(usdc), 10_000e6);
        _deposit(trader, address(weth), 1e18);
        _withdraw(trader, address(usdc), 11_000e6);
        assertGt(_cash(trader), 0);
        uint256 most = marginAccount.maxWithdraw(_account(trader), address(weth));
        assertApproxEqRel(most, uint256(345e36) / (0.77e18 * 1_900), 0.02e18);
        _withdraw(trader, address(weth), most);
    }

    function test_SettlingIsOpenAndSkipsWhoHasNothing() public {
        AccountId[] memory accounts = new AccountId[](3);
        (accounts[0], accounts[1], accounts[2]) = (_account(stranger), _account(trader), _account(maker));
        int256 before = marginAccount.assess(_account(trader)).equityE18;
        vm.prank(stranger);
        marginAccount.settle(ETH_PERP, accounts);
        assertEq(_cash(trader), 2_000e6 - 3e6 - 500e6);
        assertEq(_cash(maker), 1_000_000e6 - 3e6 + 500e6);
        assertEq(marginAccount.assess(_account(trader)).equityE18, before);
        vm.expectPartialRevert(Errors.MarginAccount_BatchTooLong.selector);
        marginAccount.settle(ETH_PERP, new AccountId[](201));
        InstrumentId unknown = InstrumentId.wrap(0x0901);
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_UnknownInstrument.selector, 0x0901));
        marginAccount.settle(unknown, accounts);
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_UnknownInstrument.selector, 0x0901));
        marginAccount.accrueFunding(unknown);
    }

    /// @dev A loss of a third of a unit of the quote token costs a whole one; a profit of two thirds brings none.
    function test_SettlementIsRoundedAgainstTheAccount() public {
        _settle(ETH_PERP, trader);
        _settle(ETH_PERP, maker);
        int256 cash = _cash(trader);
        int256 makers = _cash(maker);
        // {1e-8 usd} 5 units move by 5e-8 quote: a twentieth of a unit of the token.
        _setPrice(WETH_ASSET, 1_900e8 - 1);
        _settle(ETH_PERP, trader);
        assertEq(_cash(trader), cash - 1);
        _settle(ETH_PERP, maker);
        assertEq(_cash(maker), makers);
        assertEq(_perpetual(ETH_PERP).pool, 1);
    }

    function test_PerpetualParametersHaveBounds() public {
        vm.expectPartialRevert(Errors.MarginAccount_ParameterOutOfBounds.selector);
        marginAccount.setPerpetual(WETH_ASSET, 125, 50_001, 8, 40, 1);
        vm.expectPartialRevert(Errors.MarginAccount_ParameterOutOfBounds.selector);
        marginAccount.setPerpetual(WETH_ASSET, 5_001, 5_000, 8, 40, 1);
        vm.expectPartialRevert(Errors.MarginAccount_ParameterOutOfBounds.selector);
        marginAccount.setPerpetual(WETH_ASSET, 125, 5_000, 0, 40, 1);
        vm.expectPartialRevert(Errors.MarginAccount_ParameterOutOfBounds.selector);
        marginAccount.setPerpetual(WETH_ASSET, 125, 5_000, 25, 40, 1);
        vm.expectPartialRevert(Errors.MarginAccount_ParameterOutOfBounds.selector);
        marginAccount.setPerpetual(WETH_ASSET, 125, 5_000, 8, 0, 1);
        // A fill may not count more than its fees pay for: 5 bps times the divisor.
        vm.expectPartialRevert(Errors.MarginAccount_ParameterOutOfBounds.selector);
        marginAccount.setPerpetual(WETH_ASSET, 125, 5_000, 8, 41, 1);
        marginAccount.setPerpetual(WETH_ASSET, 0, 0, 1, 5, 1);
    }
}

contract TradingLargestTest is TradingTest {
    /// @dev Eight collaterals and thirty-two positions, the most there can be, and then prices fall by 22%.
    function _fillAccount() private {
        uint256 owner = 8;
        _deposit(maker, address(usdc), 50_000_000e6);
        _deposit(taker, address(usdc), 50_000_000e6);
        for (uint256 i; i < owner; ++i) {
            (MintableToken token, ) = _newCollateral();
            _deposit(trader, address(token), 1e18);
        }
        vm.roll(block.number + 1);
        _deposit(trader, address(usdc), 9_000e6);
        for (uint8 i; i < 32; ++i) {
            uint8 underlying = i < 2 ? WETH_ASSET + i : 100 + i;
            if (i >= 2) _listUnderlying(underlying);
            uint256 price = underlying == WBTC_ASSET ? 60_000e18 : 2_000e18;
            int256 size = underlying == WBTC_ASSET ? int256(0.05e18) : int256(1.2e18);
            _trade(maker, trader, InstrumentId.wrap((uint256(underlying) << 8) | 1), size, price);
        }
        assertEq(_header(trader).positionCount(), 32);
        _refuseAnother();

        vm.roll(block.number + 1);
        for (uint8 i; i < 32; ++i) {
            uint8 underlying = i < 2 ? WETH_ASSET + i : 100 + i;
            _setPrice(underlying, (feeds[underlying].latestAnswer() * 78) / 100);
        }
        assertLt(_health(trader), 1e18);
        assertGt(_health(trader), 0);
    }

    /// @dev What such an account was before a fill is no more than it can be.
    function test_TheLargestAccountMayLessenItsRisk() public {
        _fillAccount();
        _trade(maker, trader, ETH_PERP, -0.1e18, 1_560e18);
        (int256 size, ) = _position(trader, ETH_PERP);
        assertEq(size, 1.1e18);
        assertEq(_header(trader).positionCount(), 32);
    }

    /// @dev It is liquidated within 5 million gas, and rebalanced too.
    function test_TheLargestAccountIsLiquidatedWithinFiveMillionGas() public {
        _fillAccount();
        vm.prank(keeper);
        uint256 gas = gasleft();
        marginAccount.rebalance(_account(trader));
        gas -= gasleft();
        assertLt(gas, 5_000_000, "rebalance");
        vm.prank(taker);
        gas = gasleft();
        liquidator.liquidate(_account(trader), _account(taker), type(uint256).max, type(int256).max, "");
        gas -= gasleft();
        assertLt(gas, 5_000_000, "liquidation");
        (int256 taken, ) = _position(taker, ETH_PERP);
        assertGt(taken, 0);
        assertEq(_header(taker).positionCount(), 32);
    }

    function _listUnderlying(uint8 underlying) private {
        feeds[underlying] = SettableAggregator(
            _deployed(MOCKS, "SettableAggregator", abi.encode("FEED", uint8(8), int256(0)))
        );
        feeds[underlying].push(2_000e8, block.timestamp);
        riskEngine.setFeed(underlying, address(feeds[underlying]), 18, COIN_HEARTBEAT, SLACK);
        riskEngine.setRiskParameters(underlying, _riskParameters(1_000));
        _listPerpetual(underlying, 10_000);
    }

    /// @dev Thirty-two are all that may be listed, so a thirty-third position has nothing to be in.
    function _refuseAnother() private {
        vm.expectPartialRevert(Errors.MarginAccount_ParameterOutOfBounds.selector);
        marginAccount.setPerpetual(200, 125, 5_000, 8, 40, 1);
    }
}

contract TradingSliceTest is TradingTest {
    function test_ASliceCarriesThePosition() public {
        _deposit(maker, address(usdc), 100_000e6);
        _deposit(trader, address(usdc), 2_000e6);
        _deposit(taker, address(usdc), 100_000e6);
        vm.roll(block.number + 1);
        _trade(maker, trader, ETH_PERP, 5e18, 2_000e18);
        vm.roll(block.number + 1);
        _setPrice(WETH_ASSET, 1_790e8);
        assertLt(_health(trader), 1e18);
        int256 healthBefore = int256(_health(trader));

        vm.prank(taker);
        liquidator.liquidate(_account(trader), _account(taker), type(uint256).max, type(int256).max, "");
        (int256 size, int256 quote) = _position(trader, ETH_PERP);
        (int256 taken, int256 takenQuote) = _position(taker, ETH_PERP);
        assertEq(size + taken, 5e18);
        assertGt(taken, 0);
        assertEq(quote + takenQuote, -10_000e18);
        assertGt(int256(_health(trader)), healthBefore);
        assertLe(_health(trader), 1.17e18);
        assertGe(_health(trader), 1.149e18);
        assertEq(_perpetual(ETH_PERP).openInterestE18, 5e18);
    }

    /// @dev From 800 seconds into an hour: nothing for the rest of it, then an hour at 0.00125% of 2,000: 0.125 for five.
    function test_WhatMovesHasPaidFundingUpToNow() public {
        _fundTraders(10_000e6);
        _trade(maker, trader, ETH_PERP, 5e18, 2_000e18);
        assertEq(block.timestamp % 1 hours, 800);
        _pass(2_800 + 1 hours);
        marginAccount.setLiquidator(address(this));
        IMarginAccountCore.Slice memory slice;
        (slice.account, slice.taker, slice.fractionE18) = (_account(trader), _account(taker), 0.5e18);
        uint256 instrument = InstrumentId.unwrap(ETH_PERP);
        vm.expectEmit(address(marginAccount));
        emit IMarginAccountEvents.PositionChanged(_raw(trader), instrument, 2.5e18, -5_000.0625e18);
        vm.expectEmit(address(marginAccount));
        emit IMarginAccountEvents.PositionChanged(_raw(taker), instrument, 2.5e18, -5_000.0625e18);
        marginAccount.deliverSlice(slice, taker, "");
    }

    /// @dev What is said of the health that is left is what the ledger has, the position's part included.
    function test_TheEventSaysTheHealthThatIsLeft() public {
        _fundTraders(2_000e6);
        _deposit(taker, address(usdc), 100_000e6);
        _trade(maker, trader, ETH_PERP, 5e18, 2_000e18);
        vm.roll(block.number + 1);
        _setPrice(WETH_ASSET, 1_790e8);

        vm.recordLogs();
        vm.prank(taker);
        liquidator.liquidate(_account(trader), _account(taker), 0.1e18, type(int256).max, "");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory last = logs[logs.length - 1];
        assertEq(last.emitter, address(liquidator));
        (, , , , uint256 said) = abi.decode(last.data, (uint256, uint256, int256, uint256, uint256));
        assertApproxEqAbs(said, _health(trader), 1e6);
    }

    /// @dev To the wei, on a margin of less than one, where a wei of the quote that stays is seen. What moves of a quote that is owed is
    /// rounded away from zero: the account keeps the better part.
    function test_TheQuoteThatStaysIsTheLedgers() public {
        _fundTraders(2e6);
        _deposit(taker, address(usdc), 100_000e6);
        _trade(maker, trader, ETH_PERP, 0.005e18 + 3, 2_000e18);
        vm.roll(block.number + 1);
        _setPrice(WETH_ASSET, 1_790e8);
        vm.recordLogs();
        vm.prank(taker);
        liquidator.liquidate(_account(trader), _account(taker), 0.123456789012345678e18, type(int256).max, "");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        (, , , , uint256 said) = abi.decode(logs[logs.length - 1].data, (uint256, uint256, int256, uint256, uint256));
        (, int256 quote) = _position(trader, ETH_PERP);
        // 10 and 6,000 wei less a part that has 740.7 of them.
        assertEq(quote, -(10e18 + 6_000 - (1.23456789012345678e18 + 741)));
        assertEq(said, _health(trader));
    }
}
