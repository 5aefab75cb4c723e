// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Errors} from "../../../../contracts/base/Errors.sol";
import {IMarginAccountCore} from "../../../../contracts/interfaces/IMarginAccountCore.sol";
import {IMarginAccountExtension} from "../../../../contracts/interfaces/IMarginAccountExtension.sol";
import {AccountId} from "../../../../contracts/types/AccountId.sol";
import {Handler} from "../Handler.sol";
import {OWNERS, Stage, TOKENS} from "../Stage.sol";

/// @title GuardHandler
/// @notice Claims: withdrawals beyond a limit that governance sets for a moment, payments that a token refuses, and how both are
/// paid. Claims stand for as long as nobody pays them, so every other action meets the vault with some.
contract GuardHandler is Handler {
    /// @dev {1e-4} The tightest limit there is.
    uint16 private constant LIMIT = 500;

    constructor(Stage memory stage) Handler(stage) {}

    /// @notice An owner withdraws all that he has of a token, under the tightest limit.
    function squeeze(uint256 who, uint256 what, uint256) external action {
        if (_squeeze(who, what)) _done();
    }

    /// @return waits Whether something has to wait.
    function _squeeze(uint256 who, uint256 what) private returns (bool waits) {
        if (_isShut()) return false;
        uint8 asset = uint8(1 + (what % (TOKENS - 1)));
        AccountId id = _find(who, _isFree);
        if (_mayOwe(id)) return false;
        if (_collateral(id, asset) == 0) _bring(id, asset, 2 * _unit(asset));
        uint256 held = _collateral(id, asset);
        if (held == 0) return false;
        address token = address(s.tokens[asset]);
        _party(id);
        _setLimit(token, LIMIT);
        (, uint256 room) = s.vault.outflowOf(token);
        (uint256 queued, , , ) = s.vault.claimsOf(token);
        uint256 before = s.tokens[asset].balanceOf(id.ownerOf());
        (bool ok, bytes memory answer) = _try(
            id.ownerOf(),
            address(s.marginAccount),
            abi.encodeCall(IMarginAccountCore.withdraw, (id, token, type(uint256).max, id.ownerOf()))
        );
        _setLimit(token, 0);
        _claim(3, ok, string.concat("the limiter refused a withdrawal with ", vm.toString(answer)));
        if (!ok) return false;
        uint256 paid = s.tokens[asset].balanceOf(id.ownerOf()) - before;
        (uint256 queuedAfter, , , ) = s.vault.claimsOf(token);
        _claim(3, paid + queuedAfter - queued == held, "what was withdrawn was neither paid nor owed");
        // Dust has its own share, a hundredth of what was held.
        (uint256 total, , , ) = s.vault.totalsOf(token);
        _claim(3, paid <= room + (total + held + queued) / 100, "more left than the limit lets");
        return queuedAfter != queued;
    }

    /// @dev A cap may refuse it.
    function _bring(AccountId id, uint8 asset, uint256 amount) private {
        _party(id);
        _mint(id.ownerOf(), asset, amount);
        bytes memory call = abi.encodeCall(IMarginAccountCore.deposit, (id, address(s.tokens[asset]), amount));
        (bool ok, ) = _try(id.ownerOf(), address(s.marginAccount), call);
        if (ok) return;
        vm.prank(id.ownerOf());
        s.tokens[asset].transfer(address(0xdead), amount);
    }

    /// @notice Anyone pays the claims of a token, which then has no limit.
    function payClaims(uint256 what, uint256 count, uint256) external action {
        if (_isShut()) return;
        address token = _tokenWithClaims(what);
        (uint256 queued, , , ) = s.vault.claimsOf(token);
        if (queued == 0) return;
        _pay(token, _bound(count, 1, 3));
        _done();
    }

    /// @notice The token refuses the first receiver: his claim is to be fetched, and holds up none behind it.
    function refuse(uint256 what, uint256 who, uint256) external action {
        if (_isShut()) return;
        _squeeze(who, what);
        address token = _tokenWithClaims(what);
        (uint256 queued, uint256 claimable, uint256 first, ) = s.vault.claimsOf(token);
        if (queued == 0) return;
        (address owner, address receiver, uint256 amount) = s.vault.claimAt(token, first);
        uint256 had = s.vault.claimableOf(owner, token);
        vm.mockCallRevert(token, abi.encodeCall(IERC20.transfer, (receiver, amount)), "");
        _pay(token, 1);
        vm.clearMockedCalls();
        (, uint256 claimableAfter, , ) = s.vault.claimsOf(token);
        _claim(3, claimableAfter == claimable + amount, "a refused claim was lost");
        _claim(3, s.vault.claimableOf(owner, token) == had + amount, "a refused claim is another's");
        _done();
    }

    /// @notice Whoever was refused fetches it; a stranger finds nothing.
    function fetch(uint256 who, uint256 what, uint256) external action {
        if (_isShut()) return;
        address owner = _ownerOf(who);
        address token = address(s.tokens[1 + (what % (TOKENS - 1))]);
        for (uint256 i; i < OWNERS && s.vault.claimableOf(owner, token) == 0; ++i) {
            owner = s.owners[i];
        }
        uint256 amount = s.vault.claimableOf(owner, token);
        bytes memory call = abi.encodeCall(IMarginAccountExtension.claim, (token, owner));
        (bool ok, bytes memory answer) = _try(s.stranger, address(s.marginAccount), call);
        _claim(10, !ok, "a stranger fetched a claim");
        _expectRefusal(answer, abi.encodePacked(Errors.CollateralVault_NothingToClaim.selector), "a stranger's claim");
        if (amount == 0) return;
        uint256 before = IERC20(token).balanceOf(owner);
        (ok, ) = _try(owner, address(s.marginAccount), call);
        _claim(3, ok && IERC20(token).balanceOf(owner) == before + amount, "a claim was not paid whole");
        _done();
    }

    function _pay(address token, uint256 count) private {
        (uint256 queued, , uint256 first, uint256 next) = s.vault.claimsOf(token);
        (bool ok, bytes memory answer) = _try(
            s.stranger,
            address(s.marginAccount),
            abi.encodeCall(IMarginAccountExtension.payClaims, (token, count))
        );
        _claim(3, ok, "claims were not paid");
        if (!ok) return;
        uint256 due = next - first < count ? next - first : count;
        _claim(3, abi.decode(answer, (uint256)) == due, "without limit a claim had to wait");
        (uint256 queuedAfter, , , ) = s.vault.claimsOf(token);
        _claim(3, queuedAfter < queued, "claims were paid and still wait");
    }

    function _setLimit(address token, uint16 limitBps) private {
        vm.prank(s.governor);
        s.vault.setOutflowLimit(token, limitBps);
    }

    function _tokenWithClaims(uint256 what) private view returns (address token) {
        for (uint256 i; i < TOKENS - 1; ++i) {
            token = address(s.tokens[1 + (((what % (TOKENS - 1)) + i) % (TOKENS - 1))]);
            (uint256 queued, , , ) = s.vault.claimsOf(token);
            if (queued != 0) return token;
        }
    }

    /// @dev The guardian lets nothing out, claims neither.
    function _isShut() private view returns (bool) {
        return s.book.guardLevel() > 1;
    }

    function _isFree(AccountId id) private view returns (bool) {
        return !_mayOwe(id);
    }
}
