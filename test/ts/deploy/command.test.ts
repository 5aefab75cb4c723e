import type { Node } from "./command.js";

import { expect } from "chai";
import { network } from "hardhat";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

import { parameterPath } from "../../../scripts/io/deployment/parameterFile.js";
import { confirmedIn, deploy, forget, startDeploy, startNode } from "./command.js";

const PREFIX = `test-${process.pid}-`;
const DEAD = "http://127.0.0.1:1";
const KEY = `0x${"12".repeat(32)}`;
const HOLDER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const HOLDERS = ["admin", "governor", "steward", "guardian"].flatMap((role) => [`--${role}`, HOLDER]);

const Record = z.object({ outcome: z.string(), contracts: z.record(z.string()), cost: z.object({ gas: z.string() }) });

describe("npm run deploy", function () {
  this.timeout(300_000);
  let node: Node;
  let folder: string;

  before(async function () {
    node = await startNode();
    folder = await mkdtemp(path.join(tmpdir(), "ballast-"));
  });

  after(async function () {
    await node.close();
    await forget(PREFIX);
    await rm(folder, { recursive: true });
  });

  /** Asks the node for something that only a test may. */
  async function tell(method: string, ...params: readonly unknown[]): Promise<void> {
    const connection = await network.create({ network: "localhost", override: { url: node.url } });
    await connection.provider.request({ method, params: [...params] });
    await connection.close();
  }

  async function nonceOfDeployer(): Promise<bigint> {
    const connection = await network.create({ network: "localhost", override: { url: node.url } });
    const [first] = await connection.ethers.getSigners();
    const nonce = BigInt((await first?.getNonce()) ?? 0);
    await connection.close();
    return nonce;
  }

  it("goes on after each kill, and then has nothing new to deploy", async function () {
    const id = `${PREFIX}killed`;
    const args = ["--network", "localhost", "--rpc", node.url, "--id", id, "--json"];
    // Blocks come when the test asks for them, so that no run gets further than the test has seen.
    await tell("evm_setAutomine", false);
    for (const target of [1, 9, 20]) {
      const run = startDeploy(args);
      const there = async (): Promise<void> => {
        while ((await confirmedIn(id)) < target) {
          await tell("evm_mine");
          await sleep(20);
        }
        run.kill();
      };
      await Promise.race([there(), run.ended]);
      const { code, stderr } = await run.ended;
      expect(code, stderr).to.equal(null);
      // Killed in the middle, not at the end.
      expect(await confirmedIn(id)).to.be.lessThan(27);
    }
    await tell("evm_setAutomine", true);

    const resumed = await deploy(args);
    expect(resumed.code, resumed.stderr).to.equal(0);
    const first = Record.parse(JSON.parse(resumed.stdout));
    expect(first.outcome).to.equal("deployed");
    expect(Object.keys(first.contracts)).to.have.length(12);

    const nonce = await nonceOfDeployer();
    const again = await deploy(args);
    expect(again.code, again.stderr).to.equal(0);
    expect(again.stderr).to.equal("");
    const second = Record.parse(JSON.parse(again.stdout));
    expect(second).to.deep.equal({ ...first, outcome: "nothing new" });
    expect(await nonceOfDeployer()).to.equal(nonce);

    const human = await deploy(args.filter((word) => word !== "--json"));
    expect(human.code).to.equal(0);
    expect(human.stdout).to.include("Nothing new to deploy.").and.include(first.contracts["marginAccount"]);
  });

  it("says so when the file has changed since, and changes nothing", async function () {
    const text = await readFile(parameterPath("localhost"), "utf8");
    const file = path.join(folder, "changed.json5");
    await writeFile(file, text.replace('kinkBps: "8500n"', 'kinkBps: "8000n"'));
    const nonce = await nonceOfDeployer();
    const id = `${PREFIX}killed`;
    const { code, stderr } = await deploy([
      ...["--network", "localhost", "--rpc", node.url, "--id", id, "--parameters", file],
    ]);
    expect(code).to.equal(1);
    expect(stderr).to.match(/^What is deployed was deployed with other parameters.*setInterest.*\n$/);
    expect(await nonceOfDeployer()).to.equal(nonce);
  });

  it("refuses parameters that the contracts refuse before it sends anything", async function () {
    const text = await readFile(parameterPath("localhost"), "utf8");
    const file = path.join(folder, "refused.json5");
    await writeFile(file, text.replace('timeSlopeBps: "1000n"', 'timeSlopeBps: "1n"'));
    const nonce = await nonceOfDeployer();
    const id = `${PREFIX}refused`;
    const { code, stderr } = await deploy([
      ...["--network", "localhost", "--rpc", node.url, "--id", id, "--parameters", file],
    ]);
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /^The contracts refuse these parameters\. .*: timeSlopeBps is 1, and the bound of Liquidator is 7\n$/,
    );
    expect(await nonceOfDeployer()).to.equal(nonce);
    expect(await confirmedIn(id)).to.equal(0);
  });

  it("shows what a deployment costs without one, on the replica of mainnet", async function () {
    const { code, stdout, stderr } = await deploy(["--network", "fork", "--json"]);
    expect(code, stderr).to.equal(0);
    expect(stderr).to.include("nothing was deployed");
    const record = Record.parse(JSON.parse(stdout));
    expect(record.outcome).to.equal("dry run");
    expect(Number(record.cost.gas)).to.be.greaterThan(5_000_000);
  });

  const sepolia = ["--network", "sepolia", ...HOLDERS];
  const failures: Readonly<Record<string, readonly [number, RegExp, readonly string[], NodeJS.ProcessEnv?]>> = {
    "a dead node": [75, /^The node did not answer/, ["--network", "localhost", "--rpc", DEAD]],
    "a dead node of sepolia": [
      75,
      /^The node did not answer/,
      sepolia,
      { SEPOLIA_RPC_URL: DEAD, SEPOLIA_PRIVATE_KEY: KEY },
    ],
    "an unknown network": [1, /^--network must be one of localhost, fork, sepolia/, ["--network", "mainnet"]],
    "a missing node of sepolia": [1, /^SEPOLIA_RPC_URL is not set/, sepolia, { SEPOLIA_PRIVATE_KEY: KEY }],
    "roles without holders": [1, /^Nobody is named as admin/, ["--network", "sepolia"]],
    "a parameter file that is not there": [1, /there is no/i, ["--network", "localhost", "--parameters", "none.json5"]],
  };
  it("answers each failure with one line and its exit code", async function () {
    const cases = Object.entries(failures);
    // Two at a time: starting a process is most of the work.
    for (let i = 0; i < cases.length; i += 2) {
      const runs = cases.slice(i, i + 2).map(async ([what, [exitCode, message, args, env]]) => {
        const { code, stdout, stderr } = await deploy(args, env);
        expect(stderr, what)
          .to.match(message)
          .and.match(/^[^\n]+\n$/);
        expect(code, what).to.equal(exitCode);
        expect(stdout, what).to.equal("");
      });
      await Promise.all(runs);
    }
  });

  it("refuses a chain that is not Sepolia, a missing key and a key that is none", async function () {
    const wrongChain = await deploy(sepolia, { SEPOLIA_RPC_URL: node.url, SEPOLIA_PRIVATE_KEY: KEY });
    expect(wrongChain.stderr).to.match(/chain id "11155111".*"31337"/);
    const server = await network.createServer(
      { network: "default", override: { chainId: 11_155_111 } },
      "127.0.0.1",
      0,
    );
    const { port } = await server.listen();
    const url = `http://127.0.0.1:${port}`;
    const missing = await deploy(sepolia, { SEPOLIA_RPC_URL: url });
    expect(missing.stderr).to.match(/^SEPOLIA_PRIVATE_KEY is not set/);
    const short = await deploy(sepolia, { SEPOLIA_RPC_URL: url, SEPOLIA_PRIVATE_KEY: "0x1234" });
    expect(short.stderr)
      .to.match(/^SEPOLIA_PRIVATE_KEY is not a private key/)
      .and.not.include("1234");
    // The tokens and feeds of the real Sepolia are not on this chain.
    const empty = await deploy(sepolia, { SEPOLIA_RPC_URL: url, SEPOLIA_PRIVATE_KEY: KEY });
    expect(empty.stderr).to.match(/^There is no contract at 0xA2F7.*, the feed of USDC\.\n$/);
    await server.close();
    for (const { code } of [wrongChain, missing, short, empty]) expect(code).to.equal(1);
  });

  it("begins anew on a node that was restarted, and keeps the old journal", async function () {
    const id = `${PREFIX}killed`;
    await node.close();
    node = await startNode();
    const run = await deploy(["--network", "localhost", "--rpc", node.url, "--id", id, "--json"]);
    expect(run.code, run.stderr).to.equal(0);
    expect(Record.parse(JSON.parse(run.stdout)).outcome).to.equal("deployed");
    expect(run.stderr).to.include("restarted");
    expect((await forget(`${id}-until-`)).length).to.equal(1);
  });
});
