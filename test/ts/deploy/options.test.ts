import { expect } from "chai";

import { DEPLOY_HELP, parseDeployOptions } from "../../../scripts/core/deployment/options.js";
import { checkParameters, withHolders } from "../../../scripts/core/deployment/parameters.js";
import { describeCost } from "../../../scripts/core/deployment/report.js";
import { UsageError } from "../../../scripts/core/errors.js";
import { parameterPath, readParameters } from "../../../scripts/io/deployment/parameterFile.js";

const ADMIN = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

function mistakeOf(argv: readonly string[]): string {
  try {
    parseDeployOptions(argv);
    return "none";
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    expect(error.message).to.not.include("\n");
    return error.message;
  }
}

describe("deploy's command line", function () {
  it("reads a network, and names the deployment after it", function () {
    expect(parseDeployOptions(["--network", "sepolia", "--admin", ADMIN])).to.deep.equal({
      kind: "run",
      options: {
        network: "sepolia",
        rpc: undefined,
        parameters: undefined,
        holders: { admin: ADMIN },
        id: "sepolia",
        json: false,
      },
    });
  });

  it("explains itself, whatever else is asked", function () {
    expect(parseDeployOptions(["--help"])).to.deep.equal({ kind: "help", text: DEPLOY_HELP });
    expect(parseDeployOptions(["-h", "--network", "moon"]).kind).to.equal("help");
    for (const option of ["network", "rpc", "parameters", "admin", "governor", "steward", "guardian", "id", "json"]) {
      expect(DEPLOY_HELP).to.include(`--${option}`);
    }
  });

  const mistakes: Readonly<Record<string, readonly [RegExp, ...string[]]>> = {
    "no network": [/^--network must be one of localhost, fork, sepolia\. See --help\.$/],
    "an unknown network": [/^--network must be one of .* \(found "mainnet"\)/, "--network", "mainnet"],
    "an unknown option": [/^Unknown option --netwrok\. Did you mean --network\?/, "--netwrok", "fork"],
    "a missing value": [/^--network needs a value\./, "--network"],
    "a stray word": [/^Unexpected word "fork": every option starts with --/, "fork"],
    "an address that is too short": [/^--admin must be an address/, "--network", "fork", "--admin", "0x1234"],
    "the zero address": [/^--guardian must not be the zero/, "--network", "fork", "--guardian", `0x${"0".repeat(40)}`],
    "an id that is a path": [/^--id must be letters/, "--network", "localhost", "--id", "../x"],
    "an id for a dry run": [/^--id does not apply to fork/, "--network", "fork", "--id", "x"],
    "a node for sepolia": [/^--rpc does not apply/, "--network", "sepolia", "--rpc", "http://127.0.0.1:1"],
    "a node that is no URL": [/^--rpc must be the http/, "--network", "fork", "--rpc", "localhost"],
  };
  for (const [what, [message, ...argv]] of Object.entries(mistakes)) {
    it(`refuses ${what} in one sentence`, function () {
      expect(mistakeOf(argv)).to.match(message);
    });
  }
});

describe("parameter files", function () {
  for (const name of ["localhost", "fork", "sepolia"]) {
    it(`has a good one for ${name}`, async function () {
      const file = await readParameters(parameterPath(name));
      expect(file.collaterals.map(({ symbol }) => symbol)).to.deep.equal(["WETH", "WBTC"]);
      expect(file.roles.governorDelaySeconds).to.equal(172_800n);
    });
  }

  it("leaves Sepolia's roles open, for the command line to name", async function () {
    const file = await readParameters(parameterPath("sepolia"));
    expect(withHolders(file, {})).to.deep.equal({ kind: "open", role: "admin" });
    expect(withHolders(file, { admin: ADMIN, governor: ADMIN, steward: ADMIN })).to.deep.equal({
      kind: "open",
      role: "guardian",
    });
    expect(withHolders(file, { admin: ADMIN, governor: ADMIN, steward: ADMIN, guardian: ADMIN }).kind).to.equal("ok");
  });

  it("names the place of a mistake", async function () {
    const file = await readParameters(parameterPath("localhost"));
    const [first] = file.collaterals;
    const wrong = [
      [{ ...file, interest: { ...file.interest, kinkBps: 0.5 } }, /^interest\.kinkBps must be a whole number/],
      [{ ...file, interest: { ...file.interest, kinkBps: -1n } }, /^interest\.kinkBps must not be negative/],
      [{ ...file, interest: { ...file.interest, kink: 1n } }, /^interest has an unknown parameter: kink/],
      [{ ...file, keeper: undefined }, /^keeper is missing/],
      [{ ...file, collaterals: [] }, /^collaterals /],
      [{ ...file, collaterals: [first, first] }, /^WETH is listed twice/],
      [{ ...file, wrappedNative: "USDC" }, /^wrappedNative names USDC, which is no collateral/],
      [{ ...file, quote: { ...file.quote, token: { deploy: "Gold" } } }, /^quote\.token must be an address, or/],
      [{ ...file, roles: { ...file.roles, admin: "0x1" } }, /^roles\.admin must be an address/],
      ["", /./],
    ] as const;
    for (const [content, why] of wrong) {
      const checked = checkParameters(content);
      expect(checked.kind === "wrong" ? checked.why : "ok").to.match(why);
    }
  });
});

describe("the cost of a deployment", function () {
  it("is told in plain digits", function () {
    expect(describeCost({ transactions: 31, gas: 13_626_878n, wei: 13_626_878n * 1_500_000_000n })).to.equal(
      "31 transactions, 13,626,878 gas: 0.02044 ETH at 1.5 gwei.",
    );
    expect(describeCost({ transactions: 0, gas: 0n, wei: 0n })).to.equal("0 transactions, 0 gas: 0 ETH at 0 gwei.");
  });
});
