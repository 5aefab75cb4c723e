// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {sqrt} from "@prb/math/src/Common.sol";

import {BPS, BPS_TO_WAD, RAY, WAD, YEAR} from "../base/Constants.sol";
import {Rounding} from "../math/Rounding.sol";
import {LevelParameters, LevelState} from "../types/ShockLevel.sol";

/// @title Volatility
/// @notice Realised volatility from price updates, and the price shocks that margins are computed with. Pure; docs/LEVELS.md
/// has the formulas and what was measured.
///
/// Two exponentially weighted variances, one quick and one slow, are fed by price updates at irregular times:
///   v <- v * 2^(-elapsed / halfLife) + r^2 * year / elapsed * (1 - 2^(-elapsed / halfLife))
/// The level wanted is k * sqrt(max(v) * horizon / year). The initial level follows it up at once, the maintenance level on a
/// ramp, so that a spike asks for new risk's collateral at once and liquidates nobody by itself; both come down slowly. Between
/// two updates the levels move toward what was wanted before: an outage is no news, and neither raises nor lowers anything.
/// @dev Upholds promise 9: initial >= maintenance, and both rise with volatility. What an account must cover rounds up, the
/// ramp down: nobody is called early for a fraction of a unit.
library Volatility {
    uint256 internal constant FAST_HALF_LIFE = 24 hours;
    uint256 internal constant SLOW_HALF_LIFE = 240 hours;

    /// @dev Levels stay below a third, so that a price shocked by three of them is positive.
    uint256 internal constant CEILING = (WAD - 1) / 3;

    /// @dev {RAY} Rounded down.
    uint256 internal constant LN_2 = 693_147_180_559_945_309_417_232_121;
    /// @dev Beyond so many halvings nothing is left of 27 decimals.
    uint256 internal constant MAX_HALVINGS = 90;
    uint256 internal constant TERMS = 12;

    /// @notice The state of an asset that was never updated: both variances at a volatility of `volatilityBps` a year,
    /// maintenance at s_min, from where it ramps, and initial where it is wanted.
    function start(
        LevelParameters memory p,
        uint256 volatilityBps,
        uint256 priceE18,
        uint256 timestamp
    ) internal pure returns (LevelState memory s) {
        uint256 variance = (volatilityBps * volatilityBps * WAD) / (BPS * BPS);
        (s.fastVariance, s.slowVariance) = (uint80(variance), uint80(variance));
        (s.updatedAt, s.priceE18) = (uint32(timestamp), uint128(priceE18));
        s.wantedE18 = uint64(wanted(p, variance));
        s.maintenanceE18 = uint64(p.minimumBps * BPS_TO_WAD);
        s.initialE18 = uint64(_clamp(s.wantedE18, p.minimumBps, p.maximumInitialBps));
    }

    /// @notice The state after an update. The caller has seen `timestamp` after the last one and both prices positive.
    function update(
        LevelState memory s,
        LevelParameters memory p,
        uint256 priceE18,
        uint256 timestamp
    ) internal pure returns (LevelState memory) {
        uint256 elapsed = timestamp - s.updatedAt;
        (s.maintenanceE18, s.initialE18) = levelsAt(s, p, elapsed);

        uint256 move = moveOf(s.priceE18, priceE18, p.moveCapBps);
        s.fastVariance = uint80(blend(s.fastVariance, move, elapsed, halving(elapsed, FAST_HALF_LIFE)));
        s.slowVariance = uint80(blend(s.slowVariance, move, elapsed, halving(elapsed, SLOW_HALF_LIFE)));
        (s.updatedAt, s.priceE18) = (uint32(timestamp), uint128(priceE18));

        s.wantedE18 = uint64(wanted(p, s.fastVariance > s.slowVariance ? s.fastVariance : s.slowVariance));
        uint256 target = _clamp(s.wantedE18, p.minimumBps, p.maximumInitialBps);
        if (target > s.initialE18) s.initialE18 = uint64(target);
        return s;
    }

    /// @notice Both levels `elapsed` seconds after the last update, on their way to what was wanted then.
    function levelsAt(
        LevelState memory s,
        LevelParameters memory p,
        uint256 elapsed
    ) internal pure returns (uint64 maintenance, uint64 initial) {
        uint256 kept = halving(elapsed, p.halfLifeSeconds);
        uint256 target = _clamp(s.wantedE18, p.minimumBps, p.maximumMaintenanceBps);
        if (s.maintenanceE18 < target) {
            uint256 span = (uint256(p.maximumMaintenanceBps) - p.minimumBps) * BPS_TO_WAD;
            uint256 risen = s.maintenanceE18 + Rounding.mulDivDown(span, elapsed, p.rampSeconds);
            maintenance = uint64(risen < target ? risen : target);
        } else {
            maintenance = _fall(s.maintenanceE18, target, kept);
        }
        initial = _fall(s.initialE18, _clamp(s.wantedE18, p.minimumBps, p.maximumInitialBps), kept);
    }

    /// @notice A level in basis points, rounded up.
    function toBps(uint256 levelE18) internal pure returns (uint256) {
        return (levelE18 + BPS_TO_WAD - 1) / BPS_TO_WAD;
    }

    /// @notice |price / before - 1|, rounded up, at most the cap; {1 E18}.
    function moveOf(uint256 before, uint256 price, uint256 capBps) internal pure returns (uint256 move) {
        move = Rounding.mulDivUp(price > before ? price - before : before - price, WAD, before);
        if (move > capBps * BPS_TO_WAD) move = capBps * BPS_TO_WAD;
    }

    /// @notice v * keep + r^2 * (year / elapsed) * (1 - keep), each part rounded up; {1/year E18}.
    function blend(uint256 variance, uint256 move, uint256 elapsed, uint256 keep) internal pure returns (uint256) {
        return
            Rounding.mulDivUp(variance, keep, RAY) +
            Rounding.mulDivUp(move * move * YEAR, RAY - keep, elapsed * WAD * RAY);
    }

    /// @notice k * sqrt(variance * horizon / year), rounded up, at most {CEILING}; {1 E18}.
    function wanted(LevelParameters memory p, uint256 variance) internal pure returns (uint256 level) {
        level = Rounding.mulDivUp(p.multiplierE2, deviation(variance, p.horizonSeconds), 100);
        if (level > CEILING) level = CEILING;
    }

    /// @notice sqrt(variance * horizon / year), rounded up; {1 E18}.
    function deviation(uint256 variance, uint256 horizonSeconds) internal pure returns (uint256) {
        return sqrt((variance * horizonSeconds * WAD) / YEAR) + 1;
    }

    /// @notice 2^(-elapsed / halfLife); {RAY}, within 1.2e-23.
    /// @dev Whole halvings are a shift. The rest is e^-y with y below ln 2: the Taylor series of e^(-y/8) by Horner's rule,
    /// squared three times. The series' remainder, (ln 2 / 8)^13 / 13! = 2.5e-24, grows to at most 1.1e-23.
    function halving(uint256 elapsed, uint256 halfLife) internal pure returns (uint256 power) {
        uint256 halvings = elapsed / halfLife;
        if (halvings >= MAX_HALVINGS) return 0;
        uint256 y = (LN_2 * (elapsed % halfLife)) / (8 * halfLife);
        power = RAY;
        for (uint256 n = TERMS; n > 0; --n) {
            power = RAY - (y * power) / (n * RAY);
        }
        for (uint256 i; i < 3; ++i) {
            power = (power * power) / RAY;
        }
        return power >> halvings;
    }

    function _fall(uint256 level, uint256 target, uint256 kept) private pure returns (uint64) {
        uint256 fallen = Rounding.mulDivUp(level, kept, RAY);
        return uint64(target > fallen ? target : fallen);
    }

    function _clamp(uint256 value, uint256 minimumBps, uint256 maximumBps) private pure returns (uint256) {
        if (value < minimumBps * BPS_TO_WAD) return minimumBps * BPS_TO_WAD;
        return value > maximumBps * BPS_TO_WAD ? maximumBps * BPS_TO_WAD : value;
    }
}
