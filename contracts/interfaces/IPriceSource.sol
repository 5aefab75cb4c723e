// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IPriceSource
/// @notice A second opinion on one asset's price, already in quote units.
interface IPriceSource {
    /// @notice The price of one whole token; reverts while there is none.
    /// @return priceE18 {quote/whole token}
    function price() external view returns (uint256 priceE18);
}
