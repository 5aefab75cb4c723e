// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {QUOTE} from "../base/Constants.sol";
import {Errors} from "../base/Errors.sol";
import {IMarginAccountCore} from "../interfaces/IMarginAccountCore.sol";
import {Move, Outcome, Plan} from "../interfaces/IRebalancer.sol";
import {WalletAllowance} from "../ledger/AccountBook.sol";
import {Cash, CashMarket, CashMarketLib} from "../ledger/CashMarket.sol";
import {AccountHeader} from "../types/AccountHeader.sol";
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
        Plan memory plan = _plan(account, c, true);
        Outcome outcome = plan.outcome;
        if (outcome <= Outcome.PriceHalted) return outcome;
        // A pause lets in what cures and nothing out.
        if (outcome == Outcome.Released && _isTightened(c.guarded)) return Outcome.NotWorthIt;

        int256 cash;
        bool came;
        if (outcome == Outcome.Released) {
            cash = -int256(_takeReleased(account, plan));
        } else if (plan.moves.length != 0) {
            bool refused;
            // What a wallet brings comes last.
            if (plan.moves[plan.moves.length - 1].wallet) (came, refused, cash) = _pullFromWallet(account, plan);
            if (refused) {
                // The rest is as if nobody had asked the wallet: what came before it refused is the account's already.
                if (cash != 0) _creditCash(account, uint256(cash), c);
                plan = _plan(account, c, false);
                outcome = plan.outcome;
                if (outcome <= Outcome.Released) (outcome, plan.moves) = (Outcome.ToppedUp, new Move[](0));
                cash = 0;
            }
            cash += _moveFromReserve(account, plan);
        }

        // What comes in part leaves a health that depends on the keeper's pay, of which the plan knows only the most. Where that
        // may move a clock, it is looked at once more when he is paid. A release leaves nothing missing.
        bool partly = plan.deficitE18 > 0 && _mayCall(account, plan);
        bool called = !partly && _advanceClock(account, plan.healthAfterE18);
        if (outcome == Outcome.Provisioned) _provision(account, plan.before.equityE18, c);

        // A look that only moved a clock is not paid; a call recorded is, once; work is paid with its gas.
        uint256 payE18;
        if (plan.moves.length != 0) {
            payE18 = plan.gasPriceE18 * (gasBefore - gasleft() + plan.gasOverhead / batch) + plan.keeperFlatE18;
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
        if (plan.moves.length != 0 || pay != 0) came = true;
        if (came || outcome == Outcome.Provisioned) _market.store(c);

        if (came || called || (outcome != Outcome.CallRunning && outcome != Outcome.LiquidationOpen)) {
            emit Rebalanced(AccountId.unwrap(account), keeper, outcome, plan.healthAfterE18, pay);
        }

        // Interaction
        if (outcome == Outcome.Released) _payReleased(account, plan);
        return outcome;
    }

    /// @dev Asks a wallet for its moves, first of all since they may not come; the lock keeps a hostile token out meanwhile. Whatever
    /// was planned before a token that refuses was all there was of it, so that the next rebalance, which is refused again, moves
    /// nothing. No cap refuses a cure: an amount is never more than the deficit.
    /// @return came Whether something did.
    /// @return refused A token did: nothing after it was asked for.
    /// @return cash {quote token} Of what came, for the caller to book.
    function _pullFromWallet(
        AccountId account,
        Plan memory plan
    ) private returns (bool came, bool refused, int256 cash) {
        uint256 spentE18;
        for (uint256 i; i < plan.moves.length && !refused; ++i) {
            Move memory move = plan.moves[i];
            if (!move.wallet) continue;
            try _vault().pull(_vault().tokenOf(move.asset), account.ownerOf(), move.amount, true) {
                came = true;
                spentE18 += move.valueE18;
                if (move.asset == QUOTE) cash = int256(move.amount);
                else _addCollateral(account, move.asset, move.amount, true);
            } catch {
                refused = true;
            }
        }
        if (came) _spendFromWallet(account, spentE18);
    }

    /// @return cash {quote token} Of what came, for the caller to book.
    function _moveFromReserve(AccountId account, Plan memory plan) private returns (int256 cash) {
        for (uint256 i; i < plan.moves.length; ++i) {
            Move memory move = plan.moves[i];
            if (move.wallet) continue;
            _vault().moveFromReserve(account, move.asset, move.amount);
            if (move.asset == QUOTE) cash = int256(move.amount);
            else _addCollateral(account, move.asset, move.amount, true);
        }
    }

    /// @dev Whether the moves leave a clock that runs, or might start: the plan's health is the least that is left.
    function _mayCall(AccountId account, Plan memory plan) private view returns (bool) {
        if (plan.moves.length == 0) return false;
        return !_accounts[account].header.isCalm() || plan.healthAfterE18 < _policyOf(account).lower();
    }

    /// @dev What became of an account that is not brought to its restore point: it is looked at as the next rebalance will, which then
    /// finds nothing to do. What the wallet had has come, or was refused.
    function _lookAgain(AccountId account, Plan memory plan, Cash memory c) private view returns (Outcome) {
        Plan memory next = _plan(account, c, false);
        (plan.healthAfterE18, plan.deficitE18) = (next.healthAfterE18, next.deficitE18);
        bool cured =
            next.outcome <= Outcome.ToppedUp || next.outcome == Outcome.CallPaused || next.outcome == Outcome.CallCured;
        return cured ? Outcome.ToppedUp : next.outcome;
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
