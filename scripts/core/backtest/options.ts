/** The command line of `npm run backtest`: strings in, checked options out, one sentence for each mistake. */
import type { ParseArgsOptionsConfig } from "node:util";

import { z } from "zod";

import { FolderPath, Moment, checkedValues, readArguments, refuse } from "../commandLine.js";
import { UsageError } from "../errors.js";
import { parseDecimalE8 } from "../prices/decimal.js";

const ASSETS = ["eth", "btc"] as const;
export type AssetName = (typeof ASSETS)[number];

export const BACKTEST_HELP = `Usage: npm run backtest -- --prices eth=FILE [--prices btc=FILE] [options]

Replays recorded prices through the dynamic margin level, and counts how often a price went further against a position within
the horizon than the level asked before it; beside a constant level and a normal quantile. docs/LEVELS.md reads the result.

Options
  --prices ASSET=FILE  recorded prices of eth or btc: CSV with a header timestamp,open,high,low,close, or Binance kline
                       files as downloaded; once for each asset
  --from TIME          first bar to use: 2020-03-12, 2020-03-12T10:00 (UTC) or unix seconds
  --to TIME            end: bars that open before this time are used
  --horizon TIME       from a move to the end of a liquidation: 30m, 1h, 4h; 5m to 24h, whole bars (default 1h)
  --multiple K         the level in standard deviations, 1 to 20 (default 9)
  --floor PERCENT      the least level, 1 to 20 (default 10 for eth, 8 for btc)
  --coverage PERCENT   share of horizons in which a level should hold, 90 to 99.99 (default 99.9)
  --out DIR            where report.json and report.html go (default out/backtest); earlier ones are replaced
  --json               print the report as JSON on stdout, errors as JSON on stderr, and no progress
  --help               print this text

Examples
  npm run backtest -- --prices eth=eth_1h.csv
  npm run backtest -- --prices eth=eth_1h.csv --prices btc=btc_1h.csv --from 2020-01-01 --to 2021-01-01 --horizon 4h

Exit codes
  0  done
  1  failed, and would fail again: a bad option, an unusable file
`;

const ARGUMENTS = {
  prices: { type: "string", multiple: true },
  from: { type: "string" },
  to: { type: "string" },
  horizon: { type: "string" },
  multiple: { type: "string" },
  floor: { type: "string" },
  coverage: { type: "string" },
  out: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const satisfies ParseArgsOptionsConfig;

export interface PriceFile {
  readonly asset: AssetName;
  readonly file: string;
}

const PRICES_FORM = "must name a file of eth or btc, as in --prices eth=ETH.csv";

const prices = z
  .array(z.string(), { required_error: `is missing: it ${PRICES_FORM}` })
  .transform((texts, context): readonly PriceFile[] => {
    const files: PriceFile[] = [];
    for (const part of texts.flatMap((text) => text.split(","))) {
      const [, name = "", file] = /^\s*(\w+)\s*=\s*(.+?)\s*$/.exec(part) ?? [];
      const asset = ASSETS.find((known) => known === name.toLowerCase());
      if (asset === undefined || file === undefined) return refuse(context, `${PRICES_FORM} (found "${part.trim()}")`);
      if (files.some((other) => other.asset === asset)) return refuse(context, `names ${asset} twice`);
      files.push({ asset, file });
    }
    return files;
  });

const UNITS: Readonly<Record<string, bigint>> = { s: 1n, m: 60n, h: 3_600n, d: 86_400n };

const horizon = z.string().transform((text, context) => {
  const [, count = "", unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = BigInt(count) * (UNITS[unit] ?? 0n);
  if (seconds >= 300n && seconds <= 86_400n) return seconds;
  return refuse(context, `must be a time from 5m to 24h, such as 30m or 4h (found "${text}")`);
});

/** A decimal with 18 decimals, between two whole numbers. */
function decimal(low: bigint, high: bigint, meaning: string) {
  return z.string().transform((text, context) => {
    const found = parseDecimalE8(text);
    const valueE18 = found.kind === "value" ? found.valueE8 * 10n ** 10n : -1n;
    if (valueE18 >= low * 10n ** 18n && valueE18 <= high * 10n ** 18n) return valueE18;
    return refuse(context, `must be ${meaning}, from ${low} to ${high} (found "${text}")`);
  });
}

const coverage = z.string().transform((text, context) => {
  const share = /^\d{1,3}(\.\d{1,6})?%?$/.test(text) ? Number.parseFloat(text) : 0;
  if (share >= 90 && share <= 99.99) return Number((share / 100).toFixed(8));
  return refuse(context, `must be a percentage from 90 to 99.99 (found "${text}")`);
});

const Options = z
  .object({
    prices,
    from: Moment.optional(),
    to: Moment.optional(),
    horizon: horizon.default("1h"),
    multiple: decimal(1n, 20n, "a number of standard deviations").default("9"),
    floor: decimal(1n, 20n, "a percentage").optional(),
    coverage: coverage.default("99.9"),
    out: FolderPath.default("out/backtest"),
    json: z.boolean().default(false),
  })
  .strict();

export type BacktestOptions = z.infer<typeof Options>;

export type BacktestRequest =
  { readonly kind: "help"; readonly text: string } | { readonly kind: "run"; readonly options: BacktestOptions };

/** Reads what follows `npm run backtest --`. Throws a {@link UsageError} for the first mistake. */
export function parseBacktestOptions(argv: readonly string[]): BacktestRequest {
  const { help, ...values } = readArguments(argv, ARGUMENTS, "--prices eth=ETH.csv");
  if (help) return { kind: "help", text: BACKTEST_HELP };

  const options = checkedValues(Options, values);
  const { from, to } = options;
  if (from !== undefined && to !== undefined && from >= to) throw new UsageError("--from must be before --to.");
  return { kind: "run", options };
}
