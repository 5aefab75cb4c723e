// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title WrappedBitcoin
/// @notice An eight-decimal bitcoin without permit (the real one has none either), standing at WBTC's address on the
/// replica and on test networks. Anyone may mint: it is worth nothing.
contract WrappedBitcoin is ERC20 {
    constructor() ERC20("Wrapped BTC", "WBTC") {}

    /// @notice Mints `amount` {token} to `to`.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @inheritdoc ERC20
    function decimals() public pure override returns (uint8) {
        return 8;
    }
}
