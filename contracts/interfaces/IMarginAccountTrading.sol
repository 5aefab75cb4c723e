// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccountId} from "../types/AccountId.sol";
import {InstrumentId} from "../types/InstrumentId.sol";
import {Perpetual} from "../types/Perpetual.sol";
import {Position} from "../types/Position.sol";

/// @title IMarginAccountTrading
/// @notice Positions: what the exchange, and whoever settles, may do to them. Its code is a third contract that MarginAccount
/// runs on its own storage; callers find all of it at MarginAccount's address.
interface IMarginAccountTrading {
    /*//////////////////////////////////////////////////////////////////////////
                                  FOR THE EXCHANGE
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Two orders that met.
    struct Fill {
        AccountId maker;
        AccountId taker;
        InstrumentId instrument;
        int256 sizeE18; // {unit} that the taker's position changes by; the maker's changes by as much the other way
        uint256 priceE18; // {quote/unit}
        uint256 makerFee; // {quote token} kept for the insurance fund, which finds it with interest's fee in {collectFees}
        uint256 takerFee; // {quote token}
        bool makerReduces; // the fill may only make his position smaller
        bool takerReduces;
    }

    /// @notice Moves size and quote between two accounts; open to the exchange alone.
    ///
    /// @dev Emits {PositionChanged} for each account, {PerpetualChanged}, {CashChanged} for a fee, and {Settled} for a position that
    /// is closed: its loss becomes cash at once, its profit as far as the settled pool reaches.
    ///
    /// Requirements, checked in this order:
    /// - The caller is the exchange; two accounts; a listed instrument; size and quote not zero.
    /// - No pause refuses fills.
    /// - A side that may only reduce does.
    /// - Where a position grows: the underlying has a price that its sources do not dispute, and no pause refuses it.
    /// - At most 32 positions an account; open interest at most its cap, where it grows.
    /// - Afterwards each account's equity is at least its initial margin; or the fill lowered neither its health nor its E - IM, and
    ///   its price is within the fills' deviation clamp of the mark (else a sale far off the mark to an accomplice would drain it).
    /// - While the underlying's price is halted, instead: the fill's price is within the clamp of the last valid one, and equity is not
    ///   negative at either end of that band.
    ///
    /// Rounding: the quote against the taker; funding paid up, funding received down.
    /// @return quoteE18 {quote} What changed hands.
    function fill(Fill calldata f) external returns (uint256 quoteE18);

    /*//////////////////////////////////////////////////////////////////////////
                                     FOR ANYONE
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Turns the unrealised profit or loss of accounts into cash: losses at once, profits as far as there are settled losses.
    /// Equity stays what it was.
    ///
    /// @dev Emits {Settled}, {CashChanged} and {PositionChanged} for each account, and {PerpetualChanged}. An account with nothing to
    /// settle is skipped; losses are to be named before the profits that they pay.
    ///
    /// Requirements, checked in this order: at most 200 accounts; a listed instrument; a live price of the underlying.
    /// Rounding: losses up, profits down, to whole units of the quote token.
    function settle(InstrumentId instrument, AccountId[] calldata accounts) external;

    /// @notice Moves an instrument's funding index to now and takes the index price of now, from which funding then accrues.
    /// @dev Emits {PerpetualChanged}. While the underlying has no price the old one is kept.
    function accrueFunding(InstrumentId instrument) external;

    /*//////////////////////////////////////////////////////////////////////////
                                 FOR MARGIN ACCOUNT ITSELF
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Whether a deposit is a cure that no cap may refuse: cash up to the debt, or up to the deficit at `lowerRestore`; a
    /// collateral worth something, but no more than the deficit. What has no price counts for nothing on both sides, so many
    /// deposits bring no more than one. Not reachable at MarginAccount's address: its deposits run it.
    function isCure(AccountId account, address token, uint256 amount) external view returns (bool);

    /// @notice Moves a fraction of each position to another account. Not reachable at MarginAccount's address: its slices run it.
    /// @dev Emits {PositionChanged} for both accounts. Rounding: sizes toward zero, quotes against the taker.
    function movePositions(AccountId from, AccountId to, uint256 fractionE18) external;

    /*//////////////////////////////////////////////////////////////////////////
                                       VIEWS
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice An account's position, funding paid up to now; zero when there is none.
    function positionOf(AccountId account, InstrumentId instrument) external view returns (Position);

    /// @notice An instrument's state, funding accrued up to now.
    function perpetualOf(InstrumentId instrument) external view returns (Perpetual memory);
}
