// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../../../contracts/base/Errors.sol";
import {IMarginAccountExtension} from "../../../contracts/interfaces/IMarginAccountExtension.sol";
import {BandPolicy, PolicyFields} from "../../../contracts/types/BandPolicy.sol";
import {BallastTest} from "../utils/BallastTest.sol";

/// @title PoliciesTest
/// @notice The owner's wishes, the bounds they keep to, and who may state them.
contract PoliciesTest is BallastTest {
    event PolicySet(uint256 indexed accountId, uint256 policy);
    event WalletLimitSet(uint256 indexed accountId, uint128 dailyLimitE18);
    event OperatorSet(uint256 indexed accountId, address indexed operator, uint8 rights);

    /// @dev Nobody is made an operator to keep him from liquidating; but he gives up only his own rights, and all of them.
    function test_AnOperatorMayResign() public {
        vm.startPrank(alice);
        marginAccount.setOperator(_account(alice), bob, 7);
        marginAccount.setOperator(_account(alice), carol, 7);
        vm.stopPrank();
        bytes memory refused = abi.encodeWithSelector(Errors.MarginAccount_NotAuthorized.selector, _raw(alice), bob, 0);
        _assertRefused(bob, abi.encodeCall(IMarginAccountExtension.setOperator, (_account(alice), carol, 0)), refused);
        _assertRefused(bob, abi.encodeCall(IMarginAccountExtension.setOperator, (_account(alice), bob, 3)), refused);
        vm.expectEmit(address(marginAccount));
        emit OperatorSet(_raw(alice), bob, 0);
        vm.prank(bob);
        marginAccount.setOperator(_account(alice), bob, 0);
        assertEq(marginAccount.rightsOf(_account(alice), bob), 0);
        assertEq(marginAccount.rightsOf(_account(alice), carol), 7);
    }

    function test_OnlyTheOwnerNamesOperators() public {
        vm.prank(alice);
        marginAccount.setOperator(_account(alice), bob, 7);
        _assertRefused(
            bob,
            abi.encodeCall(IMarginAccountExtension.setOperator, (_account(alice), carol, 1)),
            abi.encodeWithSelector(Errors.MarginAccount_NotAuthorized.selector, _raw(alice), bob, 0)
        );
        _assertRefused(
            alice,
            abi.encodeCall(IMarginAccountExtension.setOperator, (_account(alice), carol, 8)),
            abi.encodeWithSelector(Errors.MarginAccount_UnknownRight.selector, 8, 7)
        );
        _assertRefused(
            alice,
            abi.encodeCall(IMarginAccountExtension.setOperator, (_account(alice), carol, 255)),
            abi.encodeWithSelector(Errors.MarginAccount_UnknownRight.selector, 255, 7)
        );
        vm.expectEmit(address(marginAccount));
        emit OperatorSet(_raw(alice), bob, 0);
        vm.prank(alice);
        marginAccount.setOperator(_account(alice), bob, 0);
        assertEq(marginAccount.rightsOf(_account(alice), bob), 0);
        assertFalse(marginAccount.mayAct(_account(alice), bob, 7));
        assertTrue(marginAccount.mayAct(_account(alice), alice, 0));
    }

    function test_EachRightIsOne() public {
        for (uint8 right = 1; right <= 4; right *= 2) {
            vm.prank(alice);
            marginAccount.setOperator(_account(alice), bob, right);
            for (uint8 asked = 1; asked <= 4; asked *= 2) {
                assertEq(marginAccount.mayAct(_account(alice), bob, asked), asked == right);
            }
        }
    }

    function test_OnlyTheOwnerSpendsHisWallet() public {
        vm.prank(alice);
        marginAccount.setOperator(_account(alice), bob, 7);
        _assertRefused(
            bob,
            abi.encodeCall(IMarginAccountExtension.setWalletLimit, (_account(alice), 1)),
            abi.encodeWithSelector(Errors.MarginAccount_NotAuthorized.selector, _raw(alice), bob, 0)
        );
        vm.expectEmit(address(marginAccount));
        emit WalletLimitSet(_raw(alice), type(uint128).max);
        vm.prank(alice);
        marginAccount.setWalletLimit(_account(alice), type(uint128).max);
        (uint256 limit, uint256 left) = marginAccount.walletLimitOf(_account(alice));
        assertEq(limit, type(uint128).max);
        assertEq(left, type(uint128).max);
    }

    function test_PoliciesNeedTheRight() public {
        bytes memory call = abi.encodeCall(IMarginAccountExtension.setPolicy, (_account(alice), _policy()));
        bytes memory refusal = abi.encodeWithSelector(
            Errors.MarginAccount_NotAuthorized.selector,
            _raw(alice),
            bob,
            POLICY
        );
        _assertRefused(bob, call, refusal);
        vm.prank(alice);
        marginAccount.setOperator(_account(alice), bob, WITHDRAW | TRADE);
        _assertRefused(bob, call, refusal);
        vm.prank(alice);
        marginAccount.setOperator(_account(alice), bob, POLICY);
        vm.prank(bob);
        marginAccount.setPolicy(_account(alice), _policy());
        assertTrue(marginAccount.policyOf(_account(alice)).isSet());
    }

    function test_TheBandMustBeInOrder() public {
        PolicyFields memory p = _policy();
        p.lowerE6 = 1_000_000;
        _assertBadBand(p);
        p.lowerE6 = 1_600_001;
        _assertBadBand(p);
        p.lowerE6 = 0;
        _assertBadBand(p);
        p = _policy();
        p.lowerRestoreE6 = 1_800_001;
        _assertBadBand(p);
        p = _policy();
        p.upperRestoreE6 = 2_000_001;
        _assertBadBand(p);
        p = _policy();
        p.upperE6 = 1_799_999;
        _assertBadBand(p);

        // Without room above `lower`.
        p = _policy();
        p.lowerE6 = 1_590_001;
        _assertBadBand(p);
        p.lowerE6 = type(uint32).max;
        _assertBadBand(p);

        // At the bounds: just above one, the least room, the others the same; and an infinite upper.
        (p.lowerE6, p.lowerRestoreE6, p.upperRestoreE6, p.upperE6) = (1_000_001, 1_010_001, 1_010_001, 1_010_001);
        _setPolicy(alice, p);
        (p.lowerRestoreE6, p.upperRestoreE6, p.upperE6) = (10_000_000, type(uint32).max, 0);
        _setPolicy(alice, p);
        assertEq(marginAccount.policyOf(_account(alice)).upper(), type(uint256).max);
    }

    function test_NumbersHaveBounds() public {
        PolicyFields memory p = _policy();
        (p.lowerRestoreE6, p.upperRestoreE6, p.upperE6) = (10_000_001, 11_000_000, 12_000_000);
        _assertOutOfBounds(p, "lowerRestoreE6", 10_000_001, 10_000_000);
        p = _policy();
        p.graceSeconds = 7 days + 1;
        _assertOutOfBounds(p, "graceSeconds", 7 days + 1, 7 days);
        p.graceSeconds = 7 days;
        p.keeperPayCap = 1_001;
        _assertOutOfBounds(p, "keeperPayCap", 1_001, 1_000);
        p.keeperPayCap = 1_000;
        _setPolicy(alice, p);
    }

    function test_TheOrderNamesNoAssetTwiceAndHasNoHole() public {
        PolicyFields memory p = _policy();
        p.assetOrder = 0x010201;
        _assertOutOfBounds(p, "assetOrder", 0x010201, 1);
        p.assetOrder = 0x0101;
        _assertOutOfBounds(p, "assetOrder", 0x0101, 1);
        p.assetOrder = 0x0100;
        _assertOutOfBounds(p, "assetOrder", 0x0100, 0);
        p.assetOrder = 0x020001;
        _assertOutOfBounds(p, "assetOrder", 0x020001, 0);
        p.assetOrder = 0xff08070605040302;
        _setPolicy(alice, p);
        p.assetOrder = 0;
        _setPolicy(alice, p);
    }

    function test_APolicyIsReadBackAsItWasWritten() public {
        PolicyFields memory p = _policy();
        p.releaseToWallet = true;
        p.walletTopUp = true;
        p.graceSeconds = 1 hours;
        vm.expectEmit(true, false, false, false, address(marginAccount));
        emit PolicySet(_raw(alice), 0);
        _setPolicy(alice, p);
        BandPolicy policy = marginAccount.policyOf(_account(alice));
        assertEq(policy.lower(), 1.25e18);
        assertEq(policy.lowerRestore(), 1.6e18);
        assertEq(policy.upperRestore(), 1.8e18);
        assertEq(policy.upper(), 2e18);
        assertEq(policy.graceSeconds(), 1 hours);
        assertEq(policy.keeperPayCapE18(), 25e18);
        assertTrue(policy.releasesToWallet());
        assertTrue(policy.topsUpFromWallet());
        assertEq(policy.assetOrder(), 0x0201);
    }

    function test_WithoutAPolicyTheDefaultHolds() public view {
        BandPolicy policy = marginAccount.policyOf(_account(alice));
        assertEq(policy.lower(), 1.25e18);
        assertEq(policy.lowerRestore(), 1.6e18);
        assertEq(policy.upper(), type(uint256).max);
        assertEq(policy.graceSeconds(), 10 minutes);
        assertEq(policy.keeperPayCapE18(), 25e18);
        assertFalse(policy.topsUpFromWallet());
    }

    function _assertBadBand(PolicyFields memory p) private {
        _assertRefused(
            alice,
            abi.encodeCall(IMarginAccountExtension.setPolicy, (_account(alice), p)),
            abi.encodeWithSelector(
                Errors.MarginAccount_BadBand.selector,
                p.lowerE6,
                p.lowerRestoreE6,
                p.upperRestoreE6,
                p.upperE6
            )
        );
    }

    function _assertOutOfBounds(PolicyFields memory p, bytes32 field, uint256 found, uint256 limit) private {
        _assertRefused(
            alice,
            abi.encodeCall(IMarginAccountExtension.setPolicy, (_account(alice), p)),
            abi.encodeWithSelector(Errors.MarginAccount_PolicyOutOfBounds.selector, field, found, limit)
        );
    }
}
