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

    /// @dev Brings an instrument's funding up to now; reverts when there is no such instrument.
    /// @param p As it is stored.
    function _accrueListed(InstrumentId instrument, Perpetual memory p) internal view {
        if (!instrument.isPerpetual() || p.updatedAt == 0) {
            revert Errors.MarginAccount_UnknownInstrument(InstrumentId.unwrap(instrument));
        }
        p.accrue();
    }

    function _storePerpetual(InstrumentId instrument, Perpetual memory p) internal {
        (uint256 funding, uint256 hour, uint256 interest) = _perpetuals[instrument.underlyingOf()].store(p);
        emit PerpetualChanged(InstrumentId.unwrap(instrument), funding, hour, interest);
    }

    function _sayPosition(AccountId id, InstrumentId instrument, Position position) internal {
        emit PositionChanged(AccountId.unwrap(id), InstrumentId.unwrap(instrument), position.size(), position.quote());
    }
}
