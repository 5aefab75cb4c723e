import { ToolError } from "../errors.js";

/** What can be wrong with a file of prices; the last word of the error's code. */
export type PriceFileFault =
  | "EMPTY"
  | "CSV"
  | "COLUMN_MISSING"
  | "FIELD_MISSING"
  | "TIMESTAMP"
  | "NUMBER"
  | "PRICE"
  | "RANGE"
  | "ORDER"
  | "TOO_FEW_ROWS";

/** A file of prices cannot be used. `line` is the line of the file as an editor counts it, from 1. */
export class PriceFileError extends ToolError {
  override readonly name = "PriceFileError";

  constructor(
    readonly fault: PriceFileFault,
    readonly file: string,
    readonly line: number | null,
    problem: string,
    remedy: string,
  ) {
    super(`PRICE_FILE_${fault}`, `${file}${line === null ? "" : `, line ${line}`}: ${problem}; ${remedy}.`);
  }
}

/** The files are sound one by one, but give no path together. */
export class PriceWindowError extends ToolError {
  override readonly name = "PriceWindowError";

  constructor(message: string) {
    super("PRICE_WINDOW", message);
  }
}
