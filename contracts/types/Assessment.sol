// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ListedAsset} from "./ListedAsset.sol";
import {ListedPerpetual} from "./ListedPerpetual.sol";

/// @notice One exposure of an account, priced: collateral and perpetual of one underlying. A leg holds what every later step needs,
/// so no step reads a feed or a parameter twice.
struct Leg {
    ListedAsset listed; // the asset's risk parameters
    uint8 asset;
    bool halted; // no usable price; bid and value are those of the last valid ask, zero where none is known
    bool degraded; // bid and ask are what two sources, or one less and more its bound, say
    bool afterOutage; // the sequencer has just come back: no time to liquidate
    uint256 amount; // {token}
    uint256 unit; // {token} one whole token, 10 ** decimals
    uint256 bidE18; // {quote/whole token} rounded down
    uint256 askE18; // {quote/whole token} rounded up
    uint256 valueE18; // {quote} = amount * bid, rounded down
    // The perpetual; all zero without one.
    int256 sizeE18; // {unit} signed
    int256 quoteE18; // {quote} signed
    uint256 markE18; // {quote/unit} the bid of a long, the ask of a short
    ListedPerpetual perpetual; // the perpetual's own risk parameters
}

/// @notice The margin of an account.
struct Assessment {
    int256 equityE18; // {quote} cash and collateral at the bid; what is halted at its last valid ask
    uint256 maintenanceE18; // {quote} MM, rounded up
    uint256 initialE18; // {quote} IM, rounded up, never below MM
    uint256 healthE18; // {1} E / MM, rounded down; infinite without risk, zero when equity is negative
    bool halted; // a price the account depends on is missing; a dust of halted collateral is not depended on
    bool degraded; // a price the account depends on is degraded
    bool unpriced; // a position's price is missing: whatever the rest is worth, it may not suffice
}
