// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BPS, RAY, WAD} from "../base/Constants.sol";
import {Errors} from "../base/Errors.sol";
import {InterestMath} from "../math/InterestMath.sol";
import {Rounding} from "../math/Rounding.sol";

/// @dev The book of the quote token: what is lent and borrowed, as shares of two growing indices.
/// Two slots hold what every action on cash reads and writes; the third is touched only while a provision is open.
struct CashMarket {
    // slot 0
    uint104 supplyIndex; // {RAY} quote units a supply share is worth, gross of open provisions
    uint104 borrowIndex; // {RAY} quote units a borrow share owes
    uint40 updatedAt; // {s}
    uint8 flags; // PROVISIONS_OPEN: slot 2 is not zero; GUARDED: a pause was set and not yet cleared
    // slot 1
    uint80 supplyShares;
    uint80 borrowShares;
    uint16 baseBps;
    uint16 slopeBps;
    uint16 jumpBps;
    uint16 kinkBps;
    uint16 feeBps; // interest's share that lenders do not get
    uint16 minimumDebt; // {whole quote}
    // slot 2
    uint128 provisions; // {quote token} what lenders may lose by insolvent accounts
    uint128 forfeited; // {quote token} what those who left meanwhile gave up for it
}

/// @dev The market in memory: loaded once, accrued, changed and stored once.
struct Cash {
    uint256 supplyIndex;
    uint256 borrowIndex;
    uint256 updatedAt;
    uint256 supplyShares;
    uint256 borrowShares;
    uint256 curve; // the upper 96 bits of slot 1, as they lie
    bool provisionsOpen;
    bool guarded;
    uint256 provisions;
    uint256 forfeited;
}

