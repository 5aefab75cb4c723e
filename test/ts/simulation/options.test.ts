import { expect } from "chai";

import type { SimulateOptions } from "../../../scripts/core/simulation/options.js";

import { UsageError } from "../../../scripts/core/errors.js";
import { SIMULATE_HELP, parseSimulateOptions } from "../../../scripts/core/simulation/options.js";

function options(...argv: string[]): SimulateOptions {
  const request = parseSimulateOptions(argv);
  if (request.kind === "help") throw new Error("help was not asked for");
  return request.options;
}

describe("parseSimulateOptions", function () {
  it("has a default for everything", function () {
    expect(options()).to.deep.equal({ steps: 150, accounts: 24, delay: 1, seed: 1, out: "out/simulate", json: false });
  });

  it("reads every option", function () {
    const argv = "--prices eth=a.csv,btc=b/c.csv --from 2020-03-12 --steps 50 --accounts 3 --delay 0 --seed 0";
    const rest = "--rpc http://127.0.0.1:8545 --block 20000000 --out=there --json";
    expect(options(...`${argv} ${rest}`.split(" "))).to.deep.equal({
      prices: { eth: "a.csv", btc: "b/c.csv" },
      from: 1_583_971_200n,
      steps: 50,
      accounts: 3,
      delay: 0,
      seed: 0,
      rpc: "http://127.0.0.1:8545",
      block: 20_000_000,
      out: "there",
      json: true,
    });
  });

  it("reads rounds of one feed or of both", function () {
    expect(options("--rounds", "eth=a.csv").rounds).to.deep.equal({ eth: "a.csv" });
    expect(options("--rounds", "btc=b.csv, eth=a.csv", "--from", "1692300000").rounds).to.deep.equal({
      eth: "a.csv",
      btc: "b.csv",
    });
  });

  it("reads recorded state, once or more", function () {
    expect(options("--fork-state", "a.json", "--fork-state", "b.json")["fork-state"]).to.deep.equal([
      "a.json",
      "b.json",
    ]);
  });

  it("answers --help before it looks at the rest", function () {
    for (const argv of [["--help"], ["-h"], ["--steps", "x", "--help"]]) {
      expect(parseSimulateOptions(argv)).to.deep.equal({ kind: "help", text: SIMULATE_HELP });
    }
    for (const name of [
      "prices",
      "rounds",
      "basefee",
      "policy",
      "fork-state",
      "basefee-from",
      "from",
      "steps",
      "accounts",
      "delay",
      "seed",
      "rpc",
      "block",
      "out",
      "json",
    ]) {
      expect(SIMULATE_HELP).to.include(`--${name}`);
    }
    expect(Math.max(...SIMULATE_HELP.split("\n").map(({ length }) => length))).to.be.at.most(120);
  });

  const refused: readonly (readonly [string, RegExp])[] = [
    ["--stesp 5", /^Unknown option --stesp\. Did you mean --steps\?/],
    ["--step 5", /^Unknown option --step\. Did you mean --steps\?/],
    ["--rcp x", /Did you mean --rpc\?/],
    ["--frobnicate", /^Unknown option --frobnicate\. See/],
    ["-x", /^Unknown option -x\./],
    ["--seed", /^--seed needs a value\./],
    ["--seed 7 --seed", /^--seed needs a value\./],
    ["--help=yes", /^--help takes no value\./],
    ["--seed --json", /^--seed needs a value but is followed by --json\./],
    ["--seed -5", /^--seed needs a value but is followed by -5\./],
    ["--seed=-5", /^--seed must be the seed, a whole number from 0 to 4294967295\./],
    ["--json=yes", /^--json takes no value\./],
    ["fast", /^Unexpected word "fast"/],
    ["--steps ten", /^--steps must be the number of bars, a whole number from 2 to/],
    ["--steps 1", /^--steps must be .* from 2 to/],
    ["--steps 2.5", /^--steps must be/],
    ["--steps 1e3", /^--steps must be/],
    ["--steps=", /^--steps must be/],
    ["--accounts 2", /^--accounts must be .* from 3 to/],
    ["--seed 4294967296", /^--seed must be/],
    ["--block 5", /^--block chooses .* add --rpc URL/],
    ["--rpc localhost:8545", /^--rpc must be the http or https address/],
    ["--rpc ws://a --block 1", /^--rpc must be/],
    ["--rpc http://a --block latest", /^--block must be a block, a whole number/],
    ["--prices eth=a.csv", /^--prices must name both files.*btc is missing/],
    ["--prices a.csv,b.csv", /^--prices must name both files.*found "a\.csv"/],
    ["--prices eth=a,eth=b", /^--prices names eth twice/],
    ["--prices eth=a,btc=", /^--prices must name both/],
    ["--prices eth=a,btc=b --from 2020-02-31", /^--from must be a UTC time/],
    ["--from 2020-03-12", /^--from chooses .* add --prices/],
    ["--basefee-from 2020-03-12", /^--basefee-from chooses .* add --basefee FILE/],
    ["--basefee a.csv --basefee-from x", /^--basefee-from must be a UTC time/],
    ["--basefee=", /^--basefee must be a file/],
    ["--fork-state a.json --rpc http://a", /^--fork-state is for the built-in replica/],
    ["--fork-state=", /^--fork-state must be a file/],
    ["--rounds btc=b", /^--rounds must name a file of eth.*eth is missing/],
    ["--rounds b.csv", /^--rounds must name a file of eth.*found "b\.csv"/],
    ["--rounds eth=a,eth=b", /^--rounds names eth twice/],
    ["--rounds eth=a --prices eth=a,btc=b", /^--rounds and --prices both say/],
    ["--out=", /^--out must be a folder/],
  ];
  for (const [line, says] of refused) {
    it(`refuses ${line} in one line`, function () {
      try {
        parseSimulateOptions(line.split(" "));
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        expect(error.message)
          .to.match(says)
          .and.match(/ See --help\.$/)
          .and.not.include("\n");
        expect(error.exitCode).to.equal(1);
        return;
      }
      expect.fail("it was accepted");
    });
  }
});
