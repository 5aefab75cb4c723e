// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ALL_RIGHTS, RIGHT_POLICY} from "../base/Constants.sol";
import {Errors} from "../base/Errors.sol";
import {IMarginAccountExtension} from "../interfaces/IMarginAccountExtension.sol";
import {MarginCallClock} from "../ledger/MarginCallClock.sol";
import {AccountId} from "../types/AccountId.sol";
import {BandPolicy, packPolicy, PolicyFields} from "../types/BandPolicy.sol";
import {Health} from "./Health.sol";

/// @title Policies
/// @notice The chapter of the owner's wishes: the band, the grace, what a keeper may cost, what may come
/// from the wallet, and who may act for him.
abstract contract Policies is Health, IMarginAccountExtension {
    uint32 internal constant MIN_LOWER_E6 = 1_000_000;
    /// @dev A top-up ends at `lowerRestore` less a unit or two of rounding. Without room above `lower` the next look would find the
    /// account due again, and pay a keeper for it again, until the reserve is gone.
    uint32 internal constant MIN_ROOM_E6 = 10_000;
    /// @dev Beyond ten times the maintenance margin a call would chase an account that no scenario endangers.
    uint32 internal constant MAX_LOWER_RESTORE_E6 = 10_000_000;
    uint24 internal constant MAX_GRACE = 7 days;
    uint16 internal constant MAX_KEEPER_PAY = 1_000;

    /// @inheritdoc IMarginAccountExtension
    function setOperator(AccountId account, address operator, uint8 rights) external locked {
        // Checks: only the owner himself hands out rights; an operator may give up his own, so that nobody is made one to keep
        // him from liquidating.
        if (msg.sender != operator || rights != 0) _requireOwner(account);
        if (rights & ~ALL_RIGHTS != 0) revert Errors.MarginAccount_UnknownRight(rights, ALL_RIGHTS);

        // Effects
        _operators[account][operator] = rights;
        emit OperatorSet(AccountId.unwrap(account), operator, rights);
    }

    /// @inheritdoc IMarginAccountExtension
    function rightsOf(AccountId account, address operator) external view returns (uint8) {
        return _operators[account][operator];
    }

    /// @inheritdoc IMarginAccountExtension
    function setPolicy(AccountId account, PolicyFields calldata p) external locked {
        // Checks
        _requireMayAct(account, RIGHT_POLICY);
        uint32 upper = p.upperE6 == 0 ? type(uint32).max : p.upperE6;
        bool ordered =
            p.lowerE6 > MIN_LOWER_E6 &&
                uint256(p.lowerE6) + MIN_ROOM_E6 <= p.lowerRestoreE6 &&
                p.lowerRestoreE6 <= p.upperRestoreE6 &&
                p.upperRestoreE6 <= upper;
        if (!ordered) {
            revert Errors.MarginAccount_BadBand(p.lowerE6, p.lowerRestoreE6, p.upperRestoreE6, p.upperE6);
        }
        if (p.lowerRestoreE6 > MAX_LOWER_RESTORE_E6) {
            _outOfBounds("lowerRestoreE6", p.lowerRestoreE6, MAX_LOWER_RESTORE_E6);
        }
        if (p.graceSeconds > MAX_GRACE) _outOfBounds("graceSeconds", p.graceSeconds, MAX_GRACE);
        if (p.keeperPayCap > MAX_KEEPER_PAY) _outOfBounds("keeperPayCap", p.keeperPayCap, MAX_KEEPER_PAY);
        _requireNoRepetition(p.assetOrder);

        // Effects
        BandPolicy policy = packPolicy(p);
        _accounts[account].policy = policy;
        emit PolicySet(AccountId.unwrap(account), BandPolicy.unwrap(policy));
    }

    /// @inheritdoc IMarginAccountExtension
    /// @dev The owner alone: it spends his wallet, which no right over the account covers.
    function setWalletLimit(AccountId account, uint128 dailyLimitE18) external locked {
        _requireOwner(account);
        _accounts[account].wallet.dailyLimitE18 = dailyLimitE18;
        emit WalletLimitSet(AccountId.unwrap(account), dailyLimitE18);
    }

    /// @inheritdoc IMarginAccountExtension
    function policyOf(AccountId account) external view returns (BandPolicy) {
        return _policyOf(account);
    }

    /// @inheritdoc IMarginAccountExtension
    function walletLimitOf(AccountId account) external view returns (uint256 dailyLimitE18, uint256 leftE18) {
        return (_accounts[account].wallet.dailyLimitE18, _walletLeft(account));
    }

    /// @inheritdoc IMarginAccountExtension
    function callDeadlineOf(AccountId account) external view returns (uint256) {
        return MarginCallClock.deadline(_accounts[account].header, _policyOf(account));
    }

    /// @dev Asset numbers are bytes: a bitmap of 256 bits remembers those seen. At most eight turns.
    function _requireNoRepetition(uint64 order) private pure {
        uint256 seen;
        for (uint256 rest = order; rest != 0; rest >>= 8) {
            uint256 bit = uint256(1) << (rest & 0xff);
            // A zero inside the list would end it silently.
            if (bit == 1 || seen & bit != 0) _outOfBounds("assetOrder", order, rest & 0xff);
            seen |= bit;
        }
    }

    function _outOfBounds(bytes32 field, uint256 found, uint256 bound) private pure {
        revert Errors.MarginAccount_PolicyOutOfBounds(field, found, bound);
    }
}
