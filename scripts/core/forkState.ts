/**
 * Recorded pieces of mainnet's state, for the replica to take over: a dump of accounts (code, storage, balance, nonce), or a
 * Uniswap v3 pool with all of its ticks. What a file is, its own fields tell.
 */
import type { Address } from "./mainnet.js";

import { z } from "zod";

import { ToolError } from "./errors.js";
import { MAINNET } from "./mainnet.js";

export interface RecordedAccount {
  readonly address: Address;
  /** What the file calls it; its address where it gives no name. */
  readonly name: string;
  readonly nonce: bigint;
  readonly balance: bigint;
  readonly code: string;
  /** The slots that were recorded, which need not be all. */
  readonly storage: readonly (readonly [slot: bigint, value: bigint])[];
}

export interface RecordedTick {
  readonly tick: number;
  readonly liquidityGross: bigint;
  readonly liquidityNet: bigint;
}

export interface RecordedPool {
  readonly address: Address;
  readonly name: string;
  readonly token0: Address;
  readonly token1: Address;
  readonly feePips: bigint;
  readonly tickSpacing: number;
  readonly sqrtPriceX96: bigint;
  readonly tick: number;
  readonly liquidity: bigint;
  readonly ticks: readonly RecordedTick[];
  readonly balance0: bigint;
  readonly balance1: bigint;
}

export type ForkState =
  | {
      readonly kind: "dump";
      readonly file: string;
      readonly block: bigint;
      readonly accounts: readonly RecordedAccount[];
    }
  | { readonly kind: "pool"; readonly file: string; readonly block: bigint; readonly pool: RecordedPool };

export class ForkStateError extends ToolError {
  override readonly name = "ForkStateError";

  constructor(message: string, options?: ErrorOptions) {
    super("FORK_STATE", message, 1, options);
  }
}

const AddressText = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "must be an address")
  .transform((text): Address => `0x${text.slice(2)}`);
const Bytes = z.string().regex(/^0x([0-9a-fA-F]{2})*$/, "must be bytes in hex");
const Word = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/, "must be a word in hex")
  .transform((text) => BigInt(text));
const Whole = z.number().int("must be a whole number");
/** JSON's own numbers are floats: what is larger is kept as its digits by {@link parseExactly}. */
const Digits = z.union(
  [
    Whole.safe().transform(BigInt),
    z
      .string()
      .regex(/^-?\d+$/)
      .transform((text) => BigInt(text)),
  ],
  {
    errorMap: () => ({ message: "must be a whole number" }),
  },
);

const Account = z.object({
  _name: z.string().optional(),
  nonce: Whole.nonnegative().default(0),
  balance: Word.default("0x0"),
  code: Bytes,
  storage: z.record(z.string().regex(/^0x[0-9a-fA-F]{1,64}$/, "must be a slot in hex"), Word).default({}),
});

const Dump = z.object({
  block: z.object({ number: Whole.nonnegative() }),
  accounts: z.record(z.string().regex(/^0x[0-9a-fA-F]{40}$/, "must be an address"), Account),
});

const Pool = z.object({
  block: Whole.nonnegative(),
  pool: AddressText,
  name: z.string().min(1),
  scalars: z.object({
    fee: Digits,
    tick_spacing: Whole.positive(),
    sqrt_price_x96: Digits,
    tick: Whole,
    liquidity: Digits,
  }),
  tick_data: z.record(z.string().regex(/^-?\d+$/, "must be a tick"), z.array(Digits).min(2)),
  balance_token0: Digits,
  balance_token1: Digits,
  token0: z.object({ address: AddressText }),
  token1: z.object({ address: AddressText }),
});

/**
 * Which of the accounts something here uses: those that stand at an address of mainnet that is known, and whatever these
 * name in their storage (a proxy its implementation, a price proxy its aggregator).
 */
function usedOf(accounts: readonly RecordedAccount[], known: readonly Address[]): readonly RecordedAccount[] {
  const used = new Set(known.map((address) => address.toLowerCase()));
  const holds = ({ storage }: RecordedAccount, address: string): boolean =>
    storage.some(([, value]) => value.toString(16).padStart(64, "0").includes(address.slice(2).toLowerCase()));
  for (let before = -1; before !== used.size;) {
    before = used.size;
    for (const holder of accounts.filter(({ address }) => used.has(address.toLowerCase()))) {
      for (const { address } of accounts) if (holds(holder, address)) used.add(address.toLowerCase());
    }
  }
  return accounts.filter(({ address }) => used.has(address.toLowerCase()));
}

/** What a simulation takes of a recorded state, in a sentence for its report. */
export function noteOf(state: ForkState): string {
  const head = `Fork state: ${state.file}, block ${state.block}: `;
  if (state.kind === "pool") {
    const { name, ticks } = state.pool;
    return `${head}${name} with ${ticks.length} ticks, ${POOL_USES[useOf(state.pool)]}`;
  }
  const known = [...Object.values(MAINNET.tokens).map(({ address }) => address), ...Object.values(MAINNET.feeds)];
  const used = usedOf(state.accounts, known);
  const unused = state.accounts.filter((account) => !used.includes(account));
  const names = (some: readonly RecordedAccount[]): string => some.map(({ name }) => name).join(", ");
  const taken =
    used.length === 0
      ? "nothing that a simulation uses"
      : `code and recorded storage of ${names(used)}, in the place of our own; balances are written into that storage`;
  return `${head}${taken}${unused.length === 0 ? "" : `; set, and used by nothing here: ${names(unused)}`}`;
}

