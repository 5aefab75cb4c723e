// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {ICollateralVault} from "../../../../contracts/interfaces/ICollateralVault.sol";
import {ILiquidator} from "../../../../contracts/interfaces/ILiquidator.sol";
import {IMarginAccountAccess} from "../../../../contracts/interfaces/IMarginAccountAccess.sol";
import {IRebalancer} from "../../../../contracts/interfaces/IRebalancer.sol";
import {IRiskEngine} from "../../../../contracts/interfaces/IRiskEngine.sol";
import {Handler} from "../Handler.sol";
import {GOVERNOR_DELAY, Stage, TOKENS} from "../Stage.sol";

/// @title GovernanceHandler
/// @notice The governor proposes, waits and carries out; parameters move within their bounds. What governs caps in an
/// emergency acts at once here, so that cures meet caps that are shut.
contract GovernanceHandler is Handler {
    address private _target;
    bytes private _proposal;
    uint256 private _readyAt;

    constructor(Stage memory stage) Handler(stage) {}

    /// @notice Schedules a change; tried before its time it must be refused.
    function propose(uint256 which, uint256 word, uint256) external action {
        if (_proposal.length != 0) return;
        (address target, bytes memory call) = _change(which, word);
        (bool ok, ) = _try(s.governor, address(s.manager), abi.encodeCall(IAccessManager.schedule, (target, call, 0)));
        _claim(12, ok, "a governor may not propose");
        if (!ok) return;
        (_target, _proposal, _readyAt) = (target, call, block.timestamp + GOVERNOR_DELAY);
        _done();
    }

    function hurry(uint256, uint256, uint256) external action {
        if (_proposal.length == 0 || block.timestamp >= _readyAt) return;
        (bool ok, bytes memory answer) = _try(s.governor, _target, _proposal);
        _claim(12, !ok, "a change did not wait for its delay");
        _expectRefusal(answer, abi.encodePacked(IAccessManager.AccessManagerNotReady.selector), "a hasty change");
        _done();
    }

    /// @notice Waits until a proposal is ready and carries it out; one that was forgotten has lapsed.
    function carryOut(uint256, uint256, uint256) external action {
        if (_proposal.length == 0) return;
        if (block.timestamp < _readyAt) {
            vm.roll(block.number + (_readyAt - block.timestamp) / 12);
            vm.warp(_readyAt);
            for (uint8 asset; asset < TOKENS; ++asset) {
                s.feeds[asset].push(s.feeds[asset].latestAnswer(), block.timestamp);
            }
        }
        bytes memory proposal = _proposal;
        delete _proposal;
        (bool ok, bytes memory answer) = _try(s.governor, _target, proposal);
        if (!ok) {
            // A proposal lapses a week after it is ready.
            _expectRefusal(answer, abi.encodePacked(IAccessManager.AccessManagerExpired.selector), "a change");
            return;
        }
        _done();
    }

    /// @notice Caps and minimums, from shut to wide open.
    function setLimits(uint256 what, uint256 cap, uint256 minimum) external action {
        uint8 asset = uint8(what % TOKENS);
        uint256 ceiling = (what / TOKENS) % 4 != 0 ? 1_000_000_000 : _bound(cap, 0, 1_000);
        minimum = _bound(minimum, 0, 200);
        vm.prank(s.governor);
        s.vault.setLimits(address(s.tokens[asset]), uint32(ceiling), uint16(minimum));
        (, , , uint256 found) = s.vault.totalsOf(address(s.tokens[asset]));
        _claim(12, found == (minimum == 0 ? 1 : (minimum * _unit(asset)) / 1e4), "a limit did not hold at once");
        _done();
    }

    /// @dev A change within the hard bounds.
    function _change(uint256 which, uint256 word) private view returns (address, bytes memory) {
        which %= 4;
        if (which == 0) {
            return (
                address(s.marginAccount),
                abi.encodeCall(
                    IMarginAccountAccess.setInterest,
                    (
                        uint16(word % 1_000),
                        uint16((word >> 16) % 2_000),
                        uint16((word >> 32) % 15_000),
                        uint16(5_000 + ((word >> 48) % 4_500)),
                        uint16((word >> 64) % 5_000),
                        uint16((word >> 80) % 300)
                    )
                )
            );
        }
        if (which == 1) {
            IRiskEngine.RiskParameters memory r;
            r.shockBps = uint16(500 + (word % 1_000));
            r.haircutMaintenanceBps = uint16((word >> 16) % 120) * 5;
            r.haircutInitialBps = r.haircutMaintenanceBps + uint16((word >> 32) % 120) * 5;
            r.initialFactorBps = uint16(10_000 + 100 * ((word >> 48) % 100));
            r.sizeCoefficientBps = uint16(10 * ((word >> 64) % 2_000));
            uint8 asset = uint8(1 + ((word >> 80) % (TOKENS - 1)));
            return (address(s.riskEngine), abi.encodeCall(IRiskEngine.setRiskParameters, (asset, r)));
        }
        if (which == 2) {
            ILiquidator.LiquidationParameters memory l = s.liquidator.liquidationParameters();
            l.startDiscountBps = uint16(word % 1_000);
            l.healthSlopeBps = uint16((word >> 16) % 20_000);
            // From nothing to everything within a day at 7 bps a minute.
            l.timeSlopeBps = uint16(7 + ((word >> 32) % 2_000));
            l.maxDiscountBps = uint16(1_000 + ((word >> 48) % 9_001));
            l.targetHealthBps = uint16(10_500 + ((word >> 64) % 5_000));
            l.toleranceBps = uint16((word >> 80) % 500);
            l.fundShareBps = uint16((word >> 96) % 5_000);
            return (address(s.liquidator), abi.encodeCall(ILiquidator.setLiquidationParameters, (l)));
        }
        IRebalancer.KeeperParameters memory k = s.rebalancer.keeperParameters();
        k.marginBps = uint16(word % 10_000);
        k.flatE6 = uint32((word >> 16) % 10e6);
        k.discountBps = uint16((word >> 48) % 2_000);
        k.releaseMultiple = uint16(1 + ((word >> 64) % 40));
        return (address(s.rebalancer), abi.encodeCall(IRebalancer.setKeeperParameters, (k)));
    }
}
