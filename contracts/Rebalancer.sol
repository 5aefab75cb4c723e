// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {BPS, E6_TO_E18, INFINITE_HEALTH, MAX_COLLATERALS, QUOTE, WAD} from "./base/Constants.sol";
import {Errors} from "./base/Errors.sol";
import {IRebalancer, Outcome, Plan, Request} from "./interfaces/IRebalancer.sol";
import {Rounding} from "./math/Rounding.sol";
import {Answers} from "./risk/Answers.sol";
import {Draft, DraftLib} from "./risk/Draft.sol";
import {Feeds} from "./risk/Feeds.sol";
import {Margin} from "./risk/Margin.sol";
import {RiskEngine} from "./RiskEngine.sol";
import {AccountHeader, CallState} from "./types/AccountHeader.sol";
import {BandPolicy} from "./types/BandPolicy.sol";
import {CollateralPage} from "./types/CollateralPage.sol";
import {Assessment, Leg} from "./types/Assessment.sol";
import {Position} from "./types/Position.sol";

/// @title Rebalancer
/// @notice Plans rebalances. It moves nothing: MarginAccount carries a plan out.
/// @dev It is the risk engine too: a plan is computed where prices and parameters are, and not one call further away.
contract Rebalancer is IRebalancer, RiskEngine {
    using DraftLib for Draft;

    /// @dev Of a collateral whose size factor grows with what comes in; each is far closer than the one before.
    uint256 internal constant MAX_STEPS = 5;
    uint32 internal constant MAX_GAS = 5_000_000;
    uint32 internal constant MAX_OVERHEAD = 100_000;
    uint64 internal constant MAX_BASE_FEE = 10_000 gwei;
    uint32 internal constant MAX_FLAT_E6 = 100e6;

    // slots 0 to 7 are RiskEngine's
    // slot 8
    KeeperParameters private _keeper;

    constructor(address authority) RiskEngine(authority) {}

    /// @inheritdoc IRebalancer
    function setKeeperParameters(KeeperParameters calldata p) external restricted {
        // Checks
        if (p.gasMaximum > MAX_GAS) _keeperOutOfBounds("gasMaximum", p.gasMaximum, MAX_GAS);
        if (p.gasOverhead > MAX_OVERHEAD) _keeperOutOfBounds("gasOverhead", p.gasOverhead, MAX_OVERHEAD);
        if (p.baseFeeMaximum > MAX_BASE_FEE) _keeperOutOfBounds("baseFeeMaximum", p.baseFeeMaximum, MAX_BASE_FEE);
        if (p.marginBps > BPS) _keeperOutOfBounds("marginBps", p.marginBps, BPS);
        if (p.flatE6 > MAX_FLAT_E6) _keeperOutOfBounds("flatE6", p.flatE6, MAX_FLAT_E6);
        if (p.discountBps > BPS) _keeperOutOfBounds("discountBps", p.discountBps, BPS);

        // Effects
        _keeper = p;
        emit KeeperParametersSet(p);
    }

    /// @inheritdoc IRebalancer
    function keeperParameters() external view returns (KeeperParameters memory) {
        return _keeper;
    }

    /// @inheritdoc IRebalancer
    function plan(
        Request calldata request,
        CollateralPage[] calldata pages,
        Position[] calldata positions
    ) external view returns (Plan memory p) {
        _fillPlan(p, request, pages, positions);
        Answers.give(p);
    }

    function _fillPlan(
        Plan memory p,
        Request calldata request,
        CollateralPage[] calldata pages,
        Position[] calldata positions
    ) private view {
        AccountHeader header = request.header;
        BandPolicy policy = request.policy;
        Leg[] memory legs = _legs(pages, positions, _readQuote());
        Assessment memory a = Margin.assess(legs, request.cashE18);
        p.before = a;
        p.healthAfterE18 = a.healthE18;
        // With neither debt nor positions nothing is at risk; an old call is closed, whatever the prices are.
        if (request.cashE18 >= 0 && positions.length == 0) {
            p.healthAfterE18 = INFINITE_HEALTH;
            p.outcome =
                header.callState() == CallState.None && header.liquidationSince() == 0
                    ? Outcome.NoRisk
                    : Outcome.CallCured;
            return;
        }
        if (a.halted) {
            p.outcome = Outcome.PriceHalted;
            return;
        }

        // One release a block: the pay that it set aside and did not need would else be released, for another pay. Nor is
        // anything released in the block in which the owner raised his risk.
        bool above = a.healthE18 > policy.upper() && header.riskBlock() != block.number;
        // What is owed below the band is decided at the side that favours the owner; a release, his own wish, at the other.
        if (a.degraded && !above) {
            Margin.favourOwner(legs);
            a = Margin.assess(legs, request.cashE18);
            p.before = a;
            p.healthAfterE18 = a.healthE18;
        }
        bool below = a.healthE18 < policy.lower();
        if (above || below) {
            _priceKeeper(p, policy, legs);
            Draft memory d = DraftLib.newDraft(request, legs, a, p.keeperPayMaxE18);
            if (above) {
                if (_release(p, d)) return;
            } else {
                _topUp(p, d);
            }
        }
        if (p.outcome == Outcome.InBand) p.outcome = _clockOutcome(p, header, policy);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       THE KEEPER
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev The most a keeper may get: gas and flat, never above the owner's cap, and never above the liquidation discount
    /// that the rebalance makes less likely, so that the owner's equity and that discount together do not fall.
    function _priceKeeper(Plan memory p, BandPolicy policy, Leg[] memory legs) private view {
        KeeperParameters memory k = _keeper;
        uint256 baseFee = block.basefee < k.baseFeeMaximum ? block.basefee : k.baseFeeMaximum;
        // {quote/gas} = {coin wei/gas} * {quote/coin} / {wei/coin} * {1}
        p.gasPriceE18 = Rounding.mulDivDown(baseFee, _coinPrice(legs, k.gasAsset) * (BPS + k.marginBps), WAD * BPS);
        p.gasOverhead = k.gasOverhead;

        uint256 limit = Rounding.mulDivDown(p.before.maintenanceE18, k.discountBps, BPS);
        uint256 cap = policy.keeperPayCapE18();
        if (cap < limit) limit = cap;
        uint256 flat = k.flatE6 * E6_TO_E18;
        p.keeperFlatE18 = flat < limit ? flat : limit;
        uint256 most = k.gasMaximum * p.gasPriceE18 + flat;
        p.keeperPayMaxE18 = most < limit ? most : limit;
    }

    /// @dev The chain's coin in quote units; zero while it has no price, when only the flat part is paid.
    function _coinPrice(Leg[] memory legs, uint8 gasAsset) private view returns (uint256) {
        for (uint256 i; i < legs.length; ++i) {
            if (legs[i].asset == gasAsset) return legs[i].halted ? 0 : legs[i].bidE18;
        }
        (uint256 quoteScale, Fault quoteFault) = _quoteSide();
        (uint256 bid, , , Status status, ) = _sides(gasAsset, _assets[gasAsset], quoteScale, quoteFault);
        return status == Status.Halted ? 0 : bid;
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        RELEASE
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Releases cash, then collateral in the owner's order, until health is at `upperRestore`.
    /// @return done False: nothing could be released.
    function _release(Plan memory p, Draft memory d) private view returns (bool done) {
        uint256 target = d.policy.upperRestore();
        if (d.cashE18 > 0) d.releaseCash(target);
        for (uint256 order = d.policy.assetOrder(); order != 0; order >>= 8) {
            uint256 at = DraftLib.find(d.legs, uint8(order));
            if (at == DraftLib.NONE) continue;
            Leg memory leg = d.legs[at];
            if (leg.bidE18 != 0 && !leg.halted) d.releaseLeg(leg, target);
        }
        if (d.count == 0) return false;
        if (d.movedE18 < _keeper.releaseMultiple * p.keeperPayMaxE18) {
            p.outcome = Outcome.NotWorthIt;
            return true;
        }
        p.outcome = Outcome.Released;
        d.finish(p, d.health());
        return true;
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         TOP-UP
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Brings health to `lowerRestore` from the reserve, then from the wallet; cash first, then the owner's order. Below
    /// maintenance the same cure is tried before liquidation, but only when it saves the account: nothing is thrown into one
    /// that would be liquidated with it. An insolvent account gets nothing.
    function _topUp(Plan memory p, Draft memory d) private view {
        if (p.before.equityE18 < 0) return;
        _collect(d, false);
        if (d.walletLeftE18 != 0) _collect(d, true);
        // Nothing is brought in for less than it may cost: else whoever sends crumbs to the owner's wallet is paid to move them.
        if (d.count == 0 || d.movedE18 < p.keeperPayMaxE18) return;

        uint256 healthAfter = d.health();
        if (healthAfter < WAD) return;
        // A partial cure is made, and the call for the rest recorded.
        if (healthAfter >= d.policy.lower()) p.outcome = Outcome.ToppedUp;
        d.finish(p, healthAfter);
    }

    function _collect(Draft memory d, bool wallet) private view {
        int256 missing = d.shortfall();
        if (missing <= 0) return;
        _collectCash(d, uint256(missing), wallet);
        missing = d.shortfall();
        for (uint256 order = d.policy.assetOrder(); order != 0 && missing > 0; order >>= 8) {
            missing = _collectAsset(d, uint8(order), missing, wallet);
        }
    }

    /// @param missing {quote} To `lowerRestore`; not zero.
    function _collectCash(Draft memory d, uint256 missing, bool wallet) private view {
        uint256 available = _available(d, QUOTE, wallet);
        if (available == 0) return;
        uint256 amount = d.cashToCollect(missing);
        // Else a wallet would bring its minimum for nothing.
        if (amount == 0) return;
        if (wallet) {
            uint256 least;
            (least, available) = _withinWallet(d, QUOTE, available, d.walletLeftE18 / d.quoteScale);
            if (amount < least) amount = least;
        }
        if (amount > available) amount = available;
        if (amount != 0) d.collectCash(amount, wallet);
    }

    /// @param missing {quote} To `lowerRestore`; above zero.
    /// @return {quote} What is missing then.
    function _collectAsset(Draft memory d, uint8 asset, int256 missing, bool wallet) private view returns (int256) {
        uint256 available = _available(d, asset, wallet);
        if (available == 0) return missing;
        uint256 at = _legFor(d, asset);
        if (at == DraftLib.NONE) return missing;
        Leg memory leg = d.legs[at];
        if (leg.halted || leg.bidE18 == 0) return missing;
        uint256 least;
        if (wallet) {
            uint256 limit = Rounding.mulDivDown(d.walletLeftE18, leg.unit, leg.bidE18);
            (least, available) = _withinWallet(d, asset, available, limit);
        }
        uint256 amount;
        uint256 gained;
        for (uint256 i; i < MAX_STEPS && missing > 0; ++i) {
            uint256 part = d.legToCollect(leg, uint256(missing));
            if (part == 0) break;
            if (amount + part < least) part = least;
            if (part > available - amount) part = available - amount;
            if (part == 0) break;
            gained += d.collectLeg(leg, part);
            amount += part;
            missing = d.shortfall();
        }
        if (amount != 0) d.addInflow(asset, wallet, amount, gained);
        return missing;
    }

    /// @dev {token} What the reserve holds, or what the wallet holds and has approved. A token that does not answer has
    /// nothing.
    function _available(Draft memory d, uint8 asset, bool wallet) private view returns (uint256) {
        if (!wallet) return d.vault.reserveOf(d.account, asset);
        address token = d.vault.tokenOf(asset);
        address owner = d.account.ownerOf();
        uint256 balance = _ask(token, abi.encodeCall(IERC20.balanceOf, (owner)));
        if (balance == 0) return 0;
        uint256 allowance = _ask(token, abi.encodeCall(IERC20.allowance, (owner, address(d.vault))));
        return balance < allowance ? balance : allowance;
    }

    /// @dev Zero where no word comes. A token that eats its gas, or answers with a flood, stops nothing.
    function _ask(address token, bytes memory question) private view returns (uint256 answer) {
        uint256 gasLimit = Feeds.FEED_GAS;
        assembly ("memory-safe") {
            let ok := staticcall(gasLimit, token, add(question, 0x20), mload(question), 0, 0x20)
            if and(ok, gt(returndatasize(), 31)) {
                answer := mload(0)
            }
        }
    }

    /// @dev {token} What a wallet brings: no less than the vault's minimum deposit, which the vault would refuse, and within its limit
    /// of the day; nothing where that leaves less.
    function _withinWallet(
        Draft memory d,
        uint8 asset,
        uint256 available,
        uint256 limit
    ) private view returns (uint256 least, uint256 most) {
        (, , , least) = d.vault.totalsOf(d.vault.tokenOf(asset));
        most = available < limit ? available : limit;
        if (most < least) most = 0;
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        SHARED
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Where the leg of an asset is, priced for the purpose when the account does not hold it yet; `NONE` when there is no room
    /// for another kind.
    function _legFor(Draft memory d, uint8 asset) private view returns (uint256 at) {
        at = DraftLib.find(d.legs, asset);
        if (at != DraftLib.NONE && d.legs[at].amount != 0) return at;
        if (DraftLib.kinds(d.legs) == MAX_COLLATERALS) return DraftLib.NONE;
        if (at != DraftLib.NONE) return at;
        // From now on the account holds it, for the wallet's turn and for the count of kinds.
        at = d.legs.length;
        Leg[] memory legs = Margin.roomFor(at + 1);
        for (uint256 i; i < at; ++i) {
            legs[i] = d.legs[i];
        }
        Margin.addRoom(legs, at);
        _fill(legs[at], asset, 0, _readQuote());
        d.legs = legs;
    }

    /// @dev What the clock makes of the health that the moves leave.
    function _clockOutcome(Plan memory p, AccountHeader header, BandPolicy policy) private pure returns (Outcome) {
        uint256 health = p.healthAfterE18;
        CallState state = header.callState();
        if (health < policy.lower()) {
            if (p.moves.length == 0) {
                p.deficitE18 =
                    int256(Rounding.mulDivUp(p.before.maintenanceE18, policy.lowerRestore(), WAD)) - p.before.equityE18;
            }
            // Only what live prices say is a loss.
            bool lost = p.before.equityE18 < 0 && !p.before.degraded;
            if (lost && !header.hasProvision()) return Outcome.Provisioned;
            if (health < WAD) {
                return header.liquidationSince() == 0 ? Outcome.LiquidationOpened : Outcome.LiquidationOpen;
            }
            return state == CallState.None ? Outcome.MarginCalled : Outcome.CallRunning;
        }
        if (state == CallState.None && header.liquidationSince() == 0) return Outcome.InBand;
        if (health >= policy.lowerRestore()) return Outcome.CallCured;
        return state == CallState.Paused ? Outcome.InBand : Outcome.CallPaused;
    }

    function _keeperOutOfBounds(bytes32 field, uint256 found, uint256 bound) private pure {
        revert Errors.Rebalancer_ParameterOutOfBounds(field, found, bound);
    }
}
