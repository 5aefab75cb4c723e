// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../../../contracts/base/Errors.sol";
import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {IMarginAccountTrading} from "../../../contracts/interfaces/IMarginAccountTrading.sol";
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
        assertEq(marginAccount.collectFees(), 6e6);
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
        marginAccount.withdraw(_account(trader), address(usdc), most + 1, trader);
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
}