/// @title CashMarket
/// @notice Signed shares of two indices: positive cash earns, negative cash pays. Pure bookkeeping: no external call, no
/// price, no permission.
/// @dev Upholds promises 1 and 4: what lenders are owed never exceeds what borrowers owe plus what lies idle, because debt
/// rounds up and credit rounds down; the borrow index never falls; the supply index falls in {socialise} alone.
library CashMarketLib {
    uint256 internal constant PROVISIONS_OPEN = 1;
    uint256 internal constant GUARDED = 2;
    uint256 private constant _U104 = type(uint104).max;
    uint256 private constant _U80 = type(uint80).max;
    /// @dev {RAY} A billionth of the first unit: lenders have lost everything, and a share still has a price.
    uint256 internal constant MIN_SUPPLY_INDEX = RAY / 1e9;

    /*//////////////////////////////////////////////////////////////////////////
                                   LOAD AND STORE
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Starts a market: both indices at one, the clock at now.
    function initialise(CashMarket storage self) internal {
        self.supplyIndex = uint104(RAY);
        self.borrowIndex = uint104(RAY);
        self.updatedAt = uint40(block.timestamp);
    }

    /// @notice Loads the market with interest up to now; nothing is written.
    function loadAccrued(CashMarket storage self) internal view returns (Cash memory c) {
        uint256 word0;
        uint256 word1;
        assembly ("memory-safe") {
            // The first two slots are read and written as words: field by field the compiler loads a slot once a field.
            word0 := sload(self.slot)
            word1 := sload(add(self.slot, 1))
        }
        c.supplyIndex = word0 & _U104;
        c.borrowIndex = (word0 >> 104) & _U104;
        c.updatedAt = (word0 >> 208) & type(uint40).max;
        c.provisionsOpen = (word0 >> 248) & PROVISIONS_OPEN != 0;
        c.guarded = (word0 >> 248) & GUARDED != 0;
        c.supplyShares = word1 & _U80;
        c.borrowShares = (word1 >> 80) & _U80;
        c.curve = word1 >> 160;
        if (c.provisionsOpen) {
            c.provisions = self.provisions;
            c.forfeited = self.forfeited;
        }
        _accrue(c);
    }

    /// @notice Whether a pause may be in force: the bit lies where every action on cash looks anyway.
    function isGuarded(CashMarket storage self) internal view returns (bool) {
        return self.flags & GUARDED != 0;
    }

    /// @notice Sets or clears that bit.
    function setGuarded(CashMarket storage self, bool guarded) internal {
        self.flags = uint8(guarded ? self.flags | GUARDED : self.flags & ~GUARDED);
    }

    /// @notice Writes the market back.
    function store(CashMarket storage self, Cash memory c) internal {
        if ((c.supplyIndex | c.borrowIndex) > _U104 || (c.supplyShares | c.borrowShares) > _U80) {
            revert Errors.MarginAccount_AmountOverflow(c.supplyShares + c.borrowShares, _U80);
        }
        bool open = c.provisions != 0 || c.forfeited != 0;
        if (open || c.provisionsOpen) {
            self.provisions = uint128(c.provisions);
            self.forfeited = uint128(c.forfeited);
        }
        uint256 flags = (open ? PROVISIONS_OPEN : 0) | (c.guarded ? GUARDED : 0);
        uint256 word0 = c.supplyIndex | (c.borrowIndex << 104) | (c.updatedAt << 208) | (flags << 248);
        uint256 word1 = c.supplyShares | (c.borrowShares << 80) | (c.curve << 160);
        assembly ("memory-safe") {
            sstore(self.slot, word0)
            sstore(add(self.slot, 1), word1)
        }
    }

    /*//////////////////////////////////////////////////////////////////////////
                                      INTEREST
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Moves both indices to now. The debt index rounds up and the supply index down, so the difference, interest's fee
    /// included, stays in the vault.
    function _accrue(Cash memory c) private view {
        unchecked {
            // As loaded: the past lies behind now, shares are below 2^80 and indices below 2^104, the fee is below one; growth is below
            // 2^96, so that a rise is below 2^111. No product of these reaches 2^256.
            uint256 elapsed = block.timestamp - c.updatedAt;
            if (elapsed == 0) return;
            c.updatedAt = block.timestamp;
            if (c.borrowShares == 0) return;

            uint256 debt = borrowAssets(c);
            uint256 supply = supplyAssets(c);
            uint256 growth = InterestMath.compound(_rateAt(c, debt, supply), elapsed);
            // {RAY} = {RAY} * {RAY} / {RAY}
            uint256 rise = Rounding.mulDivUp(c.borrowIndex, growth, RAY);
            c.borrowIndex += rise;
            if (c.supplyShares == 0) return;
            uint256 kept = BPS - ((c.curve >> 64) & type(uint16).max);
            // {quote token * RAY} The interest of all debt, without the fee, spread over the supply shares. Lenders earn on what they
            // lent: where debt beyond it stands against profits that are not yet paid, its interest stays in the vault with the fee.
            // Else a unit of supply could be alone with any debt, and take the index wherever it likes.
            c.supplyIndex +=
                debt > supply
                    ? Rounding.mulDivDown(c.supplyIndex, growth * kept, BPS * RAY)
                    : Rounding.mulDivDown(c.borrowShares * rise, kept, BPS * c.supplyShares);
        }
    }

    /// @notice The yearly borrow rate at the present utilisation; {RAY/year}.
    function borrowRate(Cash memory c) internal pure returns (uint256) {
        return _rateAt(c, borrowAssets(c), supplyAssets(c));
    }

    function _rateAt(Cash memory c, uint256 debt, uint256 supply) private pure returns (uint256) {
        // Debt up, credit down and the quotient up: borrowers pay. Beyond all that is lent, utilisation is one.
        uint256 utilisation = debt >= supply ? (debt == 0 ? 0 : RAY) : Rounding.mulDivUp(debt, RAY, supply);
        uint256 curve = c.curve;
        return
            InterestMath.borrowRateUp(
                utilisation,
                curve & type(uint16).max,
                (curve >> 16) & type(uint16).max,
                (curve >> 32) & type(uint16).max,
                (curve >> 48) & type(uint16).max
            );
    }

    /// @notice The smallest debt other than none; {whole quote}.
    function minimumDebt(Cash memory c) internal pure returns (uint256) {
        return c.curve >> 80;
    }

    /*//////////////////////////////////////////////////////////////////////////
                                    VALUE OF SHARES
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice What all lenders are owed; {quote token}, rounded down.
    function supplyAssets(Cash memory c) internal pure returns (uint256) {
        return Rounding.mulDivDown(c.supplyShares, c.supplyIndex, RAY);
    }

    /// @notice What all borrowers owe; {quote token}, rounded up.
    function borrowAssets(Cash memory c) internal pure returns (uint256) {
        return Rounding.mulDivUp(c.borrowShares, c.borrowIndex, RAY);
    }

    /// @notice The index at which cash leaves: net of what open provisions have not yet collected. Rounded down.
    /// @dev Cash enters at the gross index: nobody gains by arriving before a provision is reversed, nor by leaving before it
    /// is used.
    function netSupplyIndex(Cash memory c) internal pure returns (uint256) {
        if (c.provisions <= c.forfeited) return c.supplyIndex;
        uint256 supply = supplyAssets(c);
        uint256 owing = c.provisions - c.forfeited;
        if (owing >= supply) return 0;
        return Rounding.mulDivDown(c.supplyIndex, supply - owing, supply);
    }

    /// @notice What a unit of cash that enters is worth when it would leave, {1 E18}: one but for open provisions. Rounded down.
    function creditE18(Cash memory c) internal pure returns (uint256) {
        if (c.provisions <= c.forfeited) return WAD;
        return Rounding.mulDivDown(netSupplyIndex(c), WAD, c.supplyIndex);
    }

    /// @notice The cash of an account; {quote token}. Credit rounded down, debt up.
    function valueOf(Cash memory c, int256 shares) internal pure returns (int256) {
        if (shares >= 0) return int256(Rounding.mulDivDown(uint256(shares), netSupplyIndex(c), RAY));
        return -int256(Rounding.mulDivUp(uint256(-shares), c.borrowIndex, RAY));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                   CREDIT AND DEBIT
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Books `assets` that came in: repays debt first, lends out the rest.
    /// @dev Rounding: borrow shares burned DOWN (unless all the debt is repaid), supply shares minted DOWN.
    function credit(Cash memory c, int256 shares, uint256 assets) internal pure returns (int256) {
        if (shares < 0) {
            uint256 owed = uint256(-shares);
            uint256 debt = Rounding.mulDivUp(owed, c.borrowIndex, RAY);
            if (assets < debt) {
                uint256 burned = Rounding.mulDivDown(assets, RAY, c.borrowIndex);
                c.borrowShares -= burned;
                return shares + int256(burned);
            }
            c.borrowShares -= owed;
            assets -= debt;
            shares = 0;
        }
        if (assets == 0) return shares;
        uint256 minted = Rounding.mulDivDown(assets, RAY, c.supplyIndex);
        c.supplyShares += minted;
        return shares + int256(minted);
    }

    /// @notice Books `assets` that leave: from what is lent first, the rest is borrowed.
    /// @dev Rounding: supply shares burned UP, borrow shares minted UP.
    function debit(Cash memory c, int256 shares, uint256 assets) internal pure returns (int256) {
        if (shares > 0) {
            uint256 held = uint256(shares);
            uint256 index = netSupplyIndex(c);
            uint256 value = Rounding.mulDivDown(held, index, RAY);
            uint256 taken = assets < value ? assets : value;
            // A debtor holds no shares. Never more than `held`: taken <= held * index / RAY, and `held` is whole.
            uint256 burned = assets > value ? held : (taken == 0 ? 0 : Rounding.mulDivUp(taken, RAY, index));
            _burn(c, burned, taken, index);
            shares -= int256(burned);
            assets -= taken;
            if (assets == 0) return shares;
        }
        uint256 minted = Rounding.mulDivUp(assets, RAY, c.borrowIndex);
        c.borrowShares += minted;
        return shares - int256(minted);
    }

    /// @dev Burns supply shares that leave with `taken`. An open provision keeps the difference between gross and net; rounded down.
    function _burn(Cash memory c, uint256 burned, uint256 taken, uint256 index) private pure {
        if (index != c.supplyIndex) c.forfeited += Rounding.mulDivDown(burned, c.supplyIndex, RAY) - taken;
        c.supplyShares -= burned;
    }

    /// @notice Moves the fraction `numerator / denominator` of one account's shares to another's, netting what meets its
    /// opposite there. Shares of one sign move as they are, so a slice of cash loses nothing to an open provision.
    /// @dev Rounding: credit moved DOWN, debt moved UP, both against the taker.
    function moveFraction(
        Cash memory c,
        int256 from,
        int256 to,
        uint256 numerator,
        uint256 denominator
    ) internal pure returns (int256, int256) {
        int256 moved = Rounding.mulDivFloor(from, numerator, denominator);
        if (moved == 0) return (from, to);
        if (moved > 0 == to >= 0 || to == 0) return (from - moved, to + moved);
        // Opposite signs: what the taker owes is repaid from what he took, or what he took in debt from what he has.
        if (moved > 0) {
            uint256 index = netSupplyIndex(c);
            uint256 value = Rounding.mulDivDown(uint256(moved), index, RAY);
            _burn(c, uint256(moved), value, index);
            return (from - moved, credit(c, to, value));
        }
        uint256 debt = Rounding.mulDivUp(uint256(-moved), c.borrowIndex, RAY);
        c.borrowShares -= uint256(-moved);
        return (from - moved, debit(c, to, debt));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        LOSSES
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Lets lenders bear `loss`: first what leavers forfeited, the rest through the supply index.
    /// @dev The one place where the supply index falls (promise 4). Rounding: the index down. It never falls below
    /// {MIN_SUPPLY_INDEX}, so that deposits and cures stay possible after lenders have lost everything.
    /// @return borne {quote token} What the index took; less than the rest only when lenders have no more.
    function socialise(Cash memory c, uint256 loss) internal pure returns (uint256 borne) {
        uint256 collected = loss < c.forfeited ? loss : c.forfeited;
        c.forfeited -= collected;
        uint256 supply = supplyAssets(c);
        borne = loss - collected;
        if (borne > supply) borne = supply;
        if (borne == 0) return 0;
        uint256 index = Rounding.mulDivDown(c.supplyIndex, supply - borne, supply);
        if (index < MIN_SUPPLY_INDEX) {
            index = MIN_SUPPLY_INDEX < c.supplyIndex ? MIN_SUPPLY_INDEX : c.supplyIndex;
            // What lenders keep is what the lowest index leaves them.
            uint256 kept = Rounding.mulDivUp(c.supplyShares, index, RAY);
            borne = kept < supply ? supply - kept : 0;
        }
        c.supplyIndex = index;
    }
}
