// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ILiquidator} from "../interfaces/ILiquidator.sol";
import {IMarginAccount} from "../interfaces/IMarginAccount.sol";
import {Outcome, Plan} from "../interfaces/IRebalancer.sol";
import {AccountHeader, CallState} from "../types/AccountHeader.sol";
import {AccountId} from "../types/AccountId.sol";
import {BandPolicy} from "../types/BandPolicy.sol";
import {CollateralPage, ENTRIES_PER_PAGE} from "../types/CollateralPage.sol";
import {InstrumentId} from "../types/InstrumentId.sol";
import {Position} from "../types/Position.sol";

/// @title MarginLens
/// @notice Reads many accounts in one call, for keepers and pages. Not part of the core: nothing depends on it, and it can
/// be replaced at any time.
contract MarginLens {
    /// @notice A collateral balance.
    struct Holding {
        uint8 asset;
        uint256 amount; // {token}
    }

    /// @notice A position, funding paid up to now.
    struct Held {
        InstrumentId instrument;
        int256 sizeE18; // {unit}
        int256 quoteE18; // {quote} its profit is size * mark + quote
    }

    /// @notice All that a keeper or a page needs of an account.
    struct AccountState {
        AccountId account;
        int256 cash; // {quote token}
        Holding[] holdings;
        Held[] positions;
        int256 equityE18; // {quote}
        uint256 maintenanceE18; // {quote}
        uint256 initialE18; // {quote}
        uint256 healthE18; // {1}
        bool halted; // a price the account depends on is missing
        bool degraded; // two sources differ, or one is missing
        uint256 lowerE18; // {1}
        uint256 lowerRestoreE18; // {1}
        uint256 upperRestoreE18; // {1}
        uint256 upperE18; // {1}
        CallState callState;
        uint256 callDeadline; // {s}
        uint256 liquidationSince; // {s}
        uint256 provision; // {quote token}
        Outcome outcome; // of a rebalance now
        uint256 healthAfterE18; // {1} of that rebalance
        int256 deficitE18; // {quote} that it leaves
    }

    IMarginAccount public immutable marginAccount;
    ILiquidator public immutable liquidator;

    constructor(IMarginAccount marginAccount_, ILiquidator liquidator_) {
        marginAccount = marginAccount_;
        liquidator = liquidator_;
    }

    /// @notice The state of each account, in the order asked for; 1,000 in debt took 73 million gas of one call, mock feeds included.
    /// A node that gives a call less is asked for fewer at a time.
    function accounts(AccountId[] calldata ids) external view returns (AccountState[] memory states) {
        states = new AccountState[](ids.length);
        for (uint256 i; i < ids.length; ++i) {
            _fill(states[i], ids[i]);
        }
    }

    /// @notice Accounts among `ids` that a rebalance would change now.
    function due(AccountId[] calldata ids) external view returns (AccountId[] memory found) {
        found = new AccountId[](ids.length);
        uint256 count;
        for (uint256 i; i < ids.length; ++i) {
            Plan memory plan = marginAccount.previewRebalance(ids[i]);
            bool idle =
                plan.outcome <= Outcome.PriceHalted ||
                    plan.outcome == Outcome.CallRunning ||
                    plan.outcome == Outcome.LiquidationOpen;
            if (!idle || plan.moves.length != 0) found[count++] = ids[i];
        }
        assembly ("memory-safe") {
            // Cuts the list to what was found.
            mstore(found, count)
        }
    }

    /// @notice The terms of the largest slice of each account; all zero for one that cannot be liquidated now.
    function quotes(AccountId[] calldata ids) external view returns (ILiquidator.Quote[] memory result) {
        result = new ILiquidator.Quote[](ids.length);
        for (uint256 i; i < ids.length; ++i) {
            try liquidator.quote(ids[i], type(uint256).max) returns (ILiquidator.Quote memory q) {
                result[i] = q;
            } catch {}
        }
    }

    function _fill(AccountState memory state, AccountId id) private view {
        AccountHeader header;
        CollateralPage[] memory pages;
        state.account = id;
        Position[] memory positions;
        (header, state.cash, pages, positions) = marginAccount.stateOf(id);
        state.holdings = _holdings(pages);
        state.positions = new Held[](positions.length);
        for (uint256 i; i < positions.length; ++i) {
            state.positions[i] = Held(positions[i].instrument(), positions[i].size(), positions[i].quote());
        }
        state.callState = header.callState();
        state.liquidationSince = header.liquidationSince();

        Plan memory plan = marginAccount.previewRebalance(id);
        state.equityE18 = plan.before.equityE18;
        state.maintenanceE18 = plan.before.maintenanceE18;
        state.initialE18 = plan.before.initialE18;
        state.healthE18 = plan.before.healthE18;
        state.halted = plan.before.halted;
        state.degraded = plan.before.degraded;
        state.outcome = plan.outcome;
        state.healthAfterE18 = plan.healthAfterE18;
        state.deficitE18 = plan.deficitE18;

        BandPolicy policy = marginAccount.policyOf(id);
        state.lowerE18 = policy.lower();
        state.lowerRestoreE18 = policy.lowerRestore();
        state.upperRestoreE18 = policy.upperRestore();
        state.upperE18 = policy.upper();
        state.callDeadline = marginAccount.callDeadlineOf(id);
        if (header.hasProvision()) state.provision = marginAccount.provisionOf(id);
    }

    function _holdings(CollateralPage[] memory pages) private pure returns (Holding[] memory holdings) {
        uint256 count;
        holdings = new Holding[](pages.length * ENTRIES_PER_PAGE);
        for (uint256 i; i < pages.length; ++i) {
            for (uint256 entry; entry < ENTRIES_PER_PAGE; ++entry) {
                uint8 asset = pages[i].assetAt(entry);
                if (asset != 0) holdings[count++] = Holding({asset: asset, amount: pages[i].amountAt(entry)});
            }
        }
        assembly ("memory-safe") {
            mstore(holdings, count)
        }
    }
}
