// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {WAD} from "../base/Constants.sol";
import {Errors} from "../base/Errors.sol";
import {IMarginAccountTrading} from "../interfaces/IMarginAccountTrading.sol";
import {IPriceOracleAdapter} from "../interfaces/IPriceOracleAdapter.sol";
import {Account, AccountBook} from "../ledger/AccountBook.sol";
import {Cash, CashMarket, CashMarketLib} from "../ledger/CashMarket.sol";
import {PerpetualMarket} from "../ledger/PerpetualMarket.sol";
import {PositionBook} from "../ledger/PositionBook.sol";
import {Rounding} from "../math/Rounding.sol";
import {SliceMath} from "../math/SliceMath.sol";
import {Answers} from "../risk/Answers.sol";
import {Margin} from "../risk/Margin.sol";
import {AccountHeader} from "../types/AccountHeader.sol";
import {AccountId} from "../types/AccountId.sol";
import {Assessment, Leg} from "../types/Assessment.sol";
import {CollateralPage} from "../types/CollateralPage.sol";
import {GuardLevel} from "../types/Guard.sol";
import {InstrumentId} from "../types/InstrumentId.sol";
import {Perpetual} from "../types/Perpetual.sol";
import {Position} from "../types/Position.sol";
import {Settlement} from "./Settlement.sol";

