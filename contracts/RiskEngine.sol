// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BPS, MAX_PAGES, MAX_POSITIONS} from "./base/Constants.sol";
import {Errors} from "./base/Errors.sol";
import {IRiskEngine} from "./interfaces/IRiskEngine.sol";
import {IShockLevels} from "./interfaces/IShockLevels.sol";
import {Rounding} from "./math/Rounding.sol";
import {PriceOracleAdapter} from "./PriceOracleAdapter.sol";
import {Answers} from "./risk/Answers.sol";
import {Margin} from "./risk/Margin.sol";
import {CollateralPage, ENTRIES_PER_PAGE} from "./types/CollateralPage.sol";
import {HAIRCUT_STEP, INITIAL_FACTOR_STEP, ListedAsset, SIZE_COEFFICIENT_STEP} from "./types/ListedAsset.sol";
import {ListedPerpetual, toListedPerpetual} from "./types/ListedPerpetual.sol";
import {Assessment, Leg} from "./types/Assessment.sol";
import {Position} from "./types/Position.sol";

/// @title RiskEngine
/// @notice Prices an account's pages and computes its margin.
/// @dev It is the price oracle too: one call prices an account and computes its margin.
contract RiskEngine is IRiskEngine, PriceOracleAdapter {
    /// @dev What was read of feeds already; memory only.
    struct Reading {
        uint256 quoteScale;
        Fault quoteFault;
        uint8 asset; // 0: none but the quote's
        uint256 bidE18;
        uint256 askE18;
        uint256 unit;
        Status status;
    }

    uint16 internal constant MIN_SHOCK = 100;
    /// @dev Below one third, so that a shock of three times the level still leaves a positive price.
    uint16 internal constant MAX_SHOCK = 3_333;
    uint16 internal constant MAX_HAIRCUT = 5_000;
    uint16 internal constant MIN_INITIAL_FACTOR = 10_000;
    uint16 internal constant MAX_INITIAL_FACTOR = 30_000;
    /// @dev A coefficient of 6 doubles the shock of an account of 40,000 quote units; more would be a mistake of unit.
    uint16 internal constant MAX_SIZE_COEFFICIENT = 60_000;

    // slots 1 to 4 are PriceOracleAdapter's
    // slot 5
    mapping(uint8 asset => uint256 shockBps) private _leastShocks;
    // slot 6
    /// @dev The module that moves shocks; nobody does while it is zero.
    address private _shockLevels;
    // slot 7
    mapping(uint8 underlying => ListedPerpetual) private _perpetuals;

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
        if (p.haircutMaintenanceBps % HAIRCUT_STEP != 0) {
            _outOfBounds("haircutMaintenanceBps", p.haircutMaintenanceBps, HAIRCUT_STEP);
        }
        if (p.haircutInitialBps % HAIRCUT_STEP != 0) {
            _outOfBounds("haircutInitialBps", p.haircutInitialBps, HAIRCUT_STEP);
        }
        ListedAsset listed = _assets[asset];
        (uint256 maximumMaintenance, uint256 highest) = _highestShocks(asset);
        bool moving = maximumMaintenance != 0;
        if (moving) {
            if (p.shockBps > maximumMaintenance) _outOfBounds("shockBps", p.shockBps, maximumMaintenance);
            // A shock on its way down from a higher maximum counts as well.
            if (listed.shockInitialBps() > highest) highest = listed.shockInitialBps();
        }
        _requireBelowOne(p.shockBps > highest ? p.shockBps : highest, p.initialFactorBps, p.haircutInitialBps);

        // Effects
        listed = listed.withRisk(
            p.haircutMaintenanceBps,
            p.haircutInitialBps,
            p.initialFactorBps,
            p.sizeCoefficientBps
        );
        _leastShocks[asset] = p.shockBps;
        // Where levels move, they go to the new minimum by the next updates: maintenance ramps.
        if (!moving) listed = listed.withShocks(p.shockBps, p.shockBps);
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
        _perpetuals[underlying] = toListedPerpetual(p.basisMaintenanceBps, p.basisInitialBps, p.profitCap);
        emit PerpetualRiskSet(underlying, p);
    }

    /// @inheritdoc IRiskEngine
    function perpetualRiskOf(uint8 underlying) external view returns (PerpetualRisk memory) {
        ListedPerpetual perpetual = _perpetuals[underlying];
        return
            PerpetualRisk({
                basisMaintenanceBps: uint16(perpetual.basisMaintenanceBps()),
                basisInitialBps: uint16(perpetual.basisInitialBps()),
                profitCap: uint64(perpetual.profitCap())
            });
    }

    /// @inheritdoc IRiskEngine
    function setShockLevels(address module) external restricted {
        _shockLevels = module;
        emit ShockLevelsSet(module);
    }

    /// @inheritdoc IRiskEngine
    function setShocks(uint8 asset, uint16 maintenanceBps, uint16 initialBps) external {
        // Checks
        if (msg.sender != _shockLevels) revert Errors.RiskEngine_NotModule(msg.sender, _shockLevels);
        ListedAsset listed = _assets[asset];
        if (maintenanceBps < MIN_SHOCK) _outOfBounds("maintenanceBps", maintenanceBps, MIN_SHOCK);
        if (initialBps < maintenanceBps) _outOfBounds("initialBps", initialBps, maintenanceBps);
        if (initialBps > MAX_SHOCK) _outOfBounds("initialBps", initialBps, MAX_SHOCK);
        _requireBelowOne(initialBps, listed.initialFactorBps(), listed.haircutInitialBps());

        // Effects
        _assets[asset] = listed.withShocks(maintenanceBps, initialBps);
        emit ShocksSet(asset, maintenanceBps, initialBps);
    }

    /// @inheritdoc IRiskEngine
    function shockLevels() external view returns (address) {
        return _shockLevels;
    }

    /// @inheritdoc IRiskEngine
    function assessAccount(
        int256 cashE18,
        CollateralPage[] calldata pages,
        Position[] calldata positions
    ) external view returns (Assessment memory a) {
        if (positions.length == 0) _assessCollateral(a, cashE18, pages);
        // Whether what is halted is dust needs all legs at once; it is rare.
        if (positions.length != 0 || a.halted) a = Margin.assess(_legs(pages, positions, _readQuote()), cashE18);
        Answers.give(a);
    }

    /// @dev One leg in memory serves all: nothing but the sums leaves this function.
    function _assessCollateral(Assessment memory a, int256 cashE18, CollateralPage[] calldata pages) private view {
        a.equityE18 = cashE18;
        if (pages.length != 0) {
            if (pages.length > MAX_PAGES) revert Errors.RiskEngine_TooManyPages(pages.length, MAX_PAGES);
            (uint256 quoteScale, Fault quoteFault) = _quoteSide();
            Leg[] memory one = Margin.roomFor(1);
            Margin.addRoom(one, 0);
            Leg memory leg = one[0];
            for (uint256 i; i < pages.length; ++i) {
                CollateralPage page = pages[i];
                for (uint256 entry; entry < ENTRIES_PER_PAGE; ++entry) {
                    uint8 asset = page.assetAt(entry);
                    if (asset == 0) continue;
                    ListedAsset listed = _assets[asset];
                    (uint256 bid, , uint256 unit, Status status, ) = _sides(asset, listed, quoteScale, quoteFault);
                    _fillForMargin(leg, listed, page.amountAt(entry), bid, unit, status);
                    Margin.addCollateral(a, leg);
                }
            }
        }
        a.healthE18 = Margin.health(a.equityE18, a.maintenanceE18);
    }

    /// @inheritdoc IRiskEngine
    function priceAccount(
        CollateralPage[] calldata pages,
        Position[] calldata positions
    ) external view returns (Leg[] memory list) {
        list = _legs(pages, positions, _readQuote());
        Answers.give(list);
    }

    /// @inheritdoc IRiskEngine
    function assessFill(
        uint8 underlying,
        int256 makerCashE18,
        CollateralPage[] calldata makerPages,
        Position[] calldata makerPositions,
        int256 takerCashE18,
        CollateralPage[] calldata takerPages,
        Position[] calldata takerPositions
    )
        external
        view
        returns (Price memory underlyingPrice, Fault fault, Assessment memory maker, Assessment memory taker)
    {
        Reading memory r = _readQuote();
        r.asset = underlying;
        (r.bidE18, r.askE18, r.unit, r.status, fault) = _sides(
            underlying,
            _assets[underlying],
            r.quoteScale,
            r.quoteFault
        );
        underlyingPrice = _toPrice(r.bidE18, r.askE18, r.unit, r.status);
        maker = Margin.assess(_legs(makerPages, makerPositions, r), makerCashE18);
        taker = Margin.assess(_legs(takerPages, takerPositions, r), takerCashE18);
    }

    /// @inheritdoc IRiskEngine
    function riskParametersOf(uint8 asset) external view returns (RiskParameters memory p) {
        ListedAsset a = _assets[asset];
        p.shockBps = uint16(_leastShocks[asset]);
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
        Position[] calldata positions,
        Reading memory r
    ) internal view returns (Leg[] memory result) {
        uint256 most = pages.length * ENTRIES_PER_PAGE + positions.length;
        if (most == 0) return result;
        if (pages.length > MAX_PAGES) revert Errors.RiskEngine_TooManyPages(pages.length, MAX_PAGES);
        if (positions.length > MAX_POSITIONS)
            revert Errors.RiskEngine_TooManyPositions(positions.length, MAX_POSITIONS);
        result = Margin.roomFor(most);
        uint256 count;
        for (uint256 i; i < pages.length; ++i) {
            CollateralPage page = pages[i];
            for (uint256 entry; entry < ENTRIES_PER_PAGE; ++entry) {
                uint8 asset = page.assetAt(entry);
                if (asset == 0) continue;
                Margin.addRoom(result, count);
                _fill(result[count++], asset, page.amountAt(entry), r);
            }
        }
        for (uint256 i; i < positions.length; ++i) {
            count = _addPosition(result, count, positions[i], r);
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
        Reading memory r
    ) private view returns (uint256) {
        uint8 underlying = position.underlying();
        uint256 at;
        while (at < count && result[at].asset != underlying) ++at;
        if (at == count) {
            Margin.addRoom(result, at);
            _fill(result[at], underlying, 0, r);
        }
        Leg memory leg = result[at];
        leg.sizeE18 = position.size();
        leg.quoteE18 = position.quote();
        // Owned at the bid, owed at the ask.
        leg.markE18 = leg.sizeE18 < 0 ? leg.askE18 : leg.bidE18;
        leg.perpetual = _perpetuals[underlying];
        // Without parameters nothing is known of its risk; without size there is none.
        if (leg.listed.shockMaintenanceBps() == 0 && leg.sizeE18 != 0) leg.halted = true;
        if (leg.sizeE18 == 0 && leg.amount == 0) leg.halted = false;
        return at == count ? count + 1 : count;
    }

    /// @dev Everything of a leg but its position.
    function _fill(Leg memory leg, uint8 asset, uint256 amount, Reading memory r) internal view {
        ListedAsset listed = _assets[asset];
        uint256 bid;
        Status status;
        if (asset == r.asset) (bid, leg.askE18, leg.unit, status) = (r.bidE18, r.askE18, r.unit, r.status);
        else (bid, leg.askE18, leg.unit, status, ) = _sides(asset, listed, r.quoteScale, r.quoteFault);
        if (!_fillForMargin(leg, listed, amount, bid, leg.unit, status)) leg.askE18 = 0;
        leg.asset = asset;
        leg.afterOutage = r.quoteFault == Fault.AfterOutage;
        leg.amount = amount;
    }

    /// @dev The quote's side of every price.
    function _readQuote() internal view returns (Reading memory r) {
        (r.quoteScale, r.quoteFault) = _quoteSide();
    }

    /// @dev What the margin of a collateral needs, and its bid. A leg that serves one collateral after the other is overwritten.
    /// @return counts Whether the asset is collateral at all.
    function _fillForMargin(
        Leg memory leg,
        ListedAsset listed,
        uint256 amount,
        uint256 bid,
        uint256 unit,
        Status status
    ) private pure returns (bool counts) {
        // An asset without parameters is no collateral: it counts for nothing, and shields nobody.
        counts = listed.shockMaintenanceBps() != 0;
        if (!counts) (bid, status) = (0, Status.Live);
        leg.listed = listed;
        leg.halted = status == Status.Halted;
        leg.degraded = status == Status.Degraded;
        leg.bidE18 = bid;
        // {quote} = {token} * {quote/whole token} / {token/whole token}
        leg.valueE18 = Rounding.mulDivDown(amount, bid, unit);
    }

    /// @dev {bps} The most that the module may set; zero and zero where shocks are constant.
    function _highestShocks(uint8 asset) private view returns (uint256 maintenance, uint256 initial) {
        if (_shockLevels == address(0)) return (0, 0);
        return IShockLevels(_shockLevels).highestShocks(asset);
    }

    /// @inheritdoc PriceOracleAdapter
    function _volatilityBps(uint8 asset, uint256 horizonSeconds) internal view override returns (uint256) {
        if (_shockLevels == address(0)) return 0;
        return IShockLevels(_shockLevels).volatilityOver(asset, horizonSeconds);
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
