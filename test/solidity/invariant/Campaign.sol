// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ICollateralVault} from "../../../contracts/interfaces/ICollateralVault.sol";
import {ILiquidator} from "../../../contracts/interfaces/ILiquidator.sol";
import {IMarginAccountAccess} from "../../../contracts/interfaces/IMarginAccountAccess.sol";
import {IRebalancer} from "../../../contracts/interfaces/IRebalancer.sol";
import {IRiskEngine} from "../../../contracts/interfaces/IRiskEngine.sol";
import {MintableToken} from "../../../contracts/mocks/MintableToken.sol";
import {AccountId, toAccountId} from "../../../contracts/types/AccountId.sol";
import {Book} from "./Book.sol";
import {Promises} from "./Promises.sol";
import {GOVERNOR_DELAY, INDICES, OWNERS, TOKENS, USDC} from "./Stage.sol";
import {GovernanceHandler} from "./handlers/GovernanceHandler.sol";
import {GuardHandler} from "./handlers/GuardHandler.sol";
import {KeeperHandler} from "./handlers/KeeperHandler.sol";
import {LossHandler} from "./handlers/LossHandler.sol";
import {MarketHandler} from "./handlers/MarketHandler.sol";
import {OwnerHandler} from "./handlers/OwnerHandler.sol";
import {StrangerHandler} from "./handlers/StrangerHandler.sol";
import {TakerHandler} from "./handlers/TakerHandler.sol";
import {WishHandler} from "./handlers/WishHandler.sol";

