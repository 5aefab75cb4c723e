// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {QUOTE, WAD} from "../base/Constants.sol";
import {Errors} from "../base/Errors.sol";
import {IMarginAccountCore} from "../interfaces/IMarginAccountCore.sol";
import {Move, Outcome, Plan} from "../interfaces/IRebalancer.sol";
import {WalletAllowance} from "../ledger/AccountBook.sol";
import {Cash, CashMarket, CashMarketLib} from "../ledger/CashMarket.sol";
import {AccountHeader, CallState} from "../types/AccountHeader.sol";
import {AccountId, toAccountId} from "../types/AccountId.sol";
import {Losses} from "./Losses.sol";

/// @title Rebalancing
/// @notice The chapter that carries out what the Rebalancer plans.
/// @dev Upholds promise 6: a plan moves health toward its restore point, equity falls by no more than the keeper's pay and
/// what is released, and a second rebalance in the same block finds nothing to do.
abstract contract Rebalancing is Losses, IMarginAccountCore {
    using CashMarketLib for Cash;
    using CashMarketLib for CashMarket;

    /// @inheritdoc IMarginAccountCore
    function rebalance(AccountId account) external locked returns (Outcome) {
        return _rebalance(account, msg.sender, 1, gasleft());
    }

    /// @inheritdoc IMarginAccountCore
    function rebalanceInBatch(AccountId account, address keeper, uint256 batch) external returns (Outcome) {
        if (msg.sender != address(this)) revert Errors.MarginAccount_NotModule(msg.sender, address(this));
        return _rebalance(account, keeper, batch, gasleft());
    }

    /// @param batch How many accounts share the transaction's own cost.
    /// @param gasBefore {gas} What was left when the work on this account began.
    function _rebalance(AccountId account, address keeper, uint256 batch, uint256 gasBefore) private returns (Outcome) {
        Cash memory c = _market.loadAccrued();
        Plan memory plan = _plan(account, c);
        Outcome outcome = plan.outcome;
        if (outcome <= Outcome.PriceHalted) return outcome;
        // A pause lets in what cures and nothing out.
        if (outcome == Outcome.Released && _isTightened(c.guarded)) return Outcome.NotWorthIt;

        int256 cash;
        bool moved = plan.moves.length != 0;
        // What came in part leaves a health that depends on the keeper's pay, of which the plan knows only the most.
        bool partly;
        if (outcome == Outcome.Released) {
            cash = -int256(_takeReleased(account, plan));
        } else if (plan.moves.length != 0) {
            bool complete;
            (complete, cash) = _bookTopUp(account, plan);
            partly = plan.deficitE18 > 0;
            if (!complete) {
                if (cash != 0) _creditCash(account, uint256(cash), c);
                cash = 0;
                // A wallet that refuses costs its owner no more than what came from elsewhere is worth.
                plan.keeperPayMaxE18 = _capPay(plan);
                moved = plan.keeperPayMaxE18 != 0;
                partly = moved;
                if (!moved) outcome = _lookAgain(account, plan, c);
            }
        }

        bool called = !partly && _advanceClock(account, plan.healthAfterE18);
        if (outcome == Outcome.Provisioned) _provision(account, plan.before.equityE18, c);

        // A look that only moved a clock is not paid; a call recorded is, once; work is paid with its gas.
        uint256 payE18;
        if (moved) {
            uint256 gasUsed = gasBefore - gasleft() + plan.gasOverhead / batch;
            payE18 = plan.gasPriceE18 * gasUsed + plan.keeperFlatE18;
            if (payE18 > plan.keeperPayMaxE18) payE18 = plan.keeperPayMaxE18;
        } else if (called && plan.before.equityE18 >= 0) {
            payE18 = plan.keeperFlatE18;
            // The pay for a call puts nobody below maintenance, where the next look would open a liquidation.
            int256 spare = plan.before.equityE18 - int256(plan.before.maintenanceE18);
            if (spare >= 0 && spare < int256(payE18)) payE18 = 0;
        }
        uint256 pay = _settleCash(account, keeper, cash, payE18, c);
        if (partly) {
            outcome = _lookAgain(account, plan, c);
            called = _advanceClock(account, plan.healthAfterE18);
        }
        if (called) _sayCalled(account, plan.deficitE18);
        if (pay != 0 || plan.moves.length != 0 || outcome == Outcome.Provisioned) _market.store(c);

        if (called || pay != 0 || (outcome != Outcome.CallRunning && outcome != Outcome.LiquidationOpen)) {
            emit Rebalanced(AccountId.unwrap(account), keeper, outcome, plan.healthAfterE18, pay);
        }

        // Interaction
        if (outcome == Outcome.Released) _payReleased(account, plan);
        return outcome;
    }

    /// @dev Books the moves into the account. A wallet's tokens are asked for first, since they may not come; the lock keeps a
    /// hostile token out meanwhile.
    /// @return complete False: a token refused, and the account is short of what was planned.
    /// @return cashIn {quote token} Cash that came in, for the caller to book with the keeper's pay.
    function _bookTopUp(AccountId account, Plan memory plan) private returns (bool complete, int256 cashIn) {
        complete = true;
        uint256 spentE18;
        for (uint256 i; i < plan.moves.length; ++i) {
            Move memory move = plan.moves[i];
            if (move.wallet) {
                // No cap refuses a cure: the amount is never more than the deficit.
                try _vault().pull(_vault().tokenOf(move.asset), account.ownerOf(), move.amount, true) {
                    spentE18 += move.valueE18;
                } catch {
                    complete = false;
                    move.valueE18 = 0;
                    continue;
                }
            } else {
                _vault().moveFromReserve(account, move.asset, move.amount);
            }
            if (move.asset == QUOTE) cashIn += int256(move.amount);
            else _addCollateral(account, move.asset, move.amount, true);
        }
        if (spentE18 != 0) _spendFromWallet(account, spentE18);
    }

    /// @dev {quote} The keeper's pay at most, when only some of the moves came.
    function _capPay(Plan memory plan) private pure returns (uint256 most) {
        for (uint256 i; i < plan.moves.length; ++i) {
            most += plan.moves[i].valueE18;
        }
        if (most > plan.keeperPayMaxE18) most = plan.keeperPayMaxE18;
    }

    /// @dev What became of an account that is not brought to its restore point for certain: it is looked at as the next rebalance will,
    /// which then finds nothing to do.
    function _lookAgain(AccountId account, Plan memory plan, Cash memory c) private view returns (Outcome) {
        Plan memory next = _plan(account, c);
        // What the next would bring is not there.
        uint256 health = next.moves.length == 0 ? next.healthAfterE18 : next.before.healthE18;
        plan.healthAfterE18 = health;
        plan.deficitE18 = _deficit(account, next.before);
        if (health >= _policyOf(account).lower()) return Outcome.ToppedUp;
        AccountHeader header = _accounts[account].header;
        if (health < WAD) {
            return header.liquidationSince() == 0 ? Outcome.LiquidationOpened : Outcome.LiquidationOpen;
        }
        return header.callState() == CallState.None ? Outcome.MarginCalled : Outcome.CallRunning;
    }

    /// @dev Takes what is released out of the account; what goes to the reserve is there at once. The block is marked as one in
    /// which risk was raised, so that a second release finds nothing to do.
    /// @return cashOut {quote token} Cash that goes, for the caller to book with the keeper's pay.
    function _takeReleased(AccountId account, Plan memory plan) private returns (uint256 cashOut) {
        for (uint256 i; i < plan.moves.length; ++i) {
            Move memory move = plan.moves[i];
            if (move.asset == QUOTE) cashOut = move.amount;
            else _removeCollateral(account, move.asset, move.amount);
            if (!move.wallet) _vault().moveToReserve(account, move.asset, move.amount);
        }
        _accounts[account].header = _accounts[account].header.withRiskBlock(block.number);
    }

    /// @dev A token that refuses stops no rebalance: its owner may fetch it.
    function _payReleased(AccountId account, Plan memory plan) private {
        for (uint256 i; i < plan.moves.length; ++i) {
            Move memory move = plan.moves[i];
            if (move.wallet) _vault().pay(_vault().tokenOf(move.asset), account.ownerOf(), move.amount);
        }
    }

    /// @dev Books the cash that came in or goes out and the keeper's pay, which goes to the keeper's account 0, in one write of the account.
    /// Nobody is paid by himself.
    /// @param cash {quote token} What came in; negative: what is released.
    /// @return pay {quote token} Rounded down.
    function _settleCash(
        AccountId account,
        address keeper,
        int256 cash,
        uint256 payE18,
        Cash memory c
    ) private returns (uint256 pay) {
        AccountId keeperAccount = toAccountId(keeper, 0);
        if (keeperAccount != account) pay = payE18 / _quoteScale();
        if (cash == 0 && pay == 0) return 0;
        AccountHeader header = _accounts[account].header;
        int256 shares = header.cashShares();
        if (cash > 0) shares = c.credit(shares, uint256(cash));
        uint256 leaving = cash < 0 ? uint256(-cash) + pay : pay;
        if (leaving != 0) shares = c.debit(shares, leaving);
        _setCash(account, header, shares);
        if (pay != 0) _creditCash(keeperAccount, pay, c);
    }

    function _spendFromWallet(AccountId account, uint256 spentE18) private {
        WalletAllowance storage wallet = _accounts[account].wallet;
        uint32 today = uint32(block.timestamp / 1 days);
        uint256 before = wallet.day == today ? wallet.spentE18 : 0;
        // The plan stayed within what was left, which fits.
        wallet.spentE18 = uint128(before + spentE18);
        wallet.day = today;
    }
}
