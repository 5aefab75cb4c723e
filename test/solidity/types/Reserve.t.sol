// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BaseTest} from "../utils/BaseTest.sol";
import {newReserve, Reserve} from "../../../contracts/types/Reserve.sol";
import {MAX_TOTAL} from "../../../contracts/types/TokenState.sol";

contract ReserveTest is BaseTest {
    function testFuzz_newReserve_BothReadBack(address token, uint256 amount) public pure {
        amount = bound(amount, 0, MAX_TOTAL);
        Reserve reserve = newReserve(token, amount);
        assertEq(reserve.token(), token, "token");
        assertEq(reserve.amount(), amount, "amount");
    }

    function testFuzz_newReserve_LiesAsDocumented(address token, uint88 amount) public pure {
        uint256 word = Reserve.unwrap(newReserve(token, amount));
        assertEq(word % 2 ** 92, amount, "the lower 92 bits");
        assertEq((word >> 92) % 2 ** 160, uint160(token), "the next 160");
        assertEq(word >> 252, 0, "nothing above");
    }

    /// @dev Nothing has ever lain there.
    function test_AnEmptyWordIsNoTokenAndNothing() public pure {
        assertEq(Reserve.wrap(0).token(), address(0));
        assertEq(Reserve.wrap(0).amount(), 0);
    }
}
