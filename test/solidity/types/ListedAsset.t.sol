// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BaseTest} from "../utils/BaseTest.sol";
import {ListedAsset} from "../../../contracts/types/ListedAsset.sol";

/// @title ListedAssetTest
/// @notice Each field is read back as it was written, and neither part of the word disturbs the other.
contract ListedAssetTest is BaseTest {
    struct Feed {
        address source;
        uint256 maxAge;
        uint256 feedDecimals;
        uint256 tokenDecimals;
        uint256 phase;
    }

    struct Risk {
        uint256 shock;
        uint256 shockInitial;
        uint256 haircutMaintenance;
        uint256 haircutInitial;
        uint256 initialFactor;
        uint256 sizeCoefficient;
    }

    function testFuzz_BothPartsAreReadBack(
        ListedAsset dirty,
        Feed memory f,
        Risk memory r,
        bool riskFirst
    ) public pure {
        _bind(f, r);
        ListedAsset asset = riskFirst ? _withFeed(_withRisk(dirty, r), f) : _withRisk(_withFeed(dirty, f), r);
        assertEq(asset.feed(), f.source);
        assertEq(asset.maxAgeSeconds(), f.maxAge);
        assertEq(asset.feedDecimals(), f.feedDecimals);
        assertEq(asset.tokenDecimals(), f.tokenDecimals);
        assertEq(asset.feedPhase(), f.phase & 0xf);
        assertEq(asset.guarded(), dirty.guarded());
        assertEq(asset.shockMaintenanceBps(), r.shock);
        assertEq(asset.shockInitialBps(), r.shockInitial);
        assertEq(asset.haircutMaintenanceBps(), r.haircutMaintenance);
        assertEq(asset.haircutInitialBps(), r.haircutInitial);
        assertEq(asset.initialFactorBps(), r.initialFactor);
        assertEq(asset.sizeCoefficientBps(), r.sizeCoefficient);
    }

    function testFuzz_TheGuardDisturbsNothing(ListedAsset dirty, bool on) public pure {
        ListedAsset asset = dirty.withGuard(on);
        assertEq(asset.guarded(), on);
        assertEq(ListedAsset.unwrap(asset.withGuard(dirty.guarded())), ListedAsset.unwrap(dirty));
    }

    /// @dev The largest values that the setters let through fit their fields.
    function test_TheBoundsOfTheSettersFit() public pure {
        Feed memory f = Feed(address(type(uint160).max), 8 days, 18, 18, 15);
        Risk memory r = Risk(3_333, 3_333, 5_000, 5_000, 30_000, 60_000);
        ListedAsset asset = _withRisk(_withFeed(ListedAsset.wrap(0), f), r);
        assertEq(asset.maxAgeSeconds(), 8 days);
        assertEq(asset.tokenDecimals(), 18);
        assertEq(asset.feedPhase(), 15);
        assertFalse(asset.guarded());
        assertEq(asset.shockMaintenanceBps(), 3_333);
        assertEq(asset.shockInitialBps(), 3_333);
        assertEq(asset.haircutInitialBps(), 5_000);
        assertEq(asset.initialFactorBps(), 30_000);
        assertEq(asset.sizeCoefficientBps(), 60_000);
    }

    function _bind(Feed memory f, Risk memory r) private pure {
        f.maxAge = bound(f.maxAge, 0, 8 days / 1 minutes) * 1 minutes;
        f.feedDecimals = bound(f.feedDecimals, 0, 18);
        f.tokenDecimals = bound(f.tokenDecimals, 0, 18);
        r.shock = bound(r.shock, 0, 3_333);
        r.shockInitial = bound(r.shockInitial, 0, 3_333);
        r.haircutMaintenance = bound(r.haircutMaintenance, 0, 1_000) * 5;
        r.haircutInitial = bound(r.haircutInitial, 0, 1_000) * 5;
        r.initialFactor = bound(r.initialFactor, 100, 300) * 100;
        r.sizeCoefficient = bound(r.sizeCoefficient, 0, 6_000) * 10;
    }

    function _withFeed(ListedAsset asset, Feed memory f) private pure returns (ListedAsset) {
        return asset.withFeed(f.source, f.maxAge, f.feedDecimals, f.tokenDecimals, f.phase);
    }

    function _withRisk(ListedAsset asset, Risk memory r) private pure returns (ListedAsset) {
        return
            asset.withRisk(r.haircutMaintenance, r.haircutInitial, r.initialFactor, r.sizeCoefficient).withShocks(
                r.shock,
                r.shockInitial
            );
    }
}
