/** Where orders are signed and brought: a deployment, found by its record, read at one block. */
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { ContractTransactionReceipt, TransactionReceipt } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import type { DeskOptions } from "../../core/trade/options.js";
import type { ListedAsset, Protocol } from "../protocol.js";

import { network } from "hardhat";
import { z } from "zod";

import { EXIT } from "../../core/errors.js";
import { toPerpetual, underlyingNumber } from "../../core/instrument.js";
import { accountsOf } from "../deployment/accounts.js";
import { readerAt } from "../deployment/reading.js";
import { addressesInRecord, readRecord } from "../deployment/recordFile.js";
import { attachProtocol } from "../protocol.js";
import { Hex } from "../rpc.js";
import { TradeError } from "./failures.js";
import { refusalIn } from "./refusals.js";

/** A transaction that is not mined by then is left to be looked for. */
const PATIENCE_MS = 180_000;

const Pending = z.object({ timestamp: Hex });

export interface Desk {
  readonly network: string;
  readonly connection: NetworkConnection;
  readonly chainId: number;
  /** At which the protocol is read. */
  readonly block: number;
  /** {s} The time that the next transaction will find, as near as the node tells. */
  readonly now: bigint;
  readonly protocol: Protocol;
  readonly quote: ListedAsset;
}

/** Opens it, does the work, and closes the connection. `signs`: whether the network's key is needed. */
export async function atDesk<T>(options: DeskOptions, signs: boolean, work: (desk: Desk) => Promise<T>): Promise<T> {
  const record = await readRecord(options);
  const addresses = addressesInRecord(record, options.id);
  const connection = await network.create({
    network: options.network,
    override: {
      ...(signs ? {} : { accounts: "remote" }),
      ...(options.rpc === undefined ? {} : { url: options.rpc }),
    },
  });
  try {
    const { provider } = connection.ethers;
    // A key that is none fails whatever is asked first: here it is named.
    if (signs) await accountsOf(connection, options.network);
    const chainId = Number(await connection.provider.request({ method: "eth_chainId" }));
    if (chainId !== record.chainId) {
      const message = `The deployment ${options.id} was made on chain ${record.chainId}; the node is on chain ${chainId}.`;
      throw new TradeError("OTHER_CHAIN", message);
    }
    const latest = await provider.getBlock("latest");
    if (latest === null)
      throw new TradeError("NO_BLOCK", "The node has no latest block: it is not in sync.", EXIT.RETRY);
    if ((await provider.getCode(addresses.exchange, latest.number)) === "0x") {
      const message = `Nothing of the deployment ${options.id} is on this chain: the node was restarted since, or is another.`;
      throw new TradeError("NOTHING_THERE", message);
    }
    const protocol = await attachProtocol(connection, addresses, readerAt(provider, latest.number));
    const [quote] = protocol.assets;
    if (quote === undefined) throw new TypeError("A deployment without a quote token");
    const now = options.network === "localhost" ? await nextTimestamp(connection) : BigInt(latest.timestamp);
    return await work({ network: options.network, connection, chainId, block: latest.number, now, protocol, quote });
  } finally {
    await connection.close();
  }
}

/** {s} A development node mines only when it is asked to, and its last block may be of yesterday. */
async function nextTimestamp({ provider }: NetworkConnection): Promise<bigint> {
  const pending: unknown = await provider.request({ method: "eth_getBlockByNumber", params: ["pending", false] });
  return BigInt(Pending.parse(pending).timestamp);
}

/** Who signs and sends: the node's account of that number, or the network's only key. */
export async function signerAt({ connection, network: name }: Desk, as: number): Promise<HardhatEthersSigner> {
  const accounts = await accountsOf(connection, name);
  const address = accounts[as];
  if (address === undefined) {
    const range = accounts.length === 0 ? "it signs for none" : `--as goes from 0 to ${accounts.length - 1}`;
    throw new TradeError("NO_ACCOUNT", `The node of ${name} has no account ${as}: ${range}.`);
  }
  return await connection.ethers.getSigner(address);
}

/** A listed perpetual. */
export interface Instrument {
  readonly id: bigint;
  readonly asset: number;
  readonly symbol: string;
}

/** The perpetual on an underlying, by its symbol. */
export async function instrumentNamed(desk: Desk, name: string): Promise<Instrument> {
  const listed = await instrumentsOf(desk);
  const found = listed.find(({ symbol }) => symbol.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  const known = listed.length === 0 ? "none is listed" : `listed are ${listed.map(({ symbol }) => symbol).join(", ")}`;
  throw new TradeError("UNKNOWN_INSTRUMENT", `There is no perpetual on "${name}": ${known}.`);
}

/** The perpetual that an order names. */
export async function instrumentOf(desk: Desk, id: bigint, file: string): Promise<Instrument> {
  const found = (await instrumentsOf(desk)).find((listed) => listed.id === id);
  if (found !== undefined) return found;
  throw new TradeError("UNKNOWN_INSTRUMENT", `${file} is for instrument ${id}, which is not listed.`);
}

async function instrumentsOf({ protocol }: Desk): Promise<readonly Instrument[]> {
  const found = await Promise.all(
    protocol.assets.slice(1).map(async ({ asset, symbol }): Promise<readonly Instrument[]> => {
      const id = toPerpetual(BigInt(asset));
      try {
        await protocol.marginAccount.perpetualOf(id);
        return [{ id, asset: Number(underlyingNumber(id)), symbol }];
      } catch (error) {
        if (refusalIn(error)?.name === "MarginAccount_UnknownInstrument") return [];
        throw error;
      }
    }),
  );
  return found.flat();
}

/** Waits until it is mined, and says so when it was for nothing. */
export async function mined(
  { connection }: Desk,
  { hash }: { readonly hash: string },
): Promise<ContractTransactionReceipt | TransactionReceipt> {
  const receipt = await connection.ethers.provider.waitForTransaction(hash, 1, PATIENCE_MS);
  if (receipt === null) {
    const message = `Transaction ${hash} is not mined yet: look for it before trying again.`;
    throw new TradeError("NOT_MINED", message, EXIT.RETRY);
  }
  if (receipt.status !== 1) {
    const message = `Transaction ${hash} was mined and undone: something changed since it was tried; run this again.`;
    throw new TradeError("REVERTED", message, EXIT.RETRY);
  }
  return receipt;
}
