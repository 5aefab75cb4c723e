// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ICollateralVault} from "../../../contracts/interfaces/ICollateralVault.sol";
import {ILiquidator} from "../../../contracts/interfaces/ILiquidator.sol";
import {IMarginAccountAccess} from "../../../contracts/interfaces/IMarginAccountAccess.sol";
import {IRebalancer} from "../../../contracts/interfaces/IRebalancer.sol";
import {IRiskEngine} from "../../../contracts/interfaces/IRiskEngine.sol";
import {MintableToken} from "../../../contracts/mocks/MintableToken.sol";
import {toAccountId} from "../../../contracts/types/AccountId.sol";
import {toPerpetual} from "../../../contracts/types/InstrumentId.sol";
import {FaultySource} from "../utils/mocks/FaultySource.sol";
import {Book} from "./Book.sol";
import {Leaving} from "./Leaving.sol";
import {GOVERNOR_DELAY, INDICES, OWNERS, TOKENS} from "./Stage.sol";
import {BatchHandler} from "./handlers/BatchHandler.sol";
import {CoalitionHandler} from "./handlers/CoalitionHandler.sol";
import {GovernanceHandler} from "./handlers/GovernanceHandler.sol";
import {GuardHandler} from "./handlers/GuardHandler.sol";
import {KeeperHandler} from "./handlers/KeeperHandler.sol";
import {LossHandler} from "./handlers/LossHandler.sol";
import {MarketHandler} from "./handlers/MarketHandler.sol";
import {OwnerHandler} from "./handlers/OwnerHandler.sol";
import {PauseHandler} from "./handlers/PauseHandler.sol";
import {StrangerHandler} from "./handlers/StrangerHandler.sol";
import {TakerHandler} from "./handlers/TakerHandler.sol";
import {TraderHandler} from "./handlers/TraderHandler.sol";
import {WishHandler} from "./handlers/WishHandler.sol";

