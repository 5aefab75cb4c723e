// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Errors
/// @notice Every custom error of the protocol, grouped by the contract that throws it.
/// @dev Named `Contract_Reason`. Arguments are what a caller needs to decide whether to try again: the value that was found
/// first, then the bound it broke. Those that a later block may cure say "Retryable".
library Errors {
    /*//////////////////////////////////////////////////////////////////////////
                                     MARGIN ACCOUNT
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Thrown when a call arrives while another one changes the ledger, or a view while it is half written.
    error MarginAccount_Locked();

    /// @notice Thrown when `caller` lacks the right that the action needs on the account.
    /// @param right The bit of the right, see {IMarginAccount-setOperator}.
    error MarginAccount_NotAuthorized(uint256 accountId, address caller, uint8 right);

    /// @notice Thrown when the caller, or the taking account's owner, is the sliced account's owner or operator.
    error MarginAccount_SelfLiquidation(uint256 accountId, address caller);

    /// @notice Thrown when a contract other than the named one makes a call, or sends coins, that only it may.
    error MarginAccount_NotModule(address caller, address module);

    /// @notice Thrown when a zero amount is passed where it can only be a mistake.
    error MarginAccount_ZeroAmount();

    /// @notice Thrown when the zero address would receive tokens.
    error MarginAccount_ZeroReceiver();

    /// @notice Thrown when an action would leave the account below its initial margin.
    /// @param equityE18 {quote} Equity after the action, without what a halted price leaves unknown.
    /// @param initialMarginE18 {quote} Initial margin after the action.
    error MarginAccount_BelowInitialMargin(uint256 accountId, int256 equityE18, uint256 initialMarginE18);

    /// @notice Thrown when an account holds less of a collateral than is asked of it.
    /// @param held {token} What it holds.
    /// @param needed {token} What was asked.
    error MarginAccount_InsufficientCollateral(uint256 accountId, uint8 asset, uint256 held, uint256 needed);

    /// @notice Thrown when an action would leave a debt so small that nobody would be paid for liquidating it.
    /// @param debt {quote token} Debt after the action.
    /// @param minimum {quote token} The smallest debt, other than none.
    error MarginAccount_DustDebt(uint256 accountId, uint256 debt, uint256 minimum);

    /// @notice Thrown when someone else than the owner's side brings an asset that the account does not hold.
    error MarginAccount_ForeignAsset(uint256 accountId, uint8 asset, address caller);

    /// @notice Thrown when an account would hold more kinds of collateral than an account may.
    error MarginAccount_TooManyCollaterals(uint256 accountId, uint256 held, uint256 maximum);

    /// @notice Thrown when an amount, or the cash market's indices and shares, would not fit their field.
    error MarginAccount_AmountOverflow(uint256 amount, uint256 maximum);

    /// @notice Thrown when cash shares would not fit their field.
    error MarginAccount_CashOverflow(int256 shares, int256 maximum);

    /// @notice Thrown when an account is named twice where two are needed.
    error MarginAccount_SameAccount(uint256 accountId);

    /// @notice Thrown when a policy's four points are not in the order 1 < lower < lowerRestore <= upperRestore <= upper,
    /// or the second is not 0.01 above the first.
    error MarginAccount_BadBand(uint32 lowerE6, uint32 lowerRestoreE6, uint32 upperRestoreE6, uint32 upperE6);

    /// @notice Thrown when a number in a policy is above its bound.
    error MarginAccount_PolicyOutOfBounds(bytes32 field, uint256 found, uint256 bound);

    /// @notice Thrown when an operator is given a right that does not exist.
    error MarginAccount_UnknownRight(uint8 rights, uint8 allRights);

    /// @notice Thrown when a governed parameter is outside its hard bounds.
    error MarginAccount_ParameterOutOfBounds(bytes32 field, uint256 found, uint256 bound);

    /// @notice Thrown when a batch names more accounts than a batch may.
    error MarginAccount_BatchTooLong(uint256 length, uint256 maximum);

    /// @notice Thrown when {IMarginAccount-reverseProvision} finds the account still insolvent, or nothing to reverse.
    error MarginAccount_ProvisionStands(uint256 accountId, int256 equityE18);

    /// @notice Thrown when a provision is asked for an account whose equity is not negative. Retryable.
    error MarginAccount_Solvent(uint256 accountId, int256 equityE18);

    /// @notice Thrown when an action needs a live price and does not find it. Retryable: wait for the feed.
    error MarginAccount_PriceHalted(uint256 accountId);

    /// @notice Thrown when a size, a quote, an open interest or a funding index would not fit its field.
    error MarginAccount_PositionOverflow(int256 amount, int256 maximum);

    /// @notice Thrown when an account would hold more positions than an account may.
    error MarginAccount_TooManyPositions(uint256 accountId, uint256 held, uint256 maximum);

    /// @notice Thrown when an instrument does not exist.
    error MarginAccount_UnknownInstrument(uint256 instrument);

    /// @notice Thrown when a fill would lift the open interest above its cap. Retryable: wait for positions to close.
    /// @param openInterestE18 {unit} After the fill.
    error MarginAccount_OpenInterestAboveCap(uint256 instrument, uint256 openInterestE18, uint256 capE18);

    /// @notice Thrown when a fill of size or quote zero is asked for.
    error MarginAccount_EmptyFill();

    /// @notice Thrown when a fill that may only reduce a position would open, grow or turn it.
    /// @param sizeE18 {unit} The position before.
    /// @param changeE18 {unit} What the fill would add.
    error MarginAccount_NotReducing(uint256 accountId, int256 sizeE18, int256 changeE18);

    /// @notice Thrown when a fill of an account below its initial margin is too far from the mark.
    error MarginAccount_PriceOutsideBand(uint256 accountId, uint256 priceE18, uint256 lowestE18, uint256 highestE18);

    /// @notice Thrown when an instrument is to be settled and its underlying has no live price. Retryable: wait for the feed.
    error MarginAccount_PriceNotLive(uint256 instrument);

    /// @notice Thrown when a pause refuses the action. Retryable: it ends by itself.
    /// @param level See {GuardLevel}.
    error MarginAccount_Paused(uint8 level, uint256 until);

    /// @notice Thrown when liquidation is halted, or was until a moment ago. Retryable.
    error MarginAccount_LiquidationPaused(uint256 timestamp, uint256 opensAt);

    /// @notice Thrown when a fill would grow a position while its underlying has no price that two sources agree on. Retryable.
    /// @param fault See {IPriceOracleAdapter-Fault}.
    error MarginAccount_ReduceOnly(uint8 underlying, uint8 fault);

    /// @notice Thrown when a pause would not be tighter than what is in force.
    error MarginAccount_NotTighter(uint8 level, uint8 inForce);

    /// @notice Thrown when the guardian pauses again too soon, or the last pause is not over for long enough. Retryable.
    error MarginAccount_PauseTooSoon(uint256 timestamp, uint256 earliest);

    /// @notice Thrown when there is no pause to end.
    error MarginAccount_NotPaused(uint256 timestamp, uint256 until);

    /// @notice Thrown when a batch contains a call that may not be part of one.
    error MarginAccount_NotInBatch(bytes4 selector);

    /// @notice Thrown when the vault may take less than a permit was to allow.
    error MarginAccount_PermitRefused(address token, uint256 allowed, uint256 amount);

    /// @notice Thrown when the chain's own coin is handed in or asked for and its wrapped form is not listed.
    error MarginAccount_NoWrappedNative();

    /// @notice Thrown when a part of an unwrapped withdrawal would have to wait as a claim. Withdraw the wrapped token.
    error MarginAccount_WouldWait(address token, uint256 paid);

    /// @notice Thrown when a grant by signature comes too late.
    error MarginAccount_GrantExpired(uint256 accountId, uint256 deadline);

    /// @notice Thrown when a grant by signature is not the account's next.
    error MarginAccount_WrongNonce(uint256 accountId, uint256 nonce, uint256 next);

    /// @notice Thrown when a grant was not signed by the account's owner.
    error MarginAccount_BadSignature(uint256 accountId);

    /*//////////////////////////////////////////////////////////////////////////
                                    COLLATERAL VAULT
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Thrown when anyone but the wired margin account moves tokens.
    error CollateralVault_NotMarginAccount(address caller);

    /// @notice Thrown when a token is not listed.
    error CollateralVault_UnknownToken(address token);

    /// @notice Thrown when a token is listed twice, or the list is full.
    error CollateralVault_CannotList(address token, uint256 listed, uint256 maximum);

    /// @notice Thrown when a token's decimals are outside what the protocol can count.
    error CollateralVault_UnsupportedDecimals(address token, uint8 found, uint8 maximum);

    /// @notice Thrown when a deposit is smaller than the token's minimum.
    error CollateralVault_BelowMinimum(address token, uint256 amount, uint256 minimum);

    /// @notice Thrown when a deposit would lift a token's total above its cap. Retryable: wait for withdrawals.
    error CollateralVault_AboveCap(address token, uint256 total, uint256 cap);

    /// @notice Thrown when a deposit leaves the vault with less than it answers for: a fee on transfer, or a token that lies.
    /// @param held {token} What the vault holds after the transfer.
    /// @param owed {token} Its total, reserves and claims, the deposit included.
    error CollateralVault_TooLittleArrived(address token, uint256 held, uint256 owed);

    /// @notice Thrown when more is asked of the vault than its internal total.
    error CollateralVault_InsufficientTotal(address token, uint256 total, uint256 needed);

    /// @notice Thrown when an owner's reserve holds less than is asked of it.
    error CollateralVault_InsufficientReserve(uint256 accountId, address token, uint256 held, uint256 needed);

    /// @notice Thrown when an owner has nothing of the token to fetch. Retryable: a claim that waits may have its turn.
    error CollateralVault_NothingToClaim(address owner, address token);

    /// @notice Thrown when an outflow limit is outside its hard bounds.
    error CollateralVault_ParameterOutOfBounds(bytes32 field, uint256 found, uint256 bound);

    /// @notice Thrown when a total would not fit its field.
    error CollateralVault_TotalOverflow(address token, uint256 total, uint256 maximum);

    /*//////////////////////////////////////////////////////////////////////////
                                  PRICE ORACLE ADAPTER
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Thrown when a price is needed and its feed, or the quote's, is unusable. Retryable: wait for a round.
    /// @param fault Why: see {IPriceOracleAdapter-Fault}.
    error PriceOracleAdapter_Halted(uint8 asset, uint8 fault);

    /// @notice Thrown when an asset without a feed is asked for, or a source without code is named.
    error PriceOracleAdapter_NoFeed(uint8 asset);

    /// @notice Thrown when a price that is not live would be recorded. Retryable: wait for the sources.
    /// @param fault Why: see {IPriceOracleAdapter-Fault}.
    error PriceOracleAdapter_NotLive(uint8 asset, uint8 fault);

    /// @notice Thrown when a price does not fit what is kept of it.
    error PriceOracleAdapter_PriceTooLarge(uint8 asset, uint256 priceE18, uint256 maximumE18);

    /// @notice Thrown when a feed's parameter is outside its hard bounds.
    error PriceOracleAdapter_ParameterOutOfBounds(bytes32 field, uint256 found, uint256 bound);

    /*//////////////////////////////////////////////////////////////////////////
                                      RISK ENGINE
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Thrown when a risk parameter is outside its hard bounds.
    error RiskEngine_ParameterOutOfBounds(bytes32 field, uint256 found, uint256 bound);

    /// @notice Thrown when a contract other than the module of the shock levels moves a shock.
    error RiskEngine_NotModule(address caller, address module);

    /// @notice Thrown when more pages are handed in than an account can have.
    error RiskEngine_TooManyPages(uint256 found, uint256 maximum);

    /// @notice Thrown when more positions are handed in than an account can have.
    error RiskEngine_TooManyPositions(uint256 found, uint256 maximum);

    /*//////////////////////////////////////////////////////////////////////////
                                      SHOCK LEVELS
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Thrown when a parameter of an asset's levels is outside its hard bounds.
    error ShockLevels_ParameterOutOfBounds(bytes32 field, uint256 found, uint256 bound);

    /// @notice Thrown when the shocks of an asset do not follow its volatility.
    error ShockLevels_ConstantLevel(uint8 asset);

    /// @notice Thrown when an asset's volatility was updated a moment ago. Retryable: wait.
    error ShockLevels_PokedTooSoon(uint8 asset, uint256 elapsedSeconds, uint256 minimumSeconds);

    /// @notice Thrown when a price is zero, or beyond what a level remembers.
    error ShockLevels_PriceOutOfRange(uint8 asset, uint256 priceE18);

    /// @notice Thrown when a level would take in a price that is not live. Retryable: wait for the feed.
    /// @param fault Why: see {IPriceOracleAdapter-Fault}.
    error ShockLevels_NotLive(uint8 asset, uint8 fault);

    /*//////////////////////////////////////////////////////////////////////////
                                       REBALANCER
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Thrown when a keeper parameter is outside its hard bounds.
    error Rebalancer_ParameterOutOfBounds(bytes32 field, uint256 found, uint256 bound);

    /*//////////////////////////////////////////////////////////////////////////
                                       LIQUIDATOR
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Thrown when the account is not below its maintenance margin. Retryable: prices move.
    /// @param healthE18 The health found; 1e18 is the bound.
    error Liquidator_Healthy(uint256 accountId, uint256 healthE18);

    /// @notice Thrown in the block in which the owner raised the account's risk. Retryable: wait for the next block.
    error Liquidator_CoolingOff(uint256 accountId, uint256 riskBlock);

    /// @notice Thrown when a price that the account depends on is halted. Retryable: wait for the feed.
    error Liquidator_PriceHalted(uint256 accountId);

    /// @notice Thrown in the grace after an outage of the sequencer, in which owners may cure. Retryable: wait for its end.
    error Liquidator_AfterOutage(uint256 accountId);

    /// @notice Thrown when the asked fraction is zero or below the smallest slice.
    error Liquidator_FractionTooSmall(uint256 fractionE18, uint256 minimumE18);

    /// @notice Thrown when the slice costs more than the taker allowed. Retryable: the discount grows.
    error Liquidator_PaymentAboveLimit(int256 payment, int256 limit);

    /// @notice Thrown when a slice would leave the account's health lower than it found it.
    error Liquidator_HealthLowered(uint256 accountId, uint256 beforeE18, uint256 afterE18);

    /// @notice Thrown when a liquidation parameter is outside its hard bounds.
    error Liquidator_ParameterOutOfBounds(bytes32 field, uint256 found, uint256 bound);

    /*//////////////////////////////////////////////////////////////////////////
                                        EXCHANGE
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Thrown when a size is zero, or too large to have a sign.
    error Exchange_BadSize(uint256 sizeE18);

    /// @notice Thrown when two orders are not opposite sides of one instrument.
    error Exchange_NotOpposite(int256 makerSizeE18, int256 takerSizeE18);

    /// @notice Thrown when the buyer's price is below the seller's.
    error Exchange_PricesDoNotMeet(uint256 bidE18, uint256 askE18);

    /// @notice Thrown when an order's time is over.
    error Exchange_Expired(uint256 accountId, uint256 nonce, uint256 expiry);

    /// @notice Thrown when an order was cancelled or filled, or its nonce belongs to another one.
    error Exchange_Used(uint256 accountId, uint256 nonce);

    /// @notice Thrown when more is to be filled than is left of an order. Retryable with less.
    error Exchange_TooMuch(uint256 accountId, uint256 nonce, uint256 leftE18, uint256 sizeE18);

    /// @notice Thrown when a signature is not the signer's.
    error Exchange_BadSignature(uint256 accountId, address signer);

    /// @notice Thrown when a fee is outside its hard bounds.
    error Exchange_ParameterOutOfBounds(bytes32 field, uint256 found, uint256 bound);

    /*//////////////////////////////////////////////////////////////////////////
                                  UNISWAP V3 TWAP SOURCE
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Thrown when a pool does not trade the token against the quote.
    error UniswapV3TwapSource_WrongPair(address pool, address token, address quote);

    /// @notice Thrown when a window is outside its hard bounds.
    error UniswapV3TwapSource_WindowOutOfBounds(uint32 found, uint32 bound);

    /// @notice Thrown when a token has more decimals than a price can carry.
    error UniswapV3TwapSource_UnsupportedDecimals(uint8 token, uint8 quote, uint8 maximum);
}
