// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {BPS, E6_TO_E18, INFINITE_HEALTH, MAX_COLLATERALS, QUOTE, WAD} from "./base/Constants.sol";
import {Errors} from "./base/Errors.sol";
import {ICollateralVault} from "./interfaces/ICollateralVault.sol";
import {IRebalancer, Move, Outcome, Plan, Request} from "./interfaces/IRebalancer.sol";
import {Rounding} from "./math/Rounding.sol";
import {Answers} from "./risk/Answers.sol";
import {Feeds} from "./risk/Feeds.sol";
import {Margin} from "./risk/Margin.sol";
import {RiskEngine} from "./RiskEngine.sol";
import {AccountHeader, CallState} from "./types/AccountHeader.sol";
import {AccountId} from "./types/AccountId.sol";
import {BandPolicy} from "./types/BandPolicy.sol";
import {CollateralPage} from "./types/CollateralPage.sol";
import {Assessment, Leg} from "./types/Assessment.sol";
import {Position} from "./types/Position.sol";

/// @title Rebalancer
/// @notice Plans rebalances. It moves nothing: MarginAccount carries a plan out.
/// @dev It is the risk engine too: a plan is computed where prices and parameters are, and not one call further away. Longer than
/// four hundred lines: release and top-up grow the same draft, each the other's mirror, and are checked side by side.
contract Rebalancer is IRebalancer, RiskEngine {
    /// @dev What a plan is computed from and grows in; memory only.
    struct Draft {
        AccountId account;
        BandPolicy policy;
        Leg[] legs;
        int256 cashE18; // {quote} after the moves in; before those out
        uint256 keeperPayE18; // {quote} the most the keeper gets
        int256 equityE18; // {quote} after the moves so far, and after the keeper's pay
        uint256 maintenanceE18; // {quote} after the moves so far
        uint256 initialE18; // {quote} after the moves so far
        uint256 movedE18; // {quote} value of the moves so far
        uint256 walletLeftE18; // {quote}
        ICollateralVault vault;
        uint256 quoteScale; // one unit of the quote token with 18 decimals
        uint256 creditE18; // {1} what cash that comes in is worth beyond a debt
        Move[] moves;
        uint256 count;
    }

    uint256 private constant NONE = type(uint256).max;
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
            Draft memory d = _draft(request, legs, a, p.keeperPayMaxE18);
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
        if (d.cashE18 > 0) _releaseCash(d, target);
        for (uint256 order = d.policy.assetOrder(); order != 0; order >>= 8) {
            uint256 at = _find(d.legs, uint8(order));
            if (at == NONE) continue;
            Leg memory leg = d.legs[at];
            if (leg.bidE18 != 0 && !leg.halted) _releaseLeg(d, leg, target);
        }
        if (d.count == 0) return false;
        if (d.movedE18 < _keeper.releaseMultiple * p.keeperPayMaxE18) {
            p.outcome = Outcome.NotWorthIt;
            return true;
        }
        p.outcome = Outcome.Released;
        _finish(p, d);
        return true;
    }

    /// @dev v = min(E - U * MM, E - IM, cash), in whole units of the quote token.
    function _releaseCash(Draft memory d, uint256 target) private pure {
        int256 most = d.equityE18 - int256(Rounding.mulDivUp(d.maintenanceE18, target, WAD));
        int256 free = d.equityE18 - int256(d.initialE18);
        if (free < most) most = free;
        // The keeper is paid from what is left.
        int256 cash = d.cashE18 - int256(d.keeperPayE18);
        if (cash < most) most = cash;
        if (most <= 0) return;
        uint256 amount = uint256(most) / d.quoteScale;
        if (amount == 0) return;
        d.equityE18 -= int256(amount * d.quoteScale);
        d.movedE18 += amount * d.quoteScale;
        d.moves[d.count++] = Move({
            asset: QUOTE,
            wallet: d.policy.releasesToWallet(),
            amount: amount,
            valueE18: amount * d.quoteScale
        });
    }

    /// @dev Releasing v of a leg with margin rates q lowers equity by v and margin by at least q * v (the size factor can only
    /// add to that): v = min((E - U * MM) / (1 - U * q), (E - IM) / (1 - qInitial), V).
    function _releaseLeg(Draft memory d, Leg memory leg, uint256 target) private pure {
        (int256 rate, int256 initialRate) = Margin.releaseRates(leg);
        // Rounded against the release: the rates here must not be larger than what is saved.
        int256 saved = Rounding.mulDivFloor(rate, target, WAD);
        if (saved >= int256(WAD) || initialRate >= int256(WAD)) return;
        int256 spare = d.equityE18 - int256(Rounding.mulDivUp(d.maintenanceE18, target, WAD));
        int256 free = d.equityE18 - int256(d.initialE18);
        if (spare <= 0 || free <= 0) return;

        uint256 value = Rounding.mulDivDown(uint256(spare), WAD, uint256(int256(WAD) - saved));
        uint256 most = Rounding.mulDivDown(uint256(free), WAD, uint256(int256(WAD) - initialRate));
        if (most < value) value = most;
        uint256 amount = Rounding.mulDivDown(value, leg.unit, leg.bidE18);
        if (amount > leg.amount) amount = leg.amount;
        if (amount == 0) return;

        uint256 left = leg.amount - amount;
        uint256 valueLeft = Rounding.mulDivDown(left, leg.bidE18, leg.unit);
        uint256 moved = leg.valueE18 - valueLeft;
        _replaceMargin(d, leg, valueLeft);
        d.equityE18 -= int256(moved);
        d.movedE18 += moved;
        d.moves[d.count++] = Move({
            asset: leg.asset,
            wallet: d.policy.releasesToWallet(),
            amount: amount,
            valueE18: moved
        });
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

        uint256 healthAfter = Margin.health(d.equityE18, d.maintenanceE18);
        if (healthAfter < WAD) return;
        // A partial cure is made, and the call for the rest recorded.
        if (healthAfter >= d.policy.lower()) p.outcome = Outcome.ToppedUp;
        _finish(p, d);
    }

    function _collect(Draft memory d, bool wallet) private view {
        if (_shortfall(d) <= 0) return;
        _collectCash(d, wallet);
        for (uint256 order = d.policy.assetOrder(); order != 0; order >>= 8) {
            if (_shortfall(d) <= 0) return;
            _collectAsset(d, uint8(order), wallet);
        }
    }

    /// @dev {quote} What is missing to `lowerRestore`; rounded up.
    function _shortfall(Draft memory d) private pure returns (int256) {
        return int256(Rounding.mulDivUp(d.maintenanceE18, d.policy.lowerRestore(), WAD)) - d.equityE18;
    }

    /// @dev Cash repays a debt in full; what is credited beyond it carries its part of open provisions, so more of it is needed. While
    /// credit is worth nothing the debt is all that cash can cure.
    function _collectCash(Draft memory d, bool wallet) private view {
        uint256 available = _available(d, QUOTE, wallet);
        if (available == 0) return;
        uint256 debt = d.cashE18 < 0 ? uint256(-d.cashE18) : 0;
        uint256 missing = uint256(_shortfall(d));
        if (missing > debt && d.creditE18 != WAD) {
            missing = d.creditE18 == 0 ? debt : debt + Rounding.mulDivUp(missing - debt, WAD, d.creditE18);
            // Else a wallet would bring its minimum for nothing.
            if (missing == 0) return;
        }
        uint256 amount = (missing + d.quoteScale - 1) / d.quoteScale;
        if (wallet) {
            amount = _atLeastMinimum(d.vault, QUOTE, amount);
            uint256 limit = d.walletLeftE18 / d.quoteScale;
            if (amount > limit) amount = limit;
        }
        if (amount > available) amount = available;
        if (wallet && amount != _atLeastMinimum(d.vault, QUOTE, amount)) return;
        if (amount == 0) return;
        uint256 value = amount * d.quoteScale;
        d.cashE18 += int256(value);
        _addMove(d, QUOTE, wallet, amount, value);
        if (value > debt && d.creditE18 != WAD) {
            uint256 gained = debt + Rounding.mulDivDown(value - debt, d.creditE18, WAD);
            d.movedE18 -= value - gained;
            value = gained;
        }
        d.equityE18 += int256(value);
    }

    /// @dev Bringing in v of a leg with margin rate q raises equity by v and margin by q * v: v = D / (1 - T * q), only where
    /// the denominator is positive. The size factor may make it fall short by a little; without a position it never overshoots
    /// by more than a unit. Beside a short the collateral hedges first, and q is what that part adds.
    function _collectAsset(Draft memory d, uint8 asset, bool wallet) private view {
        uint256 available = _available(d, asset, wallet);
        if (available == 0) return;
        uint256 at = _legFor(d, asset);
        if (at == NONE) return;
        Leg memory leg = d.legs[at];
        if (leg.halted || leg.bidE18 == 0) return;
        uint256 value = _valueToCollect(d, leg);
        if (value == 0) return;
        uint256 amount = Rounding.mulDivUp(value, leg.unit, leg.bidE18);
        if (wallet) {
            amount = _atLeastMinimum(d.vault, asset, amount);
            uint256 limit = Rounding.mulDivDown(d.walletLeftE18, leg.unit, leg.bidE18);
            if (amount > limit) amount = limit;
        }
        if (amount > available) amount = available;
        if (amount == 0 || (wallet && amount != _atLeastMinimum(d.vault, asset, amount))) return;

        uint256 valueAfter = Rounding.mulDivDown(leg.amount + amount, leg.bidE18, leg.unit);
        uint256 gained = valueAfter - leg.valueE18;
        _replaceMargin(d, leg, valueAfter);
        leg.amount += amount;
        d.equityE18 += int256(gained);
        _addMove(d, asset, wallet, amount, gained);
    }

    /// @dev {quote} What brings health to `lowerRestore`; zero where no amount can. Of a leg short of what its position owes, the
    /// part that hedges comes first.
    function _valueToCollect(Draft memory d, Leg memory leg) private pure returns (uint256 value) {
        int256 target = int256(d.policy.lowerRestore());
        uint256 missing = uint256(_shortfall(d));
        (int256 hedging, int256 adding, uint256 open) = Margin.collectRates(leg);
        if (open != 0) {
            int256 gain = int256(WAD) - Rounding.mulDivCeil(hedging, uint256(target), WAD);
            if (gain <= 0) return 0;
            value = Rounding.mulDivUp(missing, WAD, uint256(gain));
            if (value <= open) return value;
            missing -= Rounding.mulDivDown(open, uint256(gain), WAD);
            value = open;
        }
        int256 rest = int256(WAD) - Rounding.mulDivCeil(adding, uint256(target), WAD);
        if (rest <= 0) return value;
        value += Rounding.mulDivUp(missing, WAD, uint256(rest));
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

    /// @dev The vault refuses less from a wallet than its minimum deposit.
    function _atLeastMinimum(ICollateralVault vault, uint8 asset, uint256 amount) private view returns (uint256) {
        (, , , uint256 minimum) = vault.totalsOf(vault.tokenOf(asset));
        return amount < minimum ? minimum : amount;
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        SHARED
    //////////////////////////////////////////////////////////////////////////*/

    function _draft(
        Request calldata request,
        Leg[] memory legs,
        Assessment memory a,
        uint256 keeperPay
    ) private pure returns (Draft memory d) {
        d.account = request.account;
        d.policy = request.policy;
        d.vault = request.vault;
        d.quoteScale = request.quoteScale;
        d.creditE18 = request.creditE18;
        d.walletLeftE18 = request.walletLeftE18;
        d.legs = legs;
        d.cashE18 = request.cashE18;
        d.keeperPayE18 = keeperPay;
        d.equityE18 = a.equityE18 - int256(keeperPay);
        d.maintenanceE18 = a.maintenanceE18;
        d.initialE18 = a.initialE18;
        d.moves = _roomForMoves(_mostMoves(d.policy.assetOrder(), request.walletLeftE18 != 0));
    }

    /// @dev Cash and each asset of the order, once from the reserve and once from the wallet: at most 18.
    function _mostMoves(uint256 order, bool wallet) private pure returns (uint256 count) {
        for (count = 1; order != 0; order >>= 8) ++count;
        if (wallet) count *= 2;
    }

    /// @dev Puts a leg's margins at its new value in the place of those at its old one.
    function _replaceMargin(Draft memory d, Leg memory leg, uint256 valueAfter) private pure {
        (uint256 maintenance, uint256 initial) = Margin.marginAt(leg, leg.valueE18);
        (uint256 maintenanceAfter, uint256 initialAfter) = Margin.marginAt(leg, valueAfter);
        d.maintenanceE18 = d.maintenanceE18 - maintenance + maintenanceAfter;
        d.initialE18 = d.initialE18 - initial + initialAfter;
        leg.valueE18 = valueAfter;
    }

    function _addMove(Draft memory d, uint8 asset, bool wallet, uint256 amount, uint256 valueE18) private pure {
        if (wallet) d.walletLeftE18 -= valueE18 < d.walletLeftE18 ? valueE18 : d.walletLeftE18;
        d.movedE18 += valueE18;
        d.moves[d.count++] = Move({asset: asset, wallet: wallet, amount: amount, valueE18: valueE18});
    }

    /// @dev A list of `count` moves that are still to come; nothing is cleared for those that never do.
    function _roomForMoves(uint256 count) private pure returns (Move[] memory moves) {
        assembly ("memory-safe") {
            moves := mload(0x40)
            mstore(moves, count)
            mstore(0x40, add(moves, shl(5, add(count, 1))))
        }
    }

    /// @dev Where the leg of an asset is; `NONE` where the account does not hold it.
    function _find(Leg[] memory legs, uint8 asset) private pure returns (uint256) {
        for (uint256 i; i < legs.length; ++i) {
            if (legs[i].asset == asset) return i;
        }
        return NONE;
    }

    /// @dev Where the leg of an asset is, priced for the purpose when the account does not hold it yet; `NONE` when there is no room
    /// for another kind.
    function _legFor(Draft memory d, uint8 asset) private view returns (uint256 at) {
        at = _find(d.legs, asset);
        if (at != NONE && d.legs[at].amount != 0) return at;
        if (_kinds(d.legs) == MAX_COLLATERALS) return NONE;
        if (at != NONE) return at;
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

    function _kinds(Leg[] memory legs) private pure returns (uint256 count) {
        for (uint256 i; i < legs.length; ++i) {
            if (legs[i].amount != 0) ++count;
        }
    }

    function _finish(Plan memory p, Draft memory d) private pure {
        p.healthAfterE18 = Margin.health(d.equityE18, d.maintenanceE18);
        Move[] memory moves = d.moves;
        uint256 count = d.count;
        assembly ("memory-safe") {
            // Cuts the list to what was found.
            mstore(moves, count)
        }
        p.moves = moves;
        p.deficitE18 = _shortfall(d);
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
