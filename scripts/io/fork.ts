/** Opens a fork of mainnet in this process: of a real node when one is given, of the replica when not. */
import type { NetworkConnection } from "hardhat/types/network";

import type { ReplicaOptions } from "./replica/server.js";
import type { BlockHeader, Rpc } from "./rpc.js";

import { network } from "hardhat";

import { EXIT, ToolError } from "../core/errors.js";
import { MAINNET } from "../core/mainnet.js";
import { hostOf, httpRpc } from "./http.js";
import { serveReplica } from "./replica/server.js";
import { codeAt, header, mineFrom } from "./rpc.js";

/** A real head may still be reorganised; 32 blocks back it is final in practice, which is what EDR assumes too. */
const REORG_BLOCKS = 32n;

/** With `rpc` the chain has its own prices, and those given here, like the rest of the replica's options, go unused. */
export interface ForkOptions extends ReplicaOptions {
  readonly rpc?: string;
  /** Block to fork at; only with `rpc`. */
  readonly block?: bigint;
}

export interface Fork {
  /** Hardhat's connection, with `ethers` and `provider`. Chain id 1. */
  readonly connection: NetworkConnection;
  readonly rpc: Rpc;
  /** Where the state comes from: "replica", or the node's host (never its whole URL, which may hold a key). */
  readonly source: string;
  readonly startedAtBlock: bigint;
  /** {s} Of that block: the fork's clock goes on from here. */
  readonly startedAt: bigint;
  close(): Promise<void>;
}

export class WrongChainError extends ToolError {
  override readonly name = "WrongChainError";

  constructor(message: string, options?: ErrorOptions) {
    super("WRONG_CHAIN", message, EXIT.FAILED, options);
  }
}

export class BlockUnavailableError extends ToolError {
  override readonly name = "BlockUnavailableError";

  constructor(message: string, options?: ErrorOptions) {
    super("BLOCK_UNAVAILABLE", message, EXIT.FAILED, options);
  }
}

export async function openFork(options: ForkOptions): Promise<Fork> {
  if (options.rpc !== undefined) return await forkOf(options.rpc, hostOf(options.rpc), options.block);

  const replica = await serveReplica(options);
  try {
    const fork = await forkOf(replica.url, "replica", replica.block);
    return {
      ...fork,
      close: async () => {
        await fork.close();
        await replica.close();
      },
    };
  } catch (error) {
    await replica.close();
    throw error;
  }
}

async function forkOf(url: string, source: string, requested: bigint | undefined): Promise<Fork> {
  const start = await startBlock(httpRpc(url), source, requested);
  const connection = await network.create({
    network: "fork",
    override: { chainId: MAINNET.chainId, forking: { enabled: true, url, blockNumber: start.number } },
  });
  // A fork's clock starts at the real time, whenever its head was mined; the first block ties it to the head instead.
  await mineFrom(connection.provider, start.timestamp + BigInt(MAINNET.blockSeconds), 1n, BigInt(MAINNET.blockSeconds));
  return {
    connection,
    rpc: connection.provider,
    source,
    startedAtBlock: start.number,
    startedAt: start.timestamp,
    close: async () => await connection.close(),
  };
}

/** Asks the node all that can be wrong with it, before Hardhat meets it and fails less clearly. */
async function startBlock(node: Rpc, source: string, requested: bigint | undefined): Promise<BlockHeader> {
  const chainId = BigInt(String(await node.request({ method: "eth_chainId" })));
  if (chainId !== BigInt(MAINNET.chainId)) {
    throw new WrongChainError(`The node at ${source} is on chain ${chainId}; a fork needs Ethereum mainnet, chain 1.`);
  }
  const head = await header(node);
  if (head === null) throw new BlockUnavailableError(`The node at ${source} has no blocks yet.`);
  const number = requested ?? (head.number > REORG_BLOCKS ? head.number - REORG_BLOCKS : 0n);
  const block = number <= head.number ? await header(node, number) : null;
  if (block === null) {
    throw new BlockUnavailableError(`The node at ${source} has no block ${number}; its head is ${head.number}.`);
  }
  const code = await codeAt(node, MAINNET.tokens.USDC.address, number).catch((cause: unknown) => {
    throw new BlockUnavailableError(
      `The node at ${source} keeps no state of block ${number}: choose one near its head, ${head.number}, or an archive node.`,
      { cause },
    );
  });
  if (code === "0x") {
    throw new BlockUnavailableError(
      `There is no USDC at block ${number} of ${source}: this is not mainnet, or long ago.`,
    );
  }
  return block;
}
