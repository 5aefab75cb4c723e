// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {CollateralPage} from "../types/CollateralPage.sol";
import {Assessment, Leg} from "../types/Assessment.sol";
import {IPriceOracleAdapter} from "./IPriceOracleAdapter.sol";

/// @title IRiskEngine
/// @notice The one place where a margin is computed, for everybody the same. Views only.
///
/// For an account with cash C and collaterals of bid value V_u, shock s_u, haircuts h_u and size factor g:
///   E  = C + sum V_u
///   MM = sum V_u * (s_u * g(V_u) + hMaintenance_u)
///   IM = sum V_u * (s_u * g(V_u) * initialFactor_u + hInitial_u)
///   g(V) = max(1, 0.8 + c_u * sqrt(V / 1 million))
/// A book without options loses |delta| * s_u in its worst scenario, which is V_u * s_u for collateral; the grid of
/// scenarios is not needed. Exposures in different underlyings never offset.
interface IRiskEngine is IPriceOracleAdapter {
    /// @notice How one underlying is margined; all in basis points.
    struct RiskParameters {
        uint16 shockBps;
        uint16 haircutMaintenanceBps;
        uint16 haircutInitialBps;
        uint16 initialFactorBps;
        uint16 sizeCoefficientBps;
    }

    /// @notice An asset's risk parameters were set.
    event RiskParametersSet(uint8 indexed asset, RiskParameters parameters);

    /// @notice Sets the risk parameters of an asset.
    /// @dev Emits a {RiskParametersSet} event.
    ///
    /// Requirements, checked in this order:
    /// - The caller must hold the role that AccessManager asks for.
    /// - 1% <= shock < 1/3, so that the shocked price stays positive.
    /// - maintenance haircut <= initial haircut <= 50%; 1 <= initial factor <= 3; size coefficient <= 6, in steps of 0.001.
    /// - shock * initial factor + initial haircut < 1.
    function setRiskParameters(uint8 asset, RiskParameters calldata parameters) external;

    /// @notice The margin of a portfolio at the prices of now. Never reverts for a bad feed.
    /// @dev Rounding: equity and health down, both margins up.
    function assess(int256 cashE18, CollateralPage[] calldata pages) external view returns (Assessment memory);

    /// @notice The priced legs of a set of pages, for callers that go on computing with them.
    function legs(CollateralPage[] calldata pages) external view returns (Leg[] memory);

    /// @notice The risk parameters of an asset.
    function riskParametersOf(uint8 asset) external view returns (RiskParameters memory);
}
