// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {Call, IExecutor} from "../../contracts/interfaces/IExecutor.sol";
import {ArtifactTest} from "./utils/ArtifactTest.sol";
import {TestToken} from "./utils/mocks/TestToken.sol";

/// @title ExecutorTest
/// @notice Calls for whoever asks, from an address with no rights.
contract ExecutorTest is ArtifactTest {
    IExecutor private executor;
    TestToken private token;

    function setUp() public {
        executor = IExecutor(_deployed(ROOT, "Executor", ""));
        token = new TestToken("TOK", 18);
    }

    function _calls(address target, bytes memory data) private pure returns (Call[] memory calls) {
        calls = new Call[](1);
        calls[0] = Call(target, data);
    }

    function test_ItCallsInOrderAndSweeps() public {
        Call[] memory calls = new Call[](2);
        calls[0] = Call(address(token), abi.encodeCall(TestToken.mint, (address(executor), 5)));
        calls[1] = Call(address(token), abi.encodeCall(token.transfer, (address(0xa), 2)));
        address[] memory sweep = new address[](2);
        (sweep[0], sweep[1]) = (address(token), address(token));
        bytes[] memory results = executor.run(calls, sweep, address(0xb));
        assertEq(results.length, 2);
        assertTrue(abi.decode(results[1], (bool)));
        assertEq(token.balanceOf(address(0xa)), 2);
        assertEq(token.balanceOf(address(0xb)), 3);
        assertEq(token.balanceOf(address(executor)), 0);
    }

    function test_AnErrorComesAsItIs() public {
        bytes memory data = abi.encodeCall(token.transfer, (address(0xa), 2));
        vm.expectPartialRevert(bytes4(keccak256("ERC20InsufficientBalance(address,uint256,uint256)")));
        executor.run(_calls(address(token), data), new address[](0), address(this));
    }

    function test_WhereThereIsNoCodeNothingIsCalled() public {
        vm.expectRevert(abi.encodeWithSelector(Address.AddressEmptyCode.selector, address(0xdead)));
        executor.run(_calls(address(0xdead), hex"01020304"), new address[](0), address(this));
    }

    /// @dev What lies here in the middle of somebody's swap is his: the venue he calls cannot have it swept.
    function test_NobodyUsesItWhileItRuns() public {
        token.mint(address(executor), 5);
        address[] memory sweep = new address[](1);
        sweep[0] = address(token);
        bytes memory inner = abi.encodeCall(IExecutor.run, (new Call[](0), sweep, address(0xbad)));
        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        executor.run(_calls(address(executor), inner), new address[](0), address(this));
    }
}
