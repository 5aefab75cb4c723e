// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {FaultyFeed} from "./utils/mocks/FaultyFeed.sol";
import {FaultySource} from "./utils/mocks/FaultySource.sol";
import {OracleTest} from "./utils/OracleTest.sol";
import {Errors} from "../../contracts/base/Errors.sol";
import {IRiskEngine} from "../../contracts/interfaces/IRiskEngine.sol";
import {IPriceOracleAdapter} from "../../contracts/interfaces/IPriceOracleAdapter.sol";
import {Position, toPosition} from "../../contracts/types/Position.sol";
import {CollateralPage} from "../../contracts/types/CollateralPage.sol";
import {IShockLevels} from "../../contracts/interfaces/IShockLevels.sol";
import {Assessment, Leg} from "../../contracts/types/Assessment.sol";
import {LevelParameters} from "../../contracts/types/ShockLevel.sol";

contract RiskEngineTest is OracleTest {
    event PerpetualRiskSet(uint8 indexed underlying, IRiskEngine.PerpetualRisk parameters);

    IRiskEngine private engine;

    function setUp() public override {
        super.setUp();
        engine = IRiskEngine(address(oracle));
        _set(ETHER_ASSET, _ether());
        _set(BITCOIN_ASSET, IRiskEngine.RiskParameters(800, 400, 800, 15_000, 2_000));
    }

    function deployOracle(address authority) internal override returns (IPriceOracleAdapter) {
        return IPriceOracleAdapter(_deployed(ROOT, "RiskEngine", abi.encode(authority)));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                      PARAMETERS
    //////////////////////////////////////////////////////////////////////////*/

    function test_setRiskParameters_EmitsAndIsRead() public {
        IRiskEngine.RiskParameters memory p = IRiskEngine.RiskParameters(101, 105, 110, 10_100, 110);
        vm.expectEmit(address(engine));
        emit IRiskEngine.RiskParametersSet(7, p);
        _set(7, p);
        assertEq(abi.encode(engine.riskParametersOf(7)), abi.encode(p));
        assertEq(engine.riskParametersOf(8).shockBps, 0);
    }

    function test_setRiskParameters_RevertWhen_Stranger() public {
        expectStrangerRefused();
        engine.setRiskParameters(7, _ether());
    }

    function test_setRiskParameters_Shock() public {
        IRiskEngine.RiskParameters memory p = _ether();
        p.shockBps = 100;
        _set(7, p);
        p.shockBps = 99;
        _expectOutOfBounds("shockBps", 99, 100);
        _set(7, p);
        p.shockBps = 3_333;
        _set(7, p);
        p.shockBps = 3_334;
        _expectOutOfBounds("shockBps", 3_334, 3_333);
        _set(7, p);
    }

    function test_setRiskParameters_HaircutInitial() public {
        IRiskEngine.RiskParameters memory p = _ether();
        p.haircutInitialBps = 5_000;
        _set(7, p);
        p.haircutInitialBps = 4_999;
        _expectOutOfBounds("haircutInitialBps", 4_999, 5);
        _set(7, p);
        p.haircutInitialBps = 5_001;
        _expectOutOfBounds("haircutInitialBps", 5_001, 5_000);
        _set(7, p);
        (p.haircutInitialBps, p.haircutMaintenanceBps) = (0, 0);
        _set(7, p);
    }

    function test_setRiskParameters_HaircutMaintenance() public {
        IRiskEngine.RiskParameters memory p = _ether();
        p.haircutMaintenanceBps = 800;
        _set(7, p);
        p.haircutMaintenanceBps = 799;
        _expectOutOfBounds("haircutMaintenanceBps", 799, 5);
        _set(7, p);
        p.haircutMaintenanceBps = 801;
        _expectOutOfBounds("haircutMaintenanceBps", 801, 800);
        _set(7, p);
    }

    function test_setRiskParameters_InitialFactor() public {
        IRiskEngine.RiskParameters memory p = _ether();
        p.initialFactorBps = 10_000;
        _set(7, p);
        p.initialFactorBps = 9_999;
        _expectOutOfBounds("initialFactorBps", 9_999, 10_000);
        _set(7, p);
        p.initialFactorBps = 30_000;
        _set(7, p);
        p.initialFactorBps = 30_001;
        _expectOutOfBounds("initialFactorBps", 30_001, 30_000);
        _set(7, p);
        p.initialFactorBps = 15_050;
        _expectOutOfBounds("initialFactorBps", 15_050, 100);
        _set(7, p);
    }

    function test_setRiskParameters_SizeCoefficient() public {
        IRiskEngine.RiskParameters memory p = _ether();
        p.sizeCoefficientBps = 60_000;
        _set(7, p);
        p.sizeCoefficientBps = 60_001;
        _expectOutOfBounds("sizeCoefficientBps", 60_001, 60_000);
        _set(7, p);
        p.sizeCoefficientBps = 0;
        _set(7, p);
        p.sizeCoefficientBps = 2_005;
        _expectOutOfBounds("sizeCoefficientBps", 2_005, 10);
        _set(7, p);
    }

    function test_setRiskParameters_InitialMarginIsBelowOne() public {
        // 25% * 2 + 49.95%
        _set(7, IRiskEngine.RiskParameters(2_500, 0, 4_995, 20_000, 0));
        _expectOutOfBounds("initialMarginBps", 10_000, 10_000);
        _set(7, IRiskEngine.RiskParameters(2_500, 0, 5_000, 20_000, 0));
    }

    function test_setRiskParameters_InitialMarginRoundsUp() public {
        // 3,333 * 2.7 + 1,000 = 9,999.1
        _expectOutOfBounds("initialMarginBps", 10_000, 10_000);
        _set(7, IRiskEngine.RiskParameters(3_333, 0, 1_000, 27_000, 0));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         LEGS
    //////////////////////////////////////////////////////////////////////////*/

    function test_legs_ValueRoundsDown() public view {
        // One wei of ether is 2,000 wei of quote; one unit of a token of eight decimals 6e14.
        Leg[] memory legs = _legsOf(_pages(ETHER_ASSET, 1, BITCOIN_ASSET, 1));
        assertEq(legs[0].valueE18, 2_000);
        assertEq(legs[1].valueE18, 6e14);
    }

    function test_legs_AFractionOfAUnitIsNothing() public {
        etherFeed.setAnswer(0.5e8);
        assertEq(_legsOf(_pages(ETHER_ASSET, 1, 0, 0))[0].valueE18, 0);
        assertEq(_legsOf(_pages(ETHER_ASSET, 3, 0, 0))[0].valueE18, 1);
    }

    function test_legs_HoldWhatEveryLaterStepNeeds() public view {
        Leg[] memory legs = _legsOf(_pages(BITCOIN_ASSET, 5e8, ETHER_ASSET, 3e18));
        assertEq(legs.length, 2);
        Leg memory leg = legs[0];
        assertEq(leg.asset, BITCOIN_ASSET);
        assertFalse(leg.halted);
        assertEq(leg.amount, 5e8);
        assertEq(leg.unit, 1e8);
        assertEq(leg.bidE18, 60_000e18);
        assertEq(leg.valueE18, 300_000e18);
        assertEq(leg.listed.shockMaintenanceBps(), 800);
        assertEq(leg.listed.shockInitialBps(), 800);
        assertEq(leg.listed.haircutMaintenanceBps(), 400);
        assertEq(leg.listed.haircutInitialBps(), 800);
        assertEq(leg.listed.initialFactorBps(), 15_000);
        assertEq(leg.listed.sizeCoefficientBps(), 2_000);
        assertEq(legs[1].asset, ETHER_ASSET);
        assertEq(legs[1].valueE18, 6_000e18);
    }

    function test_legs_SkipHolesAndKeepTheOrder() public view {
        CollateralPage[] memory pages = new CollateralPage[](3);
        pages[0] = CollateralPage.wrap(0).withEntry(1, BITCOIN_ASSET, 1e8).withMore(true);
        pages[1] = CollateralPage.wrap(0).withMore(true);
        pages[2] = CollateralPage.wrap(0).withEntry(0, ETHER_ASSET, 1e18);
        Leg[] memory legs = _legsOf(pages);
        assertEq(legs.length, 2);
        assertEq(legs[0].asset, BITCOIN_ASSET);
        assertEq(legs[0].amount, 1e8);
        assertEq(legs[1].asset, ETHER_ASSET);
        assertEq(legs[1].amount, 1e18);
    }

    function test_legs_OfNothing() public view {
        assertEq(_legsOf(new CollateralPage[](0)).length, 0);
        assertEq(_legsOf(new CollateralPage[](1)).length, 0);
    }

    function test_legs_EightCollaterals() public {
        CollateralPage[] memory pages = new CollateralPage[](4);
        for (uint8 asset = 1; asset <= 8; ++asset) {
            setFeed(asset, new FaultyFeed(8, int256(uint256(asset)) * 1e8), 18);
            _set(asset, _ether());
            uint256 at = (asset - 1) / 2;
            pages[at] = pages[at].withEntry((asset - 1) % 2, asset, uint256(asset) * 1e18).withMore(at < 3);
        }
        Leg[] memory legs = _legsOf(pages);
        assertEq(legs.length, 8);
        uint256 squares;
        for (uint256 i; i < 8; ++i) {
            assertEq(legs[i].asset, i + 1);
            assertEq(legs[i].valueE18, (i + 1) * (i + 1) * 1e18);
            squares += legs[i].valueE18;
        }
        assertEq(_assessed(0, pages).equityE18, int256(squares));
    }

    function test_legs_RevertWhen_MorePagesThanAnAccountHas() public {
        assertEq(_legsOf(new CollateralPage[](4)).length, 0);
        assertEq(_assessed(7, new CollateralPage[](4)).equityE18, 7);
        vm.expectRevert(abi.encodeWithSelector(Errors.RiskEngine_TooManyPages.selector, 5, 4));
        _legsOf(new CollateralPage[](5));
        vm.expectRevert(abi.encodeWithSelector(Errors.RiskEngine_TooManyPages.selector, 5, 4));
        _assessed(7, new CollateralPage[](5));
    }

    function test_legs_RevertWhen_MorePositionsThanAnAccountHas() public {
        Position[] memory positions = new Position[](32);
        for (uint8 i; i < 32; ++i) {
            positions[i] = toPosition(i + 1);
        }
        assertEq(engine.priceAccount(new CollateralPage[](0), positions).length, 32);
        vm.expectRevert(abi.encodeWithSelector(Errors.RiskEngine_TooManyPositions.selector, 33, 32));
        engine.priceAccount(new CollateralPage[](0), new Position[](33));
    }

    function test_setPerpetualRisk_Bounds() public {
        vm.startPrank(governance);
        vm.expectRevert(
            abi.encodeWithSelector(
                Errors.RiskEngine_ParameterOutOfBounds.selector,
                bytes32("basisInitialBps"),
                5_001,
                5_000
            )
        );
        engine.setPerpetualRisk(ETHER_ASSET, IRiskEngine.PerpetualRisk(100, 5_001, 1));
        vm.expectRevert(
            abi.encodeWithSelector(
                Errors.RiskEngine_ParameterOutOfBounds.selector,
                bytes32("basisMaintenanceBps"),
                101,
                100
            )
        );
        engine.setPerpetualRisk(ETHER_ASSET, IRiskEngine.PerpetualRisk(101, 100, 1));
        vm.expectEmit(address(engine));
        emit PerpetualRiskSet(ETHER_ASSET, IRiskEngine.PerpetualRisk(5_000, 5_000, 1));
        engine.setPerpetualRisk(ETHER_ASSET, IRiskEngine.PerpetualRisk(5_000, 5_000, 1));
        assertEq(engine.perpetualRiskOf(ETHER_ASSET).basisInitialBps, 5_000);
        vm.stopPrank();
    }

    function test_legs_APositionComesWithItsParameters() public {
        vm.prank(governance);
        engine.setPerpetualRisk(ETHER_ASSET, IRiskEngine.PerpetualRisk(70, 150, 30_000));
        Position[] memory positions = new Position[](1);
        positions[0] = toPosition(ETHER_ASSET).withAmounts(-2e18, 3e18);
        Leg[] memory legs = engine.priceAccount(new CollateralPage[](0), positions);
        assertEq(legs.length, 1);
        assertEq(legs[0].asset, ETHER_ASSET);
        assertEq(legs[0].sizeE18, -2e18);
        assertEq(legs[0].quoteE18, 3e18);
        assertEq(legs[0].markE18, legs[0].askE18, "owed at the ask");
        assertEq(legs[0].perpetual.basisMaintenanceBps(), 70);
        assertEq(legs[0].perpetual.basisInitialBps(), 150);
        assertEq(legs[0].perpetual.profitCap(), 30_000);
    }

    function test_setPerpetualRisk_RevertWhen_Stranger() public {
        expectStrangerRefused();
        engine.setPerpetualRisk(ETHER_ASSET, IRiskEngine.PerpetualRisk(1, 1, 1));
    }

    function test_legs_APositionOfWhatHasNoParametersIsUnpriced() public {
        setFeed(7, etherFeed, 18);
        Position[] memory positions = new Position[](1);
        positions[0] = toPosition(7).withAmounts(1e18, -1_000e18);
        Assessment memory a = engine.assessAccount(1e24, new CollateralPage[](0), positions);
        assertTrue(a.unpriced && a.halted);
        // What is closed needs no price.
        positions[0] = toPosition(7).withAmounts(0, 1_000e18);
        assertFalse(engine.assessAccount(1e24, new CollateralPage[](0), positions).unpriced);
    }

    /// @dev What is left of a closed position asks for no price, whatever became of its underlying's feed.
    function test_assess_AClosedPositionWithoutCollateralIsNeverHalted() public {
        etherFeed.setUpdatedAt(START - 2 hours);
        Position[] memory positions = new Position[](1);
        positions[0] = toPosition(ETHER_ASSET).withAmounts(0, 1_000e18);
        Assessment memory a = engine.assessAccount(-500e18, new CollateralPage[](0), positions);
        assertFalse(a.halted || a.unpriced);
        assertEq(a.equityE18, 500e18);
    }

    /// @dev Beside collateral it is the collateral that asks: a price that is missing is missing, and what counts for nothing asks for
    /// none.
    function test_assess_AClosedPositionIsAsHaltedAsItsCollateral() public {
        Position[] memory positions = new Position[](1);
        positions[0] = toPosition(7).withAmounts(0, 1_000e18);
        setFeed(7, etherFeed, 18);
        assertFalse(engine.assessAccount(0, _pages(7, 1e18, 0, 0), positions).halted);
        positions[0] = toPosition(ETHER_ASSET).withAmounts(0, 1_000e18);
        assertFalse(engine.assessAccount(0, _pages(ETHER_ASSET, 1e18, 0, 0), positions).halted);
        etherFeed.setUpdatedAt(START - 2 hours);
        assertTrue(engine.assessAccount(0, _pages(ETHER_ASSET, 1e18, 0, 0), positions).halted);
    }

    function test_legs_AnAssetWithoutParametersCountsForNothing() public {
        setFeed(7, etherFeed, 18);
        Leg memory leg = _legsOf(_pages(7, 1e18, 0, 0))[0];
        assertEq(leg.valueE18, 0);
        assertEq(leg.bidE18, 0);
        assertEq(leg.askE18, 0);
        assertFalse(leg.halted, "it would shield the account");
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        ASSESS
    //////////////////////////////////////////////////////////////////////////*/

    function test_assess_CashAndTwoCollaterals() public view {
        // 3 ether and half a bitcoin, 36,000 in all, against 30,000 of debt.
        Assessment memory a = _assessed(-30_000e18, _pages(ETHER_ASSET, 3e18, BITCOIN_ASSET, 0.5e8));
        assertEq(a.equityE18, 6_000e18);
        assertEq(a.maintenanceE18, (6_000e18 * 14) / 100 + (30_000e18 * 12) / 100);
        assertEq(a.initialE18, (6_000e18 * 23) / 100 + (30_000e18 * 20) / 100);
        assertEq(a.healthE18, (uint256(6_000e18) * 1e18) / 4_440e18);
        assertFalse(a.halted);
    }

    /// @dev Liquidation near 86% loan to value.
    function test_assess_LiquidationNearEightySixPercent() public view {
        assertLt(_assessed(-1_720e18 - 1, _pages(ETHER_ASSET, 1e18, 0, 0)).healthE18, 1e18);
        assertEq(_assessed(-1_720e18, _pages(ETHER_ASSET, 1e18, 0, 0)).healthE18, 1e18);
    }

    function test_assess_AHaltedAssetStopsOnlyAccountsThatHoldIt() public {
        etherFeed.setAnswer(0);
        Assessment memory a = _assessed(100e18, _pages(ETHER_ASSET, 3e18, BITCOIN_ASSET, 1e8));
        assertTrue(a.halted);
        assertEq(a.equityE18, 60_100e18);
        assertEq(a.maintenanceE18, 7_200e18);
        assertFalse(_assessed(0, _pages(BITCOIN_ASSET, 1e8, 0, 0)).halted);
        assertFalse(_assessed(-5, new CollateralPage[](0)).halted);
    }

    /// @dev Up to a twentieth of the gross, at the last answer; initial margin takes all of it back.
    function test_assess_ADustOfAStaleAssetCountsAtItsLastAnswer() public {
        Assessment memory alone = _assessed(-50_000e18, _pages(BITCOIN_ASSET, 1e8, 0, 0));
        uint256 margin = _assessed(0, _pages(ETHER_ASSET, 1.5e18, 0, 0)).maintenanceE18;
        etherFeed.setUpdatedAt(START - HEARTBEAT - SLACK - 1);
        Assessment memory a = _assessed(-50_000e18, _pages(ETHER_ASSET, 1.5e18, BITCOIN_ASSET, 1e8));
        assertFalse(a.halted);
        assertEq(a.equityE18, alone.equityE18 + 3_000e18);
        assertEq(a.maintenanceE18, alone.maintenanceE18 + margin);
        assertEq(a.initialE18, alone.initialE18 + 3_000e18);
        assertEq(a.healthE18, (uint256(a.equityE18) * 1e18) / a.maintenanceE18);

        // 60,000 / 19 and no more.
        uint256 most = 1_578_947_368_421_052_631;
        assertFalse(_assessed(-1, _pages(ETHER_ASSET, most, BITCOIN_ASSET, 1e8)).halted);
        a = _assessed(-1, _pages(ETHER_ASSET, most + 1, BITCOIN_ASSET, 1e8));
        assertTrue(a.halted);
        assertEq(a.equityE18, 60_000e18 - 1 + int256((most + 1) * 2_000));
        // Without anything live beside it nothing is dust.
        assertTrue(_assessed(-1, _pages(ETHER_ASSET, 1, 0, 0)).halted);
    }

    function test_assess_ADustWithoutALastAnswerHalts() public {
        CollateralPage[] memory pages = _pages(ETHER_ASSET, 1, BITCOIN_ASSET, 1e8);
        etherFeed.setBehaviour(FaultyFeed.Behaviour.Reverts);
        assertTrue(_assessed(-1, pages).halted);
        etherFeed.setBehaviour(FaultyFeed.Behaviour.Honest);
        etherFeed.setAnswer(-1);
        assertTrue(_assessed(-1, pages).halted);
        etherFeed.setAnswer(2_000e8);
        etherFeed.setUpdatedAt(START + 1);
        assertTrue(_assessed(-1, pages).halted);
        // Nor is there one in quote units while the quote's own is missing.
        etherFeed.setUpdatedAt(START - 2 hours);
        quoteFeed.setUpdatedAt(START - 2 hours);
        assertTrue(_assessed(-1, pages).halted);
    }

    /// @dev What reverts, lies or says zero counts at the price that somebody recorded, at its ask.
    function test_assess_ADustWithoutAnAnswerCountsAtTheRecordedAsk() public {
        CollateralPage[] memory pages = _pages(ETHER_ASSET, 1.5e18, BITCOIN_ASSET, 1e8);
        quoteFeed.setAnswer(3e8);
        vm.prank(stranger);
        oracle.recordPrice(ETHER_ASSET);
        quoteFeed.setAnswer(1e8);
        int256 equity = 60_000e18 - 50_000e18 + 1_000e18;
        for (uint256 fault; fault < 4; ++fault) {
            etherFeed.setBehaviour(fault == 0 ? FaultyFeed.Behaviour.Reverts : FaultyFeed.Behaviour.Honest);
            etherFeed.setAnswer(fault == 1 ? int256(0) : int256(-1));
            if (fault == 3) etherFeed.setUpdatedAt(block.timestamp + 1);
            Leg memory leg = _legsOf(pages)[0];
            assertTrue(leg.halted);
            // 2,000 / 3, rounded up.
            assertEq(leg.bidE18, 666_666_666_666_666_666_667);
            assertEq(leg.valueE18, 1_000e18);
            Assessment memory a = _assessed(-50_000e18, pages);
            assertFalse(a.halted);
            assertEq(a.equityE18, equity);
            assertEq(a.initialE18, 12_000e18 + 1_000e18);
        }
        // A stale answer of the feed's own is later than what was recorded.
        etherFeed.setAnswer(1_000e8);
        etherFeed.setUpdatedAt(START - 2 hours);
        assertEq(_legsOf(pages)[0].bidE18, 1_000e18);
    }

    /// @dev More than a dust of it blocks, and counts all the same: health is told, not acted upon.
    function test_assess_WhatIsHaltedCountsAtItsLastAsk() public {
        quoteFeed.setAnswer(3e8);
        etherFeed.setUpdatedAt(START - 2 hours);
        CollateralPage[] memory pages = _pages(ETHER_ASSET, 3e18, 0, 0);
        Assessment memory a = _assessed(-1_000e18, pages);
        assertTrue(a.halted);
        assertEq(a.equityE18, 1_000e18 + 1);
        // 14 hundredths of 2,000 and a wei, rounded up.
        assertEq(a.maintenanceE18, 280e18 + 1);
        assertEq(a.initialE18, 2_000e18 + 1);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       TWO SOURCES
    //////////////////////////////////////////////////////////////////////////*/

    function test_legs_HaveBothSides() public {
        Leg memory leg = _legsOf(_pages(ETHER_ASSET, 2e18, 0, 0))[0];
        assertFalse(leg.degraded);
        assertEq(leg.askE18, 2_000e18);
        FaultySource source = new FaultySource(2_200e18);
        vm.prank(governance);
        oracle.setSecondary(ETHER_ASSET, address(source), 300, 0, 0);
        leg = _legsOf(_pages(ETHER_ASSET, 2e18, 0, 0))[0];
        assertTrue(leg.degraded);
        assertFalse(leg.halted);
        assertEq(leg.bidE18, 2_000e18);
        assertEq(leg.askE18, 2_200e18);
        assertEq(leg.valueE18, 4_000e18);
        Assessment memory a = _assessed(0, _pages(ETHER_ASSET, 2e18, BITCOIN_ASSET, 1e8));
        assertTrue(a.degraded);
        assertEq(a.equityE18, 64_000e18);
        assertFalse(_assessed(0, _pages(BITCOIN_ASSET, 1e8, 0, 0)).degraded);
    }

    /// @dev A mean over ten minutes lags: in a storm the sources may lie apart by three of its standard deviations.
    function test_price_AStormExplainsADeviation() public {
        address authority = IAccessManaged(address(oracle)).authority();
        IShockLevels levels = IShockLevels(_deployed(ROOT, "ShockLevels", abi.encode(authority, oracle)));
        FaultySource source = new FaultySource(2_100e18);
        vm.startPrank(governance);
        oracle.setSecondary(ETHER_ASSET, address(source), 300, 0, 0);
        engine.setShockLevels(address(levels));
        _assertStatus(IPriceOracleAdapter.Status.Degraded);
        // At 60% a year one deviation over ten minutes is 0.262%: three do not reach five percent.
        source.setPrice(2_000e18);
        levels.setLevelParameters(
            ETHER_ASSET,
            LevelParameters(900, 1 hours, 1_000, 2_000, 3_000, 1_500, 24 hours, 24 hours),
            6_000
        );
        assertEq(levels.volatilityOver(ETHER_ASSET, 10 minutes), 27);
        source.setPrice(2_060e18 + 1);
        _assertStatus(IPriceOracleAdapter.Status.Degraded);
        // At 400% it is 1.745%, rounded up: three are 5.25%, up to the unit.
        LevelParameters memory off;
        off.minimumBps = 1_000;
        levels.setLevelParameters(ETHER_ASSET, off, 0);
        source.setPrice(2_000e18);
        levels.setLevelParameters(
            ETHER_ASSET,
            LevelParameters(900, 1 hours, 1_000, 2_000, 3_000, 1_500, 24 hours, 24 hours),
            40_000
        );
        assertEq(levels.volatilityOver(ETHER_ASSET, 10 minutes), 175);
        source.setPrice(2_105e18);
        _assertStatus(IPriceOracleAdapter.Status.Live);
        source.setPrice(2_105e18 + 1);
        _assertStatus(IPriceOracleAdapter.Status.Degraded);
        vm.stopPrank();
    }

    function _assertStatus(IPriceOracleAdapter.Status status) private view {
        (IPriceOracleAdapter.Price memory p, ) = oracle.price(ETHER_ASSET);
        assertEq(uint8(p.status), uint8(status));
    }

    function testFuzz_assess_NeverRevertsForABadFeed(uint8 behaviour, int256 answer, uint256 updatedAt) public {
        behaviour = uint8(bound(behaviour, 0, uint8(type(FaultyFeed.Behaviour).max)));
        etherFeed.setBehaviour(FaultyFeed.Behaviour(behaviour));
        etherFeed.setAnswer(answer);
        etherFeed.setUpdatedAt(bound(updatedAt, START - 2 hours, START + 1 hours));
        Assessment memory a = _assessed(-1e18, _pages(ETHER_ASSET, 1e21, BITCOIN_ASSET, 1e8));
        assertGe(a.initialE18, a.maintenanceE18);
        // What a stale answer adds to equity, initial margin takes back and more.
        if (a.halted) assertLe(a.equityE18 - int256(a.initialE18), 60_000e18 - 1e18 - 12_000e18);
    }

    /// @dev Promise 9 at the door: IM >= MM, and E is what cash and bids add up to.
    function testFuzz_assess_InitialIsAtLeastMaintenance(uint256 price, uint256 amount, int256 cash) public {
        // {1e-8 usd} up to a hundred million dollars
        etherFeed.setAnswer(int256(bound(price, 1, 1e16)));
        amount = bound(amount, 1, MAX_AMOUNT);
        cash = bound(cash, -int256(MAX_VALUE), int256(MAX_VALUE));
        Assessment memory a = _assessed(cash, _pages(ETHER_ASSET, amount, 0, 0));
        assertGe(a.initialE18, a.maintenanceE18);
        (uint256 bid, ) = oracle.requirePrice(ETHER_ASSET);
        assertEq(a.equityE18, cash + int256((amount * bid) / 1e18));
    }

    function _ether() private pure returns (IRiskEngine.RiskParameters memory) {
        return
            IRiskEngine.RiskParameters({
                shockBps: 1_000,
                haircutMaintenanceBps: 400,
                haircutInitialBps: 800,
                initialFactorBps: 15_000,
                sizeCoefficientBps: 2_000
            });
    }

    function _set(uint8 asset, IRiskEngine.RiskParameters memory p) private {
        vm.prank(governance);
        engine.setRiskParameters(asset, p);
    }

    function _pages(
        uint8 first,
        uint256 firstAmount,
        uint8 second,
        uint256 secondAmount
    ) private pure returns (CollateralPage[] memory pages) {
        pages = new CollateralPage[](1);
        pages[0] = CollateralPage.wrap(0).withEntry(0, first, firstAmount).withEntry(1, second, secondAmount);
    }

    function _expectOutOfBounds(bytes32 field, uint256 found, uint256 limit) private {
        vm.expectRevert(abi.encodeWithSelector(Errors.RiskEngine_ParameterOutOfBounds.selector, field, found, limit));
    }

    function _legsOf(CollateralPage[] memory pages) private view returns (Leg[] memory) {
        return engine.priceAccount(pages, new Position[](0));
    }

    function _assessed(int256 cashE18, CollateralPage[] memory pages) private view returns (Assessment memory) {
        return engine.assessAccount(cashE18, pages, new Position[](0));
    }
}
