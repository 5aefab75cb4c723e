/** Serves a replica over JSON-RPC from inside this process, so that a fork reads it as it would read a node. */
import type { ForkState } from "../../core/forkState.js";
import type { UsdPrices } from "../../core/mainnet.js";
import type { JsonRpcServer } from "./jsonRpcServer.js";
import type { Depth } from "./liquidity.js";

import { rm } from "node:fs/promises";
import path from "node:path";

import { config, network } from "hardhat";

import { BUILD_SECONDS, buildReplica } from "./build.js";
import { serveJsonRpc } from "./jsonRpcServer.js";
import { DEFAULT_DEPTH } from "./liquidity.js";

export interface ReplicaOptions {
  readonly prices: UsdPrices;
  readonly depth?: Depth;
  /** {s} When the block to fork at is mined; the clock of a simulation may begin years back. Default: an hour ago. */
  readonly headTimestamp?: bigint;
  /** Recorded state that takes the place of what the replica would make itself. */
  readonly recorded?: readonly ForkState[] | undefined;
  /** Port to serve on; the system picks a free one when it is not given. */
  readonly port?: number;
}

export interface ReplicaServer {
  readonly url: string;
  /** The block to fork at: its prices are fresh, and enough blocks lie above it for a fork to cache what it reads. */
  readonly block: bigint;
  close(): Promise<void>;
}

export async function serveReplica(options: ReplicaOptions): Promise<ReplicaServer> {
  const headTimestamp = options.headTimestamp ?? BigInt(Math.floor(Date.now() / 1000)) - 3_600n;
  const initialDate = new Date(Number(headTimestamp - BUILD_SECONDS) * 1000);
  const chain = await network.create({ network: "replica", override: { initialDate } });
  try {
    const depth = options.depth ?? DEFAULT_DEPTH;
    const block = await buildReplica(chain.provider, {
      prices: options.prices,
      depth,
      headTimestamp,
      recorded: options.recorded ?? [],
    });
    const server = await serveJsonRpc(chain.provider, options.port ?? 0);
    await forgetForksOf(server);
    return {
      url: server.url,
      block,
      close: async () => {
        await server.close();
        await chain.close();
        await forgetForksOf(server);
      },
    };
  } catch (error) {
    await chain.close();
    throw error;
  }
}

/**
 * EDR keeps what forks have read on disk, by host, port, chain and block. The next replica on this port has the same
 * blocks with other contents, so nothing read from an earlier one may survive: a fork would silently mix the two. The
 * path is EDR's own affair; a test serves two replicas on one port and fails when it changes.
 */
async function forgetForksOf({ host, port }: JsonRpcServer): Promise<void> {
  const directory = path.join(config.paths.cache, "edr-fork-cache", "rpc_cache", "v2", `${host}_${port}`);
  // EDR may still be writing there.
  await rm(directory, { recursive: true, force: true, maxRetries: 3 });
}
