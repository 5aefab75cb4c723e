// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {RIGHT_TRADE, WAD} from "./base/Constants.sol";
import {Errors} from "./base/Errors.sol";
import {Signatures} from "./base/Signatures.sol";
import {IExchange} from "./interfaces/IExchange.sol";
import {IMarginAccountCore} from "./interfaces/IMarginAccountCore.sol";
import {IMarginAccountTrading} from "./interfaces/IMarginAccountTrading.sol";
import {Rounding} from "./math/Rounding.sol";
import {AccountId} from "./types/AccountId.sol";
import {InstrumentId} from "./types/InstrumentId.sol";

/// @title Exchange
/// @notice Matches two signed orders and asks the ledger to book the fill. It holds nothing; the ledger checks both accounts.
/// @dev Upholds promise 10: nothing moves an account here but a signature of one who may trade for it.
contract Exchange is IExchange, AccessManaged, EIP712 {
    uint256 internal constant E6 = 1e6;
    uint24 internal constant MAX_FEE = 10_000;
    uint24 internal constant MIN_FEES = 500;

    /// @dev Each nonce has two bits: the first, that nothing is left of it; the second, that a part was filled, and `_filled` says
    /// how much. An order that is filled at once never touches `_filled`.
    uint256 internal constant NONCES_PER_WORD = 128;
    uint256 internal constant DONE = 1;
    uint256 internal constant PARTIAL = 2;

    bytes32 internal constant ORDER_TYPEHASH = keccak256(
        "Order(uint256 account,uint256 instrument,int256 sizeE18,uint256 priceE18,uint256 nonce,uint256 expiry,address signer,bool reduceOnly)"
    );

    IMarginAccountCore public immutable marginAccount;
    uint256 private immutable _quoteScale;

    // slot 0 is AccessManaged's authority; slots 1 and 2 are EIP712's, unused because name and version are short
    // slot 3
    FeeParameters private _fees;
    // slot 4
    mapping(AccountId account => mapping(uint256 word => uint256 bits)) private _nonces;
    // slot 5
    mapping(bytes32 order => uint256 size) private _filled; // {unit}

    constructor(address authority, IMarginAccountCore marginAccount_) AccessManaged(authority) EIP712("Ballast", "1") {
        marginAccount = marginAccount_;
        _quoteScale = marginAccount_.quoteScale();
    }

    /// @inheritdoc IExchange
    function setFeeParameters(FeeParameters calldata p) external restricted {
        if (p.makerE6 > MAX_FEE) _outOfBounds("makerE6", p.makerE6, MAX_FEE);
        if (p.takerE6 > MAX_FEE) _outOfBounds("takerE6", p.takerE6, MAX_FEE);
        uint256 both = uint256(p.makerE6) + p.takerE6;
        if (both < MIN_FEES) _outOfBounds("makerE6 + takerE6", both, MIN_FEES);
        _fees = p;
        emit FeeParametersSet(p);
    }

    /// @inheritdoc IExchange
    function fill(
        Order calldata maker,
        bytes calldata makerSignature,
        Order calldata taker,
        bytes calldata takerSignature,
        uint256 sizeE18
    ) external {
        // Checks
        _requireCrossing(maker, taker, sizeE18);
        FeeParameters memory fees = _fees;
        if (fees.takerE6 == 0 && fees.makerE6 == 0) _outOfBounds("makerE6 + takerE6", 0, MIN_FEES);

        // Effects
        bytes32 makerHash = _use(maker, makerSignature, sizeE18);
        bytes32 takerHash = _use(taker, takerSignature, sizeE18);

        // Interaction: the ledger books it, and checks both accounts.
        int256 signed = taker.sizeE18 > 0 ? int256(sizeE18) : -int256(sizeE18);
        uint256 notional = Rounding.mulDivUp(sizeE18, maker.priceE18, WAD);
        IMarginAccountTrading.Fill memory f = IMarginAccountTrading.Fill({
            maker: maker.account,
            taker: taker.account,
            instrument: maker.instrument,
            sizeE18: signed,
            priceE18: maker.priceE18,
            makerFee: _feeOf(notional, fees.makerE6),
            takerFee: _feeOf(notional, fees.takerE6),
            makerReduces: maker.reduceOnly,
            takerReduces: taker.reduceOnly
        });
        IMarginAccountTrading(address(marginAccount)).fill(f);
        emit Filled(
            makerHash,
            takerHash,
            InstrumentId.unwrap(maker.instrument),
            AccountId.unwrap(maker.account),
            AccountId.unwrap(taker.account),
            signed,
            maker.priceE18,
            f.makerFee,
            f.takerFee
        );
    }

    /// @inheritdoc IExchange
    function cancel(AccountId account, uint256 word, uint128 mask) external {
        if (msg.sender != account.ownerOf() && !marginAccount.mayAct(account, msg.sender, RIGHT_TRADE)) {
            revert Errors.MarginAccount_NotAuthorized(AccountId.unwrap(account), msg.sender, RIGHT_TRADE);
        }
        uint256 bits;
        for (uint256 i; i < NONCES_PER_WORD; ++i) {
            bits |= ((uint256(mask) >> i) & DONE) << (2 * i);
        }
        _nonces[account][word] |= bits;
        emit Cancelled(AccountId.unwrap(account), word, bits);
    }

    /// @inheritdoc IExchange
    function hashOf(Order calldata order) external view returns (bytes32) {
        return _hashOf(order);
    }

    /// @inheritdoc IExchange
    function leftOf(Order calldata order) external view returns (uint256) {
        (uint256 bits, uint256 filled) = _stateOf(order, _hashOf(order));
        if (order.expiry < block.timestamp || bits & DONE != 0) return 0;
        return _sizeOf(order) - filled;
    }

    /// @inheritdoc IExchange
    function feeParameters() external view returns (FeeParameters memory) {
        return _fees;
    }

    /// @dev Both sides of one instrument, at prices that meet.
    function _requireCrossing(Order calldata maker, Order calldata taker, uint256 sizeE18) private pure {
        if (sizeE18 == 0 || sizeE18 > uint256(type(int256).max)) revert Errors.Exchange_BadSize(sizeE18);
        bool makerBuys = maker.sizeE18 > 0;
        bool opposite = maker.sizeE18 != 0 && taker.sizeE18 != 0 && makerBuys != (taker.sizeE18 > 0);
        if (InstrumentId.unwrap(maker.instrument) != InstrumentId.unwrap(taker.instrument) || !opposite) {
            revert Errors.Exchange_NotOpposite(maker.sizeE18, taker.sizeE18);
        }
        (uint256 bid, uint256 ask) = makerBuys ? (maker.priceE18, taker.priceE18) : (taker.priceE18, maker.priceE18);
        if (bid < ask) revert Errors.Exchange_PricesDoNotMeet(bid, ask);
    }

    /// @dev Takes `sizeE18` of what is left of an order, and sees that it was signed by one who may.
    function _use(Order calldata order, bytes calldata signature, uint256 sizeE18) private returns (bytes32 hash) {
        uint256 raw = AccountId.unwrap(order.account);
        if (order.expiry < block.timestamp) revert Errors.Exchange_Expired(raw, order.nonce, order.expiry);
        hash = _hashOf(order);

        (uint256 bits, uint256 before) = _stateOf(order, hash);
        if (bits & DONE != 0) revert Errors.Exchange_Used(raw, order.nonce);
        uint256 size = _sizeOf(order);
        uint256 filled = before + sizeE18;
        if (filled > size) revert Errors.Exchange_TooMuch(raw, order.nonce, size - before, sizeE18);
        if (filled == size) {
            _mark(order, DONE);
        } else {
            if (before == 0) _mark(order, PARTIAL);
            _filled[hash] = filled;
        }

        address signer = order.signer;
        if (signer != order.account.ownerOf() && !marginAccount.mayAct(order.account, signer, RIGHT_TRADE)) {
            revert Errors.MarginAccount_NotAuthorized(raw, signer, RIGHT_TRADE);
        }
        if (!Signatures.isValid(signer, hash, signature)) {
            revert Errors.Exchange_BadSignature(raw, signer);
        }
    }

    /// @return bits The two of its nonce. One that belongs to another order, which was filled in part, is done.
    /// @return filled {unit} How much of this order.
    function _stateOf(Order calldata order, bytes32 hash) private view returns (uint256 bits, uint256 filled) {
        bits = _nonces[order.account][order.nonce / NONCES_PER_WORD] >> (2 * (order.nonce % NONCES_PER_WORD));
        if (bits & PARTIAL == 0) return (bits, 0);
        filled = _filled[hash];
        if (filled == 0) bits = DONE;
    }

    function _mark(Order calldata order, uint256 bit) private {
        _nonces[order.account][order.nonce / NONCES_PER_WORD] |= bit << (2 * (order.nonce % NONCES_PER_WORD));
    }

    function _hashOf(Order calldata order) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ORDER_TYPEHASH, order)));
    }

    function _sizeOf(Order calldata order) private pure returns (uint256) {
        int256 size = order.sizeE18;
        if (size == type(int256).min) revert Errors.Exchange_BadSize(uint256(1) << 255);
        return uint256(size < 0 ? -size : size);
    }

    /// @dev {quote token} Rounded up.
    function _feeOf(uint256 notionalE18, uint256 feeE6) private view returns (uint256) {
        return Rounding.mulDivUp(notionalE18, feeE6, E6 * _quoteScale);
    }

    function _outOfBounds(bytes32 field, uint256 found, uint256 bound) private pure {
        revert Errors.Exchange_ParameterOutOfBounds(field, found, bound);
    }
}
