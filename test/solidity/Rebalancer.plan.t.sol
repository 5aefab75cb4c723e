// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Move, Outcome, Plan, Request} from "../../contracts/interfaces/IRebalancer.sol";
import {IRiskEngine} from "../../contracts/interfaces/IRiskEngine.sol";
import {MintableToken} from "../../contracts/mocks/MintableToken.sol";
import {Margin} from "../../contracts/risk/Margin.sol";
import {AccountHeader, CallState} from "../../contracts/types/AccountHeader.sol";
import {Assessment, Leg} from "../../contracts/types/Assessment.sol";
import {packPolicy, PolicyFields} from "../../contracts/types/BandPolicy.sol";
import {CollateralPage} from "../../contracts/types/CollateralPage.sol";
import {Position, toPosition} from "../../contracts/types/Position.sol";
import {BallastTest} from "./utils/BallastTest.sol";

/// @title RebalancerPlanTest
/// @notice Plans for accounts as they are described, to the wei: a plan is a view of what it is asked.
/// @dev A token at a cent, whose size factor leaves no rate round: a wei of value is a hundred units of it.
contract RebalancerPlanTest is BallastTest {
    uint256 private constant WAD = 1e18;

    uint8 private cheap;
    Request private request;
    PolicyFields private policy;
    CollateralPage[] private pages;
    Position[] private positions;

    function setUp() public override {
        super.setUp();
        vm.fee(0);
        MintableToken token = new MintableToken("Cheap", "CHP");
        cheap = _listCollateral(address(token), 18, 1e6);
        IRiskEngine.RiskParameters memory p = _riskParameters(1_000);
        p.sizeCoefficientBps = 60_000;
        riskEngine.setRiskParameters(cheap, p);
        _depositReserve(alice, address(token), 100_000_000e18);
        policy = _policy();
        policy.assetOrder = cheap;
        request.account = _account(alice);
        request.vault = vault;
        request.quoteScale = 1e12;
        request.creditE18 = WAD;
    }

    function _plan() private returns (Plan memory) {
        request.policy = packPolicy(policy);
        return rebalancer.plan(request, pages, positions);
    }

    function _leg() private view returns (Leg memory) {
        return riskEngine.priceAccount(pages, positions)[0];
    }

    function _assess() private view returns (Assessment memory) {
        return riskEngine.assessAccount(request.cashE18, pages, positions);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                      THE CLOCKS
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Whatever clock is left open, and by itself: who owes nothing is told to close it.
    function test_EitherClockOfWhoOwesNothingIsClosed() public {
        assertEq(uint8(_plan().outcome), uint8(Outcome.NoRisk));
        AccountHeader none;
        request.header = none.withCall(CallState.Running, 1, 0);
        assertEq(uint8(_plan().outcome), uint8(Outcome.CallCured));
        request.header = none.withLiquidationSince(1);
        assertEq(uint8(_plan().outcome), uint8(Outcome.CallCured));
    }

    /// @dev Whoever owes nothing is at no risk, however much he holds.
    function test_WhoOwesNothingIsInfinitelyHealthy() public {
        pages.push(CollateralPage.wrap(0).withEntry(0, WETH_ASSET, 10e18));
        Plan memory plan = _plan();
        assertEq(uint8(plan.outcome), uint8(Outcome.NoRisk));
        assertLt(plan.before.healthE18, type(uint256).max);
        assertEq(plan.healthAfterE18, type(uint256).max);
    }

    /// @dev In the band a liquidation that is still open is closed, or waits for the restore point with the call.
    function test_ALiquidationAloneIsClosedInTheBand() public {
        AccountHeader none;
        request.header = none.withLiquidationSince(1);
        pages.push(CollateralPage.wrap(0).withEntry(0, WETH_ASSET, 10e18));
        // 20,000 - 15,520 is 1.6 times 2,800.
        request.cashE18 = -15_520e18;
        assertEq(uint8(_plan().outcome), uint8(Outcome.CallCured));
        request.cashE18 = -15_520e18 - 1;
        assertEq(uint8(_plan().outcome), uint8(Outcome.CallPaused));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                    CASH THAT IS RELEASED
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Cash beside a long of the cheap token, of a size whose margin is no round number.
    function _long() private {
        positions.push(toPosition(cheap).withAmounts(2_000_000e18 + 100, -20_000e18 - 1));
        request.cashE18 = 40_000e18;
        policy.upperRestoreE6 = 1_800_001;
        policy.assetOrder = 0;
    }

    /// @dev E - U MM, with what a look costs set aside: as large as the margin to keep is rounded up.
    function test_WhatCashStaysForTheMarginIsRoundedUp() public {
        _long();
        // A quote token of 18 decimals.
        request.quoteScale = 1;
        Assessment memory a = _assess();
        assertTrue((a.maintenanceE18 * 1_800_001) % 1e6 != 0);
        Plan memory plan = _plan();
        assertEq(uint8(plan.outcome), uint8(Outcome.Released));
        assertEq(plan.moves[0].amount, uint256(a.equityE18) - 1e18 - ((a.maintenanceE18 * 1_800_001) / 1e6 + 1));
    }

    /// @dev And in whole units of the token, rounded down.
    function test_CashThatIsReleasedIsRoundedDown() public {
        _long();
        Assessment memory a = _assess();
        uint256 spare = uint256(a.equityE18) - 1e18 - ((a.maintenanceE18 * 1_800_001) / 1e6 + 1);
        assertTrue(spare % 1e12 != 0);
        Move memory move = _plan().moves[0];
        assertEq(move.amount, spare / 1e12);
        assertEq(move.valueE18, move.amount * 1e12);
    }

    /// @dev A profit that is not cash yet lets all the cash go but the keeper's, and the plan's health is without both.
    function test_OfAllTheCashTheKeepersStays() public {
        _long();
        riskEngine.setPerpetualRisk(cheap, IRiskEngine.PerpetualRisk(100, 200, 100_000));
        positions[0] = toPosition(cheap).withAmounts(2_000_000e18, 30_000e18);
        Assessment memory a = _assess();
        Plan memory plan = _plan();
        assertEq(plan.moves[0].amount, 39_999e6);
        assertEq(plan.healthAfterE18, (uint256(a.equityE18 - 40_000e18) * WAD) / a.maintenanceE18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                              CASH WHILE PROVISIONS ARE OPEN
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev A short of 30,000 and a wei beside so much of its underlying, a reserve of cash without bound, and credit that is worth a
    /// part of what comes in. A quote token of 18 decimals.
    function _shortWithReserve(uint256 held, int256 cash, uint256 credit) private returns (uint256 missing) {
        _depositReserve(alice, address(usdc), 1e24);
        if (held != 0) pages.push(CollateralPage.wrap(0).withEntry(0, cheap, held));
        positions.push(toPosition(cheap).withAmounts(-3_000_000e18 - 100, 30_000e18));
        policy.assetOrder = 0;
        (request.quoteScale, request.cashE18, request.creditE18) = (1, cash, credit);
        Assessment memory a = _assess();
        // With the one that a look costs.
        return (a.maintenanceE18 * 16 + 9) / 10 + 1e18 - uint256(a.equityE18);
    }

    /// @dev Credit at 70% and a wei: what comes in is rounded up, what it gains down.
    function test_WhatIsMissingComesAsCreditOfItsWorth() public {
        uint256 missing = _shortWithReserve(0, 4_000e18, 0.7e18 + 1);
        Plan memory plan = _plan();
        uint256 amount = (missing * WAD) / (0.7e18 + 1) + 1;
        assertEq(plan.moves.length, 1);
        assertEq(plan.moves[0].amount, amount);
        assertEq(plan.moves[0].valueE18, amount);
        assertTrue((amount * (0.7e18 + 1)) % WAD != 0);
        assertEq(plan.deficitE18, int256(missing) - int256((amount * (0.7e18 + 1)) / WAD));
        assertEq(uint8(plan.outcome), uint8(Outcome.ToppedUp));
    }

    /// @dev A debt of 100 is repaid in full first.
    function test_ADebtIsRepaidAtItsFullWorth() public {
        uint256 missing = _shortWithReserve(130_000e18, -100e18, 0.7e18 + 1);
        Plan memory plan = _plan();
        uint256 credit = ((missing - 100e18) * WAD) / (0.7e18 + 1) + 1;
        assertEq(plan.moves[0].amount, 100e18 + credit);
        assertEq(plan.deficitE18, int256(missing) - int256(100e18 + (credit * (0.7e18 + 1)) / WAD));
    }

    /// @dev Up to the debt nothing is credited.
    function test_WhatADebtTakesAloneIsNotMore() public {
        uint256 missing = _shortWithReserve(800_000e18, -3_000e18, 0.5e18);
        assertLt(missing, 3_000e18);
        assertEq(_plan().moves[0].amount, missing);
    }

    /// @dev Where credit is worth nothing, cash repays the debt and no more, and without debt it stays where it is.
    function test_WorthlessCreditIsNotBought() public {
        uint256 missing = _shortWithReserve(600_000e18, -700e18, 0);
        assertGt(missing, 700e18);
        Plan memory plan = _plan();
        assertEq(plan.moves[0].amount, 700e18);
        assertEq(plan.deficitE18, int256(missing) - 700e18);
        delete pages;
        request.cashE18 = 6_500e18;
        plan = _plan();
        assertEq(plan.moves.length, 0);
        assertEq(uint8(plan.outcome), uint8(Outcome.MarginCalled));
    }

    /// @dev Nor the least that a wallet may bring, beside what cures.
    function test_WorthlessCreditIsNotBoughtFromAWalletEither() public {
        _shortWithReserve(0, 6_500e18, 0);
        address token = vault.tokenOf(cheap);
        vm.startPrank(alice);
        marginAccount.withdrawReserve(_account(alice), token, 100_000_000e18, alice);
        marginAccount.withdrawReserve(_account(alice), address(usdc), 1e24, alice);
        MintableToken(token).approve(address(vault), type(uint256).max);
        usdc.approve(address(vault), type(uint256).max);
        vm.stopPrank();
        request.walletLeftE18 = 1e24;
        policy.assetOrder = cheap;
        Plan memory plan = _plan();
        assertEq(uint8(plan.outcome), uint8(Outcome.ToppedUp));
        assertEq(plan.moves.length, 1);
        assertEq(plan.moves[0].asset, cheap);
    }

    /// @dev A million in for a millionth of a billionth of it is less than the look costs.
    function test_CreditThatGainsLessThanALookCostsIsNotBought() public {
        _shortWithReserve(0, 6_500e18, 1e3);
        Plan memory plan = _plan();
        assertGe(plan.before.healthE18, WAD);
        assertEq(plan.moves.length, 0);
    }

    /// @dev The wallet goes on where the reserve has repaid the debt.
    function test_TheWalletsCashIsCreditOnceTheDebtIsRepaid() public {
        uint256 missing = _shortWithReserve(130_000e18, -100e18, 0.5e18);
        vm.prank(alice);
        marginAccount.withdrawReserve(_account(alice), address(usdc), 1e24 - 300e18, alice);
        request.walletLeftE18 = 1e24;
        vm.prank(alice);
        usdc.approve(address(vault), type(uint256).max);
        Move[] memory moves = _plan().moves;
        assertEq(moves[0].amount, 300e18);
        // A hundred of debt, and two hundred that are worth a half.
        assertTrue(moves[1].wallet);
        assertEq(moves[1].amount, (missing - 200e18) * 2);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                     THE WALLET'S TURN
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Ten ether against 17,000, and ether in the wallet.
    function _open(uint256 limit) private {
        pages.push(CollateralPage.wrap(0).withEntry(0, WETH_ASSET, 10e18));
        request.cashE18 = -17_000e18;
        request.walletLeftE18 = limit;
        policy.assetOrder = WETH_ASSET;
        weth.mint(alice, 100e18);
        vm.startPrank(alice);
        weth.approve(address(vault), type(uint256).max);
        usdc.approve(address(vault), type(uint256).max);
        vm.stopPrank();
    }

    /// @dev What the reserve brought is counted once when the wallet brings more of the same.
    function test_TheWalletGoesOnWhereTheReserveEnded() public {
        _depositReserve(alice, address(weth), 0.3e18);
        _open(100_000e18);
        Plan memory plan = _plan();
        assertEq(plan.moves.length, 2);
        assertEq(plan.moves[0].amount, 0.3e18);
        assertTrue(plan.moves[1].wallet);
        pages[0] = CollateralPage.wrap(0).withEntry(0, WETH_ASSET, 10.3e18 + plan.moves[1].amount);
        Assessment memory a = _assess();
        assertEq(plan.healthAfterE18, (uint256(a.equityE18 - 1e18) * WAD) / a.maintenanceE18);
        assertGe(plan.healthAfterE18, 1.6e18);
    }

    /// @dev Of a limit of a thousand, 600 of cash leave 400 for ether.
    function test_TheWalletsLimitIsOfAllThatComesFromIt() public {
        _open(1_000e18);
        usdc.mint(alice, 600e6);
        Move[] memory moves = _plan().moves;
        assertEq(moves.length, 2);
        assertEq(moves[0].amount, 600e6);
        assertEq(moves[1].amount, 0.2e18);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                 COLLATERAL THAT HEDGES
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev A short of 30,000 and a wei beside 10,000 of its underlying.
    function _short(uint256 restore) private {
        pages.push(CollateralPage.wrap(0).withEntry(0, cheap, 1_000_000e18));
        positions.push(toPosition(cheap).withAmounts(-3_000_000e18 - 100, 30_000e18));
        policy.lowerRestoreE6 = uint32(restore);
        (policy.upperRestoreE6, policy.upperE6) = (uint32(restore), 0);
    }

    /// @dev {quote} What is missing, with the one that a look costs.
    function _miss(uint256 missing) private {
        Assessment memory a = _assess();
        uint256 wanted = (a.maintenanceE18 * policy.lowerRestoreE6 + 1e6 - 1) / 1e6;
        request.cashE18 += int256(wanted) + 1e18 - int256(missing) - a.equityE18;
        a = _assess();
        assertLt(a.healthE18, 1.25e18);
        assertGe(a.equityE18, 0);
    }

    /// @dev {1} What a unit that hedges gains toward the restore point, rounded down; {quote} and what the short leaves open.
    function _gain() private view returns (uint256 gain, uint256 open) {
        int256 hedging;
        (hedging, , open) = Margin.collectRates(_leg());
        // Shock and size beyond the haircut: a hedge saves.
        assertLt(hedging, 0);
        gain = WAD + (uint256(-hedging) * policy.lowerRestoreE6) / 1e6;
    }

    /// @dev (T MM - E) / (1 + T (s g - h)), rounded up, where all of it hedges.
    function test_EachStepOfAHedgeIsRounded() public {
        _short(1_600_001);
        _miss(1_616e18 + 7);
        (uint256 gain, uint256 open) = _gain();
        (int256 hedging, , ) = Margin.collectRates(_leg());
        assertTrue((uint256(-hedging) * 1_600_001) % 1e6 != 0 && ((1_616e18 + 7) * WAD) % gain != 0);
        uint256 value = ((1_616e18 + 7) * WAD) / gain + 1;
        assertLt(value, open);
        assertEq(_plan().moves[0].amount, value * 100);
    }

    /// @dev What closes the short to the wei is a hedge, and nothing beyond it is asked for.
    function test_AHedgeOfAllThatIsOpenIsNoMore() public {
        IRiskEngine.RiskParameters memory p = _riskParameters(3_333);
        p.sizeCoefficientBps = 60_000;
        (p.initialFactorBps, p.haircutInitialBps) = (15_000, 800);
        riskEngine.setRiskParameters(cheap, p);
        // The basis makes the margin large enough for that much to be missing.
        riskEngine.setPerpetualRisk(cheap, IRiskEngine.PerpetualRisk(5_000, 5_000, 1));
        _short(2_500_000);
        (uint256 gain, uint256 open) = _gain();
        // Two wei of need in each wei of hedge: one less than all of it still takes the last wei.
        assertGt(gain, 2e18);
        uint256 missing = (open * gain) / WAD - 1;
        assertEq((missing * WAD + gain - 1) / gain, open);
        _miss(missing);
        assertEq(_plan().moves[0].amount, open * 100);
    }

    /// @dev Beyond the hedge the rest comes at what a unit adds, and what the size factor asks beyond, to the last wei.
    function test_BeyondAHedgeNothingIsLeftMissing() public {
        _short(1_600_001);
        riskEngine.setPerpetualRisk(cheap, IRiskEngine.PerpetualRisk(5_000, 5_000, 1));
        (uint256 gain, uint256 open) = _gain();
        uint256 missing = (open * gain) / WAD + 1_000e18;
        assertTrue((open * gain) % WAD != 0);
        _miss(missing);
        (, int256 adding, ) = Margin.collectRates(_leg());
        uint256 rest = WAD - ((uint256(adding) * 1_600_001 + 1e6 - 1) / 1e6);
        uint256 value = open + (1_000e18 * WAD + rest - 1) / rest;
        Plan memory plan = _plan();
        assertGe(plan.deficitE18, -1e2);
        assertLe(plan.deficitE18, 0);
        assertGt(plan.moves[0].amount, value * 100);
    }

    /// @dev A haircut of 50% and a shock of 10%: a hedge that adds two fifths of itself has to be covered two and a half times.
    function test_AHedgeThatGainsNothingIsNotBrought() public {
        riskEngine.setRiskParameters(cheap, IRiskEngine.RiskParameters(1_000, 5_000, 5_000, 15_000, 0));
        _short(2_500_000);
        Assessment memory a = _assess();
        request.cashE18 = int256((a.maintenanceE18 * 11) / 10) - a.equityE18;
        (int256 hedging, , uint256 open) = Margin.collectRates(_leg());
        assertEq(hedging, 0.4e18);
        assertGt(open, 0);
        Plan memory plan = _plan();
        assertEq(plan.moves.length, 0);
        assertEq(uint8(plan.outcome), uint8(Outcome.MarginCalled));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                     THE OWNER'S ORDER
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev An asset without risk parameters counts for nothing and has no price to release it at; the next one has.
    function test_WhatCountsForNothingIsPassedOverByARelease() public {
        MintableToken token = new MintableToken("Bare", "BARE");
        uint8 bare = _list(address(token), 18, 1e8, COIN_HEARTBEAT);
        pages.push(CollateralPage.wrap(0).withEntry(0, WETH_ASSET, 20e18).withEntry(1, bare, 5e18));
        request.cashE18 = -5_000e18;
        policy.assetOrder = uint64(bare) | (uint64(WETH_ASSET) << 8);
        Plan memory plan = _plan();
        assertEq(uint8(plan.outcome), uint8(Outcome.Released));
        assertEq(plan.moves.length, 1);
        assertEq(plan.moves[0].asset, WETH_ASSET);
    }

    /// @dev A position's leg is no collateral: beside eight kinds there is no room for its asset, beside seven there is.
    function test_APositionsAssetIsAKindOfItsOwn() public {
        for (uint256 i; i < 4; ++i) {
            (, uint8 first) = _newCollateral();
            (, uint8 second) = _newCollateral();
            pages.push(CollateralPage.wrap(0).withEntry(0, first, 1e18).withEntry(1, second, 1e18));
        }
        positions.push(toPosition(cheap).withAmounts(1_000e18, -10e18));
        Assessment memory a = _assess();
        request.cashE18 = int256((a.maintenanceE18 * 11) / 10) - a.equityE18;
        Plan memory plan = _plan();
        assertEq(plan.moves.length, 0);
        assertEq(uint8(plan.outcome), uint8(Outcome.MarginCalled));

        pages[3] = pages[3].withEntry(1, 0, 0);
        a = riskEngine.assessAccount(0, pages, positions);
        request.cashE18 = int256((a.maintenanceE18 * 11) / 10) - a.equityE18;
        plan = _plan();
        assertEq(plan.moves.length, 1);
        assertEq(plan.moves[0].asset, cheap);
    }

    /// @dev A new kind joins the others, and leaves them where they were: what the account would be is what the engine says of it.
    function test_ANewKindLeavesTheOthersAsTheyWere() public {
        pages.push(CollateralPage.wrap(0).withEntry(0, cheap, 2_000_000e18));
        _depositReserve(alice, address(weth), 0.01e18);
        policy.assetOrder = uint64(WETH_ASSET) | (uint64(cheap) << 8);
        Assessment memory a = _assess();
        request.cashE18 = int256((a.maintenanceE18 * 11) / 10) - a.equityE18;
        Plan memory plan = _plan();
        assertEq(plan.moves.length, 2);
        assertEq(plan.moves[0].asset, WETH_ASSET);
        assertEq(plan.moves[0].amount, 0.01e18);
        assertEq(plan.moves[1].asset, cheap);
        pages[0] = pages[0].withEntry(0, cheap, 2_000_000e18 + plan.moves[1].amount).withEntry(1, WETH_ASSET, 0.01e18);
        a = _assess();
        uint256 left = uint256(a.equityE18) - plan.keeperPayMaxE18;
        assertApproxEqAbs(plan.healthAfterE18, (left * WAD) / a.maintenanceE18, 1);
        assertGe(plan.healthAfterE18, policy.lowerRestoreE6 * uint256(1e12));
    }

    /// @dev Where the first leg of the order gives all that may go, rounding leaves a wei too little or none for the next.
    function test_NothingMoreIsReleasedThanMayGo() public {
        riskEngine.setRiskParameters(cheap, IRiskEngine.RiskParameters(1_000, 400, 800, 15_000, 0));
        pages.push(CollateralPage.wrap(0).withEntry(0, cheap, 5_000_000e18 + 77).withEntry(1, WETH_ASSET, 10e18 + 3));
        policy.assetOrder = uint64(cheap) | (uint64(WETH_ASSET) << 8);
        policy.upperRestoreE6 = 1_800_001;
        uint256 short;
        for (uint256 i; i < 40; ++i) {
            request.cashE18 = -30_000e18 - int256(i);
            Plan memory plan = _plan();
            assertEq(uint8(plan.outcome), uint8(Outcome.Released));
            assertEq(plan.moves.length, 1);
            CollateralPage held = pages[0];
            pages[0] = held.withEntry(0, cheap, held.amountAt(0) - plan.moves[0].amount);
            Assessment memory a = _assess();
            uint256 kept = (a.maintenanceE18 * 1_800_001 + 1e6 - 1) / 1e6 + plan.keeperPayMaxE18;
            if (uint256(a.equityE18) < kept) ++short;
            pages[0] = held;
        }
        assertGt(short, 0);
    }
}
