// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMarginAccountAccess} from "../interfaces/IMarginAccountAccess.sol";
import {CashMarket, CashMarketLib} from "../ledger/CashMarket.sol";
import {MarginAccountState} from "../ledger/MarginAccountState.sol";
import {Bounds} from "./Bounds.sol";

/// @title Governance
/// @notice The chapter of what AccessManager's roles may set, each within bounds.
abstract contract Governance is Bounds, MarginAccountState, IMarginAccountAccess {
    using CashMarketLib for CashMarket;

    uint16 internal constant MAX_BASE = 5_000;
    uint16 internal constant MAX_SLOPE = 10_000;
    uint16 internal constant MAX_JUMP = 30_000;
    uint16 internal constant MIN_KINK = 100;
    uint16 internal constant MAX_KINK = 9_900;
    uint16 internal constant MAX_FEE = 5_000;
    uint16 internal constant MAX_MINIMUM_DEBT = 10_000;

    /// @inheritdoc IMarginAccountAccess
    function setInterest(
        uint16 baseBps,
        uint16 slopeBps,
        uint16 jumpBps,
        uint16 kinkBps,
        uint16 feeBps,
        uint16 minimumDebt
    ) external restricted locked {
        // Checks
        if (baseBps > MAX_BASE) _outOfBounds("baseBps", baseBps, MAX_BASE);
        if (slopeBps > MAX_SLOPE) _outOfBounds("slopeBps", slopeBps, MAX_SLOPE);
        if (jumpBps > MAX_JUMP) _outOfBounds("jumpBps", jumpBps, MAX_JUMP);
        if (kinkBps < MIN_KINK) _outOfBounds("kinkBps", kinkBps, MIN_KINK);
        if (kinkBps > MAX_KINK) _outOfBounds("kinkBps", kinkBps, MAX_KINK);
        if (feeBps > MAX_FEE) _outOfBounds("feeBps", feeBps, MAX_FEE);
        if (minimumDebt > MAX_MINIMUM_DEBT) _outOfBounds("minimumDebt", minimumDebt, MAX_MINIMUM_DEBT);

        // Effects: what has passed is charged at the curve that held.
        _market.store(_market.loadAccrued());
        _market.baseBps = baseBps;
        _market.slopeBps = slopeBps;
        _market.jumpBps = jumpBps;
        _market.kinkBps = kinkBps;
        _market.feeBps = feeBps;
        _market.minimumDebt = minimumDebt;
        emit InterestSet(baseBps, slopeBps, jumpBps, kinkBps, feeBps, minimumDebt);
    }

    /// @inheritdoc IMarginAccountAccess
    function setLiquidator(address liquidator_) external restricted locked {
        _liquidator = liquidator_;
        emit LiquidatorSet(liquidator_);
    }
}
