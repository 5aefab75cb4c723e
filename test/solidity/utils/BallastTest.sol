// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ICollateralVault} from "../../../contracts/interfaces/ICollateralVault.sol";
import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {ILiquidator} from "../../../contracts/interfaces/ILiquidator.sol";
import {IMarginAccount} from "../../../contracts/interfaces/IMarginAccount.sol";
import {IRebalancer} from "../../../contracts/interfaces/IRebalancer.sol";
import {IRiskEngine} from "../../../contracts/interfaces/IRiskEngine.sol";
import {MintableToken} from "../../../contracts/mocks/MintableToken.sol";
import {SettableAggregator} from "../../../contracts/mocks/SettableAggregator.sol";
import {UsdCoin} from "../../../contracts/mocks/UsdCoin.sol";
import {WrappedBitcoin} from "../../../contracts/mocks/WrappedBitcoin.sol";
import {MarginLens} from "../../../contracts/periphery/MarginLens.sol";
import {AccountHeader} from "../../../contracts/types/AccountHeader.sol";
import {AccountId, toAccountId} from "../../../contracts/types/AccountId.sol";
import {PolicyFields} from "../../../contracts/types/BandPolicy.sol";
import {ArtifactTest} from "./ArtifactTest.sol";
import {WrappedCoin} from "./mocks/WrappedCoin.sol";

