// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {StdInvariant} from "forge-std/StdInvariant.sol";

import {Campaign} from "./Campaign.sol";

/// @title CampaignTest
/// @notice Sequences of actions that the fuzzer chooses, and shrinks when a promise breaks.
/// @dev The fuzzer knows a handler by its artifact: who runs this file alone after changing handlers names them too, as in
/// `npx hardhat test solidity test/solidity/invariant/Campaign.t.sol test/solidity/invariant/handlers/*.sol`.
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
