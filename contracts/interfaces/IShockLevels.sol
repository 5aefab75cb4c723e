// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {LevelParameters, LevelState} from "../types/ShockLevel.sol";
import {IRiskEngine} from "./IRiskEngine.sol";

/// @title IShockLevels
/// @notice Lets the shocks of the risk engine follow the volatility of their assets.
interface IShockLevels {
    /// @notice How an asset's shocks follow its volatility was set.
    event LevelParametersSet(uint8 indexed asset, LevelParameters parameters, uint16 startVolatilityBps);

    /// @notice An asset's volatility was updated, and its shocks with it.
    event LevelUpdated(uint8 indexed asset, LevelState state);

    /// @notice Lets an asset's shocks follow its volatility; with a multiplier of zero they are constant again.
    /// @dev Emits a {LevelParametersSet} event, and a {LevelUpdated} event when the levels start. They start with maintenance at
    /// its minimum, from where it ramps; where they move already, they go on from where they are.
    ///
    /// Requirements, checked in this order:
    /// - The caller must hold the role that AccessManager asks for.
    /// - The asset has risk parameters, and the minimum is their shock.
    /// - 1 <= k <= 20; horizon 5 minutes to a day; minimum <= maximum for maintenance <= maximum for initial < 1/3; the cap of one
    ///   move 1% to 50%; ramp and half life an hour to a week; starting volatility above 0 and at most 500% a year.
    /// - maximum for initial * initial factor + initial haircut < 1.
    /// - When the levels start, the asset has a live price, and this module may move shocks.
    function setLevelParameters(uint8 asset, LevelParameters calldata parameters, uint16 startVolatilityBps) external;

    /// @notice Takes the price of now into an asset's volatility, and moves its shocks: for initial margin up at once, for
    /// maintenance margin by the ramp, down no faster than by the half life. Open to anyone.
    /// @dev Emits a {LevelUpdated} event. Requirements, checked in this order:
    /// - The asset's levels move.
    /// - The last update is at least 5 minutes old. Retryable.
    /// - The asset has a live price. Retryable.
    /// Rounding: volatility and shocks up.
    function poke(uint8 asset) external;

    /// @notice The risk engine whose shocks are moved.
    function riskEngine() external view returns (IRiskEngine);

    /// @notice How an asset's shocks move, and where they are. The least shock is the risk engine's.
    function levelOf(uint8 asset) external view returns (LevelParameters memory, LevelState memory);

    /// @notice One standard deviation of an asset's price over `horizonSeconds`, as the larger of its two volatilities has it; zero
    /// where shocks are constant.
    /// @dev Rounding: up.
    /// @return bps {bps}
    function volatilityOver(uint8 asset, uint256 horizonSeconds) external view returns (uint256 bps);

    /// @notice The most that an asset's shocks may become; zero and zero where they are constant.
    function highestShocks(uint8 asset) external view returns (uint256 maintenanceBps, uint256 initialBps);
}
