// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BaseTest} from "../utils/BaseTest.sol";
import {ICollateralVault} from "../../../contracts/interfaces/ICollateralVault.sol";
import {IMarginAccountCore} from "../../../contracts/interfaces/IMarginAccountCore.sol";
import {IRebalancer, Move, Outcome, Plan, Request} from "../../../contracts/interfaces/IRebalancer.sol";
import {IRiskEngine} from "../../../contracts/interfaces/IRiskEngine.sol";
import {Answers} from "../../../contracts/risk/Answers.sol";
import {AccountHeader} from "../../../contracts/types/AccountHeader.sol";
import {AccountId} from "../../../contracts/types/AccountId.sol";
import {Assessment, Leg} from "../../../contracts/types/Assessment.sol";
import {BandPolicy} from "../../../contracts/types/BandPolicy.sol";
import {CollateralPage} from "../../../contracts/types/CollateralPage.sol";
import {ListedAsset} from "../../../contracts/types/ListedAsset.sol";
import {ListedPerpetual} from "../../../contracts/types/ListedPerpetual.sol";
import {Position} from "../../../contracts/types/Position.sol";

/// @dev Every word of an answer follows from every word of the question.
library Words {
    function next(bytes32 seed, uint256 i) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, i)));
    }

    function assessment(bytes32 seed) internal pure returns (Assessment memory a) {
        a.equityE18 = int256(next(seed, 1));
        (a.maintenanceE18, a.initialE18, a.healthE18) = (next(seed, 2), next(seed, 3), next(seed, 4));
        (a.halted, a.degraded, a.unpriced) = (next(seed, 5) % 2 == 0, next(seed, 6) % 2 == 0, next(seed, 7) % 2 == 0);
    }

    function legs(bytes32 seed, uint256 count) internal pure returns (Leg[] memory list) {
        list = new Leg[](count);
        for (uint256 i; i < count; ++i) {
            bytes32 s = bytes32(next(seed, i));
            Leg memory leg = list[i];
            leg.listed = ListedAsset.wrap(next(s, 1));
            leg.asset = uint8(next(s, 2));
            (leg.halted, leg.degraded, leg.afterOutage) = (
                next(s, 3) % 2 == 0,
                next(s, 4) % 2 == 0,
                next(s, 5) % 2 == 0
            );
            (leg.amount, leg.unit, leg.bidE18) = (next(s, 6), next(s, 7), next(s, 8));
            (leg.askE18, leg.valueE18, leg.markE18) = (next(s, 9), next(s, 10), next(s, 13));
            (leg.sizeE18, leg.quoteE18) = (int256(next(s, 11)), int256(next(s, 12)));
            leg.perpetual = ListedPerpetual.wrap(next(s, 14));
        }
    }

    function plan(bytes32 seed, uint256 count) internal pure returns (Plan memory p) {
        p.outcome = Outcome(next(seed, 20) % 14);
        p.before = assessment(seed);
        (p.healthAfterE18, p.deficitE18) = (next(seed, 21), int256(next(seed, 22)));
        (p.keeperPayMaxE18, p.keeperFlatE18) = (next(seed, 23), next(seed, 24));
        (p.gasPriceE18, p.gasOverhead) = (next(seed, 25), next(seed, 26));
        p.moves = new Move[](count);
        for (uint256 i; i < count; ++i) {
            bytes32 s = bytes32(next(seed, i));
            p.moves[i] = Move(uint8(next(s, 1)), next(s, 2) % 2 == 0, next(s, 3), next(s, 4));
        }
    }
}

/// @dev Answers as the compiler would.
contract PlainModule {
    function assessAccount(
        int256 cashE18,
        CollateralPage[] calldata pages,
        Position[] calldata positions
    ) external view virtual returns (Assessment memory) {
        return Words.assessment(keccak256(abi.encode(cashE18, pages, positions)));
    }

    function priceAccount(
        CollateralPage[] calldata pages,
        Position[] calldata positions
    ) external view virtual returns (Leg[] memory) {
        return Words.legs(keccak256(abi.encode(pages, positions)), pages.length + positions.length);
    }

    function plan(
        Request calldata request,
        CollateralPage[] calldata pages,
        Position[] calldata positions
    ) external view virtual returns (Plan memory) {
        return Words.plan(keccak256(abi.encode(request, pages, positions)), pages.length + positions.length);
    }

    function stateOf(
        AccountId account
    ) external pure returns (AccountHeader, int256, CollateralPage[] memory pages, Position[] memory positions) {
        bytes32 seed = keccak256(abi.encode(account));
        pages = new CollateralPage[](Words.next(seed, 1) % 5);
        positions = new Position[](Words.next(seed, 2) % 4);
        for (uint256 i; i < pages.length; ++i) {
            pages[i] = CollateralPage.wrap(Words.next(seed, 10 + i));
        }
        for (uint256 i; i < positions.length; ++i) {
            positions[i] = Position.wrap(Words.next(seed, 20 + i));
        }
        return (AccountHeader.wrap(Words.next(seed, 3)), int256(Words.next(seed, 4)), pages, positions);
    }
}

