// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {MintableToken} from "../../../contracts/mocks/MintableToken.sol";
import {Outcome} from "../../../contracts/interfaces/IRebalancer.sol";
import {AccountId, toAccountId} from "../../../contracts/types/AccountId.sol";
import {PolicyFields} from "../../../contracts/types/BandPolicy.sol";
import {BallastTest} from "../utils/BallastTest.sol";

/// @title LargestAccountTest
/// @notice Promise 14: the account of eight collaterals, each large enough for its size factor, is rebalanced and liquidated
/// below five million gas.
contract LargestAccountTest is BallastTest {
    uint256 private constant GAS_BOUND = 5_000_000;
    /// @dev {gas} What a transaction costs before its first instruction, and its calldata.
    uint256 private constant INTRINSIC_GAS = 30_000;
    uint8 private constant COLLATERALS = 8;

    MintableToken[] private _tokens;

    function setUp() public override {
        super.setUp();
        _tokens.push(weth);
        _tokens.push(MintableToken(address(wbtc)));
        for (uint256 i = 2; i < COLLATERALS; ++i) {
            (MintableToken token, ) = _newCollateral();
            _tokens.push(token);
        }
        _lend(100_000_000e6);
        for (uint256 i; i < COLLATERALS; ++i) {
            // Two million each; wrapped bitcoin has eight decimals and another price.
            _deposit(alice, address(_tokens[i]), _worth(i, 2_000_000));
        }
        // Nearly all that the initial margin allows.
        uint256 most = marginAccount.maxWithdraw(_account(alice), address(usdc));
        _withdraw(alice, address(usdc), (most * 99) / 100);
        vm.roll(block.number + 1);
    }

    function test_Promise14_TopUpFromReserveAndWalletOfEveryAsset() public {
        _fillReserveAndWallet();
        _setPolicy(alice, _widePolicy());
        vm.prank(alice);
        marginAccount.setWalletLimit(_account(alice), 100_000_000e18);
        _moveAll(92);
        vm.prank(keeper);
        uint256 gas = gasleft();
        Outcome outcome = marginAccount.rebalance(_account(alice));
        _assertBelowBound(gas - gasleft());
        assertEq(uint8(outcome), uint8(Outcome.ToppedUp), "outcome");
        assertEq(_reserve(alice, COLLATERALS), 0, "the last reserve was not reached");
    }

    function test_Promise14_ReleaseOfEveryAsset() public {
        PolicyFields memory policy = _widePolicy();
        (policy.upperRestoreE6, policy.upperE6) = (1_620_000, 1_630_000);
        _setPolicy(alice, policy);
        _moveAll(300);
        vm.prank(keeper);
        uint256 gas = gasleft();
        Outcome outcome = marginAccount.rebalance(_account(alice));
        _assertBelowBound(gas - gasleft());
        assertEq(uint8(outcome), uint8(Outcome.Released), "outcome");
    }

    function test_Promise14_SliceIntoAnEmptyAccount() public {
        _liquidate(85, 1e18);
    }

    function test_Promise14_SliceOfTheInsolvent() public {
        _liquidate(60, 0.5e18);
    }

    function _liquidate(uint256 percent, uint256 fraction) private {
        _deposit(taker, address(usdc), 100_000_000e6);
        _moveAll(percent);
        marginAccount.rebalance(_account(alice));
        assertLt(_health(alice), 1e18, "health");
        AccountId into = toAccountId(taker, 0);
        vm.prank(taker);
        uint256 gas = gasleft();
        liquidator.liquidate(_account(alice), into, fraction, type(int256).max, "");
        _assertBelowBound(gas - gasleft());
        for (uint8 asset = 1; asset <= COLLATERALS; ++asset) {
            assertGt(_collateral(taker, asset), 0, "a collateral did not come");
        }
    }

    function _assertBelowBound(uint256 gas) private pure {
        assertLt(gas + INTRINSIC_GAS, GAS_BOUND, "promise 14: gas");
        // Below what the least of eight assets must cost, the measurement itself would be wrong.
        assertGt(gas, 150_000, "promise 14: nothing was measured");
    }

    /// @dev Crumbs, so that every asset is moved before the restore point is reached.
    function _fillReserveAndWallet() private {
        for (uint256 i; i < COLLATERALS; ++i) {
            _depositReserve(alice, address(_tokens[i]), _worth(i, 20_000));
            _fund(alice, address(_tokens[i]), _worth(i, 1_000_000));
        }
        _depositReserve(alice, address(usdc), 20_000e6);
        _fund(alice, address(usdc), 20_000e6);
    }

    function _widePolicy() private pure returns (PolicyFields memory policy) {
        policy = _policy();
        policy.walletTopUp = true;
        policy.assetOrder = 0x0807060504030201;
    }

    function _moveAll(uint256 percent) private {
        for (uint8 asset = 1; asset <= COLLATERALS; ++asset) {
            _setPrice(asset, (feeds[asset].latestAnswer() * int256(percent)) / 100);
        }
    }

    /// @dev {token} What so much {quote} buys at the first prices.
    function _worth(uint256 i, uint256 quote) private pure returns (uint256) {
        return i == 1 ? (quote * 1e8) / 60_000 : (quote * 1e18) / 2_000;
    }
}