/// @title Campaign
/// @notice Sets the stage: the protocol, five owners of two accounts each, a lender, takers, a keeper, a stranger and a
/// governor whose changes wait; and every action that a campaign may take.
abstract contract Campaign is Leaving {
    /// @dev An action, and how often a walk takes it in comparison with the others.
    struct Action {
        address target;
        bytes4 selector;
        uint256 weight;
        string name;
    }

    uint64 internal constant GOVERNOR_ROLE = 1;
    uint64 internal constant LIMITS_ROLE = 2;
    uint64 internal constant GUARDIAN_ROLE = 3;

    address internal governor = makeAddr("governor");
    address internal guardian = makeAddr("guardian");

    OwnerHandler internal owners;
    WishHandler internal wishes;
    StrangerHandler internal strangers;
    KeeperHandler internal keepers;
    TakerHandler internal takers;
    PauseHandler internal pauses;
    BatchHandler internal batches;
    CoalitionHandler internal coalition;
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
        stage.venueTaker = address(takers.VENUE_TAKER());
        traders = new TraderHandler(stage);
        pauses = new PauseHandler(stage);
        batches = new BatchHandler(stage);
        coalition = new CoalitionHandler(stage);
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
        stage.exchange = exchange;
        stage.source = new FaultySource(uint256(WETH_START) * 1e10);
        // Within 3% of each other, and between 250 and 20,000.
        riskEngine.setSecondary(WETH_ASSET, address(stage.source), 300, 250e6, 20_000e6);
        stage.owners = [alice, bob, carol, makeAddr("dave"), makeAddr("erin")];
        string[5] memory names = ["alice", "bob", "carol", "dave", "erin"];
        for (uint256 i; i < OWNERS; ++i) {
            (, stage.keys[i]) = makeAddrAndKey(names[i]);
        }
        stage.lender = lender;
        (, stage.lenderKey) = makeAddrAndKey("lender");
        stage.keeper = keeper;
        stage.taker = taker;
        (, stage.takerKey) = makeAddrAndKey("taker");
        stage.stranger = stranger;
        stage.governor = governor;
        stage.guardian = guardian;
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
        one[0] = IMarginAccountAccess.unpause.selector;
        manager.setTargetFunctionRole(address(marginAccount), one, GOVERNOR_ROLE);
        one[0] = IMarginAccountAccess.pause.selector;
        manager.setTargetFunctionRole(address(marginAccount), one, GUARDIAN_ROLE);
        manager.grantRole(GUARDIAN_ROLE, guardian, 0);
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
        // The instruments as they were listed, before the recorder ran.
        for (uint8 asset = 1; asset < TOKENS; ++asset) {
            marginAccount.accrueFunding(toPerpetual(asset));
        }
        book.replay(vm.getRecordedLogs(), parties);
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
        _add(address(traders), traders.trade.selector, 8, "trader: trade");
        _add(address(traders), traders.tradeToTheLimit.selector, 6, "trader: trade to the limit");
        _add(address(traders), traders.tradeWithOneself.selector, 4, "trader: with oneself");
        _add(address(traders), traders.close.selector, 5, "trader: close");
        _add(address(traders), traders.closeInTheDark.selector, 4, "trader: close without a price, or in a pause");
        _add(address(traders), traders.turn.selector, 3, "trader: turn");
        _add(address(traders), traders.relieve.selector, 5, "trader: lessen risk below the initial margin");
        _add(address(traders), traders.forge.selector, 2, "trader: forged order (refused)");
        _add(address(traders), traders.settle.selector, 4, "trader: settle");
        _add(address(traders), traders.accrueFunding.selector, 2, "trader: accrue funding");
        _add(address(market), market.move.selector, 5, "market: move");
        _add(address(market), market.fall.selector, 4, "market: fall");
        _add(address(market), market.rise.selector, 8, "market: rise");
        _add(address(market), market.crash.selector, 5, "market: crash");
        _add(address(market), market.slide.selector, 2, "market: slide");
        _add(address(market), market.depeg.selector, 1, "market: depeg of the quote");
        _add(address(market), market.fallSilent.selector, 2, "feed: falls silent");
        _add(address(market), market.lie.selector, 1, "feed: lies");
        _add(address(market), market.contradict.selector, 3, "feed: contradicts the second source");
        _add(address(market), market.contradictSecond.selector, 3, "second source: contradicts");
        _add(address(market), market.silenceSecond.selector, 2, "second source: says nothing");
        _add(address(market), market.leaveBounds.selector, 2, "feed: leaves its bounds");
        _add(address(market), market.recover.selector, 10, "feed: recovers");
        _add(address(market), market.waitBlocks.selector, 5, "time: blocks");
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
        _add(address(pauses), pauses.pause.selector, 5, "guardian: pause");
        _add(address(pauses), pauses.tryTheDoor.selector, 3, "pause: what it refuses");
        _add(address(pauses), pauses.cure.selector, 4, "pause: cures");
        _add(address(pauses), pauses.loosen.selector, 3, "pause: ended by governance");
        _add(address(pauses), pauses.outlast.selector, 6, "pause: ends by itself");
        _add(address(batches), batches.lever.selector, 5, "batch: lever");
        _add(address(batches), batches.unlever.selector, 4, "batch: unlever");
        _add(address(batches), batches.mix.selector, 4, "batch: any calls");
        _add(address(batches), batches.smuggle.selector, 2, "batch: smuggle (refused)");
        _add(address(batches), batches.grant.selector, 2, "grant: by signature");
        _add(address(batches), batches.forgeGrant.selector, 2, "grant: forged (refused)");
        _add(address(coalition), coalition.conspire.selector, 6, "coalition: conspire");
        _add(address(guards), guards.fetch.selector, 3, "claim: fetch");
    }

    function _add(address target, bytes4 selector, uint256 weight, string memory name) private {
        actions.push(Action(target, selector, weight, name));
    }

    function _tallyOf(Action memory action) internal view returns (Book.Tally memory) {
        return book.tallyOf(keccak256(abi.encode(action.target, action.selector)));
    }
}
