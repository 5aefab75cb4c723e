// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../base/Errors.sol";
import {IMarginAccountTrading} from "../interfaces/IMarginAccountTrading.sol";
import {IPriceOracleAdapter} from "../interfaces/IPriceOracleAdapter.sol";
import {Account} from "../ledger/AccountBook.sol";
import {Cash, CashMarket, CashMarketLib} from "../ledger/CashMarket.sol";
import {PerpetualMarket} from "../ledger/PerpetualMarket.sol";
import {PositionBook} from "../ledger/PositionBook.sol";
import {Rounding} from "../math/Rounding.sol";
import {WAD} from "../base/Constants.sol";
import {AccountHeader} from "../types/AccountHeader.sol";
import {AccountId} from "../types/AccountId.sol";
import {InstrumentId} from "../types/InstrumentId.sol";
import {Perpetual} from "../types/Perpetual.sol";
import {Position} from "../types/Position.sol";
import {Health} from "./Health.sol";
import {Instruments} from "./Instruments.sol";

/// @title Settlement
/// @notice The chapter that turns unrealised profit into cash, and moves funding on.
/// @dev Upholds promise 2: a loss that leaves a quote lies in the settled pool until a profit that leaves another quote takes it, both
/// in whole units of the quote token. So an instrument's quotes sum to its pool, less what funding and rounding left, which is
/// never negative.
abstract contract Settlement is Health, Instruments, IMarginAccountTrading {
    using CashMarketLib for Cash;
    using CashMarketLib for CashMarket;
    using PerpetualMarket for Perpetual;
    using PositionBook for Account;

    uint256 internal constant MAX_SETTLED = 200;

    /// @inheritdoc IMarginAccountTrading
    function settle(InstrumentId instrument, AccountId[] calldata accounts) external locked {
        // Checks
        if (accounts.length > MAX_SETTLED) revert Errors.MarginAccount_BatchTooLong(accounts.length, MAX_SETTLED);
        Perpetual memory p = _perpetuals[instrument.underlyingOf()];
        _accrueListed(instrument, p);
        (IPriceOracleAdapter.Price memory price, ) = _riskEngine().price(instrument.underlyingOf());
        // A degraded price is two: settling longs at the one and shorts at the other would put both in debt.
        if (price.status != IPriceOracleAdapter.Status.Live) {
            revert Errors.MarginAccount_PriceNotLive(InstrumentId.unwrap(instrument));
        }
        (uint256 bid, uint256 ask) = (price.bidE18, price.askE18);

        // Effects
        p.setIndexPrice(_middle(bid, ask));
        Cash memory c = _market.loadAccrued();
        for (uint256 i; i < accounts.length; ++i) {
            _settleAccount(instrument, accounts[i], bid, ask, p, c);
        }
        _storePerpetual(instrument, p);
        _market.store(c);
    }

    /// @inheritdoc IMarginAccountTrading
    function accrueFunding(InstrumentId instrument) external locked {
        Perpetual memory p = _perpetuals[instrument.underlyingOf()];
        _accrueListed(instrument, p);
        // A price that is missing is no reason to stop the clock.
        try _riskEngine().requirePrice(instrument.underlyingOf()) returns (uint256 bid, uint256 ask) {
            p.setIndexPrice(_middle(bid, ask));
        } catch {}
        _storePerpetual(instrument, p);
    }

    /// @inheritdoc IMarginAccountTrading
    function positionOf(
        AccountId account,
        InstrumentId instrument
    ) external view whenConsistent returns (Position position) {
        uint256 count = _accounts[account].header.positionCount();
        uint8 underlying = instrument.underlyingOf();
        uint256 at = _accounts[account].find(count, underlying);
        if (at == count || !instrument.isPerpetual()) return position;
        return _accounts[account].accrued(at, _fundingIndexOf(underlying));
    }

    /// @inheritdoc IMarginAccountTrading
    function perpetualOf(InstrumentId instrument) external view whenConsistent returns (Perpetual memory p) {
        p = _perpetuals[instrument.underlyingOf()];
        _accrueListed(instrument, p);
    }

    /// @dev Rounded down: longs and shorts alike see it.
    function _middle(uint256 bid, uint256 ask) internal pure returns (uint256) {
        return (bid + ask) / 2;
    }

    function _settleAccount(
        InstrumentId instrument,
        AccountId id,
        uint256 bid,
        uint256 ask,
        Perpetual memory p,
        Cash memory c
    ) private {
        Account storage account = _accounts[id];
        AccountHeader header = account.header;
        uint256 count = header.positionCount();
        uint256 at = account.find(count, instrument.underlyingOf());
        if (at == count) return;
        Position position = account.accrued(at, p.fundingIndexE18);
        int256 shares = header.cashShares();
        int256 amount;
        (position, shares, amount) = _settlePosition(position, shares, position.size() < 0 ? ask : bid, p, c);
        if (amount == 0 && !position.isNone()) return;

        count = account.store(id, at, count, position, p.fundingIndexE18);
        _setCash(id, header.withPositionCount(count), shares);
        emit Settled(AccountId.unwrap(id), InstrumentId.unwrap(instrument), amount);
        _sayPosition(id, instrument, position);
    }

    /// @dev Books a position's profit or loss at the mark: a loss at once, a profit as far as the pool reaches. Of a closed position
    /// what is less than a unit of the quote token is dropped.
    /// @return The position, with what was settled out of its quote.
    /// @return The cash shares, with it in.
    /// @return amount {quote token} Signed. A loss rounded up, a profit down.
    function _settlePosition(
        Position position,
        int256 shares,
        uint256 markE18,
        Perpetual memory p,
        Cash memory c
    ) internal view returns (Position, int256, int256 amount) {
        uint256 scale = _quoteScale();
        int256 quote = position.quote();
        int256 profit = Rounding.mulDivFloor(position.size(), markE18, WAD) + quote;
        if (profit < 0) {
            uint256 loss = Rounding.mulDivUp(uint256(-profit), 1, scale);
            shares = c.debit(shares, loss);
            uint256 pool = p.pool + loss;
            if (pool > type(uint96).max) revert Errors.MarginAccount_AmountOverflow(pool, type(uint96).max);
            p.pool = uint96(pool);
            amount = -int256(loss);
        } else {
            uint256 paid = Rounding.mulDivDown(uint256(profit), 1, scale);
            if (paid > p.pool) paid = p.pool;
            if (paid != 0) shares = c.credit(shares, paid);
            p.pool -= uint96(paid);
            amount = int256(paid);
        }
        quote -= amount * int256(scale);
        if (position.size() == 0 && quote < int256(scale)) quote = 0;
        return (position.withAmounts(position.size(), quote), shares, amount);
    }
}
