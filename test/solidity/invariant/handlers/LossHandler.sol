// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../../../../contracts/base/Errors.sol";
import {IMarginAccountExtension} from "../../../../contracts/interfaces/IMarginAccountExtension.sol";
import {AccountId} from "../../../../contracts/types/AccountId.sol";
import {Assessment} from "../../../../contracts/types/Assessment.sol";
import {Handler} from "../Handler.sol";
import {Stage, TOKENS} from "../Stage.sol";

/// @title LossHandler
/// @notice What anyone may do about losses, and gifts that must change nothing.
contract LossHandler is Handler {
    constructor(Stage memory stage) Handler(stage) {}

    function provision(uint256 who, uint256, uint256) external action {
        AccountId id = _find(who, _isInsolvent);
        _party(id);
        // Nothing is set aside, or given back, at a price that is in doubt.
        Assessment memory a = s.marginAccount.assess(id);
        bool blind = _isDoubtful(id) || (_isBlind(id) && a.halted);
        (bool ok, bytes memory answer) = _anyone(abi.encodeCall(IMarginAccountExtension.provision, (id)));
        if (!ok) {
            _expectRefusal(
                answer,
                abi.encodePacked(Errors.MarginAccount_Solvent.selector, Errors.MarginAccount_PriceHalted.selector),
                "a provision"
            );
            _claim(11, blind || a.equityE18 >= 0, "an insolvent account was not provisioned for");
            return;
        }
        _claim(11, !blind && a.equityE18 < 0, "a provision for a solvent or unseen account");
        uint256 hole = uint256(-a.equityE18);
        uint256 set = s.marginAccount.provisionOf(id) * QUOTE_UNIT;
        _claim(11, set >= hole && set < hole + QUOTE_UNIT, "a provision is not what is missing");
        _done();
    }

    function reverseProvision(uint256 who, uint256, uint256) external action {
        AccountId id = _find(who, _mayReverse);
        _party(id);
        (bool ok, bytes memory answer) = _anyone(abi.encodeCall(IMarginAccountExtension.reverseProvision, (id)));
        if (!ok) {
            _expectRefusal(
                answer,
                abi.encodePacked(
                    Errors.MarginAccount_ProvisionStands.selector,
                    Errors.MarginAccount_PriceHalted.selector
                ),
                "a reversal"
            );
            return;
        }
        _claim(11, s.marginAccount.assess(id).equityE18 >= 0, "a provision was reversed for an insolvent account");
        _done();
    }

    /// @notice The debt of an account that has nothing left: fund, forfeits, then lenders. Slices move debt with collateral, so
    /// none of these actions brings an account there; whoever still holds something must be refused.
    function writeOff(uint256 who, uint256, uint256) external action {
        AccountId id = _find(who, _hasNothingLeft);
        _party(id);
        uint256 debt = _debt(id);
        bool due = _hasNothingLeft(id);
        (bool ok, bytes memory answer) = _anyone(abi.encodeCall(IMarginAccountExtension.writeOff, (id)));
        if (!ok) {
            _expectRefusal(answer, abi.encodePacked(Errors.MarginAccount_Solvent.selector), "a write-off");
            _claim(11, !due, "an account with nothing left was not written off");
            _done();
            return;
        }
        _claim(11, due, "an account that has something was written off");
        _claim(11, s.book.socialised() <= debt, "lenders bore more than the debt");
        _claim(11, _debt(id) == 0 && s.marginAccount.provisionOf(id) == 0, "a written-off account still owes");
        _done();
    }

    function collectFees(uint256, uint256, uint256) external action {
        int256 before = s.marginAccount.cashOf(s.marginAccount.insuranceFund());
        (bool ok, bytes memory answer) = _anyone(abi.encodeCall(IMarginAccountExtension.collectFees, ()));
        _claim(0, ok, "fees were not collected");
        if (!ok) return;
        uint256 amount = abi.decode(answer, (uint256));
        int256 gained = s.marginAccount.cashOf(s.marginAccount.insuranceFund()) - before;
        _claim(1, gained <= int256(amount) + 1, "the fund gained more than was collected");
        if (amount != 0) _done();
    }

    /// @notice Tokens sent to the vault without a word.
    function donateToVault(uint256 what, uint256 amount, uint256) external action {
        uint8 asset = uint8(what % TOKENS);
        amount = _bound(amount, 1, 100 * _unit(asset));
        (uint256 total, uint256 reserved, , ) = s.vault.totalsOf(address(s.tokens[asset]));
        _mint(address(s.vault), asset, amount);
        _drain();
        s.book.donate(address(s.tokens[asset]), amount);
        (uint256 totalAfter, uint256 reservedAfter, , ) = s.vault.totalsOf(address(s.tokens[asset]));
        _claim(3, total == totalAfter && reserved == reservedAfter, "a gift changed a total");
        _done();
    }

    /// @notice Tokens sent to the ledger, to a module, or to somebody's wallet.
    function donateElsewhere(uint256 whom, uint256 what, uint256 amount) external action {
        uint8 asset = uint8(what % TOKENS);
        address to =
            whom % 3 == 0
                ? address(s.marginAccount)
                : whom % 3 == 1
                    ? address(s.liquidator)
                    : _ownerOf(whom / 3);
        _mint(to, asset, _bound(amount, 1, _unit(asset) / 10));
        _done();
    }

    function _anyone(bytes memory call) private returns (bool, bytes memory) {
        return _try(s.stranger, address(s.marginAccount), call);
    }

    function _mayReverse(AccountId id) private view returns (bool) {
        return s.marginAccount.provisionOf(id) != 0 && s.marginAccount.assess(id).equityE18 >= 0;
    }

    function _hasNothingLeft(AccountId id) private view returns (bool) {
        if (!_isIndebted(id) || _hasPosition(id)) return false;
        for (uint8 asset = 1; asset < TOKENS; ++asset) {
            if (_collateral(id, asset) != 0) return false;
        }
        return true;
    }
}
