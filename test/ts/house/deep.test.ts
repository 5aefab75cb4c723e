import { expect } from "chai";

import { parseDeepOptions } from "../../../scripts/core/deep/options.js";
import { runTask } from "../deploy/command.js";

const ALL = ["test", "solidity", "--test-profile", "deep", "-vv"];

function askedOf(...argv: string[]): readonly string[] {
  const request = parseDeepOptions(argv);
  if (request.kind !== "run") throw new Error("help was not asked for");
  return request.hardhat;
}

describe("npm run test:deep", function () {
  it("runs everything unless something is named", function () {
    expect(askedOf()).to.deep.equal(ALL);
  });

  it("passes files and a pattern on to Hardhat, in whatever order they come", function () {
    expect(askedOf("A.t.sol", "B.t.sol", "--grep", "down")).to.deep.equal([
      ...ALL,
      "A.t.sol",
      "B.t.sol",
      "--grep",
      "down",
    ]);
    expect(askedOf("--grep=down|up", "A.t.sol")).to.deep.equal([...ALL, "A.t.sol", "--grep", "down|up"]);
  });

  it("says what is wrong with its command line", function () {
    expect(() => askedOf("--gerp", "down")).to.throw("Unknown option --gerp. Did you mean --grep? See --help.");
    expect(() => askedOf("-vv")).to.throw("Unknown option -v. See --help.");
    expect(() => askedOf("--grep")).to.throw("--grep needs a value. See --help.");
    expect(() => askedOf("--grep", "")).to.throw("--grep must be a pattern. See --help.");
  });

  it("prints a help of its own, and nothing else", async function () {
    const { code, stdout, stderr } = await runTask("test-deep", ["--help"]);
    expect(stdout).to.match(/^Usage: npm run test:deep/);
    expect(stdout).to.not.match(/^Seed|GLOBAL OPTIONS/m);
    expect([code, stderr]).to.deep.equal([0, ""]);
  });

  it("refuses a wrong option with one line, before anything runs", async function () {
    const { code, stdout, stderr } = await runTask("test-deep", ["--speed"]);
    expect(stderr).to.equal("Unknown option --speed. See --help.\n");
    expect([code, stdout]).to.deep.equal([1, ""]);
  });
});
