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

    /// @dev What a deposit, a payment or a move to or from a reserve reads and writes, in one slot.
    struct Token {
        uint96 total; // {token} counted for accounts
        uint96 reserved; // {token} in the owners' reserves
        uint32 cap; // {whole token} the most of `total`
        uint16 minimumE4; // {1e-4 whole token}
        uint8 asset;
        uint8 decimalsAndListed; // decimals, plus LISTED
    }

    uint8 internal constant LISTED = 0x80;
    uint8 internal constant DECIMALS_MASK = 0x7f;

    uint256 internal constant MAX_LISTED = 255;
    uint8 internal constant MAX_DECIMALS = 18;
    /// @dev Cash shares have 80 bits: with 8 decimals that is twelve quadrillion quote units.
    uint8 internal constant MAX_QUOTE_DECIMALS = 8;

    /// @dev The contract that created this one.
    address public immutable marginAccount;
    address private immutable _quoteToken;

    // slot 0 is AccessManaged's authority, and
    uint8 private _listedCount;
    // slot 1
    mapping(address token => Token state) private _tokens;
    // slot 2
    mapping(uint8 asset => address token) private _tokenOf;
    // slot 3
    mapping(AccountId account => mapping(uint8 asset => uint256 amount)) private _reserveOf; // {token}

    modifier onlyMarginAccount() {
        if (msg.sender != marginAccount) revert Errors.CollateralVault_NotMarginAccount(msg.sender);
        _;
    }

    constructor(address authority, address quoteToken) AccessManaged(authority) {
        marginAccount = msg.sender;
        _quoteToken = quoteToken;
        _list(quoteToken);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       GOVERNED
    //////////////////////////////////////////////////////////////////////////*/

    /// @inheritdoc ICollateralVault
    function list(address token) external restricted returns (uint8 asset) {
        return _list(token);
    }

    /// @inheritdoc ICollateralVault
    function setLimits(address token, uint32 capWholeTokens, uint16 minimumE4) external restricted {
        _load(token);
        _tokens[token].cap = capWholeTokens;
        _tokens[token].minimumE4 = minimumE4;
        emit LimitsSet(token, capWholeTokens, minimumE4);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                 FOR THE MARGIN ACCOUNT
    //////////////////////////////////////////////////////////////////////////*/

    /// @inheritdoc ICollateralVault
    function pull(
        address token,
        address from,
        uint256 amount,
        bool exemptFromCap
    ) external onlyMarginAccount returns (uint8 asset) {
        // Checks
        Token storage state = _tokens[token];
        uint256 decimals = state.decimalsAndListed;
        if (decimals == 0) revert Errors.CollateralVault_UnknownToken(token);
        uint256 total = uint256(state.total) + _toTotal(token, amount);
        asset = state.asset;
        unchecked {
            // Decimals are at most 18, so neither product exceeds 2^32 * 1e18.
            uint256 unit = 10 ** (decimals & DECIMALS_MASK);
            uint256 minimum = (state.minimumE4 * unit) / 1e4;
            if (minimum == 0) minimum = 1;
            if (amount < minimum) revert Errors.CollateralVault_BelowMinimum(token, amount, minimum);
            uint256 cap = state.cap * unit;
            if (total > cap && !exemptFromCap) revert Errors.CollateralVault_AboveCap(token, total, cap);
        }

        // Effects
        state.total = _toTotal(token, total);

        // Interaction
        _receive(token, from, amount, total + state.reserved);
    }

    /// @inheritdoc ICollateralVault
    function push(address token, address to, uint256 amount) external onlyMarginAccount {
        Token storage state = _tokens[token];
        uint256 total = state.total;
        if (amount > total) revert Errors.CollateralVault_InsufficientTotal(token, total, amount);
        unchecked {
            state.total = uint96(total - amount);
        }
        IERC20(token).safeTransfer(to, amount);
    }

    /// @inheritdoc ICollateralVault
    function pullToReserve(
        AccountId account,
        address token,
        address from,
        uint256 amount
    ) external onlyMarginAccount returns (uint8 asset) {
        Token memory state = _load(token);
        asset = state.asset;
        uint256 reserved = uint256(state.reserved) + _toTotal(token, amount);
        _tokens[token].reserved = _toTotal(token, reserved);
        _setReserve(account, asset, _reserveOf[account][asset] + amount);
        _receive(token, from, amount, uint256(state.total) + reserved);
    }

    /// @inheritdoc ICollateralVault
    function pushFromReserve(
        AccountId account,
        address token,
        address to,
        uint256 amount
    ) external onlyMarginAccount returns (uint8 asset) {
        Token memory state = _load(token);
        asset = state.asset;
        _subtractReserve(account, asset, token, amount);
        _tokens[token].reserved = state.reserved - uint96(amount);
        IERC20(token).safeTransfer(to, amount);
    }

    /// @inheritdoc ICollateralVault
    function toReserve(AccountId account, uint8 asset, uint256 amount) external onlyMarginAccount {
        address token = asset == 0 ? _quoteToken : _tokenOf[asset];
        Token storage state = _tokens[token];
        (uint256 total, uint256 reserved) = (state.total, state.reserved);
        if (amount > total) revert Errors.CollateralVault_InsufficientTotal(token, total, amount);
        unchecked {
            // `amount` is at most the total, which has 96 bits.
            (state.total, state.reserved) = (uint96(total - amount), _toTotal(token, reserved + amount));
            _setReserve(account, asset, _reserveOf[account][asset] + amount);
        }
    }

    /// @inheritdoc ICollateralVault
    function fromReserve(AccountId account, uint8 asset, uint256 amount) external onlyMarginAccount {
        address token = asset == 0 ? _quoteToken : _tokenOf[asset];
        Token storage state = _tokens[token];
        (uint256 total, uint256 reserved) = (state.total, state.reserved);
        _subtractReserve(account, asset, token, amount);
        unchecked {
            // `amount` is at most what this reserve held, and so at most their sum, which has 96 bits.
            (state.total, state.reserved) = (_toTotal(token, total + amount), uint96(reserved - amount));
        }
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         VIEWS
    //////////////////////////////////////////////////////////////////////////*/

    /// @inheritdoc ICollateralVault
    function assetOf(address token) external view returns (uint8 asset) {
        Token storage state = _tokens[token];
        if (state.decimalsAndListed == 0) revert Errors.CollateralVault_UnknownToken(token);
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
    function totalsOf(
        address token
    ) external view returns (uint256 total, uint256 reserved, uint256 cap, uint256 minimum) {
        Token memory state = _load(token);
        return (
            state.total,
            state.reserved,
            state.cap * 10 ** uint256(state.decimalsAndListed & DECIMALS_MASK),
            _minimumOf(state)
        );
    }

    /// @inheritdoc ICollateralVault
    function reserveOf(AccountId account, uint8 asset) external view returns (uint256) {
        return _reserveOf[account][asset];
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       INTERNAL
    //////////////////////////////////////////////////////////////////////////*/

    function _list(address token) private returns (uint8 asset) {
        uint256 count = _listedCount;
        if (token == address(0) || _tokens[token].decimalsAndListed != 0 || count == MAX_LISTED) {
            revert Errors.CollateralVault_CannotList(token, count, MAX_LISTED);
        }
        asset = uint8(count);
        uint8 decimals = IERC20Metadata(token).decimals();
        uint8 maximum = asset == 0 ? MAX_QUOTE_DECIMALS : MAX_DECIMALS;
        if (decimals > maximum) revert Errors.CollateralVault_UnsupportedDecimals(token, decimals, maximum);

        _tokens[token].asset = asset;
        _tokens[token].decimalsAndListed = decimals | LISTED;
        _tokenOf[asset] = token;
        _listedCount = asset + 1;
        emit TokenListed(token, asset, decimals);
    }

    /// @dev Afterwards the vault holds what it answers for: a fee on the way, or a token that lies, shows here. Before, there may
    /// have been a surplus that nobody owns; that it may fill such a gap harms nobody.
    /// @param owed {token} The token's total and reserves, `amount` included.
    function _receive(address token, address from, uint256 amount, uint256 owed) private {
        IERC20(token).safeTransferFrom(from, address(this), amount);
        uint256 held = IERC20(token).balanceOf(address(this));
        if (held < owed) revert Errors.CollateralVault_TooLittleArrived(token, held, owed);
    }

    function _setReserve(AccountId account, uint8 asset, uint256 held) private {
        _reserveOf[account][asset] = held;
        emit ReserveChanged(AccountId.unwrap(account), asset, held);
    }

    /// @dev The sum of all reserves is at least this one: the caller may subtract `amount` from it.
    function _subtractReserve(AccountId account, uint8 asset, address token, uint256 amount) private {
        uint256 held = _reserveOf[account][asset];
        if (amount > held) {
            revert Errors.CollateralVault_InsufficientReserve(AccountId.unwrap(account), token, held, amount);
        }
        _setReserve(account, asset, held - amount);
    }

    /// @dev {token} Rounded down, but never zero: a deposit of nothing is a mistake.
    function _minimumOf(Token memory state) private pure returns (uint256 minimum) {
        minimum = (state.minimumE4 * 10 ** uint256(state.decimalsAndListed & DECIMALS_MASK)) / 1e4;
        if (minimum == 0) minimum = 1;
    }

    function _load(address token) private view returns (Token memory state) {
        state = _tokens[token];
        if (state.decimalsAndListed == 0) revert Errors.CollateralVault_UnknownToken(token);
    }

    function _toTotal(address token, uint256 total) private pure returns (uint96) {
        if (total > type(uint96).max) revert Errors.CollateralVault_TotalOverflow(token, total, type(uint96).max);
        return uint96(total);
    }
}
