// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {MAX_DECIMALS} from "./base/Constants.sol";
import {Errors} from "./base/Errors.sol";
import {ICollateralVault} from "./interfaces/ICollateralVault.sol";
import {OutflowLimiter, OutflowLimiterLib} from "./ledger/OutflowLimiter.sol";
import {Claim, Queue, TokenBook, TokenBookLib} from "./ledger/TokenBook.sol";
import {AccountId} from "./types/AccountId.sol";
import {newReserve, Reserve} from "./types/Reserve.sol";
import {MAX_TOTAL, newTokenState, TokenState} from "./types/TokenState.sol";

/// @title CollateralVault
/// @notice Holds every token. A transfer that nobody announced changes no total.
/// @dev Upholds promise 3: for every token, balance >= total + reserved + claims; and promise 10: a reserve leaves only toward its
/// own account or by its owner's withdrawal. The outflow limiter stands here, where no mistake of the ledger gets around it: it
/// asks only what the vault held, and when. Longer than four hundred lines: deposits, reserves and claims change one book of a
/// token, and none of them is right without the others.
contract CollateralVault is ICollateralVault, AccessManaged {
    using SafeERC20 for IERC20;
    using OutflowLimiterLib for OutflowLimiter;
    using TokenBookLib for TokenBook;

    uint256 internal constant MAX_LISTED = 255;
    /// @dev Cash shares have 80 bits: with 8 decimals that is twelve quadrillion quote units.
    uint8 internal constant MAX_QUOTE_DECIMALS = 8;
    uint16 internal constant MIN_OUTFLOW_LIMIT = 500;
    uint16 internal constant MAX_OUTFLOW_LIMIT = 10_000;

    /// @dev The contract that created this one.
    address public immutable marginAccount;

    // slot 0 is AccessManaged's authority, and
    uint8 private _listedCount;
    // slot 1
    mapping(address token => TokenBook book) private _books;
    // slot 2
    mapping(uint8 asset => address token) private _tokenOf;
    // slot 3
    mapping(AccountId account => mapping(uint8 asset => Reserve reserve)) private _reserveOf;
    // slot 4
    mapping(address owner => mapping(address token => uint256 amount)) private _claimableOf; // {token}

    modifier onlyMarginAccount() {
        if (msg.sender != marginAccount) revert Errors.CollateralVault_NotMarginAccount(msg.sender);
        _;
    }

    constructor(address authority, address quoteToken) AccessManaged(authority) {
        marginAccount = msg.sender;
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
        _books[token].state = _load(token).withLimits(capWholeTokens, minimumE4);
        emit LimitsSet(token, capWholeTokens, minimumE4);
    }

    /// @inheritdoc ICollateralVault
    /// @dev A first limit starts from what is held now.
    function setOutflowLimit(address token, uint16 limitBps) external restricted {
        // Checks
        TokenState state = _load(token);
        if (limitBps != 0 && limitBps < MIN_OUTFLOW_LIMIT) _outOfBounds("limitBps", limitBps, MIN_OUTFLOW_LIMIT);
        if (limitBps > MAX_OUTFLOW_LIMIT) _outOfBounds("limitBps", limitBps, MAX_OUTFLOW_LIMIT);

        // Effects
        TokenBook storage book = _books[token];
        OutflowLimiter memory limiter = book.limiter;
        uint256 held = state.total() + limiter.queued;
        if (limiter.limitBps == 0) (limiter.base, limiter.seenAt) = (uint96(held), uint40(block.timestamp));
        else limiter.follow(held);
        limiter.limitBps = limitBps;
        book.limiter = limiter;
        book.state = state.withLimited(limitBps != 0).withMoved(OutflowLimiterLib.ALWAYS);
        emit OutflowLimitSet(token, limitBps);
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
        TokenBook storage book = _books[token];
        TokenState state = book.state;
        if (!state.isListed()) revert Errors.CollateralVault_UnknownToken(token);
        (uint256 minimum, uint256 cap) = state.limits();
        if (amount < minimum) revert Errors.CollateralVault_BelowMinimum(token, amount, minimum);
        uint256 total = state.total() + _toTotal(token, amount);
        if (total > cap) {
            if (!exemptFromCap) revert Errors.CollateralVault_AboveCap(token, total, cap);
            // What is within the cap fits.
            _toTotal(token, total);
        }

        // Effects
        state = book.comeIn(state, amount, total);
        book.state = state;

        // Interaction
        _receive(token, from, amount, state);
        return state.asset();
    }

    /// @inheritdoc ICollateralVault
    function send(
        address token,
        address owner,
        address to,
        uint256 amount
    ) external onlyMarginAccount returns (uint256 paid) {
        TokenBook storage book = _books[token];
        (paid, book.state) = _letOut(token, book, owner, to, amount);
        if (paid != 0) IERC20(token).safeTransfer(to, paid);
    }

    /// @inheritdoc ICollateralVault
    function pay(address token, address owner, uint256 amount) external onlyMarginAccount {
        TokenBook storage book = _books[token];
        uint256 paid;
        (paid, book.state) = _letOut(token, book, owner, owner, amount);
        if (paid != 0) _payOrOwe(token, owner, owner, paid);
    }

    /// @inheritdoc ICollateralVault
    function payClaims(address token, uint256 count) external onlyMarginAccount returns (uint256 served) {
        TokenState state = _load(token);
        TokenBook storage book = _books[token];
        OutflowLimiter memory limiter = book.limiter;
        uint256 total = state.total();
        uint256 held = total + limiter.queued;
        uint256 floor = limiter.follow(held);
        Queue memory queue = book.queue;
        for (; served < count && queue.first != queue.next; ++served) {
            // Checks
            Claim memory waiting = book.claims[queue.first];
            uint256 room = held > floor ? held - floor : 0;
            uint256 part = waiting.amount < room ? waiting.amount : room;
            bool whole = part == waiting.amount;
            if (!whole && part < state.minimum()) break;

            // Effects
            held -= part;
            limiter.queued -= uint96(part);
            book.limiter = limiter;
            emit ClaimServed(token, queue.first, part);
            if (whole) {
                delete book.claims[queue.first];
                book.queue.first = ++queue.first;
            } else {
                book.claims[queue.first].amount = waiting.amount - uint96(part);
            }

            // Interaction
            _payOrOwe(token, waiting.owner, waiting.receiver, part);
        }
        if (served == 0) return 0;
        state = _load(token).withMoved(limiter.afterLook(floor, held, total));
        book.state = state.withClaims(limiter.queued != 0 || book.queue.claimable != 0);
    }

    /// @inheritdoc ICollateralVault
    function claim(address owner, address token, address receiver) external onlyMarginAccount returns (uint256 amount) {
        // Checks
        amount = _claimableOf[owner][token];
        if (amount == 0) revert Errors.CollateralVault_NothingToClaim(owner, token);

        // Effects
        TokenBook storage book = _books[token];
        uint96 left = book.queue.claimable - uint96(amount);
        book.queue.claimable = left;
        if (left == 0 && book.limiter.queued == 0) book.state = book.state.withClaims(false);
        _setClaimable(owner, token, 0);

        // Interaction
        IERC20(token).safeTransfer(receiver, amount);
    }

    /// @inheritdoc ICollateralVault
    function pullToReserve(
        AccountId account,
        address token,
        address from,
        uint256 amount
    ) external onlyMarginAccount returns (uint8 asset) {
        TokenState state = _load(token);
        asset = state.asset();
        uint256 reserved = _toTotal(token, state.reserved() + _toTotal(token, amount));
        state = state.withAmounts(state.total(), reserved);
        _books[token].state = state;
        _setReserve(account, asset, token, _reserveOf[account][asset].amount() + amount);
        _receive(token, from, amount, state);
    }

    /// @inheritdoc ICollateralVault
    /// @dev Nothing limits it: a reserve is its owner's alone.
    function sendFromReserve(
        AccountId account,
        address token,
        address to,
        uint256 amount
    ) external onlyMarginAccount returns (uint8 asset) {
        TokenState state = _load(token);
        asset = state.asset();
        _subtractReserve(account, asset, token, _reserveOf[account][asset].amount(), amount);
        _books[token].state = state.withAmounts(state.total(), state.reserved() - amount);
        IERC20(token).safeTransfer(to, amount);
    }

    /// @inheritdoc ICollateralVault
    function moveToReserve(
        AccountId account,
        uint8 asset,
        uint256 amount
    ) external onlyMarginAccount returns (uint256 kept) {
        Reserve reserve = _reserveOf[account][asset];
        address token = _tokenOfReserve(reserve, asset);
        address owner = account.ownerOf();
        TokenBook storage book = _books[token];
        TokenState state;
        (kept, state) = _letOut(token, book, owner, owner, amount);
        if (kept != 0) {
            state = state.withAmounts(state.total(), _toTotal(token, state.reserved() + kept));
            _setReserve(account, asset, token, reserve.amount() + kept);
        }
        book.state = state;
    }

    /// @inheritdoc ICollateralVault
    function moveFromReserve(AccountId account, uint8 asset, uint256 amount) external onlyMarginAccount {
        Reserve reserve = _reserveOf[account][asset];
        address token = _tokenOfReserve(reserve, asset);
        _subtractReserve(account, asset, token, reserve.amount(), amount);
        TokenBook storage book = _books[token];
        TokenState state = book.state;
        state = book.comeIn(state, amount, _toTotal(token, state.total() + amount));
        // The sum of all reserves is at least this one.
        book.state = state.withAmounts(state.total(), state.reserved() - amount);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         VIEWS
    //////////////////////////////////////////////////////////////////////////*/

    /// @inheritdoc ICollateralVault
    function numberOf(address token) external view returns (uint8 asset) {
        return _load(token).asset();
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
        TokenState state = _load(token);
        (minimum, cap) = state.limits();
        return (state.total(), state.reserved(), cap, minimum);
    }

    /// @inheritdoc ICollateralVault
    function claimsOf(
        address token
    ) external view returns (uint256 queued, uint256 claimable, uint256 first, uint256 next) {
        TokenBook storage book = _books[token];
        Queue memory queue = book.queue;
        return (book.limiter.queued, queue.claimable, queue.first, queue.next);
    }

    /// @inheritdoc ICollateralVault
    function claimAt(
        address token,
        uint256 number
    ) external view returns (address owner, address receiver, uint256 amount) {
        Claim memory waiting = _books[token].claims[number];
        return (waiting.owner, waiting.receiver, waiting.amount);
    }

    /// @inheritdoc ICollateralVault
    function claimableOf(address owner, address token) external view returns (uint256) {
        return _claimableOf[owner][token];
    }

    /// @inheritdoc ICollateralVault
    function outflowOf(address token) external view returns (uint256 limitBps, uint256 room) {
        OutflowLimiter memory limiter = _books[token].limiter;
        if (limiter.limitBps == 0) return (0, type(uint256).max);
        uint256 held = _load(token).total() + limiter.queued;
        uint256 floor = limiter.follow(held);
        return (limiter.limitBps, held > floor ? held - floor : 0);
    }

    /// @inheritdoc ICollateralVault
    function reserveOf(AccountId account, uint8 asset) external view returns (uint256) {
        return _reserveOf[account][asset].amount();
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       INTERNAL
    //////////////////////////////////////////////////////////////////////////*/

    function _list(address token) private returns (uint8 asset) {
        uint256 count = _listedCount;
        if (token == address(0) || _books[token].state.isListed() || count == MAX_LISTED) {
            revert Errors.CollateralVault_CannotList(token, count, MAX_LISTED);
        }
        asset = uint8(count);
        uint8 decimals = IERC20Metadata(token).decimals();
        uint8 maximum = asset == 0 ? MAX_QUOTE_DECIMALS : MAX_DECIMALS;
        if (decimals > maximum) revert Errors.CollateralVault_UnsupportedDecimals(token, decimals, maximum);

        _books[token].state = newTokenState(asset, decimals);
        _tokenOf[asset] = token;
        _listedCount = asset + 1;
        emit TokenListed(token, asset, decimals);
    }

    /// @dev Counts out what leaves accounts; the caller remembers the state. What exceeds the limit waits as a claim.
    /// @return paid {token} What leaves them now.
    function _letOut(
        address token,
        TokenBook storage book,
        address owner,
        address receiver,
        uint256 amount
    ) private returns (uint256 paid, TokenState state) {
        state = book.state;
        uint256 total = state.total();
        if (amount > total) revert Errors.CollateralVault_InsufficientTotal(token, total, amount);
        (paid, state) = book.letOut(state, amount);
        if (paid == amount) return (paid, state);
        uint256 number = book.enqueue(Claim(owner, uint96(amount - paid), receiver));
        emit ClaimQueued(token, number, owner, receiver, amount - paid);
    }

    /// @dev Pays, or where the token refuses owes it to the owner. Who gives too little gas for the transfer has not enough left for
    /// the writes that follow: nobody makes it fail on purpose.
    function _payOrOwe(address token, address owner, address receiver, uint256 amount) private {
        if (IERC20(token).trySafeTransfer(receiver, amount)) return;
        TokenBook storage book = _books[token];
        book.queue.claimable += uint96(amount);
        book.state = book.state.withClaims(true);
        _setClaimable(owner, token, _claimableOf[owner][token] + amount);
    }

    function _setClaimable(address owner, address token, uint256 amount) private {
        _claimableOf[owner][token] = amount;
        emit ClaimableChanged(owner, token, amount);
    }

    /// @dev Afterwards the vault holds what it answers for: a fee on the way, or a token that lies, shows here. Before, there may
    /// have been a surplus that nobody owns; that it may fill such a gap harms nobody.
    /// @param state With `amount` counted.
    function _receive(address token, address from, uint256 amount, TokenState state) private {
        IERC20(token).safeTransferFrom(from, address(this), amount);
        uint256 owed = state.total() + state.reserved();
        if (state.hasClaims()) owed += uint256(_books[token].limiter.queued) + _books[token].queue.claimable;
        uint256 held = IERC20(token).balanceOf(address(this));
        if (held < owed) revert Errors.CollateralVault_TooLittleArrived(token, held, owed);
    }

    function _setReserve(AccountId account, uint8 asset, address token, uint256 held) private {
        _reserveOf[account][asset] = newReserve(token, held);
        emit ReserveChanged(AccountId.unwrap(account), asset, held);
    }

    /// @dev The sum of all reserves is at least this one: the caller may subtract `amount` from it.
    /// @param held {token} What lies there.
    function _subtractReserve(AccountId account, uint8 asset, address token, uint256 held, uint256 amount) private {
        if (amount > held) {
            revert Errors.CollateralVault_InsufficientReserve(AccountId.unwrap(account), token, held, amount);
        }
        _setReserve(account, asset, token, held - amount);
    }

    function _tokenOfReserve(Reserve reserve, uint8 asset) private view returns (address token) {
        token = reserve.token();
        if (token == address(0)) token = _tokenOf[asset];
    }

    function _load(address token) private view returns (TokenState state) {
        state = _books[token].state;
        if (!state.isListed()) revert Errors.CollateralVault_UnknownToken(token);
    }

    function _toTotal(address token, uint256 total) private pure returns (uint256) {
        if (total > MAX_TOTAL) revert Errors.CollateralVault_TotalOverflow(token, total, MAX_TOTAL);
        return total;
    }

    function _outOfBounds(bytes32 field, uint256 found, uint256 bound) private pure {
        revert Errors.CollateralVault_ParameterOutOfBounds(field, found, bound);
    }
}
