// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {TestToken} from "./TestToken.sol";

/// @title FalseToken
/// @notice Answers false instead of reverting when `refusing`, and moves nothing then.
contract FalseToken is TestToken {
    bool public refusing;

    constructor(uint8 decimals_) TestToken("FALSE", decimals_) {}

    function setRefusing(bool refusing_) external {
        refusing = refusing_;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return refusing ? false : super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return refusing ? false : super.transferFrom(from, to, amount);
    }
}
