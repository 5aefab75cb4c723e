// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IMarginAccountExtension} from "../../../contracts/interfaces/IMarginAccountExtension.sol";
import {AccountHeader} from "../../../contracts/types/AccountHeader.sol";
import {AccountId} from "../../../contracts/types/AccountId.sol";
import {BandPolicy, defaultPolicy} from "../../../contracts/types/BandPolicy.sol";
import {CollateralPage} from "../../../contracts/types/CollateralPage.sol";
import {toPerpetual} from "../../../contracts/types/InstrumentId.sol";
import {Perpetual} from "../../../contracts/types/Perpetual.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {Assessment} from "../../../contracts/types/Assessment.sol";
import {BallastTest} from "../utils/BallastTest.sol";
import {Book} from "./Book.sol";
import {MarginModel} from "./MarginModel.sol";
import {OracleModel} from "./OracleModel.sol";
import {COIN_AGE, QUOTE_AGE, Stage, TOKENS, USDC} from "./Stage.sol";

/// @title Promises
/// @notice One assertion for each promise of docs/INVARIANTS.md. What a promise says of the state is read from the state;
/// what it says of an action was claimed by the handler of that action and is read from the book.
abstract contract Promises is BallastTest {
    using MarginModel for MarginModel.Figures;

    /// @dev An account as the chain shows it.
    struct Seen {
        AccountId id;
        uint256 raw;
        AccountHeader header;
        int256 cash;
        CollateralPage[] pages;
        Position[] positions;
        Book.Entry entry;
    }

    /// @dev Where the ledger keeps its perpetuals; see snapshots/storage.json.
    uint256 private constant PERPETUALS_SLOT = 8;

    Stage internal stage;
    Book internal book;
    /// @dev Everybody's accounts; whoever has no account here has none.
    AccountId[] internal everybody;

    /// @notice All promises, by number: what the last action may have changed, and everybody's sums.
    function checkPromises() public view {
        _checkPromises(_look(), book.touched());
    }

    /// @notice All promises for all accounts, whatever was touched: nothing changes without a word.
    function checkAllPromises() public view {
        Seen[] memory all = _look();
        uint256[] memory ids = new uint256[](all.length);
        for (uint256 i; i < all.length; ++i) {
            ids[i] = all[i].raw;
        }
        _checkPromises(all, ids);
    }

    function _checkPromises(Seen[] memory all, uint256[] memory touched) private view {
        IMarginAccountExtension.CashView memory market = marginAccount.cashMarket();
        _promise0();
        _promise1(all, market);
        _promise2(all);
        _promise3();
        _promise4();
        _promise5();
        _promise6();
        _promise7();
        _promise8();
        _promise9(all, touched);
        _promise10(touched);
        _promise11();
        _promise12();
        _promise13(all, touched);
    }

    /// @dev No promise, but what everybody expects: nothing fails for a reason that nobody knows.
    function _promise0() internal view {
        _assertKept(0);
    }

    /// @dev The ledger's shares are the market's, and the market is covered.
    function _promise1(Seen[] memory all, IMarginAccountExtension.CashView memory market) internal view {
        int256 cash;
        for (uint256 i; i < all.length; ++i) {
            cash += all[i].cash;
        }
        // That they are each account's is promise 13.
        assertEq(book.creditShares(), market.supplyShares, "promise 1: supply shares of all accounts");
        assertEq(book.debtShares(), market.borrowShares, "promise 1: borrow shares of all accounts");
        assertEq(book.provisions(), market.provisions, "promise 1: provisions of all accounts");
        assertLe(market.forfeited, market.provisions, "promise 1: more forfeited than provided for");
        assertLe(
            cash + int256(book.pooled()),
            int256(market.idle),
            "promise 1: cash and pools of all accounts are more than lies idle"
        );
        _assertKept(1);
    }

    /// @dev Each instrument: sizes sum to zero, longs to the open interest, quotes to the pool less what rounding left.
    function _promise2(Seen[] memory all) internal view {
        for (uint8 asset = 1; asset < TOKENS; ++asset) {
            int256 sizes;
            int256 quotes;
            uint256 longs;
            for (uint256 i; i < all.length; ++i) {
                for (uint256 j; j < all[i].positions.length; ++j) {
                    Position position = all[i].positions[j];
                    if (position.underlying() != asset) continue;
                    sizes += position.size();
                    quotes += position.quote();
                    if (position.size() > 0) longs += uint256(position.size());
                }
            }
            Perpetual memory p = marginAccount.perpetualOf(toPerpetual(asset));
            assertEq(sizes, 0, "promise 2: sizes");
            assertEq(longs, p.openInterestE18, "promise 2: open interest");
            int256 dust = int256(uint256(p.pool)) * 1e12 - quotes;
            assertGe(dust, 0, "promise 2: quotes");
            // A position that ends drops less than a unit, and funding's rounding is a few wei for each change and each holder.
            Book.Instrument memory told = book.instrumentOf(asset);
            assertLe(
                dust,
                int256(told.closings * 1e12 + told.changes * 100 + 1e6),
                "promise 4: funding made something"
            );
        }
        _assertKept(2);
    }

    /// @dev Tokens by their own transfers; a gift is nobody's.
    function _promise3() internal view {
        for (uint8 asset; asset < TOKENS; ++asset) {
            address token = address(stage.tokens[asset]);
            (uint256 total, uint256 reserved, , ) = vault.totalsOf(token);
            uint256 kept = book.paidIn(token) - book.paidOut(token);
            (uint256 queued, uint256 claimable, , ) = vault.claimsOf(token);
            assertEq(total + reserved + queued + claimable, kept, "promise 3: totals are what came in less what left");
            if (queued != 0 || claimable != 0) _assertClaims(token, queued, claimable);
            assertEq(
                IERC20(token).balanceOf(address(vault)),
                kept + book.donated(token),
                "promise 3: balance of the vault"
            );
            // That they are each account's is promise 13.
            if (asset != USDC) assertEq(book.collateralInAll(asset), total, "promise 3: collateral of all accounts");
            assertEq(book.reserveInAll(asset), reserved, "promise 3: reserves of all accounts");
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

    /// @dev Initial above maintenance margin, both as the model has them, for what was touched and one account in turn; and a fraction
    /// of that one.
    function _promise9(Seen[] memory all, uint256[] memory touched) internal view {
        uint256 step = book.steps();
        uint256 turn = step % all.length;
        for (uint256 i; i < all.length; ++i) {
            if (i != turn && !_isIn(touched, all[i].raw)) continue;
            if (all[i].pages.length == 0 && all[i].positions.length == 0) continue;
            Assessment memory a = marginAccount.assess(all[i].id);
            assertGe(a.initialE18, a.maintenanceE18, "promise 9: initial margin below maintenance");
            _assertModel(all[i], a);
            if (i == turn) _assertFraction(all[i], a, uint256(keccak256(abi.encode(step))) % 1e18);
        }
        _assertKept(9);
    }

    /// @dev What a fraction of an account asks, collateral and positions together, is at most that fraction of what it asks.
    function _assertFraction(Seen memory one, Assessment memory a, uint256 fraction) private view {
        if (a.halted) return;
        CollateralPage[] memory part = new CollateralPage[](one.pages.length);
        for (uint256 i; i < one.pages.length; ++i) {
            CollateralPage page = one.pages[i];
            part[i] = page.withEntry(0, page.assetAt(0), (page.amountAt(0) * fraction) / 1e18).withEntry(
                1,
                page.assetAt(1),
                (page.amountAt(1) * fraction) / 1e18
            );
        }
        Position[] memory positions = new Position[](one.positions.length);
        for (uint256 i; i < positions.length; ++i) {
            Position p = one.positions[i];
            positions[i] = p.withAmounts((p.size() * int256(fraction)) / 1e18, (p.quote() * int256(fraction)) / 1e18);
        }
        Assessment memory b = riskEngine.assessAccount(0, part, positions);
        // A token of few decimals rounds by more than a unit beside a short that it hedges: a unit of it is worth that much.
        uint256 slack = 2 * one.pages.length + 8 * positions.length + 1;
        if (positions.length != 0) slack += 1e15;
        assertLe(b.maintenanceE18, (a.maintenanceE18 * fraction) / 1e18 + slack, "promise 9: a fraction's maintenance");
        // The cap of profits is an account's and not its fraction's: the fraction has all of it.
        assertLe(b.initialE18, (a.initialE18 * fraction) / 1e18 + slack, "promise 9: a fraction's initial margin");
    }

    /// @dev Reserves are what owners and their own rebalances made them.
    function _promise10(uint256[] memory touched) internal view {
        for (uint256 i; i < touched.length; ++i) {
            for (uint8 asset; asset < TOKENS; ++asset) {
                assertEq(
                    vault.reserveOf(AccountId.wrap(touched[i]), asset),
                    book.expectedReserve(touched[i], asset),
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
    function _promise13(Seen[] memory all, uint256[] memory touched) internal view {
        for (uint256 i; i < all.length; ++i) {
            Seen memory one = all[i];
            Book.Entry memory told = one.entry;
            assertEq(told.shares, one.header.cashShares(), "promise 13: cash");
            assertEq(_clock(told), one.header.liquidationSince(), "promise 13: the liquidation's clock");
            assertEq(uint8(told.callState), uint8(one.header.callState()), "promise 13: the call's state");
            assertEq(told.provision != 0, one.header.hasProvision(), "promise 13: the mark of a provision");
            assertEq(told.positions, one.positions.length, "promise 13: how many positions");
            if (_isIn(touched, one.raw)) _assertReplayed(one);
        }
        for (uint8 asset = 1; asset < TOKENS; ++asset) {
            Book.Instrument memory told = book.instrumentOf(asset);
            uint256 slot = uint256(keccak256(abi.encode(asset, PERPETUALS_SLOT)));
            assertEq(told.funding, _word(slot), "promise 13: an instrument's funding");
            assertEq(told.hour, _word(slot + 1), "promise 13: an instrument's hour");
            assertEq(told.interest, _word(slot + 2), "promise 13: an instrument's interest and pool");
        }
    }

    /// @dev {s} A halt and the grace after it do not count.
    function _clock(Book.Entry memory told) private view returns (uint256) {
        uint256 opensAt = book.liquidationOpensAt();
        if (told.liquidationSince == 0 || told.liquidationSince >= opensAt) return told.liquidationSince;
        return block.timestamp < opensAt ? block.timestamp : opensAt;
    }

    function _assertReplayed(Seen memory one) private view {
        uint256 raw = one.raw;
        assertEq(one.entry.provision, marginAccount.provisionOf(one.id), "promise 13: provision");
        uint256 policy = book.policy(raw);
        BandPolicy expected = policy == 0 ? defaultPolicy() : BandPolicy.wrap(policy);
        assertEq(BandPolicy.unwrap(marginAccount.policyOf(one.id)), BandPolicy.unwrap(expected), "promise 13: policy");
        (uint256 limit, ) = marginAccount.walletLimitOf(one.id);
        assertEq(book.walletLimit(raw), limit, "promise 13: wallet limit");
        for (uint8 asset; asset < TOKENS; ++asset) {
            assertEq(book.reserve(raw, asset), vault.reserveOf(one.id, asset), "promise 13: reserve");
            if (asset == USDC) continue;
            uint256 held = marginAccount.collateralOf(one.id, asset);
            assertEq(book.collateral(raw, asset), held, "promise 13: collateral");
        }
        for (uint256 i; i < stage.owners.length; ++i) {
            address operator = stage.owners[i];
            assertEq(book.rights(raw, operator), marginAccount.rightsOf(one.id, operator), "promise 13: operator");
        }
        for (uint256 i; i < one.positions.length; ++i) {
            _assertPosition(raw, one.positions[i]);
        }
    }

    /// @dev A position as it was told, with the funding since: the ledger stores it as if the index had been zero, rounded down, and
    /// takes off what is due by now, rounded up.
    function _assertPosition(uint256 raw, Position position) private view {
        uint8 asset = position.underlying();
        Book.Held memory told = book.heldOf(raw, asset);
        int256 index = marginAccount.perpetualOf(toPerpetual(asset)).fundingIndexE18;
        assertEq(position.size(), told.size, "promise 13: a position's size");
        int256 quote = told.quote - _dividedUp(-told.size * told.fundingAt) - _dividedUp(told.size * index);
        assertEq(position.quote(), quote, "promise 13: a position's quote");
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         SHARED
    //////////////////////////////////////////////////////////////////////////*/

    function _assertKept(uint256 number) internal view {
        if (book.brokenSet() & (1 << number) == 0) return;
        assertTrue(false, string.concat("promise ", vm.toString(number), ": ", book.broken(number)));
    }

    function _word(uint256 slot) private view returns (uint256) {
        return uint256(vm.load(address(marginAccount), bytes32(slot)));
    }

    function _dividedUp(int256 x) private pure returns (int256) {
        return x > 0 ? (x + 1e18 - 1) / 1e18 : -(-x / 1e18);
    }

    function _isIn(uint256[] memory ids, uint256 id) private pure returns (bool) {
        for (uint256 i; i < ids.length; ++i) {
            if (ids[i] == id) return true;
        }
        return false;
    }

    /// @dev The account's margin by the model.
    function _assertModel(Seen memory one, Assessment memory a) private view {
        if (a.halted) return;
        MarginModel.Figures memory f;
        f.equity = one.cash * 1e12;
        for (uint8 asset = 1; asset < TOKENS; ++asset) {
            _addLeg(f, one, asset);
        }
        uint256 slack = 1e6 + f.gross / 1e12;
        assertApproxEqAbs(a.equityE18, f.equity, slack, "promise 9: equity by the model");
        assertApproxEqAbs(a.maintenanceE18, f.maintenance, slack, "promise 9: MM by the model");
        assertApproxEqAbs(a.initialE18, f.initial, slack, "promise 9: IM by the model");
    }

    function _addLeg(MarginModel.Figures memory f, Seen memory one, uint8 asset) private view {
        MarginModel.Exposure memory x;
        x.amount = book.collateral(one.raw, asset);
        for (uint256 i; i < one.positions.length; ++i) {
            if (one.positions[i].underlying() != asset) continue;
            (x.size, x.quote) = (one.positions[i].size(), one.positions[i].quote());
        }
        if (x.amount == 0 && x.size == 0 && x.quote == 0) return;
        OracleModel.Seen memory price = OracleModel.look(
            riskEngine,
            asset,
            stage.feeds[asset],
            stage.feeds[USDC],
            COIN_AGE,
            QUOTE_AGE
        );
        x.units = asset == 1 ? 1e18 : 1e8;
        (x.price, x.mark) = (price.bid, x.size < 0 ? price.ask : price.bid);
        (int256 equity, uint256 initial) = (f.equity, f.initial);
        // A dust of what is stale counts at its last answer, and is worth nothing where initial margin is asked.
        bool dust = price.status == OracleModel.HALTED && x.amount != 0;
        if (dust)
            x.price =
                (uint256(stage.feeds[asset].latestAnswer()) * 1e18) / OracleModel.usable(stage.feeds[USDC], QUOTE_AGE);
        f.add(x, riskEngine.riskParametersOf(asset), riskEngine.perpetualRiskOf(asset));
        if (dust) f.initial = initial + uint256(f.equity - equity);
    }

    function _look() internal view returns (Seen[] memory all) {
        all = new Seen[](everybody.length);
        for (uint256 i; i < all.length; ++i) {
            Seen memory one = all[i];
            one.id = everybody[i];
            one.raw = AccountId.unwrap(one.id);
            (one.header, one.cash, one.pages, one.positions) = marginAccount.stateOf(one.id);
            one.entry = book.entryOf(one.raw);
        }
    }
}
