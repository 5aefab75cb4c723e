// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccountHeader, CallState} from "../types/AccountHeader.sol";
import {AccountId} from "../types/AccountId.sol";
import {BandPolicy, PolicyFields} from "../types/BandPolicy.sol";
import {CollateralPage} from "../types/CollateralPage.sol";
import {Assessment} from "../types/Portfolio.sol";
import {Outcome, Plan} from "./IRebalancer.sol";

/// @title IMarginAccount
/// @notice The one contract that a wallet calls. It owns the only ledger: cash and collateral of each account.
///
/// Amounts are in the token's own units. A token is named by its address; the quote token is cash: depositing it repays
/// debt first and is lent out beyond it, withdrawing it beyond the balance borrows.
interface IMarginAccount {
    /*//////////////////////////////////////////////////////////////////////////
                                       EVENTS
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice A collateral balance changed to `balance`; {token}.
    event CollateralChanged(uint256 indexed accountId, uint8 indexed asset, uint256 balance);

    /// @notice An account's cash changed to `shares` of the supply (positive) or the borrow index (negative).
    event CashChanged(uint256 indexed accountId, int256 shares);

    /// @notice Interest was accrued; both indices have 27 decimals.
    event InterestAccrued(uint256 supplyIndex, uint256 borrowIndex);

    /// @notice An owner set the band and the wishes for an account.
    event PolicySet(uint256 indexed accountId, uint256 policy);

    /// @notice An owner set the daily limit of wallet top-ups; {quote}.
    event WalletLimitSet(uint256 indexed accountId, uint128 dailyLimitE18);

    /// @notice An owner set an operator's rights.
    event OperatorSet(uint256 indexed accountId, address indexed operator, uint8 rights);

    /// @notice A rebalance ended with `outcome`, paying the keeper `keeperPay`; {quote token}.
    event Rebalanced(
        uint256 indexed accountId, address indexed keeper, Outcome outcome, uint256 healthE18, uint256 keeperPay
    );

    /// @notice An account was called: `deficitE18` {quote} to bring until `deadline` {s}.
    event MarginCalled(uint256 indexed accountId, int256 deficitE18, uint256 deadline);

    /// @notice A call's clock changed its state; also when it is resumed.
    event CallChanged(uint256 indexed accountId, CallState state, uint256 elapsedSeconds);

    /// @notice An account was first seen below maintenance (`since` {s}), or seen above it again (0).
    event LiquidationChanged(uint256 indexed accountId, uint256 since);

    /// @notice A slice moved from one account to another for `payment` {quote token}, negative when the fund paid.
    event SliceTaken(
        uint256 indexed accountId, uint256 indexed takerId, uint256 fractionE18, int256 payment, uint256 fundFee
    );

    /// @notice What lenders may lose by an insolvent account was set aside, or changed; {quote token}, 0 when reversed.
    event ProvisionChanged(uint256 indexed accountId, uint256 provision);

    /// @notice Lenders lost `amount` {quote token} by an insolvent account, through the supply index.
    event LossSocialised(uint256 indexed accountId, uint256 amount, uint256 supplyIndex);

    /// @notice Interest's share, and what rounding left, were credited to the insurance fund's account; {quote token}.
    event FeesCollected(uint256 amount);

    /// @notice The interest curve was set; see {setInterest}.
    event InterestSet(
        uint16 baseBps, uint16 slopeBps, uint16 jumpBps, uint16 kinkBps, uint16 feeBps, uint16 minimumDebt
    );

    /// @notice A module was given the ledger's narrow calls.
    event LiquidatorSet(address indexed liquidator);

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
    /// - A debt that remains must be at least the minimum.
    /// - With debt: afterwards equity must be at least the INITIAL margin; a halted collateral counts zero. The maintenance
    ///   margin would not do: an account about to be liquidated could shed its collateral first.
    ///
    /// Rounding: shares against the account, equity down, margin up.
    ///
    /// @param amount {token} The maximum of the type: all collateral, or all positive cash.
    /// @return paid {token} What was paid.
    function withdraw(AccountId account, address token, uint256 amount, address receiver)
        external
        returns (uint256 paid);

    /// @notice Moves collateral or cash between accounts, as a withdrawal from one and a deposit to the other.
    /// @dev Requirements: as {withdraw} for `from`; as {depositFor} for `to`, but without caps and minimum; two accounts.
    function transfer(AccountId from, AccountId to, address token, uint256 amount) external;

    /// @notice Brings tokens into the account's reserve, which counts for no margin and which no debt can reach.
    /// @dev Requirements: `amount` not zero; the owner or an operator; the token is listed.
    function depositReserve(AccountId account, address token, uint256 amount) external;

    /// @notice Pays out of the account's reserve. Never paused, whatever the account owes.
    /// @dev Requirements: `receiver` and `amount` not zero; the owner, or an operator with the right to withdraw.
    /// @param amount {token} The maximum of the type: all.
    function withdrawReserve(AccountId account, address token, uint256 amount, address receiver)
        external
        returns (uint256 paid);

    /// @notice Sets an operator's rights: bit 0 withdraw, bit 1 trade (take slices), bit 2 set policy. 0 ends them. Any right
    /// lets an operator deposit.
    /// @dev Emits {OperatorSet}. Requirements: the owner alone; no unknown bit.
    function setOperator(AccountId account, address operator, uint8 rights) external;

    /// @notice Sets the band and the wishes for an account; see {BandPolicy}.
    /// @dev Emits {PolicySet}.
    ///
    /// Requirements, checked in this order:
    /// - The caller must be the owner, or an operator with the right to set policy.
    /// - 1 < lower <= lowerRestore <= upperRestore <= upper, where an upper of 0 is infinite; lowerRestore at most 10.
    /// - Grace at most 7 days; keeper pay at most 1,000; `assetOrder` names no asset twice.
    function setPolicy(AccountId account, PolicyFields calldata policy) external;

    /// @notice Sets how much a day's top-ups may take from the owner's wallet.
    /// @dev Emits {WalletLimitSet}. Requirements: the owner alone: it spends his wallet.
    /// @param dailyLimitE18 {quote}
    function setWalletLimit(AccountId account, uint128 dailyLimitE18) external;

    /*//////////////////////////////////////////////////////////////////////////
                                     FOR ANYONE
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Brings an account back into its band, or records why it cannot; see {Outcome}. The caller's account 0 is paid.
    /// @dev Emits {Rebalanced} unless nothing changed. Deterministic: a keeper chooses nothing.
    function rebalance(AccountId account) external returns (Outcome);

