import type { NetworkConnection } from "hardhat/types/network";
import type { VerifyOptions } from "../../../scripts/core/deployment/verifyOptions.js";
import type { Protocol } from "../../../scripts/io/protocol.js";
import type { Node } from "./command.js";

import { expect } from "chai";
import { network } from "hardhat";
import { readFile, writeFile } from "node:fs/promises";
import { z } from "zod";

import { Liquidator__factory } from "../../../typechain-types/index.js";
import { namesOf, splitCode } from "../../../scripts/core/deployment/code.js";
import { ROLE } from "../../../scripts/core/deployment/roles.js";
import { describeVerification } from "../../../scripts/core/deployment/verification.js";
import { VERIFY_HELP, parseVerifyOptions } from "../../../scripts/core/deployment/verifyOptions.js";
import { verifyDeployment } from "../../../scripts/io/deployment/verify.js";
import { attachProtocol, parametersFor } from "../../../scripts/io/protocol.js";
import { toAddress } from "../../../scripts/io/rpc.js";
import { takeBackEach } from "../takeBack.js";
import { deploy, forget, recordOf, runTask, startNode } from "./command.js";

const ID = `test-verify-${process.pid}`;
const DEAD = "http://127.0.0.1:1";
const TWO_DAYS = 172_800;

const Outcome = z.object({
  differences: z.array(z.object({ what: z.string(), expected: z.string(), found: z.string() })),
  groups: z.array(z.object({ group: z.string(), checked: z.number(), different: z.number() })),
});

