// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {CommonBase} from "forge-std/Base.sol";
import {StdUtils} from "forge-std/StdUtils.sol";

import {Errors} from "../../../contracts/base/Errors.sol";
import {IRiskEngine} from "../../../contracts/interfaces/IRiskEngine.sol";
import {AccountHeader} from "../../../contracts/types/AccountHeader.sol";
import {AccountId, toAccountId} from "../../../contracts/types/AccountId.sol";
import {CollateralPage} from "../../../contracts/types/CollateralPage.sol";
import {Assessment} from "../../../contracts/types/Assessment.sol";
import {toPerpetual} from "../../../contracts/types/InstrumentId.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {MarginModel} from "./MarginModel.sol";
import {OracleModel} from "./OracleModel.sol";
import {COIN_AGE, INDICES, OWNERS, QUOTE_AGE, Stage, TOKENS, USDC} from "./Stage.sol";

/// @title Handler
/// @notice What all handlers share. An action never reverts: it tries a call, says which refusals it understands, and notes
/// in the book whatever broke a promise. Every action takes three random words.
abstract contract Handler is CommonBase, StdUtils {
    using MarginModel for MarginModel.Figures;

    /// @dev {1} Relative tolerance between the model and the contracts.
    uint256 internal constant TOLERANCE = 1e9;
    /// @dev {quote} One unit of the quote token.
    uint256 internal constant QUOTE_UNIT = 1e12;
    uint8 internal constant ALL_RIGHTS = 7;

    Stage internal s;

    /// @dev Accounts that the present action may touch.
    uint256[] private _parties;

    constructor(Stage memory stage) {
        s = stage;
    }

    modifier action() {
        s.book.begin(keccak256(abi.encode(address(this), msg.sig)));
        vm.recordLogs();
        _;
        _drain();
        delete _parties;
        s.book.observe(s.marginAccount.cashMarket());
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         TRYING
    //////////////////////////////////////////////////////////////////////////*/

    function _party(AccountId id) internal {
        _parties.push(AccountId.unwrap(id));
    }

    /// @dev Calls as `from`; events are played on at once, so that the book is up to date for what follows.
    function _try(address from, address target, bytes memory call) internal returns (bool ok, bytes memory answer) {
        vm.prank(from);
        (ok, answer) = target.call(call);
        // The recorder keeps what a refused call undid.
        if (ok) _drain();
        else vm.getRecordedLogs();
    }

    function _drain() internal {
        s.book.replay(vm.getRecordedLogs(), _parties);
    }

    function _done() internal {
        s.book.done();
    }

    /// @dev A claim of a promise, or of plain sense when `number` is 0.
    function _claim(uint256 number, bool holds, string memory how) internal {
        if (!holds) s.book.breakPromise(number, how);
    }

    /// @dev Whether an answer is one of these errors; `selectors` are packed, four bytes each.
    function _isOneOf(bytes memory answer, bytes memory selectors) internal pure returns (bool) {
        if (answer.length < 4) return false;
        for (uint256 i; i < selectors.length; i += 4) {
            bool same = true;
            for (uint256 j; j < 4; ++j) {
                if (answer[j] != selectors[i + j]) same = false;
            }
            if (same) return true;
        }
        return false;
    }

    /// @dev A refusal must be one that the action knows. Panics, empty answers and strange errors are failures.
    function _expectRefusal(bytes memory answer, bytes memory selectors, string memory what) internal {
        if (_isOneOf(answer, selectors)) return;
        // A pause explains itself, while there is one.
        if (s.book.guardLevel() != 0 && _isOneOf(answer, abi.encodePacked(Errors.MarginAccount_Paused.selector)))
            return;
        bool shut = block.timestamp < s.book.liquidationOpensAt();
        if (shut && _isOneOf(answer, abi.encodePacked(Errors.MarginAccount_LiquidationPaused.selector))) return;
        s.book.breakPromise(0, string.concat(what, " was refused with ", vm.toString(answer)));
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       THE PEOPLE
    //////////////////////////////////////////////////////////////////////////*/

    function _ownerOf(uint256 word) internal view returns (address) {
        return s.owners[word % OWNERS];
    }

    function _accountOf(uint256 word) internal view returns (AccountId) {
        return toAccountId(s.owners[word % OWNERS], uint96((word / OWNERS) % INDICES));
    }

    /// @dev The first account from `word` on, round and round, that `holds`; the one at `word` if none does.
    function _find(uint256 word, function(AccountId) view returns (bool) holds) internal view returns (AccountId) {
        uint256 start = word % (OWNERS * INDICES);
        for (uint256 i; i < OWNERS * INDICES; ++i) {
            AccountId id = _accountOf(start + i);
            if (holds(id)) return id;
        }
        return _accountOf(start);
    }

    function _isIndebted(AccountId id) internal view returns (bool) {
        return s.book.shares(AccountId.unwrap(id)) < 0;
    }

    function _hasPosition(AccountId id) internal view returns (bool) {
        return s.book.positions(AccountId.unwrap(id)) != 0;
    }

    /// @dev Whether prices can make the account owe what it has not.
    function _mayOwe(AccountId id) internal view returns (bool) {
        return _isIndebted(id) || _hasPosition(id);
    }

    function _isBelowMaintenance(AccountId id) internal view returns (bool) {
        return _mayOwe(id) && s.marginAccount.healthOf(id) < 1e18;
    }

    function _isInsolvent(AccountId id) internal view returns (bool) {
        return _mayOwe(id) && s.marginAccount.assess(id).equityE18 < 0;
    }

    function _mint(address to, uint8 asset, uint256 amount) internal {
        s.tokens[asset].mint(to, amount);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                    WHAT IS TRUE
    //////////////////////////////////////////////////////////////////////////*/

    function _collateral(AccountId id, uint8 asset) internal view returns (uint256) {
        return s.marginAccount.collateralOf(id, asset);
    }

    function _debt(AccountId id) internal view returns (uint256) {
        int256 cash = s.marginAccount.cashOf(id);
        return cash < 0 ? uint256(-cash) : 0;
    }

    function _unit(uint8 asset) internal pure returns (uint256) {
        return
            asset == USDC
                ? 1e6
                : asset == 1
                    ? 1e18
                    : 1e8;
    }

    /// @dev {usd 1e-8} What a feed is good for, by the rules of the design; zero: nothing.
    function _usableAnswer(uint8 asset) internal view returns (uint256) {
        return OracleModel.usable(s.feeds[asset], asset == USDC ? QUOTE_AGE : COIN_AGE);
    }

    /// @dev An asset's price by the model.
    function _price(uint8 asset) internal view returns (OracleModel.Seen memory) {
        return OracleModel.look(s.riskEngine, asset, s.feeds[asset], s.feeds[USDC], COIN_AGE, QUOTE_AGE);
    }

    function _position(AccountId id, uint8 asset) internal view returns (Position position) {
        if (!_hasPosition(id)) return position;
        return s.marginAccount.positionOf(id, toPerpetual(asset));
    }

    function _isInvolved(AccountId id, uint8 asset) internal view returns (bool) {
        return _collateral(id, asset) != 0 || !_position(id, asset).isNone();
    }

    function _isClaimAlone(AccountId id, uint8 asset) internal view returns (bool) {
        return _collateral(id, asset) == 0 && _position(id, asset).size() == 0;
    }

    /// @dev Whether a price that the account depends on is missing.
    function _isBlind(AccountId id) internal view returns (bool) {
        return _worstStatus(id) == OracleModel.HALTED;
    }

    /// @dev Whether a price that an account has to do with is in doubt: one that is missing beside it does not hide that.
    function _isDoubtful(AccountId id) internal view returns (bool) {
        for (uint8 asset = 1; asset < TOKENS; ++asset) {
            if (_isInvolved(id, asset) && _price(asset).status == OracleModel.DEGRADED) return true;
        }
        return false;
    }

    /// @dev The worst status of the prices that an account has to do with.
    function _worstStatus(AccountId id) internal view returns (uint8 worst) {
        worst = OracleModel.LIVE;
        for (uint8 asset = 1; asset < TOKENS; ++asset) {
            if (!_isInvolved(id, asset)) continue;
            uint8 status = _price(asset).status;
            // A claim that a closed position left needs no price.
            if (status == OracleModel.HALTED && _isClaimAlone(id, asset)) continue;
            if (status < worst) worst = status;
        }
    }

    /// @dev An account's margin by the model; cash is the ledger's, what has no price counts nothing.
    /// @param favoured Valued at the side of a degraded price that favours the owner.
    function _model(AccountId id, bool favoured) internal view returns (MarginModel.Figures memory f) {
        f.equity = s.marginAccount.cashOf(id) * int256(QUOTE_UNIT);
        for (uint8 asset = 1; asset < TOKENS; ++asset) {
            if (!_isInvolved(id, asset)) continue;
            OracleModel.Seen memory price = _price(asset);
            if (price.status == OracleModel.HALTED && !_isClaimAlone(id, asset)) continue;
            f.add(
                _exposure(_collateral(id, asset), asset, _position(id, asset), price, favoured),
                s.riskEngine.riskParametersOf(asset),
                s.riskEngine.perpetualRiskOf(asset)
            );
        }
    }

    function _model(AccountId id) internal view returns (MarginModel.Figures memory) {
        return _model(id, false);
    }

    function _exposure(
        uint256 amount,
        uint8 asset,
        Position position,
        OracleModel.Seen memory price,
        bool favoured
    ) internal pure returns (MarginModel.Exposure memory x) {
        x.amount = amount;
        x.units = _unit(asset);
        x.price = favoured && price.status == OracleModel.DEGRADED ? price.ask : price.bid;
        x.size = position.size();
        x.quote = position.quote();
        x.mark = x.size < 0 ? price.ask : price.bid;
        if (favoured && price.status == OracleModel.DEGRADED) x.mark = x.size < 0 ? price.bid : price.ask;
    }

    /// @dev {quote E18} What an amount is worth at the bid; nothing where there is none.
    function _value(uint8 asset, uint256 amount) internal view returns (uint256) {
        if (asset == USDC) return amount * QUOTE_UNIT;
        return (amount * _price(asset).bid) / _unit(asset);
    }

    /// @dev Promise 7, after an action of the account's own side.
    function _claimInitialMargin(AccountId id, string memory what) internal {
        if (!_mayOwe(id)) return;
        Assessment memory a = s.marginAccount.assess(id);
        bool holds = !a.unpriced && a.equityE18 >= int256(a.initialE18);
        _claim(7, holds, string.concat(what, " left less than the initial margin"));
        MarginModel.Figures memory f = _model(id);
        int256 slack = int256((f.initial + f.gross) / TOLERANCE + 2 * QUOTE_UNIT);
        _claim(7, f.equity + slack >= int256(f.initial), string.concat(what, ": the model finds too little margin"));
    }

    /// @dev Promise 12, after something left an account by its owner's wish: no pause was to refuse it.
    function _claimOpen(AccountId id, string memory what) internal {
        uint8 level = s.book.guardLevel();
        _claim(12, level < (_mayOwe(id) ? 1 : 2), string.concat(what, " went through a pause"));
    }

    /// @dev All that can be said of an account; equal digests: nothing changed.
    function _digestOf(AccountId id) internal view returns (bytes32 digest) {
        (AccountHeader header, int256 cash, CollateralPage[] memory pages, Position[] memory positions) = s
            .marginAccount
            .stateOf(id);
        digest = keccak256(abi.encode(header, cash, pages, positions, s.marginAccount.policyOf(id)));
        digest = keccak256(abi.encode(digest, s.marginAccount.provisionOf(id)));
        (uint256 limit, uint256 left) = s.marginAccount.walletLimitOf(id);
        digest = keccak256(abi.encode(digest, limit, left));
        for (uint8 asset; asset < TOKENS; ++asset) {
            digest = keccak256(
                abi.encode(digest, s.vault.reserveOf(id, asset), s.tokens[asset].balanceOf(id.ownerOf()))
            );
        }
    }
}
