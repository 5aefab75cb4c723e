// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BaseTest} from "../utils/BaseTest.sol";
import {Errors} from "../../../contracts/base/Errors.sol";
import {AccountHeader, CallState} from "../../../contracts/types/AccountHeader.sol";

/// @dev Makes a library's revert visible to `expectRevert`.
contract AccountHeaderHarness {
    function withCashShares(AccountHeader header, int256 shares) external pure returns (AccountHeader) {
        return header.withCashShares(shares);
    }
}

contract AccountHeaderTest is BaseTest {
    /// @dev The fields as a plain struct: the model that the packed word must agree with.
    struct Fields {
        int88 cashShares;
        uint32 callSince;
        uint24 callElapsed;
        uint32 lastPoke;
        uint32 liquidationSince;
        uint32 riskBlock;
        uint8 callState;
        bool provision;
    }

    AccountHeaderHarness private harness = new AccountHeaderHarness();

    /*//////////////////////////////////////////////////////////////////////////
                                       LAYOUT
    //////////////////////////////////////////////////////////////////////////*/

    function testFuzz_with_EveryFieldReadsBack(Fields memory f) public pure {
        AccountHeader header = _build(f);
        _assertFields(header, f);
        // The layout of the table in the type's comment, written by the compiler's own packing instead of by shifts.
        assertEq(
            abi.encodePacked(AccountHeader.unwrap(header)),
            abi.encodePacked(
                uint8(f.provision ? 1 : 0),
                f.callState,
                f.riskBlock,
                f.liquidationSince,
                f.lastPoke,
                f.callElapsed,
                f.callSince,
                f.cashShares
            )
        );
    }

    /// @dev Each setter is applied to a full word: only its own field may differ afterwards.
    function testFuzz_with_NoFieldBleedsIntoAnother(Fields memory f, Fields memory g, uint256 which) public pure {
        AccountHeader header = _build(f);
        g.callState = uint8(bound(g.callState, 0, 2));
        which = bound(which, 0, 5);
        if (which == 0) {
            header = header.withCashShares(g.cashShares);
            f.cashShares = g.cashShares;
        } else if (which == 1) {
            header = header.withCall(CallState(g.callState), g.callSince, g.callElapsed);
            (f.callState, f.callSince, f.callElapsed) = (g.callState, g.callSince, g.callElapsed);
        } else if (which == 2) {
            header = header.withLastPoke(g.lastPoke);
            f.lastPoke = g.lastPoke;
        } else if (which == 3) {
            header = header.withLiquidationSince(g.liquidationSince);
            f.liquidationSince = g.liquidationSince;
        } else if (which == 4) {
            header = header.withRiskBlock(g.riskBlock);
            f.riskBlock = g.riskBlock;
        } else {
            header = header.withProvision(g.provision);
            f.provision = g.provision;
        }
        _assertFields(header, f);
    }

    function testFuzz_with_TooWideTimesDoNotBleed(uint256 wide) public pure {
        AccountHeader zero = AccountHeader.wrap(0);
        assertEq(AccountHeader.unwrap(zero.withLastPoke(wide)) >> 176, 0);
        assertEq(AccountHeader.unwrap(zero.withLiquidationSince(wide)) >> 208, 0);
        assertEq(AccountHeader.unwrap(zero.withRiskBlock(wide)) >> 240, 0);
        assertEq(AccountHeader.unwrap(zero.withCall(CallState.Running, wide, 0)) >> 120, uint256(1) << 120);
        assertEq(zero.withLastPoke(wide).lastPoke(), uint32(wide));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       BOUNDS
    //////////////////////////////////////////////////////////////////////////*/

    function test_withCashShares_AcceptsBothEnds() public view {
        AccountHeader full = AccountHeader.wrap(type(uint256).max);
        assertEq(harness.withCashShares(full, type(int88).max).cashShares(), type(int88).max);
        assertEq(harness.withCashShares(full, type(int88).min).cashShares(), type(int88).min);
    }

    function test_withCashShares_RevertWhen_AboveOrBelowItsField() public {
        int256 above = int256(type(int88).max) + 1;
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_CashOverflow.selector, above, type(int88).max));
        harness.withCashShares(AccountHeader.wrap(0), above);

        int256 below = int256(type(int88).min) - 1;
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_CashOverflow.selector, below, type(int88).max));
        harness.withCashShares(AccountHeader.wrap(0), below);
    }

    function testFuzz_withCall_ElapsedSaturates(uint256 elapsed) public pure {
        AccountHeader header = AccountHeader.wrap(0).withCall(CallState.Paused, 0, elapsed);
        assertEq(header.callElapsed(), elapsed > type(uint24).max ? type(uint24).max : elapsed);
        assertEq(AccountHeader.unwrap(header) >> 144, uint256(CallState.Paused) << 96);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        CALM
    //////////////////////////////////////////////////////////////////////////*/

    function testFuzz_isCalm_MeansNoCallNoLiquidationNoProvision(Fields memory f) public pure {
        AccountHeader header = _build(f);
        assertEq(header.isCalm(), f.callState == 0 && f.liquidationSince == 0 && !f.provision);
    }

    function test_isCalm_EachOfTheThreeEndsIt() public pure {
        AccountHeader calm = AccountHeader.wrap(0).withCashShares(-1).withLastPoke(type(uint32).max).withRiskBlock(
            type(uint32).max
        );
        assertTrue(calm.isCalm());
        assertFalse(calm.withCall(CallState.Running, 0, 0).isCalm());
        assertFalse(calm.withCall(CallState.Paused, 0, 0).isCalm());
        assertFalse(calm.withLiquidationSince(1).isCalm());
        assertFalse(calm.withProvision(true).isCalm());
        assertTrue(calm.withProvision(true).withProvision(false).isCalm());
    }

    function _build(Fields memory f) private pure returns (AccountHeader) {
        f.callState = uint8(bound(f.callState, 0, 2));
        return
            AccountHeader
                .wrap(0)
                .withProvision(f.provision)
                .withRiskBlock(f.riskBlock)
                .withLiquidationSince(f.liquidationSince)
                .withLastPoke(f.lastPoke)
                .withCall(CallState(f.callState), f.callSince, f.callElapsed)
                .withCashShares(f.cashShares);
    }

    function _assertFields(AccountHeader header, Fields memory f) private pure {
        assertEq(header.cashShares(), f.cashShares, "cashShares");
        assertEq(header.callSince(), f.callSince, "callSince");
        assertEq(header.callElapsed(), f.callElapsed, "callElapsed");
        assertEq(header.lastPoke(), f.lastPoke, "lastPoke");
        assertEq(header.liquidationSince(), f.liquidationSince, "liquidationSince");
        assertEq(header.riskBlock(), f.riskBlock, "riskBlock");
        assertEq(uint8(header.callState()), f.callState, "callState");
        assertEq(header.hasProvision(), f.provision, "provision");
    }
}
