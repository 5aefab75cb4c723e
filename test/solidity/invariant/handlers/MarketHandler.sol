// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPriceOracleAdapter} from "../../../../contracts/interfaces/IPriceOracleAdapter.sol";
import {FaultySource} from "../../utils/mocks/FaultySource.sol";
import {Handler} from "../Handler.sol";
import {OracleModel} from "../OracleModel.sol";
import {Stage, TOKENS, USDC, WETH} from "../Stage.sol";

/// @title MarketHandler
/// @notice Prices and time: prices rise and fall, feeds fall silent, lie and recover, and ether's second source agrees, contradicts or
/// says nothing. No price leaves a range around its start, so that a long campaign visits high and low again and again. After each
/// move the oracle's answers are the model's, to the unit.
contract MarketHandler is Handler {
    /// @dev {usd 1e-8} of each feed.
    int256[3] private _start = [int256(1e8), 2_000e8, 60_000e8];

    /// @notice How often an asset was seen with each status, and with each fault.
    uint256[3] public statuses;
    uint256[13] public faults;

    constructor(Stage memory stage) Handler(stage) {}

    /// @notice Up to 6% either way.
    function move(uint256 what, uint256 by, uint256) external action {
        uint8 asset = _coin(what);
        _push(asset, (_answer(asset) * int256(_bound(by, 94, 106))) / 100);
        _done();
    }

    function fall(uint256 what, uint256 by, uint256) external action {
        uint8 asset = _coin(what);
        int256 before = _answer(asset);
        _push(asset, (before * int256(_bound(by, 80, 95))) / 100);
        if (_answer(asset) < before) _done();
    }

    function rise(uint256 what, uint256 by, uint256) external action {
        uint8 asset = _coin(what);
        int256 before = _answer(asset);
        _push(asset, (before * int256(_bound(by, 105, 125))) / 100);
        if (_answer(asset) > before) _done();
    }

    /// @notice A gap that nobody could act in: whoever borrowed to the limit is insolvent.
    function crash(uint256 what, uint256 by, uint256) external action {
        uint8 asset = _coin(what);
        int256 before = _answer(asset);
        _push(asset, (before * int256(_bound(by, 45, 75))) / 100);
        if (_answer(asset) < before) _done();
    }

    /// @notice An hour in which a price slides, a look every twelve minutes.
    function slide(uint256 what, uint256 by, uint256) external action {
        uint8 asset = _coin(what);
        int256 step = int256(_bound(by, 980, 1_020));
        for (uint256 i; i < 5; ++i) {
            _wait(12 minutes);
            _push(asset, (_answer(asset) * step) / 1_000);
        }
        _refresh();
        _done();
    }

    /// @notice The quote leaves its peg, and comes back.
    function depeg(uint256 by, uint256, uint256) external action {
        s.feeds[USDC].push(int256(_bound(by, 0.96e8, 1.02e8)), block.timestamp);
        _agree();
        _claimPrices();
        _done();
    }

    /*//////////////////////////////////////////////////////////////////////////
                                      BROKEN FEEDS
    //////////////////////////////////////////////////////////////////////////*/

    function fallSilent(uint256 what, uint256, uint256) external action {
        uint8 asset = uint8(what % TOKENS);
        s.feeds[asset].push(_answer(asset), block.timestamp - 2 days);
        _claim(0, _usableAnswer(asset) == 0, "a silent feed is still heard");
        _claimPrices();
        _done();
    }

    /// @notice Zero, negative, never updated, from the future, or beyond what a price can be.
    function lie(uint256 what, uint256 how, uint256) external action {
        uint8 asset = uint8(what % TOKENS);
        how %= 4;
        int256 answer =
            how == 0
                ? int256(0)
                : how == 1
                    ? int256(-1e8)
                    : _answer(asset);
        uint256 updatedAt =
            how == 2
                ? 0
                : how == 3
                    ? block.timestamp + 1 hours
                    : block.timestamp;
        s.feeds[asset].push(answer, updatedAt);
        _claimPrices();
        _done();
    }

    /// @notice Ether's feed says another price than its second source, up to a fifth: what lies beyond three percent must be doubted.
    function contradict(uint256 by, uint256, uint256) external action {
        int256 answer = (_answer(WETH) * int256(_bound(by, 80, 120))) / 100;
        s.feeds[WETH].push(answer, block.timestamp);
        _claimPrices();
        if (_price(WETH).deviating) _done();
    }

    /// @notice The second source is the one that is wrong.
    function contradictSecond(uint256 by, uint256, uint256) external action {
        _agree();
        s.source.setPrice((s.source.price() * _bound(by, 80, 120)) / 100);
        _claimPrices();
        if (_price(WETH).deviating) _done();
    }

    /// @notice It reverts, answers too short, nothing, or zero.
    function silenceSecond(uint256 how, uint256, uint256) external action {
        how %= 4;
        if (how == 0) s.source.setBehaviour(FaultySource.Behaviour.Reverts);
        if (how == 1) s.source.setBehaviour(FaultySource.Behaviour.AnswersShort);
        if (how == 2) s.source.setBehaviour(FaultySource.Behaviour.AnswersNothing);
        if (how == 3) s.source.setPrice(0);
        _claimPrices();
        _done();
    }

    /// @notice A feed that speaks in time and of a price that cannot be: below the least or above the highest.
    function leaveBounds(uint256 how, uint256, uint256) external action {
        (, , uint256 least, uint256 highest) = s.riskEngine.secondaryOf(WETH);
        uint256 price = how % 2 == 0 ? least / 2 : highest * 2;
        s.feeds[WETH].push(int256(price * 100), block.timestamp);
        _claimPrices();
        (, IPriceOracleAdapter.Fault fault) = s.riskEngine.price(WETH);
        bool doubted = fault == IPriceOracleAdapter.Fault.OutOfBounds || _usableAnswer(USDC) == 0;
        _claim(0, doubted, "a price that cannot be was believed");
        _done();
    }

    /// @notice Every feed speaks again, near what it last said in earnest.
    function recover(uint256, uint256, uint256) external action {
        _refresh();
        for (uint8 asset; asset < TOKENS; ++asset) {
            _claim(0, _usableAnswer(asset) != 0, "a feed did not recover");
        }
        for (uint8 asset = 1; asset < TOKENS; ++asset) {
            _claim(0, _price(asset).status == OracleModel.LIVE, "a price did not recover");
        }
        _done();
    }

    /*//////////////////////////////////////////////////////////////////////////
                                          TIME
    //////////////////////////////////////////////////////////////////////////*/

    function waitBlocks(uint256 blocks, uint256, uint256) external action {
        _wait(12 * _bound(blocks, 1, 20));
        _done();
    }

    /// @notice Hours in which nobody looks; feeds keep speaking.
    function waitHours(uint256 time, uint256, uint256) external action {
        _wait(_bound(time, 10 minutes, 12 hours));
        _refresh();
        _done();
    }

    function waitDays(uint256 time, uint256, uint256) external action {
        _wait(_bound(time, 1 days, 20 days));
        _refresh();
        _done();
    }

    /// @notice Time in which the feeds say nothing.
    function sleep(uint256 time, uint256, uint256) external action {
        _wait(_bound(time, 30 minutes, 3 hours));
        _done();
    }

    function _wait(uint256 time) private {
        vm.warp(block.timestamp + time);
        vm.roll(block.number + time / 12);
    }

    function _refresh() private {
        for (uint8 asset; asset < TOKENS; ++asset) {
            s.feeds[asset].push(_answer(asset), block.timestamp);
        }
        _agree();
        _claimPrices();
    }

    /// @dev Ether's second source says what its feed says.
    function _agree() private {
        s.source.setBehaviour(FaultySource.Behaviour.Honest);
        uint256 quote = uint256(_answer(USDC));
        s.source.setPrice((uint256(_answer(WETH)) * 1e18) / quote);
    }

    /// @dev What the oracle says is what the table says, to the unit.
    function _claimPrices() private {
        for (uint8 asset = 1; asset < TOKENS; ++asset) {
            OracleModel.Seen memory seen = _price(asset);
            (IPriceOracleAdapter.Price memory price, IPriceOracleAdapter.Fault fault) = s.riskEngine.price(asset);
            _claim(0, uint8(price.status) == seen.status, "a price has another status than the model");
            _claim(0, price.bidE18 == seen.bid && price.askE18 == seen.ask, "a price is not the model's");
            bool deviates = fault == IPriceOracleAdapter.Fault.Deviating;
            _claim(0, deviates == seen.deviating, "a deviation was judged wrongly");
            ++statuses[seen.status];
            ++faults[uint8(fault)];
        }
    }

    /// @dev Between a third and three times the start; the quote between 96 and 102 cents.
    function _push(uint8 asset, int256 answer) private {
        int256 start = _start[asset];
        if (answer < start / 3) answer = start / 3;
        if (answer > start * 3) answer = start * 3;
        s.feeds[asset].push(answer, block.timestamp);
        if (asset == WETH) _agree();
        _claimPrices();
    }

    /// @dev What the feed says; its start after a lie.
    function _answer(uint8 asset) private view returns (int256) {
        int256 answer = s.feeds[asset].latestAnswer();
        if (asset != USDC && (answer > _start[asset] * 4 || answer < _start[asset] / 4)) return _start[asset];
        return answer <= 0 ? _start[asset] : answer;
    }

    /// @dev Ether three times in four.
    function _coin(uint256 what) private pure returns (uint8) {
        return what % 4 == 0 ? 2 : WETH;
    }
}
