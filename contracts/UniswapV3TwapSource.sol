// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IUniswapV3Pool} from "@uniswap/v3-core/contracts/interfaces/IUniswapV3Pool.sol";
import {TickMath} from "@uniswap/v4-core/src/libraries/TickMath.sol";

import {MAX_DECIMALS} from "./base/Constants.sol";
import {Errors} from "./base/Errors.sol";
import {IPriceSource} from "./interfaces/IPriceSource.sol";

/// @title UniswapV3TwapSource
/// @notice The geometric mean price of a token over the last minutes of a Uniswap v3 pool against the quote token. Immutable
/// and ownerless: another pool or window is another source.
/// @dev A pool without trades goes on answering its last price: it says where one could trade, not when anybody did. Who moves
/// the mean must hold the pool away from the market for a part of the window.
contract UniswapV3TwapSource is IPriceSource {
    uint32 internal constant MIN_WINDOW = 1 minutes;
    uint32 internal constant MAX_WINDOW = 1 hours;

    IUniswapV3Pool public immutable pool;
    address public immutable token;
    address public immutable quote;
    uint32 public immutable windowSeconds;

    bool private immutable _tokenIsFirst;
    /// @dev {quote E18/token} A pool's price in smallest units times this is the price of a whole token with 18 decimals.
    uint256 private immutable _scale;

    constructor(IUniswapV3Pool pool_, address token_, address quote_, uint32 windowSeconds_) {
        bool first = pool_.token0() == token_ && pool_.token1() == quote_;
        bool second = pool_.token1() == token_ && pool_.token0() == quote_;
        if (!first && !second) revert Errors.UniswapV3TwapSource_WrongPair(address(pool_), token_, quote_);
        if (windowSeconds_ < MIN_WINDOW) {
            revert Errors.UniswapV3TwapSource_WindowOutOfBounds(windowSeconds_, MIN_WINDOW);
        }
        if (windowSeconds_ > MAX_WINDOW) {
            revert Errors.UniswapV3TwapSource_WindowOutOfBounds(windowSeconds_, MAX_WINDOW);
        }
        uint8 tokenDecimals = IERC20Metadata(token_).decimals();
        uint8 quoteDecimals = IERC20Metadata(quote_).decimals();
        if (tokenDecimals > MAX_DECIMALS || quoteDecimals > MAX_DECIMALS) {
            revert Errors.UniswapV3TwapSource_UnsupportedDecimals(tokenDecimals, quoteDecimals, MAX_DECIMALS);
        }
        (pool, token, quote, windowSeconds) = (pool_, token_, quote_, windowSeconds_);
        _tokenIsFirst = first;
        _scale = 10 ** (18 + tokenDecimals - quoteDecimals);
    }

    /// @inheritdoc IPriceSource
    /// @dev Reverts while the pool's observations do not reach back over the window. Rounding: the mean tick toward minus
    /// infinity, as the pool's own ticks; the price down.
    function price() external view returns (uint256 priceE18) {
        uint32[] memory secondsAgo = new uint32[](2);
        secondsAgo[0] = windowSeconds;
        (int56[] memory cumulatives, ) = pool.observe(secondsAgo);
        int24 tick = _meanTick(cumulatives[1], cumulatives[0]);
        uint256 root = TickMath.getSqrtPriceAtTick(tick);
        // {quote E18/whole token} = {second/first or its inverse} * scale; a square that would overflow loses 64 bits of 320.
        (uint256 ratio, uint256 one) = root <= type(uint128).max
            ? (root * root, uint256(1) << 192)
            : (Math.mulDiv(root, root, 1 << 64), uint256(1) << 128);
        return _tokenIsFirst ? Math.mulDiv(ratio, _scale, one) : Math.mulDiv(one, _scale, ratio);
    }

    function _meanTick(int56 last, int56 first) private view returns (int24 tick) {
        int56 span = int56(uint56(windowSeconds));
        unchecked {
            // The pool's sums wrap; their difference over an hour is below 2^32, and the mean is one of the pool's ticks.
            int56 sum = last - first;
            tick = int24(sum / span);
            if (sum < 0 && sum % span != 0) --tick;
        }
    }
}
