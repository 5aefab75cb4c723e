// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPriceSource} from "../interfaces/IPriceSource.sol";

/// @title ConstantSource
/// @notice A second source that always says the same: the cheapest there is, so that the gas table measures what a second
/// opinion costs the protocol, and not what a pool's mean does.
contract ConstantSource is IPriceSource {
    uint256 private immutable _PRICE;

    /// @param priceE18 {quote/whole token}
    constructor(uint256 priceE18) {
        _PRICE = priceE18;
    }

    /// @inheritdoc IPriceSource
    function price() external view override returns (uint256) {
        return _PRICE;
    }
}
