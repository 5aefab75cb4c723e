// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IPriceOracleAdapter
/// @notice Prices in quote units: asset/USD over quote/USD, so that a depeg of the quote moves every price instead of
/// breaking the books. Asking never reverts on a bad feed; the status says what the price is good for.
interface IPriceOracleAdapter {
    /// @notice What a price is good for. `Degraded`: one of two sources is missing, they deviate, or an outage has just ended.
    enum Status {
        Halted,
        Degraded,
        Live
    }

    /// @notice Why a price is not live. Those from NoFeed to SequencerDown leave a feed unusable; with the last three there is a price,
    /// and it is degraded.
    enum Fault {
        None,
        NoFeed,
        Reverting,
        NotPositive,
        Unanswered,
        FromTheFuture,
        Stale,
        WrongDecimals,
        OutOfBounds,
        SequencerDown,
        SecondMissing,
        Deviating,
        AfterOutage
    }

    /// @notice A price with its two sides. Degraded, the two are those of the two sources, or the one there is less and more the
    /// deviation bound; in the grace after an outage, its own.
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

    /// @notice An asset's second source and the bounds of its price were set.
    event SecondarySet(
        uint8 indexed asset,
        address indexed source,
        uint16 deviationBps,
        uint40 minimumE6,
        uint48 maximumE6
    );

    /// @notice The feed that says whether the chain's sequencer works was set.
    event SequencerSet(address indexed feed, uint24 graceSeconds);

    /// @notice A feed's decimals and phase were read again.
    event FeedRefreshed(uint8 indexed asset, uint8 feedDecimals, uint8 phase);

    /// @notice A live price was kept for a time without one.
    event PriceRecorded(uint8 indexed asset, uint256 bidE18, uint256 askE18);

    /// @notice Sets what an asset's price is held against. All zero: nothing.
    /// @dev Emits a {SecondarySet} event.
    ///
    /// Requirements, checked in this order:
    /// - The caller must hold the role that AccessManager asks for.
    /// - The asset is not the quote, whose price is one.
    /// - `source` is zero or has code; with a source 0.5% <= deviation; deviation <= 10%, in steps of 0.1%.
    /// - minimum < maximum, or no maximum.
    ///
    /// Assumption not checked: the source prices the same asset in quote units.
    /// @param source An {IPriceSource}; zero: bounds alone.
    /// @param deviationBps How far the sources may lie apart; three standard deviations of the price over ten minutes are allowed
    /// as well, where the asset's level knows them. With one source alone, what bid and ask are moved by.
    /// @param minimumE6 {1e-6 quote/whole token} Below it no price of either source is believed.
    /// @param maximumE6 {1e-6 quote/whole token} Above it no price of either source is believed; zero: no bound.
    function setSecondary(
        uint8 asset,
        address source,
        uint16 deviationBps,
        uint40 minimumE6,
        uint48 maximumE6
    ) external;

    /// @notice Sets the uptime feed of a rollup's sequencer; while it says that the sequencer is down, every price is halted.
    /// @dev Emits a {SequencerSet} event.
    ///
    /// Requirements, checked in this order:
    /// - The caller must hold the role that AccessManager asks for.
    /// - `feed` is zero (there is none) or has code; with a feed 1 minute <= grace <= 1 day.
    ///
    /// @param graceSeconds {s} How long after an outage prices are degraded.
    function setSequencer(address feed, uint24 graceSeconds) external;

    /// @notice Reads a feed's decimals and phase again, after its proxy got another aggregator. Open to anyone.
    /// @dev Emits a {FeedRefreshed} event. Requirements, checked in this order:
    /// - The asset has a feed.
    /// - It answers `decimals()` with at most 18.
    /// - It has a round. Retryable.
    function refreshFeed(uint8 asset) external;

    /// @notice Keeps the price of now for a time in which the feed answers nothing: a halted collateral counts at its last valid
    /// ask for equity and maintenance margin. Open to anyone.
    /// @dev Emits a {PriceRecorded} event. Requirements, checked in this order:
    /// - The price is live. Retryable.
    /// - It fits 112 bits.
    function recordPrice(uint8 asset) external;

    /// @notice The prices of several assets.
    /// @param assets Packed asset numbers, the first in the lowest byte; zero ends the list, so the quote cannot be asked.
    function prices(uint256 assets) external view returns (Price[] memory);

    /// @notice The price of one asset, with the fault that halted or degraded it, if one did.
    function price(uint8 asset) external view returns (Price memory, Fault);

    /// @notice The price of one asset, for callers that cannot do without it.
    /// @dev Requirements: the status must not be `Halted`.
    function requirePrice(uint8 asset) external view returns (uint256 bidE18, uint256 askE18);

    /// @notice The feed of an asset and its parameters.
    function feedOf(
        uint8 asset
    ) external view returns (address feed, uint8 feedDecimals, uint8 tokenDecimals, uint24 maxAgeSeconds);

    /// @notice What an asset's price is held against; see {setSecondary}.
    function secondaryOf(
        uint8 asset
    ) external view returns (address source, uint16 deviationBps, uint40 minimumE6, uint48 maximumE6);

    /// @notice The sequencer's uptime feed, zero where there is none, and the grace after an outage.
    function sequencer() external view returns (address feed, uint24 graceSeconds);

    /// @notice The price that was recorded last; zeros where none was.
    /// @return bidE18 {quote/whole token}
    /// @return askE18 {quote/whole token}
    /// @return recordedAt {s}
    function recordedPriceOf(uint8 asset) external view returns (uint256 bidE18, uint256 askE18, uint256 recordedAt);
}
