// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title WrappedCoin
/// @notice Wraps the chain's coin as wrapped ether does: it pays out with 2,300 gas, and swallows calls that it does not know.
contract WrappedCoin is ERC20("Wrapped Coin", "WCOIN") {
    function deposit() public payable {
        _mint(msg.sender, msg.value);
    }

    function withdraw(uint256 amount) external {
        _burn(msg.sender, amount);
        payable(msg.sender).transfer(amount);
    }

    receive() external payable {
        deposit();
    }

    fallback() external payable {
        deposit();
    }
}
