// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../../../../contracts/base/Errors.sol";
import {IExchange} from "../../../../contracts/interfaces/IExchange.sol";
import {AccountId, toAccountId} from "../../../../contracts/types/AccountId.sol";
import {toPerpetual} from "../../../../contracts/types/InstrumentId.sol";
import {Handler} from "../Handler.sol";
import {OWNERS, Stage} from "../Stage.sol";

/// @title OrderHandler
/// @notice Orders, who signs them, and orders that nobody should have filled.
abstract contract OrderHandler is Handler {
    struct Terms {
        AccountId maker;
        AccountId taker;
        uint8 asset;
        int256 size; // {unit} by which the taker's position changes
        uint256 price; // {quote/unit}
        bool reduces; // the taker's order is to reduce only
    }

    uint8 private constant TRADE = 2;

    /// @notice Orders that an operator signed and that were filled.
    uint256 public byOperators;

    uint256 private _nonce;
    bytes private _lastFill;
    AccountId private _lastAccount;
    AccountId private _lastOther;

    constructor(Stage memory stage) Handler(stage) {
        // Two handlers that sign for one account shall not meet.
        _nonce = uint256(uint160(address(this))) << 64;
    }

    /// @notice What no signature allows: another's, an operator's without the right, one used before, one that has expired.
    function forge(uint256 who, uint256 way, uint256) external action {
        AccountId victim = _accountOf(who);
        IExchange.Order memory own = _order(_lender(), 1, -1e15, 2_000e18);
        IExchange.Order memory forged = _order(victim, 1, 1e15, 2_000e18);
        bytes memory signature = _sign(forged, s.takerKey);
        bytes4 reason = Errors.Exchange_BadSignature.selector;
        way %= 4;
        if (way == 1) {
            (forged.signer, reason) = (s.stranger, Errors.MarginAccount_NotAuthorized.selector);
        } else if (way == 2) {
            (forged.expiry, reason) = (block.timestamp - 1, Errors.Exchange_Expired.selector);
            signature = _sign(forged, _keyOf(victim.ownerOf()));
        } else if (way == 3) {
            if (_lastFill.length == 0) return;
            victim = _lastAccount;
        }
        bytes memory call = abi.encodeCall(IExchange.fill, (own, _sign(own, s.lenderKey), forged, signature, 1e15));
        if (way == 3) (call, reason) = (_lastFill, Errors.Exchange_Used.selector);
        bytes32 digest = _digestOf(victim);
        bytes32 other = _digestOf(_lastOther);
        (bool ok, bytes memory answer) = _try(s.stranger, address(s.exchange), call);
        // A used order may have expired too.
        bool known = bytes4(answer) == reason || (way == 3 && bytes4(answer) == Errors.Exchange_Expired.selector);
        _claim(10, !ok && known, string.concat("a forged order was let in, or refused with ", vm.toString(answer)));
        _claim(10, _digestOf(victim) == digest && _digestOf(_lastOther) == other, "a forged order changed something");
        _done();
    }

    /// @dev Fills two orders that meet at the price, signed by owners or by whom they let trade; anyone brings them.
    function _fill(Terms memory t) internal returns (bool ok, bytes memory answer) {
        _party(t.maker);
        _party(t.taker);
        IExchange.Order memory maker = _order(t.maker, t.asset, -t.size, t.price);
        IExchange.Order memory taker = _order(t.taker, t.asset, t.size, t.price);
        taker.reduceOnly = t.reduces;
        taker.signer = _signerOf(t.taker, _nonce);
        uint256 size = uint256(t.size < 0 ? -t.size : t.size);
        bytes memory call = abi.encodeCall(
            IExchange.fill,
            (maker, _sign(maker, _keyOf(maker.signer)), taker, _sign(taker, _keyOf(taker.signer)), size)
        );
        (ok, answer) = _try(s.stranger, address(s.exchange), call);
        if (!ok) return (ok, answer);
        if (taker.signer != t.taker.ownerOf()) ++byOperators;
        (_lastFill, _lastAccount, _lastOther) = (call, t.taker, t.maker);
    }

    /// @dev {quote token} What each side pays; rounded up.
    function _feeOf(Terms memory t) internal view returns (uint256) {
        uint256 notional = (uint256(t.size < 0 ? -t.size : t.size) * t.price + 1e18 - 1) / 1e18;
        return (notional * s.exchange.feeParameters().makerE6 + 1e18 - 1) / 1e18;
    }

    function _order(
        AccountId id,
        uint8 asset,
        int256 size,
        uint256 price
    ) internal returns (IExchange.Order memory order) {
        order.account = id;
        order.instrument = toPerpetual(asset);
        order.sizeE18 = size;
        order.priceE18 = price;
        order.nonce = _nonce++;
        order.expiry = block.timestamp + 1 hours;
        order.signer = id == _ownOfVenue() ? s.taker : id.ownerOf();
    }

    function _sign(IExchange.Order memory order, uint256 key) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 sig) = vm.sign(key, s.exchange.hashOf(order));
        return abi.encodePacked(r, sig, v);
    }

    /// @dev An operator with the right to trade, now and then; else the owner.
    function _signerOf(AccountId id, uint256 word) private view returns (address) {
        if (id == _ownOfVenue()) return s.taker;
        for (uint256 i; i < OWNERS && word % 4 == 1; ++i) {
            if (s.book.rights(AccountId.unwrap(id), s.owners[i]) & TRADE != 0) return s.owners[i];
        }
        return id.ownerOf();
    }

    function _keyOf(address signer) private view returns (uint256) {
        if (signer == s.lender) return s.lenderKey;
        if (signer == s.taker) return s.takerKey;
        for (uint256 i; i < OWNERS; ++i) {
            if (s.owners[i] == signer) return s.keys[i];
        }
        return 1;
    }

    function _lender() internal view returns (AccountId) {
        return toAccountId(s.lender, 0);
    }

    function _own() internal view returns (AccountId) {
        return toAccountId(s.taker, 0);
    }

    function _ownOfVenue() internal view returns (AccountId) {
        return toAccountId(s.venueTaker, 0);
    }

    /// @dev The owner's other account.
    function _sibling(AccountId id) internal pure returns (AccountId) {
        return toAccountId(id.ownerOf(), id.indexOf() == 0 ? 1 : 0);
    }

    function _refusals() internal pure returns (bytes memory) {
        return
            abi.encodePacked(
                Errors.MarginAccount_BelowInitialMargin.selector,
                Errors.MarginAccount_PriceOutsideBand.selector,
                Errors.MarginAccount_NotReducing.selector,
                Errors.MarginAccount_PriceHalted.selector,
                Errors.MarginAccount_ReduceOnly.selector,
                Errors.MarginAccount_EmptyFill.selector,
                Errors.MarginAccount_OpenInterestAboveCap.selector,
                Errors.PriceOracleAdapter_Halted.selector
            );
    }
}
