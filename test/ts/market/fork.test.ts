import type { Server } from "node:http";

import { createServer } from "node:http";

import { expect } from "chai";
import { network } from "hardhat";

import { MAINNET } from "../../../scripts/core/mainnet.js";
import { BlockUnavailableError, WrongChainError } from "../../../scripts/io/forkStart.js";
import { openFeeds } from "../../../scripts/io/feeds.js";
import { openFork } from "../../../scripts/io/fork.js";
import { RpcNotANodeError, RpcUnavailableError } from "../../../scripts/io/http.js";
import { serveReplica } from "../../../scripts/io/replica/server.js";
import { codeAt, header } from "../../../scripts/io/rpc.js";
import { openVenue } from "../../../scripts/io/venue.js";

const PRICES = { ETH: 2_000_00000000n, BTC: 40_000_00000000n, USDC: 1_00000000n };

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("Expected a rejection");
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("Expected a port");
  return `http://127.0.0.1:${address.port}`;
}

describe("openFork", () => {
  /** What a test has opened, closed also when it fails: a server left open would keep the run from ending. */
  const open: { close(): Promise<void> }[] = [];

  async function keep<T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> {
    const opened = await opening;
    open.push(opened);
    return opened;
  }

  async function closeAll(): Promise<void> {
    for (let last = open.pop(); last !== undefined; last = open.pop()) await last.close();
  }

  afterEach(closeAll);

  it("forks the replica when no node is given: chain 1, mainnet's addresses, a clock that goes on", async () => {
    const headTimestamp = 1_583_971_200n; // 2020-03-12T00:00:00Z
    const fork = await keep(openFork({ prices: PRICES, headTimestamp }));
    expect(fork.source).to.equal("replica");
    expect(fork.startedAt).to.equal(headTimestamp);
    const { chainId } = await fork.connection.ethers.provider.getNetwork();
    expect(chainId).to.equal(1n);

    const { tokens, feeds, pools, uniswap, multicall3 } = MAINNET;
    const addresses = [
      ...Object.values(tokens).map(({ address }) => address),
      ...Object.values(feeds),
      ...Object.values(pools).map(({ address }) => address),
      ...Object.values(uniswap),
      multicall3,
    ];
    for (const address of addresses) {
      expect((await codeAt(fork.rpc, address)).length, address).to.be.greaterThan(100);
    }

    const latest = await header(fork.rpc);
    expect(latest?.number).to.equal(fork.startedAtBlock + 1n);
    expect(latest?.timestamp).to.equal(headTimestamp + 12n);
  });

  it("forks a node at a block when given both, and only names its host", async () => {
    const replica = await keep(serveReplica({ prices: PRICES }));
    const rpc = `${replica.url}/v2/secret-key`;
    const fork = await keep(openFork({ rpc, block: replica.block, prices: PRICES }));
    expect(fork.source).to.equal(new URL(replica.url).host);
    expect(fork.startedAtBlock).to.equal(replica.block);
    expect(await (await openVenue(fork.rpc)).price("BTC")).to.equal(PRICES.BTC);
  });

  it("stays behind the head when no block is given", async () => {
    const replica = await keep(serveReplica({ prices: PRICES }));
    const fork = await keep(openFork({ rpc: replica.url, prices: PRICES }));
    expect(fork.startedAtBlock).to.equal(replica.block + 200n - 32n);
    expect(await (await openVenue(fork.rpc)).price("BTC")).to.equal(PRICES.BTC);
    const market = await openFeeds(fork.rpc);
    expect((await market.latest("ETH")).answerE8).to.equal(PRICES.ETH);
  });

  it("never mixes a replica with an earlier one that was served on the same port", async () => {
    const prices = { ...PRICES, ETH: 3_000_00000000n };
    const first = await keep(serveReplica({ prices: PRICES }));
    const before = await keep(openFork({ rpc: first.url, block: first.block, prices }));
    expect(await (await openVenue(before.rpc)).price("ETH")).to.equal(PRICES.ETH);
    await closeAll();

    const second = await keep(serveReplica({ prices, port: Number(new URL(first.url).port) }));
    expect(second.block).to.equal(first.block);
    const after = await keep(openFork({ rpc: second.url, block: second.block, prices }));
    expect(await (await openVenue(after.rpc)).price("ETH")).to.equal(prices.ETH);
  });

  describe("tells in one line", () => {
    it("that no node answers, without the key in its URL", async () => {
      const server = createServer();
      const url = await listen(server);
      await new Promise((resolve) => server.close(resolve));
      const error = await rejection(openFork({ rpc: `${url}/secret-key`, prices: PRICES }));
      expect(error).to.be.instanceOf(RpcUnavailableError);
      expect(error).to.include({
        message: `No Ethereum node answers at ${new URL(url).host}; check the address, and that the node runs.`,
        exitCode: 75,
      });
    });

    it("that something else than a node answers", async () => {
      const server = createServer((_, response) => response.writeHead(404).end("<html>nothing here</html>"));
      const url = await listen(server);
      const error = await rejection(openFork({ rpc: url, prices: PRICES }));
      server.close();
      expect(error).to.be.instanceOf(RpcNotANodeError);
      expect(error).to.include({
        message: `${new URL(url).host} does not answer as an Ethereum node does (HTTP 404).`,
        exitCode: 1,
      });
    });

    it("that a node is busy", async () => {
      const server = createServer((_, response) => response.writeHead(429).end("slow down"));
      const url = await listen(server);
      const error = await rejection(openFork({ rpc: url, prices: PRICES }));
      server.close();
      expect(error).to.be.instanceOf(RpcUnavailableError);
      expect(error).to.include({ message: `The node at ${new URL(url).host} is busy or down (HTTP 429).` });
    });

    it("that an address is no address", async () => {
      expect(await rejection(openFork({ rpc: "localhost", prices: PRICES }))).to.be.instanceOf(RpcNotANodeError);
      const error = await rejection(openFork({ rpc: "ws://localhost:8546", prices: PRICES }));
      expect(error).to.be.instanceOf(RpcNotANodeError);
    });

    it("that the chain is not mainnet", async () => {
      const server = await network.createServer("default", "127.0.0.1", 0);
      const { port } = await server.listen();
      const error = await rejection(openFork({ rpc: `http://127.0.0.1:${port}`, prices: PRICES }));
      await server.close();
      expect(error).to.be.instanceOf(WrongChainError);
      expect(error).to.include({
        message: `The node at 127.0.0.1:${port} is on chain 31337; a fork needs Ethereum mainnet, chain 1.`,
      });
    });

    it("that a block is not there yet, or came before USDC", async () => {
      const server = await network.createServer("replica", "127.0.0.1", 0);
      const { port } = await server.listen();
      const url = `http://127.0.0.1:${port}`;
      const later = await rejection(openFork({ rpc: url, block: 9n, prices: PRICES }));
      const empty = await rejection(openFork({ rpc: url, block: 0n, prices: PRICES }));
      await server.close();
      expect(later).to.be.instanceOf(BlockUnavailableError);
      expect(later).to.include({ message: `The node at 127.0.0.1:${port} has no block 9; its head is 0.` });
      expect(empty).to.be.instanceOf(BlockUnavailableError);
    });
  });
});
