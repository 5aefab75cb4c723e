// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../../../../contracts/base/Errors.sol";
import {IMarginAccountCore} from "../../../../contracts/interfaces/IMarginAccountCore.sol";
import {IMarginAccountExtension} from "../../../../contracts/interfaces/IMarginAccountExtension.sol";
import {AccountId} from "../../../../contracts/types/AccountId.sol";
import {Handler} from "../Handler.sol";
import {OWNERS, Stage, TOKENS, USDC, WETH} from "../Stage.sol";

/// @title OwnerHandler
/// @notice What owners do with what they have: deposits, withdrawals, loans, transfers, reserves.
contract OwnerHandler is Handler {
    /// @dev {quote E18} The most a deposit is worth; lenders bring ten times as much.
    uint256 private constant MAX_DEPOSIT = 50_000e18;

    /// @dev Why the last withdrawal was refused.
    bytes private _why;

    constructor(Stage memory stage) Handler(stage) {}

    function deposit(uint256 who, uint256 what, uint256 amount) external action {
        _deposit(_accountOf(who), uint8(what % TOKENS), amount);
    }

    /// @notice Collateral only, so that there is something to borrow against.
    function depositCollateral(uint256 who, uint256 what, uint256 amount) external action {
        _deposit(_accountOf(who), uint8(1 + (what % (TOKENS - 1))), _bound(amount, 1e8, type(uint256).max));
    }

    function lend(uint256 amount, uint256, uint256) external action {
        AccountId id = _lender();
        _party(id);
        amount = _bound(amount, 1e6, 500_000e6);
        _mint(s.lender, USDC, amount);
        (bool ok, bytes memory answer) = _call(
            s.lender,
            abi.encodeCall(IMarginAccountCore.deposit, (id, address(s.tokens[USDC]), amount))
        );
        if (ok) _done();
        else _expectRefusal(answer, abi.encodePacked(Errors.CollateralVault_AboveCap.selector), "a loan");
    }

    function unlend(uint256 amount, uint256, uint256) external action {
        AccountId id = _lender();
        _party(id);
        int256 cash = s.marginAccount.cashOf(id);
        // A reserve of liquidity stays, or nobody could borrow.
        if (cash < 2_000_000e6) return;
        amount = _bound(amount, 1, 300_000e6);
        uint256 before = s.tokens[USDC].balanceOf(s.lender);
        (bool ok, bytes memory answer) = _call(
            s.lender,
            abi.encodeCall(IMarginAccountCore.withdraw, (id, address(s.tokens[USDC]), amount, s.lender))
        );
        if (!ok) {
            _expectRefusal(
                answer,
                abi.encodePacked(
                    Errors.CollateralVault_InsufficientTotal.selector,
                    Errors.MarginAccount_BelowInitialMargin.selector,
                    Errors.MarginAccount_PriceHalted.selector
                ),
                "a lender"
            );
            return;
        }
        _claimOpen(id, "a lender's withdrawal");
        _claim(1, s.tokens[USDC].balanceOf(s.lender) == before + amount, "a lender was paid another amount");
        int256 lost = cash - s.marginAccount.cashOf(id) - int256(amount);
        // Leaving costs a unit of rounding, and while a provision is open nothing more: the net index holds for those who go.
        _claim(11, lost >= -1 && lost <= 2, "leaving cost or gave a lender more than a unit");
        _done();
    }

    function withdraw(uint256 who, uint256 what, uint256 amount) external action {
        AccountId id = _accountOf(who);
        uint8 asset = uint8(what % TOKENS);
        uint256 held = asset == USDC ? _credit(id) : _collateral(id, asset);
        // One in eight asks for all of it, and one in eight for more than there is.
        uint256 mode = (what / TOKENS) % 8;
        if (mode == 0) amount = type(uint256).max;
        else if (mode == 1) amount = held + _bound(amount, 1, _unit(asset));
        else amount = _bound(amount, 1, held == 0 ? 1 : held);
        _withdraw(id, asset, amount);
    }

    /// @notice From next to nothing to a little more than is allowed.
    function borrow(uint256 who, uint256 amount, uint256) external action {
        AccountId id = _accountOf(who);
        uint256 most = s.marginAccount.maxWithdraw(id, address(s.tokens[USDC]));
        if (most == 0) return;
        _withdraw(id, USDC, _bound(amount, 1, most + most / 20 + 1));
    }

    /// @notice The last owner borrows all that he may, and what he is offered he must get.
    function borrowToTheLimit(uint256 who, uint256 amount, uint256) external action {
        AccountId id = _accountOf((OWNERS - 1) + OWNERS * (who % 2));
        _deposit(id, WETH, _bound(amount, 1e17, type(uint256).max));
        uint256 most = s.marginAccount.maxWithdraw(id, address(s.tokens[USDC]));
        if (most == 0) return;
        int256 cash = s.marginAccount.cashOf(id);
        bool ok = _withdraw(id, USDC, most) || _isBlind(id) || s.book.guardLevel() != 0;
        string memory what = string.concat(vm.toString(most), " to one with ", vm.toString(cash));
        _claim(0, ok, string.concat("withdraw refused what maxWithdraw offered: ", what, vm.toString(_why)));
    }

    function repay(uint256 who, uint256 amount, uint256 part) external action {
        AccountId id = _find(who, _isIndebted);
        uint256 debt = _debt(id);
        if (debt == 0) return;
        amount = part % 4 == 0 ? debt : _bound(amount, 1, debt);
        if (amount < 10_000) amount = 10_000;
        uint256 before = debt;
        if (!_depositExactly(id, USDC, amount, "a repayment")) return;
        _claim(1, _debt(id) + amount + 1 >= before, "a repayment cancelled more debt than it brought");
    }

    /// @notice To an account of one's own, or of anybody.
    function transfer(uint256 who, uint256 what, uint256 amount) external action {
        AccountId from = _accountOf(who);
        AccountId to = _accountOf(who / 16);
        uint8 asset = uint8(what % TOKENS);
        _party(from);
        _party(to);
        uint256 held = asset == USDC ? _credit(from) : _collateral(from, asset);
        if (asset == USDC && held < 1_000e6) held = 1_000e6;
        amount = _bound(amount, 1, held + held / 50 + 1);
        (bool ok, bytes memory answer) = _call(
            from.ownerOf(),
            abi.encodeCall(IMarginAccountExtension.transfer, (from, to, address(s.tokens[asset]), amount))
        );
        if (ok) {
            _claimInitialMargin(from, "a transfer");
            _claimOpen(from, "a transfer");
            _done();
            return;
        }
        _expectRefusal(
            answer,
            abi.encodePacked(
                Errors.MarginAccount_SameAccount.selector,
                Errors.MarginAccount_InsufficientCollateral.selector,
                Errors.MarginAccount_BelowInitialMargin.selector,
                Errors.MarginAccount_DustDebt.selector,
                Errors.MarginAccount_PriceHalted.selector,
                Errors.MarginAccount_ForeignAsset.selector
            ),
            "a transfer"
        );
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        RESERVES
    //////////////////////////////////////////////////////////////////////////*/

    function fillReserve(uint256 who, uint256 what, uint256 amount) external action {
        AccountId id = _accountOf(who);
        uint8 asset = uint8(what % TOKENS);
        _party(id);
        amount = _amountWorth(asset, amount, MAX_DEPOSIT / 10);
        _mint(id.ownerOf(), asset, amount);
        uint256 before = s.vault.reserveOf(id, asset);
        (bool ok, ) = _call(
            id.ownerOf(),
            abi.encodeCall(IMarginAccountExtension.depositReserve, (id, address(s.tokens[asset]), amount))
        );
        _claim(8, ok, "a reserve was refused its owner's tokens");
        if (!ok) return;
        s.book.expectReserve(AccountId.unwrap(id), asset, before + amount);
        _done();
    }

    function emptyReserve(uint256 who, uint256 what, uint256 amount) external action {
        AccountId id = _find(who, _hasReserve);
        uint8 asset = uint8(what % TOKENS);
        uint256 held = s.vault.reserveOf(id, asset);
        if (held == 0) (asset, held) = (WETH, s.vault.reserveOf(id, WETH));
        if (held == 0) return;
        _party(id);
        amount = (what / TOKENS) % 4 == 0 ? held : _bound(amount, 1, held);
        uint256 before = s.tokens[asset].balanceOf(id.ownerOf());
        (bool ok, ) = _call(
            id.ownerOf(),
            abi.encodeCall(
                IMarginAccountExtension.withdrawReserve,
                (id, address(s.tokens[asset]), amount, id.ownerOf())
            )
        );
        // Never paused, whatever the account owes and whatever the feeds say.
        _claim(10, ok, "an owner was refused his reserve");
        _claim(10, s.tokens[asset].balanceOf(id.ownerOf()) == before + amount, "a reserve paid another amount");
        s.book.expectReserve(AccountId.unwrap(id), asset, held - amount);
        _done();
    }

    function overdrawReserve(uint256 who, uint256 what, uint256) external action {
        AccountId id = _accountOf(who);
        uint8 asset = uint8(what % TOKENS);
        uint256 held = s.vault.reserveOf(id, asset);
        (bool ok, bytes memory answer) = _call(
            id.ownerOf(),
            abi.encodeCall(
                IMarginAccountExtension.withdrawReserve,
                (id, address(s.tokens[asset]), held + 1, id.ownerOf())
            )
        );
        _claim(10, !ok, "a reserve paid more than it held");
        _expectRefusal(
            answer,
            abi.encodePacked(Errors.CollateralVault_InsufficientReserve.selector),
            "an overdrawn reserve"
        );
        _done();
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        SHARED
    //////////////////////////////////////////////////////////////////////////*/

    function _deposit(AccountId id, uint8 asset, uint256 word) private {
        // One in sixteen is below the minimum.
        bool tiny = word % 16 == 7;
        uint256 amount = tiny ? _bound(word, 1, _unit(asset) / 100) : _amountWorth(asset, word, MAX_DEPOSIT);
        _depositExactly(id, asset, amount, "a deposit");
    }

    function _depositExactly(AccountId id, uint8 asset, uint256 amount, string memory what) private returns (bool ok) {
        _party(id);
        _mint(id.ownerOf(), asset, amount);
        bytes memory answer;
        (ok, answer) = _call(
            id.ownerOf(),
            abi.encodeCall(IMarginAccountCore.deposit, (id, address(s.tokens[asset]), amount))
        );
        if (ok) {
            _done();
            return true;
        }
        _expectRefusal(
            answer,
            abi.encodePacked(Errors.CollateralVault_AboveCap.selector, Errors.CollateralVault_BelowMinimum.selector),
            what
        );
        // The wallet shall not be a hoard that tops up for ever.
        vm.prank(id.ownerOf());
        s.tokens[asset].transfer(address(0xdead), amount);
    }

    function _withdraw(AccountId id, uint8 asset, uint256 amount) private returns (bool ok) {
        _party(id);
        uint256 before = s.tokens[asset].balanceOf(id.ownerOf());
        bytes memory answer;
        (ok, answer) = _call(
            id.ownerOf(),
            abi.encodeCall(IMarginAccountCore.withdraw, (id, address(s.tokens[asset]), amount, id.ownerOf()))
        );
        if (!ok) {
            _why = answer;
            _expectRefusal(
                answer,
                abi.encodePacked(
                    Errors.MarginAccount_ZeroAmount.selector,
                    Errors.MarginAccount_InsufficientCollateral.selector,
                    Errors.MarginAccount_BelowInitialMargin.selector,
                    Errors.MarginAccount_DustDebt.selector,
                    Errors.MarginAccount_PriceHalted.selector,
                    Errors.CollateralVault_InsufficientTotal.selector
                ),
                "a withdrawal"
            );
            return false;
        }
        uint256 paid = s.tokens[asset].balanceOf(id.ownerOf()) - before;
        _claim(3, paid == abi.decode(answer, (uint256)), "a withdrawal paid other than it said");
        _claimInitialMargin(id, "a withdrawal");
        _claimOpen(id, "a withdrawal");
        // Spent elsewhere.
        vm.prank(id.ownerOf());
        s.tokens[asset].transfer(address(0xdead), paid);
        _done();
    }

    function _call(address from, bytes memory call) private returns (bool, bytes memory) {
        return _try(from, address(s.marginAccount), call);
    }

    function _credit(AccountId id) private view returns (uint256) {
        int256 cash = s.marginAccount.cashOf(id);
        return cash > 0 ? uint256(cash) : 0;
    }

    function _hasReserve(AccountId id) private view returns (bool) {
        for (uint8 asset; asset < TOKENS; ++asset) {
            if (s.vault.reserveOf(id, asset) != 0) return true;
        }
        return false;
    }

    function _lender() private view returns (AccountId) {
        return AccountId.wrap(uint256(uint160(s.lender)) << 96);
    }

    /// @dev {token} From the minimum deposit to what `most` {quote} bought at the first prices.
    function _amountWorth(uint8 asset, uint256 word, uint256 most) private pure returns (uint256) {
        uint256 price =
            asset == USDC
                ? 1
                : asset == WETH
                    ? 2_000
                    : 60_000;
        return _bound(word, _unit(asset) / 100, (most * _unit(asset)) / (price * 1e18));
    }
}
