// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccountId} from "../types/AccountId.sol";
import {BandPolicy, PolicyFields} from "../types/BandPolicy.sol";
import {Outcome, Plan} from "./IRebalancer.sol";

/// @title IMarginAccountExtension
/// @notice What is called less often. Its code is a second contract that MarginAccount runs on its own storage, because one
/// contract may not be larger than 24,576 bytes; callers find all of it at MarginAccount's address.
interface IMarginAccountExtension {
    /*//////////////////////////////////////////////////////////////////////////
                                   FOR OWNERS
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Moves collateral or cash between accounts, as a withdrawal from one and a deposit to the other.
    /// @dev Requirements: as {withdraw} for `from`; as {depositFor} for `to`, but without caps and minimum; two accounts.
    function transfer(AccountId from, AccountId to, address token, uint256 amount) external;

    /// @notice Brings tokens into the account's reserve, which counts for no margin and which no debt can reach.
    /// @dev Requirements: `amount` not zero; the owner or an operator; the token is listed.
    function depositReserve(AccountId account, address token, uint256 amount) external;

    /// @notice Pays out of the account's reserve. Never paused, whatever the account owes.
    /// @dev Requirements: `receiver` and `amount` not zero; the owner, or an operator with the right to withdraw.
    /// @param amount {token} The maximum of the type: all.
    function withdrawReserve(
        AccountId account,
        address token,
        uint256 amount,
        address receiver
    ) external returns (uint256 paid);

    /// @notice Fetches what a token refused to pay to the caller, or to the receiver he had named, whatever the reason was.
    /// @dev Requirements: `receiver` not zero; no pause refuses outflow; there is something to fetch.
    /// @return amount {token}
    function claim(address token, address receiver) external returns (uint256 amount);

    /// @notice Sets an operator's rights: bit 0 withdraw, bit 1 trade (sign orders, take slices), bit 2 set policy. 0 ends them. Any
    /// right lets an operator deposit.
    /// @dev Emits {OperatorSet}. Requirements: the owner, or the operator himself to end his rights; no unknown bit.
    ///
    /// Warning: above initial margin an order may have any price, so who may trade may lose all that exceeds it to a friend.
    function setOperator(AccountId account, address operator, uint8 rights) external;

    /// @notice Sets the band and the wishes for an account; see {BandPolicy}.
    /// @dev Emits {PolicySet}.
    ///
    /// Requirements, checked in this order:
    /// - The caller must be the owner, or an operator with the right to set policy.
    /// - 1 < lower, lower + 0.01 <= lowerRestore <= upperRestore <= upper, where an upper of 0 is infinite; lowerRestore at most
    ///   10.
    /// - Grace at most 7 days; keeper pay at most 1,000; `assetOrder` names no asset twice.
    function setPolicy(AccountId account, PolicyFields calldata policy) external;

    /// @notice Sets how much a day's top-ups may take from the owner's wallet.
    /// @dev Emits {WalletLimitSet}. Requirements: the owner alone: it spends his wallet.
    /// @param dailyLimitE18 {quote}
    function setWalletLimit(AccountId account, uint128 dailyLimitE18) external;

    /*//////////////////////////////////////////////////////////////////////////
                                   FOR ANYONE
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Rebalances many accounts; one that reverts is reported as {Outcome-Failed} and stops no other.
    /// @dev Requirements: at most 200 accounts.
    function rebalanceMany(AccountId[] calldata accounts) external returns (Outcome[] memory);

    /// @notice Pays up to `count` of the claims that wait for a token, in their order, as far as its outflow limit has room.
    /// @dev Requirements: no pause refuses outflow; the token is listed. A claim whose receiver refuses is left for its owner to {claim}.
    /// @return served How many had their turn.
    function payClaims(address token, uint256 count) external returns (uint256 served);

    /// @notice Sets aside what lenders may lose by an insolvent account; see {rebalance}, which does it too.
    /// @dev Emits {ProvisionChanged}. Requirements: every price of the account is live; equity is negative.
    function provision(AccountId account) external;

    /// @notice Reverses the provision for an account that is solvent again, or empty.
    /// @dev Emits {ProvisionChanged}. Requirements: a provision is open; no debt, or prices live and equity not negative.
    function reverseProvision(AccountId account) external;

    /// @notice Lets the insurance fund, then the lenders, bear the debt of an account that has nothing left.
    /// @dev Emits {LossSocialised} for what the fund lacks. Requirements: the account has debt, no collateral and no positions.
    function writeOff(AccountId account) external;

    /// @notice Credits interest's share to the insurance fund's account.
    /// @dev Emits {FeesCollected}.
    function collectFees() external returns (uint256 amount);

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

    /// @notice The fourth part of MarginAccount's code; see {IMarginAccountAccess}.
    function access() external view returns (address);

    /// @notice A collateral balance; {token}.
    function collateralOf(AccountId account, uint8 asset) external view returns (uint256);

    /// @notice What may leave the account by {withdraw} now, borrowing included; {token}. A pause is not looked at, nor is the outflow
    /// limit, by which a part may have to wait. Of cash that is borrowed or stands for positions a few
    /// units less, by which its shares may round: as many as the borrow index, rounded up.
    function maxWithdraw(AccountId account, address token) external view returns (uint256);

    /// @notice What {rebalance} would do now, and why, were the keeper paid the most. It may end better: where a part is all that comes,
    /// by what the pay leaves. It ends worse where the wallet refuses what it has and has approved.
    function previewRebalance(AccountId account) external view returns (Plan memory);

    /// @notice The policy in force: the owner's, or the default.
    function policyOf(AccountId account) external view returns (BandPolicy);

    /// @notice The daily limit of wallet top-ups and what is left of today's; {quote}.
    function walletLimitOf(AccountId account) external view returns (uint256 dailyLimitE18, uint256 leftE18);

    /// @notice An operator's rights.
    function rightsOf(AccountId account, address operator) external view returns (uint8);

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
