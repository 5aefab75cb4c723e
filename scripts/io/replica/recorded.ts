/**
 * Recorded state on the replica. A recorded contract stands in the place of our own of that address, with its code and the
 * slots that were recorded; a recorded pool is created by the factory, so that it is the one that routers know, and then
 * given its ticks. Nobody owns its positions: its liquidity stays.
 */
import type { Address } from "../../core/mainnet.js";
import type { ForkState, RecordedAccount, RecordedPool } from "../../core/forkState.js";
import type { Rpc } from "../rpc.js";

import { Interface, keccak256 } from "ethers";

import { ForkStateError } from "../../core/forkState.js";
import { MAINNET } from "../../core/mainnet.js";
import { call, send, setCode, setStorageAt, storageAt, toAddress, toQuantity, toWord, unlock } from "../rpc.js";
import { deal } from "../tokens.js";

const FACTORY = new Interface(["function createPool(address, address, uint24) returns (address)"]);
const POOL = new Interface(["function initialize(uint160 sqrtPriceX96)"]);

/** Where Uniswap v3's pool keeps what it has, by its own layout. */
const SLOT = { slot0: 0n, liquidity: 4n, ticks: 5n, tickBitmap: 6n } as const;
/** The last byte of a tick's fourth word says that it is in use. */
const INITIALIZED = 1n << 248n;
const UINT128 = (1n << 128n) - 1n;

/** Puts every account of a dump in its place. */
export async function placeRecorded(rpc: Rpc, accounts: readonly RecordedAccount[]): Promise<void> {
  for (const { address, code, storage, balance, nonce } of accounts) {
    await setCode(rpc, address, code);
    for (const [slot, value] of storage) await setStorageAt(rpc, address, slot, value);
    await rpc.request({ method: "hardhat_setBalance", params: [address, toQuantity(balance)] });
    await rpc.request({ method: "hardhat_setNonce", params: [address, toQuantity(nonce)] });
  }
}

/** Whether a dump has the code of an address. */
export function isRecorded(states: readonly ForkState[], address: Address): boolean {
  return states.some(
    (state) =>
      state.kind === "dump" &&
      state.accounts.some(
        (account) => account.address.toLowerCase() === address.toLowerCase() && account.code !== "0x",
      ),
  );
}

export async function seedRecordedPool(rpc: Rpc, pool: RecordedPool): Promise<void> {
  const provider = await unlock(rpc, "liquidity");
  const { factory } = MAINNET.uniswap;
  const create = FACTORY.encodeFunctionData("createPool", [pool.token0, pool.token1, pool.feePips]);
  const created = toAddress(`0x${(await call(rpc, factory, create)).slice(-40)}`);
  if (created.toLowerCase() !== pool.address.toLowerCase()) {
    const message = `${pool.name}: Uniswap's factory makes ${created} of these tokens and this fee, not ${pool.address}.`;
    throw new ForkStateError(message);
  }
  await send(rpc, { from: provider, to: factory, data: create, gas: 6_000_000n });
  const initialize = POOL.encodeFunctionData("initialize", [pool.sqrtPriceX96]);
  await send(rpc, { from: provider, to: created, data: initialize, gas: 500_000n });
  // {int24} Behind the 160 bits of the root.
  const tick = Number(BigInt.asIntN(24, (await storageAt(rpc, created, SLOT.slot0)) >> 160n));
  if (tick !== pool.tick) throw new ForkStateError(`${pool.name}: its price lies in tick ${tick}, not ${pool.tick}.`);

  await setStorageAt(rpc, created, SLOT.liquidity, pool.liquidity);
  const bitmap = new Map<bigint, bigint>();
  for (const { tick: at, liquidityGross, liquidityNet } of pool.ticks) {
    const slot = slotOf(BigInt(at), SLOT.ticks);
    await setStorageAt(rpc, created, slot, liquidityGross | ((liquidityNet & UINT128) << 128n));
    await setStorageAt(rpc, created, slot + 3n, INITIALIZED);
    const index = BigInt(at / pool.tickSpacing);
    const word = index >> 8n;
    bitmap.set(word, (bitmap.get(word) ?? 0n) | (1n << (index & 255n)));
  }
  for (const [word, bits] of bitmap) await setStorageAt(rpc, created, slotOf(word, SLOT.tickBitmap), bits);
  await deal(rpc, toAddress(pool.token0), created, pool.balance0);
  await deal(rpc, toAddress(pool.token1), created, pool.balance1);
}

/** The slot of a mapping's value under a signed key. */
function slotOf(key: bigint, mapping: bigint): bigint {
  return BigInt(keccak256(`${toWord(BigInt.asUintN(256, key))}${toWord(mapping).slice(2)}`));
}
