// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IRiskEngine} from "../../../contracts/interfaces/IRiskEngine.sol";

/// @title MarginModel
/// @notice The margin function once more, written from the design and not from the code: each product is divided once, at
/// the end, and the root is found by halving an interval.
library MarginModel {
    struct Figures {
        int256 equity; // {quote E18}
        uint256 maintenance; // {quote E18}
        uint256 initial; // {quote E18}
    }

    /// @param units 10 ** decimals of the token.
    /// @param answer {usd/whole token} Of the asset's feed.
    /// @param quoteAnswer {usd/whole quote} Of the quote's feed; of as many decimals.
    function add(
        Figures memory f,
        uint256 amount,
        uint256 units,
        uint256 answer,
        uint256 quoteAnswer,
        IRiskEngine.RiskParameters memory p
    ) internal pure {
        uint256 value = (amount * answer * 1e18) / (quoteAnswer * units);
        // g = 0.8 + c * sqrt(V / 1 million), at least 1; with 18 decimals
        uint256 size = 0.8e18 + (p.sizeCoefficientBps * root(value * 1e12)) / 1e4;
        if (size < 1e18) size = 1e18;
        uint256 shock = uint256(p.shockBps) * size; // {1e-22}
        f.equity += int256(value);
        f.maintenance += (value * (shock + uint256(p.haircutMaintenanceBps) * 1e18)) / 1e22;
        f.initial += (value * ((shock * p.initialFactorBps) / 1e4 + uint256(p.haircutInitialBps) * 1e18)) / 1e22;
    }

    /// @dev The largest r with r * r <= x; x below 2^192.
    function root(uint256 x) internal pure returns (uint256 low) {
        uint256 high = 1 << 96;
        while (low < high) {
            uint256 middle = (low + high + 1) / 2;
            if (middle * middle <= x) low = middle;
            else high = middle - 1;
        }
    }

    function health(Figures memory f) internal pure returns (uint256) {
        if (f.equity < 0) return 0;
        if (f.maintenance == 0) return type(uint256).max;
        return (uint256(f.equity) * 1e18) / f.maintenance;
    }
}