type PoolUse = "venue" | "cross" | "none";

const POOL_USES: Readonly<Record<PoolUse, string>> = {
  venue: "in the place of the replica's own pool",
  cross: "through which BTC is sold, by way of WETH, where that pays more",
  none: "through which nothing here is sold",
};

/** A pool of the venue, the one between its two assets, or one that no sale goes through. */
export function useOf({ address }: Pick<RecordedPool, "address">): PoolUse {
  const is = (other: Address): boolean => other.toLowerCase() === address.toLowerCase();
  if (is(MAINNET.crossPool.address)) return "cross";
  return Object.values(MAINNET.pools).some((pool) => is(pool.address)) ? "venue" : "none";
}

/** Reads a file of recorded state. `name` is what errors and reports call it. */
export function parseForkState(text: string, name: string): ForkState {
  const content = parseJson(text, name);
  if ("accounts" in content) return dumpOf(content, name);
  if ("pool_manager" in content || "pool_id" in content) {
    throw new ForkStateError(
      `${name}: this is a pool of Uniswap v4, and the replica has v3 only; give a v3 pool's ticks.`,
    );
  }
  if ("tick_data" in content) return poolOf(content, name);
  const forms = "a dump has accounts, a v3 pool tick_data";
  throw new ForkStateError(`${name}: this is neither a dump of accounts nor a pool (${forms}); give one of the two.`);
}

function parseJson(text: string, name: string): object {
  let content: unknown;
  try {
    content = parseExactly(text);
  } catch (cause) {
    throw new ForkStateError(`${name}: this is not JSON; give the recorded state as it was saved.`, { cause });
  }
  if (typeof content === "object" && content !== null) return content;
  throw new ForkStateError(`${name}: this is no JSON object; give the recorded state as it was saved.`);
}

/** Numbers of 16 digits and more become strings, before a float could round them. None stands inside a string of its own. */
function parseExactly(text: string): unknown {
  return JSON.parse(text.replace(/(?<=[:[,]\s*)-?\d{16,}(?=\s*[,\]}])/g, '"$&"'));
}

function dumpOf(content: object, file: string): ForkState {
  const parsed = Dump.safeParse(content);
  if (!parsed.success) throw new ForkStateError(faultOf(parsed.error, file));
  const { accounts, block } = parsed.data;
  const recorded = Object.entries(accounts).map(([key, account]): RecordedAccount => {
    const { nonce, balance, code, storage, _name } = account;
    const words = Object.entries(storage).map(([slot, value]) => [BigInt(slot), value] as const);
    const address: Address = `0x${key.slice(2)}`;
    return { address, name: _name ?? key, nonce: BigInt(nonce), balance, code, storage: words };
  });
  if (recorded.length === 0) throw new ForkStateError(`${file}: it holds no account; give a dump that does.`);
  return { kind: "dump", file, block: BigInt(block.number), accounts: recorded };
}

function poolOf(content: object, file: string): ForkState {
  const parsed = Pool.safeParse(content);
  if (!parsed.success) throw new ForkStateError(faultOf(parsed.error, file));
  const { pool, name, scalars, tick_data, balance_token0, balance_token1, token0, token1, block } = parsed.data;
  const ticks = Object.entries(tick_data).map(([tick, [liquidityGross = 0n, liquidityNet = 0n]]): RecordedTick => ({
    tick: Number(tick),
    liquidityGross,
    liquidityNet,
  }));
  const recorded: RecordedPool = {
    address: pool,
    name,
    token0: token0.address,
    token1: token1.address,
    feePips: scalars.fee,
    tickSpacing: scalars.tick_spacing,
    sqrtPriceX96: scalars.sqrt_price_x96,
    tick: scalars.tick,
    liquidity: scalars.liquidity,
    ticks,
    balance0: balance_token0,
    balance1: balance_token1,
  };
  const fault = contradictionOf(recorded);
  if (fault !== null) throw new ForkStateError(`${file}: ${fault}; give all ticks of one block.`);
  return { kind: "pool", file, block: BigInt(block), pool: recorded };
}

/** A pool whose ticks do not add up would trade at prices that nobody ever saw. */
function contradictionOf({ ticks, tick, tickSpacing, liquidity }: RecordedPool): string | null {
  const off = ticks.find((one) => one.tick % tickSpacing !== 0);
  if (off !== undefined) return `tick ${off.tick} is no multiple of the spacing ${tickSpacing}`;
  const sum = (some: readonly RecordedTick[]): bigint => some.reduce((total, one) => total + one.liquidityNet, 0n);
  if (sum(ticks) !== 0n) return "the ticks' net liquidity does not sum to zero";
  const active = sum(ticks.filter((one) => one.tick <= tick));
  return active === liquidity ? null : `the ticks up to ${tick} sum to ${active}, and the liquidity is ${liquidity}`;
}

function faultOf(error: z.ZodError, file: string): string {
  const [issue] = error.issues;
  const place = issue?.path.join(".") ?? "";
  const why = issue?.message === "Required" ? "is missing" : (issue?.message ?? "is wrong");
  return `${file}: ${place} ${why}; give the recorded state as it was saved.`;
}
