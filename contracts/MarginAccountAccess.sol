// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {Batches} from "./actions/Batches.sol";
import {Cures} from "./actions/Cures.sol";
import {Governance} from "./actions/Governance.sol";
import {Grants} from "./actions/Grants.sol";
import {Listings} from "./actions/Listings.sol";
import {Pauses} from "./actions/Pauses.sol";
import {SelfKnowledge} from "./actions/SelfKnowledge.sol";
import {Wallets} from "./actions/Wallets.sol";
import {IExecutor} from "./interfaces/IExecutor.sol";
import {IMarginAccountAccess} from "./interfaces/IMarginAccountAccess.sol";
import {AccountId} from "./types/AccountId.sol";

/// @title MarginAccountAccess
/// @notice The fourth part of MarginAccount's code: ways in that spare a wallet a transaction, and what roles may set. As the
/// extension does, it asks MarginAccount, as which it runs, for other contracts.
contract MarginAccountAccess is SelfKnowledge, Batches, Cures, Wallets, Grants, Governance, Listings, Pauses {
    IExecutor private immutable _executor;
    address private immutable _wrapped;

    /// @param executor_ See {IMarginAccountAccess-executor}.
    /// @param wrapped The token that wraps the chain's own coin; zero where it is not listed.
    constructor(address authority, IExecutor executor_, address wrapped) AccessManaged(authority) {
        _executor = executor_;
        _wrapped = wrapped;
    }

    /// @inheritdoc IMarginAccountAccess
    function executor() public view override(Batches, IMarginAccountAccess) returns (IExecutor) {
        return _executor;
    }

    /// @inheritdoc IMarginAccountAccess
    function wrappedNative() public view override(Wallets, IMarginAccountAccess) returns (address) {
        return _wrapped;
    }

    /// @dev Known here too: a call of the trading part's code would carry the coins that came, and it takes none.
    function _isCure(AccountId account, address token, uint256 amount) internal view override returns (bool) {
        return _cures(account, token, amount);
    }
}