/// @dev Says the same by way of the library.
contract QuickModule is PlainModule {
    function assessAccount(
        int256 cashE18,
        CollateralPage[] calldata pages,
        Position[] calldata positions
    ) external view override returns (Assessment memory a) {
        a = Words.assessment(keccak256(abi.encode(cashE18, pages, positions)));
        Answers.give(a);
    }

    function priceAccount(
        CollateralPage[] calldata pages,
        Position[] calldata positions
    ) external view override returns (Leg[] memory list) {
        list = Words.legs(keccak256(abi.encode(pages, positions)), pages.length + positions.length);
        Answers.give(list);
    }

    function plan(
        Request calldata request,
        CollateralPage[] calldata pages,
        Position[] calldata positions
    ) external view override returns (Plan memory p) {
        p = Words.plan(keccak256(abi.encode(request, pages, positions)), pages.length + positions.length);
        Answers.give(p);
    }
}

contract RefusingModule {
    error Refused(uint256 why);

    fallback() external {
        revert Refused(7);
    }
}

/// @dev Answers with as many zeros as it is told.
contract ShortModule {
    uint256 private immutable _size;

    constructor(uint256 size) {
        _size = size;
    }

    fallback() external {
        uint256 size = _size;
        assembly ("memory-safe") {
            let at := mload(0x40)
            calldatacopy(at, calldatasize(), size)
            return(at, size)
        }
    }
}

