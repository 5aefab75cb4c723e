// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ALL_RIGHTS, MAX_PAGES, RIGHT_TRADE, WAD} from "../base/Constants.sol";
import {Errors} from "../base/Errors.sol";
import {IMarginAccountCore} from "../interfaces/IMarginAccountCore.sol";
import {IMarginAccountTrading} from "../interfaces/IMarginAccountTrading.sol";
import {ISliceTaker} from "../interfaces/ISliceTaker.sol";
import {Account, AccountBook} from "../ledger/AccountBook.sol";
import {Cash, CashMarket, CashMarketLib} from "../ledger/CashMarket.sol";
import {Rounding} from "../math/Rounding.sol";
import {AccountHeader} from "../types/AccountHeader.sol";
import {AccountId} from "../types/AccountId.sol";
import {CollateralPage, ENTRIES_PER_PAGE} from "../types/CollateralPage.sol";
import {Delegation} from "./Delegation.sol";
import {Losses} from "./Losses.sol";

/// @title Slices
/// @notice The chapter that moves a fraction of everything in one account to another, for the module that may ask it.
abstract contract Slices is Losses, Delegation, IMarginAccountCore {
    using AccountBook for Account;
    using CashMarketLib for Cash;
    using CashMarketLib for CashMarket;

    /// @inheritdoc IMarginAccountCore
    function deliverSlice(
        Slice calldata slice,
        address caller,
        bytes calldata data
    ) external locked returns (uint256 paidToTaker, int256 cash) {
        // Checks
        if (msg.sender != _liquidator) revert Errors.MarginAccount_NotModule(msg.sender, _liquidator);
        _requireStranger(slice.account, slice.taker, caller);

        // Effects
        Cash memory c = _market.loadAccrued();
        if (c.guarded) _requireLiquidationOpen();
        _moveCollateral(slice);
        // It stays what it is while the fund pays: the fund itself is never sliced, for it has cash alone.
        AccountHeader header = _accounts[slice.account].header;
        if (header.positionCount() != 0) {
            _movePositions(slice);
            header = _accounts[slice.account].header;
        }
        if (slice.fromFund != 0) paidToTaker = _collectPayment(slice, c);
        // The slice's part of a provision is used up before the taker pays: his cash leaves net of others' losses alone.
        if (header.hasProvision()) {
            uint256 left = Rounding.mulDivUp(_provisionOf[slice.account], WAD - slice.fractionE18, WAD);
            _setProvision(slice.account, left, c);
            header = _accounts[slice.account].header;
        }
        bool mayOwe;
        (cash, header, mayOwe) = _moveCash(slice, header, paidToTaker, c);
        _market.store(c);
        if (slice.healthAfterE18 >= WAD) _closeLiquidation(slice.account, header);

        // Interaction: the taker may sell what he took and bring the proceeds.
        if (data.length != 0) {
            _openCallback(AccountId.unwrap(slice.taker));
            int256 payment = int256(slice.payment) - int256(paidToTaker);
            ISliceTaker(caller).onSliceTaken(slice.account, slice.taker, payment, data);
            _closeCallback();
            c = _market.loadAccrued();
            mayOwe = true;
        }

        // Check: on the state that will persist, so after the callback. A taker who came out with neither debt nor positions needs
        // none.
        if (mayOwe) {
            AccountHeader taker = _accounts[slice.taker].header;
            int256 owned = c.valueOf(taker.cashShares());
            _requireNoDustDebt(slice.taker, owned, c);
            if (taker.mayOwe()) _requireInitialMargin(slice.taker, taker, owned);
        }
    }

    /// @dev The caller acts for the taking account, and neither he nor its owner stands on the other account's side. Nobody takes from
    /// his own account, then.
    function _requireStranger(AccountId account, AccountId taker, address caller) private view {
        address owner = taker.ownerOf();
        if (!_mayAct(taker, caller, RIGHT_TRADE)) {
            revert Errors.MarginAccount_NotAuthorized(AccountId.unwrap(taker), caller, RIGHT_TRADE);
        }
        if (_mayAct(account, owner, ALL_RIGHTS) || (caller != owner && _mayAct(account, caller, ALL_RIGHTS))) {
            revert Errors.MarginAccount_SelfLiquidation(AccountId.unwrap(account), caller);
        }
    }

    /// @dev The trading part of this contract's code knows how positions move.
    function _movePositions(Slice calldata slice) private {
        _runTrading(
            abi.encodeCall(IMarginAccountTrading.movePositions, (slice.account, slice.taker, slice.fractionE18))
        );
    }

    /// @dev What fund and lenders pay the taker: the fund as far as it can, lenders no more than the account's negative equity.
    function _collectPayment(Slice calldata slice, Cash memory c) private returns (uint256 paid) {
        paid = _payFromFund(slice.fromFund, c);
        uint256 missing = slice.fromFund - paid;
        uint256 borne = missing < slice.fromLenders ? missing : slice.fromLenders;
        paid += _socialise(slice.account, borne, c);
    }

    /// @dev Cash of either sign moves with the slice; then the payments, each account written once. The fund's share is credited
    /// to nobody: it stays in the vault, where {IMarginAccountExtension-collectFees} finds it with interest's fee.
    /// @param from The sliced account's header.
    /// @return cash {quote token} What the sliced account is left with.
    /// @return left Its header.
    /// @return mayOwe Whether the taker has debt or positions.
    function _moveCash(
        Slice calldata slice,
        AccountHeader from,
        uint256 paidToTaker,
        Cash memory c
    ) private returns (int256 cash, AccountHeader left, bool mayOwe) {
        AccountHeader to = _accounts[slice.taker].header;
        (int256 fromShares, int256 toShares) = c.moveFraction(
            from.cashShares(),
            to.cashShares(),
            slice.fractionE18,
            WAD
        );
        uint256 paid = slice.payment + slice.fundFee;
        if (paid != 0) toShares = c.debit(toShares, paid);
        if (paidToTaker != 0) toShares = c.credit(toShares, paidToTaker);
        if (slice.payment != 0) fromShares = c.credit(fromShares, slice.payment);
        // The taker raised his own risk: he cannot be liquidated in this block.
        _setCash(slice.taker, to.withRiskBlock(block.number), toShares);
        left = _setCash(slice.account, from, fromShares);
        return (c.valueOf(fromShares), left, toShares < 0 || to.positionCount() != 0);
    }

    /// @dev Moves the fraction of each collateral, rounded down. Walks the pages as they are read: an entry that is emptied
    /// stays on its page until the walk is over.
    function _moveCollateral(Slice calldata slice) private {
        CollateralPage[] memory pages = _accounts[slice.account].loadPages();
        // Bounded by MAX_PAGES pages of two entries.
        assert(pages.length <= MAX_PAGES);
        for (uint256 i; i < pages.length; ++i) {
            for (uint256 entry; entry < ENTRIES_PER_PAGE; ++entry) {
                uint256 amount = Rounding.mulDivDown(pages[i].amountAt(entry), slice.fractionE18, WAD);
                if (amount == 0) continue;
                uint8 asset = pages[i].assetAt(entry);
                _removeCollateral(slice.account, asset, amount);
                _addCollateral(slice.taker, asset, amount, true);
            }
        }
    }
}
