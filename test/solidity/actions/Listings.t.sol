// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../../../contracts/base/Errors.sol";
import {IMarginAccountEvents} from "../../../contracts/interfaces/IMarginAccountEvents.sol";
import {toPerpetual} from "../../../contracts/types/InstrumentId.sol";
import {BallastTest} from "../utils/BallastTest.sol";

/// @title ListingsTest
/// @notice What a perpetual may be, each bound to the unit, and how many there may be.
contract ListingsTest is BallastTest {
    uint8 private constant UNDERLYING = 9;

    function _refused(
        bytes32 field,
        uint256 limit,
        uint16 interest,
        uint16 clamp,
        uint8 divisor,
        uint8 deviation
    ) private {
        uint256 found = field == "clampE7" ? clamp : interest;
        if (field == "divisor") found = divisor;
        if (field == "deviationBps") found = deviation;
        vm.expectRevert(
            abi.encodeWithSelector(Errors.MarginAccount_ParameterOutOfBounds.selector, field, found, limit)
        );
        marginAccount.setPerpetual(UNDERLYING, interest, clamp, divisor, deviation, 1);
    }

    function test_BoundsOfEachParameter() public {
        _refused("clampE7", 50_000, 0, 50_001, 24, 5);
        _refused("interestE7", 50_000, 50_001, 50_000, 24, 5);
        _refused("divisor", 1, 50_000, 50_000, 0, 5);
        _refused("divisor", 24, 50_000, 50_000, 25, 5);
        _refused("deviationBps", 1, 50_000, 50_000, 24, 0);
        _refused("deviationBps", 200, 50_000, 50_000, 24, 201);
        // What is below that may still be more than fees pay for: 5 bps times the divisor.
        _refused("deviationBps", 120, 50_000, 50_000, 24, 200);
        _refused("deviationBps", 120, 50_000, 50_000, 24, 121);
        marginAccount.setPerpetual(UNDERLYING, 50_000, 50_000, 24, 120, 1);
        assertEq(marginAccount.perpetualOf(toPerpetual(UNDERLYING)).clampE7, 50_000);
        marginAccount.setPerpetual(UNDERLYING, 0, 0, 1, 1, type(uint48).max);
        assertEq(marginAccount.perpetualOf(toPerpetual(UNDERLYING)).divisor, 1);
    }

    /// @dev From 800 seconds into an hour: nothing for the rest of it, then an hour at 0.00125% of 2,000.
    function test_WhatHasPassedIsChargedAtWhatHeld() public {
        marginAccount.accrueFunding(toPerpetual(WETH_ASSET));
        assertEq(block.timestamp % 1 hours, 800);
        skip(2_800 + 1 hours);
        marginAccount.setPerpetual(WETH_ASSET, 0, 5_000, 8, 40, 1);
        assertEq(marginAccount.perpetualOf(toPerpetual(WETH_ASSET)).fundingIndexE18, 0.025e18);
    }

    function test_WhatIsSetIsSaid() public {
        vm.expectEmit(address(marginAccount));
        emit IMarginAccountEvents.PerpetualSet(UNDERLYING, 125, 5_000, 8, 40, 7);
        marginAccount.setPerpetual(UNDERLYING, 125, 5_000, 8, 40, 7);
        vm.expectEmit(address(marginAccount));
        emit IMarginAccountEvents.ExchangeSet(bob);
        marginAccount.setExchange(bob);
        assertEq(marginAccount.exchange(), bob);
    }

    /// @dev Whoever walks all perpetuals walks no more than thirty-two.
    function test_ThirtyTwoMayBeListed() public {
        for (uint8 i = 3; i <= 32; ++i) {
            marginAccount.setPerpetual(i, 125, 5_000, 8, 40, 1);
        }
        vm.expectRevert(
            abi.encodeWithSelector(Errors.MarginAccount_ParameterOutOfBounds.selector, bytes32("listed"), 32, 32)
        );
        marginAccount.setPerpetual(33, 125, 5_000, 8, 40, 1);
        // One that is listed may be changed.
        marginAccount.setPerpetual(32, 125, 5_000, 8, 40, 2);
    }
}
