// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {Errors} from "../../contracts/base/Errors.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {IMarginAccountTrading} from "../../contracts/interfaces/IMarginAccountTrading.sol";
import {AccountId, toAccountId} from "../../contracts/types/AccountId.sol";
import {InstrumentId} from "../../contracts/types/InstrumentId.sol";
import {TradingTest} from "./utils/TradingTest.sol";
import {ApprovingOwner} from "./utils/mocks/ApprovingOwner.sol";

contract ExchangeTest is TradingTest {
    IExchange.Order internal ask; // the maker sells 5 at 2,000
    IExchange.Order internal bid; // the trader buys 5 at 2,001

    function setUp() public override {
        super.setUp();
        _fundTraders(100_000e6);
        ask = _order(maker, ETH_PERP, -5e18, 2_000e18);
        bid = _order(trader, ETH_PERP, 5e18, 2_001e18);
    }

    /// @dev Fills `ask` against `bid` as they are signed now, and expects this.
    function _refused(uint256 size, bytes memory reason) private {
        bytes memory first = _sign(ask);
        bytes memory second = _sign(bid);
        vm.expectRevert(reason);
        exchange.fill(ask, first, bid, second, size);
    }

    function _traded() private view returns (int256 size) {
        (size, ) = _position(trader, ETH_PERP);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         FILLS
    //////////////////////////////////////////////////////////////////////////*/

    function test_FillsAtTheMakersPriceWhoeverBringsTheOrders() public {
        bytes memory first = _sign(ask);
        bytes memory second = _sign(bid);
        vm.expectEmit(address(exchange));
        emit IExchange.Filled(
            exchange.hashOf(ask),
            exchange.hashOf(bid),
            InstrumentId.unwrap(ETH_PERP),
            AccountId.unwrap(_account(maker)),
            AccountId.unwrap(_account(trader)),
            5e18,
            2_000e18,
            3e6,
            3e6
        );
        vm.prank(stranger);
        exchange.fill(ask, first, bid, second, 5e18);
        (int256 size, int256 quote) = _position(trader, ETH_PERP);
        assertEq(size, 5e18);
        assertEq(quote, -10_000e18);
        // The same two, the other way round: the maker is now who buys.
        ask = _order(maker, ETH_PERP, -1e18, 2_000e18);
        bid = _order(trader, ETH_PERP, 1e18, 2_001e18);
        _fill(bid, ask, 1e18);
        (, int256 after_) = _position(trader, ETH_PERP);
        assertEq(after_ - quote, -2_001e18);
    }

    function test_FillsInPartsUntilNothingIsLeft() public {
        assertEq(exchange.leftOf(bid), 5e18);
        _fill(ask, bid, 2e18);
        assertEq(exchange.leftOf(bid), 3e18);
        _fill(ask, bid, 1e18);
        assertEq(_traded(), 3e18);
        uint256 account = AccountId.unwrap(_account(maker));
        _refused(
            2e18 + 1,
            abi.encodeWithSelector(Errors.Exchange_TooMuch.selector, account, ask.nonce, 2e18, 2e18 + 1)
        );
        _fill(ask, bid, 2e18);
        assertEq(_traded(), 5e18);
        assertEq(exchange.leftOf(ask), 0);
        _refused(1, abi.encodeWithSelector(Errors.Exchange_Used.selector, account, ask.nonce));
    }

    function test_OneNonceIsOneOrder() public {
        _fill(ask, bid, 2e18);
        assertEq(exchange.leftOf(ask), 3e18);
        ask.priceE18 = 1_999e18;
        assertEq(exchange.leftOf(ask), 0);
        uint256 account = AccountId.unwrap(_account(maker));
        _refused(1e18, abi.encodeWithSelector(Errors.Exchange_Used.selector, account, ask.nonce));
    }

    function test_FeesAreRoundedUpAndKeptForTheFund() public {
        ask.priceE18 = 2_000e18 + 1;
        _fill(ask, bid, 1e18);
        // 0.03% of 2,000 and a bit.
        assertEq(_cash(trader), 100_000e6 - 0.6e6 - 1);
        assertEq(_cash(maker), 100_000e6 - 0.6e6 - 1);
        assertEq(marginAccount.collectFees(), 1.2e6 + 2);
    }

    function test_TheQuoteIsRoundedAgainstTheTaker() public {
        // 0.333... of a unit at a price of 1e18 + 1: the product has a fraction.
        ask = _order(maker, ETH_PERP, -1e18 - 1, 2_000e18 + 1);
        bid = _order(trader, ETH_PERP, 1e18 + 1, 2_001e18);
        _fill(ask, bid, 1e18 + 1);
        (, int256 quote) = _position(trader, ETH_PERP);
        // (1e18 + 1)(2,000e18 + 1) / 1e18 = 2,000e18 + 2,001 + 1e-18, up.
        assertEq(quote, -(2_000e18 + 2_002));
        // Selling, the taker gets it rounded down.
        address other = _newTrader("other");
        _deposit(other, address(usdc), 10_000e6);
        IExchange.Order memory buys = _order(maker, ETH_PERP, 1e18 + 1, 2_000e18 + 1);
        IExchange.Order memory sells = _order(other, ETH_PERP, -1e18 - 1, 2_000e18);
        _fill(buys, sells, 1e18 + 1);
        (, quote) = _position(other, ETH_PERP);
        assertEq(quote, 2_000e18 + 2_001);
    }

    /// @dev (1e18 + 1)(2,000.5e18 - 2,000) / 1e18 = 2,000.5e18 and a half of a wei: three parts in ten thousand of it are a unit more.
    function test_TheNotionalOfAFeeIsRoundedUp() public {
        uint256 price = 2_000.5e18 - 2_000;
        _trade(maker, trader, ETH_PERP, 1e18 + 1, price);
        assertEq(_cash(trader), 100_000e6 - 600_150 - 1);
        assertEq(_cash(maker), 100_000e6 - 600_150 - 1);
    }

    function test_ReduceOnly() public {
        _fill(ask, bid, 5e18);
        ask = _order(maker, ETH_PERP, 5e18, 2_000e18);
        bid = _order(trader, ETH_PERP, -6e18, 1_999e18);
        bid.reduceOnly = true;
        _fill(ask, bid, 2e18);
        assertEq(_traded(), 3e18);
        uint256 account = AccountId.unwrap(_account(trader));
        // Beyond zero it would turn.
        ask = _order(maker, ETH_PERP, 5e18, 2_000e18);
        _refused(4e18, abi.encodeWithSelector(Errors.MarginAccount_NotReducing.selector, account, 3e18, -4e18));
        _fill(ask, bid, 3e18);
        assertEq(_traded(), 0);
        // Nothing is left to reduce.
        _refused(1e18, abi.encodeWithSelector(Errors.MarginAccount_NotReducing.selector, account, 0, -1e18));
        bid = _order(trader, ETH_PERP, 1e18, 2_000e18);
        bid.reduceOnly = true;
        ask = _order(maker, ETH_PERP, -1e18, 2_000e18);
        _refused(1e18, abi.encodeWithSelector(Errors.MarginAccount_NotReducing.selector, account, 0, 1e18));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       REFUSALS
    //////////////////////////////////////////////////////////////////////////*/

    function test_RevertWhen_OrdersDoNotCross() public {
        _refused(0, abi.encodeWithSelector(Errors.Exchange_BadSize.selector, 0));
        _refused(1 << 255, abi.encodeWithSelector(Errors.Exchange_BadSize.selector, 1 << 255));
        bid.priceE18 = 2_000e18 - 1;
        _refused(1e18, abi.encodeWithSelector(Errors.Exchange_PricesDoNotMeet.selector, 2_000e18 - 1, 2_000e18));
        bid.priceE18 = 2_000e18;
        bid.sizeE18 = -5e18;
        _refused(1e18, abi.encodeWithSelector(Errors.Exchange_NotOpposite.selector, int256(-5e18), int256(-5e18)));
        bid.sizeE18 = 0;
        _refused(1e18, abi.encodeWithSelector(Errors.Exchange_NotOpposite.selector, int256(-5e18), int256(0)));
        // Whoever sells nothing sells, whoever buys it does not buy: neither meets anybody.
        ask.sizeE18 = 5e18;
        _refused(1e18, abi.encodeWithSelector(Errors.Exchange_NotOpposite.selector, int256(5e18), int256(0)));
        (ask.sizeE18, bid.sizeE18) = (0, 5e18);
        _refused(1e18, abi.encodeWithSelector(Errors.Exchange_NotOpposite.selector, int256(0), int256(5e18)));
        ask.sizeE18 = -5e18;
        bid.instrument = BTC_PERP;
        _refused(1e18, abi.encodeWithSelector(Errors.Exchange_NotOpposite.selector, int256(-5e18), int256(5e18)));
    }

    /// @dev The largest size is one, and more than anything that is left.
    function test_RevertWhen_ASizeIsTheLargest() public {
        uint256 most = uint256(type(int256).max);
        _refused(most, abi.encodeWithSelector(Errors.Exchange_TooMuch.selector, _raw(maker), ask.nonce, 5e18, most));
    }

    /// @dev The least number has no opposite: an order of it is of no size.
    function test_RevertWhen_AnOrderIsOfTheLeastNumber() public {
        ask.sizeE18 = type(int256).min;
        bytes memory bad = abi.encodeWithSelector(Errors.Exchange_BadSize.selector, uint256(1) << 255);
        vm.expectRevert(bad);
        exchange.leftOf(ask);
        _refused(1e18, bad);
    }

    function test_RevertWhen_AnOrderIsExpired() public {
        vm.warp(ask.expiry);
        _refreshPrices();
        assertEq(exchange.leftOf(ask), 5e18);
        _fill(ask, bid, 1e18);
        vm.warp(ask.expiry + 1);
        _refreshPrices();
        assertEq(exchange.leftOf(ask), 0);
        uint256 account = AccountId.unwrap(_account(maker));
        _refused(1e18, abi.encodeWithSelector(Errors.Exchange_Expired.selector, account, ask.nonce, ask.expiry));
    }

    function test_RevertWhen_TheSignatureIsAnothers() public {
        bytes memory first = _sign(ask);
        bytes memory second = _signBy(bid, keys[maker]);
        uint256 account = AccountId.unwrap(_account(trader));
        bytes memory reason = abi.encodeWithSelector(Errors.Exchange_BadSignature.selector, account, trader);
        vm.expectRevert(reason);
        exchange.fill(ask, first, bid, second, 1e18);
        // Every field is signed: what changes one of them breaks it.
        second = _sign(bid);
        IExchange.Order memory changed = bid;
        for (uint256 i; i < 4; ++i) {
            changed = abi.decode(abi.encode(bid), (IExchange.Order));
            if (i == 0) changed.priceE18 += 1;
            if (i == 1) changed.sizeE18 += 1;
            if (i == 2) changed.expiry += 1;
            if (i == 3) changed.reduceOnly = true;
            vm.expectRevert(reason);
            exchange.fill(ask, first, changed, second, 1e18);
        }
        vm.expectRevert(reason);
        exchange.fill(ask, first, bid, "", 1e18);
    }

    function test_RevertWhen_TheSignerMayNotTrade() public {
        // Signed well, but by nobody whom the account knows.
        bid.signer = maker;
        uint256 account = AccountId.unwrap(_account(trader));
        _refused(1e18, abi.encodeWithSelector(Errors.MarginAccount_NotAuthorized.selector, account, maker, TRADE));
        // Other rights do not trade.
        vm.prank(trader);
        marginAccount.setOperator(_account(trader), maker, WITHDRAW | POLICY);
        _refused(1e18, abi.encodeWithSelector(Errors.MarginAccount_NotAuthorized.selector, account, maker, TRADE));
        vm.prank(trader);
        marginAccount.setOperator(_account(trader), maker, TRADE);
        _fill(ask, bid, 1e18);
        assertEq(_traded(), 1e18);
    }

    function test_AContractMayOwnAndSign() public {
        ApprovingOwner owner = new ApprovingOwner();
        _deposit(address(owner), address(usdc), 100_000e6);
        bid = _order(address(owner), ETH_PERP, 5e18, 2_000e18);
        bytes memory first = _sign(ask);
        uint256 account = AccountId.unwrap(_account(address(owner)));
        vm.expectRevert(abi.encodeWithSelector(Errors.Exchange_BadSignature.selector, account, address(owner)));
        exchange.fill(ask, first, bid, "", 1e18);
        owner.approve(exchange.hashOf(bid));
        exchange.fill(ask, first, bid, "", 1e18);
        (int256 size, ) = _position(address(owner), ETH_PERP);
        assertEq(size, 1e18);
    }

    function test_CancelByTheBitmap() public {
        ask.nonce = 130;
        vm.expectRevert(
            abi.encodeWithSelector(Errors.MarginAccount_NotAuthorized.selector, _raw(maker), stranger, TRADE)
        );
        vm.prank(stranger);
        exchange.cancel(_account(maker), 1, 1 << 2);

        vm.prank(maker);
        exchange.cancel(_account(maker), 1, (1 << 3) | (1 << 127));
        assertEq(exchange.leftOf(ask), 5e18);
        _fill(ask, bid, 1e18);
        vm.expectEmit(address(exchange));
        emit IExchange.Cancelled(_raw(maker), 1, 1 << 4);
        vm.prank(maker);
        exchange.cancel(_account(maker), 1, 1 << 2);
        assertEq(exchange.leftOf(ask), 0);
        _refused(1e18, abi.encodeWithSelector(Errors.Exchange_Used.selector, _raw(maker), 130));
        for (uint256 nonce = 131; nonce < 256; nonce += 124) {
            ask.nonce = nonce;
            _refused(1e18, abi.encodeWithSelector(Errors.Exchange_Used.selector, _raw(maker), nonce));
        }
        // An operator who may trade may cancel.
        vm.prank(maker);
        marginAccount.setOperator(_account(maker), stranger, TRADE);
        vm.prank(stranger);
        exchange.cancel(_account(maker), 0, type(uint128).max);
        ask.nonce = 127;
        assertEq(exchange.leftOf(ask), 0);
    }

    function test_RevertWhen_BothSidesAreOneAccount() public {
        bid = _order(maker, ETH_PERP, 5e18, 2_001e18);
        _refused(1e18, abi.encodeWithSelector(Errors.MarginAccount_SameAccount.selector, _raw(maker)));
    }

    function test_RevertWhen_TheInstrumentIsUnknown() public {
        for (uint256 i; i < 3; ++i) {
            // A coin that is not listed, a kind that is not there, a bit that means nothing.
            uint256 raw =
                i == 0
                    ? 0x0701
                    : i == 1
                        ? 0x0102
                        : (1 << 40) | 0x0101;
            (ask.instrument, bid.instrument) = (InstrumentId.wrap(raw), InstrumentId.wrap(raw));
            _refused(1e18, abi.encodeWithSelector(Errors.MarginAccount_UnknownInstrument.selector, raw));
        }
    }

    function test_RevertWhen_ThereIsNoPrice() public {
        _makeStale(WETH_ASSET);
        bytes memory first = _sign(ask);
        bytes memory second = _sign(bid);
        vm.expectPartialRevert(Errors.PriceOracleAdapter_Halted.selector);
        exchange.fill(ask, first, bid, second, 1e18);
    }

    function test_RevertWhen_AFillIsWorthNothing() public {
        ask = _order(maker, ETH_PERP, 5e18, 0);
        bid = _order(trader, ETH_PERP, -5e18, 0);
        _refused(1e18, abi.encodeWithSelector(Errors.MarginAccount_EmptyFill.selector));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                      PERMISSIONS
    //////////////////////////////////////////////////////////////////////////*/

    function test_RevertWhen_AStrangerFillsSettlesOrSets() public {
        IMarginAccountTrading.Fill memory f;
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_NotModule.selector, stranger, address(exchange)));
        marginAccount.fill(f);
        bytes memory unauthorized = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        vm.expectRevert(unauthorized);
        exchange.setFeeParameters(IExchange.FeeParameters(300, 300));
        vm.expectRevert(unauthorized);
        marginAccount.setPerpetual(WETH_ASSET, 0, 1, 1, 1, 0);
        vm.expectRevert(unauthorized);
        marginAccount.setExchange(stranger);
        // What slices run is not to be had from outside, by whatever name.
        vm.expectRevert();
        marginAccount.movePositions(_account(trader), _account(stranger), 1e18);
        vm.expectRevert();
        marginAccount.isCure(_account(trader), address(usdc), 1);
        // At its own address the trading part knows no Liquidator.
        IMarginAccountTrading part = IMarginAccountTrading(marginAccount.trading());
        vm.expectRevert(abi.encodeWithSelector(Errors.MarginAccount_NotModule.selector, stranger, address(0)));
        part.movePositions(_account(trader), _account(stranger), 1e18);
        vm.stopPrank();
    }

    function test_FeesHaveBounds() public {
        vm.expectRevert(
            abi.encodeWithSelector(Errors.Exchange_ParameterOutOfBounds.selector, bytes32("makerE6"), 10_001, 10_000)
        );
        exchange.setFeeParameters(IExchange.FeeParameters(10_001, 0));
        vm.expectRevert(
            abi.encodeWithSelector(Errors.Exchange_ParameterOutOfBounds.selector, bytes32("takerE6"), 10_001, 10_000)
        );
        exchange.setFeeParameters(IExchange.FeeParameters(0, 10_001));
        vm.expectRevert(
            abi.encodeWithSelector(
                Errors.Exchange_ParameterOutOfBounds.selector,
                bytes32("makerE6 + takerE6"),
                499,
                500
            )
        );
        exchange.setFeeParameters(IExchange.FeeParameters(0, 499));
        exchange.setFeeParameters(IExchange.FeeParameters(0, 500));
        assertEq(exchange.feeParameters().takerE6, 500);
        vm.expectEmit(address(exchange));
        emit IExchange.FeeParametersSet(IExchange.FeeParameters(10_000, 10_000));
        exchange.setFeeParameters(IExchange.FeeParameters(10_000, 10_000));
        assertEq(exchange.feeParameters().makerE6, 10_000);
    }

    /// @dev One side may pay for both.
    function test_OneSidesFeeIsEnough() public {
        exchange.setFeeParameters(IExchange.FeeParameters(0, 500));
        _fill(ask, bid, 1e18);
        assertEq(_cash(maker), 100_000e6);
        assertEq(_cash(trader), 100_000e6 - 1e6);
        exchange.setFeeParameters(IExchange.FeeParameters(500, 0));
        _fill(ask, bid, 1e18);
        assertEq(_cash(maker), 100_000e6 - 1e6);
        assertEq(_cash(trader), 100_000e6 - 1e6);
    }

    function test_WithoutFeesNothingIsFilled() public {
        IExchange fresh = IExchange(_deployed(ROOT, "Exchange", abi.encode(manager, marginAccount)));
        vm.expectRevert(
            abi.encodeWithSelector(Errors.Exchange_ParameterOutOfBounds.selector, bytes32("makerE6 + takerE6"), 0, 500)
        );
        fresh.fill(ask, "", bid, "", 1e18);
    }
}
