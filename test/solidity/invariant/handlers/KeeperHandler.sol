// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMarginAccountExtension} from "../../../../contracts/interfaces/IMarginAccountExtension.sol";
import {IMarginAccountCore} from "../../../../contracts/interfaces/IMarginAccountCore.sol";
import {IRiskEngine} from "../../../../contracts/interfaces/IRiskEngine.sol";
import {Outcome, Plan} from "../../../../contracts/interfaces/IRebalancer.sol";
import {AccountId, toAccountId} from "../../../../contracts/types/AccountId.sol";
import {BandPolicy} from "../../../../contracts/types/BandPolicy.sol";
import {Assessment} from "../../../../contracts/types/Assessment.sol";
import {Handler} from "../Handler.sol";
import {MarginModel} from "../MarginModel.sol";
import {Stage, TOKENS, USDC} from "../Stage.sol";

/// @title KeeperHandler
/// @notice Rebalances, one or many at once. Promise 6 is checked around each, and what promise 10 says of reserves.
contract KeeperHandler is Handler {
    /// @dev What an account and its owner have, before or after a rebalance.
    struct Look {
        int256 cash; // {quote token}
        Assessment margin;
        uint256[3] held; // {token} collateral
        uint256[3] reserve; // {token}
        int256[3] paidIn; // {token} by the owner's wallet, net
        bool mayOwe;
        int256[3] sizes; // {unit} of the positions
        uint256 creditE18; // {1} what a unit of credit is worth, less than one while a provision is open
    }

    /// @dev How many ended as they did, by outcome.
    uint256[14] public outcomes;

    constructor(Stage memory stage) Handler(stage) {}

    function rebalance(uint256 who, uint256 caller, uint256) external action {
        _rebalance(_accountOf(who), caller % 4 == 0 ? _ownerOf(caller / 4) : s.keeper);
    }

    /// @notice The account that needs it: called, or above its band.
    function rebalanceDue(uint256 who, uint256, uint256) external action {
        _rebalance(_find(who, _isDue), s.keeper);
    }

    function rebalanceMany(uint256 who, uint256 length, uint256) external action {
        length = _bound(length, 1, 6);
        AccountId[] memory batch = new AccountId[](length);
        Look[] memory before = new Look[](length);
        _party(toAccountId(s.keeper, 0));
        for (uint256 i; i < length; ++i) {
            // Each may come twice.
            batch[i] = _accountOf(who >> (4 * i));
            _party(batch[i]);
            before[i] = _look(batch[i]);
        }
        (bool ok, bytes memory answer) = _try(
            s.keeper,
            address(s.marginAccount),
            abi.encodeCall(IMarginAccountExtension.rebalanceMany, (batch))
        );
        _claim(6, ok, "a batch was refused");
        if (!ok) return;
        Outcome[] memory results = abi.decode(answer, (Outcome[]));
        for (uint256 i; i < length; ++i) {
            _claim(6, results[i] != Outcome.Failed, "a rebalance failed in a batch");
            Look memory then = _look(batch[i]);
            // The wallets of a batch are shared by their owners' accounts: what each paid in is not known apart.
            then.paidIn = before[i].paidIn;
            _claimReserves(batch[i], before[i], then, false);
            ++outcomes[uint256(results[i])];
        }
        _done();
    }

    function _rebalance(AccountId id, address caller) private {
        AccountId paid = toAccountId(caller, 0);
        _party(id);
        _party(paid);
        Plan memory plan = s.marginAccount.previewRebalance(id);
        Look memory before = _look(id);
        int256 callersCash = s.marginAccount.cashOf(paid);
        (bool ok, bytes memory answer) = _call(caller, id);
        _claim(6, ok, string.concat("a rebalance was refused with ", vm.toString(answer)));
        if (!ok) return;
        Outcome outcome = abi.decode(answer, (Outcome));
        _claim(6, outcome == plan.outcome || plan.moves.length != 0, "a rebalance did other than it was to do");
        ++outcomes[uint256(outcome)];
        _claim(12, outcome != Outcome.Released || s.book.guardLevel() == 0, "a release went through a pause");

        uint256 pay = s.book.keeperPayOf(AccountId.unwrap(id));
        Look memory then = _look(id);
        if (paid != id) {
            int256 gain = s.marginAccount.cashOf(paid) - callersCash;
            // While a provision is open others' cash that comes in carries a part of his.
            _claim(6, gain <= int256(pay) + 1 || s.book.provisions() != 0, "a keeper gained more than his pay");
        }
        _claimEquity(id, before, then, pay);
        _claimHealth(id, before, then, outcome, pay, plan.keeperPayMaxE18);
        _claimReserves(id, before, then, true);
        // The flat pay for a call may be more than what an account below maintenance has left: then the next look provisions for it.
        if (before.margin.equityE18 < 0 || then.margin.equityE18 >= 0) _claimNothingLeft(id, caller);
        _done();
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        PROMISE 6
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Equity, reserve and wallet together lose the pay and no more; the pay keeps to the owner's cap.
    function _claimEquity(AccountId id, Look memory before, Look memory then, uint256 pay) private {
        int256 change = then.margin.equityE18 - before.margin.equityE18;
        for (uint8 asset; asset < TOKENS; ++asset) {
            int256 reserve = int256(_value(asset, then.reserve[asset])) - int256(_value(asset, before.reserve[asset]));
            int256 brought = then.paidIn[asset] - before.paidIn[asset];
            int256 wallet =
                brought >= 0 ? -int256(_value(asset, uint256(brought))) : int256(_value(asset, uint256(-brought)));
            change += reserve + wallet;
        }
        int256 allowed = int256((pay + 2) * QUOTE_UNIT);
        // While a provision is open, credit that comes in carries its part of that.
        bool exact = s.book.provisions() == 0 || then.cash <= 0;
        _claim(
            6,
            change >= -allowed || !exact,
            string.concat("a rebalance cost more than the pay: ", vm.toString(change))
        );
        // Nothing is given either: what the account gains came from its own reserve or wallet.
        bool given = exact && change > int256(2 * QUOTE_UNIT);
        _claim(6, !given, string.concat("a rebalance gained more than it brought in: ", vm.toString(change)));
        BandPolicy policy = s.marginAccount.policyOf(id);
        _claim(6, pay * QUOTE_UNIT <= policy.keeperPayCapE18(), "a keeper was paid above the owner's cap");
    }

    /// @dev Health moves toward the restore point, up to the pay and two units of rounding.
    function _claimHealth(
        AccountId id,
        Look memory before,
        Look memory then,
        Outcome outcome,
        uint256 pay,
        uint256 payMost
    ) private {
        uint256 maintenance = then.margin.maintenanceE18;
        if (maintenance == 0 || !before.mayOwe) return;
        (uint256 h0, uint256 h1) = (before.margin.healthE18, then.margin.healthE18);
        BandPolicy policy = s.marginAccount.policyOf(id);
        uint256 slack = (2 * QUOTE_UNIT * 1e18) / maintenance + 1;
        if (outcome == Outcome.Released) {
            // Of an asset that asks more than 1 / health for its value, a release raises health: less is at risk than is left.
            bool dear = _ratesOf(before) * h0 >= 1e36;
            _claim(6, h1 <= h0 + slack || dear, "a release raised health");
            _claim(6, h1 + slack >= policy.upperRestore(), "a release went below its restore point");
            _claim(
                6,
                then.margin.equityE18 + int256(2 * QUOTE_UNIT) >= int256(then.margin.initialE18),
                "a release took initial margin"
            );
            return;
        }
        slack += (pay * QUOTE_UNIT * 1e18) / maintenance;
        _claim(6, h1 + slack >= h0, "a rebalance lowered health");
        // Above the restore point only by a pay that was less than planned, and by a token's minimum deposit.
        uint256 restore = policy.lowerRestore() > h0 ? policy.lowerRestore() : h0;
        slack += ((payMost + _minimums()) * 1e18) / maintenance;
        // Collateral beside a short hedges it too: it may bring more than it was counted for.
        if (before.sizes[1] < 0 || before.sizes[2] < 0) return;
        // What enters while a provision is open spreads it over more, so that credit is worth a little more than it was counted for.
        if (then.cash > 0 && then.creditE18 > before.creditE18) {
            uint256 more = (uint256(then.cash) * (then.creditE18 - before.creditE18)) / then.creditE18 + 1;
            slack += (more * QUOTE_UNIT * 1e18) / maintenance;
        }
        _claim(6, h1 <= restore + slack, "a top-up went above its restore point");
    }

    /// @dev {1} The highest maintenance margin, by the model, that one of the account's collaterals asks for its value. That of a
    /// long adds to its size.
    function _ratesOf(Look memory l) private view returns (uint256 highest) {
        for (uint8 asset = 1; asset < TOKENS; ++asset) {
            if (l.held[asset] == 0) continue;
            uint256 value = _value(asset, l.held[asset]);
            if (l.sizes[asset] > 0) value += (uint256(l.sizes[asset]) * _price(asset).bid) / 1e18;
            IRiskEngine.RiskParameters memory p = s.riskEngine.riskParametersOf(asset);
            // The slope of X * g(X), which is at most half as much again as g.
            uint256 size = MarginModel.sizeFactor(value, p.sizeCoefficientBps);
            if (l.sizes[asset] != 0 && size != 1e18) size += (size - 0.8e18) / 2;
            uint256 rate = (p.shockBps * size) / 1e4 + uint256(p.haircutMaintenanceBps) * 1e14;
            if (rate > highest) highest = rate;
        }
    }

    /// @dev Repeated in the same block it does nothing.
    function _claimNothingLeft(AccountId id, address caller) private {
        bytes32 digest = _digestOf(id);
        bytes32 digestOfCaller = _digestOf(toAccountId(caller, 0));
        (bool ok, bytes memory answer) = _call(caller, id);
        _claim(6, ok, "a second rebalance was refused");
        bool same = digest == _digestOf(id) && digestOfCaller == _digestOf(toAccountId(caller, 0));
        _claim(6, same, string.concat("a second rebalance changed something: outcome ", vm.toString(answer)));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       PROMISE 10
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev What a reserve loses its own account gains, to the unit; what it gains its account loses.
    function _claimReserves(AccountId id, Look memory before, Look memory then, bool exact) private {
        for (uint8 asset; asset < TOKENS; ++asset) {
            (uint256 r0, uint256 r1) = (before.reserve[asset], then.reserve[asset]);
            int256 moved = int256(r1) - int256(r0);
            if (asset != USDC) {
                int256 kept = int256(then.held[asset]) - int256(before.held[asset]) + moved;
                int256 brought = then.paidIn[asset] - before.paidIn[asset];
                if (exact) _claim(10, kept == brought, "a rebalance lost or made collateral");
                else if (moved < 0) _claim(10, kept >= 0, "a reserve did not come into its account");
            } else if (moved < 0) {
                int256 pay = int256(s.book.keeperPayOf(AccountId.unwrap(id)));
                bool whole = then.cash - before.cash + moved + pay >= -2;
                // As in {_claimEquity}.
                if (s.book.provisions() != 0 && then.cash > 0) whole = true;
                _claim(10, whole, "a reserve of cash did not come in");
            }
            s.book.expectReserve(AccountId.unwrap(id), asset, r1);
        }
    }

    function _look(AccountId id) private view returns (Look memory l) {
        l.cash = s.marginAccount.cashOf(id);
        l.margin = s.marginAccount.assess(id);
        l.mayOwe = _mayOwe(id);
        for (uint8 asset; asset < TOKENS; ++asset) {
            if (asset != USDC) l.held[asset] = _collateral(id, asset);
            if (asset != USDC) l.sizes[asset] = _position(id, asset).size();
            l.reserve[asset] = s.vault.reserveOf(id, asset);
            l.paidIn[asset] = s.book.netIn(id.ownerOf(), address(s.tokens[asset]));
        }
        IMarginAccountExtension.CashView memory market = s.marginAccount.cashMarket();
        l.creditE18 = 1e18;
        if (market.provisions <= market.forfeited) return l;
        uint256 owing = market.provisions - market.forfeited;
        l.creditE18 = owing < market.supplyAssets ? ((market.supplyAssets - owing) * 1e18) / market.supplyAssets : 0;
    }

    /// @dev {quote} The smallest deposits of all tokens together.
    function _minimums() private view returns (uint256 value) {
        for (uint8 asset; asset < TOKENS; ++asset) {
            (, , , uint256 minimum) = s.vault.totalsOf(address(s.tokens[asset]));
            value += _value(asset, minimum);
        }
    }

    function _isDue(AccountId id) private view returns (bool) {
        Outcome outcome = s.marginAccount.previewRebalance(id).outcome;
        return outcome > Outcome.PriceHalted && outcome != Outcome.CallRunning && outcome != Outcome.LiquidationOpen;
    }

    function _call(address caller, AccountId id) private returns (bool, bytes memory) {
        return _try(caller, address(s.marginAccount), abi.encodeCall(IMarginAccountCore.rebalance, (id)));
    }
}
