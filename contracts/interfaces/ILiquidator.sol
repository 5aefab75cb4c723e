// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccountId} from "../types/AccountId.sol";

/// @title ILiquidator
/// @notice Below health 1 anyone may take a slice f of the whole account into his own, for f * (E - d * MM). The discount d
/// is counted in maintenance margin, because that measures the risk taken over, for any book:
///   d = min(dMax, d0 + slopeHealth * (1 - health) + slopeTime * minutes since the account entered liquidation)
/// While d * MM <= E the taker pays the account; beyond it the account gives its slice for nothing and the insurance fund
/// pays the taker f * (d * MM - E), so there is no jump for takers to wait for.
interface ILiquidator {
    /// @notice How accounts are liquidated; healths and fractions in basis points.
    struct LiquidationParameters {
        uint16 startDiscountBps; // {MM} d0
        uint16 healthSlopeBps; // {MM} for each 1 of missing health
        uint16 timeSlopeBps; // {MM/minute}
        uint16 maxDiscountBps; // {MM} dMax
        uint16 targetHealthBps; // {1} what a full slice restores
        uint16 toleranceBps; // {1} how far above the target a slice may end
        uint16 fundShareBps; // of the discount, to the insurance fund
        uint32 dustValue; // {whole quote} equity and debt below which the whole account may be taken
        uint32 restartSeconds; // {s} a liquidation that nobody looked at for so long starts again at d0
    }

    /// @notice A slice on the terms of now.
    struct Quote {
        uint256 healthE18; // {1}
        uint256 discountE18; // {MM}
        uint256 maxFractionE18; // {1} the largest slice
        uint256 fractionE18; // {1} the slice that was asked for, at most the largest
        int256 payment; // {quote token} to the account; negative: the fund pays the taker
        uint256 fundFee; // {quote token} from the taker to the fund
    }

    /// @notice The liquidation parameters were set.
    event LiquidationParametersSet(LiquidationParameters parameters);

    /// @notice A slice of an account was taken.
    event Liquidated(
        uint256 indexed accountId,
        uint256 indexed takerId,
        uint256 fractionE18,
        uint256 discountE18,
        int256 payment,
        uint256 fundFee,
        uint256 healthE18
    );

    /// @notice Sets how accounts are liquidated.
    /// @dev Emits a {LiquidationParametersSet} event.
    ///
    /// Requirements, checked in this order:
    /// - The caller must hold the role that AccessManager asks for.
    /// - d0 <= dMax <= 100%; health slope <= 500%; time slope <= 100% a minute, and from d0 to dMax within a day.
    /// - 100% < target <= 200%; tolerance <= 20%; fund share <= 50%; dust <= 10,000; restart at least 10 minutes.
    function setLiquidationParameters(LiquidationParameters calldata parameters) external;

    /// @notice Takes a slice of an account into the taker's own.
    /// @dev Emits a {Liquidated} event and the ledger's own.
    ///
    /// Requirements, checked in this order:
    /// - Not in the block in which the owner raised the account's risk.
    /// - No price that the account depends on is halted, and none is in the grace after an outage. Degraded, it counts at the side that
    /// favours the owner.
    /// - The account's health must be below 1.
    /// - The slice must be at least 1%, or the largest there is.
    /// - The caller must be the taking account's owner or an operator of it with the right to trade.
    /// - Neither the caller nor the taker's owner may be the account's owner or operator.
    /// - No halt by the guardian, nor the grace after it.
    /// - Afterwards, and after the callback, the taker must be at or above his initial margin, with no debt below the least.
    /// - The payment and the fund's share together must not be above `maxPayment`.
    /// - The account's health must be no lower than before.
    ///
    /// Rounding: collateral of the slice down, debt of the slice up, payment up, what the fund pays down: against the taker.
    ///
    /// @param fractionE18 {1} The slice asked for; more than the largest means the largest.
    /// @param maxPayment {quote token} The most the taker pays; negative: the least he is paid.
    /// @param data Not empty: the caller is called back, see {ISliceTaker}.
    function liquidate(
        AccountId account,
        AccountId taker,
        uint256 fractionE18,
        int256 maxPayment,
        bytes calldata data
    ) external returns (Quote memory);

    /// @notice The terms on which a slice could be taken now. Reverts where {liquidate} would for the account's sake; a halt of all
    /// liquidations is not looked at.
    function quote(AccountId account, uint256 fractionE18) external view returns (Quote memory);

    /// @notice How accounts are liquidated.
    function liquidationParameters() external view returns (LiquidationParameters memory);
}
