// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccountId} from "../types/AccountId.sol";
import {AccountHeader} from "../types/AccountHeader.sol";
import {BandPolicy} from "../types/BandPolicy.sol";
import {CollateralPage} from "../types/CollateralPage.sol";
import {Assessment} from "../types/Assessment.sol";
import {Position} from "../types/Position.sol";
import {ICollateralVault} from "./ICollateralVault.sol";

/// @notice What a rebalance does, and why it does nothing.
enum Outcome {
    InBand, // inside the band; nothing to do
    NoRisk, // neither debt nor positions: nothing to balance
    NotWorthIt, // it would cost more than it gains
    PriceHalted, // a price the account depends on is missing
    Released, // above `upper`: collateral went to the reserve or the wallet
    ToppedUp, // below `lower`: reserve or wallet brought it to `lowerRestore`
    MarginCalled, // still short: the call is recorded and its clock runs
    CallRunning, // still short, and the call was recorded before
    CallPaused, // back above `lower`, not yet at `lowerRestore`
    CallCured, // back at `lowerRestore`: the clock is reset
    LiquidationOpened, // first seen below maintenance
    LiquidationOpen, // below maintenance, as recorded before
    Provisioned, // insolvent: what lenders may lose is set aside
    Failed // only in a batch: the account's own rebalance reverted
}

/// @notice One movement of a rebalance: `amount` of `asset` between the account and its reserve, or its owner's wallet.
struct Move {
    uint8 asset;
    bool wallet;
    uint256 amount; // {token}
    uint256 valueE18; // {quote} at the bid, rounded down
}

/// @notice What a plan is made from.
/// @dev In this order {IRebalancer-plan} has the lowest selector of the Rebalancer, whose dispatch goes from low to high.
struct Request {
    AccountId account;
    ICollateralVault vault;
    AccountHeader header;
    BandPolicy policy;
    uint256 walletLeftE18; // {quote} what today's top-ups may still take from the owner's wallet; 0 leaves the wallet out
    uint256 quoteScale; // one unit of the quote token with 18 decimals
    int256 cashE18; // {quote} signed, debt rounded up and credit rounded down
    uint256 creditE18; // {1} what cash that comes in is worth beyond a debt: less than one while provisions are open
}

/// @notice What a rebalance would do now, were the keeper paid the most. What comes in part is judged once his pay is known.
struct Plan {
    Outcome outcome;
    Assessment before;
    // {1} At least, when the keeper is paid the most; but for a unit of the quote token, or as many as the borrow index, by which
    // shares of cash may round.
    uint256 healthAfterE18;
    int256 deficitE18; // {quote} lowerRestore * MM - E after the moves
    uint256 keeperPayMaxE18; // {quote} the most that this rebalance may pay its keeper
    uint256 keeperFlatE18; // {quote} of that, what does not depend on gas
    uint256 gasPriceE18; // {quote/gas} what a unit of gas is worth, with the keeper's margin
    uint256 gasOverhead; // {gas} what the contract cannot measure
    Move[] moves; // into the account, or out of it when `outcome` is Released
}

/// @title IRebalancer
/// @notice Decides what a rebalance does; MarginAccount carries it out. Views only: it has no power
/// over any account, and its answer depends on nothing a keeper chooses.
interface IRebalancer {
    /// @notice What keepers are paid; see {setKeeperParameters}.
    struct KeeperParameters {
        uint32 gasMaximum; // {gas} the most that is reimbursed
        uint32 gasOverhead; // {gas} what the contract cannot measure: the transaction's own cost
        uint64 baseFeeMaximum; // {wei/gas} the most that is reimbursed
        uint16 marginBps; // on top of the gas
        uint32 flatE6; // {1e-6 quote} on top of that
        uint8 gasAsset; // the listed wrapper of the chain's coin
        uint16 releaseMultiple; // a release is worth at least this many times its cost
        uint16 discountBps; // {MM} the liquidation discount that a rebalance makes less likely
    }

    /// @notice The keeper's parameters were set.
    event KeeperParametersSet(KeeperParameters parameters);

    /// @notice Sets what keepers are paid.
    /// @dev Emits a {KeeperParametersSet} event. Requirements: the AccessManager role; gas at most 5 million, overhead at most
    /// 100,000, base fee at most 10,000 gwei, margin at most 100%, flat at most 100 quote units, discount at most 100%.
    function setKeeperParameters(KeeperParameters calldata parameters) external;

    /// @notice What a rebalance of the account would do now.
    /// @param pages The account's collateral.
    /// @param positions The account's positions, funding paid up to now.
    function plan(
        Request calldata request,
        CollateralPage[] calldata pages,
        Position[] calldata positions
    ) external view returns (Plan memory);

    /// @notice What keepers are paid.
    function keeperParameters() external view returns (KeeperParameters memory);
}
