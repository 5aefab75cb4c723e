// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Errors} from "../../../../contracts/base/Errors.sol";
import {Call} from "../../../../contracts/interfaces/IExecutor.sol";
import {ILiquidator} from "../../../../contracts/interfaces/ILiquidator.sol";
import {IMarginAccountAccess} from "../../../../contracts/interfaces/IMarginAccountAccess.sol";
import {IMarginAccountCore} from "../../../../contracts/interfaces/IMarginAccountCore.sol";
import {IMarginAccountExtension} from "../../../../contracts/interfaces/IMarginAccountExtension.sol";
import {AccountId, toAccountId} from "../../../../contracts/types/AccountId.sol";
import {FixedVenue} from "../../utils/mocks/FixedVenue.sol";
import {Handler} from "../Handler.sol";
import {INDICES, OWNERS, Stage, TOKENS, USDC, WETH} from "../Stage.sol";

/// @title BatchHandler
/// @notice Several calls at once, with one check at the end (promise 7), and rights that an owner signed away (promise 10).
contract BatchHandler is Handler {
    uint8 private constant KNOWN_RIGHTS = 7;

    FixedVenue private immutable _VENUE;

    /// @notice Batches that were refused because the account would have ended short.
    uint256 public short;

    constructor(Stage memory stage) Handler(stage) {
        _VENUE = new FixedVenue();
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        BATCHES
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Borrows, buys ether, and brings it: more than the account could borrow by itself, as far as what was bought bears it.
    function lever(uint256 who, uint256 amount, uint256 price) external action {
        AccountId id = _accountOf(who);
        uint256 worth = _value(WETH, 1e18) / QUOTE_UNIT;
        if (worth == 0) return;
        amount = _bound(amount, 200e6, 60_000e6);
        // Mostly near the market; one in four times it gets half of what it pays for.
        uint256 bought = (amount * 1e18) / worth;
        bought = price % 4 == 0 ? bought / 2 : (bought * _bound(price, 950, 1_000)) / 1_000;
        bytes[] memory calls = new bytes[](3);
        address executor = address(s.marginAccount.executor());
        calls[0] = _withdrawal(id, USDC, amount, executor);
        calls[1] = _swap(USDC, amount, WETH, bought, id.ownerOf());
        calls[2] = _bring(id, WETH, bought);
        _run(id, calls, true);
    }

    /// @notice Takes ether out, sells it, and repays with what it brought.
    function unlever(uint256 who, uint256 amount, uint256) external action {
        AccountId id = _find(who, _isLevered);
        uint256 held = _collateral(id, WETH);
        uint256 worth = _value(WETH, 1e18) / QUOTE_UNIT;
        if (held == 0 || worth == 0) return;
        amount = _bound(amount, held / 10 + 1, held);
        uint256 brought = (amount * worth * 99) / 100e18;
        if (brought < 1e4) return;
        bytes[] memory calls = new bytes[](3);
        calls[0] = _withdrawal(id, WETH, amount, address(s.marginAccount.executor()));
        calls[1] = _swap(WETH, amount, USDC, brought, id.ownerOf());
        calls[2] = _bring(id, USDC, brought);
        _run(id, calls, true);
    }

    /// @notice Any calls in any order: the end alone counts.
    function mix(uint256 who, uint256 word, uint256 length) external action {
        AccountId id = _accountOf(who);
        bytes[] memory calls = new bytes[](_bound(length, 2, 5));
        AccountId other = toAccountId(id.ownerOf(), id.indexOf() == 0 ? 1 : 0);
        _party(other);
        bool takes;
        for (uint256 i; i < calls.length; ++i) {
            uint256 pick = uint256(keccak256(abi.encode(word, i)));
            uint8 asset = uint8(pick % TOKENS);
            uint256 amount = _bound(pick >> 16, _unit(asset) / 100, asset == USDC ? 5_000e6 : 2 * _unit(asset));
            uint256 kind = (pick >> 8) % 4;
            if (kind < 2) takes = true;
            if (kind == 0) {
                calls[i] = _withdrawal(id, asset, amount, address(0xdead));
            } else if (kind == 1) {
                calls[i] = abi.encodeCall(
                    IMarginAccountExtension.transfer,
                    (id, other, address(s.tokens[asset]), amount)
                );
            } else {
                _mint(id.ownerOf(), asset, amount);
                calls[i] = _bring(id, asset, amount);
            }
        }
        _run(id, calls, takes);
        _empty(id.ownerOf());
    }

    /// @notice What no batch may hold: what judges an account, another batch, and another's account.
    function smuggle(uint256 who, uint256 which, uint256) external action {
        AccountId id = _accountOf(who);
        AccountId victim = _accountOf((who % (OWNERS * INDICES)) + 1);
        bytes[] memory calls = new bytes[](1);
        bytes4 reason = Errors.MarginAccount_NotInBatch.selector;
        which %= 5;
        if (which == 0) calls[0] = abi.encodeCall(IMarginAccountCore.rebalance, (id));
        if (which == 1) calls[0] = abi.encodeCall(IMarginAccountAccess.multicall, (id, new bytes[](0)));
        if (which == 2) calls[0] = abi.encodeCall(IMarginAccountExtension.provision, (id));
        if (which == 3) {
            if (s.book.rights(AccountId.unwrap(victim), id.ownerOf()) != 0) return;
            (calls[0], reason) = (
                _withdrawal(victim, USDC, 1, id.ownerOf()),
                Errors.MarginAccount_NotAuthorized.selector
            );
        }
        if (which == 4) {
            Call[] memory one = new Call[](1);
            one[0] = Call(address(s.marginAccount), _withdrawal(id, USDC, 1, id.ownerOf()));
            (calls[0], reason) = (
                abi.encodeCall(IMarginAccountAccess.act, (one, new address[](0))),
                Errors.MarginAccount_NotAuthorized.selector
            );
        }
        (bytes32 digest, bytes32 other) = (_digestOf(id), _digestOf(victim));
        (bool ok, bytes memory answer) = _multicall(id, calls);
        _claim(10, !ok && bytes4(answer) == reason, "a batch let in what it may not");
        _claim(10, digest == _digestOf(id) && other == _digestOf(victim), "a refused batch changed something");
        _done();
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        GRANTS
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice A right by signature, brought by anyone; then the same again, which must be refused.
    function grant(uint256 who, uint256 operator, uint256 rights) external action {
        AccountId id = _accountOf(who);
        _party(id);
        address to = _ownerOf(operator);
        bytes memory call = _grantCall(id, to, uint8(rights % 8), s.keys[who % OWNERS]);
        (bool ok, ) = _try(s.stranger, address(s.marginAccount), call);
        _claim(10, ok && s.marginAccount.rightsOf(id, to) == rights % 8, "a grant that was signed was refused");
        (bool again, bytes memory answer) = _try(s.stranger, address(s.marginAccount), call);
        _claim(10, !again, "a grant was used twice");
        _expectRefusal(answer, abi.encodePacked(Errors.MarginAccount_WrongNonce.selector), "a used grant");
        _done();
    }

    /// @notice Signed by another, with a right that is none, too late, or taken back.
    function forgeGrant(uint256 who, uint256 way, uint256) external action {
        AccountId id = _accountOf(who);
        _party(id);
        bytes4 reason = Errors.MarginAccount_BadSignature.selector;
        bytes memory call = _grantCall(id, s.stranger, KNOWN_RIGHTS, s.keys[((who % OWNERS) + 1) % OWNERS]);
        way %= 3;
        if (way == 1) {
            call = _grantCall(id, s.stranger, 8 + KNOWN_RIGHTS, s.keys[who % OWNERS]);
            reason = Errors.MarginAccount_UnknownRight.selector;
        }
        if (way == 2) {
            call = _grantCall(id, s.stranger, KNOWN_RIGHTS, s.keys[who % OWNERS]);
            reason = Errors.MarginAccount_WrongNonce.selector;
            (bool cancelled, ) = _try(
                id.ownerOf(),
                address(s.marginAccount),
                abi.encodeCall(IMarginAccountAccess.cancelGrant, (id))
            );
            _claim(10, cancelled, "an owner could not take a grant back");
        }
        (bool ok, bytes memory answer) = _try(s.stranger, address(s.marginAccount), call);
        _claim(10, !ok && bytes4(answer) == reason, "a grant that nobody gave was taken");
        _claim(10, s.marginAccount.rightsOf(id, s.stranger) == 0, "a stranger has a right");
        _done();
    }

    /*//////////////////////////////////////////////////////////////////////////
                                        SHARED
    //////////////////////////////////////////////////////////////////////////*/

    /// @param takes Whether anything leaves the account.
    function _run(AccountId id, bytes[] memory calls, bool takes) private {
        (bool ok, bytes memory answer) = _multicall(id, calls);
        if (ok) {
            if (takes) _claimInitialMargin(id, "a batch");
            if (takes) _claimOpen(id, "a batch");
            _done();
            return;
        }
        if (_isOneOf(answer, abi.encodePacked(Errors.MarginAccount_BelowInitialMargin.selector))) ++short;
        _expectRefusal(
            answer,
            abi.encodePacked(
                Errors.MarginAccount_BelowInitialMargin.selector,
                Errors.MarginAccount_DustDebt.selector,
                Errors.MarginAccount_PriceHalted.selector,
                Errors.MarginAccount_InsufficientCollateral.selector,
                Errors.MarginAccount_ForeignAsset.selector,
                Errors.CollateralVault_InsufficientTotal.selector,
                Errors.CollateralVault_AboveCap.selector,
                Errors.CollateralVault_BelowMinimum.selector
            ),
            "a batch"
        );
    }

    function _multicall(AccountId id, bytes[] memory calls) private returns (bool, bytes memory) {
        _party(id);
        return
            _try(id.ownerOf(), address(s.marginAccount), abi.encodeCall(IMarginAccountAccess.multicall, (id, calls)));
    }

    function _withdrawal(AccountId id, uint8 asset, uint256 amount, address to) private view returns (bytes memory) {
        return abi.encodeCall(IMarginAccountCore.withdraw, (id, address(s.tokens[asset]), amount, to));
    }

    function _bring(AccountId id, uint8 asset, uint256 amount) private view returns (bytes memory) {
        return abi.encodeCall(IMarginAccountCore.deposit, (id, address(s.tokens[asset]), amount));
    }

    /// @dev The executor buys at the venue what the owner gets.
    function _swap(
        uint8 from,
        uint256 amount,
        uint8 to,
        uint256 received,
        address owner
    ) private view returns (bytes memory) {
        IERC20 sold = IERC20(address(s.tokens[from]));
        Call[] memory calls = new Call[](2);
        calls[0] = Call(address(sold), abi.encodeCall(IERC20.approve, (address(_VENUE), amount)));
        calls[1] = Call(
            address(_VENUE),
            abi.encodeCall(FixedVenue.swap, (sold, amount, s.tokens[to], received, owner))
        );
        address[] memory sweep = new address[](1);
        sweep[0] = address(sold);
        return abi.encodeCall(IMarginAccountAccess.act, (calls, sweep));
    }

    /// @dev What a refused batch left in the wallet shall be no hoard.
    function _empty(address owner) private {
        for (uint8 asset; asset < TOKENS; ++asset) {
            uint256 held = s.tokens[asset].balanceOf(owner);
            if (held == 0) continue;
            vm.prank(owner);
            s.tokens[asset].transfer(address(0xdead), held);
        }
    }

    function _grantCall(AccountId id, address to, uint8 rights, uint256 key) private view returns (bytes memory) {
        uint256 nonce = s.marginAccount.grantNonceOf(id);
        uint256 deadline = block.timestamp + 1 hours;
        (uint8 v, bytes32 r, bytes32 sig) = vm.sign(key, s.marginAccount.grantHashOf(id, to, rights, nonce, deadline));
        return
            abi.encodeCall(
                IMarginAccountAccess.grantBySignature,
                (id, to, rights, nonce, deadline, abi.encodePacked(r, sig, v))
            );
    }

    function _isLevered(AccountId id) private view returns (bool) {
        return _isIndebted(id) && _collateral(id, WETH) != 0;
    }
}
