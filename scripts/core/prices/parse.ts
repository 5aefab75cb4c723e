import type { Ohlc, PriceRow, PriceSeries } from "./types.js";

import { CsvError, parse } from "csv-parse/sync";
import { z } from "zod";

import { parseDecimalE8 } from "./decimal.js";
import { PriceFileError } from "./errors.js";

type Column = "timestamp" | "open" | "high" | "low" | "close";

const COLUMNS: readonly Column[] = ["timestamp", "open", "high", "low", "close"];

/** Names that exporters give a bar's opening; a kline file with a header says `open_time`. */
const TIMESTAMP_NAMES = ["timestamp", "open_time", "open time", "time", "unix"];

/** A Binance kline file without a header: opening in ms (since 2025 in us), open, high, low, close, volume, and six more. */
const KLINE_WIDTH = 12;
const KLINE_LAYOUT: Layout = { timestamp: 0, open: 1, high: 2, low: 3, close: 4 };

type Layout = Readonly<Record<Column, number>>;

export interface Line {
  readonly number: number;
  readonly fields: readonly string[];
}

/** What csv-parse hands back with `info: true`; its own types promise plain arrays here. */
const Records = z.array(z.object({ record: z.array(z.string()), info: z.object({ lines: z.number() }) }));

/** Fewer rows make no path: a price needs somewhere to go. */
const MIN_ROWS = 2;

/** Spelled out once, because three messages need it. */
const HEADER_REMEDY = "give a header line `timestamp,open,high,low,close`, or a Binance kline file as it is downloaded";

/**
 * Reads one asset's bars from CSV text, exactly. `name` is what errors call the file.
 *
 * Accepted: a header with timestamp, open, high, low, close in any order (other columns are ignored), or a Binance kline
 * file without one; commas, semicolons or tabs; times in seconds, milliseconds or microseconds.
 */
export function parsePrices(text: string, name: string): PriceSeries {
  const lines = readLines(text, name);
  const [first] = lines;
  if (!first) throw new PriceFileError("EMPTY", name, null, "the file is empty", HEADER_REMEDY);

  const layout = layoutOf(first, name);
  const rows: PriceRow[] = [];
  for (const line of layout.hasHeader ? lines.slice(1) : lines) {
    const row = readRow(line, layout.columns, name);
    const last = rows.at(-1);
    if (last && row.timestamp <= last.timestamp) {
      const problem = row.timestamp === last.timestamp ? "repeats the timestamp of" : "is earlier than";
      const remedy = "sort the rows by time and keep one row for each timestamp";
      throw new PriceFileError(
        "ORDER",
        name,
        line.number,
        `this row ${problem} the row before (${last.timestamp})`,
        remedy,
      );
    }
    rows.push(row);
  }
  if (rows.length < MIN_ROWS) {
    const found = rows.length === 0 ? "no rows under its header" : "one row";
    throw new PriceFileError("TOO_FEW_ROWS", name, null, `the file has ${found}`, `give at least ${MIN_ROWS} bars`);
  }
  return { name, rows };
}

export function readLines(text: string, name: string): readonly Line[] {
  try {
    const parsed: unknown = parse(text, {
      bom: true,
      delimiter: [",", ";", "\t"],
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      trim: true,
    });
    return Records.parse(parsed).map(({ record, info }) => ({ number: info.lines, fields: record }));
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const line = typeof cause["lines"] === "number" ? cause["lines"] : null;
    throw new PriceFileError(
      "CSV",
      name,
      line,
      "this is not CSV (a quote is out of place)",
      "save the table as CSV again",
    );
  }
}

