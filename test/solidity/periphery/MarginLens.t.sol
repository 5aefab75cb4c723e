// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ILiquidator} from "../../../contracts/interfaces/ILiquidator.sol";
import {Outcome, Plan} from "../../../contracts/interfaces/IRebalancer.sol";
import {MarginLens} from "../../../contracts/periphery/MarginLens.sol";
import {CallState} from "../../../contracts/types/AccountHeader.sol";
import {AccountId, toAccountId} from "../../../contracts/types/AccountId.sol";
import {InstrumentId} from "../../../contracts/types/InstrumentId.sol";
import {BallastTest} from "../utils/BallastTest.sol";
import {TradingTest} from "../utils/TradingTest.sol";

/// @title MarginLensTest
/// @notice The lens says of each account what the ledger says of it.
contract MarginLensTest is TradingTest {
    AccountId[] private ids;

    function setUp() public override {
        super.setUp();
        _borrow(alice, 10e18, 15_000e6); // below maintenance at 1,700
        _borrow(bob, 10e18, 14_100e6); // below the band
        _borrow(carol, 10e18, 5_000e6); // inside
        _deposit(carol, address(wbtc), 0.5e8);
        ids = [_account(alice), _account(bob), _account(carol), _account(stranger), toAccountId(alice, 9)];
    }

    function test_StatesAreTheLedgersOwn() public {
        _setPrice(WETH_ASSET, 1_700e8);
        vm.prank(keeper);
        marginAccount.rebalanceMany(ids);
        MarginLens.AccountState[] memory states = lens.accounts(ids);
        assertEq(states.length, ids.length);
        for (uint256 i; i < ids.length; ++i) {
            Plan memory plan = marginAccount.previewRebalance(ids[i]);
            assertTrue(states[i].account == ids[i]);
            assertEq(states[i].cash, marginAccount.cashOf(ids[i]));
            assertEq(states[i].healthE18, marginAccount.healthOf(ids[i]));
            assertEq(states[i].equityE18, plan.before.equityE18);
            assertEq(states[i].maintenanceE18, plan.before.maintenanceE18);
            assertEq(states[i].initialE18, plan.before.initialE18);
            assertEq(uint8(states[i].outcome), uint8(plan.outcome));
            assertEq(states[i].callDeadline, marginAccount.callDeadlineOf(ids[i]));
            assertEq(states[i].lowerE18, 1.25e18);
            for (uint256 j; j < states[i].holdings.length; ++j) {
                MarginLens.Holding memory holding = states[i].holdings[j];
                assertEq(holding.amount, marginAccount.collateralOf(ids[i], holding.asset));
            }
        }
        assertEq(states[0].liquidationSince, block.timestamp);
        assertEq(uint8(states[1].callState), uint8(CallState.Running));
        assertEq(states[2].holdings.length, 2);
        assertEq(states[3].holdings.length, 0);
    }

    function test_DueAreThoseThatARebalanceWouldChange() public {
        assertEq(lens.due(ids).length, 0);
        _setPrice(WETH_ASSET, 1_700e8);
        AccountId[] memory due = lens.due(ids);
        assertEq(due.length, 2);
        assertTrue(due[0] == ids[0] && due[1] == ids[1]);
        vm.prank(keeper);
        marginAccount.rebalanceMany(ids);
        assertEq(lens.due(ids).length, 0);
        // A call that nobody looked at for long is not idle: its clock would start again.
        _setPrice(WETH_ASSET, 2_000e8);
        due = lens.due(ids);
        assertEq(due.length, 2);
    }

    function test_NobodyIsDueWhoseCollateralHasNoPrice() public {
        _setPrice(WETH_ASSET, 1_700e8);
        _makeStale(WETH_ASSET);
        assertEq(lens.due(ids).length, 0);
        MarginLens.AccountState[] memory states = lens.accounts(ids);
        assertEq(uint8(states[0].outcome), uint8(Outcome.PriceHalted));
        assertTrue(states[0].halted);
        assertFalse(states[3].halted);
    }

    /// @dev A call that runs on is idle, but not where the reserve has something for it: 50, of which the keeper may get 25.
    function test_DueIsWhoseReserveHelpsThoughTheCallRunsOn() public {
        _setPrice(WETH_ASSET, 1_700e8);
        vm.prank(keeper);
        marginAccount.rebalanceMany(ids);
        _depositReserve(bob, address(usdc), 50e6);
        AccountId[] memory due = lens.due(ids);
        assertEq(due.length, 1);
        assertTrue(due[0] == ids[1]);
        // The call has cost 1: equity is 2,899 against 2,380, and then 2,924; 1.6 of it are 3,808.
        MarginLens.AccountState memory state = lens.accounts(due)[0];
        assertEq(uint8(state.outcome), uint8(Outcome.CallRunning));
        assertEq(state.healthE18, uint256(2_899e18) / 2_380);
        assertEq(state.healthAfterE18, uint256(2_924e18) / 2_380);
        assertEq(state.deficitE18, 884e18);
        assertFalse(state.halted);
    }

    function test_TheBandIsTheOwners() public {
        _setPolicy(carol, _policy());
        MarginLens.AccountState[] memory states = lens.accounts(ids);
        assertEq(states[2].lowerE18, 1.25e18);
        assertEq(states[2].lowerRestoreE18, 1.6e18);
        assertEq(states[2].upperRestoreE18, 1.8e18);
        assertEq(states[2].upperE18, 2e18);
        // Who has set nothing is never released.
        assertEq(states[1].upperRestoreE18, 1.6e18);
        assertEq(states[1].upperE18, type(uint256).max);
    }

    function test_PositionsAreShown() public {
        _fundTraders(100_000e6);
        _trade(maker, trader, ETH_PERP, 2e18, 2_000e18);
        _trade(maker, trader, BTC_PERP, -0.5e18, 60_000e18);
        ids.push(_account(trader));
        MarginLens.AccountState[] memory states = lens.accounts(ids);
        assertEq(states[0].positions.length, 0);
        MarginLens.Held[] memory held = states[5].positions;
        assertEq(held.length, 2);
        assertEq(InstrumentId.unwrap(held[0].instrument), InstrumentId.unwrap(ETH_PERP));
        assertEq(held[0].sizeE18, 2e18);
        assertEq(held[0].quoteE18, -4_000e18);
        assertEq(InstrumentId.unwrap(held[1].instrument), InstrumentId.unwrap(BTC_PERP));
        assertEq(held[1].sizeE18, -0.5e18);
        assertEq(held[1].quoteE18, 30_000e18);
    }

    function test_QuotesAreTheLiquidatorsAndZeroForTheHealthy() public {
        _setPrice(WETH_ASSET, 1_700e8);
        ILiquidator.Quote[] memory quotes = lens.quotes(ids);
        ILiquidator.Quote memory q = liquidator.quote(ids[0], type(uint256).max);
        assertEq(keccak256(abi.encode(quotes[0])), keccak256(abi.encode(q)));
        ILiquidator.Quote memory none;
        for (uint256 i = 1; i < ids.length; ++i) {
            assertEq(keccak256(abi.encode(quotes[i])), keccak256(abi.encode(none)));
        }
    }

    function test_AProvisionIsShown() public {
        _setPrice(WETH_ASSET, 1_400e8);
        marginAccount.rebalance(_account(alice));
        MarginLens.AccountState[] memory states = lens.accounts(ids);
        assertEq(states[0].provision, 1_000e6);
        assertEq(uint8(states[0].outcome), uint8(Outcome.LiquidationOpen));
        assertEq(states[1].provision, 0);
    }
}

