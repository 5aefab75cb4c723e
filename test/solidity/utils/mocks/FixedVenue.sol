// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {MintableToken} from "../../../../contracts/mocks/MintableToken.sol";

/// @title FixedVenue
/// @notice Swaps at a price that the caller names, for tests; the tokens that it gives it mints. On the way it may try calls of its
/// own, as a pool with a hostile token would.
contract FixedVenue {
    address[] public targets;
    bytes[] public attempts;
    bool[] public succeeded;
    bytes[] public answers;

    function attempt(address target, bytes calldata data) external {
        targets.push(target);
        attempts.push(data);
    }

    function swap(IERC20 from, uint256 amount, MintableToken to, uint256 received, address receiver) external {
        require(from.transferFrom(msg.sender, address(this), amount));
        for (uint256 i; i < attempts.length; ++i) {
            (bool ok, bytes memory answer) = targets[i].call(attempts[i]);
            succeeded.push(ok);
            answers.push(answer);
        }
        to.mint(receiver, received);
    }

    function tried() external view returns (uint256) {
        return succeeded.length;
    }
}