/// @title Campaign
/// @notice Sets the stage: the protocol, five owners of two accounts each, a lender, takers, a keeper, a stranger and a
/// governor whose changes wait; and every action that a campaign may take.
abstract contract Campaign is Promises {
    /// @dev An action, and how often a walk takes it in comparison with the others.
    struct Action {
        address target;
        bytes4 selector;
        uint256 weight;
        string name;
    }

    uint64 internal constant GOVERNOR_ROLE = 1;
    uint64 internal constant LIMITS_ROLE = 2;

    address internal governor = makeAddr("governor");

    OwnerHandler internal owners;
    WishHandler internal wishes;
    StrangerHandler internal strangers;
    KeeperHandler internal keepers;
    TakerHandler internal takers;
    MarketHandler internal market;
    GovernanceHandler internal governance;
    LossHandler internal losses;
    GuardHandler internal guards;

    Action[] internal actions;

    function setUp() public virtual override {
        super.setUp();
        book = new Book(address(vault), address(marginAccount));
        _cast();
        owners = new OwnerHandler(stage);
        wishes = new WishHandler(stage);
        strangers = new StrangerHandler(stage);
        keepers = new KeeperHandler(stage);
        takers = new TakerHandler(stage);
        market = new MarketHandler(stage);
        governance = new GovernanceHandler(stage);
        losses = new LossHandler(stage);
        guards = new GuardHandler(stage);
        _gatherEverybody();
        _approveAll();
        _govern();
        _list();
        _listGuards();
        _open();
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       THE STAGE
    //////////////////////////////////////////////////////////////////////////*/

    function _cast() private {
        stage.manager = manager;
        stage.vault = vault;
        stage.riskEngine = riskEngine;
        stage.rebalancer = rebalancer;
        stage.marginAccount = marginAccount;
        stage.liquidator = liquidator;
        stage.tokens = [MintableToken(address(usdc)), weth, MintableToken(address(wbtc))];
        stage.feeds = [feeds[0], feeds[1], feeds[2]];
        stage.owners = [alice, bob, carol, makeAddr("dave"), makeAddr("erin")];
        stage.lender = lender;
        stage.keeper = keeper;
        stage.taker = taker;
        stage.stranger = stranger;
        stage.governor = governor;
        stage.book = book;
    }

    function _gatherEverybody() private {
        for (uint256 i; i < OWNERS * INDICES; ++i) {
            everybody.push(toAccountId(stage.owners[i % OWNERS], uint96(i / OWNERS)));
        }
        everybody.push(toAccountId(lender, 0));
        everybody.push(toAccountId(keeper, 0));
        everybody.push(toAccountId(taker, 0));
        everybody.push(toAccountId(address(takers.VENUE_TAKER()), 0));
        everybody.push(toAccountId(stranger, 0));
        everybody.push(marginAccount.insuranceFund());
    }

    function _approveAll() private {
        for (uint256 i; i < everybody.length; ++i) {
            for (uint8 asset; asset < TOKENS; ++asset) {
                vm.prank(everybody[i].ownerOf());
                stage.tokens[asset].approve(address(vault), type(uint256).max);
            }
        }
    }

    /// @dev The governor waits, except with limits; this contract keeps the power to open the caps at the end.
    function _govern() private {
        bytes4[] memory one = new bytes4[](1);
        one[0] = IMarginAccountAccess.setInterest.selector;
        manager.setTargetFunctionRole(address(marginAccount), one, GOVERNOR_ROLE);
        one[0] = IRiskEngine.setRiskParameters.selector;
        manager.setTargetFunctionRole(address(riskEngine), one, GOVERNOR_ROLE);
        one[0] = ILiquidator.setLiquidationParameters.selector;
        manager.setTargetFunctionRole(address(liquidator), one, GOVERNOR_ROLE);
        one[0] = IRebalancer.setKeeperParameters.selector;
        manager.setTargetFunctionRole(address(rebalancer), one, GOVERNOR_ROLE);
        one[0] = ICollateralVault.setLimits.selector;
        manager.setTargetFunctionRole(address(vault), one, LIMITS_ROLE);
        one[0] = ICollateralVault.setOutflowLimit.selector;
        manager.setTargetFunctionRole(address(vault), one, LIMITS_ROLE);
        manager.grantRole(GOVERNOR_ROLE, governor, GOVERNOR_DELAY);
        manager.grantRole(LIMITS_ROLE, governor, 0);
        manager.grantRole(LIMITS_ROLE, address(this), 0);
    }

    /// @dev The first deposits, told to the book like all others: it knows the ledger from its first event.
    function _open() private {
        vm.recordLogs();
        _lend(4_000_000e6);
        takers.prepare();
        uint256[] memory parties = new uint256[](3);
        parties[0] = _raw(lender);
        parties[1] = _raw(taker);
        parties[2] = _raw(address(takers.VENUE_TAKER()));
        book.replay(vm.getRecordedLogs(), parties);
        book.observe(marginAccount.cashMarket());
    }

    /*//////////////////////////////////////////////////////////////////////////
                                      THE ACTIONS
    //////////////////////////////////////////////////////////////////////////*/

    function _list() private {
        _add(address(owners), owners.deposit.selector, 4, "owner: deposit");
        _add(address(owners), owners.depositCollateral.selector, 6, "owner: deposit collateral");
        _add(address(owners), owners.withdraw.selector, 4, "owner: withdraw");
        _add(address(owners), owners.borrow.selector, 8, "owner: borrow");
        _add(address(owners), owners.borrowToTheLimit.selector, 6, "owner: borrow to the limit");
        _add(address(owners), owners.repay.selector, 3, "owner: repay");
        _add(address(owners), owners.transfer.selector, 5, "owner: transfer");
        _add(address(owners), owners.fillReserve.selector, 4, "owner: fill reserve");
        _add(address(owners), owners.emptyReserve.selector, 2, "owner: empty reserve");
        _add(address(owners), owners.overdrawReserve.selector, 1, "owner: overdraw reserve (refused)");
        _add(address(owners), owners.lend.selector, 2, "lender: lend");
        _add(address(owners), owners.unlend.selector, 2, "lender: withdraw");
        _add(address(wishes), wishes.setPolicy.selector, 4, "owner: set policy");
        _add(address(wishes), wishes.setOperator.selector, 2, "owner: set operator");
        _add(address(wishes), wishes.actAsOperator.selector, 3, "operator: withdraw");
        _add(address(wishes), wishes.setWallet.selector, 3, "owner: set wallet");
        _add(address(strangers), strangers.trespassOnAccount.selector, 2, "stranger: account (refused)");
        _add(address(strangers), strangers.trespassOnModules.selector, 2, "stranger: modules (refused)");
        _add(address(strangers), strangers.trespassOnGovernance.selector, 1, "stranger: governance (refused)");
        _add(address(strangers), strangers.parkForeignAsset.selector, 2, "stranger: foreign asset (refused)");
        _add(address(strangers), strangers.cureWithCash.selector, 3, "stranger: cure with cash");
        _add(address(strangers), strangers.cureWithCollateral.selector, 4, "stranger: cure with collateral");
        _add(address(keepers), keepers.rebalance.selector, 3, "keeper: rebalance any");
        _add(address(keepers), keepers.rebalanceDue.selector, 8, "keeper: rebalance who is due");
        _add(address(keepers), keepers.rebalanceMany.selector, 3, "keeper: rebalance many");
        _listOthers();
    }

    function _listOthers() private {
        _add(address(takers), takers.liquidate.selector, 2, "taker: liquidate any (most refused)");
        _add(address(takers), takers.liquidateUnhealthy.selector, 7, "taker: liquidate who is unhealthy");
        _add(address(takers), takers.liquidateWithCallback.selector, 6, "taker: liquidate with callback");
        _add(address(takers), takers.liquidateOneself.selector, 2, "taker: oneself (refused)");
        _add(address(takers), takers.liquidateBelowPrice.selector, 6, "taker: below the price (refused)");
        _add(address(market), market.move.selector, 5, "market: move");
        _add(address(market), market.fall.selector, 4, "market: fall");
        _add(address(market), market.rise.selector, 8, "market: rise");
        _add(address(market), market.crash.selector, 5, "market: crash");
        _add(address(market), market.slide.selector, 2, "market: slide");
        _add(address(market), market.depeg.selector, 1, "market: depeg of the quote");
        _add(address(market), market.fallSilent.selector, 2, "feed: falls silent");
        _add(address(market), market.lie.selector, 1, "feed: lies");
        _add(address(market), market.recover.selector, 10, "feed: recovers");
        _add(address(market), market.waitBlocks.selector, 6, "time: blocks");
        _add(address(market), market.waitHours.selector, 3, "time: hours");
        _add(address(market), market.waitDays.selector, 3, "time: days");
        _add(address(market), market.sleep.selector, 1, "time: without feeds");
        _add(address(governance), governance.propose.selector, 4, "governor: propose");
        _add(address(governance), governance.hurry.selector, 2, "governor: hurry (refused)");
        _add(address(governance), governance.carryOut.selector, 3, "governor: carry out");
        _add(address(governance), governance.setLimits.selector, 3, "governor: set limits");
        _add(address(losses), losses.provision.selector, 4, "loss: provision");
        _add(address(losses), losses.reverseProvision.selector, 3, "loss: reverse provision");
        _add(address(losses), losses.writeOff.selector, 1, "loss: write off (refused)");
        _add(address(losses), losses.collectFees.selector, 2, "loss: collect fees");
        _add(address(losses), losses.donateToVault.selector, 1, "gift: to the vault");
        _add(address(losses), losses.donateElsewhere.selector, 1, "gift: elsewhere");
    }

    function _listGuards() private {
        _add(address(guards), guards.squeeze.selector, 4, "claim: withdraw under a limit");
        _add(address(guards), guards.payClaims.selector, 2, "claim: pay");
        _add(address(guards), guards.refuse.selector, 3, "claim: refused by the token");
        _add(address(guards), guards.fetch.selector, 3, "claim: fetch");
    }

    function _add(address target, bytes4 selector, uint256 weight, string memory name) private {
        actions.push(Action(target, selector, weight, name));
    }

    function _tallyOf(Action memory action) internal view returns (Book.Tally memory) {
        return book.tallyOf(keccak256(abi.encode(action.target, action.selector)));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        THE END
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Everybody pays what he owes and takes what is his: the vault can pay all of it, and keeps no more than dust,
    /// reserves and gifts.
    function checkEverybodyCanLeave() public {
        _refreshAll();
        for (uint256 i; i < everybody.length; ++i) {
            int256 cash = marginAccount.cashOf(everybody[i]);
            if (cash < 0) _repay(everybody[i], uint256(-cash));
            if (marginAccount.provisionOf(everybody[i]) != 0) marginAccount.reverseProvision(everybody[i]);
        }
        marginAccount.collectFees();
        for (uint256 i; i + 1 < everybody.length; ++i) {
            _leave(everybody[i]);
        }
        (uint256 total, , , ) = vault.totalsOf(address(usdc));
        int256 fund = marginAccount.cashOf(marginAccount.insuranceFund());
        assertGe(fund, 0, "promise 1: the fund owes");
        // What is left beyond the fund's is rounding: of each account's actions a unit or two.
        assertGe(total, uint256(fund), "promise 1: the fund's cash is not there");
        for (uint8 asset = 1; asset < TOKENS; ++asset) {
            (total, , , ) = vault.totalsOf(address(stage.tokens[asset]));
            assertEq(total, 0, "promise 3: collateral was left behind");
        }
    }

    function _leave(AccountId id) private {
        address owner = id.ownerOf();
        for (uint8 asset; asset < TOKENS; ++asset) {
            address token = address(stage.tokens[asset]);
            uint256 held = asset == USDC ? uint256(marginAccount.cashOf(id)) : marginAccount.collateralOf(id, asset);
            uint256 before = IERC20(token).balanceOf(owner);
            if (held != 0) {
                vm.prank(owner);
                marginAccount.withdraw(id, token, type(uint256).max, owner);
            }
            assertEq(IERC20(token).balanceOf(owner), before + held, "promise 1: somebody could not leave whole");
            uint256 reserve = vault.reserveOf(id, asset);
            if (reserve == 0) continue;
            vm.prank(owner);
            marginAccount.withdrawReserve(id, token, type(uint256).max, owner);
            assertEq(IERC20(token).balanceOf(owner), before + held + reserve, "promise 10: a reserve was not whole");
        }
    }

    function _repay(AccountId id, uint256 debt) private {
        (, , , uint256 minimum) = vault.totalsOf(address(usdc));
        if (debt < minimum) debt = minimum;
        address owner = id.ownerOf();
        usdc.mint(owner, debt);
        vm.prank(owner);
        marginAccount.deposit(id, address(usdc), debt);
    }

    function _refreshAll() private {
        int256[3] memory answers = [USDC_START, WETH_START, WBTC_START];
        for (uint8 asset; asset < TOKENS; ++asset) {
            feeds[asset].push(answers[asset], block.timestamp);
            vault.setLimits(address(stage.tokens[asset]), 1_000_000_000, 100);
        }
    }
}
