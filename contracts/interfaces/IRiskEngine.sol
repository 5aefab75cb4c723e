// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {CollateralPage} from "../types/CollateralPage.sol";
import {Assessment, Leg} from "../types/Assessment.sol";
import {Position} from "../types/Position.sol";
import {LevelParameters, LevelState} from "../types/ShockLevel.sol";
import {IPriceOracleAdapter} from "./IPriceOracleAdapter.sol";

/// @title IRiskEngine
/// @notice The one place where a margin is computed, for everybody the same. Views only.
///
/// For an account with cash C and, in each underlying u, collateral of bid value V_u and a perpetual position of signed value
/// N_u at the mark whose quote is Q_u, with shock s_u, haircuts h_u, basis b_u, profit cap p_u and size factor g:
///   X  = |V_u + N_u|
///   E  = C + sum V_u + N_u + Q_u
///   MM = sum X * s_u * g(X) + V_u * hMaintenance_u + |N_u| * bMaintenance_u
///   IM = sum X * s_u * g(X) * initialFactor_u + V_u * hInitial_u + |N_u| * bInitial_u + max(0, N_u + Q_u - p_u)
///   g(X) = max(1, 0.8 + c_u * sqrt(X / 1 million))
/// A book without options loses |delta| * s_u in its worst scenario; the grid of scenarios is not needed. Exposures in different
/// underlyings never offset.
interface IRiskEngine is IPriceOracleAdapter {
    /// @notice How one underlying is margined; all in basis points. The shock is the least there is: see {setLevelParameters}.
    struct RiskParameters {
        uint16 shockBps;
        uint16 haircutMaintenanceBps;
        uint16 haircutInitialBps;
        uint16 initialFactorBps;
        uint16 sizeCoefficientBps;
    }

    /// @notice How a perpetual is margined beside its underlying.
    struct PerpetualRisk {
        uint16 basisMaintenanceBps; // of the notional
        uint16 basisInitialBps;
        uint64 profitCap; // {whole quote} of an account's unrealised profit, that counts for initial margin
    }

    /// @notice An asset's risk parameters were set.
    event RiskParametersSet(uint8 indexed asset, RiskParameters parameters);

    /// @notice Sets the risk parameters of an asset.
    /// @dev Emits a {RiskParametersSet} event.
    ///
    /// Requirements, checked in this order:
    /// - The caller must hold the role that AccessManager asks for.
    /// - 1% <= shock < 1/3, so that the shocked price stays positive; at most the maximum for maintenance where levels move.
    /// - maintenance haircut <= initial haircut <= 50%; 1 <= initial factor <= 3; size coefficient <= 6, in steps of 0.001, and the initial factor in steps of 0.01.
    /// - the highest shock * initial factor + initial haircut < 1.
    function setRiskParameters(uint8 asset, RiskParameters calldata parameters) external;

    /// @notice A perpetual's risk parameters were set.
    event PerpetualRiskSet(uint8 indexed underlying, PerpetualRisk parameters);

    /// @notice Sets how the perpetual of an underlying is margined.
    /// @dev Emits a {PerpetualRiskSet} event. Requirements: the AccessManager role; basis for maintenance <= for initial <= 50%.
    function setPerpetualRisk(uint8 underlying, PerpetualRisk calldata parameters) external;

    /// @notice How the perpetual of an underlying is margined.
    function perpetualRiskOf(uint8 underlying) external view returns (PerpetualRisk memory);

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
    /// - When the levels start, the asset has a price.
    function setLevelParameters(uint8 asset, LevelParameters calldata parameters, uint16 startVolatilityBps) external;

    /// @notice Takes the price of now into an asset's volatility, and moves its shocks: for initial margin up at once, for
    /// maintenance margin by the ramp, down no faster than by the half life. Open to anyone.
    /// @dev Emits a {LevelUpdated} event. Requirements, checked in this order:
    /// - The asset's levels move.
    /// - The last update is at least 5 minutes old. Retryable.
    /// - The asset has a price. Retryable.
    /// Rounding: volatility and shocks up.
    function poke(uint8 asset) external;

    /// @notice How an asset's shocks move, and where they are.
    function levelOf(uint8 asset) external view returns (LevelParameters memory, LevelState memory);

    /// @notice The margin of a portfolio at the prices of now. Never reverts for a bad feed.
    /// @dev Rounding: equity and health down, both margins up.
    /// @param positions With funding paid up to now, no underlying twice.
    function assess(
        int256 cashE18,
        CollateralPage[] calldata pages,
        Position[] calldata positions
    ) external view returns (Assessment memory);

    /// @notice The priced legs of a set of pages and positions, for callers that go on computing with them.
    function legs(CollateralPage[] calldata pages, Position[] calldata positions) external view returns (Leg[] memory);

    /// @notice The risk parameters of an asset.
    function riskParametersOf(uint8 asset) external view returns (RiskParameters memory);
}
