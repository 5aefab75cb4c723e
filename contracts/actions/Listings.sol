// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {MAX_POSITIONS} from "../base/Constants.sol";
import {IMarginAccountAccess} from "../interfaces/IMarginAccountAccess.sol";
import {PerpetualMarket} from "../ledger/PerpetualMarket.sol";
import {toPerpetual} from "../types/InstrumentId.sol";
import {Perpetual} from "../types/Perpetual.sol";
import {Bounds} from "./Bounds.sol";
import {Instruments} from "./Instruments.sol";

/// @title Listings
/// @notice The chapter of what AccessManager's roles may set of instruments, each within bounds.
abstract contract Listings is Bounds, Instruments, IMarginAccountAccess {
    using PerpetualMarket for Perpetual;

    /// @dev {1e-7/hour} 0.5% an hour.
    uint16 internal constant MAX_CLAMP = 50_000;
    uint8 internal constant MAX_DIVISOR = 24;
    uint8 internal constant MAX_DEVIATION = 200;
    /// @dev {bps} What the exchange's fees of both sides come to at least.
    uint256 internal constant MIN_FEES = 5;

    /// @inheritdoc IMarginAccountAccess
    function setPerpetual(
        uint8 underlying,
        uint16 interestE7,
        uint16 clampE7,
        uint8 divisor,
        uint8 deviationBps,
        uint48 capE3
    ) external restricted locked {
        // Checks
        if (clampE7 > MAX_CLAMP) _outOfBounds("clampE7", clampE7, MAX_CLAMP);
        if (interestE7 > clampE7) _outOfBounds("interestE7", interestE7, clampE7);
        if (divisor == 0) _outOfBounds("divisor", divisor, 1);
        if (divisor > MAX_DIVISOR) _outOfBounds("divisor", divisor, MAX_DIVISOR);
        if (deviationBps == 0) _outOfBounds("deviationBps", deviationBps, 1);
        if (deviationBps > MAX_DEVIATION) _outOfBounds("deviationBps", deviationBps, MAX_DEVIATION);
        if (deviationBps > MIN_FEES * divisor) _outOfBounds("deviationBps", deviationBps, MIN_FEES * divisor);

        // Effects: what has passed is charged at what held.
        Perpetual memory p = _perpetuals[underlying];
        if (p.updatedAt == 0) {
            _requireRoom();
            // The price comes with the first fill; until then there is nobody to pay.
            p.updatedAt = uint40(block.timestamp);
            _listedPerpetuals |= uint256(1) << underlying;
        } else {
            p.accrue();
        }
        (p.interestE7, p.clampE7, p.divisor) = (interestE7, clampE7, divisor);
        (p.deviationBps, p.capE3) = (deviationBps, capE3);
        emit PerpetualSet(underlying, interestE7, clampE7, divisor, deviationBps, capE3);
        _storePerpetual(toPerpetual(underlying), p);
    }

    /// @inheritdoc IMarginAccountAccess
    function setExchange(address exchange_) external restricted locked {
        _exchange = exchange_;
        emit ExchangeSet(exchange_);
    }

    /// @inheritdoc IMarginAccountAccess
    function exchange() external view returns (address) {
        return _exchange;
    }

    /// @dev Whoever walks all perpetuals walks no more than these.
    function _requireRoom() private view {
        uint256 count;
        for (uint256 listed = _listedPerpetuals; listed != 0; listed &= listed - 1) ++count;
        if (count == MAX_POSITIONS) _outOfBounds("listed", count, MAX_POSITIONS);
    }
}
