// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {Errors} from "./base/Errors.sol";
import {ICollateralVault} from "./interfaces/ICollateralVault.sol";
import {AccountId} from "./types/AccountId.sol";

/// @title CollateralVault
/// @notice Holds every token. A transfer that nobody announced changes no total.
/// @dev Upholds promise 3: for every token, balance >= total + reserved; and promise 10: a reserve leaves only toward its
/// own account or by its owner's withdrawal.
contract CollateralVault is ICollateralVault, AccessManaged {
    using SafeERC20 for IERC20;

    /// @dev What a deposit or a payment reads and writes, in one slot.
    struct Token {
        uint112 total; // {token} counted for accounts
        uint64 cap; // {whole token} the most of it
        uint40 minimumE6; // {1e-6 whole token}
        uint8 asset;
        uint8 decimals;
        bool listed;
    }

    uint256 internal constant MAX_LISTED = 255;
    uint8 internal constant MAX_DECIMALS = 18;
    /// @dev Cash shares have 80 bits: with 8 decimals that is twelve quadrillion quote units.
    uint8 internal constant MAX_QUOTE_DECIMALS = 8;

    // slot 0
    address public marginAccount;
    uint8 private _listedCount;
    // slot 1
    mapping(address token => Token state) private _tokens;
    // slot 2
    mapping(uint8 asset => address token) private _tokenOf;
    // slot 3
    mapping(address token => uint256 amount) private _reserved; // {token} all reserves together
    // slot 4
    mapping(AccountId account => mapping(uint8 asset => uint256 amount)) private _reserveOf; // {token}

    modifier onlyMarginAccount() {
        if (msg.sender != marginAccount) revert Errors.CollateralVault_NotMarginAccount(msg.sender);
        _;
    }

    constructor(address authority) AccessManaged(authority) {}

    /*//////////////////////////////////////////////////////////////////////////
                                       GOVERNED
    //////////////////////////////////////////////////////////////////////////*/

    /// @inheritdoc ICollateralVault
    function wire(address marginAccount_) external restricted {
        if (marginAccount != address(0) || marginAccount_ == address(0)) {
            revert Errors.CollateralVault_AlreadyWired(marginAccount);
        }
        marginAccount = marginAccount_;
        emit Wired(marginAccount_);
    }

    /// @inheritdoc ICollateralVault
    function list(address token) external restricted returns (uint8 asset) {
        uint256 count = _listedCount;
        if (token == address(0) || _tokens[token].listed || count == MAX_LISTED) {
            revert Errors.CollateralVault_CannotList(token, count, MAX_LISTED);
        }
        asset = uint8(count);
        uint8 decimals = IERC20Metadata(token).decimals();
        uint8 maximum = asset == 0 ? MAX_QUOTE_DECIMALS : MAX_DECIMALS;
        if (decimals > maximum) revert Errors.CollateralVault_UnsupportedDecimals(token, decimals, maximum);

        _tokens[token].asset = asset;
        _tokens[token].decimals = decimals;
        _tokens[token].listed = true;
        _tokenOf[asset] = token;
        _listedCount = asset + 1;
        emit TokenListed(token, asset, decimals);
    }

    /// @inheritdoc ICollateralVault
    function setLimits(address token, uint64 capWholeTokens, uint40 minimumE6) external restricted {
        _requireListed(token, _tokens[token].listed);
        _tokens[token].cap = capWholeTokens;
        _tokens[token].minimumE6 = minimumE6;
        emit LimitsSet(token, capWholeTokens, minimumE6);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                 FOR THE MARGIN ACCOUNT
    //////////////////////////////////////////////////////////////////////////*/

    /// @inheritdoc ICollateralVault
    function pull(address token, address from, uint256 amount, bool exemptFromCap)
        external
        onlyMarginAccount
        returns (uint8 asset)
    {
        // Checks
        Token memory state = _tokens[token];
        _requireListed(token, state.listed);
        uint256 minimum = _minimumOf(state);
        if (amount < minimum) revert Errors.CollateralVault_BelowMinimum(token, amount, minimum);
        uint256 total = uint256(state.total) + amount;
        if (!exemptFromCap) {
            uint256 cap = state.cap * 10 ** uint256(state.decimals);
            if (total > cap) revert Errors.CollateralVault_AboveCap(token, total, cap);
        }
        if (total > type(uint112).max) {
            revert Errors.CollateralVault_TotalOverflow(token, total, type(uint112).max);
        }

        // Effects
        _tokens[token].total = uint112(total);

        // Interaction
        _receive(token, from, amount);
        return state.asset;
    }

    /// @inheritdoc ICollateralVault
    function push(address token, address to, uint256 amount) external onlyMarginAccount {
        uint256 total = _tokens[token].total;
        if (amount > total) revert Errors.CollateralVault_InsufficientTotal(token, total, amount);
        _tokens[token].total = uint112(total - amount);
        IERC20(token).safeTransfer(to, amount);
    }

    /// @inheritdoc ICollateralVault
    function pullToReserve(AccountId account, address token, address from, uint256 amount)
        external
        onlyMarginAccount
        returns (uint8 asset)
    {
        Token memory state = _tokens[token];
        _requireListed(token, state.listed);
        _addReserve(account, state.asset, token, amount);
        _receive(token, from, amount);
        return state.asset;
    }

    /// @inheritdoc ICollateralVault
    function pushFromReserve(AccountId account, address token, address to, uint256 amount)
        external
        onlyMarginAccount
        returns (uint8 asset)
    {
        Token memory state = _tokens[token];
        _requireListed(token, state.listed);
        asset = state.asset;
        _subtractReserve(account, asset, token, amount);
        IERC20(token).safeTransfer(to, amount);
    }

    /// @inheritdoc ICollateralVault
    function toReserve(AccountId account, uint8 asset, uint256 amount) external onlyMarginAccount {
        address token = _tokenOf[asset];
        uint256 total = _tokens[token].total;
        if (amount > total) revert Errors.CollateralVault_InsufficientTotal(token, total, amount);
        _tokens[token].total = uint112(total - amount);
        _addReserve(account, asset, token, amount);
    }

    /// @inheritdoc ICollateralVault
    function fromReserve(AccountId account, uint8 asset, uint256 amount) external onlyMarginAccount {
        address token = _tokenOf[asset];
        _subtractReserve(account, asset, token, amount);
        uint256 total = uint256(_tokens[token].total) + amount;
        if (total > type(uint112).max) {
            revert Errors.CollateralVault_TotalOverflow(token, total, type(uint112).max);
        }
        _tokens[token].total = uint112(total);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         VIEWS
    //////////////////////////////////////////////////////////////////////////*/

    /// @inheritdoc ICollateralVault
    function assetOf(address token) external view returns (uint8 asset) {
        Token memory state = _tokens[token];
        _requireListed(token, state.listed);
        return state.asset;
    }

    /// @inheritdoc ICollateralVault
    function tokenOf(uint8 asset) external view returns (address token) {
        return _tokenOf[asset];
    }

    /// @inheritdoc ICollateralVault
    function listedCount() external view returns (uint256) {
        return _listedCount;
    }

    /// @inheritdoc ICollateralVault
    function totalsOf(address token)
        external
        view
        returns (uint256 total, uint256 reserved, uint256 cap, uint256 minimum)
    {
        Token memory state = _tokens[token];
        _requireListed(token, state.listed);
        return (state.total, _reserved[token], state.cap * 10 ** uint256(state.decimals), _minimumOf(state));
    }

    /// @inheritdoc ICollateralVault
    function reserveOf(AccountId account, uint8 asset) external view returns (uint256) {
        return _reserveOf[account][asset];
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       INTERNAL
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev The balance is read on both sides, because a surplus in the vault would hide a fee.
    function _receive(address token, address from, uint256 amount) private {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(from, address(this), amount);
        uint256 arrived = IERC20(token).balanceOf(address(this)) - before;
        if (arrived != amount) revert Errors.CollateralVault_WrongAmountArrived(token, arrived, amount);
    }

    function _addReserve(AccountId account, uint8 asset, address token, uint256 amount) private {
        uint256 held = _reserveOf[account][asset] + amount;
        _reserveOf[account][asset] = held;
        _reserved[token] += amount;
        emit ReserveChanged(AccountId.unwrap(account), asset, held);
    }

    function _subtractReserve(AccountId account, uint8 asset, address token, uint256 amount) private {
        uint256 held = _reserveOf[account][asset];
        if (amount > held) {
            revert Errors.CollateralVault_InsufficientReserve(AccountId.unwrap(account), token, held, amount);
        }
        unchecked {
            // `amount <= held`, and `_reserved` is the sum of all reserves of the token.
            _reserveOf[account][asset] = held - amount;
            _reserved[token] -= amount;
        }
        emit ReserveChanged(AccountId.unwrap(account), asset, held - amount);
    }

    /// @dev {token} Rounded down, but never zero: a deposit of nothing is a mistake.
    function _minimumOf(Token memory state) private pure returns (uint256 minimum) {
        minimum = (state.minimumE6 * 10 ** uint256(state.decimals)) / 1e6;
        if (minimum == 0) minimum = 1;
    }

    function _requireListed(address token, bool listed) private pure {
        if (!listed) revert Errors.CollateralVault_UnknownToken(token);
    }
}