function layoutOf(first: Line, name: string): { readonly hasHeader: boolean; readonly columns: Layout } {
  // Only a kline file may come without names, and its first field is a time: nothing else in a header starts with a digit.
  if (/^\d/.test(first.fields[0] ?? "")) {
    if (first.fields.length === KLINE_WIDTH) return { hasHeader: false, columns: KLINE_LAYOUT };
    const problem = `the first line has no column names and ${first.fields.length} fields, where a kline file has ${KLINE_WIDTH}`;
    throw new PriceFileError("COLUMN_MISSING", name, first.number, problem, HEADER_REMEDY);
  }
  const names = first.fields.map((field) => field.toLowerCase());
  const indexOf = (column: Column): number =>
    column === "timestamp" ? names.findIndex((field) => TIMESTAMP_NAMES.includes(field)) : names.indexOf(column);
  const missing = COLUMNS.filter((column) => indexOf(column) < 0);
  if (missing.length > 0) {
    const problem = `the header lacks ${missing.join(", ")} (it has ${shorten(first.fields.join(", "))})`;
    throw new PriceFileError("COLUMN_MISSING", name, first.number, problem, HEADER_REMEDY);
  }
  const columns = {
    timestamp: indexOf("timestamp"),
    open: indexOf("open"),
    high: indexOf("high"),
    low: indexOf("low"),
    close: indexOf("close"),
  };
  return { hasHeader: true, columns };
}

function readRow(line: Line, layout: Layout, name: string): PriceRow {
  const field = (column: Column): string => {
    const text = line.fields[layout[column]];
    if (text !== undefined && text !== "") return text;
    throw new PriceFileError("FIELD_MISSING", name, line.number, `${column} is empty`, "fill it in, or remove the row");
  };
  const price = (column: Column): bigint => readPrice(field(column), column, line.number, name);

  const timestamp = readTimestamp(field("timestamp"), line.number, name);
  const ohlc = { openE8: price("open"), highE8: price("high"), lowE8: price("low"), closeE8: price("close") };
  const fault = rangeFault(ohlc);
  if (fault !== null) {
    throw new PriceFileError("RANGE", name, line.number, fault, "check the order of the columns and the row itself");
  }
  return { timestamp, ohlc };
}

function rangeFault({ openE8, highE8, lowE8, closeE8 }: Ohlc): string | null {
  if (highE8 < lowE8) return "high is below low";
  if (openE8 > highE8 || openE8 < lowE8) return "open is outside the range from low to high";
  if (closeE8 > highE8 || closeE8 < lowE8) return "close is outside the range from low to high";
  return null;
}

function readPrice(text: string, column: Column, line: number, name: string): bigint {
  const decimal = parseDecimalE8(text);
  if (decimal.kind === "value" && decimal.valueE8 > 0n) return decimal.valueE8;
  switch (decimal.kind) {
    case "value":
    case "negative": {
      const remedy = "a price is above zero: remove the row or correct it";
      throw new PriceFileError("PRICE", name, line, `${column} is ${text}`, remedy);
    }
    case "too-fine": {
      const remedy = "round the file to 8 decimals, as price feeds have";
      throw new PriceFileError("NUMBER", name, line, `${column} is ${text}, with more than 8 decimals`, remedy);
    }
    case "not-a-number": {
      const remedy = "write it as plain digits with a decimal point, such as 1234.56";
      throw new PriceFileError("NUMBER", name, line, `${column} is "${shorten(text)}", which is not a number`, remedy);
    }
  }
}

/** {s} Years 2001 to 5138 read as seconds; a thousand times that is milliseconds, a million times microseconds. */
const UNITS: readonly { readonly below: bigint; readonly perSecond: bigint }[] = [
  { below: 10n ** 11n, perSecond: 1n },
  { below: 10n ** 14n, perSecond: 1_000n },
  { below: 10n ** 17n, perSecond: 1_000_000n },
];
const EARLIEST = 10n ** 9n;

/** The unit is told by size, for each row: files joined over the years change from milliseconds to microseconds midway. */
function readTimestamp(text: string, line: number, name: string): bigint {
  const remedy = "give unix time in seconds, milliseconds or microseconds";
  const whole = /^(\d+)(?:\.0*)?$/.exec(text)?.[1];
  const value = whole === undefined ? null : BigInt(whole);
  const unit = value === null ? undefined : UNITS.find(({ below }) => value < below);
  if (value === null || unit === undefined || value < EARLIEST) {
    const problem = `timestamp is "${shorten(text)}", which is not a unix time after September 2001`;
    throw new PriceFileError("TIMESTAMP", name, line, problem, remedy);
  }
  return value / unit.perSecond;
}

/** A binary file may hold a megabyte between two commas, and line breaks inside quotes; a message is one line. */
function shorten(text: string): string {
  const oneLine = text.replace(/\s+/g, " ");
  return oneLine.length > 50 ? `${oneLine.slice(0, 50)}...` : oneLine;
}
