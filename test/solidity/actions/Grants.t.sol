// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../../../contracts/base/Errors.sol";
import {IMarginAccountAccess} from "../../../contracts/interfaces/IMarginAccountAccess.sol";
import {AccountId, toAccountId} from "../../../contracts/types/AccountId.sol";
import {BallastTest} from "../utils/BallastTest.sol";
import {ApprovingOwner} from "../utils/mocks/ApprovingOwner.sol";

/// @title GrantsTest
/// @notice Operators' rights by signature: once, for one account, on one chain, until a time.
contract GrantsTest is BallastTest {
    event OperatorSet(uint256 indexed accountId, address indexed operator, uint8 rights);

    address private signer;
    uint256 private key;
    AccountId private id;
    uint256 private deadline;

    function setUp() public override {
        super.setUp();
        (signer, key) = makeAddrAndKey("signer");
        id = _account(signer);
        deadline = block.timestamp + 1 days;
    }

    /// @dev EIP-712 by its own words, with nothing of the contract's.
    function _digest(AccountId account, uint8 rights, uint256 nonce, uint256 chain) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Ballast"),
                keccak256("1"),
                chain,
                address(marginAccount)
            )
        );
        bytes32 typed = keccak256(
            "Grant(uint256 account,address operator,uint8 rights,uint256 nonce,uint256 deadline)"
        );
        bytes32 words = keccak256(abi.encode(typed, AccountId.unwrap(account), bob, rights, nonce, deadline));
        return keccak256(abi.encodePacked(hex"1901", domain, words));
    }

    function _sign(bytes32 digest) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _grant(uint8 rights, uint256 nonce) private {
        bytes memory signature = _sign(_digest(id, rights, nonce, block.chainid));
        vm.prank(stranger);
        marginAccount.grantBySignature(id, bob, rights, nonce, deadline, signature);
    }

    function _refused(
        AccountId account,
        uint8 rights,
        uint256 nonce,
        bytes memory signature,
        bytes memory why
    ) private {
        bytes memory call = abi.encodeCall(
            IMarginAccountAccess.grantBySignature,
            (account, bob, rights, nonce, deadline, signature)
        );
        _assertRefused(stranger, call, why);
        assertEq(marginAccount.rightsOf(account, bob), 0);
    }

    function _bad(AccountId account) private pure returns (bytes memory) {
        return abi.encodeWithSelector(Errors.MarginAccount_BadSignature.selector, AccountId.unwrap(account));
    }

    function test_AnybodyBringsAGrant() public {
        bytes memory signature = _sign(_digest(id, WITHDRAW | TRADE, 0, block.chainid));
        assertEq(
            marginAccount.grantHashOf(id, bob, WITHDRAW | TRADE, 0, deadline),
            _digest(id, WITHDRAW | TRADE, 0, block.chainid)
        );
        vm.expectEmit(address(marginAccount));
        emit OperatorSet(AccountId.unwrap(id), bob, WITHDRAW | TRADE);
        vm.prank(stranger);
        marginAccount.grantBySignature(id, bob, WITHDRAW | TRADE, 0, deadline, signature);
        assertEq(marginAccount.rightsOf(id, bob), WITHDRAW | TRADE);
        assertEq(marginAccount.grantNonceOf(id), 1);
        // And takes it back the same way.
        _grant(0, 1);
        assertEq(marginAccount.rightsOf(id, bob), 0);
    }

    function test_AGrantIsGoodOnce() public {
        bytes memory signature = _sign(_digest(id, WITHDRAW, 0, block.chainid));
        marginAccount.grantBySignature(id, bob, WITHDRAW, 0, deadline, signature);
        _grant(0, 1);
        _refused(
            id,
            WITHDRAW,
            0,
            signature,
            abi.encodeWithSelector(Errors.MarginAccount_WrongNonce.selector, AccountId.unwrap(id), 0, 2)
        );
    }

    function test_AGrantIsForOneAccountOneSetOfRightsAndOneChain() public {
        bytes memory signature = _sign(_digest(id, WITHDRAW, 0, block.chainid));
        AccountId second = toAccountId(signer, 1);
        _refused(second, WITHDRAW, 0, signature, _bad(second));
        _refused(id, WITHDRAW | POLICY, 0, signature, _bad(id));
        _refused(id, WITHDRAW, 0, _sign(_digest(id, WITHDRAW, 0, block.chainid + 1)), _bad(id));
        _refused(_account(alice), WITHDRAW, 0, signature, _bad(_account(alice)));
        // The zero address signs nothing.
        AccountId nobody = toAccountId(address(0), 0);
        _refused(nobody, WITHDRAW, 0, hex"00", _bad(nobody));
        // A chain that splits off.
        vm.chainId(block.chainid + 1);
        _refused(id, WITHDRAW, 0, signature, _bad(id));
    }

    function test_AGrantEndsAtItsDeadline() public {
        bytes memory signature = _sign(_digest(id, WITHDRAW, 0, block.chainid));
        uint256 state = vm.snapshotState();
        vm.warp(deadline);
        marginAccount.grantBySignature(id, bob, WITHDRAW, 0, deadline, signature);
        vm.revertToState(state);
        vm.warp(deadline + 1);
        _refused(
            id,
            WITHDRAW,
            0,
            signature,
            abi.encodeWithSelector(Errors.MarginAccount_GrantExpired.selector, AccountId.unwrap(id), deadline)
        );
    }

    function test_UnknownRightsAreRefused() public {
        bytes memory signature = _sign(_digest(id, 8, 0, block.chainid));
        _refused(id, 8, 0, signature, abi.encodeWithSelector(Errors.MarginAccount_UnknownRight.selector, 8, 7));
    }

    function test_TheOwnerTakesASignatureBack() public {
        bytes memory signature = _sign(_digest(id, WITHDRAW, 0, block.chainid));
        _assertRefused(
            stranger,
            abi.encodeCall(IMarginAccountAccess.cancelGrant, (id)),
            abi.encodeWithSelector(Errors.MarginAccount_NotAuthorized.selector, AccountId.unwrap(id), stranger, 0)
        );
        vm.prank(signer);
        marginAccount.cancelGrant(id);
        _refused(
            id,
            WITHDRAW,
            0,
            signature,
            abi.encodeWithSelector(Errors.MarginAccount_WrongNonce.selector, AccountId.unwrap(id), 0, 1)
        );
    }

    function test_AnOwnerWithoutKeyGrantsByHisCode() public {
        ApprovingOwner owner = new ApprovingOwner();
        AccountId account = _account(address(owner));
        _refused(account, WITHDRAW, 0, "", _bad(account));
        owner.approve(_digest(account, WITHDRAW, 0, block.chainid));
        marginAccount.grantBySignature(account, bob, WITHDRAW, 0, deadline, "");
        assertEq(marginAccount.rightsOf(account, bob), WITHDRAW);
    }
}
