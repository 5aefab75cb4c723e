// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Vm} from "forge-std/Vm.sol";

import {Errors} from "../../../contracts/base/Errors.sol";
import {IMarginAccountCore} from "../../../contracts/interfaces/IMarginAccountCore.sol";
import {IMarginAccountEvents} from "../../../contracts/interfaces/IMarginAccountEvents.sol";
import {AccountId} from "../../../contracts/types/AccountId.sol";
import {InstrumentId} from "../../../contracts/types/InstrumentId.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {FaultySource} from "../utils/mocks/FaultySource.sol";
import {TradingTest} from "../utils/TradingTest.sol";

/// @title SettlementTest
/// @notice What settling books, to the unit, and what it refuses.
contract SettlementTest is TradingTest {
    address private third;

    function setUp() public override {
        super.setUp();
        third = _newTrader("third");
        _fundTraders(10_000e6);
        _deposit(third, address(usdc), 10_000e6);
    }

    function test_TwoHundredAccountsAtOnce() public {
        marginAccount.settle(ETH_PERP, new AccountId[](200));
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_BatchTooLong.selector, 201, 200));
        marginAccount.settle(ETH_PERP, new AccountId[](201));
    }

    /// @dev Two prices would put long and short in debt at once.
    function test_RevertWhen_ThePriceIsNotLive() public {
        _trade(maker, trader, ETH_PERP, 5e18, 2_000e18);
        bytes memory notLive = abi.encodeWithSelector(
            Errors.MarginAccount_PriceNotLive.selector,
            InstrumentId.unwrap(ETH_PERP)
        );
        FaultySource source = new FaultySource(2_200e18);
        riskEngine.setSecondary(WETH_ASSET, address(source), 50, 0, 0);
        vm.expectRevert(notLive);
        marginAccount.settle(ETH_PERP, new AccountId[](0));
        source.setPrice(2_000e18);
        marginAccount.settle(ETH_PERP, new AccountId[](0));
        _makeStale(WETH_ASSET);
        source.setPrice(0);
        vm.expectRevert(notLive);
        marginAccount.settle(ETH_PERP, new AccountId[](0));
    }

    /// @dev 2,000 / 3 has a bid and an ask; the middle of the two is the bid.
    function test_TheIndexIsTheMiddleRoundedDown() public {
        _setPrice(QUOTE_ASSET, 3e8);
        (uint256 bid, uint256 ask) = riskEngine.requirePrice(WETH_ASSET);
        assertEq(ask, bid + 1);
        marginAccount.settle(ETH_PERP, new AccountId[](0));
        assertEq(_perpetual(ETH_PERP).indexPriceE18, bid);
    }

    function test_AccruingFundingTakesTheIndexOfNow() public {
        _setPrice(WETH_ASSET, 2_100e8);
        marginAccount.accrueFunding(ETH_PERP);
        assertEq(_perpetual(ETH_PERP).indexPriceE18, 2_100e18);
    }

    /// @dev An instrument of the same underlying that there is not.
    function test_PositionOf_NoPerpetualIsNone() public {
        _trade(maker, trader, ETH_PERP, 5e18, 2_000e18);
        InstrumentId other = InstrumentId.wrap(InstrumentId.unwrap(ETH_PERP) + 1);
        assertEq(Position.unwrap(marginAccount.positionOf(_account(trader), other)), 0);
        assertEq(marginAccount.positionOf(_account(trader), ETH_PERP).size(), 5e18);
    }

    /// @dev Nor of one that a full list has no place for.
    function test_PositionOf_BesideThirtyTwoOthersIsNone() public {
        bytes32 header = keccak256(abi.encode(_raw(trader), uint256(4)));
        vm.store(address(marginAccount), header, bytes32(uint256(32) << 249));
        assertEq(Position.unwrap(marginAccount.positionOf(_account(trader), ETH_PERP)), 0);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        TO THE UNIT
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev One ether and a wei bought at 2,000.5 cost 2,000 wei and a half more, rounded up to 2,001; they are worth 2,000 of them.
    function test_ALongsValueIsRoundedDown() public {
        _setPrice(WETH_ASSET, 2_000.5e8);
        _trade(maker, trader, ETH_PERP, 1e18 + 1, 2_000.5e18);
        int256 cash = _cash(trader);
        _settle(ETH_PERP, trader);
        assertEq(_cash(trader), cash - 1);
        assertEq(_perpetual(ETH_PERP).pool, 1);
    }

    function test_WhatIsSettledIsSaid() public {
        _trade(maker, trader, ETH_PERP, 5e18, 2_000e18);
        _setPrice(WETH_ASSET, 1_900e8);
        AccountId[] memory accounts = new AccountId[](2);
        (accounts[0], accounts[1]) = (_account(trader), _account(maker));
        vm.expectEmit(address(marginAccount));
        emit IMarginAccountEvents.Settled(_raw(trader), InstrumentId.unwrap(ETH_PERP), -500e6);
        vm.expectEmit(address(marginAccount));
        emit IMarginAccountEvents.Settled(_raw(maker), InstrumentId.unwrap(ETH_PERP), 500e6);
        marginAccount.settle(ETH_PERP, accounts);
    }

    function test_NothingToSettleIsNotSaid() public {
        _trade(maker, trader, ETH_PERP, 5e18, 2_000e18);
        vm.recordLogs();
        _settle(ETH_PERP, trader);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1);
        assertEq(logs[0].topics[0], IMarginAccountEvents.PerpetualChanged.selector);
    }

    /// @dev The trader sells to a third what he has, for a little more than he paid; nobody has lost yet, so the pool is empty.
    function _closeWithAProfitOf(uint256 profitE18) private {
        _trade(maker, trader, ETH_PERP, 1e18, 2_000e18);
        _trade(third, trader, ETH_PERP, -1e18, 2_000e18 + profitE18);
    }

    function test_AClaimOfAUnitStaysUntilItIsPaid() public {
        _closeWithAProfitOf(1e12);
        (int256 size, int256 quote) = _position(trader, ETH_PERP);
        assertEq(size, 0);
        assertEq(quote, 1e12);
        int256 cash = _cash(trader);
        _setPrice(WETH_ASSET, 1_999e8);
        _settle(ETH_PERP, third);
        _settle(ETH_PERP, trader);
        assertEq(_cash(trader), cash + 1);
        assertEq(_header(trader).positionCount(), 0);
    }

    function test_AClaimOfLessThanAUnitIsNone() public {
        _closeWithAProfitOf(1e12 - 1);
        assertEq(_header(trader).positionCount(), 0);
    }

    /// @dev What a slice leaves of a claim may be less than a unit: settled, it is gone, and the list is shorter.
    function test_WhatIsLeftOfAClaimIsTakenOffTheList() public {
        _closeWithAProfitOf(1_000e18);
        marginAccount.setLiquidator(address(this));
        IMarginAccountCore.Slice memory slice;
        (slice.account, slice.taker, slice.fractionE18) = (_account(trader), _account(stranger), 1e18 - 1e8);
        marginAccount.deliverSlice(slice, stranger, "");
        (, int256 quote) = _position(trader, ETH_PERP);
        assertEq(quote, 1e11);
        int256 cash = _cash(trader);
        _settle(ETH_PERP, trader);
        assertEq(_header(trader).positionCount(), 0);
        assertEq(_cash(trader), cash);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         THE POOL
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev No sum of losses is that large: the field is written in storage.
    function _setPool(uint256 pool) private {
        bytes32 slot = bytes32(uint256(keccak256(abi.encode(uint256(WETH_ASSET), uint256(8)))) + 2);
        uint256 word = uint256(vm.load(address(marginAccount), slot));
        word = (word & ~(uint256(type(uint96).max) << 112)) | (pool << 112);
        vm.store(address(marginAccount), slot, bytes32(word));
        assertEq(_perpetual(ETH_PERP).pool, pool);
    }

    function test_ThePoolFillsItsFieldAndNoMore() public {
        _trade(maker, trader, ETH_PERP, 5e18, 2_000e18);
        _setPrice(WETH_ASSET, 1_800e8);
        uint256 most = type(uint96).max;
        _setPool(most - 1_000e6 + 1);
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_AmountOverflow.selector, most + 1, most));
        this.settleTrader();
        _setPool(most - 1_000e6);
        this.settleTrader();
        assertEq(_perpetual(ETH_PERP).pool, most);
    }

    function settleTrader() external {
        _settle(ETH_PERP, trader);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                     WHO HAS POSITIONS
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Cash in hand, and a position that it does not carry: the taker's margin is asked for all the same.
    function test_ATakerOfPositionsWithoutDebtIsChecked() public {
        address poor = _newTrader("poor");
        _deposit(poor, address(usdc), 2_000e6);
        _trade(maker, poor, ETH_PERP, 5e18, 2_000e18);
        _setPrice(WETH_ASSET, 1_790e8);
        marginAccount.setLiquidator(address(this));
        IMarginAccountCore.Slice memory slice;
        (slice.account, slice.taker, slice.fractionE18) = (_account(poor), _account(stranger), 1e18);
        // 2,000 - 3 - 1,050, against 17% of 8,950.
        vm.expectRevert(
            abi.encodeWithSelector(
                Errors.MarginAccount_BelowInitialMargin.selector,
                _raw(stranger),
                int256(947e18),
                1_521.5e18
            )
        );
        marginAccount.deliverSlice(slice, stranger, "");
    }

    /// @dev A position may yet pay: what is owed beside it is nobody's loss.
    function test_ADebtBesideAPositionIsNotWrittenOff() public {
        address poor = _newTrader("poor");
        _deposit(poor, address(usdc), 2_000e6);
        _trade(maker, poor, ETH_PERP, 5e18, 2_000e18);
        _setPrice(WETH_ASSET, 1_500e8);
        _settle(ETH_PERP, poor);
        assertEq(_cash(poor), -503e6);
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_Solvent.selector, _raw(poor), int256(-503e18)));
        marginAccount.writeOff(_account(poor));
    }

    /// @dev Up to what is missing to 1.6 a deposit is a cure, for who owes nothing but holds a position too: 1.6 x 1,045 - 1,497.
    function test_ACapYieldsToTheWholeDeficitOfAPosition() public {
        address poor = _newTrader("poor");
        _deposit(poor, address(usdc), 2_000e6);
        _trade(maker, poor, ETH_PERP, 5e18, 2_000e18);
        _setPrice(WETH_ASSET, 1_900e8);
        vault.setLimits(address(usdc), 1, 100);
        _fund(poor, address(usdc), 1_000e6);
        vm.prank(poor);
        vm.expectPartialRevert(Errors.CollateralVault_AboveCap.selector);
        marginAccount.deposit(_account(poor), address(usdc), 175e6 + 1);
        vm.prank(poor);
        marginAccount.deposit(_account(poor), address(usdc), 175e6);
        assertEq(_health(poor), 1.6e18);
    }
}
