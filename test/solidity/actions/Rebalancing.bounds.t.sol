// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMarginAccountCore} from "../../../contracts/interfaces/IMarginAccountCore.sol";
import {IMarginAccountEvents} from "../../../contracts/interfaces/IMarginAccountEvents.sol";
import {Outcome, Plan} from "../../../contracts/interfaces/IRebalancer.sol";
import {IRiskEngine} from "../../../contracts/interfaces/IRiskEngine.sol";
import {MintableToken} from "../../../contracts/mocks/MintableToken.sol";
import {CallState} from "../../../contracts/types/AccountHeader.sol";
import {PolicyFields} from "../../../contracts/types/BandPolicy.sol";
import {TradingTest} from "../utils/TradingTest.sol";

/// @title RebalancingBoundsTest
/// @notice Rebalances at the very health, or for the very amount, at which one rule gives way to another.
/// @dev The usual account: ten ether. At 1,800 its maintenance margin is 2,520, at 1,700 2,380.
contract RebalancingBoundsTest is TradingTest {
    function _owe(uint256 debt, int256 price) private {
        _borrow(alice, 10e18, debt);
        _setPrice(WETH_ASSET, price);
    }

    function _plan() private view returns (Plan memory) {
        return marginAccount.previewRebalance(_account(alice));
    }

    /// @dev What is previewed is what is done.
    function _rebalance(Outcome outcome) private {
        assertEq(uint8(_plan().outcome), uint8(outcome), "preview");
        vm.prank(keeper);
        assertEq(uint8(marginAccount.rebalance(_account(alice))), uint8(outcome));
    }

    /// @dev A wallet that is asked and does not give.
    function _openRefusingWallet() private {
        _openWallet(10_000e18);
        vm.mockCall(address(usdc), abi.encodeWithSelector(usdc.transferFrom.selector, alice), abi.encode(false));
    }

    function _openWallet(uint128 limit) private {
        PolicyFields memory policy = _policy();
        policy.walletTopUp = true;
        _setPolicy(alice, policy);
        vm.startPrank(alice);
        marginAccount.setWalletLimit(_account(alice), limit);
        usdc.approve(address(vault), type(uint256).max);
        vm.stopPrank();
    }

    function _capPay(uint16 cap) private {
        PolicyFields memory policy = _policy();
        policy.keeperPayCap = cap;
        _setPolicy(alice, policy);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         THE BAND
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev 18,000 - 14,850 is 1.25 times 2,520.
    function test_AtLowerNothingIsDue() public {
        _owe(14_850e6, 1_800e8);
        _rebalance(Outcome.InBand);
        _depositReserve(alice, address(usdc), 5_000e6);
        _rebalance(Outcome.InBand);
        assertEq(_plan().moves.length, 0);
    }

    /// @dev 20,000 - 14,400 is twice 2,800.
    function test_AtUpperNothingIsReleased() public {
        _owe(14_400e6, 2_000e8);
        _setPolicy(alice, _policy());
        _rebalance(Outcome.InBand);
        _deposit(alice, address(usdc), 0.01e6);
        _rebalance(Outcome.Released);
    }

    /// @dev 18,750 - 14,550 is 1.6 times 2,625. Nobody is paid by himself.
    function test_AtLowerRestoreTheCallIsCured() public {
        _owe(14_550e6, 1_720e8);
        vm.startPrank(alice);
        marginAccount.rebalance(_account(alice));
        _setPrice(WETH_ASSET, 1_875e8);
        assertEq(_health(alice), 1.6e18);
        assertEq(uint8(marginAccount.rebalance(_account(alice))), uint8(Outcome.CallCured));
        vm.stopPrank();
        assertEq(uint8(_header(alice).callState()), uint8(CallState.None));
    }

    /// @dev Without equity and without a loss: called and open to liquidation, and the call is paid.
    function test_AtNoEquityNothingIsProvisioned() public {
        _owe(15_000e6, 1_500e8);
        _rebalance(Outcome.LiquidationOpened);
        assertEq(marginAccount.provisionOf(_account(alice)), 0);
        assertEq(_cash(keeper), 1e6);
    }

    /// @dev And a reserve may still save it.
    function test_AtNoEquityAReserveIsUsed() public {
        _owe(15_000e6, 1_500e8);
        _depositReserve(alice, address(usdc), 5_000e6);
        _rebalance(Outcome.ToppedUp);
        assertGe(_health(alice), 1.6e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                      THE KEEPER'S PAY
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Where the liquidation is open anyway the pay for the call opens nothing.
    function test_ACallBelowMaintenanceIsPaid() public {
        _owe(15_000e6, 1_700e8);
        _rebalance(Outcome.LiquidationOpened);
        assertEq(_cash(keeper), 1e6);
    }

    /// @dev 17,500 - 15,049 is one more than 2,450.
    function test_ACallMayCostAllThatIsAboveMaintenance() public {
        _owe(15_049e6, 1_750e8);
        _rebalance(Outcome.MarginCalled);
        assertEq(_cash(keeper), 1e6);
        assertEq(_health(alice), 1e18);
    }

    /// @dev Work on an account that was called before is said, with what it cost.
    function test_WorkWhileACallRunsIsSaid() public {
        _owe(15_000e6, 1_800e8);
        _rebalance(Outcome.MarginCalled);
        int256 before = _cash(keeper);
        _depositReserve(alice, address(usdc), 100e6);
        vm.expectEmit(true, true, false, false, address(marginAccount));
        emit IMarginAccountEvents.Rebalanced(_raw(alice), keeper, Outcome.CallRunning, 0, 0);
        _rebalance(Outcome.CallRunning);
        assertGt(_cash(keeper), before);
        assertEq(_reserve(alice, QUOTE_ASSET), 0);
    }

    /// @dev What a look costs at no base fee, one, may be all that comes.
    function test_ATopUpMayBringNoMoreThanItCosts() public {
        _owe(15_000e6, 1_800e8);
        vm.fee(0);
        _depositReserve(alice, address(usdc), 1e6 - 1);
        assertEq(_plan().moves.length, 0);
        _depositReserve(alice, address(usdc), 1);
        assertEq(_plan().moves.length, 1);
    }

    /// @dev Twenty times what a look costs: ether for twenty, beside a bitcoin that stays.
    function test_AReleaseMayBeWorthTwentyTimesItsCost() public {
        _lend(100_000e6);
        _deposit(alice, address(wbtc), 1e8);
        _deposit(alice, address(weth), 0.01e18);
        _withdraw(alice, address(usdc), 20_000e6);
        vm.roll(block.number + 1);
        PolicyFields memory policy = _policy();
        policy.assetOrder = WETH_ASSET;
        _setPolicy(alice, policy);
        vm.fee(0);
        uint256 state = vm.snapshotState();
        _rebalance(Outcome.Released);
        assertEq(_reserve(alice, WETH_ASSET), 0.01e18);
        vm.revertToState(state);
        _withdraw(alice, address(weth), 1);
        vm.roll(block.number + 1);
        _rebalance(Outcome.NotWorthIt);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                     HOW MUCH A CURE DOES
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev 2,000 and 381 less the one that a look costs: 2,380.
    function test_AReserveThatSavesToTheUnitIsUsed() public {
        _owe(15_000e6, 1_700e8);
        vm.fee(0);
        _depositReserve(alice, address(usdc), 381e6 - 1);
        assertEq(_plan().moves.length, 0);
        _depositReserve(alice, address(usdc), 1);
        _rebalance(Outcome.MarginCalled);
        assertEq(_reserve(alice, QUOTE_ASSET), 0);
        assertEq(_header(alice).liquidationSince(), 0);
    }

    /// @dev 3,000 and 151 less one are 1.25 times 2,520.
    function test_AReserveThatReachesLowerToTheUnitCallsNobody() public {
        _owe(15_000e6, 1_800e8);
        vm.fee(0);
        _depositReserve(alice, address(usdc), 151e6);
        _rebalance(Outcome.ToppedUp);
        assertEq(uint8(_header(alice).callState()), uint8(CallState.None));
    }

    /// @dev What the reserve restores to the wei asks the wallet for nothing: 1.6 x 2,520 - 3,000 and the 25 set aside.
    function test_AReserveThatRestoresLeavesTheWalletAlone() public {
        _owe(15_000e6, 1_800e8);
        _openWallet(10_000e18);
        _depositReserve(alice, address(usdc), 5_000e6);
        Plan memory plan = _plan();
        assertEq(plan.deficitE18, 0);
        assertEq(plan.moves.length, 1);
        assertFalse(plan.moves[0].wallet);
    }

    /// @dev The least that may be deposited is a wallet's, not a reserve's.
    function test_AReserveBelowTheLeastDepositIsUsed() public {
        _owe(15_000e6, 1_800e8);
        _capPay(0);
        _depositReserve(alice, address(usdc), 9_999);
        assertEq(_plan().moves.length, 1);
        assertEq(_plan().moves[0].amount, 9_999);
    }

    function test_AWalletBelowTheLeastDepositOfCollateralPaysNothing() public {
        _owe(15_000e6, 1_800e8);
        PolicyFields memory policy = _policy();
        (policy.walletTopUp, policy.keeperPayCap) = (true, 0);
        _setPolicy(alice, policy);
        weth.mint(alice, 5e18);
        vm.startPrank(alice);
        marginAccount.setWalletLimit(_account(alice), 10_000e18);
        weth.approve(address(vault), 0.01e18 - 1);
        assertEq(_plan().moves.length, 0);
        weth.approve(address(vault), 0.01e18);
        assertEq(_plan().moves.length, 1);
        vm.stopPrank();
    }

    /// @dev What has only a last price cures nothing, though there is a reserve of it.
    function test_AReserveWithoutAPriceIsLeft() public {
        _owe(15_000e6, 1_800e8);
        _setPolicy(alice, _policy());
        _depositReserve(alice, address(wbtc), 1e8);
        _makeStale(WBTC_ASSET);
        _rebalance(Outcome.MarginCalled);
        assertEq(_reserve(alice, WBTC_ASSET), 1e8);
    }

    /// @dev Each unit that joins adds half a unit of margin, which has to be covered twice: no amount restores anything.
    function test_WhatCannotRestoreIsNotBrought() public {
        _owe(10_000e6, 2_000e8);
        _riskOfAHalf();
        PolicyFields memory policy = _policy();
        (policy.lowerRestoreE6, policy.upperRestoreE6, policy.upperE6) = (2_000_000, 2_000_000, 0);
        _setPolicy(alice, policy);
        _depositReserve(alice, address(weth), 10e18);
        assertLt(_health(alice), 1.25e18);
        _rebalance(Outcome.MarginCalled);
        assertEq(_reserve(alice, WETH_ASSET), 10e18);
    }

    /// @dev And each unit that leaves would save as much as has to stay for it.
    function test_WhatSavesAllOfItselfIsNotReleased() public {
        _owe(100e6, 2_000e8);
        _deposit(alice, address(wbtc), 1e8);
        _riskOfAHalf();
        PolicyFields memory policy = _policy();
        (policy.upperRestoreE6, policy.upperE6, policy.assetOrder) = (2_000_000, 2_500_000, WETH_ASSET);
        _setPolicy(alice, policy);
        assertGt(_health(alice), 2.5e18);
        _rebalance(Outcome.InBand);
    }

    /// @dev 10% and 40%.
    function _riskOfAHalf() private {
        riskEngine.setRiskParameters(WETH_ASSET, IRiskEngine.RiskParameters(1_000, 4_000, 4_000, 15_000, 0));
    }

    /// @dev A size factor of two makes initial margin the whole value: 720 ether less a wei, as {LedgerViewsTest} has it.
    function test_WhatCarriesNoNewRiskIsNotReleased() public {
        riskEngine.setRiskParameters(WETH_ASSET, IRiskEngine.RiskParameters(2_000, 400, 4_000, 15_000, 10_000));
        _lend(1_000_000e6);
        _deposit(alice, address(wbtc), 100e8);
        _deposit(alice, address(weth), 720e18 - 1);
        _withdraw(alice, address(usdc), 1_000e6);
        vm.roll(block.number + 1);
        PolicyFields memory policy = _policy();
        policy.assetOrder = WETH_ASSET;
        _setPolicy(alice, policy);
        assertGt(_health(alice), 2e18);
        _rebalance(Outcome.InBand);
    }

    /// @dev A ninth kind has no place, whatever the reserve has of it.
    function test_ANinthKindIsNotBrought() public {
        _owe(15_000e6, 2_000e8);
        for (uint256 i; i < 7; ++i) {
            (MintableToken token, ) = _newCollateral();
            _deposit(alice, address(token), 0.01e18);
        }
        PolicyFields memory policy = _policy();
        policy.assetOrder = WBTC_ASSET;
        _setPolicy(alice, policy);
        _depositReserve(alice, address(wbtc), 1e8);
        _setPrice(WETH_ASSET, 1_780e8);
        _rebalance(Outcome.MarginCalled);
        assertEq(_reserve(alice, WBTC_ASSET), 1e8);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                    A WALLET THAT REFUSES
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev What the reserve gave is booked, and pays the keeper for his work; without it the call alone is paid.
    function test_WhatCameBeforeTheWalletRefusedIsBooked() public {
        _owe(15_000e6, 1_800e8);
        uint256 state = vm.snapshotState();
        _openRefusingWallet();
        vm.prank(keeper);
        assertEq(uint8(marginAccount.rebalance(_account(alice))), uint8(Outcome.MarginCalled));
        assertEq(_cash(keeper), 1e6);
        vm.clearMockedCalls();
        vm.revertToState(state);

        _depositReserve(alice, address(usdc), 100e6);
        _openRefusingWallet();
        vm.prank(keeper);
        assertEq(uint8(marginAccount.rebalance(_account(alice))), uint8(Outcome.MarginCalled));
        assertGt(_cash(keeper), 1e6);
        assertLe(_cash(keeper), 25e6);
        assertEq(_reserve(alice, QUOTE_ASSET), 0);
        assertEq(_cash(alice), -15_000e6 + 100e6 - _cash(keeper));
    }

    /// @dev 17,500 - 15,050 is 2,450, to the unit.
    function test_AtAHealthOfOneARefusalOpensNoLiquidation() public {
        _owe(15_050e6, 1_750e8);
        _openRefusingWallet();
        vm.prank(keeper);
        assertEq(uint8(marginAccount.rebalance(_account(alice))), uint8(Outcome.MarginCalled));
        assertEq(_header(alice).liquidationSince(), 0);
    }

    /// @dev 3,000 and 151 from the reserve, less the keeper's 1, are 1.25 times 2,520.
    function test_AtLowerARefusalCallsNobody() public {
        vm.fee(0);
        _owe(15_000e6, 1_800e8);
        _depositReserve(alice, address(usdc), 151e6);
        _openRefusingWallet();
        vm.prank(keeper);
        assertEq(uint8(marginAccount.rebalance(_account(alice))), uint8(Outcome.ToppedUp));
        assertEq(uint8(_header(alice).callState()), uint8(CallState.None));
    }

    /// @dev What a wallet gives in a day adds up; a new day begins with nothing spent.
    function test_TheDaysTopUpsAddUp() public {
        _owe(15_000e6, 1_800e8);
        _openWallet(600e18);
        _give(200e6, 400e18);
        _setPrice(WETH_ASSET, 1_770e8);
        _give(150e6, 250e18);
        vm.warp((block.timestamp / 1 days + 1) * 1 days);
        vm.roll(block.number + 1);
        _setPrice(WETH_ASSET, 1_755e8);
        _refreshPrices();
        _give(150e6, 450e18);
    }

    function _give(uint256 amount, uint256 leftAfter) private {
        vm.prank(alice);
        usdc.approve(address(vault), amount);
        vm.prank(keeper);
        marginAccount.rebalance(_account(alice));
        (, uint256 left) = marginAccount.walletLimitOf(_account(alice));
        assertEq(left, leftAfter);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                     WHO OWES NOTHING
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev All was taken, and the call stayed open: the next look closes it, and says so.
    function test_ACallOfWhomAllWasTakenIsClosed() public {
        _owe(15_000e6, 1_700e8);
        marginAccount.rebalance(_account(alice));
        _deposit(taker, address(usdc), 100_000e6);
        marginAccount.setLiquidator(address(this));
        IMarginAccountCore.Slice memory slice;
        (slice.account, slice.taker) = (_account(alice), _account(taker));
        (slice.fractionE18, slice.healthAfterE18) = (1e18, type(uint256).max);
        marginAccount.deliverSlice(slice, taker, "");
        assertEq(_header(alice).liquidationSince(), 0);
        assertEq(uint8(_header(alice).callState()), uint8(CallState.Running));
        _rebalance(Outcome.CallCured);
        assertEq(uint8(_header(alice).callState()), uint8(CallState.None));
    }

    /// @dev Cash in hand is no safety beside a position: 5 ether at 1,850 against 2,000 and a loss of 750.
    function test_APositionIsCalledThoughNothingIsOwed() public {
        _deposit(maker, address(usdc), 100_000e6);
        _deposit(trader, address(usdc), 2_000e6);
        _trade(maker, trader, ETH_PERP, 5e18, 2_000e18);
        _setPrice(WETH_ASSET, 1_850e8);
        vm.prank(keeper);
        assertEq(uint8(marginAccount.rebalance(_account(trader))), uint8(Outcome.MarginCalled));
        assertGt(_cash(trader), 0);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                 WHILE A PROVISION IS OPEN
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Of 44,000 that are lent 5,000 are provided for, so that credit is worth an eighth less: the cash that brings a short to its
    /// restore point all the same comes at once, and leaves nothing for a second keeper.
    function test_ATopUpIsWholeWhileCreditCarriesAProvision() public {
        vm.fee(0);
        _lend(20_000e6);
        _fundTraders(20_000e6);
        _owe(15_000e6, 2_000e8);
        _trade(maker, trader, ETH_PERP, -10e18, 2_000e18);
        _withdraw(trader, address(usdc), 16_000e6);
        PolicyFields memory policy = _policy();
        policy.lowerE6 = 1_590_000;
        _setPolicy(trader, policy);
        _depositReserve(trader, address(usdc), 50_000e6);
        _setPrice(WETH_ASSET, 1_000e8);
        marginAccount.provision(_account(alice));
        assertEq(marginAccount.cashMarket().provisions, 5_000e6);
        _setPrice(WETH_ASSET, 2_100e8);

        vm.startPrank(keeper);
        assertEq(uint8(marginAccount.rebalance(_account(trader))), uint8(Outcome.ToppedUp));
        assertGe(marginAccount.healthOf(_account(trader)), 1.6e18 - 1e12);
        assertLt(marginAccount.healthOf(_account(trader)), 1.61e18);
        bytes32 state = _snapshot(trader, keeper);
        assertEq(uint8(marginAccount.rebalance(_account(trader))), uint8(Outcome.InBand));
        assertEq(_snapshot(trader, keeper), state);
        vm.stopPrank();
    }
}
