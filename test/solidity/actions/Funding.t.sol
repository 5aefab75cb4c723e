// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BallastTest} from "../utils/BallastTest.sol";

contract FundingTest is BallastTest {
    function test_FirstDepositAndBorrow() public {
        _borrow(alice, 10e18, 10_000e6);
        assertEq(_cash(alice), -10_000e6);
        assertEq(_collateral(alice, WETH_ASSET), 10e18);
    }
}
