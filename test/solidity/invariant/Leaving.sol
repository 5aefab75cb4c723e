// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {AccountId} from "../../../contracts/types/AccountId.sol";
import {Assessment} from "../../../contracts/types/Assessment.sol";
import {toPerpetual} from "../../../contracts/types/InstrumentId.sol";
import {Perpetual} from "../../../contracts/types/Perpetual.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {FaultySource} from "../utils/mocks/FaultySource.sol";
import {Promises} from "./Promises.sol";
import {TOKENS, USDC} from "./Stage.sol";
import {TraderHandler} from "./handlers/TraderHandler.sol";

/// @title Leaving
/// @notice The end of a campaign: whatever was done, everybody closes what he has, pays what he owes, and goes with what is his.
abstract contract Leaving is Promises {
    TraderHandler internal traders;

    /// @notice Everybody pays what he owes and takes what is his: the vault can pay all of it, and keeps no more than dust,
    /// reserves and gifts.
    function checkEverybodyCanLeave() public {
        _refreshAll();
        _closePositions();
        for (uint256 i; i < everybody.length; ++i) {
            int256 cash = marginAccount.cashOf(everybody[i]);
            if (cash < 0) _repay(everybody[i], uint256(-cash));
            if (marginAccount.provisionOf(everybody[i]) != 0) marginAccount.reverseProvision(everybody[i]);
        }
        marginAccount.collectFees();
        for (uint256 i; i + 1 < everybody.length; ++i) {
            _leave(everybody[i]);
        }
        (uint256 total, , , ) = vault.totalsOf(address(usdc));
        int256 fund = marginAccount.cashOf(marginAccount.insuranceFund());
        assertGe(fund, 0, "promise 1: the fund owes");
        // What is left beyond the fund's is rounding: of each account's actions a unit or two.
        assertGe(total, uint256(fund), "promise 1: the fund's cash is not there");
        for (uint8 asset = 1; asset < TOKENS; ++asset) {
            (total, , , ) = vault.totalsOf(address(stage.tokens[asset]));
            assertEq(total, 0, "promise 3: collateral was left behind");
        }
    }

    function _leave(AccountId id) private {
        address owner = id.ownerOf();
        for (uint8 asset; asset < TOKENS; ++asset) {
            address token = address(stage.tokens[asset]);
            uint256 held = asset == USDC ? uint256(marginAccount.cashOf(id)) : marginAccount.collateralOf(id, asset);
            uint256 before = IERC20(token).balanceOf(owner);
            if (held != 0) {
                vm.prank(owner);
                marginAccount.withdraw(id, token, type(uint256).max, owner);
            }
            assertEq(IERC20(token).balanceOf(owner), before + held, "promise 1: somebody could not leave whole");
            uint256 reserve = vault.reserveOf(id, asset);
            if (reserve == 0) continue;
            vm.prank(owner);
            marginAccount.withdrawReserve(id, token, type(uint256).max, owner);
            assertEq(IERC20(token).balanceOf(owner), before + held + reserve, "promise 10: a reserve was not whole");
        }
    }

    function _repay(AccountId id, uint256 debt) private {
        (, , , uint256 minimum) = vault.totalsOf(address(usdc));
        if (debt < minimum) debt = minimum;
        address owner = id.ownerOf();
        usdc.mint(owner, debt);
        vm.prank(owner);
        marginAccount.deposit(id, address(usdc), debt);
    }

    /// @dev Longs against shorts at the mark, each with as much cash as it takes; then the pool pays what it holds.
    function _closePositions() private {
        for (uint256 i; i < everybody.length; ++i) {
            if (book.positions(AccountId.unwrap(everybody[i])) == 0) continue;
            Assessment memory a = marginAccount.assess(everybody[i]);
            _repay(
                everybody[i],
                uint256(int256(2 * a.initialE18) - (a.equityE18 < 0 ? a.equityE18 : int256(0))) / 1e12 + 1e9
            );
        }
        for (uint8 asset = 1; asset < TOKENS; ++asset) {
            (uint256 long, uint256 short) = (_next(0, asset, 1), _next(0, asset, -1));
            while (long < everybody.length && short < everybody.length) {
                traders.unwind(everybody[long], everybody[short], asset);
                (long, short) = (_next(long, asset, 1), _next(short, asset, -1));
            }
            assertEq(long, everybody.length, "promise 2: a long without a short");
            assertEq(short, everybody.length, "promise 2: a short without a long");
            traders.settleAll(asset, everybody);
            Perpetual memory p = marginAccount.perpetualOf(toPerpetual(asset));
            assertEq(p.openInterestE18, 0, "promise 2: open interest that nobody has");
        }
        for (uint256 i; i < everybody.length; ++i) {
            (, , , Position[] memory left) = marginAccount.stateOf(everybody[i]);
            assertEq(left.length, 0, "promise 2: a pool could not pay a profit");
        }
        assertEq(book.brokenSet(), 0, "a promise broke while positions were closed");
    }

    /// @dev The first account from `at` on that is long (1) or short (-1).
    function _next(uint256 at, uint8 asset, int256 side) private view returns (uint256) {
        while (at < everybody.length) {
            int256 size = marginAccount.positionOf(everybody[at], toPerpetual(asset)).size();
            if (size * side > 0) return at;
            ++at;
        }
        return at;
    }

    function _refreshAll() private {
        if (block.timestamp < book.guardUntil()) vm.warp(book.guardUntil());
        int256[3] memory answers = [USDC_START, WETH_START, WBTC_START];
        for (uint8 asset; asset < TOKENS; ++asset) {
            feeds[asset].push(answers[asset], block.timestamp);
            if (asset == WETH_ASSET) stage.source.setBehaviour(FaultySource.Behaviour.Honest);
            if (asset == WETH_ASSET) stage.source.setPrice(uint256(WETH_START) * 1e10);
            vault.setLimits(address(stage.tokens[asset]), 1_000_000_000, 100);
        }
    }
}
