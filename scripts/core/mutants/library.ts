/**
 * The library of the mutated build: it asks whether a mutant is on, and does arithmetic with a mutant in it.
 *
 * The number of the mutant that is on is the block's coinbase, which no contract and no test of the protocol reads: it costs no
 * storage, and a run chooses it by its configuration. Each helper asks only where its mutant makes a difference, so a
 * recording run, which has every question reported as a line of coverage, sees which tests could notice it at all.
 */

/** Where the numbers start among addresses: above the precompiles. */
export const FIRST_COINBASE = 1n << 32n;
/** The coinbase of a recording run: nothing is on, and every question is reported. */
export const RECORDING_COINBASE = (1n << 160n) - 1n;

export const LIBRARY_FOLDER = "contracts/mutants";

const COMPARISONS = { lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

/** What is returned, and instead of it while the mutant is on; where that is the same, nobody need ask. */
const SUMS = {
  add: { value: "a + b", mutant: "a - b", differs: "b != 0 && " },
  sub: { value: "a - b", mutant: "a + b", differs: "b != 0 && " },
  mul: { value: "a * b", mutant: "a / b", differs: "b != 1 && " },
  div: { value: "a / b", mutant: "a * b", differs: "b != 1 && " },
  plusOne: { value: "a + b", mutant: "a", differs: "" },
  minusOne: { value: "a - b", mutant: "a", differs: "" },
} as const;

/**
 * Helpers of one type: `lt_uint256`, `add_int256`, and for unchecked blocks `add_int256_unchecked`. The number comes last, for
 * the older code generator, which compiles the tests, has few places on the stack while it works out the operands.
 */
export interface Helper {
  readonly name: HelperName;
  readonly type: string;
  readonly unchecked: boolean;
}

export type HelperName = keyof typeof COMPARISONS | keyof typeof SUMS;

export function nameOf({ name, type, unchecked }: Helper): string {
  return `${name}_${type}${unchecked ? "_unchecked" : ""}`;
}

function write(helper: Helper): string {
  const { name, type, unchecked } = helper;
  if (isComparison(name)) {
    const compared = `a ${COMPARISONS[name]} b`;
    return `    function ${nameOf(helper)}(${type} a, ${type} b, uint256 n) internal pure returns (bool) {
        return a == b && on(n) ? !(${compared}) : ${compared};
    }`;
  }
  const numbers = isRounded(helper) ? "uint256 n, uint256 roundingN" : "uint256 n";
  const body = bodyOf(name, isRounded(helper));
  return `    function ${nameOf(helper)}(${type} a, ${type} b, ${numbers}) internal pure returns (${type}) {
        ${unchecked ? `unchecked { ${body} }` : body}
    }`;
}

function isComparison(name: HelperName): name is keyof typeof COMPARISONS {
  return name in COMPARISONS;
}

function bodyOf(name: keyof typeof SUMS, rounded: boolean): string {
  const { value, mutant, differs } = SUMS[name];
  if (name !== "div") return `return ${differs}on(n) ? ${mutant} : ${value};`;
  const rounding = rounded ? "if (a % b != 0 && on(roundingN)) return a / b + 1; " : "";
  return `if (${differs}on(n)) return ${mutant}; ${rounding}return ${value};`;
}

/** Whether a helper has a second mutant: a division without signs rounds the other way. */
export function isRounded({ name, type }: Pick<Helper, "name" | "type">): boolean {
  return name === "div" && type.startsWith("u");
}

/** The library's source with the helpers that are used. */
export function writeLibrary(helpers: Iterable<Helper>): string {
  const written = new Map([...helpers].map((helper) => [nameOf(helper), write(helper)]));
  return `// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Rounding} from "../math/Rounding.sol";

library Mutant {
    function on(uint256 n) internal pure returns (bool) {
        return _asPure(_on)(n);
    }

    function mulDivDown(uint256 x, uint256 y, uint256 d, uint256 n) internal pure returns (uint256 quotient) {
        quotient = Rounding.mulDivDown(x, y, d);
        if (mulmod(x, y, d) != 0 && on(n)) ++quotient;
    }

    function mulDivUp(uint256 x, uint256 y, uint256 d, uint256 n) internal pure returns (uint256 quotient) {
        quotient = Rounding.mulDivUp(x, y, d);
        if (mulmod(x, y, d) != 0 && on(n)) --quotient;
    }

    function mulDivFloor(int256 x, uint256 y, uint256 d, uint256 n) internal pure returns (int256 quotient) {
        quotient = Rounding.mulDivFloor(x, y, d);
        if (mulmod(uint256(x < 0 ? -x : x), y, d) != 0 && on(n)) ++quotient;
    }

    function mulDivCeil(int256 x, uint256 y, uint256 d, uint256 n) internal pure returns (int256 quotient) {
        quotient = Rounding.mulDivCeil(x, y, d);
        if (mulmod(uint256(x < 0 ? -x : x), y, d) != 0 && on(n)) --quotient;
    }

    function mulDiv(uint256 x, uint256 y, uint256 d, uint256 n) internal pure returns (uint256 quotient) {
        quotient = Math.mulDiv(x, y, d);
        if (mulmod(x, y, d) != 0 && on(n)) ++quotient;
    }

${[...written.values()].join("\n\n")}

    function _on(uint256 n) private view returns (bool) {
        uint256 coinbase = uint160(address(block.coinbase));
        if (coinbase == ${RECORDING_COINBASE}) {
            assembly ("memory-safe") {
                let pointer := mload(0x40)
                mstore(pointer, n)
                pop(staticcall(gas(), 0xc0bEc0BEc0BeC0bEC0beC0bEC0bEC0beC0beC0BE, pointer, 32, 0, 0))
            }
        }
        return coinbase == ${FIRST_COINBASE} + n;
    }

    function _asPure(
        function(uint256) view returns (bool) f
    ) private pure returns (function(uint256) pure returns (bool) g) {
        assembly ("memory-safe") {
            g := f
        }
    }
}
`;
}
