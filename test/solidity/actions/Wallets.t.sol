// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../../../contracts/base/Errors.sol";
import {IMarginAccountAccess} from "../../../contracts/interfaces/IMarginAccountAccess.sol";
import {IMarginAccountCore} from "../../../contracts/interfaces/IMarginAccountCore.sol";
import {IMarginAccountExtension} from "../../../contracts/interfaces/IMarginAccountExtension.sol";
import {BallastTest} from "../utils/BallastTest.sol";

/// @dev Takes no coins.
contract Refuser {}

/// @dev Knocks at the ledger's door when coins come.
contract Knocker {
    bool public opened;
    bytes public answer;

    receive() external payable {
        (opened, answer) = msg.sender.call(abi.encodeCall(IMarginAccountExtension.collectFees, ()));
    }
}

/// @title WalletsTest
/// @notice Allowances by signature and the chain's own coin.
contract WalletsTest is BallastTest {
    address private signer;
    uint256 private key;
    uint8 private asset;

    function setUp() public override {
        super.setUp();
        (signer, key) = makeAddrAndKey("signer");
        asset = _listCollateral(address(wrapped), 18, WETH_START);
        vm.deal(alice, 100e18);
        vm.deal(stranger, 100e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         PERMITS
    //////////////////////////////////////////////////////////////////////////*/

    function _permit(uint256 amount, uint256 deadline) private view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 typed = keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 words = keccak256(abi.encode(typed, signer, address(vault), amount, usdc.nonces(signer), deadline));
        return vm.sign(key, keccak256(abi.encodePacked(hex"1901", usdc.DOMAIN_SEPARATOR(), words)));
    }

    function test_PermitAndDepositInOneTransaction() public {
        usdc.mint(signer, 1_000e6);
        (uint8 v, bytes32 r, bytes32 s) = _permit(1_000e6, block.timestamp);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(IMarginAccountAccess.usePermit, (address(usdc), 1_000e6, block.timestamp, v, r, s));
        calls[1] = abi.encodeCall(IMarginAccountCore.deposit, (_account(signer), address(usdc), 1_000e6));
        vm.prank(signer);
        marginAccount.multicall(_account(signer), calls);
        assertEq(_cash(signer), 1_000e6);
        assertEq(usdc.allowance(signer, address(vault)), 0);
    }

    /// @dev Whoever sees the signature may send it ahead; the owner's transaction goes through all the same.
    function test_APermitThatWasSentAheadIsNoMistake() public {
        (uint8 v, bytes32 r, bytes32 s) = _permit(1_000e6, block.timestamp);
        vm.prank(stranger);
        usdc.permit(signer, address(vault), 1_000e6, block.timestamp, v, r, s);
        vm.prank(signer);
        marginAccount.usePermit(address(usdc), 1_000e6, block.timestamp, v, r, s);
    }

    function test_APermitThatIsNotGoodIsRefused() public {
        (uint8 v, bytes32 r, bytes32 s) = _permit(1_000e6, block.timestamp);
        bytes memory why = abi.encodeWithSelector(
            Errors.MarginAccount_PermitRefused.selector,
            address(usdc),
            0,
            1_001e6
        );
        bytes memory call = abi.encodeCall(
            IMarginAccountAccess.usePermit,
            (address(usdc), 1_001e6, block.timestamp, v, r, s)
        );
        _assertRefused(signer, call, why);
        // Somebody else's signature.
        _assertRefused(stranger, call, why);
    }

    /// @dev Wrapped ether answers to every call and does nothing.
    function test_ATokenThatSwallowsPermitsIsRefused() public {
        _assertRefused(
            alice,
            abi.encodeCall(IMarginAccountAccess.usePermit, (address(wrapped), 5, block.timestamp, 27, 0, 0)),
            abi.encodeWithSelector(Errors.MarginAccount_PermitRefused.selector, address(wrapped), 0, 5)
        );
    }

    /*//////////////////////////////////////////////////////////////////////////
                                      THE CHAIN'S COIN
    //////////////////////////////////////////////////////////////////////////*/

    function _depositCoin(address from, address owner, uint256 amount) private {
        vm.prank(from);
        marginAccount.depositNative{value: amount}(_account(owner));
    }

    function test_CoinsComeInWrapped() public {
        assertEq(marginAccount.wrappedNative(), address(wrapped));
        _depositCoin(alice, alice, 10e18);
        assertEq(_collateral(alice, asset), 10e18);
        assertEq(wrapped.balanceOf(address(vault)), 10e18);
        assertEq(address(marginAccount).balance, 0);
        assertEq(wrapped.allowance(address(marginAccount), address(vault)), 0);
        assertEq(alice.balance, 90e18);
    }

    function test_StrangersMayAddCoinsWhereThereAreSome() public {
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.MarginAccount_ForeignAsset.selector, _raw(alice), asset, stranger)
        );
        marginAccount.depositNative{value: 1e18}(_account(alice));
        _depositCoin(alice, alice, 1e18);
        _depositCoin(stranger, alice, 1e18);
        assertEq(_collateral(alice, asset), 2e18);
    }

    function test_NoCoinsAreNoDeposit() public {
        vm.prank(alice);
        vm.expectRevert(Errors.MarginAccount_ZeroAmount.selector);
        marginAccount.depositNative(_account(alice));
    }

    /// @dev Even where its token cannot be deposited, nothing is lost and nothing stays.
    function test_ACapHoldsForCoins() public {
        vault.setLimits(address(wrapped), 5, 100);
        vm.prank(alice);
        vm.expectPartialRevert(Errors.CollateralVault_AboveCap.selector);
        marginAccount.depositNative{value: 6e18}(_account(alice));
        assertEq(alice.balance, 100e18);
    }

    function test_CoinsGoOutUnwrapped() public {
        _depositCoin(alice, alice, 10e18);
        vm.prank(alice);
        uint256 paid = marginAccount.withdrawNative(_account(alice), 4e18, bob);
        assertEq(paid, 4e18);
        assertEq(bob.balance, 4e18);
        vm.prank(alice);
        paid = marginAccount.withdrawNative(_account(alice), type(uint256).max, bob);
        assertEq(paid, 6e18);
        assertEq(bob.balance, 10e18);
        assertEq(_collateral(alice, asset), 0);
        assertEq(wrapped.balanceOf(address(marginAccount)), 0);
    }

    function test_ItIsAWithdrawalLikeAnother() public {
        _depositCoin(alice, alice, 10e18);
        _lend(1_000_000e6);
        _withdraw(alice, address(usdc), 15_000e6);
        vm.prank(alice);
        vm.expectPartialRevert(Errors.MarginAccount_BelowInitialMargin.selector);
        marginAccount.withdrawNative(_account(alice), 5e18, alice);
        _assertRefused(
            stranger,
            abi.encodeCall(IMarginAccountAccess.withdrawNative, (_account(alice), 1, stranger)),
            abi.encodeWithSelector(Errors.MarginAccount_NotAuthorized.selector, _raw(alice), stranger, WITHDRAW)
        );
        _assertRefused(
            alice,
            abi.encodeCall(IMarginAccountAccess.withdrawNative, (_account(alice), 1, address(0))),
            abi.encodeWithSelector(Errors.MarginAccount_ZeroReceiver.selector)
        );
        // In a batch, before what makes it good.
        _fund(alice, address(usdc), 10_000e6);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(IMarginAccountAccess.withdrawNative, (_account(alice), 5e18, alice));
        calls[1] = abi.encodeCall(IMarginAccountCore.deposit, (_account(alice), address(usdc), 10_000e6));
        vm.prank(alice);
        marginAccount.multicall(_account(alice), calls);
        assertEq(alice.balance, 95e18);
    }

    /// @dev A claim would be owed to the ledger, which unwraps nothing by itself.
    function test_WhatWouldHaveToWaitIsRefused() public {
        _depositCoin(alice, alice, 10e18);
        vault.setOutflowLimit(address(wrapped), 2_000);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_WouldWait.selector, address(wrapped), 2e18));
        marginAccount.withdrawNative(_account(alice), 5e18, alice);
        vm.prank(alice);
        marginAccount.withdrawNative(_account(alice), 2e18, alice);
        assertEq(alice.balance, 92e18);
    }

    function test_AReceiverThatTakesNoCoinsLosesNothing() public {
        _depositCoin(alice, alice, 10e18);
        address refuser = address(new Refuser());
        vm.prank(alice);
        vm.expectRevert();
        marginAccount.withdrawNative(_account(alice), 1e18, refuser);
        assertEq(_collateral(alice, asset), 10e18);
    }

    function test_AReceiverOfCoinsFindsTheLedgerShut() public {
        _depositCoin(alice, alice, 10e18);
        Knocker knocker = new Knocker();
        vm.prank(alice);
        marginAccount.withdrawNative(_account(alice), 1e18, address(knocker));
        assertEq(address(knocker).balance, 1e18);
        assertFalse(knocker.opened());
        assertEq(knocker.answer(), abi.encodeWithSelector(Errors.MarginAccount_Locked.selector));
    }

    function test_CoinsSentWithoutAWordAreSentBack() public {
        address part = marginAccount.access();
        address[3] memory places = [address(marginAccount), marginAccount.extension(), part];
        for (uint256 i; i < places.length; ++i) {
            vm.prank(stranger);
            (bool ok, ) = places[i].call{value: 1}("");
            assertFalse(ok);
            assertEq(places[i].balance, 0);
        }
        // Nor does any other call take them.
        vm.prank(alice);
        (bool taken, ) = address(marginAccount).call{value: 1}(
            abi.encodeCall(IMarginAccountAccess.cancelGrant, (_account(alice)))
        );
        assertFalse(taken);
    }

    function test_WhereNoCoinIsWrappedNoneIsTaken() public {
        address none = _deployed(
            ROOT,
            "MarginAccountAccess",
            abi.encode(manager, marginAccount.executor(), address(0))
        );
        vm.prank(alice);
        vm.expectRevert(Errors.MarginAccount_NoWrappedNative.selector);
        IMarginAccountAccess(none).depositNative{value: 1e18}(_account(alice));
        vm.prank(alice);
        vm.expectRevert(Errors.MarginAccount_NoWrappedNative.selector);
        IMarginAccountAccess(none).withdrawNative(_account(alice), 1e18, alice);
    }
}
