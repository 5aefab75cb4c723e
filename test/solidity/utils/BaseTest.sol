// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ArtifactTest} from "./ArtifactTest.sol";

/// @title BaseTest
/// @notice The limits that fuzzed inputs are bound to, named once, and the people every test knows.
abstract contract BaseTest is ArtifactTest {
    /// @dev {quote E18/whole token} A millionth of a cent: below it a collateral is worth nothing.
    uint256 internal constant MIN_PRICE = 1e10;
    /// @dev {quote E18/whole token} A trillion for one token.
    uint256 internal constant MAX_PRICE = 1e30;
    /// @dev {token} What a vault can count: 96 bits.
    uint256 internal constant MAX_AMOUNT = type(uint96).max;
    /// @dev {quote token} A trillion with six decimals; keeps an account's shares inside their 80 bits at any index above one.
    uint256 internal constant MAX_CASH = 1e18;
    /// @dev {quote E18} A quadrillion: the largest value, margin or debt an account is tested with.
    uint256 internal constant MAX_VALUE = 1e33;
    /// @dev {s} Longer than any account stays untouched in these tests.
    uint256 internal constant MAX_ELAPSED = 2 * 365 days;
    /// @dev {s} Where the clock of a test starts: no timestamp may be mistaken for zero.
    uint256 internal constant START = 1_763_900_000;

    address internal immutable governance = makeAddr("governance");
    address internal immutable stranger = makeAddr("stranger");

    /// @dev An authority of which `governance` is the administrator, as every function not yet given a role asks for.
    function deployAuthority() internal returns (address) {
        return _deployed(ACCESS, "AccessManager", abi.encode(governance));
    }

    /// @dev Expects what a restricted function answers a stranger, and makes the next call his.
    function expectStrangerRefused() internal {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
    }
}
