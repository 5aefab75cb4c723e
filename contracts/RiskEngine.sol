// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BPS, MAX_PAGES, WAD} from "./base/Constants.sol";
import {Errors} from "./base/Errors.sol";
import {IRiskEngine} from "./interfaces/IRiskEngine.sol";
import {Rounding} from "./math/Rounding.sol";
import {PriceOracleAdapter} from "./PriceOracleAdapter.sol";
import {Margin} from "./risk/Margin.sol";
import {CollateralPage, ENTRIES_PER_PAGE} from "./types/CollateralPage.sol";
import {ListedAsset, SIZE_COEFFICIENT_STEP} from "./types/ListedAsset.sol";
import {Assessment, Leg} from "./types/Assessment.sol";

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
        uint256 total = Rounding.mulDivUp(p.shockBps, p.initialFactorBps, BPS) + p.haircutInitialBps;
        if (total >= BPS) _outOfBounds("initialMarginBps", total, BPS);

        // Effects
        _assets[asset] = _assets[asset].withRisk(
            p.shockBps,
            p.haircutMaintenanceBps,
            p.haircutInitialBps,
            p.initialFactorBps,
            p.sizeCoefficientBps
        );
        emit RiskParametersSet(asset, p);
    }

    /// @inheritdoc IRiskEngine
    /// @dev One leg in memory serves all: nothing but the sums leaves this function.
    function assess(int256 cashE18, CollateralPage[] calldata pages) external view returns (Assessment memory a) {
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
        if (a.halted) return Margin.assess(_legs(pages), cashE18);
        a.healthE18 = Margin.health(a.equityE18, a.maintenanceE18);
    }

    /// @inheritdoc IRiskEngine
    function legs(CollateralPage[] calldata pages) external view returns (Leg[] memory) {
        return _legs(pages);
    }

    /// @inheritdoc IRiskEngine
    function riskParametersOf(uint8 asset) external view returns (RiskParameters memory p) {
        ListedAsset a = _assets[asset];
        if (a.shockBps() == 0) return p;
        p.shockBps = uint16(a.shockBps());
        p.haircutMaintenanceBps = uint16(a.haircutMaintenanceBps());
        p.haircutInitialBps = uint16(a.haircutInitialBps());
        p.initialFactorBps = uint16(a.initialFactorBps());
        p.sizeCoefficientBps = uint16(a.sizeCoefficientBps());
    }

    /// @dev Prices each entry of the pages. The quote's own feed is read once.
    function _legs(CollateralPage[] calldata pages) internal view returns (Leg[] memory result) {
        uint256 most = pages.length * ENTRIES_PER_PAGE;
        if (most == 0) return result;
        if (pages.length > MAX_PAGES) revert Errors.RiskEngine_TooManyPages(pages.length, MAX_PAGES);
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
        assembly ("memory-safe") {
            // Cuts the list to what was found.
            mstore(result, count)
        }
    }

    function _fill(Leg memory leg, uint8 asset, uint256 amount, uint256 quoteScale, Fault quoteFault) internal view {
        ListedAsset listed = _assets[asset];
        uint256 shock = listed.shockBps();
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
            leg.haircutMaintenanceE18 = listed.haircutMaintenanceBps() * BPS_TO_WAD;
            leg.haircutInitialE18 = listed.haircutInitialBps() * BPS_TO_WAD;
            leg.initialFactorE18 = listed.initialFactorBps() * BPS_TO_WAD;
            leg.sizeCoefficientE18 = listed.sizeCoefficientBps() * BPS_TO_WAD;
        }
    }

    function _outOfBounds(bytes32 field, uint256 found, uint256 bound) private pure {
        revert Errors.RiskEngine_ParameterOutOfBounds(field, found, bound);
    }
}
