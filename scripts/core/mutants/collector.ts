/** Gathers the mutants and edits of one source while its tree is walked. */
import type { Span } from "./ast.js";
import type { Helper } from "./library.js";
import type { Edit, Kind, Mutant, Omission } from "./types.js";

import { nameOf } from "./library.js";
import { fromBytes } from "./rewrite.js";

/** Long statements are recognised by their beginning. */
const SHOWN = 120;

/** What all sources of a build share: numbers, and the helpers that the library needs. */
export interface Shared {
  nextNumber: number;
  readonly helpers: Map<string, Helper>;
}

export class Collector {
  readonly mutants: Mutant[] = [];
  readonly edits: Edit[] = [];
  readonly omissions: Omission[] = [];
  readonly #seen = new Map<string, number>();
  readonly #lineStarts: readonly number[];

  constructor(
    readonly file: string,
    readonly bytes: string,
    readonly shared: Shared,
  ) {
    this.#lineStarts = [...bytes.matchAll(/\n/g)].map(({ index }) => index + 1);
  }

  /** A mutant's number. */
  add(kind: Kind, scope: string, span: Span, mutant: string, original = this.textOf(span)): number {
    const base = `${this.file} ${scope} ${kind}: ${original} -> ${mutant}`;
    const ordinal = (this.#seen.get(base) ?? 0) + 1;
    this.#seen.set(base, ordinal);
    const number = this.shared.nextNumber++;
    const id = ordinal === 1 ? base : `${base} (${ordinal})`;
    this.mutants.push({ number, id, file: this.file, line: this.lineOf(span.start), scope, kind, original, mutant });
    return number;
  }

  edit(span: Span, write: Edit["write"]): void {
    this.edits.push({ ...span, write });
  }

  omit(span: Span, what: string): void {
    this.omissions.push({ file: this.file, line: this.lineOf(span.start), what });
  }

  /** The call of a helper, which the library then has. */
  helper(helper: Helper): string {
    const name = nameOf(helper);
    this.shared.helpers.set(name, helper);
    return `Mutant.${name}`;
  }

  /** The source in one line, shortened. */
  textOf({ start, end }: Span): string {
    const text = fromBytes(this.bytes.slice(start, end))
      .replace(/\/\/.*$/gm, "")
      .replace(/\s+/g, " ")
      .trim();
    return text.length <= SHOWN ? text : `${text.slice(0, SHOWN - 3)}...`;
  }

  lineOf(offset: number): number {
    return this.#lineStarts.filter((start) => start <= offset).length + 1;
  }
}
