// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {Errors} from "../../../../contracts/base/Errors.sol";
import {ICollateralVault} from "../../../../contracts/interfaces/ICollateralVault.sol";
import {ILiquidator} from "../../../../contracts/interfaces/ILiquidator.sol";
import {IMarginAccountAccess} from "../../../../contracts/interfaces/IMarginAccountAccess.sol";
import {IMarginAccountCore} from "../../../../contracts/interfaces/IMarginAccountCore.sol";
import {IMarginAccountExtension} from "../../../../contracts/interfaces/IMarginAccountExtension.sol";
import {IRiskEngine} from "../../../../contracts/interfaces/IRiskEngine.sol";
import {AccountId} from "../../../../contracts/types/AccountId.sol";
import {PolicyFields} from "../../../../contracts/types/BandPolicy.sol";
import {Assessment} from "../../../../contracts/types/Assessment.sol";
import {Handler} from "../Handler.sol";
import {Stage, TOKENS, USDC} from "../Stage.sol";

/// @title StrangerHandler
/// @notice Somebody without any right: what he may not, he must be refused by name and without a trace; what cures, he may.
contract StrangerHandler is Handler {
    constructor(Stage memory stage) Handler(stage) {}

    /*//////////////////////////////////////////////////////////////////////////
                                   WHAT HE MAY NOT DO
    //////////////////////////////////////////////////////////////////////////*/

    function trespassOnAccount(uint256 who, uint256 which, uint256 what) external action {
        AccountId id = _accountOf(who);
        address token = address(s.tokens[what % TOKENS]);
        AccountId own = AccountId.wrap(uint256(uint160(s.stranger)) << 96);
        PolicyFields memory p;
        bytes memory call;
        which %= 8;
        if (which == 0) call = abi.encodeCall(IMarginAccountCore.withdraw, (id, token, 1, s.stranger));
        if (which == 1) call = abi.encodeCall(IMarginAccountCore.deposit, (id, token, 1));
        if (which == 2) call = abi.encodeCall(IMarginAccountExtension.transfer, (id, own, token, 1));
        if (which == 3) call = abi.encodeCall(IMarginAccountExtension.depositReserve, (id, token, 1));
        if (which == 4) call = abi.encodeCall(IMarginAccountExtension.withdrawReserve, (id, token, 1, s.stranger));
        if (which == 5) call = abi.encodeCall(IMarginAccountExtension.setOperator, (id, s.stranger, ALL_RIGHTS));
        if (which == 6) call = abi.encodeCall(IMarginAccountExtension.setPolicy, (id, p));
        if (which == 7) call = abi.encodeCall(IMarginAccountExtension.setWalletLimit, (id, 1e18));
        _refuse(id, address(s.marginAccount), call, Errors.MarginAccount_NotAuthorized.selector);
    }

    function trespassOnModules(uint256 who, uint256 which, uint256 what) external action {
        AccountId id = _accountOf(who);
        uint8 asset = uint8(what % TOKENS);
        address token = address(s.tokens[asset]);
        IMarginAccountCore.Slice memory slice;
        slice.account = id;
        slice.fractionE18 = 1e18;
        which %= 8;
        bytes memory call;
        if (which == 0) {
            call = abi.encodeCall(IMarginAccountCore.deliverSlice, (slice, s.stranger, ""));
        } else if (which == 1) {
            call = abi.encodeWithSignature(
                "rebalanceInBatch(uint256,address,uint256)",
                AccountId.unwrap(id),
                s.stranger,
                1
            );
        }
        if (call.length != 0) {
            _refuse(id, address(s.marginAccount), call, Errors.MarginAccount_NotModule.selector);
            return;
        }
        if (which == 2) call = abi.encodeCall(ICollateralVault.send, (token, s.stranger, s.stranger, 1));
        if (which == 3) call = abi.encodeCall(ICollateralVault.pull, (token, id.ownerOf(), 1, true));
        if (which == 4) call = abi.encodeCall(ICollateralVault.sendFromReserve, (id, token, s.stranger, 1));
        if (which == 5) call = abi.encodeCall(ICollateralVault.pullToReserve, (id, token, id.ownerOf(), 1));
        if (which == 6) call = abi.encodeCall(ICollateralVault.moveToReserve, (id, asset, 1));
        if (which == 7) call = abi.encodeCall(ICollateralVault.moveFromReserve, (id, asset, 1));
        _refuse(id, address(s.vault), call, Errors.CollateralVault_NotMarginAccount.selector);
    }

    function trespassOnGovernance(uint256 who, uint256 which, uint256) external action {
        AccountId id = _accountOf(who);
        ILiquidator.LiquidationParameters memory l = s.liquidator.liquidationParameters();
        IRiskEngine.RiskParameters memory r = s.riskEngine.riskParametersOf(1);
        address[7] memory targets = [
            address(s.marginAccount),
            address(s.marginAccount),
            address(s.riskEngine),
            address(s.riskEngine),
            address(s.vault),
            address(s.liquidator),
            address(s.rebalancer)
        ];
        bytes[7] memory calls = [
            abi.encodeCall(IMarginAccountAccess.setInterest, (200, 800, 9_000, 8_500, 2_000, 100)),
            abi.encodeCall(IMarginAccountAccess.setLiquidator, (s.stranger)),
            abi.encodeCall(IRiskEngine.setRiskParameters, (1, r)),
            abi.encodeWithSignature(
                "setFeed(uint8,address,uint8,uint24,uint24)",
                1,
                address(s.feeds[USDC]),
                18,
                1 hours,
                10 minutes
            ),
            abi.encodeCall(ICollateralVault.setLimits, (address(s.tokens[1]), 1, 1)),
            abi.encodeCall(ILiquidator.setLiquidationParameters, (l)),
            abi.encodeCall(s.rebalancer.setKeeperParameters, (s.rebalancer.keeperParameters()))
        ];
        which %= 7;
        _refuse(id, targets[which], calls[which], IAccessManaged.AccessManagedUnauthorized.selector);
    }

    /// @notice A token that the account does not hold must not be parked there.
    function parkForeignAsset(uint256 who, uint256 what, uint256 amount) external action {
        AccountId id = _accountOf(who);
        uint8 asset = uint8(1 + (what % (TOKENS - 1)));
        if (_collateral(id, asset) != 0) return;
        amount = _bound(amount, _unit(asset) / 100, _unit(asset));
        _mint(s.stranger, asset, amount);
        bytes memory call = abi.encodeCall(IMarginAccountCore.depositFor, (id, address(s.tokens[asset]), amount));
        bytes32 before = _digestOf(id);
        (bool ok, bytes memory answer) = _try(s.stranger, address(s.marginAccount), call);
        _claim(10, !ok && _digestOf(id) == before, "a stranger opened a collateral");
        _expectRefusal(
            answer,
            abi.encodePacked(
                Errors.MarginAccount_ForeignAsset.selector,
                Errors.CollateralVault_AboveCap.selector,
                Errors.CollateralVault_BelowMinimum.selector
            ),
            "a foreign asset"
        );
        _done();
    }

    /*//////////////////////////////////////////////////////////////////////////
                                     WHAT HE MAY DO
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Cash up to the debt: whatever the feeds, caps and clocks say.
    function cureWithCash(uint256 who, uint256 amount, uint256 part) external action {
        AccountId id = _find(who, _isIndebted);
        uint256 debt = _debt(id);
        (, , , uint256 minimum) = s.vault.totalsOf(address(s.tokens[USDC]));
        if (debt <= minimum) return;
        amount = part % 8 == 0 ? debt : _bound(amount, minimum, debt);
        _cure(id, USDC, amount);
        _claim(8, _debt(id) <= debt - amount + 1, "a cure in cash repaid less than it brought");
    }

    /// @notice Collateral that the account holds, worth no more than its deficit.
    function cureWithCollateral(uint256 who, uint256 what, uint256 amount) external action {
        AccountId id = _find(who, _isIndebted);
        uint8 asset = uint8(1 + (what % (TOKENS - 1)));
        if (_collateral(id, asset) == 0) asset = asset == 1 ? 2 : 1;
        uint256 held = _collateral(id, asset);
        if (held == 0 || _debt(id) == 0) return;

        Assessment memory a = s.marginAccount.assess(id);
        uint256 restore = (uint256(uint32(_policyWord(id) >> 32)) * 1e12 * a.maintenanceE18) / 1e18;
        int256 deficit = int256(restore) - a.equityE18;
        if (deficit <= 0) return;
        uint256 worth = _value(asset, _unit(asset));
        uint256 most = worth == 0 ? held : (uint256(deficit) * _unit(asset)) / (worth + 1);
        (, , , uint256 minimum) = s.vault.totalsOf(address(s.tokens[asset]));
        if (most < minimum) return;
        _cure(id, asset, _bound(amount, minimum, most));
    }

    function _cure(AccountId id, uint8 asset, uint256 amount) private {
        _party(id);
        _mint(s.stranger, asset, amount);
        uint256 healthBefore = s.marginAccount.healthOf(id);
        (bool ok, bytes memory answer) = _try(
            s.stranger,
            address(s.marginAccount),
            abi.encodeCall(IMarginAccountCore.depositFor, (id, address(s.tokens[asset]), amount))
        );
        if (!ok) {
            _claim(8, false, string.concat("a cure was refused with ", vm.toString(answer)));
            return;
        }
        // Rounding of a unit in the debt is all that may stand against it; what earns less than it asks is no cure of health.
        if (asset == USDC) {
            _claim(8, s.marginAccount.healthOf(id) >= healthBefore, "a cure in cash lowered health");
        }
        _done();
    }

    function _policyWord(AccountId id) private view returns (uint256 word) {
        bytes memory answer = abi.encode(s.marginAccount.policyOf(id));
        return abi.decode(answer, (uint256));
    }

    function _refuse(AccountId id, address target, bytes memory call, bytes4 reason) private {
        bytes32 before = _digestOf(id);
        (bool ok, bytes memory answer) = _try(s.stranger, target, call);
        _claim(10, !ok && bytes4(answer) == reason, "a stranger was let in, or refused for another reason");
        _claim(10, _digestOf(id) == before, "a refusal changed something");
        _done();
    }
}
