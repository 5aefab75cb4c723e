// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Errors} from "../../contracts/base/Errors.sol";
import {Call, IExecutor} from "../../contracts/interfaces/IExecutor.sol";
import {ICollateralVault} from "../../contracts/interfaces/ICollateralVault.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {IMarginAccountCore} from "../../contracts/interfaces/IMarginAccountCore.sol";
import {Outcome} from "../../contracts/interfaces/IRebalancer.sol";
import {MintableToken} from "../../contracts/mocks/MintableToken.sol";
import {TradingTest} from "./utils/TradingTest.sol";

/// @title ThreatsTest
/// @notice Rows of SECURITY.md that go through several contracts, and that no test of one of them shows.
contract ThreatsTest is TradingTest {
    /*//////////////////////////////////////////////////////////////////////////
                                          KEYS
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev All rights together are not the owner's: they hand out none, and reach neither his wallet nor his grants.
    function test_AllRightsAreNotTheOwners() public {
        vm.prank(alice);
        marginAccount.setOperator(_account(alice), bob, WITHDRAW | TRADE | POLICY);
        bytes memory reason = abi.encodeWithSelector(Errors.MarginAccount_NotAuthorized.selector, _raw(alice), bob, 0);
        vm.startPrank(bob);
        vm.expectRevert(reason);
        marginAccount.setOperator(_account(alice), carol, WITHDRAW);
        vm.expectRevert(reason);
        marginAccount.setWalletLimit(_account(alice), type(uint128).max);
        vm.expectRevert(reason);
        marginAccount.cancelGrant(_account(alice));
        vm.stopPrank();
    }

    /// @dev A right taken away takes away the orders that were signed by it.
    function test_ARevokedSignersOrdersDie() public {
        _fundTraders(100_000e6);
        address operator = _newTrader("operator");
        vm.prank(trader);
        marginAccount.setOperator(_account(trader), operator, TRADE);
        IExchange.Order memory ask = _order(maker, ETH_PERP, -2e18, 2_000e18);
        IExchange.Order memory bid = _order(trader, ETH_PERP, 2e18, 2_000e18);
        bid.signer = operator;
        (bytes memory first, bytes memory second) = (_sign(ask), _sign(bid));
        exchange.fill(ask, first, bid, second, 1e18);
        vm.prank(trader);
        marginAccount.setOperator(_account(trader), operator, 0);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.MarginAccount_NotAuthorized.selector, _raw(trader), operator, TRADE)
        );
        exchange.fill(ask, first, bid, second, 1e18);
    }

    /// @dev An order is for one exchange and one chain.
    function test_AnOrderIsGoodAtNoOtherExchangeAndOnNoOtherChain() public {
        _fundTraders(100_000e6);
        IExchange.Order memory ask = _order(maker, ETH_PERP, -2e18, 2_000e18);
        IExchange.Order memory bid = _order(trader, ETH_PERP, 2e18, 2_000e18);
        (bytes memory first, bytes memory second) = (_sign(ask), _sign(bid));
        bytes memory reason = abi.encodeWithSelector(Errors.Exchange_BadSignature.selector, _raw(maker), maker);

        uint256 chain = block.chainid;
        vm.chainId(chain + 1);
        vm.expectRevert(reason);
        exchange.fill(ask, first, bid, second, 1e18);
        vm.chainId(chain);

        IExchange next = IExchange(_deployed(ROOT, "Exchange", abi.encode(manager, marginAccount)));
        next.setFeeParameters(IExchange.FeeParameters({makerE6: 300, takerE6: 300}));
        marginAccount.setExchange(address(next));
        vm.expectRevert(reason);
        next.fill(ask, first, bid, second, 1e18);
        // And the old one has lost its call.
        vm.expectPartialRevert(Errors.MarginAccount_NotModule.selector);
        exchange.fill(ask, first, bid, second, 1e18);
    }

    /// @dev What the executor does for anybody it does without a right: no account, no vault, nobody's allowance.
    function test_TheExecutorReachesNothing() public {
        _deposit(alice, address(weth), 10e18);
        _fund(alice, address(weth), 1e18);
        IExecutor executor = marginAccount.executor();
        address self = address(executor);
        bytes memory call = abi.encodeCall(
            IMarginAccountCore.withdraw,
            (_account(alice), address(weth), 1e18, stranger)
        );
        _refused(
            executor,
            address(marginAccount),
            call,
            abi.encodeWithSelector(Errors.MarginAccount_NotAuthorized.selector, _raw(alice), self, WITHDRAW)
        );
        _refused(
            executor,
            address(vault),
            abi.encodeCall(ICollateralVault.pull, (address(weth), alice, 1e18, true)),
            abi.encodeWithSelector(Errors.CollateralVault_NotMarginAccount.selector, self)
        );
        _refused(
            executor,
            address(weth),
            abi.encodeCall(IERC20.transferFrom, (alice, stranger, 1e18)),
            abi.encodeWithSignature("ERC20InsufficientAllowance(address,uint256,uint256)", self, 0, 1e18)
        );
    }

    function _refused(IExecutor executor, address target, bytes memory data, bytes memory reason) private {
        Call[] memory calls = new Call[](1);
        calls[0] = Call(target, data);
        vm.prank(stranger);
        vm.expectRevert(reason);
        executor.run(calls, new address[](0), stranger);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         TOKENS
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev A token that its owner upgraded, paused or broke: no call of it succeeds any more.
    function test_ATokenThatTurnsHostileHoldsUpItsOwnPaymentsAlone() public {
        (MintableToken token, uint8 asset) = _newCollateral();
        _borrow(alice, 10e18, 15_000e6);
        _deposit(alice, address(token), 0.1e18);
        _deposit(bob, address(weth), 1e18);
        _deposit(taker, address(usdc), 1_000_000e6);
        vm.mockCallRevert(address(token), "", "broken");
        vm.prank(alice);
        vm.expectRevert();
        marginAccount.withdraw(_account(alice), address(token), 1, alice);

        _withdraw(bob, address(weth), 1e18);
        _setPrice(WETH_ASSET, 1_600e8);
        assertEq(uint8(marginAccount.rebalance(_account(alice))), uint8(Outcome.LiquidationOpened));
        // A slice moves it without asking it.
        vm.prank(taker);
        liquidator.liquidate(_account(alice), _account(taker), 0.1e18, type(int256).max, "");
        assertEq(_collateral(taker, asset), 0.01e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                     BLOCK AND GAS
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev A keeper who gives little gas makes no feed silent and no wallet refuse: either all of it is done, or nothing.
    function testFuzz_LittleGasMakesNoOtherRebalance(uint256 gasLimit) public {
        _borrow(alice, 10e18, 15_000e6);
        _openWallet(alice, 100_000e18);
        _setPrice(WETH_ASSET, 1_800e8);
        bytes32 before = _snapshot(alice, keeper);
        gasLimit = bound(gasLimit, 30_000, 600_000);
        vm.prank(keeper);
        try marginAccount.rebalance{gas: gasLimit}(_account(alice)) returns (Outcome outcome) {
            if (outcome == Outcome.ToppedUp) return;
            assertEq(uint8(outcome), uint8(Outcome.PriceHalted));
        } catch {}
        assertEq(_snapshot(alice, keeper), before, "something changed");
    }

    /*//////////////////////////////////////////////////////////////////////////
                                     SELF-DEALING
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Alice owns the taker too. While the discount is below health both together lose what goes to the fund, and no lender pays.
    function test_SelfLiquidationByASecondAddressEarnsNothing() public {
        _borrow(alice, 10e18, 15_000e6);
        _deposit(taker, address(usdc), 1_000_000e6);
        _setPrice(WETH_ASSET, 1_700e8);
        marginAccount.rebalance(_account(alice));
        int256 before = _together();
        uint256 index = marginAccount.cashMarket().supplyIndex;
        vm.prank(taker);
        ILiquidator.Quote memory q = liquidator.liquidate(_account(alice), _account(taker), 1e18, type(int256).max, "");
        assertGt(q.fundFee, 0);
        // To the unit, but for what two roundings of cash cost.
        assertLe(_together(), before - int256(q.fundFee) * 1e12);
        assertEq(marginAccount.cashMarket().supplyIndex, index);
    }

    function _together() private view returns (int256) {
        return marginAccount.assess(_account(alice)).equityE18 + marginAccount.assess(_account(taker)).equityE18;
    }
}
