// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {ICollateralVault} from "../../../contracts/interfaces/ICollateralVault.sol";
import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {ILiquidator} from "../../../contracts/interfaces/ILiquidator.sol";
import {IMarginAccount} from "../../../contracts/interfaces/IMarginAccount.sol";
import {IRebalancer} from "../../../contracts/interfaces/IRebalancer.sol";
import {IRiskEngine} from "../../../contracts/interfaces/IRiskEngine.sol";
import {MintableToken} from "../../../contracts/mocks/MintableToken.sol";
import {SettableAggregator} from "../../../contracts/mocks/SettableAggregator.sol";
import {FaultySource} from "../utils/mocks/FaultySource.sol";
import {Book} from "./Book.sol";

uint8 constant USDC = 0;
uint8 constant WETH = 1;
uint8 constant WBTC = 2;
uint8 constant TOKENS = 3;
/// @dev {s} How old an answer may be: heartbeat and slack.
uint256 constant QUOTE_AGE = 1 days + 10 minutes;
uint256 constant COIN_AGE = 1 hours + 10 minutes;
uint256 constant OWNERS = 5;
/// @dev Accounts of each owner.
uint256 constant INDICES = 2;

/// @dev {s} Between scheduling and executing, for the governor.
uint32 constant GOVERNOR_DELAY = 2 days;

/// @dev {s} In which nobody is liquidated after a halt.
uint256 constant LIQUIDATION_GRACE = 1 hours;

/// @dev What every handler is given: the protocol, the people, and the book that they write in.
struct Stage {
    IAccessManager manager;
    ICollateralVault vault;
    IRiskEngine riskEngine;
    IRebalancer rebalancer;
    IMarginAccount marginAccount;
    ILiquidator liquidator;
    IExchange exchange;
    MintableToken[3] tokens; // by asset number
    SettableAggregator[3] feeds;
    FaultySource source; // ether's second
    address[5] owners;
    uint256[5] keys; // that the owners sign with
    address lender;
    uint256 lenderKey;
    address keeper;
    address taker;
    uint256 takerKey;
    address venueTaker; // takes slices with a callback
    address stranger;
    address governor;
    address guardian;
    Book book;
}
