// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {CollateralPage} from "../types/CollateralPage.sol";
import {Assessment, Leg} from "../types/Assessment.sol";
import {Position} from "../types/Position.sol";
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
    /// @notice How one underlying is margined; all in basis points. The shock is the least there is: see {IShockLevels}.
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
    /// - maintenance haircut <= initial haircut <= 50%; 1 <= initial factor <= 3; size coefficient <= 6, in steps of 0.001, the initial
    /// factor in steps of 0.01, haircuts in steps of 0.05%.
    /// - the highest shock * initial factor + initial haircut < 1.
    function setRiskParameters(uint8 asset, RiskParameters calldata parameters) external;

    /// @notice A perpetual's risk parameters were set.
    event PerpetualRiskSet(uint8 indexed underlying, PerpetualRisk parameters);

    /// @notice Sets how the perpetual of an underlying is margined.
    /// @dev Emits a {PerpetualRiskSet} event. Requirements: the AccessManager role; basis for maintenance <= for initial <= 50%.
    function setPerpetualRisk(uint8 underlying, PerpetualRisk calldata parameters) external;

    /// @notice How the perpetual of an underlying is margined.
    function perpetualRiskOf(uint8 underlying) external view returns (PerpetualRisk memory);

    /// @notice The module that moves shocks was set.
    event ShockLevelsSet(address indexed module);

    /// @notice An asset's shocks were moved.
    event ShocksSet(uint8 indexed asset, uint16 maintenanceBps, uint16 initialBps);

    /// @notice Lets a module move the shocks; the one before may no longer. Shocks stay where they are until the new one moves them.
    /// @dev Emits a {ShockLevelsSet} event. Requirements: the AccessManager role.
    /// @param module An {IShockLevels}, or zero: shocks are constant.
    function setShockLevels(address module) external;

    /// @notice Moves an asset's shocks; the module's call.
    /// @dev Emits a {ShocksSet} event. Requirements, checked in this order:
    /// - The caller is the module.
    /// - 1% <= maintenance <= initial < 1/3.
    /// - initial * initial factor + initial haircut < 1.
    /// @param maintenanceBps s_u for maintenance margin.
    /// @param initialBps s_u for initial margin, before the initial factor.
    function setShocks(uint8 asset, uint16 maintenanceBps, uint16 initialBps) external;

    /// @notice The module that may call {setShocks}; zero when nobody may.
    function shockLevels() external view returns (address);

    /// @notice The margin of a portfolio at the prices of now. Never reverts for a bad feed.
    /// @dev Rounding: equity and health down, both margins up.
    /// @param positions With funding paid up to now, no underlying twice.
    function assessAccount(
        int256 cashE18,
        CollateralPage[] calldata pages,
        Position[] calldata positions
    ) external view returns (Assessment memory);

    /// @notice What the ledger asks when two portfolios have traded: the price of the underlying, and the margins of both, at one
    /// reading of its feed. As {IPriceOracleAdapter-price} and {assessAccount} say.
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
        returns (
            IPriceOracleAdapter.Price memory price,
            IPriceOracleAdapter.Fault fault,
            Assessment memory maker,
            Assessment memory taker
        );

    /// @notice The priced legs of a set of pages and positions, for callers that go on computing with them.
    function priceAccount(
        CollateralPage[] calldata pages,
        Position[] calldata positions
    ) external view returns (Leg[] memory);

    /// @notice The risk parameters of an asset.
    function riskParametersOf(uint8 asset) external view returns (RiskParameters memory);
}
