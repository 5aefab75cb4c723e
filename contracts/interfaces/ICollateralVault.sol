// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccountId} from "../types/AccountId.sol";

/// @title ICollateralVault
/// @notice Custody and nothing else: pulls and sends tokens for MarginAccount and keeps an internal total for each, so a
/// donation changes nothing. Also holds the owners' reserves, which no account's debt can reach.
/// @dev Everything that moves a token is open to MarginAccount alone, which holds the protocol's lock while it calls.
interface ICollateralVault {
    /// @notice A token was listed; its number is final.
    event TokenListed(address indexed token, uint8 indexed asset, uint8 decimals);

    /// @notice A token's limits were set.
    event LimitsSet(address indexed token, uint32 capWholeTokens, uint16 minimumE4);

    /// @notice A token's outflow was limited to a share of what is held, a day; 0 lifts the limit.
    event OutflowLimitSet(address indexed token, uint16 limitBps);

    /// @notice What exceeded the limit waits as claim `number` of the token.
    event ClaimQueued(
        address indexed token,
        uint256 indexed number,
        address indexed owner,
        address receiver,
        uint256 amount
    );

    /// @notice Of claim `number`, `amount` had its turn; what its receiver refused, its owner may fetch.
    event ClaimServed(address indexed token, uint256 indexed number, uint256 amount);

    /// @notice What an owner may fetch of a token changed to `amount`.
    event ClaimableChanged(address indexed owner, address indexed token, uint256 amount);

    /// @notice An owner's reserve changed to `held`.
    event ReserveChanged(uint256 indexed accountId, uint8 indexed asset, uint256 held);

    /// @notice Lists a token under the next number. The quote token has number 0 from the start. A cap starts at zero.
    /// @dev Emits a {TokenListed} event. Requirements: the AccessManager role; not listed; at most 255 tokens; decimals at
    /// most 18, at most 8 for the quote token.
    /// @return asset The token's number.
    function list(address token) external returns (uint8 asset);

    /// @notice Sets a token's limits.
    /// @dev Emits a {LimitsSet} event. Requirements: the AccessManager role; the token is listed.
    /// @param capWholeTokens {whole token} The most that accounts may hold together.
    /// @param minimumE4 {1e-4 whole token} The smallest deposit; never less than one unit.
    function setLimits(address token, uint32 capWholeTokens, uint16 minimumE4) external;

    /// @notice Limits how much of a token may leave in a day, net of what comes in.
    /// @dev Emits an {OutflowLimitSet} event. Requirements: the AccessManager role; the token is listed; 0, or 5% to 100%.
    /// @param limitBps {1e-4} Of what is held for accounts; 0: no limit.
    function setOutflowLimit(address token, uint16 limitBps) external;

    /// @notice Takes a deposit from `from` and counts it for accounts.
    /// @dev Requirements, checked in this order:
    /// - The caller must be the margin account.
    /// - `token` must be listed and `amount` at least its minimum.
    /// - The total after must not be above the cap, unless `exemptFromCap`.
    /// - Afterwards the vault must hold all that it answers for, `amount` included. What a token brings beyond is nobody's.
    /// @return asset The token's number.
    function pull(address token, address from, uint256 amount, bool exemptFromCap) external returns (uint8 asset);

    /// @notice Pays `amount` of what is counted for accounts to `to`. What exceeds the outflow limit waits as a claim of `owner`,
    /// behind those before it.
    /// @dev Emits a {ClaimQueued} event for what waits. Reverts when the token or the receiver refuses.
    /// @return paid {token} What was paid now.
    function send(address token, address owner, address to, uint256 amount) external returns (uint256 paid);

    /// @notice As {send}, to `owner` himself, for calls that serve others: what the token refuses to pay, he may fetch by {claim}.
    /// @dev Emits a {ClaimQueued} event for what waits, a {ClaimableChanged} event for what was refused.
    function pay(address token, address owner, uint256 amount) external;

    /// @notice Pays up to `count` waiting claims in their order, as far as the limit has room. One whose receiver refuses is left
    /// for its owner to {claim}, and holds up none behind it. A claim may be paid in parts, each at least the token's minimum.
    /// @dev Emits a {ClaimServed} event for each.
    /// @return served How many were paid, parts included.
    function payClaims(address token, uint256 count) external returns (uint256 served);

    /// @notice Pays what `owner` may fetch of a token to `receiver`.
    /// @dev Emits a {ClaimableChanged} event. Requirements: there is something. Reverts when the token or the receiver refuses.
    function claim(address owner, address token, address receiver) external returns (uint256 amount);

    /// @notice Takes a deposit from `from` into the reserve of an account.
    function pullToReserve(
        AccountId account,
        address token,
        address from,
        uint256 amount
    ) external returns (uint8 asset);

    /// @notice Pays `amount` out of the reserve of an account to `to`.
    function sendFromReserve(
        AccountId account,
        address token,
        address to,
        uint256 amount
    ) external returns (uint8 asset);

    /// @notice Moves from what is counted for accounts to an account's reserve; no token moves. Since nothing limits what leaves a
    /// reserve, the outflow limit holds here: what exceeds it waits as a claim of the account's owner.
    /// @return kept {token} What of it lies in the reserve now; the rest waits.
    function moveToReserve(AccountId account, uint8 asset, uint256 amount) external returns (uint256 kept);

    /// @notice Moves from an account's reserve to what is counted for accounts; no token moves, no cap refuses it.
    function moveFromReserve(AccountId account, uint8 asset, uint256 amount) external;

    /// @notice The number of a listed token.
    function numberOf(address token) external view returns (uint8 asset);

    /// @notice The token of a number, the zero address if none.
    function tokenOf(uint8 asset) external view returns (address token);

    /// @notice How many tokens are listed, the quote included.
    function listedCount() external view returns (uint256);

    /// @notice What the vault counts for accounts and for reserves, and its limits; {token}.
    function totalsOf(
        address token
    ) external view returns (uint256 total, uint256 reserved, uint256 cap, uint256 minimum);

    /// @notice What is owed to claims of a token: `queued` waits for room, `claimable` to be fetched; and the numbers of the first
    /// claim that waits and of the next to come.
    function claimsOf(
        address token
    ) external view returns (uint256 queued, uint256 claimable, uint256 first, uint256 next);

    /// @notice A claim that waits; zeros when there is none of this number.
    function claimAt(
        address token,
        uint256 number
    ) external view returns (address owner, address receiver, uint256 amount);

    /// @notice What an owner may fetch of a token.
    function claimableOf(address owner, address token) external view returns (uint256);

    /// @notice A token's outflow limit, and what may leave now; the maximum of the type without limit.
    function outflowOf(address token) external view returns (uint256 limitBps, uint256 room);

    /// @notice The contract that this vault obeys: the one that created it.
    function marginAccount() external view returns (address);

    /// @notice The reserve of an account in one token; {token}.
    function reserveOf(AccountId account, uint8 asset) external view returns (uint256);
}
