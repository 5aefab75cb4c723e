// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BaseTest} from "../utils/BaseTest.sol";
import {CollateralPage} from "../../../contracts/types/CollateralPage.sol";

contract CollateralPageTest is BaseTest {
    function testFuzz_withEntry_ReadsBackInTheDocumentedLayout(
        uint8 assetA,
        uint112 amountA,
        uint8 assetB,
        uint112 amountB,
        bool more
    ) public pure {
        CollateralPage page = _page(assetA, amountA, assetB, amountB, more);
        assertEq(page.amountAt(0), amountA);
        assertEq(page.amountAt(1), amountB);
        // An entry is empty exactly when its amount is zero.
        uint8 keptA = amountA == 0 ? 0 : assetA;
        uint8 keptB = amountB == 0 ? 0 : assetB;
        assertEq(page.assetAt(0), keptA);
        assertEq(page.assetAt(1), keptB);
        assertEq(page.hasMore(), more);
        assertEq(
            abi.encodePacked(CollateralPage.unwrap(page)),
            abi.encodePacked(uint16(more ? 1 : 0), keptB, amountB, keptA, amountA)
        );
    }

    function testFuzz_withEntry_LeavesTheOtherEntryAndTheLink(
        uint8 assetA,
        uint112 amountA,
        uint8 assetB,
        uint112 amountB,
        bool more,
        uint8 asset,
        uint112 amount
    ) public pure {
        CollateralPage page = _page(assetA, amountA, assetB, amountB, more);
        CollateralPage first = page.withEntry(0, asset, amount);
        assertEq(first.amountAt(0), amount);
        assertEq(first.amountAt(1), page.amountAt(1));
        assertEq(first.assetAt(1), page.assetAt(1));
        assertEq(first.hasMore(), more);

        CollateralPage second = page.withEntry(1, asset, amount);
        assertEq(second.amountAt(1), amount);
        assertEq(second.amountAt(0), page.amountAt(0));
        assertEq(second.assetAt(0), page.assetAt(0));
        assertEq(second.hasMore(), more);
    }

    function testFuzz_withMore_TouchesNoEntry(
        uint8 assetA,
        uint112 amountA,
        uint8 assetB,
        uint112 amountB,
        bool more
    ) public pure {
        CollateralPage page = _page(assetA, amountA, assetB, amountB, !more).withMore(more);
        assertEq(CollateralPage.unwrap(page), CollateralPage.unwrap(_page(assetA, amountA, assetB, amountB, more)));
    }

    function testFuzz_isEmpty_LooksAtEntriesOnly(
        uint8 assetA,
        uint112 amountA,
        uint8 assetB,
        uint112 amountB,
        bool more
    ) public pure {
        CollateralPage page = _page(assetA, amountA, assetB, amountB, more);
        assertEq(page.isEmpty(), amountA == 0 && amountB == 0);
    }

    function testFuzz_withEntry_ZeroAmountClearsTheAsset(uint8 asset, uint112 amount, uint8 entry) public pure {
        entry = uint8(bound(entry, 0, 1));
        CollateralPage page = CollateralPage.wrap(0).withEntry(entry, asset, amount).withEntry(entry, asset, 0);
        assertEq(CollateralPage.unwrap(page), 0);
    }

    function _page(
        uint8 assetA,
        uint112 amountA,
        uint8 assetB,
        uint112 amountB,
        bool more
    ) private pure returns (CollateralPage) {
        return CollateralPage.wrap(0).withMore(more).withEntry(0, assetA, amountA).withEntry(1, assetB, amountB);
    }
}
