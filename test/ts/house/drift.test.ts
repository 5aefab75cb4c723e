import { expect } from "chai";

import { findDrift } from "../../../scripts/core/house/drift.js";

describe("drift", function () {
  it("does not mind the order of lines", function () {
    expect(findDrift([{ path: "a.ts", committed: "x\n  y\n", generated: "  x\ny" }])).to.deep.equal([]);
  });

  it("finds lines, files and repetitions that are new or gone", function () {
    expect(
      findDrift([
        { path: "a.ts", committed: "x\ny", generated: "x\nz" },
        { path: "b.ts", committed: null, generated: "x" },
        { path: "c.ts", committed: "x", generated: null },
        { path: "d.ts", committed: "x", generated: "x\nx" },
      ]),
    ).to.deep.equal([
      "a.ts: 1 lines new, 1 gone",
      "b.ts: not committed",
      "c.ts: of a contract that is gone",
      "d.ts: 0 lines new, 0 gone",
    ]);
  });
});
