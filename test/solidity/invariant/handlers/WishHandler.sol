// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Errors} from "../../../../contracts/base/Errors.sol";
import {IMarginAccountCore} from "../../../../contracts/interfaces/IMarginAccountCore.sol";
import {IMarginAccountExtension} from "../../../../contracts/interfaces/IMarginAccountExtension.sol";
import {AccountId} from "../../../../contracts/types/AccountId.sol";
import {PolicyFields} from "../../../../contracts/types/BandPolicy.sol";
import {Handler} from "../Handler.sol";
import {OWNERS, Stage, TOKENS, USDC} from "../Stage.sol";

/// @title WishHandler
/// @notice What owners wish: bands, operators, and what a rebalance may take from their wallets.
contract WishHandler is Handler {
    /// @dev Between the first two points of a band.
    uint32 private constant MIN_ROOM_E6 = 10_000;

    constructor(Stage memory stage) Handler(stage) {}

    /// @notice Any band; one in eight is out of order and must be refused.
    function setPolicy(uint256 who, uint256 band, uint256 rest) external action {
        AccountId id = _accountOf(who);
        _party(id);
        PolicyFields memory p = _policyOf(band, rest);
        bool wrong = band % 8 == 5;
        if (wrong) p.lowerE6 = p.lowerRestoreE6 - MIN_ROOM_E6 + 1;
        (bool ok, bytes memory answer) = _try(
            id.ownerOf(),
            address(s.marginAccount),
            abi.encodeCall(IMarginAccountExtension.setPolicy, (id, p))
        );
        _claim(0, ok != wrong, "a policy was judged wrongly");
        if (ok) _done();
        else _expectRefusal(answer, abi.encodePacked(Errors.MarginAccount_BadBand.selector), "a policy");
    }

    function setOperator(uint256 who, uint256 operator, uint256 rights) external action {
        AccountId id = _accountOf(who);
        _party(id);
        (bool ok, ) = _try(
            id.ownerOf(),
            address(s.marginAccount),
            abi.encodeCall(IMarginAccountExtension.setOperator, (id, _ownerOf(operator), uint8(rights % 8)))
        );
        _claim(0, ok, "an owner may not choose his operator");
        _done();
    }

    /// @notice An operator withdraws: by his right and no other.
    function actAsOperator(uint256 who, uint256 operator, uint256 amount) external action {
        AccountId id = _find(who, _hasOperator);
        address caller = _ownerOf(operator);
        for (uint256 i; i < OWNERS && s.book.rights(AccountId.unwrap(id), caller) == 0; ++i) {
            caller = _ownerOf((operator % OWNERS) + i);
        }
        if (caller == id.ownerOf()) return;
        uint8 rights = s.book.rights(AccountId.unwrap(id), caller);
        uint256 most = s.marginAccount.maxWithdraw(id, address(s.tokens[USDC]));
        if (most == 0) return;
        _party(id);
        (bool ok, bytes memory answer) = _try(
            caller,
            address(s.marginAccount),
            abi.encodeCall(
                IMarginAccountCore.withdraw,
                (id, address(s.tokens[USDC]), _bound(amount, 1, most), address(0xdead))
            )
        );
        _claim(10, !ok || rights & 1 != 0, "an operator withdrew without the right");
        if (ok) {
            _claimInitialMargin(id, "an operator");
            _claimOpen(id, "an operator's withdrawal");
            _done();
            return;
        }
        bool refused = _isOneOf(answer, abi.encodePacked(Errors.MarginAccount_NotAuthorized.selector));
        _claim(10, refused != (rights & 1 != 0), "an operator's right was judged wrongly");
        _expectRefusal(
            answer,
            abi.encodePacked(
                Errors.MarginAccount_NotAuthorized.selector,
                Errors.MarginAccount_BelowInitialMargin.selector,
                Errors.MarginAccount_PriceHalted.selector,
                Errors.MarginAccount_DustDebt.selector
            ),
            "an operator"
        );
    }

    /// @notice Fills a wallet, empties it, or takes back its allowance, and sets what a day's top-ups may take from it.
    function setWallet(uint256 who, uint256 what, uint256 amount) external action {
        AccountId id = _accountOf(who);
        _party(id);
        address owner = id.ownerOf();
        uint8 asset = uint8(what % TOKENS);
        (bool ok, ) = _try(
            owner,
            address(s.marginAccount),
            abi.encodeCall(IMarginAccountExtension.setWalletLimit, (id, uint128(_bound(amount, 0, 20_000e18))))
        );
        _claim(0, ok, "an owner may not limit his wallet");
        uint256 held = s.tokens[asset].balanceOf(owner);
        if ((what / TOKENS) % 3 == 0 && held != 0) {
            vm.prank(owner);
            s.tokens[asset].transfer(address(0xdead), held);
        } else {
            _mint(owner, asset, _bound(amount, 1, 5 * _unit(asset)) * (asset == USDC ? 1_000 : 1));
        }
        _done();
    }

    function _hasOperator(AccountId id) private view returns (bool) {
        for (uint256 i; i < OWNERS; ++i) {
            if (s.book.rights(AccountId.unwrap(id), s.owners[i]) != 0) return true;
        }
        return false;
    }

    /// @dev The others may coincide: what stands at an edge must not be moved twice.
    function _policyOf(uint256 band, uint256 rest) private pure returns (PolicyFields memory p) {
        p.lowerE6 = uint32(1_000_001 + ((band >> 8) % 600_000));
        p.lowerRestoreE6 = p.lowerE6 + MIN_ROOM_E6 + _step(band >> 32);
        p.upperRestoreE6 = p.lowerRestoreE6 + _step(band >> 64);
        p.upperE6 = band % 4 == 3 ? 0 : p.upperRestoreE6 + _step(band >> 96);
        p.graceSeconds = uint24(rest % 1 hours);
        p.keeperPayCap = uint16((rest >> 16) % 3 == 0 ? 0 : (rest >> 24) % 100);
        p.releaseToWallet = (rest >> 40) % 2 == 0;
        p.walletTopUp = (rest >> 48) % 2 == 0;
        uint64[5] memory orders = [uint64(0), 1, 2, 0x0102, 0x0201];
        p.assetOrder = orders[(rest >> 56) % 5];
    }

    function _step(uint256 word) private pure returns (uint32) {
        return word % 3 == 0 ? 0 : uint32((word >> 8) % 500_000);
    }
}
