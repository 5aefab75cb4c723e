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
        uint256 gross; // {quote E18} what rounding is measured by
    }

    /// @dev Collateral and position of one underlying, and the price of each.
    struct Exposure {
        uint256 amount; // {token}
        uint256 units; // 10 ** decimals of the token
        uint256 price; // {quote E18/whole token} of the collateral
        int256 size; // {unit}
        int256 quote; // {quote E18}
        uint256 mark; // {quote E18/unit} of the position
    }

    function add(
        Figures memory f,
        Exposure memory x,
        IRiskEngine.RiskParameters memory p,
        IRiskEngine.PerpetualRisk memory basis
    ) internal pure {
        uint256 value = (x.amount * x.price) / x.units;
        int256 worth = (x.size * int256(x.mark)) / 1e18;
        uint256 notional = uint256(worth < 0 ? -worth : worth);
        int256 together = int256(value) + worth;
        uint256 exposed = uint256(together < 0 ? -together : together);
        uint256 shock = uint256(p.shockBps) * sizeFactor(exposed, p.sizeCoefficientBps); // {1e-22}
        f.equity += together + x.quote;
        f.gross += value + notional;
        f.maintenance += (exposed * shock + value * p.haircutMaintenanceBps * 1e18) / 1e22;
        f.maintenance += (notional * basis.basisMaintenanceBps) / 1e4;
        f.initial += (exposed * ((shock * p.initialFactorBps) / 1e4) + value * p.haircutInitialBps * 1e18) / 1e22;
        f.initial += (notional * basis.basisInitialBps) / 1e4;
        int256 profit = worth + x.quote - int256(uint256(basis.profitCap) * 1e18);
        if (profit > 0) f.initial += uint256(profit);
    }

    /// @dev g = 0.8 + c * sqrt(X / 1 million), at least 1; with 18 decimals.
    function sizeFactor(uint256 exposed, uint256 coefficientBps) internal pure returns (uint256 size) {
        size = 0.8e18 + (coefficientBps * root(exposed * 1e12)) / 1e4;
        if (size < 1e18) size = 1e18;
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
