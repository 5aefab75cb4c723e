// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {BPS} from "./base/Constants.sol";
import {Errors} from "./base/Errors.sol";
import {IPriceOracleAdapter} from "./interfaces/IPriceOracleAdapter.sol";
import {IRiskEngine} from "./interfaces/IRiskEngine.sol";
import {IShockLevels} from "./interfaces/IShockLevels.sol";
import {Rounding} from "./math/Rounding.sol";
import {Volatility} from "./risk/Volatility.sol";
import {LevelParameters, LevelState} from "./types/ShockLevel.sol";

/// @title ShockLevels
/// @notice Keeps each asset's volatility and moves its shocks by one narrow call of the risk engine; it holds nothing.
/// @dev Apart from the engine, so that no margin carries its code. Upholds promise 9.
contract ShockLevels is IShockLevels, AccessManaged {
    uint16 internal constant MIN_SHOCK = 100;
    /// @dev The engine's own bound, below one third.
    uint16 internal constant MAX_SHOCK = 3_333;
    uint16 internal constant MIN_MULTIPLIER = 100;
    uint16 internal constant MAX_MULTIPLIER = 2_000;
    uint24 internal constant MIN_HORIZON = 5 minutes;
    uint24 internal constant MAX_HORIZON = 1 days;
    uint16 internal constant MIN_MOVE_CAP = 100;
    uint16 internal constant MAX_MOVE_CAP = 5_000;
    uint24 internal constant MIN_RAMP = 1 hours;
    uint24 internal constant MAX_RAMP = 7 days;
    uint16 internal constant MAX_START_VOLATILITY = 50_000;
    /// @dev Closer updates would let whoever moves the feed count one move many times.
    uint256 internal constant MIN_POKE_INTERVAL = 5 minutes;

    IRiskEngine public immutable riskEngine;

    // slot 0 is AccessManaged's authority
    // slot 1
    mapping(uint8 asset => LevelParameters) private _parameters;
    // slot 2
    mapping(uint8 asset => LevelState) private _levels;

    constructor(address authority, IRiskEngine riskEngine_) AccessManaged(authority) {
        riskEngine = riskEngine_;
    }

    /// @inheritdoc IShockLevels
    function setLevelParameters(
        uint8 asset,
        LevelParameters calldata p,
        uint16 startVolatilityBps
    ) external restricted {
        // Checks
        IRiskEngine.RiskParameters memory risk = riskEngine.riskParametersOf(asset);
        uint16 minimum = risk.shockBps;
        if (minimum == 0) _outOfBounds("minimumBps", 0, MIN_SHOCK);
        if (p.minimumBps != minimum) _outOfBounds("minimumBps", p.minimumBps, minimum);
        if (p.multiplierE2 != 0) _requireBounds(p, risk, startVolatilityBps);

        // Effects
        if (p.multiplierE2 == 0) {
            delete _levels[asset];
            delete _parameters[asset];
            emit LevelParametersSet(asset, p, startVolatilityBps);
            // Interaction: the engine is trusted, and its call is the effect.
            riskEngine.setShocks(asset, minimum, minimum);
            return;
        }
        _parameters[asset] = p;
        emit LevelParametersSet(asset, p, startVolatilityBps);
        if (_levels[asset].updatedAt == 0) {
            _store(asset, Volatility.start(p, startVolatilityBps, _livePrice(asset), block.timestamp));
        }
    }

    /// @inheritdoc IShockLevels
    function poke(uint8 asset) external {
        // Checks
        LevelParameters memory p = _parametersOf(asset);
        if (p.multiplierE2 == 0) revert Errors.ShockLevels_ConstantLevel(asset);
        LevelState memory state = _levels[asset];
        uint256 elapsed = block.timestamp - state.updatedAt;
        if (elapsed < MIN_POKE_INTERVAL) revert Errors.ShockLevels_PokedTooSoon(asset, elapsed, MIN_POKE_INTERVAL);

        // Effects
        _store(asset, Volatility.update(state, p, _livePrice(asset), block.timestamp));
    }

    /// @inheritdoc IShockLevels
    function levelOf(uint8 asset) external view returns (LevelParameters memory, LevelState memory) {
        return (_parametersOf(asset), _levels[asset]);
    }

    /// @inheritdoc IShockLevels
    function highestShocks(uint8 asset) external view returns (uint256 maintenanceBps, uint256 initialBps) {
        LevelParameters storage p = _parameters[asset];
        return (p.maximumMaintenanceBps, p.maximumInitialBps);
    }

    /// @inheritdoc IShockLevels
    function volatilityOver(uint8 asset, uint256 horizonSeconds) external view returns (uint256 bps) {
        if (_parameters[asset].multiplierE2 == 0) return 0;
        LevelState memory s = _levels[asset];
        uint256 variance = s.fastVariance > s.slowVariance ? s.fastVariance : s.slowVariance;
        return Volatility.toBps(Volatility.deviation(variance, horizonSeconds));
    }

    /// @dev The least shock may have moved since the parameters were set: the engine's counts.
    function _parametersOf(uint8 asset) private view returns (LevelParameters memory p) {
        p = _parameters[asset];
        p.minimumBps = riskEngine.riskParametersOf(asset).shockBps;
    }

    function _store(uint8 asset, LevelState memory state) private {
        _levels[asset] = state;
        emit LevelUpdated(asset, state);
        riskEngine.setShocks(
            asset,
            uint16(Volatility.toBps(state.maintenanceE18)),
            uint16(Volatility.toBps(state.initialE18))
        );
    }

    /// @dev {quote E18/whole token} The bid, which fits 128 bits; reverts while there is no live one.
    function _livePrice(uint8 asset) private view returns (uint256) {
        (IPriceOracleAdapter.Price memory price, IPriceOracleAdapter.Fault fault) = riskEngine.price(asset);
        if (price.status != IPriceOracleAdapter.Status.Live) {
            revert Errors.ShockLevels_NotLive(asset, uint8(fault));
        }
        if (price.bidE18 == 0 || price.bidE18 > type(uint128).max) {
            revert Errors.ShockLevels_PriceOutOfRange(asset, price.bidE18);
        }
        return price.bidE18;
    }

    function _requireBounds(
        LevelParameters calldata p,
        IRiskEngine.RiskParameters memory risk,
        uint16 startVolatilityBps
    ) private pure {
        _requireWithin("multiplierE2", p.multiplierE2, MIN_MULTIPLIER, MAX_MULTIPLIER);
        _requireWithin("horizonSeconds", p.horizonSeconds, MIN_HORIZON, MAX_HORIZON);
        _requireWithin("maximumMaintenanceBps", p.maximumMaintenanceBps, p.minimumBps, MAX_SHOCK);
        _requireWithin("maximumInitialBps", p.maximumInitialBps, p.maximumMaintenanceBps, MAX_SHOCK);
        _requireWithin("moveCapBps", p.moveCapBps, MIN_MOVE_CAP, MAX_MOVE_CAP);
        _requireWithin("rampSeconds", p.rampSeconds, MIN_RAMP, MAX_RAMP);
        _requireWithin("halfLifeSeconds", p.halfLifeSeconds, MIN_RAMP, MAX_RAMP);
        _requireWithin("startVolatilityBps", startVolatilityBps, 1, MAX_START_VOLATILITY);
        uint256 total = Rounding.mulDivUp(p.maximumInitialBps, risk.initialFactorBps, BPS) + risk.haircutInitialBps;
        if (total >= BPS) _outOfBounds("initialMarginBps", total, BPS);
    }

    function _requireWithin(bytes32 field, uint256 found, uint256 least, uint256 most) private pure {
        if (found < least) _outOfBounds(field, found, least);
        if (found > most) _outOfBounds(field, found, most);
    }

    function _outOfBounds(bytes32 field, uint256 found, uint256 bound) private pure {
        revert Errors.ShockLevels_ParameterOutOfBounds(field, found, bound);
    }
}
