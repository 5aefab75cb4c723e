// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../base/Errors.sol";
import {MarginAccountState} from "../ledger/MarginAccountState.sol";
import {PerpetualMarket} from "../ledger/PerpetualMarket.sol";
import {AccountId} from "../types/AccountId.sol";
import {InstrumentId} from "../types/InstrumentId.sol";
import {Perpetual} from "../types/Perpetual.sol";
import {Position} from "../types/Position.sol";

/// @title Instruments
/// @notice How an instrument is read and written, and what is said of it.
abstract contract Instruments is MarginAccountState {
    using PerpetualMarket for Perpetual;

    /// @dev The instrument with funding up to now; reverts when there is none.
    function _loadPerpetual(InstrumentId instrument) internal view returns (Perpetual memory p) {
        p = _perpetuals[instrument.underlyingOf()];
        if (!instrument.isPerpetual() || p.updatedAt == 0) {
            revert Errors.MarginAccount_UnknownInstrument(InstrumentId.unwrap(instrument));
        }
        p.accrue();
    }

    function _storePerpetual(InstrumentId instrument, Perpetual memory p) internal {
        _perpetuals[instrument.underlyingOf()] = p;
        emit PerpetualChanged(
            InstrumentId.unwrap(instrument),
            p.fundingIndexE18,
            p.indexPriceE18,
            p.rateE18,
            p.premiumE18,
            p.weightedE18,
            p.openInterestE18,
            p.pool
        );
    }

    function _sayPosition(AccountId id, InstrumentId instrument, Position position, Perpetual memory p) internal {
        int256 index = position.isNone() ? int256(0) : p.fundingIndexE18;
        emit PositionChanged(
            AccountId.unwrap(id),
            InstrumentId.unwrap(instrument),
            position.size(),
            position.quote(),
            index
        );
    }
}
