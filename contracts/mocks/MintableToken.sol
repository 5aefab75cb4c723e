// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title MintableToken
/// @notice OpenZeppelin's ERC-20 with 18 decimals, for tests and measurements. Anyone may mint: it is worth nothing.
contract MintableToken is ERC20 {
    constructor(string memory name, string memory symbol) ERC20(name, symbol) {}

    /// @notice Mints `amount` {token} to `to`.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
