// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IMarginAccountExtension} from "../../../contracts/interfaces/IMarginAccountExtension.sol";
import {AccountHeader} from "../../../contracts/types/AccountHeader.sol";
import {AccountId} from "../../../contracts/types/AccountId.sol";
import {BandPolicy, defaultPolicy} from "../../../contracts/types/BandPolicy.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {CollateralPage} from "../../../contracts/types/CollateralPage.sol";
import {Assessment} from "../../../contracts/types/Assessment.sol";
import {BallastTest} from "../utils/BallastTest.sol";
import {Book} from "./Book.sol";
import {MarginModel} from "./MarginModel.sol";
import {Stage, TOKENS, USDC} from "./Stage.sol";

/// @title Promises
/// @notice One assertion for each promise of docs/INVARIANTS.md. What a promise says of the state is read from the state;
/// what it says of an action was claimed by the handler of that action and is read from the book.
abstract contract Promises is BallastTest {
    using MarginModel for MarginModel.Figures;

    /// @dev An account as the chain shows it.
    struct Seen {
        AccountId id;
        AccountHeader header;
        int256 cash;
        CollateralPage[] pages;
        Assessment margin;
    }

    Stage internal stage;
    Book internal book;
    /// @dev Everybody's accounts; whoever has no account here has none.
    AccountId[] internal everybody;

    /// @notice All promises, by number.
    function checkPromises() public view {
        Seen[] memory all = _look();
        IMarginAccountExtension.CashView memory market = marginAccount.cashMarket();
        _promise0();
        _promise1(all, market);
        _promise3();
        _promise4();
        _promise5();
        _promise6();
        _promise7();
        _promise8();
        _promise9(all);
        _promise10(all);
        _promise11();
        _promise12();
        _promise13(all);
    }

    /// @dev No promise, but what everybody expects: nothing fails for a reason that nobody knows.
    function _promise0() internal view {
        _assertKept(0);
    }

    /// @dev The ledger's shares are the market's, and the market is covered.
    function _promise1(Seen[] memory all, IMarginAccountExtension.CashView memory market) internal view {
        uint256 supplyShares;
        uint256 borrowShares;
        uint256 provisions;
        int256 cash;
        for (uint256 i; i < all.length; ++i) {
            int256 shares = all[i].header.cashShares();
            if (shares > 0) supplyShares += uint256(shares);
            else borrowShares += uint256(-shares);
            cash += all[i].cash;
            provisions += marginAccount.provisionOf(all[i].id);
        }
        assertEq(supplyShares, market.supplyShares, "promise 1: supply shares of all accounts");
        assertEq(borrowShares, market.borrowShares, "promise 1: borrow shares of all accounts");
        assertEq(provisions, market.provisions, "promise 1: provisions of all accounts");
        assertLe(market.forfeited, market.provisions, "promise 1: more forfeited than provided for");
        assertLe(cash, int256(market.idle), "promise 1: cash of all accounts is more than lies idle");
        _assertKept(1);
    }

    /// @dev Tokens by their own transfers; a gift is nobody's.
    function _promise3() internal view {
        for (uint8 asset; asset < TOKENS; ++asset) {
            address token = address(stage.tokens[asset]);
            (uint256 total, uint256 reserved, , ) = vault.totalsOf(token);
            uint256 kept = book.paidIn(token) - book.paidOut(token);
            (uint256 queued, uint256 claimable, , ) = vault.claimsOf(token);
            assertEq(total + reserved + queued + claimable, kept, "promise 3: totals are what came in less what left");
            _assertClaims(token, queued, claimable);
            assertEq(
                IERC20(token).balanceOf(address(vault)),
                kept + book.donated(token),
                "promise 3: balance of the vault"
            );
            uint256 held;
            uint256 reserves;
            for (uint256 i; i < everybody.length; ++i) {
                if (asset != USDC) held += marginAccount.collateralOf(everybody[i], asset);
                reserves += vault.reserveOf(everybody[i], asset);
            }
            if (asset != USDC) assertEq(held, total, "promise 3: collateral of all accounts");
            assertEq(reserves, reserved, "promise 3: reserves of all accounts");
        }
        _assertKept(3);
    }

    /// @dev The claims that wait, and those to be fetched, are what the vault says they are together.
    function _assertClaims(address token, uint256 queued, uint256 claimable) private view {
        (, , uint256 first, uint256 next) = vault.claimsOf(token);
        for (uint256 number = first; number < next; ++number) {
            (, , uint256 amount) = vault.claimAt(token, number);
            assertGt(amount, 0, "promise 3: a claim of nothing waits");
            queued -= amount;
        }
        assertEq(queued, 0, "promise 3: claims that wait");
        for (uint256 i; i < stage.owners.length; ++i) {
            claimable -= vault.claimableOf(stage.owners[i], token);
        }
        assertEq(claimable, 0, "promise 3: claims to be fetched");
    }

    /// @dev Observed after every action; see {Book-observe}.
    function _promise4() internal view {
        _assertKept(4);
    }

    /// @dev Claimed around every slice; see TakerHandler.
    function _promise5() internal view {
        _assertKept(5);
    }

    /// @dev Claimed around every rebalance; see KeeperHandler.
    function _promise6() internal view {
        _assertKept(6);
    }

    /// @dev Claimed after every withdrawal, loan, transfer and slice; see {Handler-_claimInitialMargin}.
    function _promise7() internal view {
        _assertKept(7);
    }

    /// @dev Claimed of every cure; see StrangerHandler.
    function _promise8() internal view {
        _assertKept(8);
    }

    /// @dev Initial above maintenance margin, both as the model has them, for one account in turn and a fraction of it.
    function _promise9(Seen[] memory all) internal view {
        for (uint256 i; i < all.length; ++i) {
            Assessment memory a = all[i].margin;
            assertGe(a.initialE18, a.maintenanceE18, "promise 9: initial margin below maintenance");
        }
        uint256 step = book.steps();
        Seen memory one = all[step % all.length];
        uint256 fraction = uint256(keccak256(abi.encode(step))) % 1e18;
        CollateralPage[] memory part = new CollateralPage[](one.pages.length);
        for (uint256 i; i < one.pages.length; ++i) {
            CollateralPage page = one.pages[i];
            part[i] = page.withEntry(0, page.assetAt(0), (page.amountAt(0) * fraction) / 1e18).withEntry(
                1,
                page.assetAt(1),
                (page.amountAt(1) * fraction) / 1e18
            );
        }
        Assessment memory b = riskEngine.assessAccount(0, part, new Position[](0));
        uint256 legs = 2 * one.pages.length;
        assertLe(
            b.maintenanceE18,
            (one.margin.maintenanceE18 * fraction) / 1e18 + legs + 1,
            "promise 9: a fraction's maintenance margin"
        );
        assertLe(
            b.initialE18,
            (one.margin.initialE18 * fraction) / 1e18 + legs + 1,
            "promise 9: a fraction's initial margin"
        );
        _assertModel(one);
        _assertKept(9);
    }

    /// @dev Reserves are what owners and their own rebalances made them.
    function _promise10(Seen[] memory all) internal view {
        for (uint256 i; i < all.length; ++i) {
            uint256 raw = AccountId.unwrap(all[i].id);
            for (uint8 asset; asset < TOKENS; ++asset) {
                assertEq(
                    vault.reserveOf(all[i].id, asset),
                    book.expectedReserve(raw, asset),
                    "promise 10: a reserve moved by itself"
                );
            }
        }
        _assertKept(10);
    }

    /// @dev Claimed of every loss: lenders bear no more than negative equity at the oracle's prices, and bystanders nothing.
    function _promise11() internal view {
        _assertKept(11);
    }

    /// @dev Claimed of the governor's changes; see GovernanceHandler.
    function _promise12() internal view {
        _assertKept(12);
    }

    /// @dev What the events tell is what the chain holds.
    function _promise13(Seen[] memory all) internal view {
        for (uint256 i; i < all.length; ++i) {
            Seen memory one = all[i];
            uint256 raw = AccountId.unwrap(one.id);
            assertEq(book.shares(raw), one.header.cashShares(), "promise 13: cash");
            assertEq(book.provision(raw), marginAccount.provisionOf(one.id), "promise 13: provision");
            assertEq(book.liquidationSince(raw), one.header.liquidationSince(), "promise 13: the liquidation's clock");
            assertEq(uint8(book.callState(raw)), uint8(one.header.callState()), "promise 13: the call's state");
            uint256 policy = book.policy(raw);
            BandPolicy expected = policy == 0 ? defaultPolicy() : BandPolicy.wrap(policy);
            assertEq(
                BandPolicy.unwrap(marginAccount.policyOf(one.id)),
                BandPolicy.unwrap(expected),
                "promise 13: policy"
            );
            (uint256 limit, ) = marginAccount.walletLimitOf(one.id);
            assertEq(book.walletLimit(raw), limit, "promise 13: wallet limit");
            for (uint8 asset; asset < TOKENS; ++asset) {
                assertEq(book.reserve(raw, asset), vault.reserveOf(one.id, asset), "promise 13: reserve");
                if (asset == USDC) continue;
                uint256 held = marginAccount.collateralOf(one.id, asset);
                assertEq(book.collateral(raw, asset), held, "promise 13: collateral");
            }
            for (uint256 j; j < stage.owners.length; ++j) {
                address operator = stage.owners[j];
                assertEq(book.rights(raw, operator), marginAccount.rightsOf(one.id, operator), "promise 13: operator");
            }
        }
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         SHARED
    //////////////////////////////////////////////////////////////////////////*/

    function _assertKept(uint256 number) internal view {
        if (book.brokenSet() & (1 << number) == 0) return;
        assertTrue(false, string.concat("promise ", vm.toString(number), ": ", book.broken(number)));
    }

    /// @dev The account's margin by the model, where every price is live.
    function _assertModel(Seen memory one) private view {
        if (one.margin.halted || one.pages.length == 0) return;
        MarginModel.Figures memory f;
        f.equity = one.cash * 1e12;
        uint256 quoteAnswer = uint256(feeds[USDC].latestAnswer());
        for (uint8 asset = 1; asset < TOKENS; ++asset) {
            uint256 amount = book.collateral(AccountId.unwrap(one.id), asset);
            if (amount == 0) continue;
            (, int256 answer, , uint256 updatedAt, ) = feeds[asset].latestRoundData();
            (int256 equity, uint256 initial) = (f.equity, f.initial);
            f.add(amount, asset == 1 ? 1e18 : 1e8, uint256(answer), quoteAnswer, riskEngine.riskParametersOf(asset));
            // A dust of what is stale is worth nothing where initial margin is asked.
            if (block.timestamp - updatedAt > COIN_HEARTBEAT + SLACK) {
                f.initial = initial + uint256(f.equity - equity);
            }
        }
        assertApproxEqAbs(one.margin.equityE18, f.equity, 1e6 + f.maintenance / 1e15, "promise 9: equity by the model");
        assertApproxEqAbs(
            one.margin.maintenanceE18,
            f.maintenance,
            1e6 + f.maintenance / 1e12,
            "promise 9: MM by the model"
        );
        assertApproxEqAbs(one.margin.initialE18, f.initial, 1e6 + f.initial / 1e12, "promise 9: IM by the model");
    }

    function _look() internal view returns (Seen[] memory all) {
        all = new Seen[](everybody.length);
        for (uint256 i; i < all.length; ++i) {
            Seen memory one = all[i];
            one.id = everybody[i];
            (one.header, one.cash, one.pages, ) = marginAccount.stateOf(one.id);
            if (one.pages.length != 0) one.margin = marginAccount.assess(one.id);
        }
    }
}
