/**
 * The reviewed list of docs/MUTANTS.md: mutants that no test can tell from the original, each with its reason. A row is
 * `| file | function | kind | original | mutant | why |`, code in backticks; `(2)` after the function's name means the second of
 * several that read alike in it.
 */
import type { Mutant } from "./types.js";

export interface Equivalent {
  readonly id: string;
  readonly why: string;
}

const ROW = /^\|(.*)\|\s*$/;
const COLUMNS = 6;

export function parseEquivalents(page: string): readonly Equivalent[] {
  return page.split("\n").flatMap((line) => {
    const [, inner] = ROW.exec(line) ?? [];
    if (inner === undefined) return [];
    const cells = inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
    const [file, where, kind, original, mutant, why] = cells;
    if (cells.length !== COLUMNS || !file?.startsWith("`contracts/") || where === undefined) return [];
    const [, scope = "", ordinal] = /^`([^`]*)`(?: \((\d+)\))?$/.exec(where) ?? [];
    const suffix = ordinal === undefined ? "" : ` (${ordinal})`;
    return [{ id: `${bare(file)} ${scope} ${kind}: ${bare(original)} -> ${bare(mutant)}${suffix}`, why: why ?? "" }];
  });
}

function bare(cell = ""): string {
  return cell.replace(/^`|`$/g, "");
}

/** Rows that no mutant answers to any more. */
export function outdated(rows: readonly Equivalent[], mutants: readonly Mutant[]): readonly string[] {
  const known = new Set(mutants.map(({ id }) => id));
  return rows.filter(({ id }) => !known.has(id)).map(({ id }) => id);
}

/** A mutant as a row of the page, its reason to be written. */
export function rowOf({ id, file, scope, kind, original, mutant }: Mutant): string {
  const [, ordinal] = / (\(\d+\))$/.exec(id) ?? [];
  const code = (text: string): string => `\`${text.replaceAll("|", "\\|")}\``;
  const where = ordinal === undefined ? code(scope) : `${code(scope)} ${ordinal}`;
  return `| ${code(file)} | ${where} | ${kind} | ${code(original)} | ${code(mutant)} | ... |`;
}
