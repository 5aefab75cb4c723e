// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BaseTest} from "../utils/BaseTest.sol";
import {AccountId, toAccountId} from "../../../contracts/types/AccountId.sol";

contract AccountIdTest is BaseTest {
    function testFuzz_toAccountId_KeepsOwnerAndIndexApart(address owner, uint96 index) public pure {
        AccountId id = toAccountId(owner, index);
        assertEq(id.ownerOf(), owner);
        assertEq(id.indexOf(), index);
        // The word as an outsider would write it: the address, then twelve bytes of index.
        assertEq(abi.encodePacked(AccountId.unwrap(id)), abi.encodePacked(owner, index));
    }

    function testFuzz_toAccountId_EveryWordIsAnAccount(uint256 word) public pure {
        AccountId id = AccountId.wrap(word);
        assertEq(AccountId.unwrap(toAccountId(id.ownerOf(), id.indexOf())), word);
    }

    function testFuzz_eq_ComparesWords(uint256 a, uint256 b) public pure {
        assertEq(AccountId.wrap(a) == AccountId.wrap(b), a == b);
        assertEq(AccountId.wrap(a) != AccountId.wrap(b), a != b);
        assertTrue(AccountId.wrap(a) == AccountId.wrap(a));
        assertFalse(AccountId.wrap(a) != AccountId.wrap(a));
    }

    function testFuzz_toAccountId_NeighboursDiffer(address owner, uint96 index) public pure {
        uint96 next = index == type(uint96).max ? 0 : index + 1;
        assertTrue(toAccountId(owner, index) != toAccountId(owner, next));
        address other = address(uint160(owner) ^ 1);
        assertTrue(toAccountId(owner, index) != toAccountId(other, index));
    }
}
