// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {StdInvariant} from "forge-std/StdInvariant.sol";

import {Campaign} from "./Campaign.sol";

/// @title CampaignTest
/// @notice Sequences of actions that the fuzzer chooses, and shrinks when a promise breaks.
contract CampaignTest is Campaign {
    function setUp() public override {
        super.setUp();
        for (uint256 i; i < actions.length; ++i) {
            bytes4[] memory one = new bytes4[](1);
            one[0] = actions[i].selector;
            targetSelector(StdInvariant.FuzzSelector({addr: actions[i].target, selectors: one}));
            targetContract(actions[i].target);
        }
    }

    function invariant_PromisesHold() public view {
        checkPromises();
    }

    function afterInvariant() public {
        checkEverybodyCanLeave();
    }
}
