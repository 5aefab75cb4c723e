// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FaultyFeed} from "./utils/mocks/FaultyFeed.sol";
import {OracleTest} from "./utils/OracleTest.sol";
import {QUOTE} from "../../contracts/base/Constants.sol";
import {IPriceOracleAdapter} from "../../contracts/interfaces/IPriceOracleAdapter.sol";

/// @dev What holds of every answer, whatever the decimals.
contract PriceOracleAdapterPropTest is OracleTest {
    /// @dev {usd} With 18 decimals a product of two of these and a scale fits a word.
    uint256 private constant MAX_USD = 1e22;

    /// @dev Bid and ask are the integers around the exact fraction, for feeds and tokens of 0 to 18 decimals.
    function testFuzz_price_BidAndAskEncloseTheExactFraction(
        uint256 answer,
        uint256 quoteAnswer,
        uint8 feedDecimals,
        uint8 quoteDecimals,
        uint8 tokenDecimals
    ) public {
        feedDecimals = uint8(bound(feedDecimals, 0, 18));
        quoteDecimals = uint8(bound(quoteDecimals, 0, 18));
        tokenDecimals = uint8(bound(tokenDecimals, 0, 18));
        answer = bound(answer, 1, MAX_USD);
        quoteAnswer = bound(quoteAnswer, 1, MAX_USD);
        setFeed(ETHER_ASSET, new FaultyFeed(feedDecimals, int256(answer)), tokenDecimals);
        setFeed(QUOTE, new FaultyFeed(quoteDecimals, int256(quoteAnswer)), 6);

        (IPriceOracleAdapter.Price memory p, IPriceOracleAdapter.Fault fault) = oracle.price(ETHER_ASSET);
        assertEq(uint8(fault), uint8(IPriceOracleAdapter.Fault.None));
        // (answer / 10^feedDecimals) / (quoteAnswer / 10^quoteDecimals), cleared of its divisions
        uint256 numerator = answer * 10 ** quoteDecimals * 1e18;
        uint256 denominator = quoteAnswer * 10 ** feedDecimals;
        assertLe(p.bidE18 * denominator, numerator, "the bid is above the price");
        assertGt((p.bidE18 + 1) * denominator, numerator, "the bid is a unit too low");
        assertGe(p.askE18 * denominator, numerator, "the ask is below the price");
        assertLt(p.askE18 == 0 ? 0 : (p.askE18 - 1) * denominator, numerator, "the ask is a unit too high");
        assertLe(p.bidE18, p.askE18);
        assertLe(p.askE18 - p.bidE18, 1);
        assertEq(p.unit, 10 ** tokenDecimals);
    }

    /// @dev The same dollars with other decimals are the same price.
    function testFuzz_price_DoesNotDependOnTheFeedsDecimals(uint256 usd, uint8 feedDecimals) public {
        usd = bound(usd, 1, 1e9);
        feedDecimals = uint8(bound(feedDecimals, 0, 18));
        setFeed(ETHER_ASSET, new FaultyFeed(feedDecimals, int256(usd * 10 ** feedDecimals)), 18);
        assertLive(ETHER_ASSET, usd * 1e18, usd * 1e18);
    }

    /// @dev Whatever a feed answers, asking never reverts, and a price is live exactly when nothing is wrong with it.
    function testFuzz_price_NeverReverts(
        int256 answer,
        uint256 updatedAt,
        uint80 roundId,
        uint80 answeredInRound,
        uint8 behaviour,
        bool spoilTheQuote
    ) public {
        FaultyFeed feed = spoilTheQuote ? quoteFeed : etherFeed;
        behaviour = uint8(bound(behaviour, 0, uint8(type(FaultyFeed.Behaviour).max)));
        feed.setAnswer(answer);
        // Half of the time near now, where the edges are.
        feed.setUpdatedAt(updatedAt % 2 == 0 ? updatedAt : bound(updatedAt, START - 2 hours, START + 1 hours));
        feed.setRound(roundId, answeredInRound);
        feed.setBehaviour(FaultyFeed.Behaviour(behaviour));

        (IPriceOracleAdapter.Price memory p, IPriceOracleAdapter.Fault fault) = oracle.price(ETHER_ASSET);
        IPriceOracleAdapter.Price[] memory list = oracle.prices((uint256(BITCOIN_ASSET) << 8) | ETHER_ASSET);
        assertEq(abi.encode(list[0]), abi.encode(p), "both views say the same");
        bool live = fault == IPriceOracleAdapter.Fault.None;
        assertEq(uint8(p.status), uint8(live ? IPriceOracleAdapter.Status.Live : IPriceOracleAdapter.Status.Halted));
        if (!live) assertEq(p.bidE18 | p.askE18, 0);
        else assertLe(p.bidE18, p.askE18);
        if (!spoilTheQuote) assertEq(uint8(list[1].status), uint8(IPriceOracleAdapter.Status.Live));
    }

    function testFuzz_price_RisesWithTheAssetAndFallsWithTheQuote(uint256 answer, uint256 more) public {
        answer = bound(answer, 1, 1e20);
        more = bound(more, 0, 1e20);
        etherFeed.setAnswer(int256(answer));
        (uint256 bid, uint256 ask) = oracle.requirePrice(ETHER_ASSET);
        etherFeed.setAnswer(int256(answer + more));
        (uint256 higherBid, uint256 higherAsk) = oracle.requirePrice(ETHER_ASSET);
        assertLe(bid, higherBid);
        assertLe(ask, higherAsk);
        quoteFeed.setAnswer(int256(1e8 + more));
        (uint256 lowerBid, uint256 lowerAsk) = oracle.requirePrice(ETHER_ASSET);
        assertGe(higherBid, lowerBid);
        assertGe(higherAsk, lowerAsk);
    }
}
