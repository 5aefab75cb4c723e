// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @dev The scale of values, prices, healths and fractions: `0.8e18` is 80%.
uint256 constant WAD = 1e18;

/// @dev The scale of the two cash indices: eighteen decimals would lose 5e-11 a year when accrued every second.
uint256 constant RAY = 1e27;

/// @dev Governed parameters are packed in basis points, so that one slot holds what one action reads.
uint256 constant BPS = 10_000;

/// @dev {1 E18} One basis point.
uint256 constant BPS_TO_WAD = WAD / BPS;

/// @dev {1 E18} One millionth: policies, pays and guards of prices are packed in millionths.
uint256 constant E6_TO_E18 = 1e12;

/// @dev What tokens and feeds have at most.
uint8 constant MAX_DECIMALS = 18;

/// @dev The asset number of the quote token; also the mark of an empty entry on a collateral page, which cash never is on.
uint8 constant QUOTE = 0;

/// @dev What an owner may let an operator do: a bit each.
uint8 constant RIGHT_WITHDRAW = 1;
uint8 constant RIGHT_TRADE = 2;
uint8 constant RIGHT_POLICY = 4;
uint8 constant ALL_RIGHTS = RIGHT_WITHDRAW | RIGHT_TRADE | RIGHT_POLICY;

/// @dev Pages an account has at most; with two entries each, eight collaterals.
uint256 constant MAX_PAGES = 4;
uint256 constant MAX_COLLATERALS = 8;

/// @dev Positions an account has at most, and perpetuals that may be listed.
uint256 constant MAX_POSITIONS = 32;

/// @dev The health of an account without risk.
uint256 constant INFINITE_HEALTH = type(uint256).max;

/// @dev Interest is a rate a year of 365 days.
uint256 constant YEAR = 365 days;
