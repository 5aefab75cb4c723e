// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../../../contracts/base/Errors.sol";
import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {IPriceOracleAdapter} from "../../../contracts/interfaces/IPriceOracleAdapter.sol";
import {GuardLevel} from "../../../contracts/types/Guard.sol";
import {Perpetual} from "../../../contracts/types/Perpetual.sol";
import {TradingTest} from "../utils/TradingTest.sol";

/// @title HaltedTradingTest
/// @notice While the underlying has no price, positions may shrink near the last one, where no loss can be left to lenders.
contract HaltedTradingTest is TradingTest {
    function setUp() public override {
        super.setUp();
        _fundTraders(10_000e6);
        _trade(maker, trader, ETH_PERP, 4e18, 2_000e18);
        _makeStale(WETH_ASSET);
    }

    /// @dev The trader sells `size` back at `price`.
    function _reduce(uint256 size, uint256 price, bytes memory reason) private {
        IExchange.Order memory one = _order(maker, ETH_PERP, int256(size), price);
        IExchange.Order memory other = _order(trader, ETH_PERP, -int256(size), price);
        bytes memory first = _sign(one);
        bytes memory second = _sign(other);
        if (reason.length != 0) vm.expectRevert(reason);
        exchange.fill(one, first, other, second, size);
    }

    function _halted() private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                Errors.PriceOracleAdapter_Halted.selector,
                WETH_ASSET,
                uint8(IPriceOracleAdapter.Fault.Stale)
            );
    }

    function test_PositionsMayShrinkNearTheLastPrice() public {
        Perpetual memory before = _perpetual(ETH_PERP);
        _reduce(1e18, 2_008e18, "");
        _reduce(1e18, 1_992e18, "");
        _reduce(2e18, 2_000e18, "");
        (int256 size, ) = _position(trader, ETH_PERP);
        assertEq(size, 0);
        assertEq(_perpetual(ETH_PERP).openInterestE18, 0);
        // Nobody knows what these deviate from: neither index nor premium heard of them.
        assertEq(_perpetual(ETH_PERP).indexPriceE18, before.indexPriceE18);
        assertEq(_perpetual(ETH_PERP).premiumE18, before.premiumE18);
        // Eight less and eight more, and 0.03% of what was traded.
        assertEq(_cash(trader), 10_000e6 - 4.8e6);
    }

    function test_RevertWhen_FurtherFromTheLastPrice() public {
        // 0.4%, to the unit.
        bytes4 outside = Errors.MarginAccount_PriceOutsideBand.selector;
        _reduce(1e18, 2_008e18 + 1, abi.encodeWithSelector(outside, _raw(maker), 2_008e18 + 1, 1_992e18, 2_008e18));
        _reduce(1e18, 1_992e18 - 1, abi.encodeWithSelector(outside, _raw(maker), 1_992e18 - 1, 1_992e18, 2_008e18));
    }

    function test_TheBandIsRoundedInwards() public {
        // A quote a little below a dollar gives a price with digits to its end.
        _setPrice(QUOTE_ASSET, 99_999_999);
        _setPrice(WETH_ASSET, 2_000e8);
        (IPriceOracleAdapter.Price memory price, ) = riskEngine.price(WETH_ASSET);
        _makeStale(WETH_ASSET);
        uint256 lowest = (price.askE18 * 996 + 999) / 1_000;
        uint256 highest = (price.askE18 * 1_004) / 1_000;
        assertTrue((price.askE18 * 996) % 1_000 != 0 && (price.askE18 * 1_004) % 1_000 != 0);
        bytes4 outside = Errors.MarginAccount_PriceOutsideBand.selector;
        _reduce(1e18, highest + 1, abi.encodeWithSelector(outside, _raw(maker), highest + 1, lowest, highest));
        _reduce(1e18, lowest - 1, abi.encodeWithSelector(outside, _raw(maker), lowest - 1, lowest, highest));
        _reduce(1e18, highest, "");
        _reduce(1e18, lowest, "");
    }

    function test_RevertWhen_APositionGrows() public {
        IExchange.Order memory one = _order(maker, ETH_PERP, -1e18, 2_000e18);
        IExchange.Order memory other = _order(trader, ETH_PERP, 1e18, 2_000e18);
        bytes memory first = _sign(one);
        bytes memory second = _sign(other);
        vm.expectRevert(_halted());
        exchange.fill(one, first, other, second, 1e18);
        // Through zero and out on the other side is growth.
        _reduce(5e18, 2_000e18, _halted());
    }

    function test_RevertWhen_OneSideGrows() public {
        address third = _newTrader("third");
        _deposit(third, address(usdc), 10_000e6);
        IExchange.Order memory one = _order(third, ETH_PERP, 1e18, 2_000e18);
        IExchange.Order memory other = _order(trader, ETH_PERP, -1e18, 2_000e18);
        bytes memory first = _sign(one);
        bytes memory second = _sign(other);
        vm.expectRevert(_halted());
        exchange.fill(one, first, other, second, 1e18);
    }

    /// @dev What an account owes must not become the lenders' at either end of the band.
    function test_RevertWhen_EquityIsGoneAtOneEndOfTheBand() public {
        _setPrice(WETH_ASSET, 2_000e8);
        // The trader's cash goes to 1,400: 8,000 at 17.5% is all that is left.
        uint256 most = marginAccount.maxWithdraw(_account(trader), address(usdc));
        _withdraw(trader, address(usdc), most);
        // And then the price falls until his equity is a little more than nothing.
        int256 equity = marginAccount.assess(_account(trader)).equityE18;
        uint256 last = 2_000e18 - uint256(equity) / 4 + 3e18;
        _setPrice(WETH_ASSET, int256(last / 1e10));
        assertGt(marginAccount.assess(_account(trader)).equityE18, 0);
        _makeStale(WETH_ASSET);
        // With 3 of 4 left, 12 dollars of equity stand against a band of 0.4% of some 4,900.
        vm.expectPartialRevert(Errors.MarginAccount_BelowInitialMargin.selector);
        this.reduceAt(1e18, (last / 1e10) * 1e10);
        // With nothing left nothing can move.
        this.reduceAt(4e18, (last / 1e10) * 1e10);
    }

    /// @dev Four bought at 2,000 and sold at 1,600 lose 1,600; the fee is 1.92, and that is all there is.
    function test_WhoLosesAllAndNoMoreMayClose() public {
        _setPrice(WETH_ASSET, 2_000e8);
        _withdraw(trader, address(usdc), uint256(_cash(trader)) - 1_601.92e6);
        _setPrice(WETH_ASSET, 1_600e8);
        _makeStale(WETH_ASSET);
        _reduce(4e18, 1_600e18, "");
        assertEq(_cash(trader), 0);
        assertEq(_header(trader).positionCount(), 0);
    }

    function reduceAt(uint256 size, uint256 price) external {
        _reduce(size, price, "");
    }

    function test_RevertWhen_ThereNeverWasAPrice() public {
        vm.etch(address(feeds[WETH_ASSET]), hex"fe");
        _reduce(
            1e18,
            2_000e18,
            abi.encodeWithSelector(
                Errors.PriceOracleAdapter_Halted.selector,
                WETH_ASSET,
                uint8(IPriceOracleAdapter.Fault.Reverting)
            )
        );
    }

    /// @dev A reduction is no way around a pause, and needs no live price to be a reduction.
    function test_ItGoesOnWhereTheGuardianLetsPositionsShrink() public {
        marginAccount.pause(GuardLevel.ReduceOnly, 1 days);
        _reduce(1e18, 2_000e18, "");
    }
}
