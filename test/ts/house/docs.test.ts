import { expect } from "chai";

import {
  checkDocs,
  checkGlossary,
  checkInvariants,
  checkLinks,
  checkMap,
  checkRounding,
  checkThreats,
  findForbidden,
} from "../../../scripts/core/house/docs.js";

describe("docs", function () {
  const file = (path: string, ...lines: string[]) => ({ path, text: lines.join("\n") });

  it("misses a page that is not there", function () {
    const findings = checkDocs({ paths: ["README.md"], pages: [], tests: [], code: [] });
    expect(findings).to.include("docs/ROUNDING.md is missing").and.to.include("SECURITY.md is missing");
    expect(findings).to.have.length(6);
  });

  it("checks each page that is there, and names it with what it found", function () {
    const names = ["ARCHITECTURE", "ROUNDING", "INVARIANTS", "GLOSSARY", "FAILURES"];
    const pages = ["README.md", "SECURITY.md", ...names.map((name) => `docs/${name}.md`)].map((path) =>
      file(path, "nothing"),
    );
    const paths = [...pages.map(({ path }) => path), "contracts/Vault.sol"];
    expect(checkDocs({ paths, pages, tests: [], code: [] })).to.deep.equal([
      "docs/ARCHITECTURE.md: contracts/Vault.sol is not on the map",
      'docs/ROUNDING.md: no table with a last column "test"',
      'docs/FAILURES.md: no table with a last column "test"',
      'SECURITY.md: no table with a last column "test"',
      "docs/INVARIANTS.md: no numbered promises",
      'docs/GLOSSARY.md: no table with a first column "word"',
    ]);
  });

  it("follows links between pages, to folders and to headings", function () {
    const pages = [
      file("README.md", "[map](docs/ARCHITECTURE.md#the-parts) [code](contracts) [out](https://example.org/x)"),
      file("docs/ARCHITECTURE.md", "## The parts", "[up](../README.md) `contracts/Vault.sol`"),
    ];
    const paths = ["README.md", "docs/ARCHITECTURE.md", "contracts/Vault.sol"];
    expect(checkLinks({ paths, pages })).to.deep.equal([]);
    expect(checkLinks({ paths: paths.slice(0, 2), pages })).to.deep.equal([
      "README.md: the link to contracts leads nowhere",
      "docs/ARCHITECTURE.md: `contracts/Vault.sol` does not exist",
    ]);
    const astray = [file("README.md", "[map](docs/ARCHITECTURE.md#parts)"), ...pages.slice(1)];
    expect(checkLinks({ paths, pages: astray })).to.deep.equal([
      "README.md: docs/ARCHITECTURE.md has no heading #parts",
    ]);
  });

  it("wants every contract on the map, but neither mocks nor types", function () {
    const paths = [
      "contracts/Vault.sol",
      "contracts/ledger/Book.sol",
      "contracts/mocks/Feed.sol",
      "contracts/types/A.sol",
    ];
    expect(checkMap("`contracts/Vault.sol`", paths)).to.deep.equal(["contracts/ledger/Book.sol is not on the map"]);
  });

  it("wants a test that exists in each row of the roundings", function () {
    const tests = [file("test/a.t.sol", "function test_down() public {}"), file("test/a.test.ts", 'it("goes up", f)')];
    const table = (...rows: string[]) => ["| formula | test |", "|---|---|", ...rows].join("\n");
    expect(checkRounding(table("| a / b | `test_down` |", "| c / d | `goes up` |"), tests)).to.deep.equal([]);
    expect(checkRounding(table("| a / b | `test_do` |", "| c / d | |"), tests)).to.deep.equal([
      '"a / b" names `test_do`, which no test is called',
      '"c / d" names no test',
    ]);
    expect(checkRounding("no table", tests)).to.have.length(1);
  });

  it("wants a test that exists in each row of the threats, or that it says there is none", function () {
    const tests = [file("test/a.t.sol", "function test_guard() public {}"), file("test/a.test.ts", 'it("waits", f)')];
    const table = (...rows: string[]) => ["| threat | guard | test |", "|---|---|---|", ...rows].join("\n");
    const good = table("| a | `A.f` | `test_guard`, `waits` |", "| b | `B.g` | none: costs more than it brings |");
    expect(checkThreats(good, tests)).to.deep.equal([]);
    const bad = table("| a | `A.f` | |", "| b | `B.g` | none but `test_gone` |", "| c | `C.h` | nonetheless |");
    expect(checkThreats(bad, tests)).to.deep.equal([
      '"a" names no test',
      '"b" names `test_gone`, which no test is called',
      '"c" names no test',
    ]);
    expect(checkThreats("no table", tests)).to.have.length(1);
    // The page is looked for at the root, and held to it.
    const page = file("SECURITY.md", bad);
    const findings = checkDocs({ paths: ["SECURITY.md"], pages: [page], tests, code: [] });
    expect(findings).to.include('SECURITY.md: "a" names no test');
  });

  it("wants every promise cited, and does not take 1 for 11", function () {
    const tests = [file("test/i.t.sol", "function invariant_11_noCoalition() public {}", "// Promise 2.")];
    expect(checkInvariants("1. One.\n2. Two.\n11. Eleven.", tests)).to.deep.equal(["no test cites number 1"]);
    expect(checkInvariants("| 2 | Two |\n|---|---|\n| 11 | Eleven |", tests)).to.deep.equal([]);
  });

  it("wants the words of the glossary in the code", function () {
    const code = [file("contracts/A.sol", "event MarginCalled(); uint256 equity; // initial margin")];
    const table = (...rows: string[]) => ["| word | meaning |", "|---|---|", ...rows].join("\n");
    expect(checkGlossary(table("| margin call | a |", "| equity (E), initial margin | b |"), code)).to.deep.equal([]);
    expect(checkGlossary(table("| vega | c |"), code)).to.deep.equal(['"vega" is not a word of the code']);
  });

  it("finds what no text may hold, and says where", function () {
    const [path, address, open] = [["", "home", "me"].join("/"), ["registry", "example", "org"].join("."), "TO" + "DO"];
    const text = file("docs/a.md", `see ${path}/x`, "fine, /homework/ too", `from ${address}`, `// ${open}: later`);
    expect(findForbidden([text])).to.deep.equal([
      "docs/a.md:1: a path of one machine",
      "docs/a.md:3: the address of a package registry",
      "docs/a.md:4: an open end: finish it, or describe it where work is planned",
    ]);
    expect(findForbidden([{ ...text, path: "package-lock.json" }])).to.deep.equal([]);
  });
});
