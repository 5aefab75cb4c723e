/**
 * The protocol in the hands of a test or a simulation: deployed through the same Ignition module as on a real chain, or
 * found by its addresses, with types.
 */
import type { ContractRunner } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import type {
  AccessManager,
  CollateralVault,
  Exchange,
  Liquidator,
  IMarginAccount,
  MarginLens,
  IPriceOracleAdapter,
  Rebalancer,
  ShockLevels,
} from "../../typechain-types/index.js";
import type { DeploymentParameters, Holders } from "../core/deployment/parameters.js";
import type { Address } from "../core/mainnet.js";

import { ballastModule } from "../../deploy/ballast.js";
import {
  AccessManager__factory,
  CollateralVault__factory,
  Exchange__factory,
  Liquidator__factory,
  IMarginAccount__factory,
  MarginLens__factory,
  IPriceOracleAdapter__factory,
  Rebalancer__factory,
  SettableAggregator__factory,
  ShockLevels__factory,
  UsdCoin__factory,
} from "../../typechain-types/index.js";
import { listingsOf, withHolders } from "../core/deployment/parameters.js";
import { toAddress } from "./rpc.js";
import { ParameterFileError, parameterPath, readParameters } from "./deployment/parameterFile.js";

export const CONTRACT_NAMES = [
  "accessManager",
  "vault",
  "rebalancer",
  "shockLevels",
  "executor",
  "access",
  "extension",
  "trading",
  "marginAccount",
  "exchange",
  "liquidator",
  "lens",
] as const;
export type ContractName = (typeof CONTRACT_NAMES)[number];
export type ProtocolAddresses = Readonly<Record<ContractName, Address>>;

/** One listed token, as the chain has it; the quote is asset 0. */
export interface ListedAsset {
  readonly asset: number;
  readonly symbol: string;
  readonly token: Address;
  readonly decimals: number;
  readonly feed: Address;
}

export interface Protocol {
  readonly accessManager: AccessManager;
  readonly vault: CollateralVault;
  /** The rebalancer, as the one who knows prices. */
  readonly oracle: IPriceOracleAdapter;
  readonly rebalancer: Rebalancer;
  /** Moves the shocks. */
  readonly shockLevels: ShockLevels;
  /** With the functions of its further parts. */
  readonly marginAccount: IMarginAccount;
  readonly exchange: Exchange;
  readonly liquidator: Liquidator;
  readonly lens: MarginLens;
  /** In the order of their numbers. */
  readonly assets: readonly ListedAsset[];
  readonly addresses: ProtocolAddresses;
}

/** The parameter file of a network, with the open holders filled in. */
export async function parametersFor(network: string, holders: Partial<Holders> = {}): Promise<DeploymentParameters> {
  const file = parameterPath(network);
  const filled = withHolders(await readParameters(file), holders);
  if (filled.kind === "open") throw new ParameterFileError(`The parameters of ${network} name no ${filled.role}.`);
  return filled.value;
}

/**
 * Deploys everything to an in-process chain and sets it up. The chain must mine each transaction at once. Contracts are
 * connected to the first account, which deployed them and has kept nothing.
 */
export async function deployProtocol(
  connection: NetworkConnection,
  parameters: DeploymentParameters,
): Promise<Protocol> {
  // Ignition waits this long before it looks for the next block; with automine the block is already there.
  const config = { blockPollingInterval: 1 };
  const contracts = await connection.ignition.deploy(ballastModule(parameters), { config });
  const protocol = await attachProtocol(connection, await addressesOf(contracts));
  await openOwnFeeds(connection, protocol, parameters);
  return protocol;
}

/** The addresses of what Ignition has deployed. */
export async function addressesOf(
  contracts: Readonly<Record<ContractName, { getAddress(): Promise<string> }>>,
): Promise<ProtocolAddresses> {
  const at = async (name: ContractName): Promise<Address> => toAddress(await contracts[name].getAddress());
  return {
    accessManager: await at("accessManager"),
    vault: await at("vault"),
    rebalancer: await at("rebalancer"),
    shockLevels: await at("shockLevels"),
    executor: await at("executor"),
    access: await at("access"),
    extension: await at("extension"),
    trading: await at("trading"),
    marginAccount: await at("marginAccount"),
    exchange: await at("exchange"),
    liquidator: await at("liquidator"),
    lens: await at("lens"),
  };
}

/** Finds a deployed protocol; what is listed is read from it. The first account holds the contracts, or `reader`. */
export async function attachProtocol(
  connection: NetworkConnection,
  addresses: ProtocolAddresses,
  reader?: ContractRunner,
): Promise<Protocol> {
  const runner = reader ?? (await connection.ethers.getSigners())[0] ?? connection.ethers.provider;
  const vault = CollateralVault__factory.connect(addresses.vault, runner);
  const oracle = IPriceOracleAdapter__factory.connect(addresses.rebalancer, runner);
  return {
    accessManager: AccessManager__factory.connect(addresses.accessManager, runner),
    vault,
    oracle,
    rebalancer: Rebalancer__factory.connect(addresses.rebalancer, runner),
    shockLevels: ShockLevels__factory.connect(addresses.shockLevels, runner),
    marginAccount: IMarginAccount__factory.connect(addresses.marginAccount, runner),
    exchange: Exchange__factory.connect(addresses.exchange, runner),
    liquidator: Liquidator__factory.connect(addresses.liquidator, runner),
    lens: MarginLens__factory.connect(addresses.lens, runner),
    assets: await assetsOf(vault, oracle),
    addresses,
  };
}

/**
 * Opens the first round of each feed that the deployment brought with it, so that prices are there. A feed that has a round
 * is left alone. Says how many it opened.
 */
export async function openOwnFeeds(
  { ethers }: NetworkConnection,
  { assets }: Protocol,
  parameters: DeploymentParameters,
): Promise<number> {
  const [first] = await ethers.getSigners();
  let opened = 0;
  for (const [asset, { feed }] of listingsOf(parameters).entries()) {
    const listed = assets[asset];
    if (typeof feed === "string" || listed === undefined) continue;
    const aggregator = SettableAggregator__factory.connect(listed.feed, first ?? ethers.provider);
    if ((await aggregator.latestRound()) !== 0n) continue;
    const head = await ethers.provider.getBlock("latest");
    await (await aggregator.push(feed.answerE8, head?.timestamp ?? 0)).wait();
    opened += 1;
  }
  return opened;
}

async function assetsOf(vault: CollateralVault, oracle: IPriceOracleAdapter): Promise<readonly ListedAsset[]> {
  const count = Number(await vault.listedCount());
  return await Promise.all(
    Array.from({ length: count }, async (_, asset) => {
      const [token, { feed, tokenDecimals }] = await Promise.all([vault.tokenOf(asset), oracle.feedOf(asset)]);
      // Any ERC-20 answers this part of the interface.
      const symbol = await UsdCoin__factory.connect(token, vault.runner).symbol();
      return { asset, symbol, token: toAddress(token), decimals: Number(tokenDecimals), feed: toAddress(feed) };
    }),
  );
}
