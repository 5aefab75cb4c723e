// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {TransientLock} from "../base/TransientLock.sol";
import {IMarginAccountEvents} from "../interfaces/IMarginAccountEvents.sol";
import {ICollateralVault} from "../interfaces/ICollateralVault.sol";
import {IRebalancer} from "../interfaces/IRebalancer.sol";
import {IRiskEngine} from "../interfaces/IRiskEngine.sol";
import {AccountHeader} from "../types/AccountHeader.sol";
import {AccountId, toAccountId} from "../types/AccountId.sol";
import {Guard} from "../types/Guard.sol";
import {Perpetual} from "../types/Perpetual.sol";
import {Account, AccountBook} from "./AccountBook.sol";
import {Cash, CashMarket, CashMarketLib} from "./CashMarket.sol";

/// @title MarginAccountState
/// @notice All storage of MarginAccount, and the few moves of the ledger that its chapters share.
/// @dev MarginAccount and its further parts inherit this first and declare nothing of their own, so all see one layout.
abstract contract MarginAccountState is AccessManaged, TransientLock, IMarginAccountEvents {
    using AccountBook for Account;
    using CashMarketLib for Cash;

    // slot 0 is AccessManaged's authority
    // slots 1 to 3
    CashMarket internal _market;
    // slot 4
    mapping(AccountId account => Account state) internal _accounts;
    // slot 5
    mapping(AccountId account => mapping(address operator => uint8 rights)) internal _operators;
    // slot 6
    mapping(AccountId account => uint256 amount) internal _provisionOf; // {quote token}
    // slot 7
    address internal _liquidator;
    // slot 8
    mapping(uint8 underlying => Perpetual state) internal _perpetuals;
    // slot 9
    uint256 internal _listedPerpetuals; // a bit for each underlying
    // slot 10
    address internal _exchange;
    // slot 11
    Guard internal _guard;
    // slot 12
    mapping(AccountId account => uint256 next) internal _grantNonces;

    /// @dev The vault, which MarginAccount creates.
    function _vault() internal view virtual returns (ICollateralVault);

    function _riskEngine() internal view virtual returns (IRiskEngine);

    function _rebalancer() internal view virtual returns (IRebalancer);

    function _quoteToken() internal view virtual returns (address);

    /// @dev One unit of the quote token with 18 decimals.
    function _quoteScale() internal view virtual returns (uint256);

    /// @dev The insurance fund's account until the fund is a contract of its own: nobody's, because this contract never acts
    /// as an owner.
    function _fund() internal view returns (AccountId) {
        return toAccountId(address(this), 0);
    }

    /// @dev Writes an account's cash and says so.
    function _setCash(AccountId id, AccountHeader header, int256 shares) internal returns (AccountHeader) {
        header = header.withCashShares(shares);
        _accounts[id].header = header;
        emit CashChanged(AccountId.unwrap(id), shares);
        return header;
    }

    /// @dev Adds to an account's cash in a market that the caller has loaded and will store.
    function _creditCash(AccountId id, uint256 assets, Cash memory c) internal {
        AccountHeader header = _accounts[id].header;
        _setCash(id, header, c.credit(header.cashShares(), assets));
    }

    /// @dev Takes from an account's cash, into debt if need be, in a market that the caller has loaded and will store.
    function _debitCash(AccountId id, uint256 assets, Cash memory c) internal {
        AccountHeader header = _accounts[id].header;
        _setCash(id, header, c.debit(header.cashShares(), assets));
    }

    /// @dev Adds collateral and says so.
    /// @return False: the account does not hold the asset, and may not be given a new one.
    function _addCollateral(AccountId id, uint8 asset, uint256 amount, bool mayOpen) internal returns (bool) {
        uint256 balance = _accounts[id].add(id, asset, amount, mayOpen);
        if (balance == 0) return false;
        emit CollateralChanged(AccountId.unwrap(id), asset, balance);
        return true;
    }

    /// @dev Takes collateral and says so.
    function _removeCollateral(AccountId id, uint8 asset, uint256 amount) internal {
        uint256 balance = _accounts[id].remove(id, asset, amount);
        emit CollateralChanged(AccountId.unwrap(id), asset, balance);
    }

    /// @dev {quote E18} A signed amount of the quote token with 18 decimals; exact.
    function _toE18(int256 assets) internal view returns (int256) {
        return assets * int256(_quoteScale());
    }

    /// @dev What lies in the vault for accounts; {quote token}.
    function _idle() internal view returns (uint256 idle) {
        (idle, , , ) = _vault().totalsOf(_quoteToken());
    }
}
