// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {sqrt} from "@prb/math/src/Common.sol";

import {BPS, BPS_TO_WAD, INFINITE_HEALTH, WAD} from "../base/Constants.sol";
import {Rounding} from "../math/Rounding.sol";
import {Assessment, Leg} from "../types/Assessment.sol";
import {ListedAsset} from "../types/ListedAsset.sol";

/// @title Margin
/// @notice The margin function, on priced legs. Pure: whoever holds legs computes the same figures.
/// @dev Upholds promise 9: each leg's margin is its value times a factor that never falls with the value, so the
/// requirement of a fraction is at most that fraction of the requirement, up to one unit of rounding a leg.
library Margin {
    /// @dev g(V) = max(1, 0.8 + c * sqrt(V / 1 million)).
    uint256 internal constant SIZE_BASE = 0.8e18;
    uint256 internal constant SIZE_RISE = WAD - SIZE_BASE;
    uint256 internal constant SIZE_UNIT = 1e6;

    /// @dev One over the part of an account's gross that may be halted and yet block nothing: 5%.
    uint256 internal constant DUST_PART = 20;

    /// @notice The margin of an account: cash {quote E18} and legs.
    function assess(Leg[] memory legs, int256 cashE18) internal pure returns (Assessment memory a) {
        a.equityE18 = cashE18;
        for (uint256 i; i < legs.length; ++i) {
            addLeg(a, legs[i]);
        }
        if (a.halted) _countHalted(a, legs);
        a.healthE18 = health(a.equityE18, a.maintenanceE18);
    }

    /// @dev What is halted counts at its last valid ask for equity and maintenance margin, and takes all of it back for initial
    /// margin. A dust of it neither shields an account nor freezes it: up to a twentieth of the account's gross blocks nothing.
    /// More, or what has no last price, leaves the account halted.
    /// A position is never a dust.
    function _countHalted(Assessment memory a, Leg[] memory legs) private pure {
        uint256 halted;
        uint256 gross;
        bool unknown;
        for (uint256 i; i < legs.length; ++i) {
            gross += legs[i].valueE18;
            if (!legs[i].halted) continue;
            if (legs[i].bidE18 == 0 || hasPosition(legs[i])) unknown = true;
            halted += legs[i].valueE18;
        }
        a.halted = unknown || halted * DUST_PART > gross;
        a.equityE18 += int256(halted);
        for (uint256 i; i < legs.length; ++i) {
            if (!legs[i].halted) continue;
            uint256 value = legs[i].valueE18;
            (uint256 maintenance, ) = marginOf(legs[i], value);
            a.maintenanceE18 += maintenance;
            a.initialE18 += maintenance > value ? maintenance : value;
        }
    }

    /// @notice A list of `count` legs that are still to come: none of them is there, so nothing is cleared for those that never are.
    function roomFor(uint256 count) internal pure returns (Leg[] memory legs) {
        assembly ("memory-safe") {
            legs := mload(0x40)
            mstore(legs, count)
            mstore(0x40, add(legs, shl(5, add(count, 1))))
        }
    }

    /// @notice Puts a new leg at `index` of such a list: without a position, and all else for the caller to fill in.
    function addRoom(Leg[] memory legs, uint256 index) internal pure {
        assembly ("memory-safe") {
            // {Leg} has 14 words, and the last four are the position's.
            let leg := mload(0x40)
            mstore(0x40, add(leg, 0x1c0))
            calldatacopy(add(leg, 0x140), calldatasize(), 0x80)
            mstore(add(add(legs, 0x20), shl(5, index)), leg)
        }
    }

    /// @notice Adds a leg to the sums; the health is not yet known.
    function addLeg(Assessment memory a, Leg memory leg) internal pure {
        if (hasPosition(leg)) return _addPosition(a, leg);
        addCollateral(a, leg);
    }

    /// @notice Adds a leg that is known to have no position.
    function addCollateral(Assessment memory a, Leg memory leg) internal pure {
        if (leg.halted) {
            a.halted = true;
            return;
        }
        if (leg.degraded) a.degraded = true;
        uint256 value = leg.valueE18;
        (uint256 maintenance, uint256 initial) = marginOf(leg, value);
        a.equityE18 += int256(value);
        a.maintenanceE18 += maintenance;
        a.initialE18 += initial;
    }

    /// @dev A position without a price has no margin that would be enough.
    function _addPosition(Assessment memory a, Leg memory leg) private pure {
        if (leg.halted) {
            a.halted = true;
            a.unpriced = true;
            return;
        }
        if (leg.degraded) a.degraded = true;
        (uint256 maintenance, uint256 initial) = marginAt(leg, leg.valueE18);
        int256 profit = profitOf(leg);
        // What is not yet cash counts for new risk only up to a cap.
        uint256 cap = leg.perpetual.profitCap() * WAD;
        if (profit > int256(cap)) initial += uint256(profit) - cap;
        a.equityE18 += int256(leg.valueE18) + profit;
        a.maintenanceE18 += maintenance;
        a.initialE18 += initial;
    }

    /// @notice Equity where everything halted moves by `bandE18` against the account from its last valid price; {quote E18}, rounded down.
    function leastEquity(Leg[] memory legs, int256 cashE18, uint256 bandE18) internal pure returns (int256 equityE18) {
        equityE18 = cashE18;
        for (uint256 i; i < legs.length; ++i) {
            Leg memory leg = legs[i];
            equityE18 += int256(leg.valueE18) + profitOf(leg);
            if (!leg.halted) continue;
            int256 exposed = int256(leg.valueE18) + positionValue(leg, leg.sizeE18);
            equityE18 -= int256(Rounding.mulDivUp(uint256(exposed < 0 ? -exposed : exposed), bandE18, WAD));
        }
    }

    /// @notice Whether a leg has more than collateral: a size, or a claim that a closed position left.
    function hasPosition(Leg memory leg) internal pure returns (bool) {
        return leg.sizeE18 != 0 || leg.quoteE18 != 0;
    }

    /// @notice What a leg's position is worth at the mark; {quote E18}, rounded down.
    function positionValue(Leg memory leg, int256 sizeE18) internal pure returns (int256) {
        return Rounding.mulDivFloor(sizeE18, leg.markE18, WAD);
    }

    /// @notice What the position has earned and not yet been paid; {quote E18}, rounded down.
    function profitOf(Leg memory leg) internal pure returns (int256) {
        return positionValue(leg, leg.sizeE18) + leg.quoteE18;
    }

    /// @notice Maintenance and initial margin of a leg with collateral of `valueE18` and a position of `sizeE18`, both rounded up:
    /// the shock on what is exposed on both together, the haircut on the collateral, the basis on the position.
    function marginWithPosition(
        Leg memory leg,
        uint256 valueE18,
        int256 sizeE18
    ) internal pure returns (uint256 maintenanceE18, uint256 initialE18) {
        int256 position = positionValue(leg, sizeE18);
        uint256 notional = Rounding.mulDivUp(uint256(sizeE18 < 0 ? -sizeE18 : sizeE18), leg.markE18, WAD);
        uint256 exposure = exposureOf(valueE18, position);
        (uint256 rate, uint256 initialRate) = _ratesAt(leg, exposure);
        maintenanceE18 =
            Rounding.mulDivUp(exposure, rate, WAD) +
            Rounding.mulDivUp(valueE18, leg.listed.haircutMaintenanceBps(), BPS) +
            Rounding.mulDivUp(notional, leg.perpetual.basisMaintenanceBps(), BPS);
        initialE18 =
            Rounding.mulDivUp(exposure, initialRate, WAD) +
            Rounding.mulDivUp(valueE18, leg.listed.haircutInitialBps(), BPS) +
            Rounding.mulDivUp(notional, leg.perpetual.basisInitialBps(), BPS);
    }

    /// @notice Maintenance and initial margin of a leg whose collateral is worth `valueE18`; both rounded up.
    function marginAt(Leg memory leg, uint256 valueE18) internal pure returns (uint256, uint256) {
        return leg.sizeE18 == 0 ? marginOf(leg, valueE18) : marginWithPosition(leg, valueE18, leg.sizeE18);
    }

    /// @notice What a unit of value that leaves the leg's collateral saves of each margin, at least; {1}, signed. Where the
    /// collateral hedges a short, releasing it costs margin.
    function releaseRates(Leg memory leg) internal pure returns (int256 maintenanceE18, int256 initialE18) {
        int256 position = leg.sizeE18 == 0 ? int256(0) : positionValue(leg, leg.sizeE18);
        if (position >= 0) {
            (uint256 m, uint256 i) = ratesOf(leg, leg.valueE18 + uint256(position));
            return (int256(m), int256(i));
        }
        // The most that is ever exposed on the way from all the collateral to none of it, and how fast margin rises there.
        uint256 exposure = exposureOf(leg.valueE18, position);
        if (exposure < uint256(-position)) exposure = uint256(-position);
        (uint256 most, uint256 mostInitial) = _slopesAt(leg, exposure);
        (uint256 haircut, uint256 haircutInitial) = _haircuts(leg.listed);
        return (int256(haircut) - int256(most), int256(haircutInitial) - int256(mostInitial));
    }

    /// @notice What a unit of value that joins the leg's collateral adds to maintenance margin, at least; {1}, signed.
    /// @return hedgingE18 While it hedges a short.
    /// @return addingE18 Beyond.
    /// @return openE18 {quote} What the short leaves open: where the one ends and the other begins.
    function collectRates(Leg memory leg) internal pure returns (int256 hedgingE18, int256 addingE18, uint256 openE18) {
        int256 position = leg.sizeE18 == 0 ? int256(0) : positionValue(leg, leg.sizeE18);
        int256 exposure = int256(leg.valueE18) + position;
        if (exposure < 0) {
            openE18 = uint256(-exposure);
            (uint256 saved, ) = _ratesAt(leg, openE18);
            (uint256 haircut, ) = _haircuts(leg.listed);
            hedgingE18 = int256(haircut) - int256(saved);
            exposure = 0;
        }
        (uint256 added, ) = _slopesAt(leg, uint256(exposure));
        (uint256 kept, ) = _haircuts(leg.listed);
        addingE18 = int256(added + kept);
    }

    /// @dev Shock times size factor, for maintenance and for initial margin; {1}, rounded up.
    function _ratesAt(Leg memory leg, uint256 exposureE18) private pure returns (uint256, uint256) {
        return _ratesTimes(leg.listed, sizeFactor(exposureE18, leg.listed.sizeCoefficientBps() * BPS_TO_WAD));
    }

    /// @dev How fast shock times size factor rises with the exposure, as {_ratesAt}: with the factor g it is X * g(X), whose slope is
    /// 0.8 + 1.5 c sqrt(X) = g + (g - 0.8) / 2 where size counts.
    function _slopesAt(Leg memory leg, uint256 exposureE18) private pure returns (uint256, uint256) {
        uint256 slope = sizeFactor(exposureE18, leg.listed.sizeCoefficientBps() * BPS_TO_WAD);
        if (slope != WAD) slope += Rounding.mulDivUp(slope - SIZE_BASE, 1, 2);
        return _ratesTimes(leg.listed, slope);
    }

    function _ratesTimes(ListedAsset listed, uint256 size) private pure returns (uint256 rate, uint256 initialRate) {
        unchecked {
            // Each field is below 2^16.
            rate = listed.shockMaintenanceBps() * BPS_TO_WAD;
            // {1 E18} = {bps} * {bps} * {1 E18/bps} / {bps}; exact
            initialRate = listed.shockInitialBps() * listed.initialFactorBps() * (BPS_TO_WAD / BPS);
        }
        if (size == WAD) return (rate, initialRate);
        rate = Rounding.mulDivUp(rate, size, WAD);
        initialRate = Rounding.mulDivUp(initialRate, size, WAD);
    }

    function _haircuts(ListedAsset listed) private pure returns (uint256, uint256) {
        unchecked {
            // As above.
            return (listed.haircutMaintenanceBps() * BPS_TO_WAD, listed.haircutInitialBps() * BPS_TO_WAD);
        }
    }

    /// @notice |collateral + position|; {quote E18}.
    function exposureOf(uint256 valueE18, int256 positionE18) internal pure returns (uint256) {
        int256 exposure = int256(valueE18) + positionE18;
        return uint256(exposure < 0 ? -exposure : exposure);
    }

    /// @notice Values degraded legs at the side that favours their owner: collateral and longs at the ask, shorts at the bid; rounded
    /// down.
    function favourOwner(Leg[] memory legs) internal pure {
        for (uint256 i; i < legs.length; ++i) {
            Leg memory leg = legs[i];
            if (!leg.degraded) continue;
            leg.markE18 = leg.sizeE18 < 0 ? leg.bidE18 : leg.askE18;
            leg.bidE18 = leg.askE18;
            leg.valueE18 = Rounding.mulDivDown(leg.amount, leg.askE18, leg.unit);
        }
    }

    /// @notice Maintenance and initial margin of `valueE18` of a leg; both rounded up.
    function marginOf(
        Leg memory leg,
        uint256 valueE18
    ) internal pure returns (uint256 maintenanceE18, uint256 initialE18) {
        (uint256 maintenanceRate, uint256 initialRate) = ratesOf(leg, valueE18);
        maintenanceE18 = Rounding.mulDivUp(valueE18, maintenanceRate, WAD);
        initialE18 = Rounding.mulDivUp(valueE18, initialRate, WAD);
    }

    /// @notice Margin for each unit of value at a size: shock times size factor plus haircut; {1}, rounded up.
    function ratesOf(
        Leg memory leg,
        uint256 valueE18
    ) internal pure returns (uint256 maintenanceE18, uint256 initialE18) {
        (uint256 maintenance, uint256 initial) = _ratesAt(leg, valueE18);
        (uint256 haircut, uint256 haircutInitial) = _haircuts(leg.listed);
        unchecked {
            // A root is below 2^128 and a coefficient below 2^63: a size factor is below 2^132, and these below 2^192.
            return (maintenance + haircut, initial + haircutInitial);
        }
    }

    /// @notice max(1, 0.8 + c * sqrt(value / 1 million)); {1}, rounded up. Many small accounts escape it; caps carry that.
    function sizeFactor(uint256 valueE18, uint256 coefficientE18) internal pure returns (uint256) {
        unchecked {
            // The root is spared where it cannot matter: c^2 * V / 1e6 <= 0.2^2. A coefficient is below 2^63.
            uint256 squared = (coefficientE18 * coefficientE18) / WAD;
            if (squared == 0 || valueE18 <= (SIZE_RISE * SIZE_RISE * SIZE_UNIT) / squared) return WAD;
        }
        // {1 E18} = sqrt({quote E18} * 1e18 / 1e6)
        uint256 root = sqrt(valueE18 * (WAD / SIZE_UNIT)) + 1;
        uint256 size = SIZE_BASE + Rounding.mulDivUp(coefficientE18, root, WAD);
        return size < WAD ? WAD : size;
    }

    /// @notice E / MM, rounded down; infinite without risk, zero when equity is negative.
    function health(int256 equityE18, uint256 maintenanceE18) internal pure returns (uint256) {
        if (equityE18 < 0) return 0;
        if (maintenanceE18 == 0) return INFINITE_HEALTH;
        return Rounding.mulDivDown(uint256(equityE18), WAD, maintenanceE18);
    }

    /// @notice Maintenance margin of what is left of the legs when the fraction `takenE18` is gone; rounded up.
    function maintenanceAfter(Leg[] memory legs, uint256 takenE18) internal pure returns (uint256 maintenanceE18) {
        for (uint256 i; i < legs.length; ++i) {
            Leg memory leg = legs[i];
            uint256 left = Rounding.mulDivUp(leg.valueE18, WAD - takenE18, WAD);
            (uint256 maintenance, ) = leg.sizeE18 != 0
                ? marginWithPosition(leg, left, leg.sizeE18 - sizeTaken(leg.sizeE18, takenE18))
                : marginOf(leg, left);
            maintenanceE18 += maintenance;
        }
    }

    /// @notice The part of a position that goes with the fraction `takenE18`; {unit E18}, toward zero.
    function sizeTaken(int256 sizeE18, uint256 takenE18) internal pure returns (int256) {
        if (sizeE18 >= 0) return int256(Rounding.mulDivDown(uint256(sizeE18), takenE18, WAD));
        return -int256(Rounding.mulDivDown(uint256(-sizeE18), takenE18, WAD));
    }
}
