// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {UD60x18, pow, ud} from "@prb/math/src/UD60x18.sol";
import {BaseTest} from "./utils/BaseTest.sol";
import {SettablePool} from "./utils/mocks/SettablePool.sol";
import {TestToken} from "./utils/mocks/TestToken.sol";
import {Errors} from "../../contracts/base/Errors.sol";
import {IPriceSource} from "../../contracts/interfaces/IPriceSource.sol";

/// @title UniswapV3TwapSourceTest
/// @notice The source's own arithmetic, on a pool that says what it is told; the real pool is in test/ts/market/twap.test.ts.
contract UniswapV3TwapSourceTest is BaseTest {
    uint32 private constant WINDOW = 600;

    /// @dev {token units} Each of these once as the first token of the pool and once as the second.
    function _source(
        uint8 tokenDecimals,
        uint8 quoteDecimals,
        bool tokenIsFirst
    ) private returns (IPriceSource source, SettablePool pool) {
        address token = address(new TestToken("T", tokenDecimals));
        address quote = address(new TestToken("T", quoteDecimals));
        pool = tokenIsFirst ? new SettablePool(token, quote) : new SettablePool(quote, token);
        source = _deploy(pool, token, quote, WINDOW);
    }

    function _deploy(SettablePool pool, address token, address quote, uint32 window) private returns (IPriceSource) {
        return IPriceSource(_deployed(ROOT, "UniswapV3TwapSource", abi.encode(pool, token, quote, window)));
    }

    function test_constructor_RefusesAnotherPair() public {
        address token = address(new TestToken("T", 18));
        address quote = address(new TestToken("T", 6));
        address other = address(new TestToken("T", 6));
        SettablePool pool = new SettablePool(token, quote);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.UniswapV3TwapSource_WrongPair.selector, address(pool), token, other)
        );
        this.deploy(pool, token, other, WINDOW);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.UniswapV3TwapSource_WrongPair.selector, address(pool), other, quote)
        );
        this.deploy(pool, other, quote, WINDOW);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.UniswapV3TwapSource_WrongPair.selector, address(pool), token, token)
        );
        this.deploy(pool, token, token, WINDOW);
        // As the second token of the pool, too.
        pool = new SettablePool(quote, token);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.UniswapV3TwapSource_WrongPair.selector, address(pool), token, other)
        );
        this.deploy(pool, token, other, WINDOW);
    }

    function test_constructor_Window() public {
        address token = address(new TestToken("T", 18));
        address quote = address(new TestToken("T", 6));
        SettablePool pool = new SettablePool(token, quote);
        vm.expectRevert(abi.encodeWithSelector(Errors.UniswapV3TwapSource_WindowOutOfBounds.selector, 59, 60));
        this.deploy(pool, token, quote, 59);
        vm.expectRevert(abi.encodeWithSelector(Errors.UniswapV3TwapSource_WindowOutOfBounds.selector, 3_601, 3_600));
        this.deploy(pool, token, quote, 3_601);
        this.deploy(pool, token, quote, 60);
        this.deploy(pool, token, quote, 3_600);
    }

    function test_constructor_Decimals() public {
        address token = address(new TestToken("T", 19));
        address quote = address(new TestToken("T", 6));
        SettablePool pool = new SettablePool(token, quote);
        vm.expectRevert(abi.encodeWithSelector(Errors.UniswapV3TwapSource_UnsupportedDecimals.selector, 19, 6, 18));
        this.deploy(pool, token, quote, WINDOW);
        vm.expectRevert(abi.encodeWithSelector(Errors.UniswapV3TwapSource_UnsupportedDecimals.selector, 6, 19, 18));
        this.deploy(pool, quote, token, WINDOW);
    }

    /// @dev So that a revert of the constructor is one of a call.
    function deploy(SettablePool pool, address token, address quote, uint32 window) external {
        _deploy(pool, token, quote, window);
    }

    function test_price_OfTickZeroIsTheRatioOfTheUnits() public {
        uint8[3] memory decimals = [18, 8, 6];
        for (uint256 i; i < 3; ++i) {
            for (uint256 first; first < 2; ++first) {
                (IPriceSource source, ) = _source(decimals[i], 6, first == 0);
                assertEq(source.price(), 10 ** (12 + decimals[i]));
            }
        }
    }

    /// @dev A second of one tick is a mean of nearly nothing: down it is the tick below, up the tick itself.
    function test_price_TheMeanIsRoundedTowardMinusInfinity() public {
        (IPriceSource source, SettablePool pool) = _source(18, 18, true);
        uint256 atZero = source.price();
        assertEq(atZero, 1e18);
        pool.setCumulatives(0, int56(uint56(WINDOW)) - 1);
        assertEq(source.price(), atZero);
        pool.setCumulatives(0, int56(uint56(WINDOW)));
        // 1.0001, rounded down.
        uint256 above = source.price();
        assertApproxEqAbs(above, 1.0001e18, 1e3);
        pool.setCumulatives(0, -1);
        uint256 below = source.price();
        assertApproxEqAbs(below, uint256(1e22) / 10_001, 1e3);
        pool.setCumulatives(0, -int56(uint56(WINDOW)));
        assertEq(source.price(), below);
        pool.setCumulatives(0, -int56(uint56(WINDOW)) - 1);
        assertLt(source.price(), below);
    }

    /// @dev A ratio above one by 2^-96 and its inverse: the price of either is rounded down.
    function test_price_IsRoundedDown() public {
        (IPriceSource first, SettablePool one) = _source(0, 18, true);
        (IPriceSource second, SettablePool other) = _source(0, 18, false);
        // Whole tokens against 18 decimals: a price of one unit is the ratio itself, and below it there is nothing.
        one.setCumulatives(0, -int56(uint56(WINDOW)));
        other.setCumulatives(0, int56(uint56(WINDOW)));
        assertEq(first.price(), 0);
        assertEq(second.price(), 0);
        one.setCumulatives(0, int56(uint56(WINDOW)) * 6_931);
        other.setCumulatives(0, -int56(uint56(WINDOW)) * 6_932);
        // 1.0001^6931 = 1.99983 and 1.0001^6932 = 2.00003
        assertEq(first.price(), 1);
        assertEq(second.price(), 2);
    }

    /// @dev At tick 443,926 the bits that a square loses are seen in the price of a token of 18 decimals in one of none: exact integers
    /// outside the chain end in 459 and a half.
    function test_price_OfASquareThatLosesBitsIsRoundedDown() public {
        (IPriceSource source, SettablePool pool) = _source(18, 0, true);
        pool.setCumulatives(0, int56(uint56(WINDOW)) * 443_926);
        assertEq(source.price(), 18_988_790_741_008_363_624_974_319_500_485_549_833_673_433_098_070_350_459);
    }

    function test_price_RevertWhen_TheObservationsDoNotReachBack() public {
        (IPriceSource source, SettablePool pool) = _source(18, 6, true);
        pool.setOld(true);
        vm.expectRevert(bytes("OLD"));
        source.price();
    }

    /// @dev The sums wrap as the pool's own do.
    function test_price_TheSumsMayWrap() public {
        (IPriceSource source, SettablePool pool) = _source(18, 18, true);
        pool.setCumulatives(type(int56).max - 100, type(int56).min + int56(uint56(WINDOW)) - 101);
        assertApproxEqAbs(source.price(), 1.0001e18, 1e3);
    }

    /// @dev Beside PRB-math's power, in both orientations, over twelve orders of magnitude each way.
    function testFuzz_price_IsThePowerOfTheMeanTick(int256 mean, uint256 left, bool tokenIsFirst) public {
        mean = bound(mean, -276_000, 276_000);
        left = bound(left, 0, WINDOW - 1);
        (IPriceSource source, SettablePool pool) = _source(18, 18, tokenIsFirst);
        pool.setCumulatives(0, int56(mean * int256(uint256(WINDOW)) + int256(left)));
        uint256 size = mean < 0 ? uint256(-mean) : uint256(mean);
        UD60x18 power = pow(ud(1.0001e18), ud(size * 1e18));
        bool up = (mean >= 0) == tokenIsFirst;
        uint256 expected = up ? power.unwrap() : 1e36 / power.unwrap();
        // Six digits and a unit: the power of eighteen decimals knows no more of 276,000 factors.
        assertApproxEqAbs(source.price(), expected, expected / 1e6 + 1e3);
    }

    /// @dev Squares that do not fit a word: the root is above 2^128.
    function test_price_OfAnExtremeRatio() public {
        int56 extreme = int56(uint56(WINDOW)) * 600_000;
        (IPriceSource source, SettablePool pool) = _source(0, 18, true);
        pool.setCumulatives(0, extreme);
        // 1.0001^600,000 = e^59.997 = 1.1386e26
        assertApproxEqRel(source.price(), 1.1386e26, 0.001e18);
        (source, pool) = _source(18, 0, false);
        pool.setCumulatives(0, extreme);
        assertApproxEqRel(source.price(), 1e36 / uint256(1.1386e26), 0.001e18);
    }
}
