// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {console} from "forge-std/console.sol";

import {Book} from "./Book.sol";
import {Campaign} from "./Campaign.sol";

/// @title WalkTest
/// @notice One long walk through the same actions. A fuzzer's campaign keeps nothing from one run to the next, so it cannot
/// say that an action never succeeded; this can, and does.
contract WalkTest is Campaign {
    uint256 private constant STEPS = 2_000;
    /// @dev Between looks at all accounts; what an action touched is looked at after each.
    uint256 private constant LOOK_EVERY = 100;
    bytes32 private constant SEED = keccak256("ballast");

    function test_WalkDoesEverythingAndKeepsItsPromises() public {
        uint256[] memory lot = _lot();
        for (uint256 i; i < STEPS; ++i) {
            uint256 word = uint256(keccak256(abi.encode(SEED, i)));
            this.step(lot[word % lot.length], word);
            if (i % LOOK_EVERY == 0) this.checkAllPromises();
            else this.checkPromises();
        }
        this.checkAllPromises();
        _report();
        checkEverybodyCanLeave();
        _assertAllDone();
    }

    /// @dev In a call of its own, so that memory is given back.
    function step(uint256 index, uint256 word) external {
        (bool ok, bytes memory answer) = actions[index].target.call(
            abi.encodeWithSelector(
                actions[index].selector,
                keccak256(abi.encode(word, 1)),
                keccak256(abi.encode(word, 2)),
                keccak256(abi.encode(word, 3))
            )
        );
        assertTrue(ok, string.concat(actions[index].name, " reverted with ", vm.toString(answer)));
    }

    /// @dev Each action's number as often as it weighs.
    function _lot() private view returns (uint256[] memory lot) {
        uint256 total;
        for (uint256 i; i < actions.length; ++i) {
            total += actions[i].weight;
        }
        lot = new uint256[](total);
        uint256 at;
        for (uint256 i; i < actions.length; ++i) {
            for (uint256 j; j < actions[i].weight; ++j) {
                lot[at++] = i;
            }
        }
    }

    function _report() private view {
        for (uint256 i; i < actions.length; ++i) {
            Book.Tally memory tally = _tallyOf(actions[i]);
            console.log(actions[i].name, tally.done, "of", tally.tried);
        }
        string[14] memory outcomes = [
            "InBand",
            "NoRisk",
            "NotWorthIt",
            "PriceHalted",
            "Released",
            "ToppedUp",
            "MarginCalled",
            "CallRunning",
            "CallPaused",
            "CallCured",
            "LiquidationOpened",
            "LiquidationOpen",
            "Provisioned",
            "Failed"
        ];
        for (uint256 i; i < outcomes.length; ++i) {
            console.log("outcome", outcomes[i], keepers.outcomes(i));
        }
        console.log("slices of the insolvent", takers.insolventSlices(), "whole slices", takers.wholeSlices());
        console.log("callbacks", takers.VENUE_TAKER().calls());
        console.log("fills below the initial margin", traders.reliefs(), "signed by operators", traders.byOperators());
        console.log("fills tried without a price", traders.darkAttempts());
        console.log("pauses", pauses.levels(1), pauses.levels(2), pauses.levels(3));
        console.log("batches that would have ended short", batches.short());
        for (uint256 i; i < 12; ++i) {
            console.log("coalition's move", i, coalition.made(i));
        }
        console.log("the coalition's bounties", coalition.bounties());
        console.log("prices halted, degraded, live", market.statuses(0), market.statuses(1), market.statuses(2));
        for (uint256 i; i < 13; ++i) {
            if (market.faults(i) != 0) console.log("fault", i, market.faults(i));
        }
        console.log("losses socialised", book.socialisedInAll());
    }

    function _assertAllDone() private view {
        for (uint256 i; i < actions.length; ++i) {
            assertGt(_tallyOf(actions[i]).done, 0, string.concat("never done: ", actions[i].name));
        }
    }
}
