// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {BaseTest} from "./utils/BaseTest.sol";
import {BlockingToken} from "./utils/mocks/BlockingToken.sol";
import {FalseToken} from "./utils/mocks/FalseToken.sol";
import {FeeToken} from "./utils/mocks/FeeToken.sol";
import {LyingToken} from "./utils/mocks/LyingToken.sol";
import {NoReturnToken} from "./utils/mocks/NoReturnToken.sol";
import {ReentrantToken} from "./utils/mocks/ReentrantToken.sol";
import {TestToken} from "./utils/mocks/TestToken.sol";
import {Errors} from "../../contracts/base/Errors.sol";
import {ICollateralVault} from "../../contracts/interfaces/ICollateralVault.sol";
import {AccountId, toAccountId} from "../../contracts/types/AccountId.sol";

contract CollateralVaultTest is BaseTest {
    uint32 private constant CAP = 1_000;
    uint256 private constant MAX_TOTAL = (1 << 92) - 1;

    /// @dev This contract stands for the margin account: it created the vault.
    ICollateralVault private vault;
    TestToken private quote;
    TestToken private token;
    address private authority;
    address private immutable alice = makeAddr("alice");
    address private immutable bob = makeAddr("bob");
    AccountId private account = toAccountId(makeAddr("alice"), 1);

    function setUp() public {
        quote = new TestToken("QUOTE", 6);
        token = new TestToken("TOKEN", 18);
        authority = deployAuthority();
        vault = _newVault(authority, address(quote));
        _list(address(token));
        _fund(address(token), alice);
    }

    function _newVault(address authority_, address quoteToken) private returns (ICollateralVault) {
        return ICollateralVault(_deployed(ROOT, "CollateralVault", abi.encode(authority_, quoteToken)));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       LISTING
    //////////////////////////////////////////////////////////////////////////*/

    function test_constructor_TiesTheVaultToItsCreatorAndListsTheQuote() public {
        vm.expectEmit();
        emit ICollateralVault.TokenListed(address(quote), 0, 6);
        ICollateralVault fresh = _newVault(authority, address(quote));
        assertEq(fresh.marginAccount(), address(this));
        assertEq(fresh.listedCount(), 1);
        assertEq(fresh.tokenOf(0), address(quote));
        assertEq(fresh.numberOf(address(quote)), 0);
    }

    function test_constructor_RevertWhen_QuoteHasMoreThanEightDecimals() public {
        TestToken eight = new TestToken("Q8", 8);
        _newVault(authority, address(eight));
        TestToken nine = new TestToken("Q9", 9);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.CollateralVault_UnsupportedDecimals.selector, address(nine), 9, 8)
        );
        _newVault(authority, address(nine));
    }

    function test_list_GivesTheNextNumberAndNoCap() public {
        TestToken next = new TestToken("NEXT", 8);
        vm.expectEmit(address(vault));
        emit ICollateralVault.TokenListed(address(next), 2, 8);
        vm.prank(governance);
        assertEq(vault.list(address(next)), 2);
        assertEq(vault.tokenOf(2), address(next));
        assertEq(vault.numberOf(address(next)), 2);
        assertEq(vault.listedCount(), 3);
        (uint256 total, uint256 reserved, uint256 cap, uint256 minimum) = vault.totalsOf(address(next));
        assertEq(total | reserved | cap, 0);
        assertEq(minimum, 1);
        assertEq(vault.tokenOf(3), address(0));
    }

    function test_list_RevertWhen_Stranger() public {
        expectStrangerRefused();
        vault.list(address(quote));
    }

    function test_list_RevertWhen_ListedOrZero() public {
        _expectCannotList(address(token), 2);
        vault.list(address(token));
        _expectCannotList(address(quote), 2);
        vault.list(address(quote));
        _expectCannotList(address(0), 2);
        vault.list(address(0));
    }

    function test_list_RevertWhen_TheListIsFull() public {
        for (uint160 i = 2; i < 255; ++i) {
            address next = address(0x10000 + i);
            vm.mockCall(next, abi.encodeCall(IERC20Metadata.decimals, ()), abi.encode(18));
            vm.prank(governance);
            assertEq(vault.list(next), i);
        }
        assertEq(vault.listedCount(), 255);
        address last = address(new TestToken("LAST", 18));
        _expectCannotList(last, 255);
        vault.list(last);
    }

    function test_list_Decimals() public {
        address eighteen = address(new TestToken("D18", 18));
        vm.prank(governance);
        vault.list(eighteen);
        address none = address(new TestToken("D0", 0));
        vm.prank(governance);
        vault.list(none);
        address nineteen = address(new TestToken("D19", 19));
        vm.prank(governance);
        vm.expectRevert(abi.encodeWithSelector(Errors.CollateralVault_UnsupportedDecimals.selector, nineteen, 19, 18));
        vault.list(nineteen);
    }

    function _expectCannotList(address which, uint256 listed) private {
        vm.prank(governance);
        vm.expectRevert(abi.encodeWithSelector(Errors.CollateralVault_CannotList.selector, which, listed, 255));
    }

    function test_setLimits_EmitsAndIsRead() public {
        vm.expectEmit(address(vault));
        emit ICollateralVault.LimitsSet(address(token), 77, 250);
        vm.prank(governance);
        vault.setLimits(address(token), 77, 250);
        (, , uint256 cap, uint256 minimum) = vault.totalsOf(address(token));
        assertEq(cap, 77e18);
        assertEq(minimum, 0.025e18);
    }

    function test_setLimits_RevertWhen_StrangerOrUnknown() public {
        expectStrangerRefused();
        vault.setLimits(address(token), 1, 1);
        vm.prank(governance);
        _expectUnknown(alice);
        vault.setLimits(alice, 1, 1);
    }

    function test_setLimits_MinimumRoundsDownButNeverToNothing() public {
        TestToken coarse = new TestToken("CENTS", 2);
        _list(address(coarse));
        // 1.5 cents, 0.5 of a cent, nothing
        assertEq(_minimum(address(coarse), 150), 1);
        assertEq(_minimum(address(coarse), 250), 2);
        assertEq(_minimum(address(coarse), 50), 1);
        assertEq(_minimum(address(coarse), 0), 1);
        assertEq(_minimum(address(token), type(uint16).max), 6.5535e18);
    }

    function _minimum(address which, uint16 minimumE4) private returns (uint256 minimum) {
        vm.prank(governance);
        vault.setLimits(which, CAP, minimumE4);
        (, , , minimum) = vault.totalsOf(which);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                      STRANGERS
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Neither a stranger nor governance moves a token.
    function test_RevertWhen_NotTheMarginAccount() public {
        address[2] memory callers = [stranger, governance];
        for (uint256 i; i < 2; ++i) {
            vm.startPrank(callers[i]);
            _expectNotMarginAccount(callers[i]);
            vault.pull(address(token), alice, 1, true);
            _expectNotMarginAccount(callers[i]);
            vault.send(address(token), alice, alice, 0);
            _expectNotMarginAccount(callers[i]);
            vault.pay(address(token), alice, 0);
            _expectNotMarginAccount(callers[i]);
            vault.payClaims(address(token), 1);
            _expectNotMarginAccount(callers[i]);
            vault.claim(alice, address(token), alice);
            _expectNotMarginAccount(callers[i]);
            vault.pullToReserve(account, address(token), alice, 1);
            _expectNotMarginAccount(callers[i]);
            vault.sendFromReserve(account, address(token), alice, 0);
            _expectNotMarginAccount(callers[i]);
            vault.moveToReserve(account, 1, 0);
            _expectNotMarginAccount(callers[i]);
            vault.moveFromReserve(account, 1, 0);
            vm.stopPrank();
        }
    }

    function _expectNotMarginAccount(address caller) private {
        vm.expectRevert(abi.encodeWithSelector(Errors.CollateralVault_NotMarginAccount.selector, caller));
    }

    function test_RevertWhen_UnknownToken() public {
        address unknown = address(new TestToken("UNKNOWN", 18));
        _expectUnknown(unknown);
        vault.pull(unknown, alice, 1, true);
        _expectUnknown(unknown);
        vault.pullToReserve(account, unknown, alice, 1);
        _expectUnknown(unknown);
        vault.sendFromReserve(account, unknown, alice, 1);
        _expectUnknown(unknown);
        vault.numberOf(unknown);
        _expectUnknown(unknown);
        vault.totalsOf(unknown);
        vm.expectRevert(abi.encodeWithSelector(Errors.CollateralVault_InsufficientTotal.selector, unknown, 0, 1));
        vault.send(unknown, alice, alice, 1);
    }

    function _expectUnknown(address which) private {
        vm.expectRevert(abi.encodeWithSelector(Errors.CollateralVault_UnknownToken.selector, which));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                     PULL AND PUSH
    //////////////////////////////////////////////////////////////////////////*/

    function test_pull_CountsAndTakes() public {
        assertEq(vault.pull(address(token), alice, 5e18, false), 1);
        _assertTotals(address(token), 5e18, 0);
        assertEq(token.balanceOf(address(vault)), 5e18);
    }

    function test_pull_Minimum() public {
        _minimum(address(token), 10_000);
        vault.pull(address(token), alice, 1e18, false);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.CollateralVault_BelowMinimum.selector, address(token), 1e18 - 1, 1e18)
        );
        vault.pull(address(token), alice, 1e18 - 1, false);
        // No exemption from it: dust is what a stranger would park.
        vm.expectRevert(
            abi.encodeWithSelector(Errors.CollateralVault_BelowMinimum.selector, address(token), 1e18 - 1, 1e18)
        );
        vault.pull(address(token), alice, 1e18 - 1, true);
    }

    /// @dev A unit and a half of a token with two decimals is a unit.
    function test_pull_MinimumRoundsDown() public {
        TestToken coarse = new TestToken("COARSE", 2);
        vm.startPrank(governance);
        vault.list(address(coarse));
        vault.setLimits(address(coarse), 1_000, 150);
        vm.stopPrank();
        coarse.mint(alice, 10);
        vm.prank(alice);
        coarse.approve(address(vault), 10);
        vault.pull(address(coarse), alice, 1, false);
    }

    function test_pull_RevertWhen_Nothing() public {
        _minimum(address(token), 0);
        vm.expectRevert(abi.encodeWithSelector(Errors.CollateralVault_BelowMinimum.selector, address(token), 0, 1));
        vault.pull(address(token), alice, 0, false);
    }

    function test_pull_Cap() public {
        vault.pull(address(token), alice, 400e18, false);
        vault.pull(address(token), alice, 600e18, false);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.CollateralVault_AboveCap.selector, address(token), 1_000e18 + 1e15, 1_000e18)
        );
        vault.pull(address(token), alice, 1e15, false);
        vault.pull(address(token), alice, 1e15, true);
        _assertTotals(address(token), 1_000e18 + 1e15, 0);
        // What left makes room.
        vault.send(address(token), alice, alice, 2e15);
        vault.pull(address(token), alice, 1e15, false);
    }

    function test_pull_CapOfZeroRefusesAll() public {
        vm.prank(governance);
        vault.setLimits(address(token), 0, 0);
        vm.expectRevert(abi.encodeWithSelector(Errors.CollateralVault_AboveCap.selector, address(token), 1, 0));
        vault.pull(address(token), alice, 1, false);
    }

    function test_pull_ReservesDoNotFillTheCap() public {
        vault.pullToReserve(account, address(token), alice, 5_000e18);
        vault.pull(address(token), alice, 1_000e18, false);
        _assertTotals(address(token), 1_000e18, 5_000e18);
    }

    function test_pull_RevertWhen_TotalOverflows() public {
        vault.pull(address(token), alice, MAX_TOTAL, true);
        vm.expectRevert(
            abi.encodeWithSelector(
                Errors.CollateralVault_TotalOverflow.selector,
                address(token),
                MAX_TOTAL + 1e15,
                MAX_TOTAL
            )
        );
        vault.pull(address(token), alice, 1e15, true);
    }

    function test_send_PaysOutOfTheTotal() public {
        vault.pull(address(token), alice, 5e18, false);
        vault.send(address(token), alice, bob, 2e18);
        assertEq(token.balanceOf(bob), 2e18);
        _assertTotals(address(token), 3e18, 0);
        vault.send(address(token), alice, bob, 3e18);
        _assertTotals(address(token), 0, 0);
    }

    function test_send_RevertWhen_MoreThanTheTotal() public {
        vault.pull(address(token), alice, 5e18, false);
        vault.pullToReserve(account, address(token), alice, 9e18);
        token.mint(address(vault), 9e18);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.CollateralVault_InsufficientTotal.selector, address(token), 5e18, 5e18 + 1)
        );
        vault.send(address(token), alice, bob, 5e18 + 1);
    }

    function test_donation_ChangesNoTotal() public {
        vault.pull(address(token), alice, 5e18, false);
        vault.pullToReserve(account, address(token), alice, 2e18);
        token.mint(address(vault), 1_000e18);
        vm.prank(alice);
        token.transfer(address(vault), 7e18);
        _assertTotals(address(token), 5e18, 2e18);
        assertEq(vault.reserveOf(account, 1), 2e18);
        // Nor does it stand in for a deposit.
        vault.pull(address(token), alice, 1e18, false);
        _assertTotals(address(token), 6e18, 2e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       RESERVES
    //////////////////////////////////////////////////////////////////////////*/

    function test_reserve_ThereAndBack() public {
        vm.expectEmit(address(vault));
        emit ICollateralVault.ReserveChanged(AccountId.unwrap(account), 1, 5e18);
        assertEq(vault.pullToReserve(account, address(token), alice, 5e18), 1);
        _assertTotals(address(token), 0, 5e18);

        vm.expectEmit(address(vault));
        emit ICollateralVault.ReserveChanged(AccountId.unwrap(account), 1, 3e18);
        vault.moveFromReserve(account, 1, 2e18);
        _assertTotals(address(token), 2e18, 3e18);

        vm.expectEmit(address(vault));
        emit ICollateralVault.ReserveChanged(AccountId.unwrap(account), 1, 4e18);
        vault.moveToReserve(account, 1, 1e18);
        _assertTotals(address(token), 1e18, 4e18);

        vm.expectEmit(address(vault));
        emit ICollateralVault.ReserveChanged(AccountId.unwrap(account), 1, 0);
        assertEq(vault.sendFromReserve(account, address(token), bob, 4e18), 1);
        _assertTotals(address(token), 1e18, 0);
        assertEq(token.balanceOf(bob), 4e18);
    }

    /// @dev The first time the vault looks up which token it is; afterwards the reserve says it, also when it was emptied.
    function test_reserve_KnowsItsTokenFromTheFirstMove() public {
        vault.pull(address(token), alice, 5e18, false);
        for (uint256 i; i < 2; ++i) {
            assertEq(vault.moveToReserve(account, 1, 3e18), 3e18);
            _assertTotals(address(token), 2e18, 3e18);
            assertEq(vault.moveToReserve(account, 1, 1e18), 1e18);
            _assertTotals(address(token), 1e18, 4e18);
            vault.moveFromReserve(account, 1, 4e18);
            _assertTotals(address(token), 5e18, 0);
            assertEq(vault.reserveOf(account, 1), 0);
        }
    }

    function test_reserve_IsItsAccountsAlone() public {
        AccountId other = toAccountId(alice, 2);
        vault.pullToReserve(account, address(token), alice, 5e18);
        assertEq(vault.reserveOf(other, 1), 0);
        _expectInsufficientReserve(other, 0, 1);
        vault.sendFromReserve(other, address(token), bob, 1);
        _expectInsufficientReserve(other, 0, 1);
        vault.moveFromReserve(other, 1, 1);
        _expectInsufficientReserve(account, 5e18, 5e18 + 1);
        vault.sendFromReserve(account, address(token), bob, 5e18 + 1);
        _expectInsufficientReserve(account, 5e18, 5e18 + 1);
        vault.moveFromReserve(account, 1, 5e18 + 1);
    }

    function _expectInsufficientReserve(AccountId id, uint256 held, uint256 needed) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                Errors.CollateralVault_InsufficientReserve.selector,
                AccountId.unwrap(id),
                address(token),
                held,
                needed
            )
        );
    }

    function test_moveToReserve_RevertWhen_MoreThanTheTotal() public {
        vault.pull(address(token), alice, 5e18, false);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.CollateralVault_InsufficientTotal.selector, address(token), 5e18, 5e18 + 1)
        );
        vault.moveToReserve(account, 1, 5e18 + 1);
        vm.expectRevert(abi.encodeWithSelector(Errors.CollateralVault_InsufficientTotal.selector, address(0), 0, 1));
        vault.moveToReserve(account, 9, 1);
    }

    function test_moveFromReserve_NoCapRefusesIt() public {
        vault.pull(address(token), alice, 1_000e18, false);
        vault.pullToReserve(account, address(token), alice, 5e18);
        vault.moveFromReserve(account, 1, 5e18);
        _assertTotals(address(token), 1_005e18, 0);
    }

    function test_reserve_RevertWhen_ItOverflows() public {
        vault.pullToReserve(account, address(token), alice, MAX_TOTAL);
        vm.expectRevert(
            abi.encodeWithSelector(
                Errors.CollateralVault_TotalOverflow.selector,
                address(token),
                MAX_TOTAL + 1,
                MAX_TOTAL
            )
        );
        vault.pullToReserve(account, address(token), alice, 1);
        vault.pull(address(token), alice, 1e18, true);
        vm.expectRevert(
            abi.encodeWithSelector(
                Errors.CollateralVault_TotalOverflow.selector,
                address(token),
                MAX_TOTAL + 1,
                MAX_TOTAL
            )
        );
        vault.moveToReserve(account, 1, 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                Errors.CollateralVault_TotalOverflow.selector,
                address(token),
                MAX_TOTAL + 1e18,
                MAX_TOTAL
            )
        );
        vault.moveFromReserve(account, 1, MAX_TOTAL);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                    KINDS OF TOKENS
    //////////////////////////////////////////////////////////////////////////*/

    function test_token_FeeOnTransferIsRefused() public {
        FeeToken fee = new FeeToken(18);
        _list(address(fee));
        _fund(address(fee), alice);
        _expectTooLittle(address(fee), 99e18, 100e18);
        vault.pull(address(fee), alice, 100e18, false);
        _expectTooLittle(address(fee), 99e18, 100e18);
        vault.pullToReserve(account, address(fee), alice, 100e18);
        // A surplus that nobody owns may fill the gap, to the unit, and never what is owed to others.
        fee.mint(address(vault), 2e18 - 1);
        vault.pull(address(fee), alice, 100e18, false);
        _expectTooLittle(address(fee), 200e18 - 1, 200e18);
        vault.pullToReserve(account, address(fee), alice, 100e18);
        fee.mint(address(vault), 1);
        vault.pullToReserve(account, address(fee), alice, 100e18);
        _assertTotals(address(fee), 100e18, 100e18);
        fee.setFee(0);
        vault.pull(address(fee), alice, 100e18, false);
        _assertTotals(address(fee), 200e18, 100e18);
    }

    function test_token_WithoutReturnValueIsAccepted() public {
        NoReturnToken silent = new NoReturnToken(6);
        _list(address(silent));
        silent.mint(alice, 100e6);
        vm.prank(alice);
        silent.approve(address(vault), type(uint256).max);
        vault.pull(address(silent), alice, 60e6, false);
        vault.send(address(silent), alice, bob, 10e6);
        vault.pullToReserve(account, address(silent), alice, 40e6);
        vault.sendFromReserve(account, address(silent), bob, 5e6);
        assertEq(silent.balanceOf(bob), 15e6);
        _assertTotals(address(silent), 50e6, 35e6);
    }

    function test_token_ThatAnswersFalseIsRefused() public {
        FalseToken liar = new FalseToken(18);
        _list(address(liar));
        _fund(address(liar), alice);
        vault.pull(address(liar), alice, 5e18, false);
        vault.pullToReserve(account, address(liar), alice, 5e18);
        liar.setRefusing(true);
        _expectSafeERC20(address(liar));
        vault.pull(address(liar), alice, 5e18, false);
        _expectSafeERC20(address(liar));
        vault.send(address(liar), alice, bob, 5e18);
        _expectSafeERC20(address(liar));
        vault.pullToReserve(account, address(liar), alice, 5e18);
        _expectSafeERC20(address(liar));
        vault.sendFromReserve(account, address(liar), bob, 5e18);
        _assertTotals(address(liar), 5e18, 5e18);
    }

    function test_token_ThatMovesNothingIsRefused() public {
        LyingToken idle = new LyingToken(18);
        _list(address(idle));
        _fund(address(idle), alice);
        idle.setIdle(true);
        _expectTooLittle(address(idle), 0, 5e18);
        vault.pull(address(idle), alice, 5e18, false);
    }

    /// @dev A transfer that takes from the vault what others own.
    function test_token_WhoseBalanceFallsIsRefused() public {
        ReentrantToken falling = new ReentrantToken(18);
        _list(address(falling));
        _fund(address(falling), alice);
        vault.pull(address(falling), alice, 50e18, false);
        vm.prank(address(vault));
        falling.approve(address(falling), type(uint256).max);
        falling.arm(address(falling), abi.encodeCall(IERC20.transferFrom, (address(vault), bob, 20e18)), false);
        _expectTooLittle(address(falling), 35e18, 55e18);
        vault.pull(address(falling), alice, 5e18, false);
    }

    function test_token_ThatBringsMoreIsCreditedWithWhatWasAnnounced() public {
        ReentrantToken growing = new ReentrantToken(18);
        _list(address(growing));
        _fund(address(growing), alice);
        growing.arm(address(growing), abi.encodeCall(TestToken.mint, (address(vault), 1)), true);
        vault.pull(address(growing), alice, 5e18, false);
        assertEq(growing.balanceOf(address(vault)), 5e18 + 1);
        _assertTotals(address(growing), 5e18, 0);
    }

    function test_token_ThatReentersIsRefusedAtTheDoor() public {
        ReentrantToken reentrant = new ReentrantToken(18);
        _list(address(reentrant));
        _fund(address(reentrant), alice);
        reentrant.arm(address(vault), abi.encodeCall(ICollateralVault.send, (address(token), alice, bob, 1)), false);
        vault.pull(address(token), alice, 10e18, false);
        vault.pull(address(reentrant), alice, 5e18, false);
        assertEq(reentrant.calls(), 1);
        assertFalse(reentrant.succeeded());
        assertEq(
            reentrant.answer(),
            abi.encodeWithSelector(Errors.CollateralVault_NotMarginAccount.selector, address(reentrant))
        );
        // Totals are written before the token is called, on the way in and out.
        reentrant.arm(address(vault), abi.encodeCall(ICollateralVault.totalsOf, (address(reentrant))), false);
        vault.pull(address(reentrant), alice, 1e18, false);
        assertEq(_answeredTotal(reentrant), 6e18);
        vault.send(address(reentrant), alice, bob, 2e18);
        assertEq(_answeredTotal(reentrant), 4e18);
    }

    function _answeredTotal(ReentrantToken reentrant) private view returns (uint256 total) {
        assertTrue(reentrant.succeeded());
        (total, , , ) = abi.decode(reentrant.answer(), (uint256, uint256, uint256, uint256));
    }

    function test_token_ThatBlocksAReceiverKeepsTheTotals() public {
        BlockingToken blocking = new BlockingToken(18);
        _list(address(blocking));
        _fund(address(blocking), alice);
        vault.pull(address(blocking), alice, 5e18, false);
        vault.pullToReserve(account, address(blocking), alice, 5e18);
        blocking.setBlocked(bob, true);
        vm.expectRevert(abi.encodeWithSelector(BlockingToken.BlockingToken_Blocked.selector, bob));
        vault.send(address(blocking), alice, bob, 1e18);
        vm.expectRevert(abi.encodeWithSelector(BlockingToken.BlockingToken_Blocked.selector, bob));
        vault.sendFromReserve(account, address(blocking), bob, 1e18);
        _assertTotals(address(blocking), 5e18, 5e18);
        vault.send(address(blocking), alice, alice, 5e18);
        vault.sendFromReserve(account, address(blocking), alice, 5e18);
    }

    function _expectTooLittle(address which, uint256 held, uint256 owed) private {
        vm.expectRevert(abi.encodeWithSelector(Errors.CollateralVault_TooLittleArrived.selector, which, held, owed));
    }

    function _expectSafeERC20(address which) private {
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, which));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        A WALK
    //////////////////////////////////////////////////////////////////////////*/

    uint256 private constant STEPS = 40;
    uint256 private constant OWNERS = 3;

    // The model: one number for each account, and one each for what is counted and given.
    uint256[OWNERS] private _reserves;
    uint256 private _total;
    uint256 private _donated;

    /// @dev Promise 3: the balance is at least total and reserves, and reserves add up.
    function testFuzz_walk_BalanceCoversTotalAndReserves(uint256 seed) public {
        for (uint256 i; i < STEPS; ++i) {
            uint256 roll = uint256(keccak256(abi.encode(seed, i)));
            _step(roll % 7, (roll >> 8) % OWNERS, 1e15 + ((roll >> 128) % 1e20));
            uint256 sum;
            for (uint256 owner; owner < OWNERS; ++owner) {
                assertEq(vault.reserveOf(_owner(owner), 1), _reserves[owner]);
                sum += _reserves[owner];
            }
            _assertTotals(address(token), _total, sum);
            assertEq(token.balanceOf(address(vault)), _total + sum + _donated);
        }
    }

    function _step(uint256 kind, uint256 who, uint256 amount) private {
        AccountId owner = _owner(who);
        if (kind == 0) {
            vault.pull(address(token), alice, amount, true);
            _total += amount;
        } else if (kind == 1) {
            if (amount > _total) amount = _total;
            vault.send(address(token), alice, bob, amount);
            _total -= amount;
        } else if (kind == 2) {
            vault.pullToReserve(owner, address(token), alice, amount);
            _reserves[who] += amount;
        } else if (kind == 3) {
            if (amount > _reserves[who]) amount = _reserves[who];
            vault.sendFromReserve(owner, address(token), bob, amount);
            _reserves[who] -= amount;
        } else if (kind == 4) {
            if (amount > _total) amount = _total;
            vault.moveToReserve(owner, 1, amount);
            _total -= amount;
            _reserves[who] += amount;
        } else if (kind == 5) {
            if (amount > _reserves[who]) amount = _reserves[who];
            vault.moveFromReserve(owner, 1, amount);
            _total += amount;
            _reserves[who] -= amount;
        } else {
            token.mint(address(vault), amount);
            _donated += amount;
        }
    }

    function _owner(uint256 who) private view returns (AccountId) {
        return toAccountId(alice, uint96(who));
    }

    function _list(address which) private {
        vm.startPrank(governance);
        vault.list(which);
        vault.setLimits(which, CAP, 10);
        vm.stopPrank();
    }

    function _fund(address which, address holder) private {
        TestToken(which).mint(holder, type(uint128).max);
        vm.prank(holder);
        IERC20(which).approve(address(vault), type(uint256).max);
    }

    function _assertTotals(address which, uint256 expectedTotal, uint256 expectedReserved) private view {
        (uint256 total, uint256 reserved, , ) = vault.totalsOf(which);
        assertEq(total, expectedTotal, "total");
        assertEq(reserved, expectedReserved, "reserved");
    }
}
