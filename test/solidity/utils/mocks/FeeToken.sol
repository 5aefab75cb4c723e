// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {TestToken} from "./TestToken.sol";

/// @title FeeToken
/// @notice Takes a fee out of every transfer, so that less arrives than was sent. The fee can be switched off and on.
contract FeeToken is TestToken {
    uint256 public feeBps = 100;

    constructor(uint8 decimals_) TestToken("FEE", decimals_) {}

    function setFee(uint256 feeBps_) external {
        feeBps = feeBps_;
    }

    function _update(address from, address to, uint256 value) internal override {
        uint256 fee = from == address(0) || to == address(0) ? 0 : (value * feeBps) / 10_000;
        if (fee != 0) super._update(from, address(0), fee);
        super._update(from, to, value - fee);
    }
}
