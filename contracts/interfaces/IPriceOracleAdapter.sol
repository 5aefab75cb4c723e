// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IPriceOracleAdapter
/// @notice Prices in quote units: asset/USD over quote/USD, so that a depeg of the quote moves every price instead of
/// breaking the books. Asking never reverts on a bad feed; the status says what the price is good for.
interface IPriceOracleAdapter {
    /// @notice What a price is good for. `Degraded` is reserved for a second source that is missing or deviates.
    enum Status {
        Halted,
        Degraded,
        Live
    }

    /// @notice Why a feed is unusable.
    enum Fault {
        None,
        NoFeed,
        Reverting,
        NotPositive,
        Unanswered,
        FromTheFuture,
        Stale,
        WrongDecimals
    }

    /// @notice A price with its two sides.
    /// @param bidE18 {quote/whole token} Rounded down; what is owned counts at this. Zero when halted.
    /// @param askE18 {quote/whole token} Rounded up; what is owed counts at this. Zero when halted.
    /// @param unit {token} One whole token.
    struct Price {
        uint256 bidE18;
        uint256 askE18;
        uint256 unit;
        Status status;
    }

    /// @notice An asset's feed was set.
    event FeedSet(
        uint8 indexed asset,
        address indexed feed,
        uint24 heartbeatSeconds,
        uint24 slackSeconds,
        uint8 feedDecimals
    );

    /// @notice Sets the feed of an asset in USD; asset 0 is the quote.
    /// @dev Emits a {FeedSet} event.
    ///
    /// Requirements, checked in this order:
    /// - The caller must hold the role that AccessManager asks for.
    /// - `feed` must have code and answer `decimals()` with at most 18.
    /// - `tokenDecimals` must be at most 18.
    /// - 1 minute <= `heartbeatSeconds` <= 7 days; `slackSeconds` <= 1 day; both together in whole minutes.
    ///
    /// @param heartbeatSeconds {s} The longest silence that the feed itself promises.
    /// @param slackSeconds {s} What is added to it before an answer is stale.
    function setFeed(
        uint8 asset,
        address feed,
        uint8 tokenDecimals,
        uint24 heartbeatSeconds,
        uint24 slackSeconds
    ) external;

    /// @notice The prices of several assets.
    /// @param assets Packed asset numbers, the first in the lowest byte; zero ends the list, so the quote cannot be asked.
    function prices(uint256 assets) external view returns (Price[] memory);

    /// @notice The price of one asset, with the fault that halted it, if one did.
    function price(uint8 asset) external view returns (Price memory, Fault);

    /// @notice The price of one asset, for callers that cannot do without it.
    /// @dev Requirements: the status must not be `Halted`.
    function requirePrice(uint8 asset) external view returns (uint256 bidE18, uint256 askE18);

    /// @notice The feed of an asset and its parameters.
    function feedOf(
        uint8 asset
    ) external view returns (address feed, uint8 feedDecimals, uint8 tokenDecimals, uint24 maxAgeSeconds);
}
