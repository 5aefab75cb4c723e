import { expect } from "chai";

import type { Mutant, Verdict } from "../../../scripts/core/mutants/types.js";

import { outdated, parseEquivalents, rowOf } from "../../../scripts/core/mutants/equivalents.js";
import { EXCLUDED, isExcluded } from "../../../scripts/core/mutants/excluded.js";
import { mutate } from "../../../scripts/core/mutants/find.js";
import { chosen, parseMutantOptions } from "../../../scripts/core/mutants/options.js";
import { byMutant, groupsFor, type RecordedTest } from "../../../scripts/core/mutants/reach.js";
import { lineOf, reportOf, sumBy } from "../../../scripts/core/mutants/report.js";
import { rewrite } from "../../../scripts/core/mutants/rewrite.js";
import { patternOf } from "../../../scripts/core/mutants/trial.js";
import { parseTexts } from "../../../scripts/io/mutants/compiler.js";
import { listTree, readText } from "../../../scripts/io/tree.js";

const PATH = "contracts/base/Example.sol";

/** What stands in for the libraries that sources import; the compiler sees that what is written is Solidity. */
const LIBRARIES = {
  "contracts/math/Rounding.sol": `pragma solidity 0.8.30;
    library Rounding {
      function mulDivUp(uint256 x, uint256 y, uint256 d) internal pure returns (uint256) { return x * y / d; }
      function mulDivDown(uint256 x, uint256 y, uint256 d) internal pure returns (uint256) { return x * y / d; }
      function mulDivFloor(int256 x, uint256, uint256) internal pure returns (int256) { return x; }
      function mulDivCeil(int256 x, uint256, uint256) internal pure returns (int256) { return x; }
    }`,
  "@openzeppelin/contracts/utils/math/Math.sol": `pragma solidity 0.8.30;
    library Math { function mulDiv(uint256 x, uint256, uint256) internal pure returns (uint256) { return x; } }`,
};

function mutated(source: string): { readonly text: string; readonly mutants: readonly Mutant[] } {
  const text = `pragma solidity 0.8.30;\nimport {Rounding} from "../math/Rounding.sol";\n${source}`;
  const { sources, library } = mutate(parseTexts({ [PATH]: text, ...LIBRARIES }), (path) => path === PATH);
  const [only] = sources;
  if (only === undefined) throw new Error("nothing was mutated");
  // Throws where it does not compile.
  parseTexts({ [PATH]: only.text, "contracts/mutants/Mutant.sol": library, ...LIBRARIES });
  return only;
}

/** Of the body of a function with these parameters: `kind: original -> mutant`, in order. */
function found(body: string, parameters = "uint256 a, uint256 b", more = ""): readonly string[] {
  const { mutants } = mutated(
    `contract C { uint256 s; event E(); error X(); ${more} function f(${parameters}) public { ${body} } }`,
  );
  return mutants.map(({ kind, original, mutant }) => `${kind}: ${original} -> ${mutant}`);
}

