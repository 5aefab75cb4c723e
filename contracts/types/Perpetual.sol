// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @dev The perpetual of one underlying. Three slots; a fill reads and writes each once.
struct Perpetual {
    // slot 0
    int128 fundingIndexE18; // {quote/unit} what a long of one unit has paid since the start
    uint88 indexPriceE18; // {quote/unit} of the last look; funding accrues on it until the next
    uint40 updatedAt; // {s}; 0: there is no such perpetual
    // slot 1
    int64 rateE18; // {1/hour} of this hour
    int64 premiumE18; // {1} the fills' deviation, as it stands in this hour
    int80 weightedE18; // {s} the premium of this hour so far, times its seconds
    uint16 interestE7; // {1e-7/hour}
    uint16 clampE7; // {1e-7/hour} of the rate
    uint8 divisor;
    uint8 deviationBps; // of a single fill
    // slot 2
    uint112 openInterestE18; // {unit} the sum of all long sizes
    uint96 pool; // {quote token} settled losses that are not yet paid out as profits
    uint48 capE3; // {1e-3 unit} of the open interest
}
