// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {IMarginAccountExtension} from "../../../contracts/interfaces/IMarginAccountExtension.sol";
import {Outcome} from "../../../contracts/interfaces/IRebalancer.sol";
import {AccountHeader} from "../../../contracts/types/AccountHeader.sol";
import {AccountId} from "../../../contracts/types/AccountId.sol";
import {Assessment} from "../../../contracts/types/Assessment.sol";
import {PolicyFields} from "../../../contracts/types/BandPolicy.sol";
import {CollateralPage} from "../../../contracts/types/CollateralPage.sol";
import {InstrumentId} from "../../../contracts/types/InstrumentId.sol";
import {Perpetual} from "../../../contracts/types/Perpetual.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {TradingTest} from "../utils/TradingTest.sol";

/// @title TradingWalk
/// @notice A long walk of traders, keepers, takers and settlers through moving prices; after each step the promises that positions
/// touch are computed anew from every account.
contract TradingWalk is TradingTest {
    uint256 internal constant STEPS = 1_200;
    uint256 internal constant TRADERS = 6;
    uint256 internal constant ACTIONS = 11;

    address[] internal traders;
    uint256 internal word;
    uint256[ACTIONS] internal done;
    int256 internal lastDustEth;
    int256 internal lastDustBtc;

    function setUp() public override {
        super.setUp();
        _lend(5_000_000e6);
        for (uint256 i; i < TRADERS; ++i) {
            address owner = _newTrader(string.concat("walker ", vm.toString(i)));
            traders.push(owner);
            _deposit(owner, address(usdc), 50_000e6);
            if (i % 2 == 0) _deposit(owner, address(weth), 20e18);
            if (i % 3 == 0) {
                _depositReserve(owner, address(usdc), 20_000e6);
                PolicyFields memory policy = _policy();
                policy.releaseToWallet = i == 3;
                _setPolicy(owner, policy);
            }
        }
        _deposit(taker, address(usdc), 3_000_000e6);
        vm.roll(block.number + 1);
    }

    function test_PromisesHoldThroughAWalk() public {
        for (uint256 step; step < STEPS; ++step) {
            word = uint256(keccak256(abi.encode("trading walk", step)));
            uint256 action = word % ACTIONS;
            if (_act(action)) ++done[action];
            _check(step, action);
        }
        for (uint256 action; action < ACTIONS; ++action) {
            assertGt(done[action], 0, string.concat("action never succeeded: ", vm.toString(action)));
        }
    }

    function _random(uint256 most) private returns (uint256) {
        word = uint256(keccak256(abi.encode(word)));
        return word % most;
    }

    function _someone() private returns (address) {
        return traders[_random(TRADERS)];
    }

    function _act(uint256 action) private returns (bool) {
        if (action <= 3) return _tradeSomething();
        if (action == 4) return _settleSomebody();
        if (action == 5) return _moveMarket();
        if (action == 6) return _letTimePass();
        if (action == 7) return _rebalanceSomebody();
        if (action == 8) return _liquidateSomebody();
        if (action == 9) return _moveMoney();
        marginAccount.accrueFunding(_random(2) == 0 ? ETH_PERP : BTC_PERP);
        return marginAccount.collectFees() != 0;
    }

    function _tradeSomething() private returns (bool) {
        (address one, address other) = (_someone(), _someone());
        if (one == other) return false;
        bool ether_ = _random(2) == 0;
        InstrumentId instrument = ether_ ? ETH_PERP : BTC_PERP;
        (uint256 mark, ) = riskEngine.requirePrice(ether_ ? WETH_ASSET : WBTC_ASSET);
        uint256 size = (ether_ ? 60e18 : 2e18) / (1 + _random(40)) + _random(1e12);
        // Within 2% of the mark, mostly within the band.
        uint256 price = mark - mark / 200 + _random(mark / 100) + _random(1e9);
        int256 signed = _random(2) == 0 ? int256(size) : -int256(size);
        IExchange.Order memory first = _order(one, instrument, -signed, price);
        IExchange.Order memory second = _order(other, instrument, signed, price);
        if (_random(4) == 0) second.reduceOnly = true;
        try exchange.fill(first, _sign(first), second, _sign(second), size) {
            return true;
        } catch {
            return false;
        }
    }

    function _settleSomebody() private returns (bool) {
        AccountId[] memory accounts = new AccountId[](2);
        (accounts[0], accounts[1]) = (_account(_someone()), _account(_someone()));
        marginAccount.settle(_random(2) == 0 ? ETH_PERP : BTC_PERP, accounts);
        return true;
    }

    function _moveMarket() private returns (bool) {
        uint8 asset = _random(2) == 0 ? WETH_ASSET : WBTC_ASSET;
        int256 answer = feeds[asset].latestAnswer();
        int256 percent = int256(_random(17)) - 8;
        int256 start = asset == WETH_ASSET ? WETH_START : WBTC_START;
        answer = (answer * (100 + percent)) / 100 + int256(_random(1_000));
        if (answer < start / 3 || answer > start * 3) answer = start;
        _setPrice(asset, answer);
        return true;
    }

    function _letTimePass() private returns (bool) {
        _pass(1 + _random(3 hours));
        return true;
    }

    function _rebalanceSomebody() private returns (bool) {
        vm.roll(block.number + 1);
        vm.prank(keeper);
        return marginAccount.rebalance(_account(_someone())) > Outcome.PriceHalted;
    }

    function _liquidateSomebody() private returns (bool) {
        vm.roll(block.number + 1);
        for (uint256 i; i < TRADERS; ++i) {
            AccountId id = _account(traders[i]);
            Assessment memory a = marginAccount.assess(id);
            if (a.healthE18 >= 1e18) continue;
            vm.prank(taker);
            try liquidator.liquidate(id, _account(taker), type(uint256).max, type(int256).max, "") {
                return true;
            } catch {}
        }
        return false;
    }

    function _moveMoney() private returns (bool) {
        address owner = _someone();
        if (_random(2) == 0) {
            _deposit(owner, address(usdc), 1e6 + _random(20_000e6));
            return true;
        }
        uint256 most = marginAccount.maxWithdraw(_account(owner), address(usdc));
        if (most == 0) return false;
        uint256 amount = 1 + _random(most);
        // A debt too small to be allowed becomes the largest.
        int256 left = _cash(owner) - int256(amount);
        _withdraw(owner, address(usdc), left < 0 && left > -101e6 ? most : amount);
        return true;
    }

    /*//////////////////////////////////////////////////////////////////////////
                                      THE PROMISES
    //////////////////////////////////////////////////////////////////////////*/

    function _check(uint256 step, uint256 action) private {
        string memory where = string.concat(" after step ", vm.toString(step), ", action ", vm.toString(action));
        Perpetual memory eth = _perpetual(ETH_PERP);
        Perpetual memory btc = _perpetual(BTC_PERP);

        // 1: what the vault answers for is there.
        IMarginAccountExtension.CashView memory v = marginAccount.cashMarket();
        uint256 owed = v.supplyAssets + v.forfeited + eth.pool + btc.pool;
        assertGe(v.idle + v.borrowAssets + 1, owed, string.concat("promise 1", where));

        // 2: sizes sum to zero, and quotes and pool to what funding and rounding left.
        lastDustEth = _checkBook(ETH_PERP, eth, lastDustEth, where);
        lastDustBtc = _checkBook(BTC_PERP, btc, lastDustBtc, where);

        // 3
        (uint256 total, uint256 reserved, , ) = vault.totalsOf(address(usdc));
        assertGe(usdc.balanceOf(address(vault)), total + reserved, string.concat("promise 3", where));

        // 9, for each account.
        for (uint256 i; i < TRADERS; ++i) {
            Assessment memory a = marginAccount.assess(_account(traders[i]));
            assertGe(a.initialE18, a.maintenanceE18, string.concat("promise 9", where));
        }
    }

    function _checkBook(
        InstrumentId instrument,
        Perpetual memory p,
        int256 lastDust,
        string memory where
    ) private view returns (int256 dust) {
        int256 sizes;
        int256 quotes;
        uint256 longs;
        for (uint256 i; i <= TRADERS; ++i) {
            address owner = i == TRADERS ? taker : traders[i];
            Position position = marginAccount.positionOf(_account(owner), instrument);
            sizes += position.size();
            quotes += position.quote();
            if (position.size() > 0) longs += uint256(position.size());
        }
        assertEq(sizes, 0, string.concat("promise 2, sizes", where));
        assertEq(longs, p.openInterestE18, string.concat("promise 2, open interest", where));
        // What is settled out of losers' quotes lies in the pool until winners' quotes take it: quotes are the pool's, less the dust.
        dust = int256(uint256(p.pool)) * 1e12 - quotes;
        // 4: funding and rounding only ever leave something, and little of it: a unit of the quote token for each close, and wei.
        assertGe(dust, 0, string.concat("promise 2, quotes", where));
        assertLe(dust - lastDust, 4e12, string.concat("promise 4, dust", where));
    }
}