describe("mutants", function () {
  this.timeout(20_000);

  describe("finding", function () {
    it("moves the bounds of comparisons", function () {
      expect(found("bool c = a < b; c = a >= 5; c = a == b;")).to.deep.equal([
        "comparison: a < b -> a <= b",
        "comparison: a >= 5 -> a > 5",
        "comparison: a == b -> a != b",
      ]);
    });

    it("takes each side of a condition alone, at every depth", function () {
      expect(found("bool d = a && (b || !c); d;", "bool a, bool b, bool c")).to.deep.equal([
        "condition: a && (b || !c) -> (b || !c)",
        "condition: a && (b || !c) -> a",
        "condition: b || !c -> !c",
        "condition: b || !c -> b",
        "condition: !c -> c",
      ]);
    });

    it("turns roundings, and leaves out the one that makes them by hand", function () {
      expect(found("uint256 c = Rounding.mulDivUp(a, b, 7); c = (a + 7 - 1) / 7; c;")).to.deep.equal([
        "rounding: Rounding.mulDivUp(a, b, 7) -> mulDivDown",
        "arithmetic: (a + 7 - 1) / 7 -> (a + 7 - 1) * 7",
        "rounding: (a + 7 - 1) / 7 -> (a + 7 - 1) / 7, rounded up",
        "rounding: a + 7 - 1 -> a + 7",
        "arithmetic: a + 7 -> a - 7",
      ]);
    });

    it("drops guards, checks, events, writes to storage and calls without a result", function () {
      const more = "function _requireOwner() internal {} function _act() internal {}";
      expect(
        found("if (a > b) revert X(); _requireOwner(); emit E(); s = a; a = b; _act();", undefined, more),
      ).to.deep.equal([
        "access: if (a > b) revert -> never",
        "comparison: a > b -> a >= b",
        "access: _requireOwner(); -> nothing",
        "statement: emit E(); -> nothing",
        "statement: s = a; -> nothing",
        "statement: _act(); -> nothing",
      ]);
    });

    it("takes a function that only reverts for a revert", function () {
      expect(
        found("if (a == b) _refuse();", undefined, "function _refuse() internal pure { revert X(); }"),
      ).to.deep.equal(["access: if (a == b) revert -> never", "comparison: a == b -> a != b"]);
    });

    it("leaves constants, the steps of loops and assembly alone", function () {
      const source = `uint256 constant K = 2 + 3;
        contract C {
          uint256 constant L = K * 2; uint256 immutable m = K + 1;
          function f(uint256 n) public pure returns (uint256 r) {
            for (uint256 i; i < n; i += 2) { assembly { r := add(r, 1) } }
          }
        }`;
      expect(mutated(source).mutants.map(({ original }) => original)).to.deep.equal(["i < n"]);
    });

    it("writes types with operators of their own so that they stay pure", function () {
      const source = `type Id is uint256;
        using {eq as ==} for Id global;
        function eq(Id a, Id b) pure returns (bool) { return Id.unwrap(a) == Id.unwrap(b); }
        contract C { function f(Id a, Id b) public pure returns (bool) { return a == b; } }`;
      expect(mutated(source).mutants.map(({ scope }) => scope)).to.deep.equal(["eq", "C.f"]);
    });

    it("doubles modifiers, those of others in each contract that uses them", function () {
      const source = `contract Base { bool held; error Held();
          modifier locked(uint256 n) { if (held) revert Held(); held = true; _; held = n == 0; } }
        contract C is Base { function f(uint256 a) public locked(a) {} }`;
      const { mutants, text } = mutated(source);
      expect(mutants.map(({ kind, original }) => `${kind}: ${original}`)).to.deep.equal([
        "access: if (held) revert",
        "statement: held = true;",
        "statement: held = n == 0;",
        "comparison: n == 0",
        "access: locked(a)",
      ]);
      expect(text).to.contain("modifier locked_mutable(uint256 mutant_, uint256 n) { if (Mutant.on(mutant_)) { _; }");
    });

    it("tells apart what reads alike, and forgets the line", function () {
      const ids = (source: string): readonly string[] => mutated(source).mutants.map(({ id }) => id);
      const source = "contract C { function f(uint256 a) public pure returns (bool) { return a == 0 || a == 0; } }";
      expect(ids(source)).to.include(`${PATH} C.f comparison: a == 0 -> a != 0 (2)`);
      expect(ids(`\n\n// Längere Zeile\n${source}`)).to.deep.equal(ids(source));
    });
  });

  describe("rewriting", function () {
    it("nests edits, the first found of one span outside", function () {
      const wrap = (name: string, start: number, end: number) => ({
        start,
        end,
        write: (render: (span: { start: number; end: number }) => string) => `${name}(${render({ start, end })})`,
      });
      const edits = [wrap("f", 0, 5), wrap("g", 0, 5), wrap("h", 4, 5), wrap("i", 6, 7)];
      expect(rewrite("a + b c", edits)).to.equal("f(g(a + h(b))) i(c)");
    });

    it("asks only where it makes a difference", function () {
      const { text } = mutated(
        "contract C { function f(uint256 a, bool b) public pure returns (bool) { return a < 1 && b; } }",
      );
      expect(text).to.contain("(((Mutant.lt_uint256(a, 1, 3)) || Mutant.on(1)) && ((b) || Mutant.on(2)))");
    });

    it("computes as the place does: with checks, or without", function () {
      const source = `contract C { uint256 s; function f(int256 a) public {
        s += 2; unchecked { a -= 3; } } }`;
      const { text } = mutated(source);
      expect(text).to.contain("s = Mutant.add_uint256(s, 2, 2);");
      expect(text).to.contain("a = Mutant.sub_int256_unchecked(a, 3, 3);");
    });
  });

  const mutant = (number: number, more: Partial<Mutant> = {}): Mutant => {
    const base = { file: "contracts/A.sol", line: 3, scope: "A.f", kind: "condition" as const };
    const texts = { original: "a || b", mutant: "a" };
    return { number, id: "contracts/A.sol A.f condition: a || b -> a", ...base, ...texts, ...more };
  };

  it("reads the reviewed list as it writes it", function () {
    const second = mutant(2, { id: `${mutant(1).id} (2)` });
    const page = ["| file | function |", rowOf(mutant(1)), rowOf(second)].join("\n");
    expect(parseEquivalents(page).map(({ id }) => id)).to.deep.equal([mutant(1).id, second.id]);
    expect(outdated(parseEquivalents(page), [second])).to.deep.equal([mutant(1).id]);
  });

  it("counts what is listed apart, and says when the list is wrong", function () {
    const judged = (verdict: Verdict, more: Partial<Mutant>) => ({ mutant: mutant(1, more), verdict });
    const all = [
      judged({ kind: "killed", stage: "few", by: "T.t" }, { id: "1" }),
      judged({ kind: "killed", stage: "all", by: "T.t" }, { id: "2" }),
      judged({ kind: "survived", stage: "all", tests: 3 }, { id: "3" }),
      judged({ kind: "unreached" }, { id: "4" }),
      judged({ kind: "survived", stage: "all", tests: 3 }, { id: "5" }),
    ];
    const { total, survivors, refuted } = reportOf(all, [
      { id: "1", why: "" },
      { id: "3", why: "" },
    ]);
    expect(total).to.deep.equal({
      mutants: 5,
      killedWithFew: 1,
      killedWithAll: 1,
      equivalent: 1,
      survived: 1,
      unreached: 1,
    });
    expect(survivors.map(({ reached }) => reached)).to.deep.equal([false, true]);
    expect(refuted).to.deep.equal(["1"]);
  });

  it("adds counts up by file and by kind, kinds in the order of their list", function () {
    const [a, b] = ["contracts/A.sol", "contracts/B.sol"];
    const judged = (verdict: Verdict, more: Partial<Mutant>) => ({ mutant: mutant(1, more), verdict });
    const { rows } = reportOf(
      [
        judged({ kind: "unreached" }, { file: b, kind: "condition" }),
        judged({ kind: "killed", stage: "all", by: "T.t" }, { file: b, kind: "rounding" }),
        judged({ kind: "killed", stage: "few", by: "T.t" }, { file: a, kind: "rounding" }),
        judged({ kind: "survived", stage: "all", tests: 3 }, { file: a, kind: "rounding" }),
      ],
      [],
    );
    const shown = (key: "file" | "kind") =>
      sumBy(rows, key).map((sum) => [sum.name, sum.mutants, sum.killedWithFew, sum.killedWithAll, sum.survived].join());
    expect(shown("file")).to.deep.equal([`${a},2,1,0,1`, `${b},2,0,1,0`]);
    expect(shown("kind")).to.deep.equal(["rounding,3,1,1,1", "condition,1,0,0,0"]);
    expect(sumBy(rows, "kind").map(({ unreached }) => unreached)).to.deep.equal([0, 1]);
  });

  it("names a survivor by its place, and says when no test comes there", function () {
    const line = "contracts/A.sol:3  #7 A.f, condition: a || b -> a";
    const lines = ([{ kind: "survived", stage: "all", tests: 3 }, { kind: "unreached" }] as const).flatMap((verdict) =>
      reportOf([{ mutant: mutant(7), verdict }], []).survivors.map(lineOf),
    );
    expect(lines).to.deep.equal([line, `${line}  (no test comes there)`]);
  });

  it("knows which tests ask about a mutant", function () {
    const test = (name: string, asked: number[]): RecordedTest => {
      return { suite: "A", source: "test/solidity/A.t.sol", name, kind: "fuzz", ms: 1, asked };
    };
    const asking = byMutant([test("a", [1, 2]), test("b", [2]), test("c", [])]);
    expect([...asking].map(([number, tests]) => [number, ...tests.map(({ name }) => name)])).to.deep.equal([
      [1, "a"],
      [2, "a", "b"],
    ]);
  });

  it("leaves out only tests that there are", function () {
    const tests = listTree().filter((path) => path.startsWith("test/solidity/") && path.endsWith(".sol"));
    const sources = tests.map((path) => readText(path));
    for (const { test } of EXCLUDED) {
      const [suite = "", name = ""] = test.split(".");
      expect(isExcluded(suite, name), test).to.equal(true);
      expect(isExcluded(suite, `${name}Again`), test).to.equal(false);
      const there = sources.some((text) => text.includes(`contract ${suite} `) && text.includes(`function ${name}(`));
      expect(there, test).to.equal(true);
    }
  });

  it("tries a source's own tests before quicker ones, and those before slow ones", function () {
    const test = (suite: string, name: string, ms: number): RecordedTest => {
      return { suite, source: `test/solidity/${suite}.t.sol`, name, kind: "fuzz", ms, asked: [1] };
    };
    const tests = [test("B", "b", 900), test("A", "a1", 300), test("C", "c", 50), test("A", "a2", 100)];
    expect(
      groupsFor("contracts/x/A.sol", tests).map(({ suite, tests: names }) => `${suite}: ${names.join(",")}`),
    ).to.deep.equal(["A: a1,a2", "C: c", "B: b"]);
    expect("test_a(uint256)").to.match(new RegExp(patternOf(["test_a", "test_b"])));
    expect("test_ab()").not.to.match(new RegExp(patternOf(["test_a", "test_b"])));
  });

  it("reads its command line, and says what is wrong with it", function () {
    const request = parseMutantOptions(["--file", "ledger", "--kind", "rounding,access", "--only", "3"]);
    if (request.kind !== "run") throw new Error("help was not asked for");
    const file = "contracts/ledger/A.sol";
    const list = [mutant(3, { file, kind: "access" }), mutant(4, { file, kind: "access" }), mutant(3)];
    expect(chosen(list, request.options).map(({ number }) => number)).to.deep.equal([3]);
    expect(() => chosen([], request.options)).to.throw("No mutant");
    expect(() => parseMutantOptions(["--kind", "speed"])).to.throw("--kind must be some of rounding");
    expect(() => parseMutantOptions(["--jobs", "0"])).to.throw(
      "--jobs must be the number of processes, a whole number from 1 to 64",
    );
    expect(() => parseMutantOptions(["--file", "("])).to.throw("--file must be a regular expression");
    expect(parseMutantOptions(["--help"]).kind).to.equal("help");
  });
});