/// @dev The library against what the compiler makes of the same calls.
contract AnswersTest is BaseTest {
    struct Asked {
        Request request;
        CollateralPage[] pages;
        Position[] positions;
    }

    bytes32 private constant MARK = keccak256("mark");

    address private plain;
    address private quick;

    function setUp() public {
        plain = address(new PlainModule());
        quick = address(new QuickModule());
    }

    function testFuzz_assessAccount(bytes32 seed) public view {
        Asked memory q = _asked(seed);
        bytes32 expected = keccak256(
            abi.encode(IRiskEngine(plain).assessAccount(q.request.cashE18, q.pages, q.positions))
        );
        Assessment memory found = IRiskEngine(quick).assessAccount(q.request.cashE18, q.pages, q.positions);
        assertEq(keccak256(abi.encode(found)), expected, "given");
        Answers.assessAccount(IRiskEngine(plain), found, q.request.cashE18, q.pages, q.positions);
        assertEq(keccak256(abi.encode(found)), expected, "asked");
        Assessment memory fresh;
        Answers.assessAccount(IRiskEngine(quick), fresh, q.request.cashE18, q.pages, q.positions);
        assertEq(keccak256(abi.encode(fresh)), expected, "both");
        _requireUntouched(q, seed);
    }

    function testFuzz_priceAccount(bytes32 seed) public view {
        Asked memory q = _asked(seed);
        bytes32 expected = keccak256(abi.encode(IRiskEngine(plain).priceAccount(q.pages, q.positions)));
        assertEq(keccak256(abi.encode(IRiskEngine(quick).priceAccount(q.pages, q.positions))), expected, "given");
        Leg[] memory found = Answers.priceAccount(IRiskEngine(plain), q.pages, q.positions);
        bytes32[] memory mark = _mark();
        assertEq(keccak256(abi.encode(found)), expected, "asked");
        assertEq(
            keccak256(abi.encode(Answers.priceAccount(IRiskEngine(quick), q.pages, q.positions))),
            expected,
            "both"
        );
        // Each leg has a place of its own.
        for (uint256 i; i < found.length; ++i) {
            found[i].amount = i;
            found[i].perpetual = ListedPerpetual.wrap(i);
        }
        for (uint256 i; i < found.length; ++i) {
            assertEq(found[i].amount, i);
        }
        assertEq(mark[0], MARK);
        _requireUntouched(q, seed);
    }

    function testFuzz_plan(bytes32 seed) public view {
        Asked memory q = _asked(seed);
        bytes32 expected = keccak256(abi.encode(IRebalancer(plain).plan(q.request, q.pages, q.positions)));
        assertEq(keccak256(abi.encode(IRebalancer(quick).plan(q.request, q.pages, q.positions))), expected, "given");
        Plan memory found;
        bytes32[] memory mark = _mark();
        Answers.plan(IRebalancer(plain), found, q.request, q.pages, q.positions);
        assertEq(keccak256(abi.encode(found)), expected, "asked");
        Plan memory both;
        Answers.plan(IRebalancer(quick), both, q.request, q.pages, q.positions);
        assertEq(keccak256(abi.encode(both)), expected, "both");
        for (uint256 i; i < found.moves.length; ++i) {
            found.moves[i].valueE18 = i;
        }
        assertEq(keccak256(abi.encode(both)), expected, "apart");
        assertEq(mark[0], MARK);
        _requireUntouched(q, seed);
    }

    function testFuzz_stateOf(AccountId account) public view {
        (AccountHeader header, int256 cash, CollateralPage[] memory pages, Position[] memory positions) = PlainModule(
            plain
        ).stateOf(account);
        bytes32 expected = keccak256(abi.encode(header, cash, pages, positions));
        (header, cash, pages, positions) = Answers.stateOf(IMarginAccountCore(plain), account);
        bytes32[] memory mark = _mark();
        assertEq(keccak256(abi.encode(header, cash, pages, positions)), expected);
        assertEq(mark[0], MARK);
    }

    function test_ARefusalComesAsItIs() public {
        address module = address(new RefusingModule());
        for (uint256 i; i < 4; ++i) {
            vm.expectRevert(abi.encodeWithSelector(RefusingModule.Refused.selector, 7));
            this.ask(i, module);
        }
    }

    function test_WhoHasNoCodeIsNoModule() public {
        for (uint256 i; i < 4; ++i) {
            vm.expectRevert(bytes(""));
            this.ask(i, address(0xc0de));
        }
    }

    function test_AShortAnswerIsNone() public {
        uint256[4] memory least = [uint256(7 * 32), 2 * 32, 17 * 32, 6 * 32];
        for (uint256 i; i < 4; ++i) {
            address short = address(new ShortModule(least[i] - 1));
            vm.expectRevert(bytes(""));
            this.ask(i, short);
            this.ask(i, address(new ShortModule(least[i])));
        }
    }

    function ask(uint256 which, address module) external view {
        Asked memory q = _asked(bytes32(which));
        Assessment memory a;
        Plan memory p;
        if (which == 0) Answers.assessAccount(IRiskEngine(module), a, 1, q.pages, q.positions);
        if (which == 1) Answers.priceAccount(IRiskEngine(module), q.pages, q.positions);
        if (which == 2) Answers.plan(IRebalancer(module), p, q.request, q.pages, q.positions);
        if (which == 3) Answers.stateOf(IMarginAccountCore(module), AccountId.wrap(1));
    }

    function _asked(bytes32 seed) private pure returns (Asked memory q) {
        q.request = Request({
            account: AccountId.wrap(Words.next(seed, 1)),
            header: AccountHeader.wrap(Words.next(seed, 2)),
            policy: BandPolicy.wrap(Words.next(seed, 3)),
            cashE18: int256(Words.next(seed, 4)),
            walletLeftE18: Words.next(seed, 5),
            vault: ICollateralVault(address(uint160(Words.next(seed, 6)))),
            quoteScale: Words.next(seed, 7),
            creditE18: Words.next(seed, 8)
        });
        q.pages = new CollateralPage[](Words.next(seed, 9) % 5);
        q.positions = new Position[](Words.next(seed, 10) % 33);
        for (uint256 i; i < q.pages.length; ++i) {
            q.pages[i] = CollateralPage.wrap(Words.next(seed, 100 + i));
        }
        for (uint256 i; i < q.positions.length; ++i) {
            q.positions[i] = Position.wrap(Words.next(seed, 200 + i));
        }
    }

    /// @dev What is allocated next lies behind what was there.
    function _mark() private pure returns (bytes32[] memory mark) {
        mark = new bytes32[](1);
        mark[0] = MARK;
    }

    function _requireUntouched(Asked memory q, bytes32 seed) private pure {
        assertEq(keccak256(abi.encode(q)), keccak256(abi.encode(_asked(seed))), "the question");
    }
}
