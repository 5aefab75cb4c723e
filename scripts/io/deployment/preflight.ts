/** What must be true before the first transaction is sent, since afterwards it would cost money to find out. */
import type { NetworkConnection } from "hardhat/types/network";
import type { DeploymentParameters, Listing } from "../../core/deployment/parameters.js";
import type { Address } from "../../core/mainnet.js";

import { network } from "hardhat";

import { EACAggregatorProxy__factory, UsdCoin__factory } from "../../../typechain-types/index.js";
import { HOLDERS, listingsOf } from "../../core/deployment/parameters.js";
import { same } from "../../core/deployment/roles.js";
import { deployProtocol } from "../protocol.js";
import { DeploymentError, classifyDeployFailure } from "./failures.js";

/** Nobody governs if the deployer is to hold a role: he gives all of his up at the end. */
export function checkHolders({ roles }: DeploymentParameters, deployer: Address): void {
  const role = HOLDERS.find((name) => same(roles[name], deployer));
  if (role === undefined) return;
  const message = `The deployer ${deployer} keeps nothing: name another address as ${role}.`;
  throw new DeploymentError("DEPLOYER_HOLDS_ROLE", message);
}

/** Tokens and feeds that are there already: are they what the file takes them for? */
export async function checkMarket(connection: NetworkConnection, parameters: DeploymentParameters): Promise<void> {
  for (const listing of listingsOf(parameters)) {
    if (typeof listing.token === "string") await checkToken(connection, listing, listing.token);
    if (typeof listing.feed === "string") await checkFeed(connection, listing, listing.feed);
  }
}

async function checkToken({ ethers }: NetworkConnection, { symbol, decimals }: Listing, token: Address): Promise<void> {
  await requireCode(ethers.provider, token, `token of ${symbol}`);
  const found = await UsdCoin__factory.connect(token, ethers.provider).decimals();
  if (found !== decimals) {
    const message = `The token of ${symbol} at ${token} has ${found} decimals, not ${decimals}.`;
    throw new DeploymentError("WRONG_TOKEN", message);
  }
}

async function checkFeed({ ethers }: NetworkConnection, { symbol, pair }: Listing, feed: Address): Promise<void> {
  await requireCode(ethers.provider, feed, `feed of ${symbol}`);
  const found = await EACAggregatorProxy__factory.connect(feed, ethers.provider).description();
  // Two feeds that are mistaken for each other pass every other check and price one asset as the other.
  if (found !== pair) {
    throw new DeploymentError("WRONG_FEED", `The feed of ${symbol} at ${feed} is for ${found}, not for ${pair}.`);
  }
}

async function requireCode(
  provider: Pick<NetworkConnection["ethers"]["provider"], "getCode">,
  address: Address,
  what: string,
): Promise<void> {
  if ((await provider.getCode(address)) !== "0x") return;
  throw new DeploymentError("NOTHING_THERE", `There is no contract at ${address}, the ${what}.`);
}

/**
 * Deploys all of it to a chain inside this process, with tokens and feeds of our own in the place of the real ones: a
 * parameter outside the contracts' hard bounds is found here, and by the contracts themselves.
 */
export async function rehearse(parameters: DeploymentParameters): Promise<void> {
  const connection = await network.create("default");
  try {
    const { quote, collaterals } = parameters;
    await deployProtocol(connection, {
      ...parameters,
      quote: standIn(quote),
      collaterals: collaterals.map((collateral) => ({ ...collateral, ...standIn(collateral) })),
    });
  } catch (cause) {
    const error = classifyDeployFailure(cause);
    if (!(error instanceof DeploymentError)) throw error;
    throw new DeploymentError("BAD_PARAMETERS", `The contracts refuse these parameters. ${error.message}`, 1, {
      cause,
    });
  } finally {
    await connection.close();
  }
}

/** A listing asks a token for nothing but its decimals. */
function standIn(listing: Listing): Listing {
  const { decimals } = listing;
  const deploy = decimals === 6n ? "UsdCoin" : decimals <= 8n ? "WrappedBitcoin" : "WETH9";
  return { ...listing, token: { deploy }, feed: { deploy: "SettableAggregator", answerE8: 100_000_000n } };
}
