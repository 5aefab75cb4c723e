/** The command line of `npm run simulate`: strings in, checked options out, one sentence for each mistake. */
import type { ParseArgsOptionsConfig } from "node:util";

import { z } from "zod";

import {
  FilePath,
  FolderPath,
  Moment,
  NodeAddress,
  checkedValues,
  readArguments,
  refuse,
  wholeNumber,
} from "../commandLine.js";
import { UsageError } from "../errors.js";
import { DEFAULT_STEPS } from "../prices/crash.js";
import { DEFAULT_DELAY } from "./points.js";

const MIN_ACCOUNTS = 3; // one for each kind of reserve
const MIN_STEPS = 2;
const MAX_ACCOUNTS = 10_000; // well past what one machine simulates in an hour
const MAX_STEPS = 100_000;
const MAX_DELAY = 100;
const MAX_SEED = 0xffff_ffff; // the generator's state takes 32 bits of it

export const SIMULATE_HELP = `Usage: npm run simulate -- [options]

Runs one price path twice on a fork of mainnet, with rebalancing and without, and compares the two.
With no options it generates the prices and builds its own replica of mainnet: no network is needed.

Options
  --prices eth=FILE,btc=FILE  replay recorded prices: CSV with a header timestamp,open,high,low,close, or Binance
                              kline files as downloaded; both with bars of one length
  --rounds eth=FILE,btc=FILE  replay recorded rounds of Chainlink's feeds at their own times, a step a round: CSV with
                              round_id,answer,started_at,updated_at,answered_in_round; eth=FILE alone: only ETH is held
  --from TIME                 first bar or round of the files: 2020-03-12, 2020-03-12T10:00 (UTC) or unix seconds
  --basefee FILE              base fees instead of 20 gwei: CSV with block_number,timestamp,basefee_gwei, or days with
                              timestamp,avg_gas_price_wei; at their dates where the prices have some of them, else from
                              the file's beginning, over and over
  --basefee-from TIME         base fees from this time of the file on, whatever the dates of the prices
  --policy FILE               JSON of a policy that every account adopts where it is rebalanced: lower and lowerRestore,
                              and if wanted upperRestore, upper, graceSeconds, keeperPayCap, releaseToWallet, assetOrder
  --steps N                   bars or rounds to run, at least ${MIN_STEPS} (default ${DEFAULT_STEPS}); the generated crash always spans 50 hours
  --accounts N                borrowers in each arm, at least ${MIN_ACCOUNTS} (default 24); a sixth as many longs, as many
                              shorts and a market maker join them
  --delay N                   steps between what keeper and liquidators see and what they do (default ${DEFAULT_DELAY}; 0: at once)
  --seed N                    seed of prices and accounts, 0 to ${MAX_SEED} (default 1)
  --fork-state FILE           recorded state for the replica: a dump of accounts (code, storage, balance, nonce), which
                              stand for its own of one address, or a Uniswap v3 pool with its ticks; may be repeated
  --rpc URL                   fork this node instead of the built-in replica
  --block N                   fork at this block; only with --rpc (default: a recent one)
  --out DIR                   where report.json and report.html go (default out/simulate); earlier ones are replaced
  --json                      print the report as JSON on stdout, errors as JSON on stderr, and no progress
  --help                      print this text

Examples
  npm run simulate
  npm run simulate -- --seed 7 --steps 300 --out out/seed-7
  npm run simulate -- --prices eth=eth_1h.csv,btc=btc_1h.csv --from 2020-03-12 --steps 50
  npm run simulate -- --rounds eth=eth_rounds.csv,btc=btc_rounds.csv --from 2023-08-17 --steps 200
  npm run simulate -- --rpc http://127.0.0.1:8545 --block 20000000

Exit codes
  0  done
  1  failed, and would fail again: a bad option, an unusable file, a broken promise of the protocol
  75 the node did not answer: try again later
`;

