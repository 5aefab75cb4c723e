// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {VmSafe} from "forge-std/Vm.sol";

import {ICollateralVault} from "../../../contracts/interfaces/ICollateralVault.sol";
import {IMarginAccountEvents} from "../../../contracts/interfaces/IMarginAccountEvents.sol";
import {IMarginAccountExtension} from "../../../contracts/interfaces/IMarginAccountExtension.sol";
import {CallState} from "../../../contracts/types/AccountHeader.sol";

/// @title Book
/// @notice The ghosts of a campaign: what came into the vault and left it, the ledger rebuilt from events alone, what the
/// indices were when last seen, how often each action was tried and done, and which promise broke first and how.
/// @dev Knows no formula of the protocol: tokens are counted by their own Transfer events.
contract Book {
    struct Tally {
        uint256 tried;
        uint256 done;
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
        if (m.idle + m.borrowAssets + 2 < m.supplyAssets + m.forfeited) {
            breakPromise(1, "idle cash and debt do not cover credit and forfeits");
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
        reserve[id][uint8(uint256(log.topics[2]))] = abi.decode(log.data, (uint256));
        _requireParty(id, parties);
    }

    function _ofLedger(VmSafe.Log calldata log, uint256[] calldata parties) private {
        bytes32 topic = log.topics[0];
        if (log.topics.length < 2 || topic == IMarginAccountEvents.LiquidatorSet.selector) return;
        uint256 id = uint256(log.topics[1]);
        if (topic == IMarginAccountEvents.CashChanged.selector) {
            shares[id] = abi.decode(log.data, (int256));
        } else if (topic == IMarginAccountEvents.CollateralChanged.selector) {
            collateral[id][uint8(uint256(log.topics[2]))] = abi.decode(log.data, (uint256));
        } else if (topic == IMarginAccountEvents.PolicySet.selector) {
            policy[id] = abi.decode(log.data, (uint256));
        } else if (topic == IMarginAccountEvents.WalletLimitSet.selector) {
            walletLimit[id] = abi.decode(log.data, (uint128));
        } else if (topic == IMarginAccountEvents.OperatorSet.selector) {
            rights[id][address(uint160(uint256(log.topics[2])))] = abi.decode(log.data, (uint8));
        } else if (topic == IMarginAccountEvents.ProvisionChanged.selector) {
            provision[id] = abi.decode(log.data, (uint256));
        } else if (topic == IMarginAccountEvents.LiquidationChanged.selector) {
            liquidationSince[id] = abi.decode(log.data, (uint256));
        } else if (topic == IMarginAccountEvents.MarginCalled.selector) {
            callState[id] = CallState.Running;
        } else if (topic == IMarginAccountEvents.CallChanged.selector) {
            (callState[id], ) = abi.decode(log.data, (CallState, uint256));
        } else if (topic == IMarginAccountEvents.LossSocialised.selector) {
            (uint256 amount, ) = abi.decode(log.data, (uint256, uint256));
            socialised += amount;
            socialisedInAll += amount;
        } else if (topic == IMarginAccountEvents.Rebalanced.selector) {
            (, , uint256 pay) = abi.decode(log.data, (uint8, uint256, uint256));
            _keeperPay[id][steps] += pay;
        }
        _requireParty(id, parties);
    }

    function _requireParty(uint256 id, uint256[] calldata parties) private {
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