    /// @notice Rebalances many accounts; one that reverts is reported as {Outcome-Failed} and stops no other.
    /// @dev Requirements: at most 200 accounts.
    function rebalanceMany(AccountId[] calldata accounts) external returns (Outcome[] memory);

    /// @notice Sets aside what lenders may lose by an insolvent account; see {rebalance}, which does it too.
    /// @dev Emits {ProvisionChanged}. Requirements: every price of the account is live; equity is negative.
    function provision(AccountId account) external;

    /// @notice Reverses the provision for an account that is solvent again, or empty.
    /// @dev Emits {ProvisionChanged}. Requirements: a provision is open; prices live; equity is not negative.
    function reverseProvision(AccountId account) external;

    /// @notice Lets the insurance fund, then the lenders, bear the debt of an account that has nothing left.
    /// @dev Emits {LossSocialised} for what the fund lacks. Requirements: the account has debt and no collateral.
    function writeOff(AccountId account) external;

    /// @notice Credits interest's share to the insurance fund's account.
    /// @dev Emits {FeesCollected}.
    function collectFees() external returns (uint256 amount);

    /*//////////////////////////////////////////////////////////////////////////
                                     FOR MODULES
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice A slice of one account for another.
    struct Slice {
        AccountId account;
        AccountId taker;
        uint256 fractionE18; // {1}
        uint256 payment; // {quote token} taker to account
        uint256 fundFee; // {quote token} taker to fund
        uint256 fromFund; // {quote token} fund to taker, as far as it has it
        uint256 fromLenders; // {quote token} the most of `fromFund` that lenders bear when the fund lacks it
    }

    /// @notice Moves a slice; open to the Liquidator alone. Calls `caller` back when `data` is not empty, and checks the
    /// taker's initial margin at the end.
    /// @return paidToTaker {quote token} What fund and lenders paid.
    function takeSlice(Slice calldata slice, address caller, bytes calldata data)
        external
        returns (uint256 paidToTaker);

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

    /// @notice Gives the ledger's narrow calls to a Liquidator; the one before loses them.
    /// @dev Emits {LiquidatorSet}. Requirements: the AccessManager role.
    function setLiquidator(address liquidator) external;

    /*//////////////////////////////////////////////////////////////////////////
                                       VIEWS
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice The state of the cash market at a moment.
    struct CashView {
        uint256 supplyIndex; // {RAY} gross of provisions
        uint256 borrowIndex; // {RAY}
        uint256 supplyShares;
        uint256 borrowShares;
        uint256 supplyAssets; // {quote token} rounded up
        uint256 borrowAssets; // {quote token} rounded down
        uint256 provisions; // {quote token} open provisions
        uint256 forfeited; // {quote token} what leavers left for them
        uint256 idle; // {quote token} in the vault for accounts
        uint256 borrowRateE18; // {1/year}
        uint256 updatedAt; // {s}
    }

    /// @notice Everything the ledger knows of an account, with interest up to now.
    function accountOf(AccountId account)
        external
        view
        returns (AccountHeader header, int256 cash, CollateralPage[] memory pages);

    /// @notice Cash with interest up to now; {quote token}, negative is debt. Debt rounded up, credit down.
    function cashOf(AccountId account) external view returns (int256);

    /// @notice A collateral balance; {token}.
    function collateralOf(AccountId account, uint8 asset) external view returns (uint256);

    /// @notice Equity, margins and health now.
    function assess(AccountId account) external view returns (Assessment memory);

    /// @notice E / MM with 18 decimals; infinite without risk.
    function healthOf(AccountId account) external view returns (uint256);

    /// @notice What {withdraw} would pay at most now, borrowing included; {token}.
    function maxWithdraw(AccountId account, address token) external view returns (uint256);

    /// @notice What {rebalance} would do now, and why.
    function previewRebalance(AccountId account) external view returns (Plan memory);

    /// @notice The policy in force: the owner's, or the default.
    function policyOf(AccountId account) external view returns (BandPolicy);

    /// @notice The daily limit of wallet top-ups and what is left of today's; {quote}.
    function walletLimitOf(AccountId account) external view returns (uint256 dailyLimitE18, uint256 leftE18);

    /// @notice An operator's rights.
    function rightsOf(AccountId account, address operator) external view returns (uint8);

    /// @notice May this caller do this to this account? The one question of permission.
    function mayAct(AccountId account, address caller, uint8 right) external view returns (bool);

    /// @notice The provision open for an account; {quote token}.
    function provisionOf(AccountId account) external view returns (uint256);

    /// @notice The deadline of the account's margin call; {s}, 0 without one, the maximum while it is paused.
    function callDeadlineOf(AccountId account) external view returns (uint256);

    /// @notice The cash market with interest up to now.
    function cashMarket() external view returns (CashView memory);

    /// @notice The account that stands for the insurance fund.
    function insuranceFund() external view returns (AccountId);

    /// @notice The module that may take slices.
    function liquidator() external view returns (address);
}
