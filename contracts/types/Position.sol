// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../base/Errors.sol";
import {InstrumentId, toPerpetual} from "./InstrumentId.sol";

/// @notice A perpetual position of an account in one word. What it has earned is size * mark + quote, with funding paid in quote.
///
/// | bits    | field      | unit                                                                   |
/// |---------|------------|------------------------------------------------------------------------|
/// | 0-111   | size       | signed, 1e18 is one unit of the underlying; negative is short           |
/// | 112-239 | quote      | signed {quote E18}: what was received for it, less what was paid        |
/// | 240-247 | underlying | the asset's number                                                     |
/// | 248-255 | kind       | 1: perpetual; an empty entry is zero                                   |
///
/// @dev A size of zero with a quote above zero is a closed position whose profit is not paid yet.
type Position is uint256;

using {size, quote, underlying, instrument, isNone, withAmounts} for Position global;

uint256 constant SIZE_BITS = 112;
uint256 constant SIZE_MASK = (1 << SIZE_BITS) - 1;
uint256 constant QUOTE_MASK = (1 << 128) - 1;
uint256 constant NAME_MASK = 0xffff << 240;

function size(Position self) pure returns (int256) {
    return int112(uint112(Position.unwrap(self)));
}

function quote(Position self) pure returns (int256) {
    return int128(uint128(Position.unwrap(self) >> SIZE_BITS));
}

function underlying(Position self) pure returns (uint8) {
    return uint8(Position.unwrap(self) >> 240);
}

function instrument(Position self) pure returns (InstrumentId) {
    return toPerpetual(self.underlying());
}

/// @dev Neither a size nor a claim.
function isNone(Position self) pure returns (bool) {
    return Position.unwrap(self) & ~NAME_MASK == 0;
}

/// @dev A position of nothing yet.
function toPosition(uint8 asset) pure returns (Position) {
    return Position.wrap((uint256(1) << 248) | (uint256(asset) << 240));
}

function withAmounts(Position self, int256 newSize, int256 newQuote) pure returns (Position) {
    if (newSize > type(int112).max || newSize < type(int112).min) {
        revert Errors.MarginAccount_PositionOverflow(newSize, type(int112).max);
    }
    if (newQuote > type(int128).max || newQuote < type(int128).min) {
        revert Errors.MarginAccount_PositionOverflow(newQuote, type(int128).max);
    }
    uint256 name = Position.unwrap(self) & NAME_MASK;
    return Position.wrap(name | (uint256(newSize) & SIZE_MASK) | ((uint256(newQuote) & QUOTE_MASK) << SIZE_BITS));
}
