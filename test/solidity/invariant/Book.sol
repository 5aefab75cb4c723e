// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {VmSafe} from "forge-std/Vm.sol";

import {ICollateralVault} from "../../../contracts/interfaces/ICollateralVault.sol";
import {IMarginAccountEvents} from "../../../contracts/interfaces/IMarginAccountEvents.sol";
import {IMarginAccountExtension} from "../../../contracts/interfaces/IMarginAccountExtension.sol";
import {CallState} from "../../../contracts/types/AccountHeader.sol";
import {GuardLevel} from "../../../contracts/types/Guard.sol";
import {LIQUIDATION_GRACE} from "./Stage.sol";

/// @title Book
/// @notice The ghosts of a campaign: what came into the vault and left it, the ledger rebuilt from events alone, what the
/// indices were when last seen, how often each action was tried and done, and which promise broke first and how.
/// @dev Knows no formula of the protocol: tokens are counted by their own Transfer events.
contract Book {
    struct Tally {
        uint256 tried;
        uint256 done;
    }

    /// @dev An account's position as the events tell it.
    struct Held {
        int256 size; // {unit}
        int256 quote; // {quote E18} with funding paid up to `fundingAt`
        int256 fundingAt; // {quote E18/unit} the instrument's index then
    }

    /// @dev What an instrument's positions share, and what they come to together.
    struct Instrument {
        uint256 funding; // the three words of {Perpetual}
        uint256 hour;
        uint256 interest;
        int256 sizes; // {unit} the sum of all
        uint256 longs; // {unit} the sum of those above zero
        uint256 changes; // how often a position changed
        uint256 closings; // how often one came to its end
    }

    /// @dev What is told of an account at one look.
    struct Entry {
        int256 shares;
        uint256 provision;
        uint256 liquidationSince;
        CallState callState;
        uint256 positions;
    }

    address private immutable _VAULT;
    address private immutable _LEDGER;

    mapping(bytes32 action => Tally) private _tallies;
    bytes32 private _action;

    /// @notice What broke a promise first. Number 0 collects what no promise speaks of and no user would expect.
    mapping(uint256 number => string) public broken;
    /// @notice A bit for each promise that broke.
    uint256 public brokenSet;

    // Tokens in and out of the vault, gifts apart.
    mapping(address token => uint256) public paidIn;
    mapping(address token => uint256) public paidOut;
    mapping(address token => uint256) public donated;
    mapping(address actor => mapping(address token => int256)) public netIn;

    // The ledger as its events tell it.
    mapping(uint256 id => int256) public shares;
    mapping(uint256 id => mapping(uint8 asset => uint256)) public collateral;
    mapping(uint256 id => mapping(uint8 asset => uint256)) public reserve;
    mapping(uint256 id => uint256) public policy;
    mapping(uint256 id => uint256) public walletLimit;
    mapping(uint256 id => uint256) public provision;
    mapping(uint256 id => uint256) public liquidationSince;
    mapping(uint256 id => CallState) public callState;
    mapping(uint256 id => mapping(address operator => uint8)) public rights;
    /// @notice How many positions an account has.
    mapping(uint256 id => uint256) public positions;
    mapping(uint256 id => mapping(uint8 underlying => Held)) private _held;
    mapping(uint8 underlying => Instrument) private _instruments;
    /// @dev Accounts whose funding is paid up to an index that is yet to be told.
    mapping(uint8 underlying => uint256[]) private _pending;

    // The guardian's pause as the events tell it.
    GuardLevel private _guardLevel;
    uint256 public guardUntil;
    uint256 public haltedUntil;

    // What it comes to for all accounts together.
    uint256 public creditShares;
    uint256 public debtShares;
    uint256 public provisions;
    mapping(uint8 asset => uint256) public collateralInAll;
    mapping(uint8 asset => uint256) public reserveInAll;

    /// @dev Accounts that the present action touched.
    uint256[] private _touched;
    mapping(uint256 id => uint256 step) private _touchedAt;

    /// @notice Reserves as the handlers expect them to be.
    mapping(uint256 id => mapping(uint8 asset => uint256)) public expectedReserve;

    // The market when last seen.
    uint256 public supplyIndex;
    uint256 public borrowIndex;
    uint256 public supplyShares;
    uint256 private _fundShares;
    /// @notice {quote token} What the supply index lost by the events of the present action, and in all.
    uint256 public socialised;
    uint256 public socialisedInAll;
    /// @notice {quote token} What keepers were paid for an account in the present action.
    mapping(uint256 id => mapping(uint256 step => uint256)) private _keeperPay;
    /// @notice Actions so far.
    uint256 public steps;

    constructor(address vault, address ledger) {
        _VAULT = vault;
        _LEDGER = ledger;
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        TALLIES
    //////////////////////////////////////////////////////////////////////////*/

    function begin(bytes32 action) external {
        _action = action;
        ++_tallies[action].tried;
        ++steps;
        socialised = 0;
        delete _touched;
        _fundShares = uint256(shares[_fund()]);
    }

    /// @notice The present action did what it is there for.
    function done() external {
        ++_tallies[_action].done;
    }

    function tallyOf(bytes32 action) external view returns (Tally memory) {
        return _tallies[action];
    }

    /// @notice Notes that a promise did not hold; the first time counts.
    function breakPromise(uint256 number, string memory how) public {
        if (brokenSet & (1 << number) != 0) return;
        brokenSet |= 1 << number;
        broken[number] = how;
    }

    /// @notice The accounts that the last action touched.
    function touched() external view returns (uint256[] memory) {
        return _touched;
    }

    /// @notice How tight the guardian holds everybody now: 0 is not at all.
    function guardLevel() public view returns (uint8) {
        return block.timestamp < guardUntil ? uint8(_guardLevel) : 0;
    }

    /// @notice {s} Before it nobody is liquidated: a halt, or the grace after one.
    function liquidationOpensAt() public view returns (uint256) {
        return haltedUntil == 0 ? 0 : haltedUntil + LIQUIDATION_GRACE;
    }

    function entryOf(uint256 id) external view returns (Entry memory) {
        return Entry(shares[id], provision[id], liquidationSince[id], callState[id], positions[id]);
    }

    function heldOf(uint256 id, uint8 underlying) external view returns (Held memory) {
        return _held[id][underlying];
    }

    function instrumentOf(uint8 underlying) external view returns (Instrument memory) {
        return _instruments[underlying];
    }

    /// @notice {quote token} What the instruments' settled pools hold.
    function pooled() public view returns (uint256) {
        return uint96(_instruments[1].interest >> 112) + uint96(_instruments[2].interest >> 112);
    }

    function keeperPayOf(uint256 id) external view returns (uint256) {
        return _keeperPay[id][steps];
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         GHOSTS
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice A gift to the vault: it came in by a transfer that nobody announced.
    function donate(address token, uint256 amount) external {
        paidIn[token] -= amount;
        donated[token] += amount;
    }

    function expectReserve(uint256 id, uint8 asset, uint256 amount) external {
        expectedReserve[id][asset] = amount;
    }

    /// @notice Promises 1 and 4, as far as the market alone shows them.
    function observe(IMarginAccountExtension.CashView memory m) external {
        if (m.borrowIndex < borrowIndex) breakPromise(4, "the borrow index fell");
        if (m.supplyIndex < supplyIndex) {
            // What the index lost is no more than what the events said, up to the index's own rounding. The fund's shares may have
            // paid first, and those minted since then, for the taker of a slice, bore nothing.
            uint256 bearing = (m.supplyShares < supplyShares ? m.supplyShares : supplyShares) - _fundShares;
            uint256 fell = ((supplyIndex - m.supplyIndex) * bearing) / 1e27;
            if (fell > socialised + 2) breakPromise(4, "the supply index fell by more than was socialised");
        }
        borrowIndex = m.borrowIndex;
        supplyIndex = m.supplyIndex;
        supplyShares = m.supplyShares;
        _fundShares = uint256(shares[_fund()]);
        if (m.idle + m.borrowAssets + 2 < m.supplyAssets + m.forfeited + pooled()) {
            breakPromise(1, "idle cash and debt do not cover credit, forfeits and pools");
        }
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         REPLAY
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Plays events on. An action may touch the accounts of its parties, and no other's.
    function replay(VmSafe.Log[] calldata logs, uint256[] calldata parties) external {
        for (uint256 i; i < logs.length; ++i) {
            VmSafe.Log calldata log = logs[i];
            if (log.topics.length == 0) continue;
            if (log.topics[0] == IERC20.Transfer.selector) _transfer(log);
            else if (log.emitter == _VAULT) _ofVault(log, parties);
            else if (log.emitter == _LEDGER) _ofLedger(log, parties);
        }
    }

    function _transfer(VmSafe.Log calldata log) private {
        address from = address(uint160(uint256(log.topics[1])));
        address to = address(uint160(uint256(log.topics[2])));
        uint256 amount = abi.decode(log.data, (uint256));
        if (to == _VAULT) {
            paidIn[log.emitter] += amount;
            netIn[from][log.emitter] += int256(amount);
        }
        if (from == _VAULT) {
            paidOut[log.emitter] += amount;
            netIn[to][log.emitter] -= int256(amount);
        }
    }

    function _ofVault(VmSafe.Log calldata log, uint256[] calldata parties) private {
        if (log.topics[0] != ICollateralVault.ReserveChanged.selector) return;
        uint256 id = uint256(log.topics[1]);
        uint8 asset = uint8(uint256(log.topics[2]));
        uint256 amount = abi.decode(log.data, (uint256));
        reserveInAll[asset] = reserveInAll[asset] - reserve[id][asset] + amount;
        reserve[id][asset] = amount;
        _requireParty(id, parties);
    }

    function _ofLedger(VmSafe.Log calldata log, uint256[] calldata parties) private {
        bytes32 topic = log.topics[0];
        if (topic == IMarginAccountEvents.Paused.selector) return _changeGuard(log);
        if (log.topics.length < 2) return;
        uint256 id = uint256(log.topics[1]);
        if (topic == IMarginAccountEvents.PerpetualChanged.selector) return _changeInstrument(log);
        // What else names no account.
        if (topic == IMarginAccountEvents.LiquidatorSet.selector) return;
        if (topic == IMarginAccountEvents.ExchangeSet.selector) return;
        if (topic == IMarginAccountEvents.PerpetualSet.selector) return;
        if (!_ofBalances(log, topic, id)) _ofClocks(log, topic, id);
        _requireParty(id, parties);
    }

    function _ofBalances(VmSafe.Log calldata log, bytes32 topic, uint256 id) private returns (bool) {
        if (topic == IMarginAccountEvents.CashChanged.selector) {
            _setShares(id, abi.decode(log.data, (int256)));
        } else if (topic == IMarginAccountEvents.CollateralChanged.selector) {
            uint8 asset = uint8(uint256(log.topics[2]));
            uint256 amount = abi.decode(log.data, (uint256));
            collateralInAll[asset] = collateralInAll[asset] - collateral[id][asset] + amount;
            collateral[id][asset] = amount;
        } else if (topic == IMarginAccountEvents.PositionChanged.selector) {
            (int256 size, int256 quote) = abi.decode(log.data, (int256, int256));
            _setPosition(id, uint8(uint256(log.topics[2]) >> 8), size, quote);
        } else if (topic == IMarginAccountEvents.ProvisionChanged.selector) {
            uint256 amount = abi.decode(log.data, (uint256));
            provisions = provisions - provision[id] + amount;
            provision[id] = amount;
        } else if (topic == IMarginAccountEvents.LossSocialised.selector) {
            (uint256 amount, ) = abi.decode(log.data, (uint256, uint256));
            socialised += amount;
            socialisedInAll += amount;
        } else {
            return false;
        }
        return true;
    }

    function _ofClocks(VmSafe.Log calldata log, bytes32 topic, uint256 id) private {
        if (topic == IMarginAccountEvents.PolicySet.selector) {
            policy[id] = abi.decode(log.data, (uint256));
        } else if (topic == IMarginAccountEvents.WalletLimitSet.selector) {
            walletLimit[id] = abi.decode(log.data, (uint128));
        } else if (topic == IMarginAccountEvents.OperatorSet.selector) {
            rights[id][address(uint160(uint256(log.topics[2])))] = abi.decode(log.data, (uint8));
        } else if (topic == IMarginAccountEvents.LiquidationChanged.selector) {
            liquidationSince[id] = abi.decode(log.data, (uint256));
        } else if (topic == IMarginAccountEvents.MarginCalled.selector) {
            callState[id] = CallState.Running;
        } else if (topic == IMarginAccountEvents.CallChanged.selector) {
            (callState[id], ) = abi.decode(log.data, (CallState, uint256));
        } else if (topic == IMarginAccountEvents.Rebalanced.selector) {
            (, , uint256 pay) = abi.decode(log.data, (uint8, uint256, uint256));
            _keeperPay[id][steps] += pay;
        }
    }

    function _setShares(uint256 id, int256 now_) private {
        int256 before = shares[id];
        creditShares = creditShares - (before > 0 ? uint256(before) : 0) + (now_ > 0 ? uint256(now_) : 0);
        debtShares = debtShares - (before < 0 ? uint256(-before) : 0) + (now_ < 0 ? uint256(-now_) : 0);
        shares[id] = now_;
    }

    function _setPosition(uint256 id, uint8 underlying, int256 size, int256 quote) private {
        Held storage held = _held[id][underlying];
        Instrument storage instrument = _instruments[underlying];
        int256 before = held.size;
        instrument.sizes += size - before;
        instrument.longs = instrument.longs - (before > 0 ? uint256(before) : 0) + (size > 0 ? uint256(size) : 0);
        ++instrument.changes;
        if (before != 0 || held.quote != 0) --positions[id];
        if (size != 0 || quote != 0) ++positions[id];
        else ++instrument.closings;
        (held.size, held.quote) = (size, quote);
        _pending[underlying].push(id);
    }

    function _changeGuard(VmSafe.Log calldata log) private {
        GuardLevel before = _guardLevel;
        (_guardLevel, guardUntil) = abi.decode(log.data, (GuardLevel, uint256));
        bool ended = _guardLevel == GuardLevel.Normal && before == GuardLevel.Halt;
        if (ended || _guardLevel == GuardLevel.Halt) haltedUntil = guardUntil;
    }

    /// @dev The index that it tells is the one up to which those before it in the same transaction have paid.
    function _changeInstrument(VmSafe.Log calldata log) private {
        uint8 underlying = uint8(uint256(log.topics[1]) >> 8);
        Instrument storage instrument = _instruments[underlying];
        (instrument.funding, instrument.hour, instrument.interest) = abi.decode(log.data, (uint256, uint256, uint256));
        uint256[] storage pending = _pending[underlying];
        for (uint256 i; i < pending.length; ++i) {
            _held[pending[i]][underlying].fundingAt = int128(uint128(instrument.funding));
        }
        delete _pending[underlying];
    }

    function _requireParty(uint256 id, uint256[] calldata parties) private {
        if (_touchedAt[id] != steps + 1) {
            _touchedAt[id] = steps + 1;
            _touched.push(id);
        }
        // The insurance fund's account is a party to everything.
        if (id == _fund()) return;
        for (uint256 i; i < parties.length; ++i) {
            if (parties[i] == id) return;
        }
        breakPromise(10, "an account was touched that is no party to the action");
    }

    /// @dev The insurance fund's account: it never owes.
    function _fund() private view returns (uint256) {
        return uint256(uint160(_LEDGER)) << 96;
    }
}
