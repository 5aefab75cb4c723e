import { expect } from "chai";

import { findBreaches, importsOf } from "../../../scripts/core/house/layers.js";

describe("layers", function () {
  const sol = (path: string, ...imports: string[]) => ({
    path,
    text: imports.map((specifier) => `import {X} from "${specifier}";`).join("\n"),
  });
  const ts = (path: string, ...lines: string[]) => ({ path, text: lines.join("\n") });
  const reasons = (...files: { path: string; text: string }[]) => findBreaches(files).map(({ reason }) => reason);

  it("lets contracts import what is beside and below them", function () {
    expect(
      reasons(
        sol("contracts/MarginAccount.sol", "./actions/Fill.sol", "./interfaces/IRebalancer.sol", "./base/Errors.sol"),
        sol("contracts/ledger/Book.sol", "../types/AccountId.sol", "./CashMarket.sol"),
        sol("contracts/types/AccountHeader.sol", "../base/Errors.sol", "@openzeppelin/contracts/utils/math/Math.sol"),
        sol("contracts/base/Errors.sol", "../types/AccountId.sol"),
        sol("contracts/mocks/Feed.sol", "../interfaces/IAggregatorV3.sol", "../MarginAccount.sol"),
      ),
    ).to.deep.equal([]);
  });

  it("finds a planted upward import", function () {
    expect(findBreaches([sol("contracts/ledger/Book.sol", "../risk/Margin.sol")])).to.deep.equal([
      { from: "contracts/ledger/Book.sol", to: "contracts/risk/Margin.sol", reason: "ledger is below risk" },
    ]);
    expect(reasons(sol("contracts/math/Rounding.sol", "../interfaces/IRiskEngine.sol"))).to.have.length(1);
    expect(reasons(sol("contracts/actions/Fill.sol", "../MarginAccount.sol"))).to.have.length(1);
    expect(reasons(sol("contracts/MarginAccount.sol", "./periphery/Lens.sol"))).to.have.length(1);
    expect(reasons(sol("contracts/types/AccountId.sol", "../math/Rounding.sol"))).to.have.length(1);
  });

  it("keeps mocks, tests and unknown folders out of the contracts", function () {
    expect(reasons(sol("contracts/MarginAccount.sol", "./mocks/UsdCoin.sol"))).to.deep.equal(["mocks stand apart"]);
    expect(reasons(sol("contracts/MarginAccount.sol", "hardhat/console.sol"))).to.have.length(1);
    expect(reasons(sol("contracts/misc/Thing.sol", "../base/Errors.sol"))).to.deep.equal(["misc is no layer"]);
  });

  it("keeps core below io, io below tasks, and core pure", function () {
    expect(
      reasons(
        ts("scripts/tasks/simulate.ts", 'import { a } from "../core/a.js";', 'import { b } from "../io/b.js";'),
        ts("scripts/io/b.ts", 'import { readFileSync } from "node:fs";', 'import { a } from "../core/a.js";'),
        ts("scripts/core/a.ts", 'import { z } from "zod";', 'import type { Signer } from "hardhat/types";'),
      ),
    ).to.deep.equal([]);
    expect(reasons(ts("scripts/core/a.ts", 'import { b } from "../io/b.js";'))).to.have.length(1);
    expect(reasons(ts("scripts/io/b.ts", 'import module from "../../deploy/a.js";'))).to.deep.equal([]);
    expect(reasons(ts("scripts/core/a.ts", 'import module from "../../deploy/a.js";'))).to.have.length(1);
    expect(reasons(ts("scripts/core/a.ts", 'export * from "../tasks/simulate.js";'))).to.have.length(1);
    expect(reasons(ts("scripts/core/a.ts", 'import { readFileSync } from "node:fs";'))).to.have.length(1);
    expect(reasons(ts("scripts/io/b.ts", 'const c = await import("../tasks/simulate.js");'))).to.have.length(1);
  });

  it("reads imports over several lines, and none in comments", function () {
    const text = [
      '// import {A} from "./a.sol";',
      '/* import "./b.sol"; */',
      "import {",
      "  C,",
      "  D",
      '} from "./c.sol";',
      'import "./e.sol";',
    ].join("\n");
    for (const path of ["contracts/A.sol", "scripts/core/a.ts"]) {
      expect(importsOf({ path, text }).map(({ specifier }) => specifier)).to.deep.equal(["./c.sol", "./e.sol"]);
    }
  });
});