/// @title MarginLensCapacityTest
/// @notice Accounts are opened in {setUp}, so that the lens reads every slot of theirs for the first time.
contract MarginLensCapacityTest is BallastTest {
    uint256 private constant ACCOUNTS = 1_000;

    function setUp() public override {
        super.setUp();
        _lend(10_000_000e6);
        _fund(alice, address(weth), ACCOUNTS * 10e18);
        vm.startPrank(alice);
        for (uint256 i; i < ACCOUNTS; ++i) {
            AccountId id = toAccountId(alice, uint96(i));
            marginAccount.deposit(id, address(weth), 10e18);
            marginAccount.withdraw(id, address(usdc), 5_000e6, alice);
            marginAccount.setPolicy(id, _policy());
        }
        vm.stopPrank();
    }

    function test_AThousandAccountsAreReadInOneCall() public {
        AccountId[] memory ids = new AccountId[](ACCOUNTS);
        for (uint256 i; i < ACCOUNTS; ++i) {
            ids[i] = toAccountId(alice, uint96(i));
        }
        uint256 before = gasleft();
        MarginLens.AccountState[] memory states = lens.accounts(ids);
        uint256 used = before - gasleft();
        emit log_named_uint("gas", used);
        assertEq(states.length, ACCOUNTS);
        assertGt(states[ACCOUNTS - 1].healthE18, 1e18);
        assertLt(used, 75_000_000);
    }
}
