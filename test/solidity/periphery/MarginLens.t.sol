// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ILiquidator} from "../../../contracts/interfaces/ILiquidator.sol";
import {Outcome, Plan} from "../../../contracts/interfaces/IRebalancer.sol";
import {MarginLens} from "../../../contracts/periphery/MarginLens.sol";
import {CallState} from "../../../contracts/types/AccountHeader.sol";
import {AccountId, toAccountId} from "../../../contracts/types/AccountId.sol";
import {BallastTest} from "../utils/BallastTest.sol";

/// @title MarginLensTest
/// @notice The lens says of each account what the ledger says of it.
contract MarginLensTest is BallastTest {
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
