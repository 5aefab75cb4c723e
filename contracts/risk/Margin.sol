// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {sqrt} from "@prb/math/src/Common.sol";

import {INFINITE_HEALTH, WAD} from "../base/Constants.sol";
import {Rounding} from "../math/Rounding.sol";
import {Assessment, Leg} from "../types/Assessment.sol";

/// @title Margin
/// @notice The margin function, on priced legs. Pure: whoever holds legs computes the same figures.
/// @dev Upholds promise 9: each leg's margin is its value times a factor that never falls with the value, so the
/// requirement of a fraction is at most that fraction of the requirement, up to one unit of rounding a leg.
library Margin {
    /// @dev g(V) = max(1, 0.8 + c * sqrt(V / 1 million)).
    uint256 internal constant SIZE_BASE = 0.8e18;
    uint256 internal constant SIZE_RISE = WAD - SIZE_BASE;
    uint256 internal constant SIZE_UNIT = 1e6;

    /// @dev One over the part of an account's gross that may be stale and yet block nothing: 5%.
    uint256 internal constant DUST_PART = 20;

    /// @notice The margin of an account: cash {quote E18} and legs.
    function assess(Leg[] memory legs, int256 cashE18) internal pure returns (Assessment memory a) {
        a.equityE18 = cashE18;
        for (uint256 i; i < legs.length; ++i) {
            addLeg(a, legs[i]);
        }
        if (a.halted) _countDust(a, legs, uint256(a.equityE18 - cashE18));
        a.healthE18 = health(a.equityE18, a.maintenanceE18);
    }

    /// @dev A dust of what is stale neither shields an account nor freezes it: up to a twentieth of the account's gross it
    /// counts at its last answer, for initial margin not at all. What has no last answer, or is more, leaves the account halted.
    /// @param liveE18 {quote} The value of all legs that have a price.
    function _countDust(Assessment memory a, Leg[] memory legs, uint256 liveE18) private pure {
        uint256 stale;
        for (uint256 i; i < legs.length; ++i) {
            if (!legs[i].halted) continue;
            if (legs[i].bidE18 == 0) return;
            stale += legs[i].valueE18;
        }
        if (stale * DUST_PART > liveE18 + stale) return;

        a.halted = false;
        a.equityE18 += int256(stale);
        for (uint256 i; i < legs.length; ++i) {
            if (!legs[i].halted) continue;
            uint256 value = legs[i].valueE18;
            (uint256 maintenance, ) = marginOf(legs[i], value);
            a.maintenanceE18 += maintenance;
            a.initialE18 += maintenance > value ? maintenance : value;
        }
    }

    /// @notice Adds a leg to the sums; the health is not yet known.
    function addLeg(Assessment memory a, Leg memory leg) internal pure {
        if (leg.halted) {
            a.halted = true;
            return;
        }
        (uint256 maintenance, uint256 initial) = marginOf(leg, leg.valueE18);
        a.equityE18 += int256(leg.valueE18);
        a.maintenanceE18 += maintenance;
        a.initialE18 += initial;
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
        uint256 shock = leg.shockE18;
        uint256 shockInitial = leg.shockInitialE18;
        uint256 size = sizeFactor(valueE18, leg.sizeCoefficientE18);
        if (size != WAD) {
            shock = Rounding.mulDivUp(shock, size, WAD);
            shockInitial = Rounding.mulDivUp(shockInitial, size, WAD);
        }
        maintenanceE18 = shock + leg.haircutMaintenanceE18;
        initialE18 = Rounding.mulDivUp(shockInitial, leg.initialFactorE18, WAD) + leg.haircutInitialE18;
    }

    /// @notice max(1, 0.8 + c * sqrt(value / 1 million)); {1}, rounded up. Many small accounts escape it; caps carry that.
    function sizeFactor(uint256 valueE18, uint256 coefficientE18) internal pure returns (uint256) {
        // The root is spared where it cannot matter: c^2 * V / 1e6 <= 0.2^2.
        uint256 squared = (coefficientE18 * coefficientE18) / WAD;
        if (squared == 0 || valueE18 <= (SIZE_RISE * SIZE_RISE * SIZE_UNIT) / squared) return WAD;
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
            uint256 left = Rounding.mulDivUp(legs[i].valueE18, WAD - takenE18, WAD);
            (uint256 maintenance, ) = marginOf(legs[i], left);
            maintenanceE18 += maintenance;
        }
    }
}
