// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMarginAccountCore} from "../interfaces/IMarginAccountCore.sol";
import {IRebalancer, Plan, Request} from "../interfaces/IRebalancer.sol";
import {IRiskEngine} from "../interfaces/IRiskEngine.sol";
import {AccountHeader} from "../types/AccountHeader.sol";
import {AccountId} from "../types/AccountId.sol";
import {Assessment, Leg} from "../types/Assessment.sol";
import {CollateralPage} from "../types/CollateralPage.sol";
import {Position} from "../types/Position.sol";

/// @title Answers
/// @notice What the ledger, the engine and the Liquidator ask each other, read where it lies.
/// @dev The compiler copies questions and answers a word at a time and looks at each, which is most of what such a call costs. But lists
/// of words, and structs of words, lie in memory as they are sent: one copy does, and only structs inside of lists or structs need
/// pointers. All is as the ABI says, so anybody else may ask and be asked in the usual way.
///
/// An answer is not looked at beyond its length: only parts that were named at deployment, for good, are asked, and one that lies could do so
/// within every type.
library Answers {
    // {byte} What an answer has at least: an Assessment; a Plan's place, the Plan and its list of moves; a list of legs; an account's
    // header, cash, two places and two lengths.
    uint256 private constant ASSESSMENT = 0xe0;
    uint256 private constant PLAN = 0x220;
    uint256 private constant LEGS = 0x40;
    uint256 private constant ACCOUNT = 0xc0;

    /*//////////////////////////////////////////////////////////////////////////
                                        QUESTIONS
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Asks {IRiskEngine-assessAccount}.
    /// @param a Is overwritten with the answer.
    function assessAccount(
        IRiskEngine engine,
        Assessment memory a,
        int256 cashE18,
        CollateralPage[] memory pages,
        Position[] memory positions
    ) internal view {
        (uint256 question, uint256 words) = _room(3, pages, positions);
        assembly ("memory-safe") {
            mstore(words, cashE18)
        }
        uint256 end = _putLists(words, 1, 3, pages, positions);
        _ask(address(engine), IRiskEngine.assessAccount.selector, question, end, ASSESSMENT);
        assembly ("memory-safe") {
            returndatacopy(a, 0, ASSESSMENT)
        }
    }

    /// @notice Asks {IRiskEngine-priceAccount}.
    function priceAccount(
        IRiskEngine engine,
        CollateralPage[] memory pages,
        Position[] memory positions
    ) internal view returns (Leg[] memory list) {
        (uint256 question, uint256 words) = _room(2, pages, positions);
        uint256 end = _putLists(words, 0, 2, pages, positions);
        _ask(address(engine), IRiskEngine.priceAccount.selector, question, end, LEGS);
        assembly ("memory-safe") {
            // Behind its own place: how many, and {Leg} after {Leg}, of 14 words each.
            let at := mload(0x40)
            let size := sub(returndatasize(), 0x20)
            returndatacopy(at, 0x20, size)
            list := add(at, size)
            let count := mload(at)
            mstore(list, count)
            let to := add(list, 0x20)
            let end_ := add(to, shl(5, count))
            mstore(0x40, end_)
            for {
                let leg := add(at, 0x20)
            } lt(to, end_) {
                to := add(to, 0x20)
                leg := add(leg, 0x1c0)
            } {
                mstore(to, leg)
            }
        }
    }

    /// @notice Asks {IRebalancer-plan}.
    /// @param p Is overwritten with the answer.
    function plan(
        IRebalancer rebalancer,
        Plan memory p,
        Request memory request,
        CollateralPage[] memory pages,
        Position[] memory positions
    ) internal view {
        (uint256 question, uint256 words) = _room(10, pages, positions);
        assembly ("memory-safe") {
            // {Request} has eight words.
            mcopy(words, request, 0x100)
        }
        uint256 end = _putLists(words, 8, 10, pages, positions);
        _ask(address(rebalancer), IRebalancer.plan.selector, question, end, PLAN);
        assembly ("memory-safe") {
            // Behind the plan's place: the outcome, the seven words of what is before, six more, the place of the moves, and they.
            returndatacopy(p, 0x20, 0x20)
            returndatacopy(mload(add(p, 0x20)), 0x40, 0xe0)
            returndatacopy(add(p, 0x40), 0x120, 0xc0)
            let at := mload(0x40)
            let size := sub(returndatasize(), 0x200)
            returndatacopy(at, 0x200, size)
            let list := add(at, size)
            let count := mload(at)
            mstore(list, count)
            let to := add(list, 0x20)
            let end_ := add(to, shl(5, count))
            mstore(0x40, end_)
            // {Move} has four words.
            for {
                let move := add(at, 0x20)
            } lt(to, end_) {
                to := add(to, 0x20)
                move := add(move, 0x80)
            } {
                mstore(to, move)
            }
            mstore(add(p, 0x100), list)
        }
    }

    /// @notice Asks {IMarginAccountCore-stateOf}.
    function stateOf(
        IMarginAccountCore ledger,
        AccountId account
    )
        internal
        view
        returns (AccountHeader header, int256 cash, CollateralPage[] memory pages, Position[] memory positions)
    {
        uint256 question;
        assembly ("memory-safe") {
            question := mload(0x40)
            mstore(0x40, add(question, 0x40))
            mstore(add(question, 0x20), account)
        }
        _ask(address(ledger), IMarginAccountCore.stateOf.selector, question, question + 0x40, ACCOUNT);
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(0x40, add(at, returndatasize()))
            returndatacopy(at, 0, returndatasize())
            header := mload(at)
            cash := mload(add(at, 0x20))
            pages := add(at, mload(add(at, 0x40)))
            positions := add(at, mload(add(at, 0x60)))
        }
    }

    /// @dev Room for a question of `count` words and two lists. Its selector stands right before the words.
    function _room(
        uint256 count,
        CollateralPage[] memory pages,
        Position[] memory positions
    ) private pure returns (uint256 question, uint256 words) {
        assembly ("memory-safe") {
            question := mload(0x40)
            words := add(question, 0x20)
            mstore(0x40, add(words, shl(5, add(add(count, 2), add(mload(pages), mload(positions))))))
        }
    }

    /// @dev Puts two lists behind the `count` words of a question, and their places into its words at `index` and the next.
    function _putLists(
        uint256 words,
        uint256 index,
        uint256 count,
        CollateralPage[] memory pages,
        Position[] memory positions
    ) private pure returns (uint256 end) {
        assembly ("memory-safe") {
            let place := add(words, shl(5, index))
            end := add(words, shl(5, count))
            mstore(place, sub(end, words))
            let size := shl(5, add(mload(pages), 1))
            mcopy(end, pages, size)
            end := add(end, size)
            mstore(add(place, 0x20), sub(end, words))
            size := shl(5, add(mload(positions), 1))
            mcopy(end, positions, size)
            end := add(end, size)
        }
    }

    /// @dev Asks, and gives back a refusal as it came.
    /// @param least {byte} What the answer has at least; whoever has no code answers with nothing.
    function _ask(address module, bytes4 selector, uint256 question, uint256 end, uint256 least) private view {
        assembly ("memory-safe") {
            mstore(question, shr(224, selector))
            let from := add(question, 0x1c)
            if iszero(staticcall(gas(), module, from, sub(end, from), 0, 0)) {
                let at := mload(0x40)
                returndatacopy(at, 0, returndatasize())
                revert(at, returndatasize())
            }
            if lt(returndatasize(), least) {
                revert(0, 0)
            }
        }
    }

    /*//////////////////////////////////////////////////////////////////////////
                                         ANSWERS
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Ends the call with an assessment.
    function give(Assessment memory a) internal pure {
        assembly ("memory-safe") {
            return(a, ASSESSMENT)
        }
    }

    /// @notice Ends the call with legs.
    function give(Leg[] memory list) internal pure {
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, 0x20)
            let count := mload(list)
            mstore(add(at, 0x20), count)
            let to := add(at, 0x40)
            let end := add(add(list, 0x20), shl(5, count))
            for {
                let from := add(list, 0x20)
            } lt(from, end) {
                from := add(from, 0x20)
                to := add(to, 0x1c0)
            } {
                mcopy(to, mload(from), 0x1c0)
            }
            return(at, sub(to, at))
        }
    }

    /// @notice Ends the call with a plan.
    function give(Plan memory p) internal pure {
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, 0x20)
            mstore(add(at, 0x20), mload(p))
            mcopy(add(at, 0x40), mload(add(p, 0x20)), 0xe0)
            mcopy(add(at, 0x120), add(p, 0x40), 0xc0)
            mstore(add(at, 0x1e0), 0x1e0)
            let list := mload(add(p, 0x100))
            let count := mload(list)
            mstore(add(at, 0x200), count)
            let to := add(at, 0x220)
            let end := add(add(list, 0x20), shl(5, count))
            for {
                let from := add(list, 0x20)
            } lt(from, end) {
                from := add(from, 0x20)
                to := add(to, 0x80)
            } {
                mcopy(to, mload(from), 0x80)
            }
            return(at, sub(to, at))
        }
    }
}
