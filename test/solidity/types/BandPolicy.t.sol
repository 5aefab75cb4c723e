// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BaseTest} from "../utils/BaseTest.sol";
import {BandPolicy, PolicyFields, defaultPolicy, packPolicy} from "../../../contracts/types/BandPolicy.sol";

contract BandPolicyTest is BaseTest {
    function testFuzz_packPolicy_EveryFieldReadsBack(PolicyFields memory f) public pure {
        BandPolicy policy = packPolicy(f);
        assertEq(policy.lower(), uint256(f.lowerE6) * 1e12, "lower");
        assertEq(policy.lowerRestore(), uint256(f.lowerRestoreE6) * 1e12, "lowerRestore");
        assertEq(policy.upperRestore(), uint256(f.upperRestoreE6) * 1e12, "upperRestore");
        assertEq(policy.upper(), f.upperE6 == 0 ? type(uint256).max : uint256(f.upperE6) * 1e12, "upper");
        assertEq(policy.graceSeconds(), f.graceSeconds, "graceSeconds");
        assertEq(policy.keeperPayCapE18(), uint256(f.keeperPayCap) * 1e18, "keeperPayCap");
        assertEq(policy.releasesToWallet(), f.releaseToWallet, "releaseToWallet");
        assertEq(policy.topsUpFromWallet(), f.walletTopUp, "walletTopUp");
        assertEq(policy.assetOrder(), f.assetOrder, "assetOrder");
        assertTrue(policy.isSet(), "isSet");
    }

    function testFuzz_packPolicy_LiesAsDocumented(PolicyFields memory f) public pure {
        uint8 switches = (f.releaseToWallet ? 1 : 0) | (f.walletTopUp ? 2 : 0);
        assertEq(
            abi.encodePacked(BandPolicy.unwrap(packPolicy(f))),
            abi.encodePacked(
                uint16(1), // isSet, the lowest bit of the upper two bytes
                f.assetOrder,
                switches,
                f.keeperPayCap,
                f.graceSeconds,
                f.upperE6,
                f.upperRestoreE6,
                f.lowerRestoreE6,
                f.lowerE6
            )
        );
    }

    function test_packPolicy_AFieldAtItsMaximumLeavesItsNeighboursZero() public pure {
        PolicyFields memory zero;
        uint256 empty = BandPolicy.unwrap(packPolicy(zero));
        PolicyFields memory f;
        f.lowerE6 = type(uint32).max;
        assertEq(packPolicy(f).lowerRestore(), 0);
        f.lowerE6 = 0;
        f.upperE6 = type(uint32).max;
        assertEq(packPolicy(f).graceSeconds() | packPolicy(f).upperRestore(), 0);
        f.upperE6 = 0;
        f.keeperPayCap = type(uint16).max;
        assertFalse(packPolicy(f).releasesToWallet());
        assertEq(packPolicy(f).graceSeconds(), 0);
        f.keeperPayCap = 0;
        f.assetOrder = type(uint64).max;
        assertFalse(packPolicy(f).topsUpFromWallet());
        f.assetOrder = 0;
        assertEq(BandPolicy.unwrap(packPolicy(f)), empty);
    }

    function test_isSet_ZeroWordIsNoPolicy() public pure {
        BandPolicy none = BandPolicy.wrap(0);
        assertFalse(none.isSet());
        assertEq(none.upper(), type(uint256).max);
    }

    function test_defaultPolicy_IsTheDocumentedOne() public pure {
        BandPolicy policy = defaultPolicy();
        assertEq(policy.lower(), 1.25e18);
        assertEq(policy.lowerRestore(), 1.6e18);
        assertEq(policy.upperRestore(), 1.6e18);
        assertEq(policy.upper(), type(uint256).max);
        assertEq(policy.graceSeconds(), 600);
        assertEq(policy.keeperPayCapE18(), 25e18);
        assertFalse(policy.releasesToWallet());
        assertFalse(policy.topsUpFromWallet());
        assertEq(policy.assetOrder(), 0);
    }
}