const ARGUMENTS = {
  prices: { type: "string" },
  rounds: { type: "string" },
  policy: { type: "string" },
  "fork-state": { type: "string", multiple: true },
  basefee: { type: "string" },
  "basefee-from": { type: "string" },
  from: { type: "string" },
  steps: { type: "string" },
  accounts: { type: "string" },
  delay: { type: "string" },
  seed: { type: "string" },
  rpc: { type: "string" },
  block: { type: "string" },
  out: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const satisfies ParseArgsOptionsConfig;

const PRICES_FORM = "must name both files, as in --prices eth=ETH.csv,btc=BTC.csv";

const ROUNDS_FORM = "must name a file of eth, as in --rounds eth=ETH.csv,btc=BTC.csv";

const prices = z.string().transform((text, context) => {
  const files = namedFiles(text, context, PRICES_FORM);
  if (files === null) return z.NEVER;
  const { eth, btc } = files;
  if (eth === undefined || btc === undefined) {
    return refuse(context, `${PRICES_FORM} (${eth === undefined ? "eth" : "btc"} is missing)`);
  }
  return { eth, btc };
});

const rounds = z.string().transform((text, context) => {
  const files = namedFiles(text, context, ROUNDS_FORM);
  if (files === null) return z.NEVER;
  const { eth, btc } = files;
  if (eth === undefined) return refuse(context, `${ROUNDS_FORM} (eth is missing)`);
  return { eth, ...(btc === undefined ? {} : { btc }) };
});

/** Files by asset, as in `eth=FILE,btc=FILE`; null when the text is not of this form, which is then said. */
function namedFiles(
  text: string,
  context: z.RefinementCtx,
  form: string,
): { readonly eth?: string | undefined; readonly btc?: string | undefined } | null {
  const files = new Map<string, string>();
  for (const part of text.split(",")) {
    const [, name = "", file] = /^\s*(\w+)\s*=\s*(.+?)\s*$/.exec(part) ?? [];
    const asset = name.toLowerCase();
    const known = asset === "eth" || asset === "btc";
    if (!known || file === undefined || files.has(asset)) {
      const problem = known && files.has(asset) ? `names ${asset} twice; it ` : "";
      refuse(context, `${problem}${form} (found "${part.trim()}")`);
      return null;
    }
    files.set(asset, file);
  }
  return { eth: files.get("eth"), btc: files.get("btc") };
}

const Options = z
  .object({
    prices: prices.optional(),
    rounds: rounds.optional(),
    "fork-state": z.array(FilePath).optional(),
    policy: FilePath.optional(),
    basefee: FilePath.optional(),
    "basefee-from": Moment.optional(),
    from: Moment.optional(),
    steps: wholeNumber(MIN_STEPS, MAX_STEPS, "the number of bars").default(String(DEFAULT_STEPS)),
    accounts: wholeNumber(MIN_ACCOUNTS, MAX_ACCOUNTS, "the number of accounts").default("24"),
    delay: wholeNumber(0, MAX_DELAY, "the number of steps").default(String(DEFAULT_DELAY)),
    seed: wholeNumber(0, MAX_SEED, "the seed").default("1"),
    rpc: NodeAddress.optional(),
    block: wholeNumber(0, Number.MAX_SAFE_INTEGER, "a block").optional(),
    out: FolderPath.default("out/simulate"),
    json: z.boolean().default(false),
  })
  .strict();

export type SimulateOptions = z.infer<typeof Options>;

export type SimulateRequest =
  { readonly kind: "help"; readonly text: string } | { readonly kind: "run"; readonly options: SimulateOptions };

/** Reads what follows `npm run simulate --`. Throws a {@link UsageError} for the first mistake. */
export function parseSimulateOptions(argv: readonly string[]): SimulateRequest {
  const { help, ...values } = readArguments(argv, ARGUMENTS, "--seed 7");
  if (help) return { kind: "help", text: SIMULATE_HELP };

  const options = checkedValues(Options, values);
  // Silently ignoring an option would let a run be taken for another than it was.
  if (options.block !== undefined && options.rpc === undefined) {
    throw new UsageError("--block chooses a block of a real node: add --rpc URL, or leave --block out.");
  }
  if (options["fork-state"] !== undefined && options.rpc !== undefined) {
    throw new UsageError(
      "--fork-state is for the built-in replica, and a node has its own state: leave --rpc or it out.",
    );
  }
  if (options["basefee-from"] !== undefined && options.basefee === undefined) {
    throw new UsageError("--basefee-from chooses a row of recorded base fees: add --basefee FILE, or leave it out.");
  }
  if (options.prices !== undefined && options.rounds !== undefined) {
    throw new UsageError("--rounds and --prices both say what prices there were: leave one of them out.");
  }
  if (options.from !== undefined && options.prices === undefined && options.rounds === undefined) {
    throw new UsageError(
      "--from chooses a bar of recorded prices: add --prices eth=FILE,btc=FILE or --rounds eth=FILE, or leave --from out.",
    );
  }
  return { kind: "run", options };
}
