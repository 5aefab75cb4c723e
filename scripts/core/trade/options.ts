/** The command line of `npm run trade`: strings in, checked options out, one sentence for each mistake. */
import type { ParseArgsOptionsConfig } from "node:util";

import { z } from "zod";

import { FilePath, NodeAddress, checkedValues, oneOf, readArguments, refuse, wholeNumber } from "../commandLine.js";
import { DeploymentName } from "../deployment/options.js";
import { VERIFIED_NETWORKS, type VerifiedNetwork } from "../deployment/verifyOptions.js";
import { UsageError } from "../errors.js";
import { parseDecimalE18 } from "./decimal.js";

export const TRADE_HELP = `Usage: npm run trade -- <sign|fill|cancel|show> --network NETWORK [options]

Trades perpetuals without an order book: each side signs an order into a file, and whoever has two that cross brings
them to the exchange. An order costs nothing and moves nothing until it is filled; a fill is at the maker's price.
An account needs margin first: deposit(account, token, amount) of the margin account, as the README says.

Actions
  sign    signs an order for an account of one's own, and prints it as JSON or writes it to a file
  fill    checks two orders against the chain, tries the fill, sends it, and shows what it came to
  cancel  cancels an order by its nonce, as the account's owner
  show    says what is left of an order, until when, its price and the price now; needs no key

Networks
  localhost  a development node (npx hardhat node); signs with its account number --as
  sepolia    the test network; signs with SEPOLIA_PRIVATE_KEY, and asks --rpc or SEPOLIA_RPC_URL, from the environment
             or the keystore (npx hardhat keystore set SEPOLIA_PRIVATE_KEY)

Options of every action
  --network NETWORK    where the deployment is
  --rpc URL            the node, if not http://127.0.0.1:8545 or SEPOLIA_RPC_URL
  --id NAME            name of the deployment (default NETWORK): its record is deploy/deployments/NAME.json
  --json               print the outcome as JSON on stdout, errors as JSON on stderr
  --help               print this text

Options of sign
  --instrument SYMBOL  the perpetual, by its underlying: WETH
  --size SIZE          how much of the underlying, such as 1.5; below zero it sells
  --buy, --sell        which side, where --size has no sign (default: buy)
  --price PRICE        in the quote token a unit: a buyer pays at most, a seller gets at least this
  --expires MINUTES    from now (default 60, at most a year)
  --reduce-only        fills may only make the position smaller
  --index N            the owner's account, by its number (default 0); of cancel too
  --nonce N            any number not used before (default: a random one)
  --out FILE           write the order there; an existing file is left alone

Options of fill
  --maker FILE         the order that was there first, at whose price the fill is
  --taker FILE         the order that crosses it
  --size SIZE          how much (default: all that is left of the smaller one)

Options of cancel and show
  --nonce N            cancel: the order's nonce
  --order FILE         show: the order

Option of sign, fill and cancel
  --as N               localhost: who signs or sends, by the number of the node's account (default 0)

Examples
  npm run trade -- sign --network localhost --as 5 --instrument WETH --size 1.5 --sell --price 2500 --out maker.json
  npm run trade -- sign --network localhost --as 6 --instrument WETH --size 1.5 --price 2500 --out taker.json
  npm run trade -- fill --network localhost --maker maker.json --taker taker.json --size 0.5
  npm run trade -- show --network localhost --order maker.json
  npm run trade -- cancel --network localhost --as 5 --nonce 7

Exit codes
  0  done
  1  failed, and would fail again: a bad option or order, a fill that the contracts refuse
  75 try again later: the node did not answer, a transaction is not mined yet, a price is halted or disputed, trading
     is paused, or open interest is at its cap
`;

const ACTIONS = ["sign", "fill", "cancel", "show"] as const;
type Action = (typeof ACTIONS)[number];

