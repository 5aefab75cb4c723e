// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BaseTest} from "../utils/BaseTest.sol";
import {WAD} from "../../../contracts/base/Constants.sol";
import {MarginCallClock} from "../../../contracts/ledger/MarginCallClock.sol";
import {AccountHeader, CallState} from "../../../contracts/types/AccountHeader.sol";
import {BandPolicy, defaultPolicy} from "../../../contracts/types/BandPolicy.sol";

contract MarginCallClockTest is BaseTest {
    using MarginCallClock for AccountHeader;

    // The default band: called below 1.25, cured at 1.6.
    uint256 private constant HEALTHY = 2e18;
    uint256 private constant BETWEEN = 1.4e18;
    uint256 private constant CALLED = 1.1e18;
    uint256 private constant LIQUIDATABLE = 0.9e18;

    uint256 private constant RESTART = 6 hours;
    uint256 private constant POKE = 10 minutes;
    uint256 private constant STEPS = 60;

    BandPolicy private _policy = defaultPolicy();
    AccountHeader private _header;
    /// @dev The test's own clock: the compiler may read `block.timestamp` once for a whole function.
    uint256 private _now = START;

    function setUp() public {
        vm.warp(START);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                    THE MARGIN CALL
    //////////////////////////////////////////////////////////////////////////*/

    function test_advance_AHealthyAccountIsNotTouched() public {
        _look(HEALTHY);
        assertEq(AccountHeader.unwrap(_header), 0);
        _look(BETWEEN);
        assertEq(AccountHeader.unwrap(_header), 0, "above lower nobody is called");
    }

    function test_advance_TheCallBeginsBelowLowerAndNotAtIt() public {
        _look(1.25e18);
        assertEq(AccountHeader.unwrap(_header), 0, "nor is a look at it written down");
        _look(1.25e18 - 1);
        _assertCall(CallState.Running, 0);
        assertEq(_header.callSince(), START);
        assertEq(_header.lastPoke(), START);
    }

    function test_advance_TheClockPausesAboveLowerAndKeepsWhatItCounted() public {
        _look(CALLED);
        _pass(300);
        _assertCall(CallState.Running, 300);
        _look(1.25e18);
        _assertCall(CallState.Paused, 300);
        _pass(5_000);
        _assertCall(CallState.Paused, 300);
        _look(CALLED);
        _assertCall(CallState.Running, 300);
        _pass(40);
        _assertCall(CallState.Running, 340);
        _look(BETWEEN);
        _assertCall(CallState.Paused, 340);
    }

    function test_advance_OnlyLowerRestoreEndsTheCall() public {
        _look(CALLED);
        _pass(300);
        _look(1.6e18 - 1);
        _assertCall(CallState.Paused, 300);
        _look(1.6e18);
        _assertCall(CallState.None, 0);
        assertEq(_header.callSince(), 0);
        assertEq(_header.callElapsed(), 0);
        _look(CALLED);
        _assertCall(CallState.Running, 0);
    }

    function test_advance_ARunningCallIsEndedWithoutAPause() public {
        _look(CALLED);
        _pass(300);
        _look(HEALTHY);
        _assertCall(CallState.None, 0);
        assertTrue(_header.isCalm());
    }

    function test_advance_ACallThatNobodyLookedAtStartsAgain() public {
        _look(CALLED);
        _pass(RESTART);
        _look(CALLED);
        _assertCall(CallState.Running, RESTART);

        _pass(RESTART + 1);
        _look(CALLED);
        _assertCall(CallState.Running, 0);
        assertEq(_header.callSince(), _now);
    }

    /// @dev Looks less than ten minutes after the last are not written down, and lose nothing of the call.
    function test_advance_ALookIsWrittenDownEveryTenMinutes() public {
        _look(CALLED);
        _pass(POKE - 1);
        _look(CALLED);
        assertEq(_header.lastPoke(), START);
        _pass(1);
        _look(CALLED);
        assertEq(_header.lastPoke(), START + POKE);
        _assertCall(CallState.Running, POKE);
    }

    function test_advance_LooksKeepACallRunningForDays() public {
        _look(CALLED);
        for (uint256 i; i < 20; ++i) {
            _pass(RESTART);
            _look(CALLED);
        }
        _assertCall(CallState.Running, 20 * RESTART);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                    THE LIQUIDATION
    //////////////////////////////////////////////////////////////////////////*/

    function test_advance_LiquidationBeginsBelowOneAndNotAtIt() public {
        _look(WAD);
        assertEq(_header.liquidationSince(), 0);
        _look(WAD - 1);
        assertEq(_header.liquidationSince(), START);
        _pass(100);
        _look(LIQUIDATABLE);
        assertEq(_header.liquidationSince(), START, "the clock is not pushed on by looking");
    }

    function test_advance_LiquidationEndsAtOne() public {
        _look(LIQUIDATABLE);
        _pass(100);
        _look(WAD);
        assertEq(_header.liquidationSince(), 0);
        _assertCall(CallState.Running, 100);
    }

    function test_advance_ALiquidationThatNobodyLookedAtStartsAgain() public {
        _look(LIQUIDATABLE);
        _pass(RESTART);
        _look(LIQUIDATABLE);
        assertEq(_header.liquidationSince(), START);
        _pass(RESTART + 1);
        _look(LIQUIDATABLE);
        assertEq(_header.liquidationSince(), _now);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       DEADLINE
    //////////////////////////////////////////////////////////////////////////*/

    function test_deadline_IsTheGraceAfterTheCall() public {
        assertEq(_header.deadline(_policy), 0);
        _look(CALLED);
        assertEq(_header.deadline(_policy), START + 600);
        _pass(200);
        _look(BETWEEN);
        assertEq(_header.deadline(_policy), type(uint256).max);
        _pass(1_000);
        _look(CALLED);
        assertEq(_header.deadline(_policy), _now + 400);
    }

    function test_deadline_IsNotBeforeTheClockRunsAgain() public {
        _look(CALLED);
        _pass(700);
        _look(BETWEEN);
        _look(CALLED);
        assertEq(_header.deadline(_policy), _now);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        A WALK
    //////////////////////////////////////////////////////////////////////////*/

    // The model: a stopwatch that is told of every second, instead of two timestamps and a difference.
    bool private _running;
    bool private _called;
    uint256 private _counted;
    uint256 private _liquidatingSince;

    function testFuzz_walk_AgreesWithAStopwatch(uint256 seed) public {
        for (uint256 i; i < STEPS; ++i) {
            uint256 roll = uint256(keccak256(abi.encode(seed, i)));
            // Never so long that a call is forgotten: that has its own test.
            uint256 time = (roll >> 8) % (RESTART - POKE);
            _pass(time);
            if (_running) _counted += time;

            uint256 health = [HEALTHY, BETWEEN, CALLED, LIQUIDATABLE, 1.25e18, 1.6e18 - 1][roll % 6];
            _look(health);
            if (health < 1.25e18) {
                _called = true;
                _running = true;
            } else {
                _running = false;
                if (health >= 1.6e18) {
                    _called = false;
                    _counted = 0;
                }
            }
            if (health >= WAD) _liquidatingSince = 0;
            else if (_liquidatingSince == 0) _liquidatingSince = _now;

            _assertCall(
                _running
                    ? CallState.Running
                    : _called
                        ? CallState.Paused
                        : CallState.None,
                _counted
            );
            assertEq(_header.liquidationSince(), _liquidatingSince);
            assertEq(_header.cashShares(), 0);
            assertEq(_header.riskBlock(), 0);
        }
    }

    function testFuzz_advance_LeavesTheOtherFields(
        uint256 health,
        int88 shares,
        uint32 riskBlock,
        bool provision
    ) public view {
        AccountHeader header = AccountHeader.wrap(0).withCashShares(shares).withRiskBlock(riskBlock).withProvision(
            provision
        );
        header = header.advance(_policy, health);
        assertEq(header.cashShares(), shares);
        assertEq(header.riskBlock(), riskBlock);
        assertEq(header.hasProvision(), provision);
    }

    /// @dev A second look in the same block finds nothing to do.
    function testFuzz_advance_TwiceIsOnce(uint256 seed, uint256 health) public {
        _look(bound(seed, 0, 3e18));
        _pass(bound(seed >> 128, 0, 2 * RESTART));
        health = bound(health, 0, 3e18);
        _look(health);
        uint256 once = AccountHeader.unwrap(_header);
        _look(health);
        assertEq(AccountHeader.unwrap(_header), once);
    }

    function _look(uint256 health) private {
        _header = _header.advance(_policy, health);
    }

    function _pass(uint256 time) private {
        _now += time;
        vm.warp(_now);
    }

    function _assertCall(CallState state, uint256 counted) private view {
        assertEq(uint8(_header.callState()), uint8(state), "state");
        assertEq(_header.elapsed(), counted, "elapsed");
    }
}
