// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {BPS, MAX_COLLATERALS, WAD} from "./base/Constants.sol";
import {Errors} from "./base/Errors.sol";
import {IPriceOracleAdapter} from "./interfaces/IPriceOracleAdapter.sol";
import {IRiskEngine} from "./interfaces/IRiskEngine.sol";
import {Rounding} from "./math/Rounding.sol";
import {Margin} from "./risk/Margin.sol";
import {CollateralPage, ENTRIES_PER_PAGE} from "./types/CollateralPage.sol";
import {Assessment, Leg, Portfolio} from "./types/Portfolio.sol";

/// @title RiskEngine
/// @notice Prices an account's pages and computes its margin.
contract RiskEngine is IRiskEngine, AccessManaged {
    uint256 internal constant BPS_TO_WAD = WAD / BPS;

    uint16 internal constant MIN_SHOCK = 100;
    /// @dev Below one third, so that a shock of three times the level still leaves a positive price.
    uint16 internal constant MAX_SHOCK = 3_333;
    uint16 internal constant MAX_HAIRCUT = 5_000;
    uint16 internal constant MIN_INITIAL_FACTOR = 10_000;
    uint16 internal constant MAX_INITIAL_FACTOR = 30_000;
    /// @dev A coefficient of 6 doubles the shock of an account of 40,000 quote units; more would be a mistake of unit.
    uint16 internal constant MAX_SIZE_COEFFICIENT = 60_000;

    IPriceOracleAdapter public immutable oracle;

    // slot 0
    mapping(uint8 asset => RiskParameters parameters) private _parameters;

    constructor(address authority, IPriceOracleAdapter oracle_) AccessManaged(authority) {
        oracle = oracle_;
    }

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
        uint256 total = Rounding.mulDivUp(p.shockBps, p.initialFactorBps, BPS) + p.haircutInitialBps;
        if (total >= BPS) _outOfBounds("initialMarginBps", total, BPS);

        // Effects
        _parameters[asset] = p;
        emit RiskParametersSet(asset, p);
    }

    /// @inheritdoc IRiskEngine
    function assess(Portfolio calldata portfolio) external view returns (Assessment memory) {
        return Margin.assess(_legs(portfolio.pages), portfolio.cashE18);
    }

    /// @inheritdoc IRiskEngine
    function legs(CollateralPage[] calldata pages) external view returns (Leg[] memory) {
        return _legs(pages);
    }

    /// @inheritdoc IRiskEngine
    function riskParametersOf(uint8 asset) external view returns (RiskParameters memory) {
        return _parameters[asset];
    }

    function _legs(CollateralPage[] calldata pages) private view returns (Leg[] memory result) {
        uint256 assets;
        uint256 count;
        uint256[MAX_COLLATERALS] memory amounts;
        for (uint256 i; i < pages.length; ++i) {
            CollateralPage page = pages[i];
            for (uint256 entry; entry < ENTRIES_PER_PAGE; ++entry) {
                uint8 asset = page.assetAt(entry);
                if (asset == 0) continue;
                assets |= uint256(asset) << (8 * count);
                amounts[count++] = page.amountAt(entry);
            }
        }
        if (count == 0) return result;

        IPriceOracleAdapter.Price[] memory prices = oracle.prices(assets);
        result = new Leg[](count);
        for (uint256 i; i < count; ++i) {
            _fill(result[i], uint8(assets >> (8 * i)), amounts[i], prices[i]);
        }
    }

    function _fill(Leg memory leg, uint8 asset, uint256 amount, IPriceOracleAdapter.Price memory price) private view {
        RiskParameters memory p = _parameters[asset];
        if (p.shockBps == 0) revert Errors.RiskEngine_NoParameters(asset);
        leg.asset = asset;
        leg.halted = price.status == IPriceOracleAdapter.Status.Halted;
        leg.amount = amount;
        leg.unit = price.unit;
        leg.bidE18 = price.bidE18;
        // {quote} = {token} * {quote/whole token} / {token/whole token}
        leg.valueE18 = Rounding.mulDivDown(amount, price.bidE18, price.unit);
        leg.shockE18 = p.shockBps * BPS_TO_WAD;
        leg.haircutMaintenanceE18 = p.haircutMaintenanceBps * BPS_TO_WAD;
        leg.haircutInitialE18 = p.haircutInitialBps * BPS_TO_WAD;
        leg.initialFactorE18 = p.initialFactorBps * BPS_TO_WAD;
        leg.sizeCoefficientE18 = p.sizeCoefficientBps * BPS_TO_WAD;
    }

    function _outOfBounds(bytes32 field, uint256 found, uint256 bound) private pure {
        revert Errors.RiskEngine_ParameterOutOfBounds(field, found, bound);
    }
}
