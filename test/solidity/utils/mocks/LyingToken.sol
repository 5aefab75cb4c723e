// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {TestToken} from "./TestToken.sol";

/// @title LyingToken
/// @notice Reports a balance that differs from the true one for one holder, and can claim to have moved what it did not.
contract LyingToken is TestToken {
    mapping(address holder => int256) public lie;
    bool public idle;

    constructor(uint8 decimals_) TestToken("LIE", decimals_) {}

    /// @notice Adds `difference` to what `holder` is said to hold.
    function setLie(address holder, int256 difference) external {
        lie[holder] = difference;
    }

    /// @notice Makes transfers succeed without moving anything.
    function setIdle(bool idle_) external {
        idle = idle_;
    }

    function balanceOf(address holder) public view override returns (uint256) {
        return uint256(int256(super.balanceOf(holder)) + lie[holder]);
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return idle || super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return idle || super.transferFrom(from, to, amount);
    }
}
