/**
 * The few JSON-RPC calls the market is made of, straight to the node: a transaction here takes a third of the time it
 * takes through ethers, which looks up fees, polls for receipts and caches block numbers.
 */
import type { Address } from "../core/mainnet.js";

import { BaseWallet, SigningKey, dataSlice, getAddress, id } from "ethers";
import { z } from "zod";

/** Anything that answers JSON-RPC: a Hardhat connection's provider, or `httpRpc`. */
export interface Rpc {
  request(args: { readonly method: string; readonly params?: readonly unknown[] }): Promise<unknown>;
}

export const Hex = z.string().regex(/^0x[0-9a-fA-F]*$/, "expected hex");
const Quantity = Hex.transform((hex) => BigInt(hex));
const Header = z.object({ number: Quantity, timestamp: Quantity });
const Receipt = z.object({
  contractAddress: Hex.nullish(),
  logs: z.array(z.object({ address: Hex, topics: z.array(Hex), data: Hex })),
});

export type BlockHeader = z.infer<typeof Header>;
export type TransactionReceipt = z.infer<typeof Receipt>;

/** What `send` sends. Gas is explicit: an estimate would execute every transaction twice. */
export interface Transaction {
  readonly from: string;
  readonly to?: string;
  readonly data: string;
  readonly gas: bigint;
  readonly value?: bigint;
}

export function toQuantity(value: bigint): string {
  return `0x${value.toString(16)}`;
}

export function toWord(value: bigint): string {
  return `0x${value.toString(16).padStart(64, "0")}`;
}

export async function call(rpc: Rpc, to: string, data: string, overrides?: object): Promise<string> {
  const params: unknown[] = [{ to, data }, "latest"];
  if (overrides !== undefined) params.push(overrides);
  return Hex.parse(await rpc.request({ method: "eth_call", params }));
}

/** The runtime code that creation code returns, immutables filled in. */
export async function runtimeOf(rpc: Rpc, creationCode: string): Promise<string> {
  return Hex.parse(await rpc.request({ method: "eth_call", params: [{ data: creationCode }, "latest"] }));
}

/**
 * Sends from an unlocked account and returns the hash. With automine the transaction is mined when this returns, and
 * one that reverts throws: no receipt is needed to know that it worked.
 */
export async function send(rpc: Rpc, { gas, value, ...rest }: Transaction): Promise<string> {
  const request = { ...rest, gas: toQuantity(gas), ...(value === undefined ? {} : { value: toQuantity(value) }) };
  return Hex.parse(await rpc.request({ method: "eth_sendTransaction", params: [request] }));
}

export async function receiptOf(rpc: Rpc, hash: string): Promise<TransactionReceipt> {
  return Receipt.parse(await rpc.request({ method: "eth_getTransactionReceipt", params: [hash] }));
}

export async function header(rpc: Rpc, block: bigint | "latest" = "latest"): Promise<BlockHeader | null> {
  const tag = block === "latest" ? block : toQuantity(block);
  return Header.nullable().parse(await rpc.request({ method: "eth_getBlockByNumber", params: [tag, false] }));
}

export async function codeAt(rpc: Rpc, address: string, block: bigint | "latest" = "latest"): Promise<string> {
  const tag = block === "latest" ? block : toQuantity(block);
  return Hex.parse(await rpc.request({ method: "eth_getCode", params: [address, tag] }));
}

export async function storageAt(rpc: Rpc, address: string, slot: bigint): Promise<bigint> {
  return Quantity.parse(await rpc.request({ method: "eth_getStorageAt", params: [address, toWord(slot), "latest"] }));
}

export async function setStorageAt(rpc: Rpc, address: string, slot: bigint, value: bigint): Promise<void> {
  await rpc.request({ method: "hardhat_setStorageAt", params: [address, toQuantity(slot), toWord(value)] });
}

export async function setCode(rpc: Rpc, address: string, code: string): Promise<void> {
  await rpc.request({ method: "hardhat_setCode", params: [address, code] });
}

/** Mines `blocks` of them, the first at `timestamp`, the others `blockSeconds` apart. */
export async function mineFrom(rpc: Rpc, timestamp: bigint, blocks: bigint, blockSeconds: bigint): Promise<void> {
  await setNextTimestamp(rpc, timestamp);
  await mine(rpc, blocks, blockSeconds);
}

/** Any number of empty blocks costs the same: a node makes one of them only when it is asked for. */
export async function mine(rpc: Rpc, blocks: bigint, blockSeconds: bigint): Promise<void> {
  await rpc.request({ method: "hardhat_mine", params: [toQuantity(blocks), toQuantity(blockSeconds)] });
}

export async function setNextTimestamp(rpc: Rpc, timestamp: bigint): Promise<void> {
  await rpc.request({ method: "evm_setNextBlockTimestamp", params: [toQuantity(timestamp)] });
}

/**
 * An account of the given role that the node signs for, with ether for any amount of gas.
 *
 * Its address comes from a hash of the role, because on real mainnet the well-known test accounts carry delegations that
 * sweep whatever arrives, and code at a sender's address changes how tokens treat it.
 */
export async function unlock(rpc: Rpc, role: string): Promise<Address> {
  return await unlockAt(rpc, toAddress(dataSlice(id(`ballast.${role}`), 12)));
}

/** The same for one whose key is known here, because he signs more than transactions. */
export async function unlockWallet(rpc: Rpc, role: string): Promise<BaseWallet> {
  const wallet = new BaseWallet(new SigningKey(id(`ballast.${role}`)));
  await unlockAt(rpc, toAddress(wallet.address));
  return wallet;
}

async function unlockAt(rpc: Rpc, address: Address): Promise<Address> {
  await rpc.request({ method: "hardhat_impersonateAccount", params: [address] });
  await rpc.request({ method: "hardhat_setBalance", params: [address, toQuantity(10n ** 27n)] });
  return address;
}

export function toAddress(text: string): Address {
  return `0x${getAddress(text).slice(2)}`;
}
