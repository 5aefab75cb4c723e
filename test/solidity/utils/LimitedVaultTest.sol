// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ICollateralVault} from "../../../contracts/interfaces/ICollateralVault.sol";
import {AccountId, toAccountId} from "../../../contracts/types/AccountId.sol";
import {BaseTest} from "./BaseTest.sol";
import {BlockingToken} from "./mocks/BlockingToken.sol";
import {TestToken} from "./mocks/TestToken.sol";

/// @title LimitedVaultTest
/// @notice A vault of this contract's, and a token of which a thousand are there, and were yesterday; a fifth may leave in a day. The
/// minimum is a thousandth.
abstract contract LimitedVaultTest is BaseTest {
    ICollateralVault internal vault;
    BlockingToken internal token;
    address internal immutable alice = makeAddr("alice");
    address internal immutable bob = makeAddr("bob");
    address internal immutable carol = makeAddr("carol");
    AccountId internal account = toAccountId(makeAddr("alice"), 1);

    function setUp() public virtual {
        vm.warp(START);
        TestToken quote = new TestToken("QUOTE", 6);
        vault = ICollateralVault(_deployed(ROOT, "CollateralVault", abi.encode(deployAuthority(), quote)));
        token = new BlockingToken(18);
        _list(address(token));
        _pull(1_000e18);
        _limit(2_000);
    }

    function _list(address which) internal {
        vm.prank(governance);
        vault.list(which);
        _minimum(which, 10);
        TestToken(which).mint(alice, type(uint128).max);
        vm.prank(alice);
        IERC20(which).approve(address(vault), type(uint256).max);
    }

    function _minimum(address which, uint16 minimumE4) internal {
        vm.prank(governance);
        vault.setLimits(which, 1_000_000, minimumE4);
    }

    function _limit(uint16 limitBps) internal {
        vm.prank(governance);
        vault.setOutflowLimit(address(token), limitBps);
    }

    function _pull(uint256 amount) internal {
        vault.pull(address(token), alice, amount, false);
    }

    function _send(address owner, uint256 amount) internal returns (uint256) {
        return vault.send(address(token), owner, owner, amount);
    }

    function _room() internal view returns (uint256 room) {
        (, room) = vault.outflowOf(address(token));
    }
}
