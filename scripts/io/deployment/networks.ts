import type { NetworkConnection } from "hardhat/types/network";
import type { DeployNetwork } from "../../core/deployment/options.js";
import type { Address } from "../../core/mainnet.js";

import { network } from "hardhat";

import { openFork } from "../fork.js";
import { toAddress } from "../rpc.js";
import { accountsOf } from "./accounts.js";
import { DeploymentError } from "./failures.js";

/** A chain to deploy to, and who deploys. */
export interface Target {
  readonly connection: NetworkConnection;
  readonly chainId: number;
  readonly deployer: Address;
  /** Where the chain is, in words that tell no key: "localhost", "the built-in replica of mainnet". */
  readonly place: string;
  /** Nothing outlives the process. */
  readonly dryRun: boolean;
  close(): Promise<void>;
}

/** What the replica's pools and feeds start from; a real node has its own. */
const REPLICA_PRICES = { ETH: 250_000_000_000n, BTC: 6_500_000_000_000n, USDC: 100_000_000n } as const;

export async function openTarget(name: DeployNetwork, rpc: string | undefined): Promise<Target> {
  if (name === "fork") {
    const fork = await openFork({ prices: REPLICA_PRICES, ...(rpc === undefined ? {} : { rpc }) });
    const place = fork.source === "replica" ? "the built-in replica of mainnet" : `a fork of mainnet at ${fork.source}`;
    const close = async (): Promise<void> => await fork.close();
    return { ...(await identify(fork.connection, name)), place, dryRun: true, close };
  }
  const connection = await network.create(rpc === undefined ? name : { network: name, override: { url: rpc } });
  const close = async (): Promise<void> => await connection.close();
  return { ...(await identify(connection, name)), place: name, dryRun: false, close };
}

async function identify(connection: NetworkConnection, name: DeployNetwork) {
  const chainId = Number(await connection.provider.request({ method: "eth_chainId" }));
  const [first] = await accountsOf(connection, name);
  if (first === undefined) {
    throw new DeploymentError("NO_ACCOUNT", `The node of ${name} signs for no account: there is nobody to deploy.`);
  }
  return { connection, chainId, deployer: toAddress(first) };
}
