/** Opens a fork of mainnet in this process: of a real node when one is given, of the replica when not. */
import type { NetworkConnection } from "hardhat/types/network";

import type { ReplicaOptions } from "./replica/server.js";
import type { Rpc } from "./rpc.js";

import { network } from "hardhat";

import { MAINNET } from "../core/mainnet.js";
import { startBlock } from "./forkStart.js";
import { hostOf } from "./http.js";
import { serveReplica } from "./replica/server.js";
import { mineFrom } from "./rpc.js";

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
  const start = await startBlock(url, source, requested);
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