describe("npm run verify-deployment", function () {
  this.timeout(300_000);
  let node: Node;
  let connection: NetworkConnection;
  let protocol: Protocol;
  let options: VerifyOptions;

  before(async function () {
    node = await startNode();
    const { code, stdout, stderr } = await deploy(["--network", "localhost", "--rpc", node.url, "--id", ID, "--json"]);
    expect(code, stderr).to.equal(0);
    const { contracts } = z.object({ contracts: z.record(z.string().transform(toAddress)) }).parse(JSON.parse(stdout));
    connection = await network.create({ network: "localhost", override: { url: node.url } });
    const at = (name: string) => contracts[name] ?? "0x";
    protocol = await attachProtocol(connection, {
      accessManager: at("accessManager"),
      vault: at("vault"),
      rebalancer: at("rebalancer"),
      shockLevels: at("shockLevels"),
      executor: at("executor"),
      access: at("access"),
      extension: at("extension"),
      trading: at("trading"),
      marginAccount: at("marginAccount"),
      exchange: at("exchange"),
      liquidator: at("liquidator"),
      lens: at("lens"),
    });
    options = { network: "localhost", rpc: node.url, id: ID, parameters: undefined, holders: {}, json: false };
  });

  after(async function () {
    await connection.close();
    await node.close();
    await forget(ID);
  });

  const verify = async (args: readonly string[]) => await runTask("verify-deployment", args);
  const local = () => ["--network", "localhost", "--rpc", node.url, "--id", ID];

  /** What the tools find different now, as "what: found". */
  async function found(): Promise<readonly string[]> {
    const { differences } = await verifyDeployment(options);
    return differences.map(({ what, found: value }) => `${what}: ${value}`);
  }

  it("passes on what was just deployed, in words and in JSON, and fits 100 columns", async function () {
    const human = await verify(local());
    expect(human.code, human.stderr).to.equal(0);
    expect(human.stdout).to.include("Everything on the chain is as the record and the parameters have it.");
    for (const line of human.stdout.split("\n")) expect(line.length).to.be.at.most(100);
    const machine = await verify([...local(), "--json"]);
    expect(machine.code, machine.stderr).to.equal(0);
    const { differences, groups } = Outcome.parse(JSON.parse(machine.stdout));
    expect(differences).to.deep.equal([]);
    for (const { group, checked } of groups) expect(checked, group).to.be.greaterThan(0);
    expect(machine.stderr).to.equal("");
  });

  describe("after something changed", function () {
    takeBackEach(() => connection.provider);

    /** Through the timelock, as governance would. */
    async function govern(target: string, data: string): Promise<void> {
      const { governor } = (await parametersFor("localhost")).roles;
      const manager = protocol.accessManager.connect(await connection.ethers.getSigner(governor));
      await (await manager.schedule(target, data, 0)).wait();
      await connection.networkHelpers.time.increase(TWO_DAYS);
      await (await manager.execute(target, data)).wait();
    }

    it("names a parameter, and the command says both values and fails", async function () {
      const data = protocol.marginAccount.interface.encodeFunctionData(
        "setInterest",
        [200, 801, 9_000, 8_500, 2_000, 100],
      );
      await govern(protocol.addresses.marginAccount, data);
      expect(await found()).to.deep.equal(["slopeBps (interest): 801"]);
      const { code, stdout, stderr } = await verify([...local(), "--json"]);
      expect(code).to.equal(1);
      expect(stderr).to.match(/^\{.*slopeBps \(interest\) is 801, not 800\.".*"code":"DIFFERENT".*\}\n$/);
      expect(Outcome.parse(JSON.parse(stdout)).differences).to.have.length(1);
    });

    it("names a cap, a feed's age and a shock", async function () {
      const { vault, rebalancer, addresses, assets } = protocol;
      const weth = assets[1]?.token ?? "";
      await govern(addresses.vault, vault.interface.encodeFunctionData("setLimits", [weth, 5, 10]));
      const feed = protocol.oracle.interface.encodeFunctionData("setFeed", [1, assets[1]?.feed ?? "", 18, 3_600, 600]);
      await govern(addresses.rebalancer, feed);
      const { risk } = (await parametersFor("localhost")).collaterals[0] ?? {};
      if (risk === undefined) throw new TypeError("no collateral");
      const shock = rebalancer.interface.encodeFunctionData("setRiskParameters", [1, { ...risk, shockBps: 1_100n }]);
      await govern(addresses.rebalancer, shock);
      expect(await found()).to.deep.equal([
        `cap of WETH: ${5n * 10n ** 18n}`,
        "oldest price of WETH: 4200",
        "shockBps (risk of WETH): 1100",
      ]);
    });

    it("names a member that nobody asked for", async function () {
      const { admin } = (await parametersFor("localhost")).roles;
      const manager = protocol.accessManager.connect(await connection.ethers.getSigner(admin));
      const stranger = "0x000000000000000000000000000000000000dEaD";
      const data = manager.interface.encodeFunctionData("grantRole", [ROLE.steward, stranger, 0]);
      await (await manager.schedule(protocol.addresses.accessManager, data, 0)).wait();
      await connection.networkHelpers.time.increase(TWO_DAYS);
      await (await manager.execute(protocol.addresses.accessManager, data)).wait();
      expect(await found()).to.deep.equal([`members that the file does not name: steward ${stranger}`]);
    });

    it("names a function that was opened, and a contract that was closed", async function () {
      const { admin } = (await parametersFor("localhost")).roles;
      const manager = protocol.accessManager.connect(await connection.ethers.getSigner(admin));
      const { lens, vault, accessManager } = protocol.addresses;
      const calls = [
        manager.interface.encodeFunctionData("setTargetFunctionRole", [lens, ["0x12345678"], ROLE.guardian]),
        manager.interface.encodeFunctionData("setTargetClosed", [vault, true]),
      ];
      for (const data of calls) await (await manager.schedule(accessManager, data, 0)).wait();
      await connection.networkHelpers.time.increase(TWO_DAYS);
      for (const data of calls) await (await manager.execute(accessManager, data)).wait();
      expect(await found()).to.deep.equal([
        `functions with a role that the deployment does not give: ${lens.toLowerCase()} 0x12345678 for guardian`,
        "vault closed: true",
      ]);
    });

    it("names a module that was replaced", async function () {
      const [first] = await connection.ethers.getSigners();
      const { accessManager, marginAccount } = protocol.addresses;
      if (first === undefined) throw new TypeError("the node has no accounts");
      const other = await new Liquidator__factory(first).deploy(accessManager, marginAccount);
      await other.waitForDeployment();
      const address = await other.getAddress();
      const data = protocol.marginAccount.interface.encodeFunctionData("setLiquidator", [address]);
      await govern(marginAccount, data);
      expect(await found()).to.deep.equal([`liquidator of the margin account: ${address}`]);
    });

    it("names a contract whose code is another, or was born with other values", async function () {
      const { lens, rebalancer, liquidator } = protocol.addresses;
      const code = await connection.ethers.provider.getCode(lens);
      await connection.provider.request({ method: "hardhat_setCode", params: [lens, `${code}00`] });
      const [other] = await found();
      expect(other).to.match(/^code of the lens: \d+ bytes, keccak 0x/);

      const elsewhere = code.replaceAll(liquidator.slice(2).toLowerCase(), "00".repeat(19) + "01");
      await connection.provider.request({ method: "hardhat_setCode", params: [lens, elsewhere] });
      expect(await found()).to.deep.equal([
        "liquidator in the code of the lens: 0x1",
        `liquidator of the lens: 0x${"0".repeat(39)}1`,
      ]);

      // Where nothing stands any more, the rest cannot be read, and is said not to have been.
      await connection.provider.request({ method: "hardhat_setCode", params: [rebalancer, "0x"] });
      const verification = await verifyDeployment(options);
      expect(verification.differences[0]).to.deep.include({ what: "code of the rebalancer", found: "nothing" });
      expect(describeVerification(verification)).to.include("not read");
    });
  });

  it("answers each failure with one line and its exit code", async function () {
    const text = await readFile(recordOf(ID), "utf8");
    const copy = async (name: string, content: string): Promise<readonly string[]> => {
      await writeFile(recordOf(`${ID}-${name}`), content);
      return ["--network", "localhost", "--rpc", node.url, "--id", `${ID}-${name}`];
    };
    const elsewhere = text.replace(/"0x[0-9a-fA-F]{38}/g, `"0x${"9".repeat(38)}`);
    const cases: readonly (readonly [number, RegExp, readonly string[]])[] = [
      [75, /^The node did not answer/, ["--network", "localhost", "--rpc", DEAD, "--id", ID]],
      [1, /^--network must be one of localhost, sepolia \(found "fork"\)/, ["--network", "fork"]],
      [1, /^There is no deployment none \(no .*none\.json\): make one/, ["--network", "localhost", "--id", "none"]],
      [
        1,
        /^The deployment .* was made on chain 5; the node is on chain 31337\.$/m,
        await copy("chain", text.replace('"chainId": 31337', '"chainId": 5')),
      ],
      [1, /^Nothing of the deployment .* is on this chain/, await copy("gone", elsewhere)],
      [1, /is no record: it is not JSON\.$/m, await copy("half", text.slice(0, 100))],
      [1, /is no record: roles is missing\.$/m, await copy("less", text.replace('"roles"', '"rolls"'))],
    ];
    for (const [exitCode, message, args] of cases) {
      const { code, stdout, stderr } = await verify(args);
      expect(stderr)
        .to.match(message)
        .and.match(/^[^\n]+\n$/);
      expect(code, stderr).to.equal(exitCode);
      expect(stdout).to.equal("");
    }
  });
});

describe("verify-deployment's command line", function () {
  it("reads a network, and explains itself", function () {
    expect(parseVerifyOptions(["--network", "localhost"])).to.deep.equal({
      kind: "run",
      options: {
        network: "localhost",
        rpc: undefined,
        id: "localhost",
        parameters: undefined,
        holders: {},
        json: false,
      },
    });
    expect(parseVerifyOptions(["--help"])).to.deep.equal({ kind: "help", text: VERIFY_HELP });
    for (const line of VERIFY_HELP.split("\n")) expect(line.length).to.be.at.most(120);
  });

  it("refuses what it does not know", function () {
    for (const [argv, message] of [
      [[], /^--network must be one of localhost, sepolia/],
      [["--netwrok", "sepolia"], /Did you mean --network\?/],
      [["--network", "localhost", "--rpc", "localhost"], /^--rpc must be the http/],
      [["--network", "localhost", "--id", "../x"], /^--id must be letters/],
      [["--network", "localhost", "--admin", "0x1"], /^--admin must be an address/],
    ] as const) {
      expect(() => parseVerifyOptions(argv)).to.throw(message);
    }
  });
});

describe("code with immutables", function () {
  it("is compared with zeros in their places, and gives their values", function () {
    const places = {
      "7": [
        { start: 1, length: 2 },
        { start: 4, length: 2 },
      ],
      "8": [{ start: 6, length: 1 }],
    };
    const built = splitCode("0xaa0000bb0000" + "00", places);
    const found = splitCode("0xaa1234bb1234" + "05", places);
    expect(found.masked).to.equal(built.masked);
    expect([...found.immutables]).to.deep.equal([
      ["7", 0x1234n],
      ["8", 5n],
    ]);
    expect(splitCode("0xaa1234bb1235" + "05", places).immutables.get("7")).to.equal(null);
    expect(splitCode("0xaa12", places).immutables.size).to.equal(0);
    expect(splitCode("0x", {}).masked).to.equal("nothing");
  });

  it("finds names in a syntax tree", function () {
    const tree = { nodeType: "SourceUnit", nodes: [{ nodeType: "VariableDeclaration", id: 7, name: "vault" }, null] };
    expect([...namesOf([tree], new Set(["7"]))]).to.deep.equal([["7", "vault"]]);
  });
});