/// @title BallastTest
/// @notice The whole protocol, deployed as on mainnet with the design's starting values, and short words for what tests do.
/// @dev The test contract is the AccessManager's admin, so it holds every role without delay.
abstract contract BallastTest is ArtifactTest {
    /*//////////////////////////////////////////////////////////////////////////
                                       CONSTANTS
    //////////////////////////////////////////////////////////////////////////*/

    uint8 internal constant QUOTE_ASSET = 0;
    uint8 internal constant WETH_ASSET = 1;
    uint8 internal constant WBTC_ASSET = 2;

    /// @dev {1e-8 usd} Where the feeds start.
    int256 internal constant USDC_START = 1e8;
    int256 internal constant WETH_START = 2_000e8;
    int256 internal constant WBTC_START = 60_000e8;

    uint24 internal constant USDC_HEARTBEAT = 1 days;
    uint24 internal constant COIN_HEARTBEAT = 1 hours;
    uint24 internal constant SLACK = 10 minutes;

    /// @dev {token} Bounds of amounts in fuzz tests.
    uint256 internal constant MAX_USDC = 1_000_000e6;
    uint256 internal constant MAX_WETH = 10_000e18;
    uint256 internal constant MAX_WBTC = 500e8;

    /// @dev AccessManager's own number for its administrators.
    uint64 internal constant ADMIN_ROLE = 0;

    uint8 internal constant WITHDRAW = 1;
    uint8 internal constant TRADE = 2;
    uint8 internal constant POLICY = 4;

    uint256 internal constant START_TIME = 1_790_000_000;

    /*//////////////////////////////////////////////////////////////////////////
                                      THE PROTOCOL
    //////////////////////////////////////////////////////////////////////////*/

    IAccessManager internal manager;
    ICollateralVault internal vault;
    IRiskEngine internal riskEngine;
    IRebalancer internal rebalancer;
    IMarginAccount internal marginAccount;
    ILiquidator internal liquidator;
    MarginLens internal lens;
    IExchange internal exchange;

    UsdCoin internal usdc;
    MintableToken internal weth;
    WrappedBitcoin internal wbtc;
    /// @dev The chain's own coin as a token; not listed.
    WrappedCoin internal wrapped;

    /// @dev The feed behind an asset's number; new listings join.
    mapping(uint8 asset => SettableAggregator) internal feeds;

    /*//////////////////////////////////////////////////////////////////////////
                                       THE PEOPLE
    //////////////////////////////////////////////////////////////////////////*/

    address internal alice = makeAddr("alice");
    address internal bob = makeAddr("bob");
    address internal carol = makeAddr("carol");
    address internal lender = makeAddr("lender");
    address internal keeper = makeAddr("keeper");
    address internal taker = makeAddr("taker");
    address internal stranger = makeAddr("stranger");

    function setUp() public virtual {
        vm.warp(START_TIME);
        vm.roll(20_000_000);
        vm.fee(20 gwei);

        manager = IAccessManager(_deployed(ACCESS, "AccessManager", abi.encode(address(this))));
        rebalancer = IRebalancer(_deployed(ROOT, "Rebalancer", abi.encode(manager)));
        riskEngine = IRiskEngine(address(rebalancer));

        usdc = UsdCoin(_deployed(MOCKS, "UsdCoin", ""));
        weth = MintableToken(_deployed(MOCKS, "MintableToken", abi.encode("Wrapped Ether", "WETH")));
        wbtc = WrappedBitcoin(_deployed(MOCKS, "WrappedBitcoin", ""));
        address executor = _deployed(ROOT, "Executor", "");
        wrapped = new WrappedCoin();
        address access = _deployed(ROOT, "MarginAccountAccess", abi.encode(manager, executor, wrapped));
        address extension = _deployed(ROOT, "MarginAccountExtension", abi.encode(manager, access));
        address trading = _deployed(ROOT, "MarginAccountTrading", abi.encode(manager, usdc, rebalancer));
        marginAccount = IMarginAccount(
            _deployed(ROOT, "MarginAccount", abi.encode(manager, usdc, rebalancer, extension, trading))
        );
        vault = ICollateralVault(marginAccount.vault());
        _list(address(usdc), 6, USDC_START, USDC_HEARTBEAT);
        _list(address(weth), 18, WETH_START, COIN_HEARTBEAT);
        _list(address(wbtc), 8, WBTC_START, COIN_HEARTBEAT);
        riskEngine.setRiskParameters(WETH_ASSET, _riskParameters(1_000));
        riskEngine.setRiskParameters(WBTC_ASSET, _riskParameters(800));

        liquidator = ILiquidator(_deployed(ROOT, "Liquidator", abi.encode(manager, marginAccount)));
        lens = MarginLens(_deployed(PERIPHERY, "MarginLens", abi.encode(marginAccount, liquidator)));

        rebalancer.setKeeperParameters(_keeperParameters());
        liquidator.setLiquidationParameters(_liquidationParameters());
        marginAccount.setInterest(200, 800, 9_000, 8_500, 2_000, 100);
        marginAccount.setLiquidator(address(liquidator));

        exchange = IExchange(_deployed(ROOT, "Exchange", abi.encode(manager, marginAccount)));
        exchange.setFeeParameters(IExchange.FeeParameters({makerE6: 300, takerE6: 300}));
        marginAccount.setExchange(address(exchange));
        _listPerpetual(WETH_ASSET, 10_000);
        _listPerpetual(WBTC_ASSET, 500);
    }

    /// @dev A perpetual on the design's terms: funding of a premium over 8 and 0.00125% an hour within 0.05%, fills within 0.4%.
    /// @param cap {unit}
    function _listPerpetual(uint8 underlying, uint48 cap) internal {
        marginAccount.setPerpetual(underlying, 125, 5_000, 8, 40, cap * 1_000);
        riskEngine.setPerpetualRisk(
            underlying,
            IRiskEngine.PerpetualRisk({basisMaintenanceBps: 100, basisInitialBps: 200, profitCap: 100_000})
        );
    }

    /*//////////////////////////////////////////////////////////////////////////
                                    STARTING VALUES
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Liquidation near 86% loan to value and borrowing to 77% with a shock of 10%.
    function _riskParameters(uint16 shockBps) internal pure returns (IRiskEngine.RiskParameters memory) {
        return
            IRiskEngine.RiskParameters({
                shockBps: shockBps,
                haircutMaintenanceBps: 400,
                haircutInitialBps: 800,
                initialFactorBps: 15_000,
                sizeCoefficientBps: 2_000
            });
    }

    function _keeperParameters() internal pure returns (IRebalancer.KeeperParameters memory) {
        return
            IRebalancer.KeeperParameters({
                gasMaximum: 2_000_000,
                gasOverhead: 40_000,
                baseFeeMaximum: 500 gwei,
                marginBps: 2_000,
                flatE6: 1e6,
                gasAsset: WETH_ASSET,
                releaseMultiple: 20,
                discountBps: 500
            });
    }

    function _liquidationParameters() internal pure returns (ILiquidator.LiquidationParameters memory) {
        return
            ILiquidator.LiquidationParameters({
                startDiscountBps: 500,
                healthSlopeBps: 10_000,
                timeSlopeBps: 1_000,
                maxDiscountBps: 10_000,
                targetHealthBps: 11_500,
                toleranceBps: 200,
                fundShareBps: 1_000,
                dustValue: 100,
                restartSeconds: 6 hours
            });
    }

    /// @dev A band like the default's, which also releases above 2 and names WETH and WBTC.
    function _policy() internal pure returns (PolicyFields memory) {
        return
            PolicyFields({
                lowerE6: 1_250_000,
                lowerRestoreE6: 1_600_000,
                upperRestoreE6: 1_800_000,
                upperE6: 2_000_000,
                graceSeconds: 10 minutes,
                keeperPayCap: 25,
                releaseToWallet: false,
                walletTopUp: false,
                assetOrder: uint64(WETH_ASSET) | (uint64(WBTC_ASSET) << 8)
            });
    }

    /// @dev A policy that tops up from the wallet, and a wallet that lets it, in USDC.
    /// @param limit {quote E18} Of a day.
    function _openWallet(address owner, uint128 limit) internal {
        PolicyFields memory policy = _policy();
        policy.walletTopUp = true;
        _setPolicy(owner, policy);
        vm.startPrank(owner);
        marginAccount.setWalletLimit(_account(owner), limit);
        usdc.approve(address(vault), type(uint256).max);
        vm.stopPrank();
    }

    /*//////////////////////////////////////////////////////////////////////////
                                  LISTINGS AND PRICES
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Lists a token with a feed of its own, a cap in nobody's way and a minimum of 0.01 whole tokens (WBTC and others
    /// with few decimals: at least one unit).
    function _list(address token, uint8 decimals, int256 answer, uint24 heartbeat) internal returns (uint8 asset) {
        asset = token == address(usdc) ? 0 : vault.list(token); // the quote token is listed from the start
        vault.setLimits(token, 1_000_000_000, 100);
        feeds[asset] = SettableAggregator(
            _deployed(MOCKS, "SettableAggregator", abi.encode("FEED", uint8(8), int256(0)))
        );
        feeds[asset].push(answer, block.timestamp);
        riskEngine.setFeed(asset, address(feeds[asset]), decimals, heartbeat, SLACK);
    }

    /// @dev Lists a token as collateral on ether's terms at `answer` {1e-8 usd}.
    function _listCollateral(address token, uint8 decimals, int256 answer) internal returns (uint8 asset) {
        asset = _list(token, decimals, answer, COIN_HEARTBEAT);
        riskEngine.setRiskParameters(asset, _riskParameters(1_000));
    }

    /// @dev A new token of 18 decimals, listed as collateral at 2,000 dollars.
    function _newCollateral() internal returns (MintableToken token, uint8 asset) {
        token = MintableToken(_deployed(MOCKS, "MintableToken", abi.encode("Collateral", "COL")));
        asset = _listCollateral(address(token), 18, WETH_START);
    }

    /// @param answer {1e-8 usd}
    function _setPrice(uint8 asset, int256 answer) internal {
        feeds[asset].push(answer, block.timestamp);
    }

    /// @dev Every feed answers again, as of now, what it answered last.
    function _refreshPrices() internal {
        uint256 count = vault.listedCount();
        for (uint8 asset; asset < count; ++asset) {
            if (address(feeds[asset]) != address(0)) _setPrice(asset, feeds[asset].latestAnswer());
        }
    }

    /// @dev Lets time pass with feeds that stay fresh; a block each 12 seconds.
    function _pass(uint256 time) internal {
        skip(time);
        vm.roll(block.number + time / 12 + 1);
        _refreshPrices();
    }

    /// @dev The feed's last answer is older than it may be.
    function _makeStale(uint8 asset) internal {
        feeds[asset].push(feeds[asset].latestAnswer(), block.timestamp - 2 days);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                    WHAT PEOPLE DO
    //////////////////////////////////////////////////////////////////////////*/

    function _account(address owner) internal pure returns (AccountId) {
        return toAccountId(owner, 0);
    }

    function _raw(address owner) internal pure returns (uint256) {
        return AccountId.unwrap(toAccountId(owner, 0));
    }

    /// @dev Mints to `owner` and approves the vault.
    function _fund(address owner, address token, uint256 amount) internal {
        MintableToken(token).mint(owner, amount);
        vm.prank(owner);
        IERC20(token).approve(address(vault), type(uint256).max);
    }

    function _deposit(address owner, address token, uint256 amount) internal {
        _fund(owner, token, amount);
        vm.prank(owner);
        marginAccount.deposit(_account(owner), token, amount);
    }

    function _depositReserve(address owner, address token, uint256 amount) internal {
        _fund(owner, token, amount);
        vm.prank(owner);
        marginAccount.depositReserve(_account(owner), token, amount);
    }

    function _withdraw(address owner, address token, uint256 amount) internal returns (uint256) {
        vm.prank(owner);
        return marginAccount.withdraw(_account(owner), token, amount, owner);
    }

    function _lend(uint256 amount) internal {
        _deposit(lender, address(usdc), amount);
    }

    /// @dev A lender with ten million, and an owner with collateral in ether and a debt; one block later.
    function _borrow(address owner, uint256 wethAmount, uint256 debt) internal {
        if (usdc.balanceOf(address(vault)) < debt) _lend(10_000_000e6);
        _deposit(owner, address(weth), wethAmount);
        _withdraw(owner, address(usdc), debt);
        vm.roll(block.number + 1);
    }

    function _setPolicy(address owner, PolicyFields memory policy) internal {
        vm.prank(owner);
        marginAccount.setPolicy(_account(owner), policy);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                     WHAT IS SEEN
    //////////////////////////////////////////////////////////////////////////*/

    function _cash(address owner) internal view returns (int256) {
        return marginAccount.cashOf(_account(owner));
    }

    function _health(address owner) internal view returns (uint256) {
        return marginAccount.healthOf(_account(owner));
    }

    function _collateral(address owner, uint8 asset) internal view returns (uint256) {
        return marginAccount.collateralOf(_account(owner), asset);
    }

    function _reserve(address owner, uint8 asset) internal view returns (uint256) {
        return vault.reserveOf(_account(owner), asset);
    }

    function _header(address owner) internal view returns (AccountHeader header) {
        (header, , , ) = marginAccount.stateOf(_account(owner));
    }

    /// @dev A digest of all that an action could have changed: the accounts of `owner` and `other`, the cash market, the
    /// vault's totals, reserves and balances. Equal digests: nothing changed.
    function _snapshot(address owner, address other) internal view returns (bytes32 digest) {
        digest = keccak256(abi.encode(_digestOf(owner), _digestOf(other)));
        digest = keccak256(abi.encode(digest, marginAccount.cashMarket(), _digestOf(address(marginAccount))));
        uint256 count = vault.listedCount();
        for (uint8 asset; asset < count; ++asset) {
            address token = vault.tokenOf(asset);
            (uint256 total, uint256 reserved, uint256 cap, uint256 minimum) = vault.totalsOf(token);
            digest = keccak256(abi.encode(digest, total, reserved, cap, minimum));
            digest = keccak256(abi.encode(digest, IERC20(token).balanceOf(address(vault))));
            digest = keccak256(abi.encode(digest, IERC20(token).balanceOf(owner), IERC20(token).balanceOf(other)));
            digest = keccak256(abi.encode(digest, _reserve(owner, asset), _reserve(other, asset)));
        }
    }

    /// @dev `caller` asks the margin account for `call`: it must answer exactly `reason`, and nothing may have changed.
    function _assertRefused(address caller, bytes memory call, bytes memory reason) internal {
        bytes32 before = _snapshot(alice, bob);
        vm.prank(caller);
        (bool ok, bytes memory answer) = address(marginAccount).call(call);
        assertFalse(ok, "was not refused");
        assertEq(answer, reason, "another reason");
        assertEq(_snapshot(alice, bob), before, "something changed");
    }

    function _digestOf(address owner) private view returns (bytes32) {
        AccountId id = _account(owner);
        (AccountHeader header, int256 cash, , ) = marginAccount.stateOf(id);
        bytes32 digest = keccak256(abi.encode(header, cash, marginAccount.policyOf(id), marginAccount.provisionOf(id)));
        (uint256 limit, uint256 left) = marginAccount.walletLimitOf(id);
        digest = keccak256(abi.encode(digest, limit, left));
        uint256 count = vault.listedCount();
        for (uint8 asset = 1; asset < count; ++asset) {
            digest = keccak256(abi.encode(digest, marginAccount.collateralOf(id, asset)));
        }
        return digest;
    }
}
