// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {TestToken} from "./TestToken.sol";

/// @title BlockingToken
/// @notice Reverts when a blocked address sends or receives, as tokens with a list of the blocked do.
contract BlockingToken is TestToken {
    mapping(address holder => bool) public isBlocked;

    error BlockingToken_Blocked(address holder);

    constructor(uint8 decimals_) TestToken("BLOCK", decimals_) {}

    function setBlocked(address holder, bool blocked) external {
        isBlocked[holder] = blocked;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (isBlocked[from]) revert BlockingToken_Blocked(from);
        if (isBlocked[to]) revert BlockingToken_Blocked(to);
        super._update(from, to, value);
    }
}
