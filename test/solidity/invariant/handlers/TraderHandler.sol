// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../../../../contracts/base/Errors.sol";
import {IRiskEngine} from "../../../../contracts/interfaces/IRiskEngine.sol";
import {IMarginAccountTrading} from "../../../../contracts/interfaces/IMarginAccountTrading.sol";
import {AccountId} from "../../../../contracts/types/AccountId.sol";
import {Assessment} from "../../../../contracts/types/Assessment.sol";
import {toPerpetual} from "../../../../contracts/types/InstrumentId.sol";
import {Position} from "../../../../contracts/types/Position.sol";
import {OracleModel} from "../OracleModel.sol";
import {Stage, TOKENS, WETH} from "../Stage.sol";
import {OrderHandler} from "./OrderHandler.sol";

/// @title TraderHandler
/// @notice Fills between accounts: opened, closed, turned, with oneself, with the lender; and what settles them. Around each fill what
/// the promises say of it is claimed: 2 (size), 7 (margin), 10 (parties) and 11 (nobody gains but by the price).
contract TraderHandler is OrderHandler {
    /// @dev One side of a fill, before it.
    struct Side {
        AccountId id;
        Assessment margin;
        Position position;
    }

    /// @notice Fills of accounts below their initial margin.
    uint256 public reliefs;
    /// @notice Fills that were tried without a price.
    uint256 public darkAttempts;

    constructor(Stage memory stage) OrderHandler(stage) {}

    /*//////////////////////////////////////////////////////////////////////////
                                         FILLS
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Two owners, or an owner and the lender, as large as their margins let, or a little larger.
    function trade(uint256 who, uint256 what, uint256 amount) external action {
        AccountId taker = _find(who, _mayTrade);
        AccountId maker = what % 3 == 0 ? _lender() : _accountOf(who >> 64);
        uint8 asset = _coin(what >> 8);
        uint256 price = _offMark(asset, amount >> 64, 50);
        if (price == 0) return;
        uint256 most = _limit(taker, asset, price);
        uint256 other = _limit(maker, asset, price);
        if (other < most) most = other;
        if (most == 0) return;
        uint256 size = amount % 4 == 0 ? most : _bound(amount, most / 50 + 1, most + most / 10);
        _trade(Terms(maker, taker, asset, what % 2 == 0 ? int256(size) : -int256(size), price, false));
    }

    /// @notice All that an account's margin bears, against the lender: a small move of the price makes it liquidatable.
    function tradeToTheLimit(uint256 who, uint256 what, uint256) external action {
        AccountId taker = _find(who, _mayTrade);
        uint8 asset = _coin(what >> 8);
        uint256 price = _offMark(asset, 0, 0);
        if (price == 0) return;
        uint256 size = (_limit(taker, asset, price) * 98) / 100;
        if (size == 0) return;
        _trade(Terms(_lender(), taker, asset, what % 2 == 0 ? int256(size) : -int256(size), price, false));
    }

    /// @notice Away from the mark, with an account of one's own or a friend's: what one loses the other gains, less the fees.
    function tradeWithOneself(uint256 who, uint256 what, uint256 amount) external action {
        AccountId taker = _find(who, _mayTrade);
        AccountId maker = _sibling(taker);
        uint8 asset = _coin(what >> 8);
        uint256 price = _offMark(asset, amount >> 64, 1_500);
        if (price == 0) return;
        uint256 most = _limit(taker, asset, price);
        uint256 other = _limit(maker, asset, price);
        if (other < most) most = other;
        if (most == 0) return;
        uint256 size = _bound(amount, most / 100 + 1, most);
        _trade(Terms(maker, taker, asset, what % 2 == 0 ? int256(size) : -int256(size), price, false));
    }

    /// @notice A position, or a part of it, against one of the other side if there is one.
    function close(uint256 who, uint256 what, uint256 part) external action {
        (AccountId id, uint8 asset, int256 size) = _somePosition(who, what);
        if (size == 0) return;
        uint256 price = _offMark(asset, part >> 64, 35);
        if (price == 0) return;
        AccountId other = _opposite(id, asset, size, what >> 16);
        int256 closing =
            part % 2 == 0
                ? -size
                : -int256(_bound(part, 1, uint256(size < 0 ? -size : size))) * (size < 0 ? int256(-1) : int256(1));
        _trade(Terms(other, id, asset, closing, price, true));
    }

    /// @notice A long and a short end each other while nothing else may be filled: in a pause that lets positions shrink, or, when there
    /// is none, after the feeds fell silent, near the last price there was.
    function closeInTheDark(uint256 who, uint256 what, uint256 part) external action {
        (AccountId id, uint8 asset, int256 size) = _somePosition(who, what);
        if (size == 0) return;
        AccountId other = _opposite(id, asset, size, what >> 16);
        int256 held = _position(other, asset).size();
        if ((held > 0) == (size > 0)) return;
        int256 most = _abs(held) < _abs(size) ? held : -size;
        uint256 price = _offMark(asset, part >> 64, 45);
        if (most == 0 || price == 0) return;
        if (s.book.guardLevel() != 1) _silence(asset);
        if (_price(asset).status == OracleModel.HALTED) ++darkAttempts;
        _trade(Terms(other, id, asset, most, price, true));
    }

    /// @dev What a feed said last becomes old; a second source says nothing.
    function _silence(uint8 asset) private {
        int256 last = s.feeds[asset].latestAnswer();
        if (last > 0) s.feeds[asset].push(last, block.timestamp - 2 days);
        if (asset == WETH) s.source.setPrice(0);
    }

    /// @notice From long to short, or back.
    function turn(uint256 who, uint256 what, uint256 part) external action {
        (AccountId id, uint8 asset, int256 size) = _somePosition(who, what);
        if (size == 0) return;
        uint256 price = _offMark(asset, part >> 64, 35);
        if (price == 0) return;
        int256 turning = (-size * int256(_bound(part, 110, 200))) / 100;
        _trade(Terms(_lender(), id, asset, turning, price, false));
    }

    /// @notice An account between maintenance and initial margin lessens its risk: near the mark it may, elsewhere not.
    function relieve(uint256 who, uint256 what, uint256 part) external action {
        AccountId id = _find(who, _isStrained);
        uint8 asset = _coin(what);
        int256 size = _position(id, asset).size();
        if (size == 0) (asset, size) = (3 - asset, _position(id, 3 - asset).size());
        if (size == 0) return;
        uint256 price = _offMark(asset, part >> 64, 60);
        if (price == 0) return;
        int256 relief = (-size * int256(_bound(part, 5, 100))) / 100;
        if (relief == 0) return;
        _trade(Terms(_lender(), id, asset, relief, price, true));
    }

    /// @notice A long and a short end each other at the mark, as far as both reach.
    function unwind(AccountId long, AccountId short, uint8 asset) external action {
        (int256 one, int256 other) = (_position(long, asset).size(), -_position(short, asset).size());
        int256 size = one < other ? one : other;
        (bool ok, bytes memory answer) = _fill(Terms(long, short, asset, size, _price(asset).bid, true));
        _claim(2, ok, string.concat("positions could not be closed: ", vm.toString(answer)));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       SETTLEMENT
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Anyone settles anybody's: nobody's equity changes, and what leaves the one's cash the pool holds for the other.
    function settle(uint256 who, uint256 what, uint256) external action {
        uint8 asset = _coin(what);
        AccountId[] memory ids = new AccountId[](4);
        (ids[0], , ) = _somePosition(who, what);
        ids[1] = _lender();
        ids[2] = _accountOf(who >> 64);
        ids[3] = _find(who >> 128, _hasPosition);
        int256[] memory before = new int256[](4);
        for (uint256 i; i < 4; ++i) {
            _party(ids[i]);
            before[i] = s.marginAccount.assess(ids[i]).equityE18;
        }
        uint256 pool = s.marginAccount.perpetualOf(toPerpetual(asset)).pool;
        uint256 changes = s.book.instrumentOf(asset).changes;
        OracleModel.Seen memory price = _price(asset);
        (bool ok, bytes memory answer) = _try(
            s.stranger,
            address(s.marginAccount),
            abi.encodeCall(IMarginAccountTrading.settle, (toPerpetual(asset), ids))
        );
        _claim(2, ok == (price.status == OracleModel.LIVE), "settlement was judged wrongly");
        if (!ok) {
            _expectRefusal(answer, abi.encodePacked(Errors.MarginAccount_PriceNotLive.selector), "a settlement");
            return;
        }
        for (uint256 i; i < 4; ++i) {
            int256 change = s.marginAccount.assess(ids[i]).equityE18 - before[i];
            // Each cash balance may round by a unit, and a claim below one is dropped with its position.
            int256 slack = int256(2 * QUOTE_UNIT) + 1e6;
            if (_isBlind(ids[i]) || s.book.provisions() != 0) continue;
            _claim(11, change <= slack, string.concat("settling gave an account ", vm.toString(change)));
            _claim(11, change >= -slack, string.concat("settling cost an account ", vm.toString(change)));
        }
        bool moved = s.marginAccount.perpetualOf(toPerpetual(asset)).pool != pool;
        if (moved || s.book.instrumentOf(asset).changes != changes) _done();
    }

    /// @notice What the pool holds is paid to whom it is due.
    function settleAll(uint8 asset, AccountId[] calldata ids) external action {
        for (uint256 i; i < ids.length; ++i) {
            _party(ids[i]);
        }
        (bool ok, ) = _try(
            s.stranger,
            address(s.marginAccount),
            abi.encodeCall(IMarginAccountTrading.settle, (toPerpetual(asset), ids))
        );
        _claim(2, ok, "positions could not be settled");
    }

    function accrueFunding(uint256 what, uint256, uint256) external action {
        (bool ok, ) = _try(
            s.stranger,
            address(s.marginAccount),
            abi.encodeCall(IMarginAccountTrading.accrueFunding, (toPerpetual(_coin(what))))
        );
        _claim(2, ok, "funding was not accrued");
        _done();
    }

    /*//////////////////////////////////////////////////////////////////////////
                                     WHAT IS CLAIMED
    //////////////////////////////////////////////////////////////////////////*/

    function _trade(Terms memory t) private {
        if (t.maker == t.taker) return;
        Side memory maker = _side(t.maker, t.asset);
        Side memory taker = _side(t.taker, t.asset);
        (bool ok, bytes memory answer) = _fill(t);
        if (!ok) {
            _expectRefusal(answer, _refusals(), "a fill");
            return;
        }
        uint256 fee = _feeOf(t);
        OracleModel.Seen memory price = _price(t.asset);
        bool shrinks = _shrinks(maker.position.size(), -t.size) && _shrinks(taker.position.size(), t.size);
        bool clear = price.status != OracleModel.HALTED && !price.deviating;
        _claim(12, s.book.guardLevel() < (shrinks ? 2 : 1), "a fill went through a pause");
        _claim(7, shrinks || clear, "a position grew without a price, or at a disputed one");
        _claimSide(maker, t.asset, -t.size, t.price, fee, price);
        _claimSide(taker, t.asset, t.size, t.price, fee, price);
        _done();
    }

    function _claimSide(
        Side memory b,
        uint8 asset,
        int256 size,
        uint256 price,
        uint256 fee,
        OracleModel.Seen memory mark
    ) private {
        Assessment memory a = s.marginAccount.assess(b.id);
        _claim(2, _position(b.id, asset).size() == b.position.size() + size, "a fill moved another size");
        // While a provision is open what becomes credit carries its part of that, for all others who have some.
        if (mark.status == OracleModel.LIVE && !b.margin.halted && s.book.provisions() == 0) {
            // By the price and the fee alone: each rounding of cash is a unit, and so is what a closed position drops.
            int256 gain = (size * (int256(mark.bid) - int256(price))) / 1e18 - int256(fee * QUOTE_UNIT);
            int256 change = a.equityE18 - b.margin.equityE18 - gain;
            int256 wei_ = _abs(b.position.size()) / 1e15 + _abs(size) / 1e15 + 1e6;
            int256 slack = int256(3 * QUOTE_UNIT) + wei_;
            _claim(
                11,
                change <= slack,
                string.concat("a fill gave an account more than its price: ", vm.toString(change))
            );
            _claim(
                11,
                change >= -slack,
                string.concat("a fill cost more than its price and fee: ", vm.toString(change))
            );
        }
        bool covered = !a.unpriced && a.equityE18 >= int256(a.initialE18);
        if (covered || mark.status == OracleModel.HALTED) return;
        // The exception: risk is lessened, near the mark.
        ++reliefs;
        _claim(7, !a.unpriced && !a.halted, "a fill below the initial margin without a price");
        int256 spare = a.equityE18 - int256(a.initialE18);
        _claim(
            7,
            spare >= b.margin.equityE18 - int256(b.margin.initialE18),
            "a fill below the initial margin took from E - IM"
        );
        _claim(7, _health(a) + 1 >= _health(b.margin), "a fill below the initial margin lowered health");
        bool near = price * 1e4 >= mark.bid * (1e4 - 40) && price * 1e4 <= mark.ask * (1e4 + 40);
        _claim(7, near, "a fill below the initial margin was far from the mark");
    }

    function _shrinks(int256 before, int256 change) private pure returns (bool) {
        return before > 0 ? change < 0 && before + change >= 0 : change > 0 && before + change <= 0;
    }

    /// @dev {1} With its sign; of an account with nothing at risk any more, and less than nothing, zero.
    function _health(Assessment memory a) private pure returns (int256) {
        if (a.maintenanceE18 == 0) return a.equityE18 < 0 ? int256(0) : type(int256).max / 2;
        return (a.equityE18 * 1e18) / int256(a.maintenanceE18);
    }

    function _abs(int256 x) private pure returns (int256) {
        return x < 0 ? -x : x;
    }

    function _side(AccountId id, uint8 asset) private view returns (Side memory) {
        return Side(id, s.marginAccount.assess(id), _position(id, asset));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         CHOICES
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev {unit} The size that an account's spare margin bears, about.
    function _limit(AccountId id, uint8 asset, uint256 price) private view returns (uint256) {
        Assessment memory a = s.marginAccount.assess(id);
        int256 spare = a.equityE18 - int256(a.initialE18);
        if (spare <= 0 || a.halted) return 0;
        IRiskEngine.RiskParameters memory p = s.riskEngine.riskParametersOf(asset);
        uint256 rate =
            (uint256(p.shockBps) * p.initialFactorBps) / 1e4 + s.riskEngine.perpetualRiskOf(asset).basisInitialBps + 6;
        return (uint256(spare) * 1e4 * 1e18) / (rate * price);
    }

    /// @dev {quote/unit} A price within so many basis points of the mark, or of the last one there was; zero after a lie.
    function _offMark(uint8 asset, uint256 word, uint256 bps) private view returns (uint256) {
        OracleModel.Seen memory price = _price(asset);
        int256 last = s.feeds[asset].latestAnswer();
        if (price.bid == 0 && last > 0) price.bid = uint256(last) * 1e10;
        return (price.bid * (1e4 - bps + (word % (2 * bps + 1)))) / 1e4;
    }

    /// @dev An owner's position if there is one; in one of four cases one that a taker's slices brought.
    function _somePosition(uint256 who, uint256 what) private view returns (AccountId id, uint8 asset, int256 size) {
        id = _find(who, _hasPosition);
        if (what % 4 == 0 && _hasPosition(_own())) id = _own();
        if (what % 4 == 1 && _hasPosition(_ownOfVenue())) id = _ownOfVenue();
        asset = _coin(what >> 8);
        size = _position(id, asset).size();
        if (size == 0) (asset, size) = (3 - asset, _position(id, 3 - asset).size());
    }

    /// @dev An account whose position has the other sign; the lender's if there is none.
    function _opposite(AccountId id, uint8 asset, int256 size, uint256 word) private view returns (AccountId) {
        for (uint256 i; i < 10; ++i) {
            AccountId other = _accountOf((word % 10) + i);
            int256 found = _position(other, asset).size();
            if (other != id && (found > 0) != (size > 0) && found != 0) return other;
        }
        return _lender();
    }

    function _mayTrade(AccountId id) private view returns (bool) {
        Assessment memory a = s.marginAccount.assess(id);
        return !a.halted && a.equityE18 > int256(a.initialE18);
    }

    /// @dev Below its initial margin, and with a position.
    function _isStrained(AccountId id) private view returns (bool) {
        if (!_hasPosition(id)) return false;
        Assessment memory a = s.marginAccount.assess(id);
        return a.equityE18 < int256(a.initialE18);
    }

    function _coin(uint256 what) private pure returns (uint8) {
        return uint8(1 + (what % (TOKENS - 1)));
    }
}
