/**
 * Recorded base fees: what blocks cost, per block or per day, so that a keeper's pay and his gas follow what was.
 */
import type { PricePath } from "./types.js";

import { readLines } from "./parse.js";
import { PriceFileError, PriceWindowError } from "./errors.js";
import { formatMoment, lastBy } from "./moment.js";

export interface FeeRow {
  /** {s} Unix time from which it holds. */
  readonly timestamp: bigint;
  /** {wei/gas} */
  readonly wei: bigint;
}

export interface FeeSeries {
  readonly name: string;
  readonly of: "block" | "day";
  readonly rows: readonly FeeRow[];
}

/** What each step's blocks cost, and in words where that comes from. */
export interface BaseFees {
  readonly perStep: readonly bigint[];
  readonly note: string;
}

const HEADER_REMEDY =
  "give a header line `block_number,timestamp,basefee_gwei`, or `timestamp,avg_gas_price_wei` for days";
const GWEI = 10n ** 9n;
/** {wei/gas} No block has ever cost a tenth of it; more is a mistake of units. */
const HIGHEST = 100_000n * GWEI;
const EARLIEST = 10n ** 9n;
const LATEST = 10n ** 11n;
/** {s} Of a block and of a day: how long the last row holds before the file begins again. */
const HOLDS = { block: 12n, day: 86_400n } as const;

/** Reads base fees of blocks, or average gas prices of days. `name` is what errors call the file. */
export function parseBaseFees(text: string, name: string): FeeSeries {
  const [head, ...lines] = readLines(text, name);
  if (head === undefined) throw new PriceFileError("EMPTY", name, null, "the file is empty", HEADER_REMEDY);
  const names = head.fields.map((field) => field.toLowerCase());
  const of = names.includes("basefee_gwei") ? "block" : "day";
  const column = of === "block" ? "basefee_gwei" : "avg_gas_price_wei";
  const missing = ["timestamp", column].filter((needed) => !names.includes(needed));
  if (missing.length > 0) {
    const problem = `the header lacks ${missing.join(", ")}`;
    throw new PriceFileError("COLUMN_MISSING", name, head.number, problem, HEADER_REMEDY);
  }

  const rows: FeeRow[] = [];
  for (const { number, fields } of lines) {
    const field = (wanted: string): string => fields[names.indexOf(wanted)] ?? "";
    const time = field("timestamp");
    const timestamp = /^\d+$/.test(time) ? BigInt(time) : 0n;
    if (timestamp < EARLIEST || timestamp >= LATEST) {
      const problem = `timestamp is "${time.slice(0, 50)}", which is not a unix time in seconds`;
      throw new PriceFileError("TIMESTAMP", name, number, problem, "give unix time in seconds");
    }
    const wei = readFee(field(column), of);
    if (wei === null || wei > HIGHEST) {
      const unit = of === "block" ? "gwei, at most 100000 with 9 decimals" : "wei, whole and at most 100000 gwei";
      const problem = `${column} is "${field(column).slice(0, 50)}"`;
      throw new PriceFileError("NUMBER", name, number, problem, `give it in ${unit}`);
    }
    const last = rows.at(-1);
    if (last !== undefined && timestamp <= last.timestamp) {
      const problem = `timestamp is not later than in the row before (${last.timestamp})`;
      throw new PriceFileError("ORDER", name, number, problem, "sort the rows by time and keep one row for each");
    }
    rows.push({ timestamp, wei });
  }
  if (rows.length === 0)
    throw new PriceFileError("TOO_FEW_ROWS", name, null, "the file has no rows", "give one at least");
  return { name, of, rows };
}

/** {wei/gas} Gwei with up to nine decimals for a block, whole wei for a day; null for anything else. */
function readFee(text: string, of: FeeSeries["of"]): bigint | null {
  if (of === "day") return /^\d+$/.test(text) ? BigInt(text) : null;
  const [, whole = "", fraction = ""] = /^(\d+)(?:\.(\d{0,9})0*)?$/.exec(text) ?? [];
  return whole === "" ? null : BigInt(whole + fraction.padEnd(9, "0"));
}

/**
 * The base fee of each step of a path. By date where the path has dates and the file has some of them: the row in force,
 * outside the file its nearest. Else from the file's beginning, or from `from`, by the time since the path's start; the file
 * begins again where it ends.
 */
export function feesAlong(series: FeeSeries, path: PricePath, from: bigint | null): BaseFees {
  const { name, rows, of } = series;
  const first = rows[0]?.timestamp ?? 0n;
  const last = rows.at(-1)?.timestamp ?? first;
  const times = path.bars.map(({ timestamp }) => timestamp);
  const [start = 0n, end = 0n] = [times[0], times.at(-1)];
  const end0 = last + HOLDS[of];
  if (from !== null && (from < first || from >= end0)) {
    const covered = `${name} covers ${formatMoment(first)} to ${formatMoment(last)}`;
    throw new PriceWindowError(
      `There are no base fees at ${formatMoment(from)}: ${covered}; choose another --basefee-from.`,
    );
  }
  const words = `${name}, by ${of}`;
  if (from === null && path.kind === "recorded" && start < end0 && end >= first) {
    const perStep = times.map((time) => inForce(rows, time));
    const before = times.filter((time) => time < first).length;
    const after = times.filter((time) => time >= end0).length;
    const held = [
      ...(before > 0 ? [`its first value before its beginning (${steps(before)})`] : []),
      ...(after > 0 ? [`its last value beyond its end (${steps(after)})`] : []),
    ];
    return { perStep, note: `${words}, at its dates${held.map((text) => `, ${text}`).join("")}${rangeOf(perStep)}` };
  }
  const origin = from ?? first;
  const length = end0 - first;
  const at = (time: bigint): bigint => origin - first + time - start;
  const perStep = times.map((time) => inForce(rows, first + (at(time) % length)));
  const times0 = at(end) / length;
  const repeated = times0 === 0n ? "" : `, begun again ${times0 === 1n ? "once" : `${times0} times`} at its end`;
  return { perStep, note: `${words}, from ${formatMoment(origin)} on${repeated}${rangeOf(perStep)}` };
}

function steps(count: number): string {
  return count === 1 ? "1 step" : `${count} steps`;
}

/** {wei} As the last row says that is not later; as the first where all are. */
function inForce(rows: readonly FeeRow[], time: bigint): bigint {
  return lastBy(rows, time, ({ timestamp }) => timestamp)?.wei ?? 0n;
}

function rangeOf(fees: readonly bigint[]): string {
  const sorted = fees.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const at = (share: number): string => gwei(sorted[Math.floor((sorted.length - 1) * share)] ?? 0n);
  return `: ${at(0)} to ${at(1)} gwei, ${at(0.5)} at the median`;
}

/** Two decimals, cut: a figure to read, not to reckon with. */
export function gwei(wei: bigint): string {
  const hundredths = wei / (GWEI / 100n);
  return `${hundredths / 100n}.${(hundredths % 100n).toString().padStart(2, "0")}`;
}
