import type { JsonRpcServer, NetworkConnection } from "hardhat/types/network";
import type { DeploymentParameters } from "../../../scripts/core/deployment/parameters.js";

import { expect } from "chai";
import { network } from "hardhat";
import { appendFile, readFile, utimes, writeFile } from "node:fs/promises";
import path from "node:path";

import { ballastModule } from "../../../deploy/ballast.js";
import { journalState, repairJournal, sentHashes, setAside } from "../../../scripts/io/deployment/journal.js";
import { withLock } from "../../../scripts/io/deployment/lock.js";
import { addressesOf, attachProtocol, parametersFor } from "../../../scripts/io/protocol.js";
import { readBack } from "../../../scripts/io/deployment/readBack.js";
import { forget, journalOf } from "./command.js";

const PREFIX = `test-journal-${process.pid}-`;

describe("the journal of a deployment", function () {
  let server: JsonRpcServer;
  let connection: NetworkConnection;
  let parameters: DeploymentParameters;
  let emptyChain: string;
  let wholeJournal: string;
  const id = `${PREFIX}a`;
  const dir = path.dirname(journalOf(id));

  const ask = async (method: string, params: unknown[] = []): Promise<unknown> =>
    await connection.provider.request({ method, params });
  const run = async () => {
    const options = { deploymentId: id, config: { blockPollingInterval: 20 } };
    return await connection.ignition.deploy(ballastModule(parameters), options);
  };
  const blocks = async (): Promise<number> => Number(await ask("eth_blockNumber"));

  /** The journal as a run leaves it that dies right after announcing its nth transaction, counted from the end if negative. */
  async function cutAfterPreparing(nth: number): Promise<string> {
    const lines = wholeJournal.split("\n");
    const announced = lines.flatMap((line, index) => (line.includes("TRANSACTION_PREPARE_SEND") ? [index] : []));
    const cut = lines.slice(0, (announced.at(nth) ?? 0) + 1).join("\n");
    await writeFile(journalOf(id), cut);
    return cut;
  }

  before(async function () {
    server = await network.createServer("default", "127.0.0.1", 0);
    const { port } = await server.listen();
    connection = await network.create({ network: "localhost", override: { url: `http://127.0.0.1:${port}` } });
    parameters = await parametersFor("localhost");
    emptyChain = String(await ask("evm_snapshot"));
    await run();
    wholeJournal = await readFile(journalOf(id), "utf8");
  });

  after(async function () {
    await connection.close();
    await server.close();
    await forget(PREFIX);
  });

  it("needs nothing when it is whole", async function () {
    expect(await journalState(dir, connection.provider)).to.equal("continues");
    expect(await repairJournal(dir, connection.provider)).to.deep.equal([]);
    expect(await readFile(journalOf(id), "utf8")).to.equal(wholeJournal);
    expect(await sentHashes(dir)).to.have.length(await blocks());
  });

  it("loses a line that was cut in the middle", async function () {
    await appendFile(journalOf(id), '\n{"type":"TRANSACTION_SEN');
    expect(await repairJournal(dir, connection.provider)).to.have.length(1);
    expect(await readFile(journalOf(id), "utf8")).to.equal(wholeJournal);
  });

  it("writes a list of addresses anew that was cut off", async function () {
    const file = path.join(dir, "deployed_addresses.json");
    const whole: unknown = JSON.parse(await readFile(file, "utf8"));
    for (const left of ["", '{\n  "Ballast#Manager": "0x5Fb']) {
      await writeFile(file, left);
      expect(await repairJournal(dir, connection.provider)).to.have.length(1);
      expect(JSON.parse(await readFile(file, "utf8"))).to.deep.equal(whole);
    }
    expect(await repairJournal(dir, connection.provider)).to.deep.equal([]);
  });

  it("finds the transaction that was sent but not written down", async function () {
    const height = await blocks();
    await cutAfterPreparing(-1);
    expect(await repairJournal(dir, connection.provider)).to.deep.equal([
      "Ballast#handOver had been sent: its transaction was found on the chain",
    ]);
    const protocol = await attachProtocol(connection, await addressesOf(await run()));
    expect(await readBack(protocol, parameters, { fromBlock: 0 })).to.deep.equal([]);
    expect(await blocks()).to.equal(height);
  });

  it("asks for patience while the transaction waits to be mined", async function () {
    await writeFile(journalOf(id), wholeJournal);
    const [first] = await connection.ethers.getSigners();
    await ask("evm_setAutomine", [false]);
    const nonce = await first?.sendTransaction({ to: first.address }).then((sent) => sent.nonce);
    const last = wholeJournal.split("\n").findLast((line) => line.includes("TRANSACTION_PREPARE_SEND")) ?? "";
    const waiting = last.replace(/"nonce":\d+/, `"nonce":${nonce}`);
    await appendFile(journalOf(id), `\n${waiting}`);
    const error: unknown = await repairJournal(dir, connection.provider).catch((cause: unknown) => cause);
    expect(error).to.include({ code: "TRANSACTION_PENDING", exitCode: 75 });
    await ask("evm_mine");
    await ask("evm_setAutomine", [true]);
  });

  it("takes back the announcement of a transaction that was never sent, and goes on", async function () {
    await ask("evm_revert", [emptyChain]);
    const cut = await cutAfterPreparing(0);
    expect(await journalState(dir, connection.provider)).to.equal("continues");
    expect(await repairJournal(dir, connection.provider)).to.match(/had not been sent: it will be$/);
    expect(await readFile(journalOf(id), "utf8")).to.equal(cut.slice(0, cut.lastIndexOf("\n")));
    const protocol = await attachProtocol(connection, await addressesOf(await run()));
    expect(await readBack(protocol, parameters, { fromBlock: 0 })).to.deep.equal([]);
  });

  it("takes back a step that was begun and no more, and goes on", async function () {
    await ask("evm_revert", [emptyChain]);
    emptyChain = String(await ask("evm_snapshot"));
    const lines = wholeJournal.split("\n");
    const begun = lines.findIndex((line) => line.includes('"DEPLOYMENT_EXECUTION_STATE_INITIALIZE"'));
    await writeFile(journalOf(id), lines.slice(0, begun + 1).join("\n"));
    const [said, ...more] = await repairJournal(dir, connection.provider);
    expect(said).to.match(/^Ballast#\w+ had been begun and no more: it will be again$/);
    expect(more).to.deep.equal([]);
    const protocol = await attachProtocol(connection, await addressesOf(await run()));
    expect(protocol.assets).to.have.length(parameters.collaterals.length + 1);
  });

  it("knows a chain that it does not tell of, and is put aside whole", async function () {
    const other = await network.create("default");
    expect(await journalState(dir, other.provider)).to.equal("of another chain");
    await other.close();
    const text = await readFile(journalOf(id), "utf8");
    const aside = await setAside(dir, new Date());
    expect(await journalState(dir, connection.provider)).to.equal("none");
    expect(await readFile(path.join(aside, "journal.jsonl"), "utf8")).to.equal(text);
  });

  describe("its lock", function () {
    it("keeps a second run out while the first one lives", async function () {
      await withLock(dir, async () => {
        const error: unknown = await withLock(dir, async () => await Promise.resolve()).catch(
          (cause: unknown) => cause,
        );
        expect(error).to.include({ code: "LOCKED", exitCode: 75 });
      });
      expect(await withLock(dir, async () => await Promise.resolve("free"))).to.equal("free");
    });

    it("stands in nobody's way once its holder is dead", async function () {
      // Above the largest process id that Linux gives.
      await writeFile(`${dir}.lock`, "4194305");
      expect(await withLock(dir, async () => await Promise.resolve("taken over"))).to.equal("taken over");
      // Killed between the two steps of writing it; a moment ago it would be one that begins.
      await writeFile(`${dir}.lock`, "");
      const early: unknown = await withLock(dir, async () => await Promise.resolve()).catch((cause: unknown) => cause);
      expect(early).to.have.property("message", "Another run has just begun; try again.");
      await utimes(`${dir}.lock`, 0, 0);
      expect(await withLock(dir, async () => await Promise.resolve("taken over"))).to.equal("taken over");
    });
  });
});
