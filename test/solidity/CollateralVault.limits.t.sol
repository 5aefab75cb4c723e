// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {LimitedVaultTest} from "./utils/LimitedVaultTest.sol";
import {TestToken} from "./utils/mocks/TestToken.sol";
import {Errors} from "../../contracts/base/Errors.sol";

/// @title CollateralVaultLimitsTest
/// @notice The outflow limit where two of its rules meet, and that claims count among what is owed for as long as there are any.
contract CollateralVaultLimitsTest is LimitedVaultTest {
    function _queued() private view returns (uint256 queued) {
        (queued, , , ) = vault.claimsOf(address(token));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         THE ROOM
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Setting a limit anew gives back no room that was used.
    function test_setOutflowLimit_AnotherStartsFromWhatWas() public {
        _send(alice, 200e18);
        _limit(2_000);
        assertEq(_room(), 0);
        _limit(3_000);
        assertEq(_room(), 100e18);
    }

    /// @dev Nothing that moves is counted as nothing, though there be nothing that it could be a part of.
    function test_NothingMovesWhereThereIsNothing() public {
        TestToken empty = new TestToken("EMPTY", 18);
        vm.startPrank(governance);
        vault.list(address(empty));
        vault.setOutflowLimit(address(empty), 2_000);
        vm.stopPrank();
        vault.moveFromReserve(account, 2, 0);
        assertEq(vault.send(address(empty), alice, alice, 0), 0);
    }

    /// @dev Thirteen parts of 256 go unseen: the base then follows what is held since as if it had been held all along.
    function test_pull_ThirteenPartsAreNotLookedAt() public {
        _pull(1e15);
        skip(1 hours);
        uint256 state = vm.snapshotState();
        _pull(50e18);
        // Up by 1,050.001 / 24, of which a fifth may leave.
        uint256 base = 1_000e18 + uint256(1_050.001e18) / 24 + 1;
        assertApproxEqAbs(_room(), 1_050.001e18 - (base * 4) / 5, 2);
        vm.revertToState(state);
        // Fourteen are looked at: only then the base begins to rise.
        _pull(54e18);
        assertApproxEqAbs(_room(), 1_054.001e18 - (uint256(1_000.001e18) * 4) / 5, 2);
    }

    function test_send_ThirteenPartsAreNotLookedAt() public {
        _pull(1e15);
        skip(1 hours);
        uint256 state = vm.snapshotState();
        _send(alice, 50e18);
        // Down by a fifth of itself in a day.
        uint256 base = 1_000e18 - uint256(200e18) / 24;
        assertApproxEqAbs(_room(), 950.001e18 - (base * 4) / 5, 2);
        vm.revertToState(state);
        _send(alice, 52e18);
        assertApproxEqAbs(_room(), 948.001e18 - (uint256(1_000.001e18) * 4) / 5, 2);
    }

    /// @dev Whoever waits is served first: what came in since is his.
    function test_send_BehindAClaimNothingLeavesThoughThereIsRoom() public {
        _send(alice, 250e18);
        _pull(120e18);
        assertEq(_room(), 120e18);
        assertEq(_send(bob, 30e18), 0);
        assertEq(_queued(), 80e18);
    }

    /// @dev Dust was paid beyond the limit; what comes next waits whole.
    function test_send_BelowTheFloorAllWaits() public {
        _minimum(address(token), 65_000);
        _send(alice, 200e18);
        assertEq(_send(bob, 6e18), 6e18);
        assertEq(_room(), 0);
        assertEq(_send(alice, 20e18), 0);
        assertEq(_queued(), 20e18);
    }

    /// @dev There is room for two of the smallest claim that may wait: all of it waits.
    function test_send_TheLeastClaimWaitsWhole() public {
        _minimum(address(token), 65_000);
        _send(alice, 198e18);
        assertEq(_room(), 2e18);
        assertEq(_send(bob, 6.5e18), 0);
        assertEq(_queued(), 6.5e18);
    }

    /// @dev Of a base of a thousand tokens and fifty units the dust's share is ten tokens, and half a unit that is none.
    function test_send_TheDustsShareRoundsDown() public {
        _limit(0);
        _minimum(address(token), 0);
        _pull(50);
        _limit(2_000);
        _minimum(address(token), 65_000);
        assertEq(_send(alice, 200e18 + 10), 200e18 + 10);
        assertEq(_room(), 0);
        assertEq(_send(bob, 6e18), 6e18);
        uint256 state = vm.snapshotState();
        assertEq(_send(bob, 4e18 + 1), 0);
        vm.revertToState(state);
        assertEq(_send(bob, 4e18), 4e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        THE QUEUE
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev A minimum that was raised meanwhile keeps nobody waiting for what he is owed.
    function test_payClaims_TheRestIsPaidHoweverSmall() public {
        _send(alice, 205e18);
        _minimum(address(token), 65_000);
        skip(1 days);
        assertEq(vault.payClaims(address(token), 1), 1);
        assertEq(_queued(), 0);
    }

    function test_payClaims_APartIsAtLeastTheMinimum() public {
        _send(alice, 250e18);
        _minimum(address(token), 20);
        _pull(2e15);
        assertEq(_room(), 2e15);
        uint256 state = vm.snapshotState();
        assertEq(vault.payClaims(address(token), 1), 1);
        assertEq(_queued(), 50e18 - 2e15);
        vm.revertToState(state);
        _minimum(address(token), 21);
        assertEq(vault.payClaims(address(token), 1), 0);
        assertEq(_queued(), 50e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                 CLAIMS COUNT WHILE THEY LAST
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev A token of which a unit is lost brings no deposit through while anything of it is owed.
    function _assertCounted() private {
        uint256 state = vm.snapshotState();
        vm.prank(address(vault));
        token.transfer(carol, 1);
        vm.expectPartialRevert(Errors.CollateralVault_TooLittleArrived.selector);
        _pull(1e18);
        vm.revertToState(state);
    }

    function test_payClaims_WhatStillWaitsIsOwed() public {
        _send(alice, 250e18);
        skip(6 hours);
        assertEq(vault.payClaims(address(token), 10), 1);
        assertEq(_queued(), 10e18);
        _assertCounted();
    }

    function test_payClaims_WhatIsToBeFetchedIsOwed() public {
        _send(alice, 200e18);
        _send(bob, 20e18);
        token.setBlocked(bob, true);
        skip(1 days);
        assertEq(vault.payClaims(address(token), 10), 1);
        assertEq(_queued(), 0);
        _assertCounted();
    }

    function test_claim_WhatOthersHaveToFetchIsOwed() public {
        token.setBlocked(bob, true);
        token.setBlocked(carol, true);
        vault.pay(address(token), bob, 5e18);
        vault.pay(address(token), carol, 2e18);
        token.setBlocked(carol, false);
        vault.claim(bob, address(token), alice);
        _assertCounted();
    }

    function test_claim_WhatWaitsIsOwed() public {
        token.setBlocked(bob, true);
        vault.pay(address(token), bob, 5e18);
        _send(alice, 250e18);
        assertGt(_queued(), 0);
        vault.claim(bob, address(token), alice);
        _assertCounted();
    }
}
