// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccountHeader} from "../types/AccountHeader.sol";
import {AccountId} from "../types/AccountId.sol";
import {CollateralPage} from "../types/CollateralPage.sol";
import {Assessment} from "../types/Assessment.sol";
import {Position} from "../types/Position.sol";
import {ICollateralVault} from "./ICollateralVault.sol";
import {IRebalancer, Outcome} from "./IRebalancer.sol";
import {IRiskEngine} from "./IRiskEngine.sol";

/// @title IMarginAccountCore
/// @notice What wallets, keepers and takers call most; the rest is in {IMarginAccountExtension}, {IMarginAccountTrading} and
/// {IMarginAccountAccess}, at the same address.
interface IMarginAccountCore {
    /*//////////////////////////////////////////////////////////////////////////
                                   FOR OWNERS
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Deposits into an account of the caller, or of one who made the caller an operator.
    ///
    /// @dev Emits {CollateralChanged} or {CashChanged}.
    ///
    /// Requirements, checked in this order:
    /// - `amount` must not be zero.
    /// - The caller must be the owner or an operator; others need {depositFor}.
    /// - The vault's: listed, at least the minimum, at most the cap (see {depositFor} for the exemption), no fee.
    /// - At most eight kinds of collateral.
    ///
    /// Rounding: cash shares down. Reads a price only while the account is called or liquidatable, and never fails for it.
    ///
    /// @param token The token; must be listed.
    /// @param amount {token}
    function deposit(AccountId account, address token, uint256 amount) external;

    /// @notice Deposits into anybody's account: a cure.
    ///
    /// @dev As {deposit}, but a stranger may bring cash or an asset that the account already holds, and nothing else, so
    /// nobody can park a troublesome token in another's account. What repays debt, or is no more than the account's deficit,
    /// is exempt from the cap. Open in every phase.
    function depositFor(AccountId account, address token, uint256 amount) external;

    /// @notice Withdraws to any receiver; cash beyond the balance is borrowed.
    ///
    /// @dev Emits {CollateralChanged} or {CashChanged}.
    ///
    /// Requirements, checked in this order:
    /// - `receiver` must not be zero; `amount` must not be zero.
    /// - The caller must be the owner, or an operator with the right to withdraw.
    /// - The account must hold the collateral; for cash, the vault must have it idle.
    /// - No pause may refuse it: ReduceOnly with debt or positions, LiquidateOnly without.
    /// - A debt that remains must be at least the minimum.
    /// - With debt or positions: afterwards equity must be at least the INITIAL margin; a halted collateral counts zero. The maintenance
    ///   margin would not do: an account about to be liquidated could shed its collateral first.
    ///
    /// Rounding: shares against the account, equity down, margin up.
    ///
    /// What exceeds the token's outflow limit has left the account all the same, and waits as a claim of its owner; see {payClaims}.
    ///
    /// @param amount {token} The maximum of the type: all collateral, or all positive cash.
    /// @return paid {token} What was paid now.
    function withdraw(
        AccountId account,
        address token,
        uint256 amount,
        address receiver
    ) external returns (uint256 paid);

    /*//////////////////////////////////////////////////////////////////////////
                                   FOR ANYONE
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Brings an account back into its band, or records why it cannot; see {Outcome}. The caller's account 0 is paid.
    /// @dev Emits {Rebalanced} unless nothing changed. Deterministic: a keeper chooses nothing.
    function rebalance(AccountId account) external returns (Outcome);

    /// @notice One account of a batch; MarginAccount calls it of itself.
    /// @dev Requirements: the caller is MarginAccount.
    /// @param batch How many accounts share the transaction's own cost.
    function rebalanceInBatch(AccountId account, address keeper, uint256 batch) external returns (Outcome);

    /*//////////////////////////////////////////////////////////////////////////
                                  FOR MODULES
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice A slice of one account for another.
    struct Slice {
        AccountId account;
        AccountId taker;
        uint256 fractionE18; // {1}
        uint256 payment; // {quote token} taker to account
        uint256 fundFee; // {quote token} taker to fund, which finds it with interest's fee in {collectFees}
        uint256 fromFund; // {quote token} fund to taker, as far as it has it
        uint256 fromLenders; // {quote token} the most of `fromFund` that lenders bear when the fund lacks it
        uint256 healthAfterE18; // {1} what the slice leaves, for the account's clock
    }

    /// @notice Moves a slice; open to the Liquidator alone, and not during a halt nor in the grace after it. Calls `caller` back when
    /// `data` is not empty, and checks the taker's initial margin at the end.
    /// @param caller Who asked the Liquidator: he must act for the taker, and neither he nor the taker's owner for the account.
    /// @return paidToTaker {quote token} What fund and lenders paid.
    /// @return cash {quote token} What the sliced account is left with.
    function deliverSlice(
        Slice calldata slice,
        address caller,
        bytes calldata data
    ) external returns (uint256 paidToTaker, int256 cash);

    /*//////////////////////////////////////////////////////////////////////////
                                     VIEWS
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Everything the ledger knows of an account, with interest and funding up to now. A liquidation's clock does not count a
    /// halt, nor the grace after it.
    function stateOf(
        AccountId account
    )
        external
        view
        returns (AccountHeader header, int256 cash, CollateralPage[] memory pages, Position[] memory positions);

    /// @notice Cash with interest up to now; {quote token}, negative is debt. Debt rounded up, credit down.
    function cashOf(AccountId account) external view returns (int256);

    /// @notice Equity, margins and health now.
    function assess(AccountId account) external view returns (Assessment memory);

    /// @notice E / MM with 18 decimals; infinite without risk.
    function healthOf(AccountId account) external view returns (uint256);

    /// @notice May this caller do this to this account? The one question of permission.
    function mayAct(AccountId account, address caller, uint8 right) external view returns (bool);

    /// @notice The vault that holds the tokens.
    function vault() external view returns (ICollateralVault);

    /// @notice Where margins are computed.
    function riskEngine() external view returns (IRiskEngine);

    /// @notice Where rebalances are planned.
    function rebalancer() external view returns (IRebalancer);

    /// @notice The token that cash is counted in.
    function quoteToken() external view returns (address);

    /// @notice One unit of the quote token with 18 decimals.
    function quoteScale() external view returns (uint256);

    /// @notice The second part of this contract's code, which knows the fourth; immutable, so this is no proxy.
    function extension() external view returns (address);

    /// @notice The third part of this contract's code.
    function trading() external view returns (address);
}
