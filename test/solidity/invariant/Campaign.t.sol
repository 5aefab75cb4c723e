// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {StdInvariant} from "forge-std/StdInvariant.sol";

import {Campaign} from "./Campaign.sol";

/// @dev The fuzzer knows a handler by its artifact: who runs this file alone after changing handlers names them too, as in
/// `npx hardhat test solidity test/solidity/invariant/Campaign.t.sol test/solidity/invariant/handlers/*.sol`.
abstract contract FuzzedCampaign is Campaign {
    function setUp() public override {
        super.setUp();
        for (uint256 i; i < actions.length; ++i) {
            if (!_takes(actions[i])) continue;
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
        checkAllPromises();
        checkEverybodyCanLeave();
    }

    function _takes(Action storage action) internal view virtual returns (bool);
}

/// @title CampaignTest
/// @notice Sequences of all actions that the fuzzer chooses, and shrinks when a promise breaks.
contract CampaignTest is FuzzedCampaign {
    function _takes(Action storage) internal pure override returns (bool) {
        return true;
    }
}

/// @title TradingCampaignTest
/// @notice Sequences of those actions by which money moves at prices that move: a second campaign, so that a long one has work for
/// two cores and goes deeper where most can go wrong.
contract TradingCampaignTest is FuzzedCampaign {
    function _takes(Action storage action) internal view override returns (bool) {
        address target = action.target;
        if (target == address(market)) return action.weight > 1;
        return
            target == address(owners) ||
            target == address(traders) ||
            target == address(keepers) ||
            target == address(takers) ||
            target == address(coalition) ||
            target == address(losses);
    }
}
