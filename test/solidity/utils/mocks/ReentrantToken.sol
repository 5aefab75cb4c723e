// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {TestToken} from "./TestToken.sol";

/// @title ReentrantToken
/// @notice Makes one call to anybody in the middle of every transfer that is not a mint, and remembers how it went.
/// @dev Call `arm` with the target and its calldata. The call is made before balances move, or after.
contract ReentrantToken is TestToken {
    address public target;
    bytes public payload;
    bool public afterTransfer;
    /// @notice How many calls were made, whether the last one succeeded and what it answered.
    uint256 public calls;
    bool public succeeded;
    bytes public answer;

    constructor(uint8 decimals_) TestToken("REENTER", decimals_) {}

    /// @notice Sets the call; the zero target disarms.
    function arm(address target_, bytes calldata payload_, bool afterTransfer_) external {
        target = target_;
        payload = payload_;
        afterTransfer = afterTransfer_;
    }

    function _update(address from, address to, uint256 value) internal override {
        bool reenters = target != address(0) && from != address(0) && to != address(0);
        if (reenters && !afterTransfer) _reenter();
        super._update(from, to, value);
        if (reenters && afterTransfer) _reenter();
    }

    function _reenter() private {
        address callee = target;
        // One call for each arming: what it calls may move this token again.
        target = address(0);
        ++calls;
        (succeeded, answer) = callee.call(payload);
        target = callee;
    }
}
