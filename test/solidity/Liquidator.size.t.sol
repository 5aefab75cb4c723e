// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {IRiskEngine} from "../../contracts/interfaces/IRiskEngine.sol";
import {BallastTest} from "./utils/BallastTest.sol";

/// @title LiquidatorSizeTest
/// @notice How much of an account may be taken, where two rules meet.
contract LiquidatorSizeTest is BallastTest {
    uint256 private constant ALL = type(uint256).max;

    function _quote(address owner) private view returns (ILiquidator.Quote memory) {
        return liquidator.quote(_account(owner), ALL);
    }

    /// @dev Ten ether at 1,500 against 13,950: E is 1,050 and MM 2,100. Every slice at a discount of a half leaves a health of a half.
    function test_ADiscountAsHighAsTheHealthTakesAll() public {
        ILiquidator.LiquidationParameters memory p = _liquidationParameters();
        (p.startDiscountBps, p.healthSlopeBps) = (5_000, 0);
        liquidator.setLiquidationParameters(p);
        _borrow(alice, 10e18, 13_950e6);
        _setPrice(WETH_ASSET, 1_500e8);
        ILiquidator.Quote memory q = _quote(alice);
        assertEq(q.healthE18, 0.5e18);
        assertEq(q.discountE18, 0.5e18);
        assertEq(q.maxFractionE18, 1e18);
        // A hair less, and the target can be reached.
        (p.startDiscountBps) = 4_999;
        liquidator.setLiquidationParameters(p);
        assertLt(_quote(alice).maxFractionE18, 1e18);
    }

    /// @dev Equity of 100 against a debt of 80, at the highest shock and haircut: E below a MM of 150.
    function test_EquityAsHighAsTheDustIsNone() public {
        _borrow(alice, 0.09e18, 100e6);
        _deposit(alice, address(usdc), 20e6);
        riskEngine.setRiskParameters(WETH_ASSET, IRiskEngine.RiskParameters(3_333, 5_000, 5_000, 10_000, 0));
        ILiquidator.LiquidationParameters memory p = _liquidationParameters();
        p.dustValue = 100;
        liquidator.setLiquidationParameters(p);
        assertEq(marginAccount.assess(_account(alice)).equityE18, 100e18);
        ILiquidator.Quote memory q = _quote(alice);
        assertEq(q.maxFractionE18, ((1.15e18 - q.healthE18) * 1e18) / (1.15e18 - q.discountE18));
        p.dustValue = 101;
        liquidator.setLiquidationParameters(p);
        assertEq(_quote(alice).maxFractionE18, 1e18);
    }

    /// @dev Two million ether, where the size factor makes the closed form overshoot. Exact integers outside the chain found a price and a
    /// debt at which it ends at 1.17 to the wei: that is within the tolerance, and nothing is shrunk.
    function test_AHealthAtTheTolerancesEndIsWithinIt() public {
        IRiskEngine.RiskParameters memory p = _riskParameters(1_000);
        p.sizeCoefficientBps = 50;
        riskEngine.setRiskParameters(WETH_ASSET, p);
        vault.setLimits(address(usdc), 4_000_000_000, 100);
        _lend(3_100_000_000e6);
        _borrow(alice, 2_000_000e18, 2_999_999_004.147583e6);
        _setPrice(WETH_ASSET, 1_755.51987863e8);
        ILiquidator.Quote memory q = _quote(alice);
        assertEq(q.healthE18, 972_769_127_510_718_216);
        assertEq(q.maxFractionE18, ((1.15e18 - q.healthE18) * 1e18) / (1.15e18 - q.discountE18));
        // A unit of the price less, and it would end above.
        _setPrice(WETH_ASSET, 1_755.51987862e8);
        q = _quote(alice);
        assertLt(q.maxFractionE18, ((1.15e18 - q.healthE18) * 1e18) / (1.15e18 - q.discountE18));
    }
}