/// @title Trading
/// @notice The chapter of fills, and of positions that move with slices.
/// @dev Upholds promises 2, 7 and 11: size and quote only ever move between two accounts, and an account below its initial margin
/// may do no more than lessen its risk near the mark.
abstract contract Trading is Settlement {
    using AccountBook for Account;
    using CashMarketLib for Cash;
    using CashMarketLib for CashMarket;
    using PerpetualMarket for Perpetual;
    using PositionBook for Account;

    /// @dev One account's side of a fill; memory only.
    struct Side {
        AccountId account;
        int256 sizeE18; // {unit} by which its position changes
        int256 quoteE18; // {quote} by which its quote changes
        uint256 fee; // {quote token}
        bool reduces;
        Position before; // with funding paid up to now
        int256 cashBefore; // {quote token}
        uint256 riskBlock; // the last in which its owner had raised his risk
    }

    /// @inheritdoc IMarginAccountTrading
    function fill(Fill calldata f) external locked returns (uint256 quoteE18) {
        // Checks
        if (msg.sender != _exchange) revert Errors.MarginAccount_NotModule(msg.sender, _exchange);
        if (f.maker == f.taker) revert Errors.MarginAccount_SameAccount(AccountId.unwrap(f.maker));
        Perpetual memory p = _perpetuals[f.instrument.underlyingOf()];
        _accrueListed(f.instrument, p);
        quoteE18 = _quoteOf(f.sizeE18, f.priceE18);
        if (quoteE18 == 0) revert Errors.MarginAccount_EmptyFill();

        // Effects
        int256 paid = f.sizeE18 > 0 ? -int256(quoteE18) : int256(quoteE18);
        Side memory maker = Side(f.maker, -f.sizeE18, -paid, f.makerFee, f.makerReduces, Position.wrap(0), 0, 0);
        Side memory taker = Side(f.taker, f.sizeE18, paid, f.takerFee, f.takerReduces, Position.wrap(0), 0, 0);
        Cash memory c = _market.loadAccrued();
        _requireBelow(GuardLevel.LiquidateOnly, c.guarded);
        uint256 interestBefore = p.openInterestE18;
        bool shrinks = _apply(maker, f.instrument, p, c);
        shrinks = _apply(taker, f.instrument, p, c) && shrinks;
        _finish(f, maker, taker, interestBefore, shrinks, p, c);
    }

    /// @inheritdoc IMarginAccountTrading
    function movePositions(AccountId from, AccountId to, uint256 fractionE18) external {
        if (msg.sender != _liquidator) revert Errors.MarginAccount_NotModule(msg.sender, _liquidator);
        AccountHeader fromHeader = _accounts[from].header;
        AccountHeader toHeader = _accounts[to].header;
        uint256 fromCount = fromHeader.positionCount();
        uint256 toCount = toHeader.positionCount();
        // From the last to the first: one that is gone is replaced by the last, which has had its turn.
        for (uint256 i = fromCount; i != 0;) {
            --i;
            (fromCount, toCount) = _movePosition(from, to, i, fromCount, toCount, fractionE18);
        }
        _accounts[from].header = fromHeader.withPositionCount(fromCount);
        _accounts[to].header = toHeader.withPositionCount(toCount);
    }

    /// @dev {quote E18} What the fill costs; against the taker: up when he buys, down when he sells.
    function _quoteOf(int256 sizeE18, uint256 priceE18) private pure returns (uint256) {
        if (sizeE18 > 0) return Rounding.mulDivUp(uint256(sizeE18), priceE18, WAD);
        return Rounding.mulDivDown(uint256(-sizeE18), priceE18, WAD);
    }

    /// @dev Refuses a fill by which a position grows while its price is halted or disputed, or the guardian does not want it. The
    /// evidence itself closes the door and opens it again: nobody has to say so, and nobody can keep it closed.
    function _requireGrowthAllowed(
        uint8 underlying,
        IPriceOracleAdapter.Fault fault,
        bool halted,
        bool guarded
    ) private view {
        if (halted) revert Errors.PriceOracleAdapter_Halted(underlying, uint8(fault));
        if (fault == IPriceOracleAdapter.Fault.Deviating) {
            revert Errors.MarginAccount_ReduceOnly(underlying, uint8(fault));
        }
        _requireBelow(GuardLevel.ReduceOnly, guarded);
    }

    /// @dev Books one side: funding, size and quote, its fee, and what a closed position settles.
    /// @return smaller Whether the position only shrank.
    function _apply(
        Side memory side,
        InstrumentId instrument,
        Perpetual memory p,
        Cash memory c
    ) private returns (bool smaller) {
        Account storage account = _accounts[side.account];
        AccountHeader header = account.header;
        int256 shares = header.cashShares();
        uint256 count = header.positionCount();
        uint8 underlying = instrument.underlyingOf();
        uint256 at = account.find(count, underlying);
        Position position = account.load(at, count, underlying, p.fundingIndexE18);
        side.before = position;
        side.riskBlock = header.riskBlock();
        side.cashBefore = c.valueOf(shares);

        int256 before = position.size();
        int256 size = before + side.sizeE18;
        smaller = before > 0 ? size >= 0 && size < before : size <= 0 && size > before;
        if (side.reduces && !smaller) {
            revert Errors.MarginAccount_NotReducing(AccountId.unwrap(side.account), before, side.sizeE18);
        }
        position = position.withAmounts(size, position.quote() + side.quoteE18);
        p.addInterest(before, size);
        // A fee may leave a debt smaller than the least that may be borrowed: it stands for a position.
        if (side.fee != 0) shares = c.debit(shares, side.fee);
        if (size == 0) {
            int256 amount;
            (position, shares, amount) = _settlePosition(position, shares, 0, p, c);
            emit Settled(AccountId.unwrap(side.account), InstrumentId.unwrap(instrument), amount);
        }
        count = account.store(side.account, at, count, position, p.fundingIndexE18);
        header = header.withPositionCount(count);
        if (!smaller) header = header.withRiskBlock(block.number);
        if (shares == header.cashShares()) account.header = header;
        else _setCash(side.account, header, shares);
        _sayPosition(side.account, instrument, position);
    }

    /// @dev Holds the open interest to its cap and lets the fill weigh in the premium.
    function _weigh(Fill calldata f, uint256 indexE18, uint256 interestBefore, Perpetual memory p) private pure {
        uint256 interest = p.openInterestE18;
        if (interest > interestBefore && interest > p.capE18()) {
            revert Errors.MarginAccount_OpenInterestAboveCap(InstrumentId.unwrap(f.instrument), interest, p.capE18());
        }
        uint256 size = uint256(f.sizeE18 < 0 ? -f.sizeE18 : f.sizeE18);
        p.addFill(size, f.priceE18, indexE18, interest > interestBefore ? interest : interestBefore);
    }

    /// @dev The end of a fill that is booked on both sides: what needs the price, and the checks on the state that will persist.
    function _finish(
        Fill calldata f,
        Side memory maker,
        Side memory taker,
        uint256 interestBefore,
        bool shrinks,
        Perpetual memory p,
        Cash memory c
    ) private {
        // One look at the price and at what both accounts have now.
        (int256 makerCash, CollateralPage[] memory makerPages, Position[] memory makerPositions) = _portfolioAt(
            f.maker,
            f.instrument,
            p,
            c
        );
        (int256 takerCash, CollateralPage[] memory takerPages, Position[] memory takerPositions) = _portfolioAt(
            f.taker,
            f.instrument,
            p,
            c
        );
        (
            IPriceOracleAdapter.Price memory price,
            IPriceOracleAdapter.Fault fault,
            Assessment memory makerMargin,
            Assessment memory takerMargin
        ) = _riskEngine().assessFill(
                f.instrument.underlyingOf(),
                makerCash,
                makerPages,
                makerPositions,
                takerCash,
                takerPages,
                takerPositions
            );

        // Effects
        bool halted = price.status == IPriceOracleAdapter.Status.Halted;
        if (!shrinks) _requireGrowthAllowed(f.instrument.underlyingOf(), fault, halted, c.guarded);
        // Without a price nobody knows what the fill deviates from.
        if (!halted) {
            uint256 index = _middle(price.bidE18, price.askE18);
            p.setIndexPrice(index);
            _weigh(f, index, interestBefore, p);
        }
        _storePerpetual(f.instrument, p);
        _market.store(c);

        // Checks
        if (halted) {
            _requireSolvent(maker, f, fault, p, c);
            _requireSolvent(taker, f, fault, p, c);
        } else {
            _requireAllowed(maker, makerMargin, f, price, p, c);
            _requireAllowed(taker, takerMargin, f, price, p, c);
        }
    }

    /// @dev {_portfolio} while `p`, the perpetual of an instrument, is in memory.
    function _portfolioAt(
        AccountId id,
        InstrumentId instrument,
        Perpetual memory p,
        Cash memory c
    ) private view returns (int256 cashE18, CollateralPage[] memory pages, Position[] memory positions) {
        Account storage account = _accounts[id];
        AccountHeader header = account.header;
        cashE18 = _toE18(c.valueOf(header.cashShares()));
        pages = account.loadPages();
        positions = new Position[](header.positionCount());
        for (uint256 i; i < positions.length; ++i) {
            uint8 underlying = account.positions[i].underlying();
            positions[i] = account.accrued(
                i,
                underlying == instrument.underlyingOf() ? p.fundingIndexE18 : _fundingIndexOf(underlying)
            );
        }
    }

    /// @dev The rule of fills: initial margin holds, or the account's risk was lessened near the mark.
    /// @param a The account as the fill leaves it.
    function _requireAllowed(
        Side memory side,
        Assessment memory a,
        Fill calldata f,
        IPriceOracleAdapter.Price memory price,
        Perpetual memory p,
        Cash memory c
    ) private {
        uint256 raw = AccountId.unwrap(side.account);
        if (a.unpriced) revert Errors.MarginAccount_PriceHalted(raw);
        if (a.equityE18 >= int256(a.initialE18)) return;

        (, CollateralPage[] memory pages, Position[] memory positions) = _portfolio(side.account, c);
        Assessment memory b;
        Answers.assessAccount(_riskEngine(), b, _toE18(side.cashBefore), pages, _withPosition(positions, side.before));
        bool lowered =
            a.halted ||
                a.equityE18 - int256(a.initialE18) < b.equityE18 - int256(b.initialE18) ||
                SliceMath.signedHealth(a.equityE18, a.maintenanceE18) <
                    SliceMath.signedHealth(b.equityE18, b.maintenanceE18);
        if (lowered) revert Errors.MarginAccount_BelowInitialMargin(raw, a.equityE18, a.initialE18);

        _requireInBand(raw, f.priceE18, price.bidE18, price.askE18, p.bandE18());
        // What lowered risk is no reason to cool off: else a crumb in each block would keep takers out for ever.
        _accounts[side.account].header = _accounts[side.account].header.withRiskBlock(side.riskBlock);
    }

    /// @dev The rule of fills while the price is halted: within the fills' clamp of the last valid price, and at both ends of that band
    /// the account has equity. Both positions shrink, so what one side gives up is the other's, and no loss is left to lenders.
    function _requireSolvent(
        Side memory side,
        Fill calldata f,
        IPriceOracleAdapter.Fault fault,
        Perpetual memory p,
        Cash memory c
    ) private view {
        uint8 underlying = f.instrument.underlyingOf();
        (int256 cashE18, CollateralPage[] memory pages, Position[] memory positions) = _portfolio(side.account, c);
        Leg[] memory legs = Answers.priceAccount(_riskEngine(), pages, positions);
        uint256 last = _lastPrice(side.before);
        if (last == 0) revert Errors.PriceOracleAdapter_Halted(underlying, uint8(fault));
        uint256 raw = AccountId.unwrap(side.account);
        _requireInBand(raw, f.priceE18, last, last, p.bandE18());
        int256 equityE18 = Margin.leastEquity(legs, cashE18, p.bandE18());
        if (equityE18 < 0) revert Errors.MarginAccount_BelowInitialMargin(raw, equityE18, 0);
    }

    /// @dev {quote/unit} Where the underlying of a position last had a valid price; 0: never.
    function _lastPrice(Position position) private view returns (uint256) {
        Position[] memory one = new Position[](1);
        one[0] = position;
        return Answers.priceAccount(_riskEngine(), new CollateralPage[](0), one)[0].askE18;
    }

    function _requireInBand(uint256 account, uint256 price, uint256 bid, uint256 ask, uint256 band) private pure {
        uint256 lowest = Rounding.mulDivUp(bid, WAD - band, WAD);
        uint256 highest = Rounding.mulDivDown(ask, WAD + band, WAD);
        if (price < lowest || price > highest) {
            revert Errors.MarginAccount_PriceOutsideBand(account, price, lowest, highest);
        }
    }

    /// @dev The positions as they were: `before` in the place of what its underlying has now.
    function _withPosition(Position[] memory positions, Position before) private pure returns (Position[] memory was) {
        uint256 count = positions.length;
        uint256 at;
        while (at < count && positions[at].underlying() != before.underlying()) ++at;
        was = new Position[](at == count ? count + 1 : count);
        for (uint256 i; i < count; ++i) {
            was[i] = positions[i];
        }
        // One of nothing weighs nothing.
        was[at] = before;
    }

    /// @return The two counts afterwards.
    function _movePosition(
        AccountId from,
        AccountId to,
        uint256 at,
        uint256 fromCount,
        uint256 toCount,
        uint256 fractionE18
    ) private returns (uint256, uint256) {
        uint8 underlying = _accounts[from].positions[at].underlying();
        Perpetual memory p = _perpetuals[underlying];
        p.accrue();
        Position given = _accounts[from].accrued(at, p.fundingIndexE18);
        InstrumentId instrument = given.instrument();
        int256 size = Margin.sizeTaken(given.size(), fractionE18);
        // A claim that moves is rounded down, what is owed up: both against the taker.
        int256 quote = Rounding.mulDivFloor(given.quote(), fractionE18, WAD);
        p.addInterest(given.size(), given.size() - size);
        Position kept = given.withAmounts(given.size() - size, given.quote() - quote);
        fromCount = _accounts[from].store(from, at, fromCount, kept, p.fundingIndexE18);
        _sayPosition(from, instrument, kept);

        uint256 place = _accounts[to].find(toCount, underlying);
        Position taken = _accounts[to].load(place, toCount, underlying, p.fundingIndexE18);
        p.addInterest(taken.size(), taken.size() + size);
        taken = taken.withAmounts(taken.size() + size, taken.quote() + quote);
        toCount = _accounts[to].store(to, place, toCount, taken, p.fundingIndexE18);
        _sayPosition(to, instrument, taken);
        _storePerpetual(instrument, p);
        return (fromCount, toCount);
    }
}
