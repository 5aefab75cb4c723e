// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @dev What an asset's price is held against, beside its feed; one slot, read only where the asset's word says so.
struct PriceGuard {
    address source; // the second source; zero: there are bounds alone
    uint8 deviationSteps; // how far the two sources may lie apart, in DEVIATION_STEP
    uint40 minimumE6; // {1e-6 quote/whole token} below it no price is believed
    uint48 maximumE6; // {1e-6 quote/whole token} above it no price is believed; zero: no bound
}

/// @dev {bps}
uint256 constant DEVIATION_STEP = 10;

/// @dev A price that was live, kept for the time when none is; one slot, read only then.
struct RecordedPrice {
    uint112 bidE18; // {quote/whole token}
    uint112 askE18; // {quote/whole token}
    uint32 recordedAt; // {s}
}

/// @dev Says whether a rollup's sequencer works; one slot, read only where the quote's word says so.
struct Sequencer {
    address feed; // answers 0 while it is up, and since when
    uint24 graceSeconds; // {s} after an outage, in which nobody is liquidated
}
