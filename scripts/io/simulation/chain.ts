/**
 * A chain under one clock. Left alone, a node in this process dates its blocks by the real time that has passed; here
 * every transaction has the second and the base fee it is given, so that the same run gives the same bytes.
 */
import type { Rpc } from "../rpc.js";

import { z } from "zod";

import { Hex, send, setNextTimestamp, toQuantity } from "../rpc.js";

/** {wei/gas} What blocks cost in a restless week; the keeper's pay and the liquidators' sums follow it. */
const BASE_FEE = 20_000_000_000n;

const Receipt = z.object({
  gasUsed: Hex.transform((hex) => BigInt(hex)),
  blockNumber: Hex.transform((hex) => BigInt(hex)),
  logs: z.array(z.object({ address: Hex, topics: z.array(Hex), data: Hex })),
});

export type Receipt = z.infer<typeof Receipt>;

export interface Order {
  readonly from: string;
  readonly to: string;
  readonly data: string;
  readonly gas: bigint;
}

export class ClockedChain implements Rpc {
  #last: bigint;
  #next: bigint;
  #queue: Promise<unknown> = Promise.resolve();

  /**
   * @param start {s} Later than the chain's last block.
   * @param baseFee {wei/gas} Of the next blocks, until it is changed.
   */
  constructor(
    readonly rpc: Rpc,
    start: bigint,
    public baseFee = BASE_FEE,
  ) {
    this.#last = start;
    this.#next = start;
  }

  /** {s} Of the last block. */
  get now(): bigint {
    return this.#last;
  }

  /** {s} Of the next block. */
  get next(): bigint {
    return this.#next > this.#last ? this.#next : this.#last + 1n;
  }

  /** Returns what sets the clock back to now, for after a snapshot's return. */
  bookmark(): () => void {
    const [last, next] = [this.#last, this.#next];
    return () => {
      this.#last = last;
      this.#next = next;
    };
  }

  /** Lets time pass to `timestamp`: the next block has it, or the first second that is still free. */
  advanceTo(timestamp: bigint): void {
    if (timestamp > this.#next) this.#next = timestamp;
  }

  async request(args: { readonly method: string; readonly params?: readonly unknown[] }): Promise<unknown> {
    if (args.method !== "eth_sendTransaction") return await this.rpc.request(args);
    // With its price given, a node need not look for one.
    const params = (args.params ?? []).map((order) =>
      typeof order === "object" ? { gasPrice: toQuantity(this.baseFee), ...order } : order,
    );
    return await this.#inTurn(async () => {
      await this.#prepareBlock();
      return await this.rpc.request({ ...args, params });
    });
  }

  /** An empty block, so that readings see the time that has passed. */
  async mine(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#prepareBlock();
      await this.rpc.request({ method: "hardhat_mine", params: [] });
    });
  }

  /** One block at a time: the second it is given must be its own, whoever else sends meanwhile. */
  async #inTurn<T>(body: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(body);
    this.#queue = turn.catch(() => undefined);
    return await turn;
  }

  async #prepareBlock(): Promise<void> {
    this.#last = this.next;
    this.#next = this.#last;
    await Promise.all([
      setNextTimestamp(this.rpc, this.#last),
      this.rpc.request({ method: "hardhat_setNextBlockBaseFeePerGas", params: [toQuantity(this.baseFee)] }),
    ]);
  }

  /** Sends, and says what it cost and logged. */
  async transact({ from, to, data, gas }: Order): Promise<Receipt> {
    const hash = await send(this, { from, to, data, gas });
    return Receipt.parse(await this.rpc.request({ method: "eth_getTransactionReceipt", params: [hash] }));
  }

  /** Sends what may fail; null when it did. */
  async attempt(order: Order): Promise<Receipt | null> {
    try {
      return await this.transact(order);
    } catch (error) {
      if (isRevert(error)) return null;
      throw error;
    }
  }

  /** Whether the order would go through now. */
  async accepts({ from, to, data, gas }: Order): Promise<boolean> {
    try {
      await this.rpc.request({ method: "eth_call", params: [{ from, to, data, gas: toQuantity(gas) }, "latest"] });
      return true;
    } catch (error) {
      if (isRevert(error)) return false;
      throw error;
    }
  }

  async snapshot(): Promise<unknown> {
    return await this.rpc.request({ method: "evm_snapshot", params: [] });
  }

  async revert(id: unknown): Promise<void> {
    await this.rpc.request({ method: "evm_revert", params: [id] });
  }
}

const Reverted = z.object({ code: z.union([z.literal(3), z.literal("CALL_EXCEPTION")]) });

/** The code of JSON-RPC for an execution that reverted, or ethers' name for it. */
export function isRevert(error: unknown): boolean {
  return Reverted.safeParse(error).success;
}
