/** What a mutant is, and what became of it. */
import type { Span } from "./ast.js";

/** Kinds in the order of the table; those before `arithmetic` are what a security argument rests on. */
export const KINDS = ["rounding", "access", "comparison", "condition", "arithmetic", "statement"] as const;

export type Kind = (typeof KINDS)[number];

/** One change of one place of a source. Its number is what switches it on in the mutated build. */
export interface Mutant {
  readonly number: number;
  /** Stable against shifts of lines: file, function, kind, texts, and an ordinal where these are alike. */
  readonly id: string;
  readonly file: string;
  readonly line: number;
  /** `Contract.function`, or the name of a free function. */
  readonly scope: string;
  readonly kind: Kind;
  readonly original: string;
  readonly mutant: string;
}

/** How a stretch of source is written in the mutated build; `render` writes what lies inside, with its own edits. */
export interface Edit extends Span {
  readonly write: (render: (span: Span) => string) => string;
}

/** Where a mutant could not be switched. */
export interface Omission {
  readonly file: string;
  readonly line: number;
  readonly what: string;
}

/** A source, its mutants, and how it is written with all of them. */
export interface MutatedSource {
  readonly file: string;
  readonly text: string;
  readonly mutants: readonly Mutant[];
  readonly omissions: readonly Omission[];
}

/** `few`: killed with few runs of each fuzz test. `all`: only with as many as the suite has by default. */
export type Stage = "few" | "all";

export type Verdict =
  | { readonly kind: "killed"; readonly stage: Stage; readonly by: string }
  /** Every test that it makes a difference in passes nevertheless. */
  | { readonly kind: "survived"; readonly tests: number; readonly stage: Stage }
  /** No test's path comes to where it would make a difference. */
  | { readonly kind: "unreached" };
