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
import {AccountId} from "./types/AccountId.sol";
import {MAX_TOTAL, newTokenState, TokenState} from "./types/TokenState.sol";

/// @title CollateralVault
/// @notice Holds every token. A transfer that nobody announced changes no total.
/// @dev Upholds promise 3: for every token, balance >= total + reserved + claims; and promise 10: a reserve leaves only toward its
/// own account or by its owner's withdrawal. The outflow limiter stands here, where no mistake of the ledger gets around it: it
/// asks only what the vault held, and when. Longer than four hundred lines: accounts, reserves, limiter and claims all change one
/// word of a token, which each action reads and writes once.
contract CollateralVault is ICollateralVault, AccessManaged {
    using SafeERC20 for IERC20;
    using OutflowLimiterLib for OutflowLimiter;

    /// @dev What every movement of a token reads and writes, in one slot.
    struct Token {
        TokenState state;
    }

    /// @dev A claim that waits for its turn.
    struct Claim {
        address owner;
        uint96 amount; // {token}
        address receiver;
    }

    /// @dev The claims of one token.
    struct Queue {
        uint96 claimable; // {token} that owners may fetch
        uint64 first; // the number of the first that waits
        uint64 next; // the number of the next to come
    }

    uint256 internal constant MAX_LISTED = 255;
    /// @dev Cash shares have 80 bits: with 8 decimals that is twelve quadrillion quote units.
    uint8 internal constant MAX_QUOTE_DECIMALS = 8;
    uint16 internal constant MIN_OUTFLOW_LIMIT = 500;
    uint16 internal constant MAX_OUTFLOW_LIMIT = 10_000;
    /// @dev Withdrawals below the minimum deposit make no claims: they are paid beyond the limit, together up to a hundredth of the
    /// base, so that dust can neither fill the queue nor drain the vault.
    uint256 internal constant DUST_SHARE = 100;

    /// @dev The contract that created this one.
    address public immutable marginAccount;
    address private immutable _quoteToken;

    // slot 0 is AccessManaged's authority, and
    uint8 private _listedCount;
    // slot 1
    mapping(address token => Token slot) private _tokens;
    // slot 2
    mapping(uint8 asset => address token) private _tokenOf;
    // slot 3
    mapping(AccountId account => mapping(uint8 asset => uint256 amount)) private _reserveOf; // {token}
    // slot 4
    mapping(address token => OutflowLimiter limiter) private _limiters;
    // slot 5
    mapping(address token => Queue queue) private _queues;
    // slot 6
    mapping(address token => mapping(uint256 number => Claim claim)) private _claims;
    // slot 7
    mapping(address owner => mapping(address token => uint256 amount)) private _claimableOf; // {token}

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
        _tokens[token].state = _load(token).withLimits(capWholeTokens, minimumE4);
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
        OutflowLimiter memory limiter = _limiters[token];
        uint256 held = state.total() + limiter.queued;
        if (limiter.limitBps == 0) (limiter.base, limiter.seenAt) = (uint96(held), uint40(block.timestamp));
        else limiter.follow(held);
        limiter.limitBps = limitBps;
        _limiters[token] = limiter;
        _tokens[token].state = state.withLimited(limitBps != 0).withMoved(OutflowLimiterLib.ALWAYS);
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
        Token storage slot = _tokens[token];
        TokenState state = slot.state;
        if (!state.isListed()) revert Errors.CollateralVault_UnknownToken(token);
        (uint256 minimum, uint256 cap) = state.limits();
        if (amount < minimum) revert Errors.CollateralVault_BelowMinimum(token, amount, minimum);
        uint256 total = state.total() + _toTotal(token, amount);
        if (total > cap && !exemptFromCap) revert Errors.CollateralVault_AboveCap(token, total, cap);

        // Effects
        state = _comeIn(token, state, amount, total);
        slot.state = state;

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
        paid = _letOut(token, owner, to, amount);
        if (paid != 0) IERC20(token).safeTransfer(to, paid);
    }

    /// @inheritdoc ICollateralVault
    function pay(address token, address owner, uint256 amount) external onlyMarginAccount {
        uint256 paid = _letOut(token, owner, owner, amount);
        if (paid != 0) _payOrOwe(token, owner, owner, paid);
    }

    /// @inheritdoc ICollateralVault
    function payClaims(address token, uint256 count) external onlyMarginAccount returns (uint256 served) {
        TokenState state = _load(token);
        OutflowLimiter memory limiter = _limiters[token];
        uint256 total = state.total();
        uint256 held = total + limiter.queued;
        uint256 floor = limiter.follow(held);
        Queue memory queue = _queues[token];
        for (; served < count && queue.first != queue.next; ++served) {
            // Checks
            Claim memory waiting = _claims[token][queue.first];
            uint256 room = held > floor ? held - floor : 0;
            uint256 part = waiting.amount < room ? waiting.amount : room;
            bool whole = part == waiting.amount;
            if (!whole && part < state.minimum()) break;

            // Effects
            held -= part;
            limiter.queued -= uint96(part);
            _limiters[token] = limiter;
            emit ClaimServed(token, queue.first, part);
            if (whole) {
                delete _claims[token][queue.first];
                _queues[token].first = ++queue.first;
            } else {
                _claims[token][queue.first].amount = waiting.amount - uint96(part);
            }

            // Interaction
            _payOrOwe(token, waiting.owner, waiting.receiver, part);
        }
        if (served == 0) return 0;
        state = _load(token).withMoved(limiter.afterLook(floor, held, total));
        _tokens[token].state = state.withClaims(limiter.queued != 0 || _queues[token].claimable != 0);
    }

    /// @inheritdoc ICollateralVault
    function claim(address owner, address token, address receiver) external onlyMarginAccount returns (uint256 amount) {
        // Checks
        amount = _claimableOf[owner][token];
        if (amount == 0) revert Errors.CollateralVault_NothingToClaim(owner, token);

        // Effects
        uint96 left = _queues[token].claimable - uint96(amount);
        _queues[token].claimable = left;
        if (left == 0 && _limiters[token].queued == 0) _tokens[token].state = _tokens[token].state.withClaims(false);
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
        _tokens[token].state = state;
        _setReserve(account, asset, _reserveOf[account][asset] + amount);
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
        _subtractReserve(account, asset, token, amount);
        _tokens[token].state = state.withAmounts(state.total(), state.reserved() - amount);
        IERC20(token).safeTransfer(to, amount);
    }

    /// @inheritdoc ICollateralVault
    function moveToReserve(AccountId account, uint8 asset, uint256 amount) external onlyMarginAccount {
        address token = asset == 0 ? _quoteToken : _tokenOf[asset];
        address owner = account.ownerOf();
        uint256 kept = _letOut(token, owner, owner, amount);
        if (kept == 0) return;
        TokenState state = _tokens[token].state;
        _tokens[token].state = state.withAmounts(state.total(), _toTotal(token, state.reserved() + kept));
        _setReserve(account, asset, _reserveOf[account][asset] + kept);
    }

    /// @inheritdoc ICollateralVault
    function moveFromReserve(AccountId account, uint8 asset, uint256 amount) external onlyMarginAccount {
        address token = asset == 0 ? _quoteToken : _tokenOf[asset];
        _subtractReserve(account, asset, token, amount);
        Token storage slot = _tokens[token];
        TokenState state = slot.state;
        state = _comeIn(token, state, amount, state.total() + amount);
        // The sum of all reserves is at least this one.
        slot.state = state.withAmounts(state.total(), state.reserved() - amount);
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
        Queue memory queue = _queues[token];
        return (_limiters[token].queued, queue.claimable, queue.first, queue.next);
    }

    /// @inheritdoc ICollateralVault
    function claimAt(
        address token,
        uint256 number
    ) external view returns (address owner, address receiver, uint256 amount) {
        Claim memory waiting = _claims[token][number];
        return (waiting.owner, waiting.receiver, waiting.amount);
    }

    /// @inheritdoc ICollateralVault
    function claimableOf(address owner, address token) external view returns (uint256) {
        return _claimableOf[owner][token];
    }

    /// @inheritdoc ICollateralVault
    function outflowOf(address token) external view returns (uint256 limitBps, uint256 room) {
        OutflowLimiter memory limiter = _limiters[token];
        if (limiter.limitBps == 0) return (0, type(uint256).max);
        uint256 held = _load(token).total() + limiter.queued;
        uint256 floor = limiter.follow(held);
        return (limiter.limitBps, held > floor ? held - floor : 0);
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
        if (token == address(0) || _tokens[token].state.isListed() || count == MAX_LISTED) {
            revert Errors.CollateralVault_CannotList(token, count, MAX_LISTED);
        }
        asset = uint8(count);
        uint8 decimals = IERC20Metadata(token).decimals();
        uint8 maximum = asset == 0 ? MAX_QUOTE_DECIMALS : MAX_DECIMALS;
        if (decimals > maximum) revert Errors.CollateralVault_UnsupportedDecimals(token, decimals, maximum);

        _tokens[token].state = newTokenState(asset, decimals);
        _tokenOf[asset] = token;
        _listedCount = asset + 1;
        emit TokenListed(token, asset, decimals);
    }

    /// @dev Counts what comes in for accounts.
    /// @param total {token} With `amount` counted.
    function _comeIn(address token, TokenState state, uint256 amount, uint256 total) private returns (TokenState) {
        if (total > MAX_TOTAL) revert Errors.CollateralVault_TotalOverflow(token, total, MAX_TOTAL);
        if (state.isLimited() && amount != 0) {
            uint256 moved = state.moved() + OutflowLimiterLib.share(amount, total);
            if (moved > OutflowLimiterLib.QUICK) {
                OutflowLimiter memory limiter = _limiters[token];
                uint256 held = state.total() + limiter.queued;
                uint256 floor = limiter.follow(held);
                _limiters[token] = limiter;
                moved = limiter.afterLook(floor, held + amount, total);
            }
            state = state.withMoved(moved);
        }
        return state.withAmounts(total, state.reserved());
    }

    /// @dev Counts out what leaves accounts.
    /// @return paid {token} What leaves the vault now; the rest waits.
    function _letOut(address token, address owner, address receiver, uint256 amount) private returns (uint256 paid) {
        Token storage slot = _tokens[token];
        TokenState state = slot.state;
        uint256 total = state.total();
        if (amount > total) revert Errors.CollateralVault_InsufficientTotal(token, total, amount);
        paid = amount;
        if (state.isLimited() && amount != 0) {
            uint256 moved = state.moved() + OutflowLimiterLib.share(amount, total);
            if (moved > OutflowLimiterLib.QUICK) {
                OutflowLimiter memory limiter = _limiters[token];
                (paid, moved) = _limit(limiter, state, amount);
                _limiters[token] = limiter;
                if (paid != amount) {
                    state = state.withClaims(true);
                    _enqueue(token, Claim(owner, uint96(amount - paid), receiver));
                }
            }
            state = state.withMoved(moved);
        }
        unchecked {
            // `amount` is at most the total.
            slot.state = state.withAmounts(total - amount, state.reserved());
        }
    }

    /// @dev How much of `amount` may leave now. Behind claims that wait nothing may, but dust.
    function _limit(
        OutflowLimiter memory limiter,
        TokenState state,
        uint256 amount
    ) private view returns (uint256 paid, uint256 moved) {
        uint256 total = state.total();
        uint256 held = total + limiter.queued;
        uint256 floor = limiter.follow(held);
        uint256 room = limiter.queued != 0 || held < floor ? 0 : held - floor;
        paid = amount < room ? amount : room;
        uint256 minimum = state.minimum();
        if (paid != amount && amount - paid < minimum) {
            // A claim is at least the minimum. Of what is less altogether, none is made while the dust's own share lasts.
            if (amount >= minimum) paid = amount - minimum;
            else if (held - amount + limiter.base / DUST_SHARE >= floor) paid = amount;
        }
        limiter.queued += uint96(amount - paid);
        moved = limiter.afterLook(floor, held - paid, total);
    }

    function _enqueue(address token, Claim memory waiting) private {
        uint256 number = _queues[token].next++;
        _claims[token][number] = waiting;
        emit ClaimQueued(token, number, waiting.owner, waiting.receiver, waiting.amount);
    }

    /// @dev Pays, or where the token refuses owes it to the owner. Who gives too little gas for the transfer has not enough left for
    /// the writes that follow: nobody makes it fail on purpose.
    function _payOrOwe(address token, address owner, address receiver, uint256 amount) private {
        if (IERC20(token).trySafeTransfer(receiver, amount)) return;
        _queues[token].claimable += uint96(amount);
        _tokens[token].state = _tokens[token].state.withClaims(true);
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
        if (state.hasClaims()) owed += uint256(_limiters[token].queued) + _queues[token].claimable;
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

    function _load(address token) private view returns (TokenState state) {
        state = _tokens[token].state;
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
