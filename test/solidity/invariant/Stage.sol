// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {ICollateralVault} from "../../../contracts/interfaces/ICollateralVault.sol";
import {ILiquidator} from "../../../contracts/interfaces/ILiquidator.sol";
import {IMarginAccount} from "../../../contracts/interfaces/IMarginAccount.sol";
import {IRebalancer} from "../../../contracts/interfaces/IRebalancer.sol";
import {IRiskEngine} from "../../../contracts/interfaces/IRiskEngine.sol";
import {MintableToken} from "../../../contracts/mocks/MintableToken.sol";
import {SettableAggregator} from "../../../contracts/mocks/SettableAggregator.sol";
import {Book} from "./Book.sol";

uint8 constant USDC = 0;
uint8 constant WETH = 1;
uint8 constant WBTC = 2;
uint8 constant TOKENS = 3;
uint256 constant OWNERS = 5;
/// @dev Accounts of each owner.
uint256 constant INDICES = 2;

/// @dev {s} Between scheduling and executing, for the governor.
uint32 constant GOVERNOR_DELAY = 2 days;

/// @dev What every handler is given: the protocol, the people, and the book that they write in.
struct Stage {
    IAccessManager manager;
    ICollateralVault vault;
    IRiskEngine riskEngine;
    IRebalancer rebalancer;
    IMarginAccount marginAccount;
    ILiquidator liquidator;
    MintableToken[3] tokens; // by asset number
    SettableAggregator[3] feeds;
    address[5] owners;
    address lender;
    address keeper;
    address taker;
    address stranger;
    address governor;
    Book book;
}
