// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {VmSafe} from "forge-std/Vm.sol";
import {FaultyFeed} from "./utils/mocks/FaultyFeed.sol";
import {OracleTest} from "./utils/OracleTest.sol";
import {Errors} from "../../contracts/base/Errors.sol";
import {IPriceOracleAdapter} from "../../contracts/interfaces/IPriceOracleAdapter.sol";
import {IRiskEngine} from "../../contracts/interfaces/IRiskEngine.sol";
import {Position} from "../../contracts/types/Position.sol";
import {IShockLevels} from "../../contracts/interfaces/IShockLevels.sol";
import {CollateralPage} from "../../contracts/types/CollateralPage.sol";
import {Assessment, Leg} from "../../contracts/types/Assessment.sol";
import {LevelParameters, LevelState} from "../../contracts/types/ShockLevel.sol";

/// @title ShockLevelsTest
/// @notice Shocks that follow volatility: who sets them, who may update them, and what margins make of them.
contract ShockLevelsTest is OracleTest {
    IRiskEngine private engine;
    IShockLevels private levels;

    function setUp() public override {
        super.setUp();
        engine = IRiskEngine(address(oracle));
        levels = _newLevels();
        vm.startPrank(governance);
        engine.setRiskParameters(ETHER_ASSET, _risk());
        engine.setShockLevels(address(levels));
        vm.stopPrank();
    }

    function _newLevels() private returns (IShockLevels) {
        return
            IShockLevels(
                _deployed(ROOT, "ShockLevels", abi.encode(IAccessManaged(address(oracle)).authority(), oracle))
            );
    }

    function deployOracle(address authority) internal override returns (IPriceOracleAdapter) {
        return IPriceOracleAdapter(_deployed(ROOT, "RiskEngine", abi.encode(authority)));
    }

    function _risk() private pure returns (IRiskEngine.RiskParameters memory) {
        return IRiskEngine.RiskParameters(1_000, 400, 800, 15_000, 2_000);
    }

    function _level() private pure returns (LevelParameters memory) {
        return LevelParameters(900, 1 hours, 1_000, 2_000, 3_000, 1_500, 24 hours, 24 hours);
    }

    function _set(LevelParameters memory p, uint16 volatility) private {
        vm.prank(governance);
        levels.setLevelParameters(ETHER_ASSET, p, volatility);
    }

    function _leg() private view returns (Leg memory) {
        CollateralPage[] memory pages = new CollateralPage[](1);
        pages[0] = CollateralPage.wrap(0).withEntry(0, ETHER_ASSET, 1e18);
        return _legsOf(pages)[0];
    }

    /// @dev The price moves and somebody looks, `elapsed` later.
    function _move(int256 answer, uint256 elapsed) private {
        skip(elapsed);
        quoteFeed.setUpdatedAt(block.timestamp);
        etherFeed.setUpdatedAt(block.timestamp);
        etherFeed.setAnswer(answer);
        vm.prank(stranger);
        levels.poke(ETHER_ASSET);
    }

    function _expectEngineOutOfBounds(bytes32 field, uint256 found, uint256 limit) private {
        vm.expectRevert(abi.encodeWithSelector(Errors.RiskEngine_ParameterOutOfBounds.selector, field, found, limit));
    }

    function _expectOutOfBounds(bytes32 field, uint256 found, uint256 limit) private {
        vm.expectRevert(abi.encodeWithSelector(Errors.ShockLevels_ParameterOutOfBounds.selector, field, found, limit));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       PARAMETERS
    //////////////////////////////////////////////////////////////////////////*/

    function test_setLevelParameters_StartsTheLevels() public {
        vm.expectEmit(address(levels));
        emit IShockLevels.LevelParametersSet(ETHER_ASSET, _level(), 20_000);
        vm.recordLogs();
        _set(_level(), 20_000);
        (LevelParameters memory p, LevelState memory s) = levels.levelOf(ETHER_ASSET);
        _assertUpdated(s);
        assertEq(abi.encode(p), abi.encode(_level()));
        assertEq(s.priceE18, 2_000e18);
        assertEq(s.updatedAt, block.timestamp);
        assertEq(s.fastVariance, 4e18);
        // Maintenance starts where it was; initial where 200% a year want it, rounded up to a basis point.
        assertEq(_leg().listed.shockMaintenanceBps(), 1_000);
        assertEq(_leg().listed.shockInitialBps(), 1_924);
    }

    /// @dev The state was told, by the last event of the levels.
    function _assertUpdated(LevelState memory s) private {
        VmSafe.Log[] memory logs = vm.getRecordedLogs();
        bool told;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IShockLevels.LevelUpdated.selector) continue;
            told = uint256(logs[i].topics[1]) == ETHER_ASSET && keccak256(logs[i].data) == keccak256(abi.encode(s));
        }
        assertTrue(told);
    }

    function test_setLevelParameters_RevertWhen_Stranger() public {
        expectStrangerRefused();
        levels.setLevelParameters(ETHER_ASSET, _level(), 6_000);
    }

    function test_setLevelParameters_Bounds() public {
        LevelParameters memory p = _level();
        (p.multiplierE2) = 99;
        _refuse("multiplierE2", 99, 100, p);
        p.multiplierE2 = 2_001;
        _refuse("multiplierE2", 2_001, 2_000, p);
        p = _level();
        p.horizonSeconds = 5 minutes - 1;
        _refuse("horizonSeconds", 5 minutes - 1, 5 minutes, p);
        p.horizonSeconds = 1 days + 1;
        _refuse("horizonSeconds", 1 days + 1, 1 days, p);
        p = _level();
        p.minimumBps = 999;
        _refuse("minimumBps", 999, 1_000, p);
        p = _level();
        p.maximumMaintenanceBps = 999;
        _refuse("maximumMaintenanceBps", 999, 1_000, p);
        p.maximumMaintenanceBps = 3_334;
        _refuse("maximumMaintenanceBps", 3_334, 3_333, p);
        p = _level();
        p.maximumInitialBps = 1_999;
        _refuse("maximumInitialBps", 1_999, 2_000, p);
        p.maximumInitialBps = 3_334;
        _refuse("maximumInitialBps", 3_334, 3_333, p);
        p = _level();
        p.moveCapBps = 99;
        _refuse("moveCapBps", 99, 100, p);
        p.moveCapBps = 5_001;
        _refuse("moveCapBps", 5_001, 5_000, p);
        p = _level();
        p.rampSeconds = 1 hours - 1;
        _refuse("rampSeconds", 1 hours - 1, 1 hours, p);
        p.rampSeconds = 7 days + 1;
        _refuse("rampSeconds", 7 days + 1, 7 days, p);
        p = _level();
        p.halfLifeSeconds = 1 hours - 1;
        _refuse("halfLifeSeconds", 1 hours - 1, 1 hours, p);
        p.halfLifeSeconds = 7 days + 1;
        _refuse("halfLifeSeconds", 7 days + 1, 7 days, p);
        p = _level();
        _expectOutOfBounds("startVolatilityBps", 0, 1);
        _set(p, 0);
        _expectOutOfBounds("startVolatilityBps", 50_001, 50_000);
        _set(p, 50_001);
        _set(p, 50_000);
    }

    function _refuse(bytes32 field, uint256 found, uint256 limit, LevelParameters memory p) private {
        _expectOutOfBounds(field, found, limit);
        _set(p, 6_000);
    }

    function test_setLevelParameters_InitialMarginStaysBelowOne() public {
        // 3,333 * 2.76 + 800 = 9,999.08, rounded up
        vm.startPrank(governance);
        engine.setRiskParameters(ETHER_ASSET, IRiskEngine.RiskParameters(1_000, 400, 800, 27_600, 2_000));
        LevelParameters memory p = _level();
        p.maximumInitialBps = 3_333;
        _expectOutOfBounds("initialMarginBps", 10_000, 10_000);
        levels.setLevelParameters(ETHER_ASSET, p, 6_000);
        p.maximumInitialBps = 3_332;
        levels.setLevelParameters(ETHER_ASSET, p, 6_000);
        // From the other side: the highest shock counts, not the lowest.
        _expectEngineOutOfBounds("initialMarginBps", 10_197, 10_000);
        engine.setRiskParameters(ETHER_ASSET, IRiskEngine.RiskParameters(1_000, 400, 1_000, 27_600, 2_000));
        vm.stopPrank();
    }

    function test_setLevelParameters_NeedsRiskParametersAndAPrice() public {
        _expectOutOfBounds("minimumBps", 0, 100);
        vm.prank(governance);
        levels.setLevelParameters(BITCOIN_ASSET, _level(), 6_000);
        etherFeed.setUpdatedAt(block.timestamp - 2 hours);
        vm.expectRevert(
            abi.encodeWithSelector(
                Errors.ShockLevels_NotLive.selector,
                ETHER_ASSET,
                uint8(IPriceOracleAdapter.Fault.Stale)
            )
        );
        _set(_level(), 6_000);
    }

    /// @dev Changing parameters moves no level by itself; a multiplier of zero makes the shock constant again.
    function test_setLevelParameters_AgainAndOff() public {
        _set(_level(), 6_000);
        _move(1_700e8, 5 minutes);
        uint256 initial = _leg().listed.shockInitialBps();
        assertGt(initial, 2_000);
        LevelParameters memory p = _level();
        p.maximumInitialBps = 2_500;
        _set(p, 6_000);
        assertEq(_leg().listed.shockInitialBps(), initial);
        p.multiplierE2 = 0;
        vm.expectEmit(address(levels));
        emit IShockLevels.LevelParametersSet(ETHER_ASSET, p, 0);
        _set(p, 0);
        assertEq(_leg().listed.shockInitialBps(), 1_000);
        assertEq(_leg().listed.shockMaintenanceBps(), 1_000);
        vm.expectRevert(abi.encodeWithSelector(Errors.ShockLevels_ConstantLevel.selector, ETHER_ASSET));
        levels.poke(ETHER_ASSET);
        (, LevelState memory s) = levels.levelOf(ETHER_ASSET);
        assertEq(s.updatedAt, 0);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         POKE
    //////////////////////////////////////////////////////////////////////////*/

    function test_poke_IsOpenToAnyoneFiveMinutesApart() public {
        _set(_level(), 6_000);
        skip(5 minutes - 1);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.ShockLevels_PokedTooSoon.selector, ETHER_ASSET, 5 minutes - 1, 5 minutes)
        );
        levels.poke(ETHER_ASSET);
        skip(1);
        vm.prank(stranger);
        levels.poke(ETHER_ASSET);
        (, LevelState memory s) = levels.levelOf(ETHER_ASSET);
        assertEq(s.updatedAt, block.timestamp);
        vm.expectPartialRevert(Errors.ShockLevels_PokedTooSoon.selector);
        levels.poke(ETHER_ASSET);
    }

    function test_poke_RevertWhen_ThereIsNoPrice() public {
        _set(_level(), 6_000);
        skip(10 minutes);
        FaultyFeed[2] memory both = [etherFeed, quoteFeed];
        for (uint256 i; i < 2; ++i) {
            both[i].setUpdatedAt(block.timestamp - 2 hours);
            vm.expectPartialRevert(Errors.ShockLevels_NotLive.selector);
            levels.poke(ETHER_ASSET);
            both[i].setUpdatedAt(block.timestamp);
        }
        levels.poke(ETHER_ASSET);
    }

    /// @dev A fall asks more of new risk at once and of what stands by a ramp; calm takes both back.
    function test_poke_MarginsFollow() public {
        _set(_level(), 6_000);
        CollateralPage[] memory pages = new CollateralPage[](1);
        pages[0] = CollateralPage.wrap(0).withEntry(0, ETHER_ASSET, 1e18);
        _move(1_700e8, 5 minutes);
        Assessment memory a = _assessed(0, pages);
        // 1,700 * (0.1 + 0.04), and 1,700 * (0.2365 * 1.5 + 0.08)
        assertEq(a.maintenanceE18, 238e18);
        assertApproxEqRel(a.initialE18, 739.5e18, 0.005e18);
        for (uint256 i; i < 6; ++i) {
            _move(1_700e8, 1 hours);
        }
        // A quarter of the ramp, rounded up to a basis point.
        assertEq(_leg().listed.shockMaintenanceBps(), 1_250);
        for (uint256 i; i < 24 * 40; ++i) {
            _move(1_700e8, 1 hours);
        }
        assertEq(_leg().listed.shockMaintenanceBps(), 1_000);
        assertEq(_leg().listed.shockInitialBps(), 1_000);
    }

    function test_poke_RevertWhen_ThePriceIsOutOfRange() public {
        _set(_level(), 6_000);
        skip(10 minutes);
        quoteFeed.setAnswer(type(int96).max);
        quoteFeed.setUpdatedAt(block.timestamp);
        etherFeed.setAnswer(1);
        etherFeed.setUpdatedAt(block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(Errors.ShockLevels_PriceOutOfRange.selector, ETHER_ASSET, 0));
        levels.poke(ETHER_ASSET);
    }

    /// @dev A price fills its field, and no more: no feed says the very end of it, so the engine is made to.
    function test_poke_APriceFillsItsField() public {
        _set(_level(), 6_000);
        skip(10 minutes);
        uint256 most = type(uint128).max;
        _mockPrice(most + 1);
        vm.expectRevert(abi.encodeWithSelector(Errors.ShockLevels_PriceOutOfRange.selector, ETHER_ASSET, most + 1));
        levels.poke(ETHER_ASSET);
        _mockPrice(most);
        levels.poke(ETHER_ASSET);
        vm.clearMockedCalls();
        (, LevelState memory s) = levels.levelOf(ETHER_ASSET);
        assertEq(s.priceE18, most);
    }

    function _mockPrice(uint256 price) private {
        vm.mockCall(
            address(engine),
            abi.encodeCall(IPriceOracleAdapter.price, (ETHER_ASSET)),
            abi.encode(
                IPriceOracleAdapter.Price(price, price, 1e18, IPriceOracleAdapter.Status.Live),
                IPriceOracleAdapter.Fault.None
            )
        );
    }

    /// @dev A new floor is where levels go to, by the next updates.
    function test_setRiskParameters_WhileLevelsMove() public {
        _set(_level(), 6_000);
        IRiskEngine.RiskParameters memory risk = _risk();
        risk.shockBps = 1_500;
        vm.prank(governance);
        engine.setRiskParameters(ETHER_ASSET, risk);
        assertEq(engine.riskParametersOf(ETHER_ASSET).shockBps, 1_500);
        assertEq(_leg().listed.shockMaintenanceBps(), 1_000);
        risk.shockBps = 2_001;
        _expectEngineOutOfBounds("shockBps", 2_001, 2_000);
        vm.prank(governance);
        engine.setRiskParameters(ETHER_ASSET, risk);
        // As high as the highest it may be.
        uint256 state = vm.snapshotState();
        risk.shockBps = 2_000;
        vm.prank(governance);
        engine.setRiskParameters(ETHER_ASSET, risk);
        assertEq(engine.riskParametersOf(ETHER_ASSET).shockBps, 2_000);
        vm.revertToState(state);
        _move(2_000e8, 1 hours);
        assertEq(_leg().listed.shockInitialBps(), 1_500);
        assertLt(_leg().listed.shockMaintenanceBps(), 1_100);
    }

    function _legsOf(CollateralPage[] memory pages) private view returns (Leg[] memory) {
        return engine.priceAccount(pages, new Position[](0));
    }

    function _assessed(int256 cashE18, CollateralPage[] memory pages) private view returns (Assessment memory) {
        return engine.assessAccount(cashE18, pages, new Position[](0));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                     WHO MOVES SHOCKS
    //////////////////////////////////////////////////////////////////////////*/

    function test_setShockLevels_RevertWhen_Stranger() public {
        expectStrangerRefused();
        engine.setShockLevels(stranger);
    }

    function test_setShockLevels_EmitsAndIsRead() public {
        address next = makeAddr("next");
        vm.expectEmit(address(engine));
        emit IRiskEngine.ShockLevelsSet(next);
        vm.prank(governance);
        engine.setShockLevels(next);
        assertEq(engine.shockLevels(), next);
        assertEq(address(levels.riskEngine()), address(engine));
    }

    /// @dev Not even governance moves a shock by hand; nor does the module that was replaced.
    function test_setShocks_RevertWhen_NotTheModule() public {
        address[2] memory callers = [governance, stranger];
        for (uint256 i; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Errors.RiskEngine_NotModule.selector, callers[i], address(levels)));
            vm.prank(callers[i]);
            engine.setShocks(ETHER_ASSET, 1_000, 1_000);
        }
        _set(_level(), 6_000);
        vm.prank(governance);
        engine.setShockLevels(address(0));
        skip(10 minutes);
        vm.expectRevert(abi.encodeWithSelector(Errors.RiskEngine_NotModule.selector, address(levels), address(0)));
        levels.poke(ETHER_ASSET);
    }

    function test_setShocks_Bounds() public {
        vm.prank(governance);
        engine.setShockLevels(address(this));
        _expectEngineOutOfBounds("maintenanceBps", 99, 100);
        engine.setShocks(ETHER_ASSET, 99, 1_000);
        _expectEngineOutOfBounds("initialBps", 999, 1_000);
        engine.setShocks(ETHER_ASSET, 1_000, 999);
        _expectEngineOutOfBounds("initialBps", 3_334, 3_333);
        engine.setShocks(ETHER_ASSET, 100, 3_334);
        // 33.33% * 1.5 + 8%
        vm.expectEmit(address(engine));
        emit IRiskEngine.ShocksSet(ETHER_ASSET, 100, 3_333);
        engine.setShocks(ETHER_ASSET, 100, 3_333);
        assertEq(_leg().listed.shockMaintenanceBps(), 100);
        assertEq(_leg().listed.shockInitialBps(), 3_333);
    }

    function test_setShocks_InitialMarginStaysBelowOne() public {
        vm.startPrank(governance);
        engine.setRiskParameters(ETHER_ASSET, IRiskEngine.RiskParameters(1_000, 400, 800, 27_600, 2_000));
        engine.setShockLevels(address(this));
        vm.stopPrank();
        _expectEngineOutOfBounds("initialMarginBps", 10_000, 10_000);
        engine.setShocks(ETHER_ASSET, 1_000, 3_333);
        engine.setShocks(ETHER_ASSET, 1_000, 3_332);
    }

    /// @dev A shock that is still above a lowered maximum counts for the initial margin's bound.
    function test_setRiskParameters_WhileAShockIsAboveItsMaximum() public {
        _set(_level(), 50_000);
        assertEq(_leg().listed.shockInitialBps(), 3_000);
        LevelParameters memory p = _level();
        p.maximumInitialBps = 2_000;
        _set(p, 6_000);
        IRiskEngine.RiskParameters memory risk = _risk();
        risk.initialFactorBps = 30_000;
        risk.haircutInitialBps = 1_000;
        _expectEngineOutOfBounds("initialMarginBps", 10_000, 10_000);
        vm.prank(governance);
        engine.setRiskParameters(ETHER_ASSET, risk);
        risk.haircutInitialBps = 995;
        vm.prank(governance);
        engine.setRiskParameters(ETHER_ASSET, risk);
    }

    function test_highestShocks_AreZeroWhereTheyAreConstant() public {
        (uint256 maintenance, uint256 initial) = levels.highestShocks(ETHER_ASSET);
        assertEq(maintenance | initial, 0);
        _set(_level(), 6_000);
        (maintenance, initial) = levels.highestShocks(ETHER_ASSET);
        assertEq(maintenance, 2_000);
        assertEq(initial, 3_000);
    }
}
