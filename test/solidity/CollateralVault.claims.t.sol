// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {LimitedVaultTest} from "./utils/LimitedVaultTest.sol";
import {BlockingToken} from "./utils/mocks/BlockingToken.sol";
import {FalseToken} from "./utils/mocks/FalseToken.sol";
import {Errors} from "../../contracts/base/Errors.sol";
import {ICollateralVault} from "../../contracts/interfaces/ICollateralVault.sol";
import {TokenState} from "../../contracts/types/TokenState.sol";

/// @title CollateralVaultClaimsTest
/// @notice What a token refuses to pay, and what exceeds its outflow limit, is owed and not lost.
contract CollateralVaultClaimsTest is LimitedVaultTest {
    /// @dev Whether the vault looks for claims when the token comes in: two slots that are spared while nobody waits.
    function _looksForClaims() private view returns (bool) {
        bytes32 slot = keccak256(abi.encode(token, 1)); // snapshots/storage.json
        return TokenState.wrap(uint256(vm.load(address(vault), slot))).hasClaims();
    }

    /// @dev Promise 3, and how much of it claims are.
    function _assertOwed(uint256 queued, uint256 claimable) private view {
        (uint256 foundQueued, uint256 foundClaimable, , ) = vault.claimsOf(address(token));
        assertEq(foundQueued, queued, "queued");
        assertEq(foundClaimable, claimable, "claimable");
        (uint256 total, uint256 reserved, , ) = vault.totalsOf(address(token));
        assertEq(token.balanceOf(address(vault)), total + reserved + queued + claimable, "promise 3");
    }

    /*//////////////////////////////////////////////////////////////////////////
                                      THE SETTING
    //////////////////////////////////////////////////////////////////////////*/

    function test_setOutflowLimit_Bounds() public {
        vm.startPrank(governance);
        uint16[2] memory wrong = [uint16(499), 10_001];
        uint16[2] memory bounds = [uint16(500), 10_000];
        for (uint256 i; i < 2; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    Errors.CollateralVault_ParameterOutOfBounds.selector,
                    bytes32("limitBps"),
                    wrong[i],
                    bounds[i]
                )
            );
            vault.setOutflowLimit(address(token), wrong[i]);
            vm.expectEmit(address(vault));
            emit ICollateralVault.OutflowLimitSet(address(token), bounds[i]);
            vault.setOutflowLimit(address(token), bounds[i]);
        }
        vault.setOutflowLimit(address(token), 0);
        assertEq(_room(), type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(Errors.CollateralVault_UnknownToken.selector, alice));
        vault.setOutflowLimit(alice, 500);
        vm.stopPrank();
        expectStrangerRefused();
        vault.setOutflowLimit(address(token), 500);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       THE LIMIT
    //////////////////////////////////////////////////////////////////////////*/

    function test_send_WhatExceedsTheLimitWaits() public {
        assertEq(_room(), 200e18);
        vm.expectEmit(address(vault));
        emit ICollateralVault.ClaimQueued(address(token), 0, alice, bob, 50e18);
        assertEq(vault.send(address(token), alice, bob, 250e18), 200e18);
        assertEq(token.balanceOf(bob), 200e18);
        _assertOwed(50e18, 0);
        (address owner, address receiver, uint256 amount) = vault.claimAt(address(token), 0);
        assertEq(owner, alice);
        assertEq(receiver, bob);
        assertEq(amount, 50e18);
        (uint256 total, , , ) = vault.totalsOf(address(token));
        assertEq(total, 750e18);
    }

    /// @dev However it is cut, no more leaves in a block; small pieces go unseen only while there is room.
    function testFuzz_send_InPiecesNoMoreThanAtOnce(uint256 seed) public {
        uint256 left;
        for (uint256 i; i < 60; ++i) {
            uint256 piece = 1e15 + (uint256(keccak256(abi.encode(seed, i))) % 30e18);
            (uint256 total, , , ) = vault.totalsOf(address(token));
            if (piece > total) break;
            left += _send(alice, piece);
        }
        // Dust has a hundredth of the base for itself.
        assertLe(left, 210e18);
        (uint256 queued, , , ) = vault.claimsOf(address(token));
        _assertOwed(queued, 0);
    }

    function test_send_RoomComesBackWithTime() public {
        _send(alice, 200e18);
        assertEq(_room(), 0);
        skip(12 hours);
        // The base fell to 900: a fifth of it, less the hundred that it still stands above.
        assertEq(_room(), 80e18);
        skip(12 hours);
        assertEq(_room(), 160e18);
    }

    function test_pull_GivesRoomBack() public {
        _send(alice, 200e18);
        _pull(120e18);
        assertEq(_room(), 120e18);
        assertEq(_send(alice, 130e18), 120e18);
        vault.pullToReserve(account, address(token), alice, 100e18);
        assertEq(_room(), 0);
        // Behind the claim of before it stands as if nobody waited: what is held is what counts.
        vault.moveFromReserve(account, 1, 30e18);
        assertEq(_room(), 30e18);
    }

    /// @dev What waits is held: after two days the base is 800, of which 160 may leave beside the token that came since.
    function test_pull_WhatWaitsIsHeld() public {
        _send(alice, 250e18);
        skip(2 days);
        _pull(1e18);
        assertEq(_room(), 161e18);
    }

    /// @dev Tokens that come and go within a block take nobody's room, whatever their size.
    function testFuzz_send_AVisitTakesNoRoom(uint256 amount, uint256 quiet) public {
        amount = bound(amount, 60e18, 900_000e18);
        skip(bound(quiet, 0, 30 days));
        uint256 before = _room();
        _pull(amount);
        assertEq(_send(alice, amount), amount);
        assertEq(_room(), before);
    }

    /// @dev A visit below a twentieth may go unseen, and then take a twentieth at most.
    function test_send_ASmallVisitTakesATwentiethAtMost() public {
        skip(30 days);
        _pull(40e18);
        _send(alice, 40e18);
        _send(alice, 1e15);
        assertGe(_room(), 150e18);
    }

    function test_reserve_IsNotLimited() public {
        vault.pullToReserve(account, address(token), alice, 500e18);
        _send(alice, 300e18);
        _assertOwed(100e18, 0);
        vault.sendFromReserve(account, address(token), bob, 500e18);
        assertEq(token.balanceOf(bob), 500e18);
        _assertOwed(100e18, 0);
    }

    /// @dev Or it would be the way around the limit.
    function test_moveToReserve_IsLimited() public {
        assertEq(vault.moveToReserve(account, 1, 250e18), 200e18);
        assertEq(vault.reserveOf(account, 1), 200e18);
        _assertOwed(50e18, 0);
        (address owner, address receiver, ) = vault.claimAt(address(token), 0);
        assertEq(owner, alice);
        assertEq(receiver, alice);
        assertEq(vault.moveToReserve(account, 1, 50e18), 0);
        assertEq(vault.reserveOf(account, 1), 200e18);
        _assertOwed(100e18, 0);
    }

    function test_send_AClaimIsNoLessThanTheMinimum() public {
        // All but a third of the minimum has room: a whole minimum waits.
        assertEq(_send(alice, 200e18 + 3e14), 200e18 - 7e14);
        _assertOwed(1e15, 0);
    }

    function test_send_DustIsPaidAtOnceUpToItsShare() public {
        _minimum(address(token), 65_000);
        _send(alice, 210e18);
        _assertOwed(10e18, 0);
        // A hundredth of a thousand, in pieces below the minimum of 6.5.
        assertEq(_send(bob, 6e18), 6e18);
        assertEq(_send(bob, 4e18), 4e18);
        assertEq(_send(bob, 1e18), 0);
        _assertOwed(11e18, 0);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       THE QUEUE
    //////////////////////////////////////////////////////////////////////////*/

    function test_payClaims_InTheirOrderAsThereIsRoom() public {
        _send(alice, 250e18);
        assertEq(_send(bob, 30e18), 0);
        assertEq(_send(carol, 10e18), 0);
        _assertOwed(90e18, 0);
        assertEq(vault.payClaims(address(token), 10), 0);
        skip(6 hours);
        // The base is 950: it has room for 40, and the first is paid in part.
        vm.expectEmit(address(vault));
        emit ICollateralVault.ClaimServed(address(token), 0, 40e18);
        assertEq(vault.payClaims(address(token), 10), 1);
        assertEq(token.balanceOf(alice), uint256(type(uint128).max) - 1_000e18 + 240e18);
        _assertOwed(50e18, 0);
        skip(1 days);
        assertEq(vault.payClaims(address(token), 2), 2);
        assertEq(token.balanceOf(bob), 30e18);
        assertEq(token.balanceOf(carol), 0);
        assertEq(vault.payClaims(address(token), 2), 1);
        assertEq(token.balanceOf(carol), 10e18);
        _assertOwed(0, 0);
        assertFalse(_looksForClaims());
        for (uint256 number; number < 3; ++number) {
            (address owner, address receiver, uint256 amount) = vault.claimAt(address(token), number);
            assertEq(owner, address(0));
            assertEq(receiver, address(0));
            assertEq(amount, 0);
        }
        assertEq(vault.payClaims(address(token), 2), 0);
        // Nobody waits: what is small goes as before.
        assertEq(_send(bob, 1e18), 1e18);
    }

    function test_payClaims_WhoeverIsBlockedHoldsUpNobody() public {
        _send(alice, 200e18);
        _send(bob, 20e18);
        _send(carol, 20e18);
        token.setBlocked(bob, true);
        skip(1 days);
        assertEq(vault.payClaims(address(token), 10), 2);
        assertEq(token.balanceOf(carol), 20e18);
        assertEq(vault.claimableOf(bob, address(token)), 20e18);
        _assertOwed(0, 20e18);
        assertEq(vault.claim(bob, address(token), carol), 20e18);
        assertEq(token.balanceOf(carol), 40e18);
        _assertOwed(0, 0);
    }

    function test_payClaims_WithoutLimitPaysAll() public {
        _send(alice, 900e18);
        _limit(0);
        assertEq(vault.payClaims(address(token), 10), 1);
        _assertOwed(0, 0);
        vm.expectRevert(abi.encodeWithSelector(Errors.CollateralVault_UnknownToken.selector, alice));
        vault.payClaims(alice, 1);
    }

    /// @dev Claims are no surplus that a fee on the way could hide behind.
    function test_pull_ClaimsCountAmongWhatIsOwed() public {
        _send(alice, 300e18);
        token.setBlocked(bob, true);
        vault.pay(address(token), bob, 1e15);
        // A token that lost what it held.
        vm.prank(address(vault));
        token.transfer(carol, 1);
        (uint256 total, uint256 reserved, , ) = vault.totalsOf(address(token));
        (uint256 queued, uint256 claimable, , ) = vault.claimsOf(address(token));
        uint256 owed = total + reserved + queued + claimable + 1e18;
        vm.expectRevert(
            abi.encodeWithSelector(Errors.CollateralVault_TooLittleArrived.selector, address(token), owed - 1, owed)
        );
        _pull(1e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                   REFUSED PAYMENTS
    //////////////////////////////////////////////////////////////////////////*/

    function test_pay_WhatIsRefusedMayBeFetched() public {
        token.setBlocked(bob, true);
        vm.expectEmit(address(vault));
        emit ICollateralVault.ClaimableChanged(bob, address(token), 5e18);
        vault.pay(address(token), bob, 5e18);
        vault.pay(address(token), bob, 2e18);
        _assertOwed(0, 7e18);
        vm.expectRevert(abi.encodeWithSelector(BlockingToken.BlockingToken_Blocked.selector, bob));
        vault.claim(bob, address(token), bob);
        vm.expectRevert(abi.encodeWithSelector(Errors.CollateralVault_NothingToClaim.selector, alice, address(token)));
        vault.claim(alice, address(token), alice);
        assertTrue(_looksForClaims());
        assertEq(vault.claim(bob, address(token), carol), 7e18);
        assertEq(token.balanceOf(carol), 7e18);
        _assertOwed(0, 0);
        assertFalse(_looksForClaims());
    }

    function test_pay_ATokenThatAnswersFalse() public {
        FalseToken liar = new FalseToken(18);
        _list(address(liar));
        vault.pull(address(liar), alice, 10e18, false);
        liar.setRefusing(true);
        vault.pay(address(liar), bob, 4e18);
        assertEq(vault.claimableOf(bob, address(liar)), 4e18);
        liar.setRefusing(false);
        vault.pay(address(liar), bob, 4e18);
        assertEq(liar.balanceOf(bob), 4e18);
        vault.claim(bob, address(liar), bob);
        assertEq(liar.balanceOf(bob), 8e18);
    }

    /// @dev Whoever gives too little gas makes the whole call fail, not the transfer alone.
    function testFuzz_pay_LittleGasMakesNoClaim(uint256 gasLimit) public {
        gasLimit = bound(gasLimit, 21_000, 200_000);
        try vault.pay{gas: gasLimit}(address(token), bob, 5e18) {
            assertEq(token.balanceOf(bob), 5e18);
        } catch {}
        assertEq(vault.claimableOf(bob, address(token)), 0);
    }
}
