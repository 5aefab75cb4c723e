// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {ALL_RIGHTS} from "../base/Constants.sol";
import {Errors} from "../base/Errors.sol";
import {Signatures} from "../base/Signatures.sol";
import {IMarginAccountAccess} from "../interfaces/IMarginAccountAccess.sol";
import {AccountId} from "../types/AccountId.sol";
import {Permissions} from "./Permissions.sol";

/// @title Grants
/// @notice The chapter of operators' rights that an owner gives by his signature.
/// @dev Upholds promise 10. Nonces of an account run one by one, so a grant that was replaced or taken back by a later one never comes
/// back. The domain is computed anew each time: this code runs at MarginAccount's address, which it cannot know beforehand, and a
/// chain that splits changes its number.
abstract contract Grants is Permissions, IMarginAccountAccess {
    bytes32 internal constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 internal constant GRANT_TYPEHASH = keccak256(
        "Grant(uint256 account,address operator,uint8 rights,uint256 nonce,uint256 deadline)"
    );
    bytes32 internal constant NAME_HASH = keccak256("Ballast");
    bytes32 internal constant VERSION_HASH = keccak256("1");

    /// @inheritdoc IMarginAccountAccess
    function grantBySignature(
        AccountId account,
        address operator,
        uint8 rights,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external locked {
        // Checks
        uint256 raw = AccountId.unwrap(account);
        if (block.timestamp > deadline) revert Errors.MarginAccount_GrantExpired(raw, deadline);
        uint256 next = _grantNonces[account];
        if (nonce != next) revert Errors.MarginAccount_WrongNonce(raw, nonce, next);
        bytes32 hash = _grantHash(account, operator, rights, nonce, deadline);
        if (!Signatures.isValid(account.ownerOf(), hash, signature)) {
            revert Errors.MarginAccount_BadSignature(raw);
        }
        if (rights & ~ALL_RIGHTS != 0) revert Errors.MarginAccount_UnknownRight(rights, ALL_RIGHTS);

        // Effects
        _grantNonces[account] = next + 1;
        _operators[account][operator] = rights;
        emit OperatorSet(raw, operator, rights);
    }

    /// @inheritdoc IMarginAccountAccess
    function cancelGrant(AccountId account) external locked {
        _requireOwner(account);
        ++_grantNonces[account];
    }

    /// @inheritdoc IMarginAccountAccess
    function grantHashOf(
        AccountId account,
        address operator,
        uint8 rights,
        uint256 nonce,
        uint256 deadline
    ) external view returns (bytes32) {
        return _grantHash(account, operator, rights, nonce, deadline);
    }

    /// @inheritdoc IMarginAccountAccess
    function grantNonceOf(AccountId account) external view returns (uint256) {
        return _grantNonces[account];
    }

    function _grantHash(
        AccountId account,
        address operator,
        uint8 rights,
        uint256 nonce,
        uint256 deadline
    ) private view returns (bytes32) {
        return
            MessageHashUtils.toTypedDataHash(
                keccak256(abi.encode(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, block.chainid, address(this))),
                keccak256(abi.encode(GRANT_TYPEHASH, account, operator, rights, nonce, deadline))
            );
    }
}
