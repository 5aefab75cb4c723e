// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMarginAccountAccess} from "./IMarginAccountAccess.sol";
import {IMarginAccountCore} from "./IMarginAccountCore.sol";
import {IMarginAccountEvents} from "./IMarginAccountEvents.sol";
import {IMarginAccountExtension} from "./IMarginAccountExtension.sol";
import {IMarginAccountTrading} from "./IMarginAccountTrading.sol";

/// @title IMarginAccount
/// @notice The one contract that a wallet calls. It owns the only ledger: cash, collateral and positions of each account.
///
/// Amounts are in the token's own units. A token is named by its address; the quote token is cash: depositing it repays
/// debt first and is lent out beyond it, withdrawing it beyond the balance borrows.
interface IMarginAccount is
    IMarginAccountCore,
    IMarginAccountExtension,
    IMarginAccountTrading,
    IMarginAccountAccess,
    IMarginAccountEvents
{}
