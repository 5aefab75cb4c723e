/** Gives any holder any balance of a token, by writing where the token keeps it. */
import type { Address } from "../core/mainnet.js";
import type { Rpc } from "./rpc.js";

import { AbiCoder, Interface, keccak256 } from "ethers";
import { z } from "zod";

import { EXIT, ToolError } from "../core/errors.js";
import { call, setStorageAt, storageAt, toWord } from "./rpc.js";

const ERC20 = new Interface([
  "function balanceOf(address) view returns (uint256)",
  "function transfer(address, uint256) returns (bool)",
  "function approve(address, uint256) returns (bool)",
]);

/** Where the mapping of balances may start: a low slot, or OpenZeppelin's namespace for upgradeable tokens. */
const MAPPING_SLOTS: readonly bigint[] = [
  ...Array.from({ length: 256 }, (_, slot) => BigInt(slot)),
  0x52c63247e1f47db19d5ce0460030c497f067ca4cebf71ba98eeadabe20bace00n,
];

/** The code of JSON-RPC for an execution that reverted. */
const Reverted = z.object({ code: z.literal(3) });

type Layout = { readonly mappingSlot: bigint; readonly keyFirst: boolean };

/** Found layouts by node and token; a node's tokens do not move their balances. */
const layouts = new WeakMap<Rpc, Map<string, Layout>>();

export class BalanceSlotNotFoundError extends ToolError {
  override readonly name = "BalanceSlotNotFoundError";

  constructor(message: string, options?: ErrorOptions) {
    super("BALANCE_SLOT_NOT_FOUND", message, EXIT.FAILED, options);
  }
}

export async function balanceOf(rpc: Rpc, token: Address, holder: string): Promise<bigint> {
  return BigInt(await call(rpc, token, ERC20.encodeFunctionData("balanceOf", [holder])));
}

export function encodeApprove(spender: string, amount: bigint): string {
  return ERC20.encodeFunctionData("approve", [spender, amount]);
}

/**
 * Sets `holder`'s balance of `token` to exactly `amount`. The total supply stays what it was, and so does the ether
 * behind WETH: nobody may unwrap more than others have wrapped.
 */
export async function deal(rpc: Rpc, token: Address, holder: string, amount: bigint): Promise<void> {
  const slot = balanceSlot(await layoutOf(rpc, token), holder);
  const [word, before] = await Promise.all([storageAt(rpc, token, slot), balanceOf(rpc, token, holder)]);
  // USDC keeps the blacklist in the top bit of the same word: what is not balance must stay.
  await setStorageAt(rpc, token, slot, word - before + amount);

  const after = await balanceOf(rpc, token, holder);
  if (after !== amount) {
    await setStorageAt(rpc, token, slot, word);
    throw new BalanceSlotNotFoundError(`${token} reports a balance of ${after} where ${amount} was written.`);
  }
}

async function layoutOf(rpc: Rpc, token: Address): Promise<Layout> {
  let known = layouts.get(rpc);
  if (known === undefined) layouts.set(rpc, (known = new Map<string, Layout>()));
  let layout = known.get(token.toLowerCase());
  if (layout === undefined) known.set(token.toLowerCase(), (layout = await findLayout(rpc, token)));
  return layout;
}

/**
 * One call finds the slot: every candidate is overridden with a number of its own, for that call only, and the balance
 * that comes back names the candidate that the token read.
 */
async function findLayout(rpc: Rpc, token: Address): Promise<Layout> {
  const holder = "0x00000000000000000000000000000000ba11a570";
  // Solidity hashes key and slot, Vyper slot and key.
  const candidates = MAPPING_SLOTS.flatMap((mappingSlot) => [
    { mappingSlot, keyFirst: true },
    { mappingSlot, keyFirst: false },
  ]);
  const marker = (index: number): bigint => 0xba11a570000n + BigInt(index);
  const stateDiff = Object.fromEntries(
    candidates.map((layout, index) => [toWord(balanceSlot(layout, holder)), toWord(marker(index))]),
  );
  const data = ERC20.encodeFunctionData("balanceOf", [holder]);
  const answer = await call(rpc, token, data, { [token]: { stateDiff } }).catch((cause: unknown) => {
    if (!Reverted.safeParse(cause).success) throw cause;
    throw new BalanceSlotNotFoundError(`${token} is no token: it does not answer balanceOf.`, { cause });
  });

  const layout = candidates.find((_, index) => answer === toWord(marker(index)));
  if (layout === undefined) {
    throw new BalanceSlotNotFoundError(
      `${token} keeps its balances in no slot that is known to tokens of one mapping.`,
    );
  }
  return layout;
}

function balanceSlot({ mappingSlot, keyFirst }: Layout, holder: string): bigint {
  const coder = AbiCoder.defaultAbiCoder();
  return BigInt(
    keccak256(
      keyFirst
        ? coder.encode(["address", "uint256"], [holder, mappingSlot])
        : coder.encode(["uint256", "address"], [mappingSlot, holder]),
    ),
  );
}
