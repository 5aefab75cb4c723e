// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ILiquidator} from "../../../../contracts/interfaces/ILiquidator.sol";
import {IMarginAccountCore} from "../../../../contracts/interfaces/IMarginAccountCore.sol";
import {IMarginAccountExtension} from "../../../../contracts/interfaces/IMarginAccountExtension.sol";
import {IMarginAccountTrading} from "../../../../contracts/interfaces/IMarginAccountTrading.sol";
import {AccountId, toAccountId} from "../../../../contracts/types/AccountId.sol";
import {toPerpetual} from "../../../../contracts/types/InstrumentId.sol";
import {FaultySource} from "../../utils/mocks/FaultySource.sol";
import {OracleModel} from "../OracleModel.sol";
import {Stage, TOKENS, USDC, WETH} from "../Stage.sol";
import {OrderHandler} from "./OrderHandler.sol";

/// @title CoalitionHandler
/// @notice Two owners with two accounts each act as one, several times within a block, with each other and with the lender at the mark:
/// loans, transfers, fills far from the mark, slices of each other, rebalances paid to each other, gifts, crumbs.
/// @dev Promise 11: at prices that stand still they have together no more afterwards than before, but for what fund and lenders pay
/// the taker of a slice where the discount is more than the account has.
contract CoalitionHandler is OrderHandler {
    uint256 private constant MEMBERS = 2;
    uint256 private constant ACCOUNTS = 4;
    uint256 private constant KINDS = 12;

    /// @notice Moves that were made, by kind.
    uint256[KINDS] public made;
    /// @notice {quote token} What the coalition was paid for its own slices.
    uint256 public bounties;

    uint256 private _bounty;
    uint256 private _givenUp;

    constructor(Stage memory stage) OrderHandler(stage) {}

    /// @notice Four to sixteen moves in one block; in one of two cases after the price fell for one of the accounts.
    function conspire(uint256 word, uint256 length, uint256 fall) external action {
        _equip();
        _refresh(100);
        if (fall % 2 == 0) _strain(_bound(fall >> 8, 60, 95));
        // Shares come and go between what was seen last and a loss, and between a loss and the next move.
        s.book.observe(s.marginAccount.cashMarket());
        int256 before = _wealth();
        uint256 provisions = s.book.provisions();
        (_bounty, _givenUp) = (0, 0);
        uint256 moves;
        length = _bound(length, 4, 16);
        for (uint256 i; i < length; ++i) {
            uint256 pick = uint256(keccak256(abi.encode(word, i)));
            if (!_move(pick % KINDS, pick >> 8)) continue;
            s.book.observe(s.marginAccount.cashMarket());
            ++moves;
            ++made[pick % KINDS];
        }
        // Each move rounds a few units, and each position a few wei.
        int256 slack = int256((8 * length + _bounty + _givenUp) * QUOTE_UNIT) + 1e9;
        int256 gain = _wealth() - before;
        // What a provision that is used up gives back to all lenders is theirs too.
        bool kept = gain <= slack || s.book.provisions() < provisions;
        _claim(11, kept, string.concat("a coalition gained ", vm.toString(gain)));
        bounties += _bounty;
        _disarm();
        if (moves > 1) _done();
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         MOVES
    //////////////////////////////////////////////////////////////////////////*/

    function _move(uint256 kind, uint256 word) private returns (bool) {
        AccountId one = _member(word);
        AccountId other = _member(word >> 8);
        uint8 asset = uint8((word >> 16) % TOKENS);
        uint256 rest = word >> 24;
        // While a provision is open, whoever's claim becomes credit carries a part of it for all who have credit: then others' may not.
        bool touchesOthers = kind == 4 || kind == 5 || kind == 11;
        if (touchesOthers && s.book.provisions() != 0) return false;
        if (kind == 0) return _bring(one, asset, rest);
        if (kind == 1) return _take(one, asset, rest);
        if (kind == 2) return _pass(one, other, asset, rest);
        if (kind == 3) return _deal(one, other, rest);
        if (kind == 4) return _dealWithLender(one, rest);
        if (kind == 5) return _settle(one, other, rest);
        if (kind == 6) return _ledger(other.ownerOf(), abi.encodeCall(IMarginAccountCore.rebalance, (one)));
        if (kind == 7) return _slice(one, rest);
        if (kind == 8) return _reserve(one, asset, rest);
        if (kind == 9) return _give(one, asset, rest);
        if (kind == 10) return _ledger(one.ownerOf(), abi.encodeCall(IMarginAccountExtension.provision, (other)));
        return _ledger(one.ownerOf(), abi.encodeCall(IMarginAccountExtension.collectFees, ()));
    }

    function _bring(AccountId id, uint8 asset, uint256 word) private returns (bool) {
        uint256 held = s.tokens[asset].balanceOf(id.ownerOf());
        if (held == 0) return false;
        bytes memory call = abi.encodeCall(
            IMarginAccountCore.deposit,
            (id, address(s.tokens[asset]), _bound(word, 1, held))
        );
        return _ledger(id.ownerOf(), call);
    }

    /// @dev As much as may be had, loans included; or a part of it.
    function _take(AccountId id, uint8 asset, uint256 word) private returns (bool) {
        uint256 most = s.marginAccount.maxWithdraw(id, address(s.tokens[asset]));
        if (most == 0) return false;
        uint256 amount = word % 3 == 0 ? most : _bound(word, 1, most);
        address owner = id.ownerOf();
        return
            _ledger(owner, abi.encodeCall(IMarginAccountCore.withdraw, (id, address(s.tokens[asset]), amount, owner)));
    }

    function _pass(AccountId from, AccountId to, uint8 asset, uint256 word) private returns (bool) {
        uint256 most = s.marginAccount.maxWithdraw(from, address(s.tokens[asset]));
        if (most == 0) return false;
        return
            _ledger(
                from.ownerOf(),
                abi.encodeCall(
                    IMarginAccountExtension.transfer,
                    (from, to, address(s.tokens[asset]), _bound(word, 1, most))
                )
            );
    }

    /// @dev With each other, up to a fifth from the mark; from crumbs to what might just be borne.
    function _deal(AccountId one, AccountId other, uint256 word) private returns (bool) {
        if (one == other) return false;
        uint8 asset = uint8(1 + (word % (TOKENS - 1)));
        uint256 price = (_price(asset).bid * _bound(word >> 8, 8_000, 12_000)) / 1e4;
        (bool ok, bytes memory answer) = _fill(Terms(one, other, asset, _size(asset, word >> 32), price, false));
        return _understood(ok, answer);
    }

    /// @dev At the mark: there nobody who is honest loses anything.
    function _dealWithLender(AccountId id, uint256 word) private returns (bool) {
        uint8 asset = uint8(1 + (word % (TOKENS - 1)));
        OracleModel.Seen memory mark = _price(asset);
        int256 size = _size(asset, word >> 32);
        (bool ok, bytes memory answer) = _fill(
            Terms(_lender(), id, asset, size, size > 0 ? mark.ask : mark.bid, false)
        );
        return _understood(ok, answer);
    }

    function _settle(AccountId one, AccountId other, uint256 word) private returns (bool) {
        AccountId[] memory ids = new AccountId[](3);
        (ids[0], ids[1], ids[2]) = (one, other, _lender());
        return
            _ledger(
                one.ownerOf(),
                abi.encodeCall(IMarginAccountTrading.settle, (toPerpetual(uint8(1 + (word % 2))), ids))
            );
    }

    /// @dev The other owner takes a slice of whichever account is below maintenance; of this one if none is.
    function _slice(AccountId id, uint256 word) private returns (bool) {
        for (uint256 i; i < ACCOUNTS; ++i) {
            if (_isBelowMaintenance(_member(i))) id = _member(i);
        }
        address taker = id.ownerOf() == s.owners[0] ? s.owners[1] : s.owners[0];
        IMarginAccountExtension.CashView memory v = s.marginAccount.cashMarket();
        (bool ok, bytes memory answer) = _try(
            taker,
            address(s.liquidator),
            abi.encodeCall(
                ILiquidator.liquidate,
                (id, toAccountId(taker, uint96(word % 2)), _bound(word >> 8, 0.01e18, 1e18), type(int256).max, "")
            )
        );
        if (!ok) return _understood(ok, answer);
        ILiquidator.Quote memory q = abi.decode(answer, (ILiquidator.Quote));
        if (q.payment >= 0) return true;
        uint256 paid = uint256(-q.payment);
        _bounty += paid;
        // What the fund pays leaves at the net index: what it gives up for that is all lenders', the coalition's too.
        uint256 owing = v.provisions > v.forfeited ? v.provisions - v.forfeited : 0;
        if (owing < v.supplyAssets) _givenUp += (paid * owing) / (v.supplyAssets - owing) + 1;
        return true;
    }

    function _reserve(AccountId id, uint8 asset, uint256 word) private returns (bool ok) {
        address owner = id.ownerOf();
        address token = address(s.tokens[asset]);
        uint256 held = s.vault.reserveOf(id, asset);
        if (held != 0 && word % 2 == 0) {
            ok = _ledger(
                owner,
                abi.encodeCall(IMarginAccountExtension.withdrawReserve, (id, token, _bound(word >> 8, 1, held), owner))
            );
        } else {
            uint256 wallet = s.tokens[asset].balanceOf(owner);
            if (wallet == 0) return false;
            ok = _ledger(
                owner,
                abi.encodeCall(IMarginAccountExtension.depositReserve, (id, token, _bound(word >> 8, 1, wallet)))
            );
        }
    }

    /// @dev To the vault, so that somebody might believe that it is richer.
    function _give(AccountId id, uint8 asset, uint256 word) private returns (bool) {
        uint256 amount = s.tokens[asset].balanceOf(id.ownerOf()) / (2 + (word % 100));
        if (amount == 0) return false;
        vm.prank(id.ownerOf());
        s.tokens[asset].transfer(address(s.vault), amount);
        _drain();
        s.book.donate(address(s.tokens[asset]), amount);
        return true;
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        SHARED
    //////////////////////////////////////////////////////////////////////////*/

    function _ledger(address caller, bytes memory call) private returns (bool) {
        (bool ok, bytes memory answer) = _try(caller, address(s.marginAccount), call);
        return _understood(ok, answer);
    }

    /// @dev A refusal has a name, whichever it is.
    function _understood(bool ok, bytes memory answer) private returns (bool) {
        bool named = answer.length >= 4 && !_isOneOf(answer, hex"4e487b7108c379a0");
        if (!ok) _claim(0, named, string.concat("a move was refused with ", vm.toString(answer)));
        return ok;
    }

    /// @dev {quote E18} What the members have: in accounts, reserves and wallets, at the oracle's prices.
    function _wealth() private view returns (int256 wealth) {
        for (uint256 i; i < ACCOUNTS; ++i) {
            AccountId id = _member(i);
            wealth += s.marginAccount.assess(id).equityE18;
            for (uint8 asset; asset < TOKENS; ++asset) {
                wealth += int256(_value(asset, s.vault.reserveOf(id, asset)));
            }
        }
        for (uint256 i; i < MEMBERS; ++i) {
            for (uint8 asset; asset < TOKENS; ++asset) {
                wealth += int256(_value(asset, s.tokens[asset].balanceOf(s.owners[i])));
            }
        }
    }

    /// @dev What they play with, before anything is counted.
    function _equip() private {
        for (uint256 i; i < ACCOUNTS; ++i) {
            _party(_member(i));
        }
        _party(_lender());
        for (uint256 i; i < MEMBERS; ++i) {
            for (uint8 asset; asset < TOKENS; ++asset) {
                _mint(s.owners[i], asset, (asset == USDC ? 20_000 : 3) * _unit(asset));
            }
        }
        _drain();
        for (uint256 i; i < ACCOUNTS; ++i) {
            _bring(_member(i), USDC, 5_000e6);
        }
    }

    /// @dev One account borrows all that it may; then ether falls, and a block passes.
    function _strain(uint256 percent) private {
        AccountId id = _member(3);
        _bring(id, 1, type(uint256).max);
        _take(id, USDC, 0);
        vm.roll(block.number + 1);
        vm.warp(block.timestamp + 12);
        _refresh(percent);
    }

    /// @dev Every feed speaks, and ether's second source agrees; ether's price is so much of what it was, and no less than a third of
    /// what it was at first.
    function _refresh(uint256 percent) private {
        int256[3] memory start = [int256(1e8), 2_000e8, 60_000e8];
        for (uint8 asset; asset < TOKENS; ++asset) {
            int256 answer = s.feeds[asset].latestAnswer();
            if (answer < start[asset] / 3 || answer > start[asset] * 3) answer = start[asset];
            if (asset == WETH && (answer * int256(percent)) / 100 > start[asset] / 3) {
                answer = (answer * int256(percent)) / 100;
            }
            s.feeds[asset].push(answer, block.timestamp);
        }
        s.source.setBehaviour(FaultySource.Behaviour.Honest);
        s.source.setPrice(uint256(s.feeds[WETH].latestAnswer() * 1e18) / uint256(s.feeds[USDC].latestAnswer()));
    }

    /// @dev Wallets are no hoard, and reserves are what the members made them.
    function _disarm() private {
        for (uint8 asset; asset < TOKENS; ++asset) {
            for (uint256 i; i < ACCOUNTS; ++i) {
                AccountId id = _member(i);
                s.book.expectReserve(AccountId.unwrap(id), asset, s.vault.reserveOf(id, asset));
            }
            for (uint256 i; i < MEMBERS; ++i) {
                uint256 held = s.tokens[asset].balanceOf(s.owners[i]);
                vm.prank(s.owners[i]);
                s.tokens[asset].transfer(address(0xdead), held);
            }
        }
    }

    /// @dev {unit} Of either sign, from a crumb to a hundred thousand's worth.
    function _size(uint8 asset, uint256 word) private view returns (int256) {
        uint256 most = (8_000e18 * 1e18) / _price(asset).bid;
        uint256 size = word % 3 == 0 ? _bound(word >> 8, 1, 1e12) : _bound(word >> 8, 1, most);
        return (word >> 4) % 2 == 0 ? int256(size) : -int256(size);
    }

    function _member(uint256 word) private view returns (AccountId) {
        return toAccountId(s.owners[word % MEMBERS], uint96((word / MEMBERS) % 2));
    }
}
