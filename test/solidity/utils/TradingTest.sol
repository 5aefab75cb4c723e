// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {AccountId} from "../../../contracts/types/AccountId.sol";
import {InstrumentId, toPerpetual} from "../../../contracts/types/InstrumentId.sol";
import {Perpetual} from "../../../contracts/types/Perpetual.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {BallastTest} from "./BallastTest.sol";

/// @title TradingTest
/// @notice Traders with keys of their own, and short words for orders and what becomes of them.
abstract contract TradingTest is BallastTest {
    InstrumentId internal ETH_PERP = toPerpetual(WETH_ASSET);
    InstrumentId internal BTC_PERP = toPerpetual(WBTC_ASSET);

    address internal maker;
    address internal trader;
    mapping(address owner => uint256 key) internal keys;
    uint256 internal nextNonce;

    function setUp() public virtual override {
        super.setUp();
        maker = _newTrader("maker");
        trader = _newTrader("trader");
    }

    function _newTrader(string memory name) internal returns (address owner) {
        uint256 key;
        (owner, key) = makeAddrAndKey(name);
        keys[owner] = key;
    }

    function _order(
        address owner,
        InstrumentId instrument,
        int256 size,
        uint256 price
    ) internal returns (IExchange.Order memory) {
        return
            IExchange.Order({
                account: _account(owner),
                instrument: instrument,
                sizeE18: size,
                priceE18: price,
                nonce: nextNonce++,
                expiry: block.timestamp + 1 hours,
                signer: owner,
                reduceOnly: false
            });
    }

    function _sign(IExchange.Order memory order) internal view returns (bytes memory) {
        return _signBy(order, keys[order.signer]);
    }

    function _signBy(IExchange.Order memory order, uint256 key) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, exchange.hashOf(order));
        return abi.encodePacked(r, s, v);
    }

    /// @dev `taker_` buys `size` of `maker_` at `price`; sells when it is negative.
    function _trade(address maker_, address taker_, InstrumentId instrument, int256 size, uint256 price) internal {
        IExchange.Order memory one = _order(maker_, instrument, -size, price);
        IExchange.Order memory other = _order(taker_, instrument, size, price);
        _fill(one, other, uint256(size < 0 ? -size : size));
    }

    function _fill(IExchange.Order memory one, IExchange.Order memory other, uint256 size) internal {
        bytes memory first = _sign(one);
        bytes memory second = _sign(other);
        exchange.fill(one, first, other, second, size);
    }

    function _position(address owner, InstrumentId instrument) internal view returns (int256 size, int256 quote) {
        Position position = marginAccount.positionOf(_account(owner), instrument);
        return (position.size(), position.quote());
    }

    function _perpetual(InstrumentId instrument) internal view returns (Perpetual memory) {
        return marginAccount.perpetualOf(instrument);
    }

    function _settle(InstrumentId instrument, address owner) internal {
        AccountId[] memory accounts = new AccountId[](1);
        accounts[0] = _account(owner);
        marginAccount.settle(instrument, accounts);
    }

    /// @dev Both with cash in hand, so that a fill owes nothing.
    function _fundTraders(uint256 amount) internal {
        _deposit(maker, address(usdc), amount);
        _deposit(trader, address(usdc), amount);
        vm.roll(block.number + 1);
    }
}
