// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccountId} from "../types/AccountId.sol";
import {Guard, GuardLevel} from "../types/Guard.sol";
import {Call, IExecutor} from "./IExecutor.sol";

/// @title IMarginAccountAccess
/// @notice The ways in that spare a wallet a transaction, and what roles may set. Its code is a fourth contract that MarginAccount
/// runs on its own storage; callers find all of it at MarginAccount's address.
interface IMarginAccountAccess {
    /*//////////////////////////////////////////////////////////////////////////
                                   FOR OWNERS
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Runs several calls of the caller's in one transaction, with one check of `account`'s initial margin after the last:
    /// borrow, swap and bring back, in whichever order. Withdrawals and transfers from `account` wait for that check; those from other
    /// accounts are checked one by one.
    ///
    /// @dev Requirements, checked in this order:
    /// - No call of the ledger's is running.
    /// - The caller must be the owner of `account`, or an operator.
    /// - Each call is one of deposit, depositFor, withdraw, transfer, claim, depositReserve, withdrawReserve, setPolicy, setOperator,
    ///   setWalletLimit, usePermit, withdrawNative, grantBySignature and act, and succeeds: the error of the first that does not is the
    ///   error of all.
    /// - Where something waited for it: afterwards equity is at least the initial margin.
    ///
    /// @return results What each call returned.
    function multicall(AccountId account, bytes[] calldata calls) external returns (bytes[] memory results);

    /// @notice Lets the executor make calls to other contracts; only inside {multicall}. Whatever it then has of the tokens in
    /// `sweep` goes to the caller. Meanwhile no account but the multicall's can be moved, and no view answers.
    /// @dev Requirements: inside {multicall}, not inside itself; each call succeeds.
    function act(Call[] calldata calls, address[] calldata sweep) external returns (bytes[] memory results);

    /// @notice Uses a permit (ERC-2612) by which the caller lets the vault take `amount` of a token.
    /// @dev A permit that somebody else has used already is no mistake. Requirements: afterwards the vault may take `amount`.
    function usePermit(address token, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Deposits the chain's own coin, wrapped.
    /// @dev Requirements: a wrapped coin is known; otherwise as {depositFor}.
    function depositNative(AccountId account) external payable;

    /// @notice Withdraws the wrapped coin and pays it out unwrapped.
    /// @dev Requirements: as {withdraw}; the outflow limit makes nothing of it wait; the receiver takes it.
    /// @param amount {wei} The maximum of the type: all.
    function withdrawNative(AccountId account, uint256 amount, address receiver) external returns (uint256 paid);

    /// @notice Sets an operator's rights by the owner's signature (EIP-712, ERC-1271), as {setOperator} does by his call; open to
    /// anyone who has it.
    /// @dev Emits {OperatorSet}. Requirements, checked in this order: not past `deadline`; the account's next nonce; the owner's
    /// signature; no unknown bit.
    /// @param deadline {s}
    function grantBySignature(
        AccountId account,
        address operator,
        uint8 rights,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Makes the account's next grant by signature invalid.
    /// @dev Requirements: the owner.
    function cancelGrant(AccountId account) external;

    /*//////////////////////////////////////////////////////////////////////////
                                      GOVERNED
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Sets the interest curve: r(u) = base + slope * u, plus jump * (u - kink) / (1 - kink) above the kink.
    /// @dev Emits {InterestSet}. Accrues first. Requirements: the AccessManager role; base <= 50%, slope <= 100%, jump <= 300%,
    /// 1% <= kink <= 99%, fee <= 50%, minimum debt <= 10,000.
    /// @param feeBps Interest's share that goes to the insurance fund.
    /// @param minimumDebt {whole quote} The smallest debt other than none.
    function setInterest(
        uint16 baseBps,
        uint16 slopeBps,
        uint16 jumpBps,
        uint16 kinkBps,
        uint16 feeBps,
        uint16 minimumDebt
    ) external;

    /// @notice Gives the call for slices to a Liquidator; the one before loses it.
    /// @dev Emits {LiquidatorSet}. Requirements: the AccessManager role.
    function setLiquidator(address liquidator) external;

    /// @notice Lists the perpetual of an underlying, or changes its parameters. What has passed is charged at those that held.
    /// @dev Emits {PerpetualSet} and {PerpetualChanged}. Requirements, checked in this order:
    /// - The AccessManager role.
    /// - clamp of the rate at most 0.5% an hour and interest at most that; 1 <= divisor <= 24; deviation 1 to 200 bps, and over the
    ///   divisor at most the 5 bps that the exchange's fees come to at least: else moving the rate by trading with oneself could pay.
    /// - A new one: at most 32 are listed.
    /// @param interestE7 {1e-7/hour}
    /// @param clampE7 {1e-7/hour}
    /// @param divisor The hour's premium over the hour's rate.
    /// @param deviationBps The most a single fill counts.
    /// @param capE3 {1e-3 unit} The most open interest; 0 lets positions only shrink.
    function setPerpetual(
        uint8 underlying,
        uint16 interestE7,
        uint16 clampE7,
        uint8 divisor,
        uint8 deviationBps,
        uint48 capE3
    ) external;

    /// @notice Gives the call for fills to an exchange; the one before loses it.
    /// @dev Emits {ExchangeSet}. Requirements: the AccessManager role.
    function setExchange(address exchange) external;

    /// @notice Tightens all accounts at once, for a while; see {GuardLevel}. Cures and reserves stay open.
    ///
    /// @dev Emits {Paused}.
    ///
    /// Requirements, checked in this order:
    /// - The AccessManager role, which the guardian has without delay.
    /// - During a pause: `level` tighter than it. The pause ends when it would have.
    /// - Otherwise: not Normal; as much time has passed since the last pause would have ended, or since its grace would have, as it was
    ///   to close, its grace included; 1 second to 3 days.
    ///
    /// @param durationSeconds {s} Of a new pause.
    function pause(GuardLevel level, uint32 durationSeconds) external;

    /// @notice Ends a pause early.
    /// @dev Emits {Paused} with Normal. Requirements: the AccessManager role; a pause.
    function unpause() external;

    /// @notice Sets how long after a halt liquidation is still refused, so that owners who could not act are not raced.
    /// @dev Emits {LiquidationGraceSet}. Requirements: the AccessManager role; 10 minutes to 1 day.
    function setLiquidationGrace(uint32 graceSeconds) external;

    /// @notice Lets actions stop looking for a pause that is long over; open to anyone. Nothing changes but what they cost.
    /// @dev Requirements: the pause is over, and a day has passed since liquidation opened after the last halt.
    function clearPause() external;

    /*//////////////////////////////////////////////////////////////////////////
                                       VIEWS
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice What the owner signs for {grantBySignature}.
    function grantHashOf(
        AccountId account,
        address operator,
        uint8 rights,
        uint256 nonce,
        uint256 deadline
    ) external view returns (bytes32);

    /// @notice The nonce of the account's next grant.
    function grantNonceOf(AccountId account) external view returns (uint256);

    /// @notice The wrapped coin; zero where none is known.
    function wrappedNative() external view returns (address);

    /// @notice What makes the calls of {act}. It holds nothing between transactions, and nobody should let it take or do anything.
    function executor() external view returns (IExecutor);

    /// @notice The guardian's pause, which is over at `until`, and the grace after a halt.
    function guard() external view returns (Guard memory);

    /// @notice The contract that may fill.
    function exchange() external view returns (address);
}
