// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {CallState} from "../types/AccountHeader.sol";
import {GuardLevel} from "../types/Guard.sol";
import {Outcome} from "./IRebalancer.sol";

/// @title IMarginAccountEvents
/// @notice What the ledger says of every change: replayed from the first block, these events reproduce its balances.
interface IMarginAccountEvents {
    /// @notice A collateral balance changed to `balance`; {token}.
    event CollateralChanged(uint256 indexed accountId, uint8 indexed asset, uint256 balance);

    /// @notice An account's cash changed to `shares`: of the supply index when positive, of the borrow index when negative. What they
    /// are worth then follows from the indices of that block; see {IMarginAccountExtension-cashMarket}.
    event CashChanged(uint256 indexed accountId, int256 shares);

    /// @notice An account's position changed: what it is now, both zero when it is gone. Funding is paid up to the index that the
    /// instrument's next {PerpetualChanged} says, which is of the same transaction.
    event PositionChanged(uint256 indexed accountId, uint256 indexed instrument, int256 sizeE18, int256 quoteE18);

    /// @notice What an instrument's positions share changed: funding index, index price and time; the hour's rate, its premium so far,
    /// and the parameters; open interest, settled pool and cap. The three slots of {Perpetual}, as they lie there.
    event PerpetualChanged(uint256 indexed instrument, uint256 funding, uint256 hour, uint256 interest);

    /// @notice Unrealised profit became cash, or a loss debt or less cash; {quote token}.
    event Settled(uint256 indexed accountId, uint256 indexed instrument, int256 amount);

    /// @notice An instrument was listed, or its parameters changed.
    event PerpetualSet(
        uint8 indexed underlying,
        uint16 interestE7,
        uint16 clampE7,
        uint8 divisor,
        uint8 deviationBps,
        uint48 capE3
    );

    /// @notice All accounts were tightened to `level` until then; Normal: a pause ended early. {s}
    event Paused(GuardLevel level, uint256 until);

    /// @notice How long liquidation stays refused after a halt was set.
    event LiquidationGraceSet(uint256 graceSeconds);

    /// @notice The exchange was given the ledger's call for fills.
    event ExchangeSet(address indexed exchange);

    /// @notice An owner set the band and the wishes for an account.
    event PolicySet(uint256 indexed accountId, uint256 policy);

    /// @notice An owner set the daily limit of wallet top-ups; {quote}.
    event WalletLimitSet(uint256 indexed accountId, uint128 dailyLimitE18);

    /// @notice An owner set an operator's rights.
    event OperatorSet(uint256 indexed accountId, address indexed operator, uint8 rights);

    /// @notice A rebalance ended with `outcome`, paying the keeper `keeperPay`; {quote token}.
    event Rebalanced(
        uint256 indexed accountId,
        address indexed keeper,
        Outcome outcome,
        uint256 healthE18,
        uint256 keeperPay
    );

    /// @notice An account was called: `deficitE18` {quote} to bring until `deadline` {s}.
    event MarginCalled(uint256 indexed accountId, int256 deficitE18, uint256 deadline);

    /// @notice A call's clock changed its state: paused, resumed, started again, or reset (None).
    event CallChanged(uint256 indexed accountId, CallState state, uint256 elapsedSeconds);

    /// @notice An account was first seen below maintenance (`since` {s}), or seen above it again (0).
    event LiquidationChanged(uint256 indexed accountId, uint256 since);

    /// @notice What lenders may lose by an insolvent account was set aside, or changed; {quote token}, 0 when reversed.
    event ProvisionChanged(uint256 indexed accountId, uint256 provision);

    /// @notice Lenders lost `amount` {quote token} by an insolvent account, through the supply index.
    event LossSocialised(uint256 indexed accountId, uint256 amount, uint256 supplyIndex);

    /// @notice Interest's share, and what rounding left, were credited to the insurance fund's account; {quote token}.
    event FeesCollected(uint256 amount);

    /// @notice The interest curve was set; see {setInterest}.
    event InterestSet(
        uint16 baseBps,
        uint16 slopeBps,
        uint16 jumpBps,
        uint16 kinkBps,
        uint16 feeBps,
        uint16 minimumDebt
    );

    /// @notice A Liquidator was given the ledger's call for slices.
    event LiquidatorSet(address indexed liquidator);
}
