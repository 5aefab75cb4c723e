/**
 * What the protocol stands on: the tokens and feeds of the chain, or on test networks worthless ones of our own. Everything
 * after this file sees addresses and no difference.
 */
import type {
  Artifact,
  ContractDeploymentFuture,
  IgnitionModuleBuilder,
  NamedArtifactContractDeploymentFuture,
} from "@nomicfoundation/ignition-core";
import type { DeploymentParameters, Listing } from "../scripts/core/deployment/parameters.js";
import type { Address } from "../scripts/core/mainnet.js";

import { createRequire } from "node:module";

import { z } from "zod";

/** A contract to come, or an address that is there. */
export type Place = Address | NamedArtifactContractDeploymentFuture<string> | ContractDeploymentFuture;

export interface Listed extends Listing {
  readonly asset: bigint;
  readonly tokenPlace: Place;
  readonly feedPlace: Place;
}

const FEED_DECIMALS = 8n;

const NO_TOKEN: Address = "0x0000000000000000000000000000000000000000";

export interface PlacedMarket {
  readonly quote: Listed;
  readonly collaterals: readonly Listed[];
  /** The token that wraps the chain's own coin; the zero address where none is named. */
  readonly wrappedNative: Place;
}

export function placeMarket(
  m: IgnitionModuleBuilder,
  { quote, collaterals, wrappedNative }: DeploymentParameters,
): PlacedMarket {
  const place = (listing: Listing, asset: number): Listed => ({
    ...listing,
    asset: BigInt(asset),
    tokenPlace: placeToken(m, listing),
    feedPlace: placeFeed(m, listing),
  });
  const listed = collaterals.map((listing, index) => place(listing, index + 1));
  const wrapped = listed.find(({ symbol }) => symbol === wrappedNative);
  return { quote: place(quote, 0), collaterals: listed, wrappedNative: wrapped?.tokenPlace ?? NO_TOKEN };
}

function placeToken(m: IgnitionModuleBuilder, { token, symbol }: Listing): Place {
  if (typeof token === "string") return token;
  const id = `token_${symbol}`;
  return token.deploy === "WETH9" ? deployWeth(m, id) : m.contract(token.deploy, [], { id });
}

function placeFeed(m: IgnitionModuleBuilder, { feed, pair, symbol }: Listing): Place {
  if (typeof feed === "string") return feed;
  // The first round is pushed after the deployment: its time must be the chain's, and a module's arguments never change.
  return m.contract(feed.deploy, [pair, FEED_DECIMALS, 0n], { id: `feed_${symbol}` });
}

/** The wrapped ether that mainnet has, from its authors' own package: it needs a compiler that this project does not. */
function deployWeth(m: IgnitionModuleBuilder, id: string): ContractDeploymentFuture {
  return m.contract("WETH9", wethArtifact(), [], { id });
}

const Published = z.object({
  contractName: z.string(),
  abi: z.array(z.record(z.unknown())),
  bytecode: z.string(),
  deployedBytecode: z.string(),
});

function wethArtifact(): Artifact {
  const published: unknown = createRequire(import.meta.url)("canonical-weth/build/contracts/WETH9.json");
  const { contractName, abi, bytecode, deployedBytecode } = Published.parse(published);
  return {
    _format: "hh3-artifact-1",
    contractName,
    sourceName: "canonical-weth/contracts/WETH9.sol",
    abi,
    bytecode,
    deployedBytecode,
    linkReferences: {},
    deployedLinkReferences: {},
  };
}