const ARGUMENTS = {
  network: { type: "string" },
  rpc: { type: "string" },
  id: { type: "string" },
  as: { type: "string" },
  instrument: { type: "string" },
  size: { type: "string" },
  buy: { type: "boolean" },
  sell: { type: "boolean" },
  price: { type: "string" },
  expires: { type: "string" },
  "reduce-only": { type: "boolean" },
  index: { type: "string" },
  nonce: { type: "string" },
  out: { type: "string" },
  maker: { type: "string" },
  taker: { type: "string" },
  order: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const satisfies ParseArgsOptionsConfig;

const MAX_SIZE = 2n ** 111n; // what a position holds
const MAX_PRICE = 2n ** 88n; // what the ledger remembers of a price
const MAX_ACCOUNTS = 1_000; // of a node; it says itself how many it has
const YEAR_MINUTES = 525_600;

const text = (meaning: string) =>
  z.string({ required_error: `is missing: ${meaning}` }).min(1, `is missing: ${meaning}`);

function integer(most: bigint, meaning: string) {
  const message = `must be ${meaning}, a whole number from 0 to ${most < 2n ** 64n ? most : "2^256 - 1"}`;
  return z
    .string({ required_error: `is missing: ${meaning}` })
    .regex(/^\d{1,78}$/, message)
    .transform((digits) => BigInt(digits))
    .refine((value) => value <= most, message);
}

function decimal(meaning: string, allowed: (valueE18: bigint) => boolean, rule: string) {
  return text(meaning).transform((found, context) => {
    const parsed = parseDecimalE18(found);
    if (parsed.kind === "value" && allowed(parsed.valueE18)) return parsed.valueE18;
    return refuse(context, parsed.kind === "wrong" ? parsed.why : rule);
  });
}

const COMMON = {
  network: oneOf(VERIFIED_NETWORKS),
  rpc: NodeAddress.optional(),
  id: DeploymentName.optional(),
  json: z.boolean().default(false),
};

const As = integer(BigInt(MAX_ACCOUNTS - 1), "the number of an account of the node")
  .transform(Number)
  .optional();
const Index = integer(2n ** 96n - 1n, "the number of an account of the owner").default("0");
const Nonce = integer(2n ** 256n - 1n, "the order's nonce");
const inRange = (value: bigint): boolean => value > 0n && value < MAX_SIZE;

const SHAPES = {
  sign: z
    .object({
      ...COMMON,
      as: As,
      index: Index,
      instrument: text("the perpetual, such as WETH"),
      size: decimal(
        "how much, such as 1.5",
        (value) => inRange(value < 0n ? -value : value),
        "must not be zero, nor more than a position holds",
      ),
      buy: z.boolean().default(false),
      sell: z.boolean().default(false),
      price: decimal(
        "what a unit costs at most or brings at least, such as 2500",
        (value) => value > 0n && value < MAX_PRICE,
        "must be above zero, and a price that the ledger can hold",
      ),
      expires: wholeNumber(1, YEAR_MINUTES, "minutes").default("60"),
      "reduce-only": z.boolean().default(false),
      nonce: Nonce.optional(),
      out: FilePath.optional(),
    })
    .strict(),
  fill: z
    .object({
      ...COMMON,
      as: As,
      maker: text("the file of the order that was there first"),
      taker: text("the file of the order that crosses it"),
      size: decimal("how much", inRange, "must be above zero, and no more than a position holds").optional(),
    })
    .strict(),
  cancel: z.object({ ...COMMON, as: As, index: Index, nonce: Nonce }).strict(),
  show: z.object({ ...COMMON, order: text("the file of the order") }).strict(),
};

/** Which deployment, on which node, and how the outcome is told. */
export interface DeskOptions {
  readonly network: VerifiedNetwork;
  readonly rpc: string | undefined;
  readonly id: string;
  readonly json: boolean;
}

export interface SignOptions extends DeskOptions {
  readonly action: "sign";
  readonly as: number;
  readonly index: bigint;
  readonly instrument: string;
  /** {unit E18} Positive buys. */
  readonly sizeE18: bigint;
  readonly priceE18: bigint;
  readonly expiresSeconds: bigint;
  readonly reduceOnly: boolean;
  readonly nonce: bigint | undefined;
  readonly out: string | undefined;
}

export interface FillOptions extends DeskOptions {
  readonly action: "fill";
  readonly as: number;
  readonly maker: string;
  readonly taker: string;
  readonly sizeE18: bigint | undefined;
}

export interface CancelOptions extends DeskOptions {
  readonly action: "cancel";
  readonly as: number;
  readonly index: bigint;
  readonly nonce: bigint;
}

export interface ShowOptions extends DeskOptions {
  readonly action: "show";
  readonly order: string;
}

export type TradeOptions = SignOptions | FillOptions | CancelOptions | ShowOptions;

export type TradeRequest =
  { readonly kind: "help"; readonly text: string } | { readonly kind: "run"; readonly options: TradeOptions };

/** Reads what follows `npm run trade --`. Throws a {@link UsageError} for the first mistake. */
export function parseTradeOptions(argv: readonly string[]): TradeRequest {
  const [first = "", ...rest] = argv;
  const action = ACTIONS.find((known) => known === first);
  const { help, ...values } = readArguments(joined(action === undefined ? argv : rest, first), ARGUMENTS, "--json");
  if (help) return { kind: "help", text: TRADE_HELP };
  if (action === undefined) {
    throw new UsageError(`Say first what to do: ${ACTIONS.join(", ")}.`);
  }
  const foreign = Object.keys(values).find((name) => !(name in SHAPES[action].shape));
  if (foreign !== undefined) throw new UsageError(`--${foreign} does not apply to ${action}.`);
  return { kind: "run", options: optionsOf(action, values) };
}

function optionsOf(action: Action, values: unknown): TradeOptions {
  switch (action) {
    case "sign": {
      const {
        size,
        buy,
        sell,
        price,
        expires,
        "reduce-only": reduceOnly,
        ...data
      } = checkedValues(SHAPES.sign, values);
      if (buy && sell) throw new UsageError("--buy and --sell are two sides: leave one of them out.");
      if (size < 0n && (buy || sell)) {
        throw new UsageError(
          `--size is below zero, which sells already: leave --${buy ? "buy" : "sell"} or the sign out.`,
        );
      }
      return {
        action,
        ...data,
        ...deskOf(data),
        as: senderOf(data),
        sizeE18: sell ? -size : size,
        priceE18: price,
        expiresSeconds: BigInt(expires) * 60n,
        reduceOnly,
        nonce: data.nonce,
        out: data.out,
      };
    }
    case "fill": {
      const { size, ...data } = checkedValues(SHAPES.fill, values);
      return { action, ...data, ...deskOf(data), as: senderOf(data), sizeE18: size };
    }
    case "cancel": {
      const data = checkedValues(SHAPES.cancel, values);
      return { action, ...data, ...deskOf(data), as: senderOf(data) };
    }
    case "show": {
      const data = checkedValues(SHAPES.show, values);
      return { action, ...data, ...deskOf(data) };
    }
  }
}

interface Given {
  readonly network: VerifiedNetwork;
  readonly rpc?: string | undefined;
  readonly id?: string | undefined;
  readonly json: boolean;
  readonly as?: number | undefined;
}

function deskOf({ network, rpc, id, json }: Given): DeskOptions {
  return { network, rpc, id: id ?? network, json };
}

function senderOf({ network, as }: Given): number {
  if (as !== undefined && network === "sepolia") {
    throw new UsageError("--as does not apply to sepolia: its key is SEPOLIA_PRIVATE_KEY.");
  }
  return as ?? 0;
}

/** node:util takes `--size -1.5` for two options, and here it is a sale. */
function joined(argv: readonly string[], action: string): readonly string[] {
  const misspelt = action !== "" && !action.startsWith("-") && argv[0] === action;
  if (misspelt) throw new UsageError(`There is no action "${action}": ${ACTIONS.join(", ")}.`);
  const words: string[] = [];
  for (const word of argv) {
    const last = words.at(-1);
    if (/^-[\d.]/.test(word) && last !== undefined && /^--[\w-]+$/.test(last))
      words[words.length - 1] = `${last}=${word}`;
    else words.push(word);
  }
  return words;
}
