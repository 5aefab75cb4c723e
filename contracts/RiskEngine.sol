// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BPS, MAX_PAGES, MAX_POSITIONS, WAD} from "./base/Constants.sol";
import {Errors} from "./base/Errors.sol";
import {IRiskEngine} from "./interfaces/IRiskEngine.sol";
import {Rounding} from "./math/Rounding.sol";
import {PriceOracleAdapter} from "./PriceOracleAdapter.sol";
import {Margin} from "./risk/Margin.sol";
import {Volatility} from "./risk/Volatility.sol";
import {CollateralPage, ENTRIES_PER_PAGE} from "./types/CollateralPage.sol";
import {INITIAL_FACTOR_STEP, ListedAsset, SIZE_COEFFICIENT_STEP} from "./types/ListedAsset.sol";
import {LevelParameters, LevelState} from "./types/ShockLevel.sol";
import {Assessment, Leg} from "./types/Assessment.sol";
import {Position} from "./types/Position.sol";

/// @title RiskEngine
/// @notice Prices an account's pages and computes its margin.
/// @dev It is the price oracle too: one call prices an account and computes its margin.
contract RiskEngine is IRiskEngine, PriceOracleAdapter {
    uint256 internal constant BPS_TO_WAD = WAD / BPS;

    uint16 internal constant MIN_SHOCK = 100;
    /// @dev Below one third, so that a shock of three times the level still leaves a positive price.
    uint16 internal constant MAX_SHOCK = 3_333;
    uint16 internal constant MAX_HAIRCUT = 5_000;
    uint16 internal constant MIN_INITIAL_FACTOR = 10_000;
    uint16 internal constant MAX_INITIAL_FACTOR = 30_000;
    /// @dev A coefficient of 6 doubles the shock of an account of 40,000 quote units; more would be a mistake of unit.
    uint16 internal constant MAX_SIZE_COEFFICIENT = 60_000;

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

    // slot 2
    mapping(uint8 asset => LevelParameters) private _levelParameters;
    // slot 3
    mapping(uint8 asset => LevelState) private _levels;
    // slot 4
    mapping(uint8 underlying => PerpetualRisk) private _perpetualRisk;

    constructor(address authority) PriceOracleAdapter(authority) {}

    /// @inheritdoc IRiskEngine
    function setRiskParameters(uint8 asset, RiskParameters calldata p) external restricted {
        // Checks
        if (p.shockBps < MIN_SHOCK) _outOfBounds("shockBps", p.shockBps, MIN_SHOCK);
        if (p.shockBps > MAX_SHOCK) _outOfBounds("shockBps", p.shockBps, MAX_SHOCK);
        if (p.haircutInitialBps > MAX_HAIRCUT) _outOfBounds("haircutInitialBps", p.haircutInitialBps, MAX_HAIRCUT);
        if (p.haircutMaintenanceBps > p.haircutInitialBps) {
            _outOfBounds("haircutMaintenanceBps", p.haircutMaintenanceBps, p.haircutInitialBps);
        }
        if (p.initialFactorBps < MIN_INITIAL_FACTOR) {
            _outOfBounds("initialFactorBps", p.initialFactorBps, MIN_INITIAL_FACTOR);
        }
        if (p.initialFactorBps > MAX_INITIAL_FACTOR) {
            _outOfBounds("initialFactorBps", p.initialFactorBps, MAX_INITIAL_FACTOR);
        }
        if (p.sizeCoefficientBps > MAX_SIZE_COEFFICIENT) {
            _outOfBounds("sizeCoefficientBps", p.sizeCoefficientBps, MAX_SIZE_COEFFICIENT);
        }
        if (p.sizeCoefficientBps % SIZE_COEFFICIENT_STEP != 0) {
            _outOfBounds("sizeCoefficientBps", p.sizeCoefficientBps, SIZE_COEFFICIENT_STEP);
        }
        if (p.initialFactorBps % INITIAL_FACTOR_STEP != 0) {
            _outOfBounds("initialFactorBps", p.initialFactorBps, INITIAL_FACTOR_STEP);
        }
        LevelParameters storage level = _levelParameters[asset];
        if (level.multiplierE2 != 0 && p.shockBps > level.maximumMaintenanceBps) {
            _outOfBounds("shockBps", p.shockBps, level.maximumMaintenanceBps);
        }
        uint256 highest = level.maximumInitialBps;
        _requireBelowOne(p.shockBps > highest ? p.shockBps : highest, p.initialFactorBps, p.haircutInitialBps);

        // Effects
        ListedAsset listed = _assets[asset].withRisk(
            p.haircutMaintenanceBps,
            p.haircutInitialBps,
            p.initialFactorBps,
            p.sizeCoefficientBps
        );
        level.minimumBps = p.shockBps;
        // Where levels move, they go to the new minimum by the next updates: maintenance ramps.
        if (level.multiplierE2 == 0) listed = listed.withShocks(p.shockBps, p.shockBps);
        _assets[asset] = listed;
        emit RiskParametersSet(asset, p);
    }

    /// @inheritdoc IRiskEngine
    function setPerpetualRisk(uint8 underlying, PerpetualRisk calldata p) external restricted {
        // Checks
        if (p.basisInitialBps > MAX_HAIRCUT) _outOfBounds("basisInitialBps", p.basisInitialBps, MAX_HAIRCUT);
        if (p.basisMaintenanceBps > p.basisInitialBps) {
            _outOfBounds("basisMaintenanceBps", p.basisMaintenanceBps, p.basisInitialBps);
        }

        // Effects
        _perpetualRisk[underlying] = p;
        emit PerpetualRiskSet(underlying, p);
    }

    /// @inheritdoc IRiskEngine
    function perpetualRiskOf(uint8 underlying) external view returns (PerpetualRisk memory) {
        return _perpetualRisk[underlying];
    }

    /// @inheritdoc IRiskEngine
    function setLevelParameters(
        uint8 asset,
        LevelParameters calldata p,
        uint16 startVolatilityBps
    ) external restricted {
        // Checks
        ListedAsset listed = _assets[asset];
        uint16 minimum = _levelParameters[asset].minimumBps;
        if (minimum == 0) _outOfBounds("minimumBps", 0, MIN_SHOCK);
        if (p.minimumBps != minimum) _outOfBounds("minimumBps", p.minimumBps, minimum);
        if (p.multiplierE2 != 0) _requireLevelBounds(listed, p, startVolatilityBps);

        // Effects
        if (p.multiplierE2 == 0) {
            delete _levels[asset];
            delete _levelParameters[asset];
            _levelParameters[asset].minimumBps = minimum;
            _assets[asset] = listed.withShocks(minimum, minimum);
        } else {
            _levelParameters[asset] = p;
            if (_levels[asset].updatedAt == 0) {
                _storeLevel(asset, Volatility.start(p, startVolatilityBps, _livePrice(asset), block.timestamp));
            }
        }
        emit LevelParametersSet(asset, p, startVolatilityBps);
    }

    /// @inheritdoc IRiskEngine
    function poke(uint8 asset) external {
        // Checks
        LevelParameters memory p = _levelParameters[asset];
        if (p.multiplierE2 == 0) revert Errors.RiskEngine_ConstantLevel(asset);
        LevelState memory state = _levels[asset];
        uint256 elapsed = block.timestamp - state.updatedAt;
        if (elapsed < MIN_POKE_INTERVAL) revert Errors.RiskEngine_PokedTooSoon(asset, elapsed, MIN_POKE_INTERVAL);

        // Effects
        _storeLevel(asset, Volatility.update(state, p, _livePrice(asset), block.timestamp));
    }

    /// @inheritdoc IRiskEngine
    function levelOf(uint8 asset) external view returns (LevelParameters memory, LevelState memory) {
        return (_levelParameters[asset], _levels[asset]);
    }

    /// @inheritdoc IRiskEngine
    /// @dev One leg in memory serves all: nothing but the sums leaves this function.
    function assess(
        int256 cashE18,
        CollateralPage[] calldata pages,
        Position[] calldata positions
    ) external view returns (Assessment memory a) {
        if (positions.length != 0) return Margin.assess(_legs(pages, positions), cashE18);
        a.equityE18 = cashE18;
        if (pages.length != 0) {
            if (pages.length > MAX_PAGES) revert Errors.RiskEngine_TooManyPages(pages.length, MAX_PAGES);
            (uint256 quoteScale, Fault quoteFault) = _quoteSide();
            Leg memory leg;
            for (uint256 i; i < pages.length; ++i) {
                CollateralPage page = pages[i];
                for (uint256 entry; entry < ENTRIES_PER_PAGE; ++entry) {
                    uint8 asset = page.assetAt(entry);
                    if (asset == 0) continue;
                    _fill(leg, asset, page.amountAt(entry), quoteScale, quoteFault);
                    Margin.addLeg(a, leg);
                }
            }
        }
        // Whether what is halted is dust needs all legs at once; it is rare.
        if (a.halted) return Margin.assess(_legs(pages, positions), cashE18);
        a.healthE18 = Margin.health(a.equityE18, a.maintenanceE18);
    }

    /// @inheritdoc IRiskEngine
    function legs(CollateralPage[] calldata pages, Position[] calldata positions) external view returns (Leg[] memory) {
        return _legs(pages, positions);
    }

    /// @inheritdoc IRiskEngine
    function riskParametersOf(uint8 asset) external view returns (RiskParameters memory p) {
        ListedAsset a = _assets[asset];
        p.shockBps = _levelParameters[asset].minimumBps;
        if (p.shockBps == 0) return p;
        p.haircutMaintenanceBps = uint16(a.haircutMaintenanceBps());
        p.haircutInitialBps = uint16(a.haircutInitialBps());
        p.initialFactorBps = uint16(a.initialFactorBps());
        p.sizeCoefficientBps = uint16(a.sizeCoefficientBps());
    }

    /// @dev Prices each entry of the pages, and each position beside the collateral of its underlying. The quote's own feed is
    /// read once.
    function _legs(
        CollateralPage[] calldata pages,
        Position[] calldata positions
    ) internal view returns (Leg[] memory result) {
        uint256 most = pages.length * ENTRIES_PER_PAGE + positions.length;
        if (most == 0) return result;
        if (pages.length > MAX_PAGES) revert Errors.RiskEngine_TooManyPages(pages.length, MAX_PAGES);
        if (positions.length > MAX_POSITIONS) revert Errors.RiskEngine_TooManyPages(positions.length, MAX_POSITIONS);
        result = new Leg[](most);
        (uint256 quoteScale, Fault quoteFault) = _quoteSide();
        uint256 count;
        for (uint256 i; i < pages.length; ++i) {
            CollateralPage page = pages[i];
            for (uint256 entry; entry < ENTRIES_PER_PAGE; ++entry) {
                uint8 asset = page.assetAt(entry);
                if (asset == 0) continue;
                _fill(result[count++], asset, page.amountAt(entry), quoteScale, quoteFault);
            }
        }
        for (uint256 i; i < positions.length; ++i) {
            count = _addPosition(result, count, positions[i], quoteScale, quoteFault);
        }
        assembly ("memory-safe") {
            // Cuts the list to what was found.
            mstore(result, count)
        }
    }

    /// @dev Puts a position into the leg of its underlying, a new one where the account has no such collateral.
    function _addPosition(
        Leg[] memory result,
        uint256 count,
        Position position,
        uint256 quoteScale,
        Fault quoteFault
    ) private view returns (uint256) {
        uint8 underlying = position.underlying();
        uint256 at;
        while (at < count && result[at].asset != underlying) ++at;
        Leg memory leg = result[at];
        if (at == count) _fill(leg, underlying, 0, quoteScale, quoteFault);
        leg.sizeE18 = position.size();
        leg.quoteE18 = position.quote();
        // Owned at the bid, owed at the ask, which is the bid rounded up.
        leg.markE18 = leg.sizeE18 < 0 ? leg.bidE18 + 1 : leg.bidE18;
        PerpetualRisk memory risk = _perpetualRisk[underlying];
        leg.basisMaintenanceE18 = uint256(risk.basisMaintenanceBps) * BPS_TO_WAD;
        leg.basisInitialE18 = uint256(risk.basisInitialBps) * BPS_TO_WAD;
        leg.profitCapE18 = uint256(risk.profitCap) * WAD;
        // Without parameters nothing is known of its risk; without size there is none.
        if (leg.shockE18 == 0 && leg.sizeE18 != 0) leg.halted = true;
        if (leg.sizeE18 == 0 && leg.amount == 0) leg.halted = false;
        return at == count ? count + 1 : count;
    }

    function _fill(Leg memory leg, uint8 asset, uint256 amount, uint256 quoteScale, Fault quoteFault) internal view {
        ListedAsset listed = _assets[asset];
        uint256 shock = listed.shockMaintenanceBps();
        (uint256 bid, , uint256 unit, Fault fault) = _bid(listed, quoteScale, quoteFault);
        // An asset without parameters is no collateral: it counts for nothing, and shields nobody.
        if (shock == 0) (bid, fault) = (0, Fault.None);
        leg.asset = asset;
        leg.halted = fault != Fault.None;
        leg.amount = amount;
        leg.unit = unit;
        leg.bidE18 = bid;
        // {quote} = {token} * {quote/whole token} / {token/whole token}
        leg.valueE18 = Rounding.mulDivDown(amount, bid, unit);
        unchecked {
            // Sixteen bits times 1e14.
            leg.shockE18 = shock * BPS_TO_WAD;
            leg.shockInitialE18 = listed.shockInitialBps() * BPS_TO_WAD;
            leg.haircutMaintenanceE18 = listed.haircutMaintenanceBps() * BPS_TO_WAD;
            leg.haircutInitialE18 = listed.haircutInitialBps() * BPS_TO_WAD;
            leg.initialFactorE18 = listed.initialFactorBps() * BPS_TO_WAD;
            leg.sizeCoefficientE18 = listed.sizeCoefficientBps() * BPS_TO_WAD;
        }
    }

    function _storeLevel(uint8 asset, LevelState memory state) private {
        _levels[asset] = state;
        _assets[asset] = _assets[asset].withShocks(
            Volatility.toBps(state.maintenanceE18),
            Volatility.toBps(state.initialE18)
        );
        emit LevelUpdated(asset, state);
    }

    /// @dev {quote E18/whole token} The bid, which fits 128 bits; reverts while there is none.
    function _livePrice(uint8 asset) private view returns (uint256 bid) {
        (uint256 quoteScale, Fault quoteFault) = _quoteSide();
        Fault fault;
        (bid, , , fault) = _bid(_assets[asset], quoteScale, quoteFault);
        if (fault != Fault.None) revert Errors.PriceOracleAdapter_Halted(asset, uint8(fault));
        if (bid == 0 || bid > type(uint128).max) revert Errors.RiskEngine_PriceOutOfRange(asset, bid);
    }

    function _requireLevelBounds(
        ListedAsset listed,
        LevelParameters calldata p,
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
        _requireBelowOne(p.maximumInitialBps, listed.initialFactorBps(), listed.haircutInitialBps());
    }

    function _requireWithin(bytes32 field, uint256 found, uint256 least, uint256 most) private pure {
        if (found < least) _outOfBounds(field, found, least);
        if (found > most) _outOfBounds(field, found, most);
    }

    /// @dev Initial margin at the highest shock stays below the value of the collateral.
    function _requireBelowOne(uint256 shockBps, uint256 initialFactorBps, uint256 haircutInitialBps) private pure {
        uint256 total = Rounding.mulDivUp(shockBps, initialFactorBps, BPS) + haircutInitialBps;
        if (total >= BPS) _outOfBounds("initialMarginBps", total, BPS);
    }

    function _outOfBounds(bytes32 field, uint256 found, uint256 bound) private pure {
        revert Errors.RiskEngine_ParameterOutOfBounds(field, found, bound);
    }
}
