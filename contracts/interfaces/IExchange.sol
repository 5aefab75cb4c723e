// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccountId} from "../types/AccountId.sol";
import {InstrumentId} from "../types/InstrumentId.sol";
import {IMarginAccountCore} from "./IMarginAccountCore.sol";

/// @title IExchange
/// @notice Where two signed orders meet. It keeps no book: whoever has two orders that cross may bring them.
interface IExchange {
    /// @notice What an account's side signs, by EIP-712.
    struct Order {
        AccountId account;
        InstrumentId instrument;
        int256 sizeE18; // {unit} positive buys
        uint256 priceE18; // {quote/unit} a buyer pays at most this, a seller gets at least this
        uint256 nonce; // any number not used before; two orders with one nonce: the first to be filled wins
        uint256 expiry; // {s} the last moment at which it may be filled
        address signer; // the account's owner, or an operator with the right to trade; may be a contract (ERC-1271)
        bool reduceOnly; // fills may only make the position smaller
    }

    /// @notice Trading fees, in millionths of what changes hands.
    struct FeeParameters {
        uint24 makerE6;
        uint24 takerE6;
    }

    /// @notice Two orders were filled against each other.
    /// @param sizeE18 {unit} By which the taker's position changed.
    event Filled(
        bytes32 indexed makerHash,
        bytes32 indexed takerHash,
        uint256 indexed instrument,
        uint256 maker,
        uint256 taker,
        int256 sizeE18,
        uint256 priceE18,
        uint256 makerFee,
        uint256 takerFee
    );

    /// @notice An account's orders with these nonces cannot be filled any more: a word of 128 nonces, and its even bits.
    event Cancelled(uint256 indexed accountId, uint256 word, uint256 bits);

    /// @notice Trading fees were set.
    event FeeParametersSet(FeeParameters parameters);

    /// @notice Fills two orders against each other at the maker's price. Open to anyone.
    ///
    /// @dev Emits a {Filled} event, and what {IMarginAccountTrading-fill} does.
    ///
    /// Requirements, checked in this order:
    /// - `sizeE18` is not zero; both orders name one instrument and opposite sides; the buyer's price is at least the seller's.
    /// - Each order: not expired, not cancelled, `sizeE18` left; the signer may trade for the account, and signed it.
    /// - The ledger's, see {IMarginAccountTrading-fill}.
    ///
    /// Rounding: fees up, to whole units of the quote token.
    /// @param sizeE18 {unit} How much, without a sign.
    function fill(
        Order calldata maker,
        bytes calldata makerSignature,
        Order calldata taker,
        bytes calldata takerSignature,
        uint256 sizeE18
    ) external;

    /// @notice Cancels orders by their nonces.
    /// @dev Emits a {Cancelled} event. Requirements: the caller is the account's owner, or an operator with the right to trade.
    /// @param word The nonces from 128 * word on.
    /// @param mask Bit i cancels the nonce 128 * word + i.
    function cancel(AccountId account, uint256 word, uint128 mask) external;

    /// @notice Sets the trading fees.
    /// @dev Emits a {FeeParametersSet} event. Requirements: the AccessManager role; each at most 1%, both together at least 0.05%,
    /// so that moving the funding rate by trading with oneself costs what it brings.
    function setFeeParameters(FeeParameters calldata parameters) external;

    /// @notice The hash that an order's signer signs.
    function hashOf(Order calldata order) external view returns (bytes32);

    /// @notice How much of an order may still be filled; {unit}. Zero when it is filled, cancelled or expired.
    function leftOf(Order calldata order) external view returns (uint256);

    /// @notice The trading fees.
    function feeParameters() external view returns (FeeParameters memory);

    /// @notice The ledger.
    function marginAccount() external view returns (IMarginAccountCore);
}
