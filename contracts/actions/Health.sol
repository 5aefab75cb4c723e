// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {INFINITE_HEALTH, WAD} from "../base/Constants.sol";
import {Errors} from "../base/Errors.sol";
import {Plan, Request} from "../interfaces/IRebalancer.sol";
import {Account, AccountBook, WalletAllowance} from "../ledger/AccountBook.sol";
import {Cash, CashMarket, CashMarketLib} from "../ledger/CashMarket.sol";
import {MarginCallClock} from "../ledger/MarginCallClock.sol";
import {PerpetualMarket} from "../ledger/PerpetualMarket.sol";
import {PositionBook} from "../ledger/PositionBook.sol";
import {Rounding} from "../math/Rounding.sol";
import {Answers} from "../risk/Answers.sol";
import {AccountHeader, CallState} from "../types/AccountHeader.sol";
import {AccountId} from "../types/AccountId.sol";
import {BandPolicy, defaultPolicy} from "../types/BandPolicy.sol";
import {CollateralPage} from "../types/CollateralPage.sol";
import {Assessment} from "../types/Assessment.sol";
import {Perpetual} from "../types/Perpetual.sol";
import {Position} from "../types/Position.sol";
import {Permissions} from "./Permissions.sol";

/// @title Health
/// @notice The chapter that asks the risk engine: margin checks, and the clocks that follow an account's health.
abstract contract Health is Permissions {
    using AccountBook for Account;
    using CashMarketLib for Cash;
    using CashMarketLib for CashMarket;
    using PerpetualMarket for Perpetual;
    using PositionBook for Account;

    /// @dev What the risk engine needs of an account, at the market as loaded.
    function _portfolio(
        AccountId id,
        Cash memory c
    ) internal view returns (int256 cashE18, CollateralPage[] memory pages, Position[] memory positions) {
        AccountHeader header = _accounts[id].header;
        cashE18 = _toE18(c.valueOf(header.cashShares()));
        (pages, positions) = _holdings(id, header);
    }

    /// @dev An account's collateral, and its positions with funding paid up to now.
    function _holdings(
        AccountId id,
        AccountHeader header
    ) internal view returns (CollateralPage[] memory pages, Position[] memory positions) {
        Account storage account = _accounts[id];
        pages = account.loadPages();
        uint256 count = header.positionCount();
        if (count != 0) positions = _loadPositions(account, count);
    }

    /// @dev The account's positions with funding paid up to now; nothing is written.
    function _loadPositions(
        Account storage account,
        uint256 count
    ) internal view returns (Position[] memory positions) {
        positions = new Position[](count);
        for (uint256 i; i < count; ++i) {
            positions[i] = account.accrued(i, _fundingIndexOf(account.positions[i].underlying()));
        }
    }

    /// @dev {quote E18/unit} A perpetual's funding index now; nothing is written.
    function _fundingIndexOf(uint8 underlying) internal view returns (int256) {
        Perpetual memory p = _perpetuals[underlying];
        p.accrue();
        return p.fundingIndexE18;
    }

    function _assess(AccountId id, Cash memory c) internal view returns (Assessment memory a) {
        (int256 cashE18, CollateralPage[] memory pages, Position[] memory positions) = _portfolio(id, c);
        Answers.assessAccount(_riskEngine(), a, cashE18, pages, positions);
    }

    /// @dev Reverts when an account with debt or positions is below its initial margin. One with neither needs no price. A halted
    /// collateral counts zero on both sides, so an account whose other collateral suffices is not held up by it; for a position
    /// without price nothing suffices.
    function _requireInitialMargin(AccountId id, Cash memory c) internal view {
        AccountHeader header = _accounts[id].header;
        if (header.mayOwe()) _requireInitialMargin(id, header, c.valueOf(header.cashShares()));
    }

    /// @param header The account's, for callers who have it and know that it has debt or positions.
    /// @param cash {quote token} Its cash.
    function _requireInitialMargin(AccountId id, AccountHeader header, int256 cash) internal view {
        (CollateralPage[] memory pages, Position[] memory positions) = _holdings(id, header);
        Assessment memory a;
        Answers.assessAccount(_riskEngine(), a, _toE18(cash), pages, positions);
        if (a.unpriced) revert Errors.MarginAccount_PriceHalted(AccountId.unwrap(id));
        if (a.equityE18 < int256(a.initialE18)) {
            revert Errors.MarginAccount_BelowInitialMargin(AccountId.unwrap(id), a.equityE18, a.initialE18);
        }
    }

    /// @dev Reverts when a debt remains that is too small to be worth liquidating.
    /// @param cash {quote token} What the account has.
    function _requireNoDustDebt(AccountId id, int256 cash, Cash memory c) internal view {
        if (cash >= 0) return;
        uint256 minimum;
        unchecked {
            // A minimum is below 2^16.
            minimum = (c.minimumDebt() * WAD) / _quoteScale();
        }
        if (uint256(-cash) < minimum) {
            revert Errors.MarginAccount_DustDebt(AccountId.unwrap(id), uint256(-cash), minimum);
        }
    }

    /// @dev After a cure: moves the clocks of an account that is called or was seen below maintenance. While a price is
    /// missing they stay as they are: a cure never fails for a feed.
    function _followCure(AccountId id, Cash memory c) internal {
        AccountHeader header = _accounts[id].header;
        if (header.isCalm()) return;
        if (!header.mayOwe()) {
            _advanceClock(id, INFINITE_HEALTH);
            return;
        }
        Assessment memory a = _assess(id, c);
        // Nor by a degraded one: the next rebalance looks at the side that favours the owner.
        if (a.halted || a.degraded) return;
        // What was brought may be too little for an account that nobody had called yet.
        if (_advanceClock(id, a.healthE18)) _sayCalled(id, _deficit(id, a));
    }

    /// @dev {quote} What is missing to `lowerRestore`; rounded up.
    function _deficit(AccountId id, Assessment memory a) internal view returns (int256) {
        return int256(Rounding.mulDivUp(a.maintenanceE18, _policyOf(id).lowerRestore(), WAD)) - a.equityE18;
    }

    /// @dev Says that a call was recorded, and until when it may be cured.
    function _sayCalled(AccountId id, int256 deficitE18) internal {
        uint256 deadline = MarginCallClock.deadline(_accounts[id].header, _policyOf(id));
        emit MarginCalled(AccountId.unwrap(id), deficitE18, deadline);
    }

    /// @dev Moves an account's clocks to what its health says, and says what changed.
    /// @return called True when a margin call was recorded that was not open before; {_sayCalled} is the caller's to call.
    function _advanceClock(AccountId id, uint256 health) internal returns (bool called) {
        Account storage account = _accounts[id];
        AccountHeader before = account.header;
        BandPolicy policy = _policyOf(id);
        AccountHeader header = MarginCallClock.advance(before, policy, health);
        if (AccountHeader.unwrap(header) == AccountHeader.unwrap(before)) return false;
        account.header = header;
        if (header.isCalm() != before.isCalm()) account.setWatched(!header.isCalm());

        uint256 raw = AccountId.unwrap(id);
        CallState state = header.callState();
        called = state == CallState.Running && before.callState() == CallState.None;
        if (!called && (state != before.callState() || header.callSince() != before.callSince())) {
            emit CallChanged(raw, state, header.callElapsed());
        }
        if (header.liquidationSince() != before.liquidationSince()) {
            emit LiquidationChanged(raw, header.liquidationSince());
        }
    }

    /// @dev An account seen below maintenance is above it again. The margin call that was opened with it, or before, waits for the
    /// next look: its clock needs the policy. So the account stays watched.
    /// @param header The account's.
    function _closeLiquidation(AccountId id, AccountHeader header) internal {
        if (header.liquidationSince() == 0) return;
        header = header.withLiquidationSince(0);
        _accounts[id].header = header;
        emit LiquidationChanged(AccountId.unwrap(id), 0);
    }

    function _policyOf(AccountId id) internal view returns (BandPolicy) {
        BandPolicy policy = _accounts[id].policy;
        return policy.isSet() ? policy : defaultPolicy();
    }

    /// @dev {quote} What today's top-ups may still take from the owner's wallet.
    function _walletLeft(AccountId account) internal view returns (uint256) {
        WalletAllowance memory w = _accounts[account].wallet;
        if (w.day != uint32(block.timestamp / 1 days)) return w.dailyLimitE18;
        return w.dailyLimitE18 > w.spentE18 ? w.dailyLimitE18 - w.spentE18 : 0;
    }

    /// @dev What a rebalance would do now.
    /// @param wallet Whether the owner's wallet is asked.
    function _plan(AccountId account, Cash memory c, bool wallet) internal view returns (Plan memory p) {
        BandPolicy policy = _policyOf(account);
        (int256 cashE18, CollateralPage[] memory pages, Position[] memory positions) = _portfolio(account, c);
        Request memory request = Request({
            account: account,
            vault: _vault(),
            header: _accounts[account].header,
            policy: policy,
            walletLeftE18: wallet && policy.topsUpFromWallet() ? _walletLeft(account) : 0,
            quoteScale: _quoteScale(),
            cashE18: cashE18,
            creditE18: c.creditE18()
        });
        Answers.plan(_rebalancer(), p, request, pages, positions);
    }
}
