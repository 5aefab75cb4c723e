// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {Errors} from "../../../../contracts/base/Errors.sol";
import {ILiquidator} from "../../../../contracts/interfaces/ILiquidator.sol";
import {IMarginAccountAccess} from "../../../../contracts/interfaces/IMarginAccountAccess.sol";
import {IMarginAccountCore} from "../../../../contracts/interfaces/IMarginAccountCore.sol";
import {IMarginAccountExtension} from "../../../../contracts/interfaces/IMarginAccountExtension.sol";
import {AccountId, toAccountId} from "../../../../contracts/types/AccountId.sol";
import {Guard, GuardLevel} from "../../../../contracts/types/Guard.sol";
import {Handler} from "../Handler.sol";
import {GOVERNOR_DELAY, LIQUIDATION_GRACE, Stage, TOKENS, USDC} from "../Stage.sol";

/// @title PauseHandler
/// @notice The guardian tightens, tries to hold on, and is loosened by time or by governance; meanwhile promise 8 is claimed of cures,
/// and promise 12 of everything that a level refuses.
contract PauseHandler is Handler {
    uint256 private constant MOST = 3 days;

    /// @notice How often a pause of each level was set.
    uint256[4] public levels;

    /// @dev {s} Before it the guardian may set no new pause; by the design, not by the ledger.
    uint256 private _renewableAt;

    constructor(Stage memory stage) Handler(stage) {}

    /// @notice A new pause, or a tighter one; it must be refused too soon after the last, and for longer than three days.
    function pause(uint256 level, uint256 time, uint256) external action {
        level = 1 + (level % 3);
        time = time % 8 == 0 ? MOST + 1 : _bound(time, 1, MOST);
        bool within = s.book.guardLevel() != 0;
        bool expected = within ? level > s.book.guardLevel() : time <= MOST && block.timestamp >= _renewableAt;
        (bool ok, bytes memory answer) = _guardian(GuardLevel(level), uint32(time));
        _claim(12, ok == expected, "a pause was judged wrongly");
        if (!ok) {
            _expectRefusal(answer, _pauseRefusals(), "a pause");
            return;
        }
        if (!within) _renewableAt = block.timestamp + 2 * time;
        if (level == 3) _renewableAt += 2 * LIQUIDATION_GRACE;
        Guard memory g = s.marginAccount.guard();
        _claim(12, uint256(g.level) == level && g.until == s.book.guardUntil(), "a pause did not hold at once");
        _claim(12, g.until <= block.timestamp + MOST, "a pause is longer than it may be");
        _claimShut();
        ++levels[level];
        _done();
    }

    /// @notice What the present level refuses, tried by those whom it would serve.
    function tryTheDoor(uint256, uint256, uint256) external action {
        if (s.book.guardLevel() == 0) return;
        _claimShut();
        _done();
    }

    /// @notice Promise 8: whatever the level, debts are repaid, reserves filled and emptied, and anybody rebalances.
    function cure(uint256 who, uint256 amount, uint256 what) external action {
        if (s.book.guardLevel() == 0) return;
        AccountId id = _find(who, _isIndebted);
        uint256 debt = _debt(id);
        (, , , uint256 minimum) = s.vault.totalsOf(address(s.tokens[USDC]));
        if (debt <= minimum) return;
        _party(id);
        address owner = id.ownerOf();
        amount = _bound(amount, minimum, debt);
        _mint(owner, USDC, amount);
        _cured(owner, abi.encodeCall(IMarginAccountCore.deposit, (id, address(s.tokens[USDC]), amount)));
        _claim(8, _debt(id) <= debt - amount + 1, "a cure in a pause repaid less than it brought");

        uint8 asset = uint8(what % TOKENS);
        uint256 held = s.vault.reserveOf(id, asset);
        _mint(owner, asset, _unit(asset));
        _cured(
            owner,
            abi.encodeCall(IMarginAccountExtension.depositReserve, (id, address(s.tokens[asset]), _unit(asset)))
        );
        _cured(
            owner,
            abi.encodeCall(IMarginAccountExtension.withdrawReserve, (id, address(s.tokens[asset]), _unit(asset), owner))
        );
        _claim(8, s.vault.reserveOf(id, asset) == held, "a reserve changed by a visit");
        _done();
    }

    /// @notice Governance loosens after its delay and not before; the guardian never does.
    function loosen(uint256, uint256, uint256) external action {
        if (s.book.guardLevel() == 0) return;
        bytes memory call = abi.encodeCall(IMarginAccountAccess.unpause, ());
        (bool ok, bytes memory answer) = _try(s.guardian, address(s.marginAccount), call);
        _claim(12, !ok, "a guardian ended a pause");
        _expectRefusal(answer, abi.encodePacked(IAccessManaged.AccessManagedUnauthorized.selector), "a guardian");
        (ok, answer) = _try(
            s.governor,
            address(s.manager),
            abi.encodeCall(IAccessManager.schedule, (address(s.marginAccount), call, 0))
        );
        if (!ok) {
            // One that was proposed before, and came too late, stands until it lapses.
            bytes memory known = abi.encodePacked(IAccessManager.AccessManagerAlreadyScheduled.selector);
            _claim(12, _isOneOf(answer, known), "governance may not propose the end of a pause");
            return;
        }
        (ok, answer) = _try(s.governor, address(s.marginAccount), call);
        _claim(12, !ok, "governance loosened without its delay");
        _expectRefusal(answer, abi.encodePacked(IAccessManager.AccessManagerNotReady.selector), "a hasty end");
        _wait(GOVERNOR_DELAY);
        bool paused = s.book.guardLevel() != 0;
        (ok, answer) = _try(s.governor, address(s.marginAccount), call);
        _claim(12, ok == paused, "the end of a pause was judged wrongly");
        if (!ok) {
            _expectRefusal(answer, abi.encodePacked(Errors.MarginAccount_NotPaused.selector), "an end");
        }
        _claimOpened();
        _done();
    }

    /// @notice It ends by itself.
    function outlast(uint256, uint256 longer, uint256) external action {
        if (s.book.guardLevel() == 0) return;
        _wait(s.book.guardUntil() - block.timestamp + (longer % 2 == 0 ? 0 : LIQUIDATION_GRACE));
        _claimOpened();
        _done();
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        SHARED
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev The lender's unit at the door, a debtor's from the second level on, and a taker's slice in a halt.
    function _claimShut() private {
        uint8 level = s.book.guardLevel();
        AccountId debtor = _find(0, _isIndebted);
        bytes memory paused = abi.encodePacked(Errors.MarginAccount_Paused.selector);
        if (_isIndebted(debtor)) {
            (bool ok, bytes memory answer) = _withdraw(debtor, 1);
            _claim(12, !ok && _isOneOf(answer, paused), "a debtor drew on in a pause");
        }
        // The first level lets those go who owe nothing and hold no position.
        AccountId free = _find(0, _isFree);
        if (level == 1 && _isFree(free)) {
            (bool went, bytes memory reason) = _withdraw(free, 1);
            _claim(12, went || !_isOneOf(reason, paused), "a pause for debtors held one who owes nothing");
            if (went) _claimOpen(free, "a unit");
        }
        (bool left, bytes memory why) = _withdraw(toAccountId(s.lender, 0), 1);
        if (level > 1) _claim(12, !left && _isOneOf(why, paused), "a lender left in a pause that lets nobody");
        if (level < 3) return;
        AccountId sick = _find(0, _isBelowMaintenance);
        if (!_isBelowMaintenance(sick)) return;
        (left, why) = _try(
            s.taker,
            address(s.liquidator),
            abi.encodeCall(ILiquidator.liquidate, (sick, toAccountId(s.taker, 0), 1e18, type(int256).max, ""))
        );
        _claim(12, !left, "a slice was taken in a halt");
    }

    /// @dev No pause refuses any more what one refused.
    function _claimOpened() private {
        _claim(12, s.marginAccount.guard().until <= block.timestamp, "a pause outlasted its end");
        (bool ok, bytes memory answer) = _withdraw(toAccountId(s.lender, 0), 1);
        _claim(
            12,
            ok || !_isOneOf(answer, abi.encodePacked(Errors.MarginAccount_Paused.selector)),
            "a pause did not end"
        );
    }

    function _withdraw(AccountId id, uint256 amount) private returns (bool, bytes memory) {
        _party(id);
        return
            _try(
                id.ownerOf(),
                address(s.marginAccount),
                abi.encodeCall(IMarginAccountCore.withdraw, (id, address(s.tokens[USDC]), amount, address(0xdead)))
            );
    }

    function _cured(address caller, bytes memory call) private {
        (bool ok, bytes memory answer) = _try(caller, address(s.marginAccount), call);
        _claim(8, ok, string.concat("a pause refused a cure with ", vm.toString(answer)));
    }

    function _guardian(GuardLevel level, uint32 time) private returns (bool, bytes memory) {
        return _try(s.guardian, address(s.marginAccount), abi.encodeCall(IMarginAccountAccess.pause, (level, time)));
    }

    /// @dev Time, in which the feeds keep speaking.
    function _wait(uint256 time) private {
        vm.warp(block.timestamp + time);
        vm.roll(block.number + time / 12 + 1);
        for (uint8 asset; asset < TOKENS; ++asset) {
            int256 answer = s.feeds[asset].latestAnswer();
            if (answer > 0) s.feeds[asset].push(answer, block.timestamp);
        }
    }

    function _isFree(AccountId id) private view returns (bool) {
        return !_mayOwe(id) && s.marginAccount.cashOf(id) > 0;
    }

    function _pauseRefusals() private pure returns (bytes memory) {
        return
            abi.encodePacked(
                Errors.MarginAccount_NotTighter.selector,
                Errors.MarginAccount_PauseTooSoon.selector,
                Errors.MarginAccount_ParameterOutOfBounds.selector
            );
    }
}
