/** What a run comes to: counts by kind and by file, and those that survived. */
import type { Equivalent } from "./equivalents.js";

import { KINDS, type Kind, type Mutant, type Verdict } from "./types.js";

export interface Judged {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
}

export interface Counts {
  readonly mutants: number;
  readonly killedWithFew: number;
  readonly killedWithAll: number;
  /** Survived or unreached, and in the reviewed list. */
  readonly equivalent: number;
  readonly survived: number;
  readonly unreached: number;
}

export interface Row extends Counts {
  readonly file: string;
  readonly kind: Kind;
}

export interface Survivor extends Omit<Mutant, "id"> {
  readonly reached: boolean;
}

export interface MutantReport {
  readonly total: Counts;
  readonly rows: readonly Row[];
  readonly survivors: readonly Survivor[];
  /** In the reviewed list, and killed: the reason given there is wrong. */
  readonly refuted: readonly string[];
}

export function reportOf(judged: readonly Judged[], equivalents: readonly Equivalent[]): MutantReport {
  const reviewed = new Set(equivalents.map(({ id }) => id));
  const groups = new Map<string, Judged[]>();
  for (const one of judged) {
    const key = `${one.mutant.file} ${one.mutant.kind}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const rows = [...groups.values()].flatMap((some) => {
    const [first] = some;
    if (first === undefined) return [];
    return [{ file: first.mutant.file, kind: first.mutant.kind, ...countsOf(some, reviewed) }];
  });
  const open = judged.filter(({ mutant, verdict }) => verdict.kind !== "killed" && !reviewed.has(mutant.id));
  return {
    total: countsOf(judged, reviewed),
    rows: rows.sort((a, b) => a.file.localeCompare(b.file) || KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind)),
    survivors: open.map(survivorOf),
    refuted: judged
      .filter(({ mutant, verdict }) => verdict.kind === "killed" && reviewed.has(mutant.id))
      .map(({ mutant }) => mutant.id),
  };
}

function survivorOf({ mutant: all, verdict }: Judged): Survivor {
  const { number, file, line, scope, kind, original, mutant } = all;
  return { number, file, line, scope, kind, original, mutant, reached: verdict.kind === "survived" };
}

function countsOf(judged: readonly Judged[], reviewed: ReadonlySet<string>): Counts {
  const count = (is: (one: Judged) => boolean): number => judged.filter(is).length;
  const open = ({ mutant, verdict }: Judged, kind: Verdict["kind"]): boolean =>
    verdict.kind === kind && !reviewed.has(mutant.id);
  return {
    mutants: judged.length,
    killedWithFew: count(({ verdict }) => verdict.kind === "killed" && verdict.stage === "few"),
    killedWithAll: count(({ verdict }) => verdict.kind === "killed" && verdict.stage === "all"),
    equivalent: count(({ mutant, verdict }) => verdict.kind !== "killed" && reviewed.has(mutant.id)),
    survived: count((one) => open(one, "survived")),
    unreached: count((one) => open(one, "unreached")),
  };
}

/** Adds rows up by what they have in common. */
export function sumBy(rows: readonly Row[], key: "file" | "kind"): readonly (Counts & { readonly name: string })[] {
  const order: readonly string[] = KINDS;
  const names = [...new Set(rows.map((row) => row[key]))].sort((a, b) => order.indexOf(a) - order.indexOf(b));
  return names.map((name) => {
    const some = rows.filter((row) => row[key] === name);
    const sum = (field: keyof Counts): number => some.reduce((total, row) => total + row[field], 0);
    return {
      name,
      mutants: sum("mutants"),
      killedWithFew: sum("killedWithFew"),
      killedWithAll: sum("killedWithAll"),
      equivalent: sum("equivalent"),
      survived: sum("survived"),
      unreached: sum("unreached"),
    };
  });
}

export function lineOf({ number, file, line, scope, kind, original, mutant, reached }: Survivor): string {
  const where = `${file}:${line}  #${number} ${scope}, ${kind}`;
  return `${where}: ${original} -> ${mutant}${reached ? "" : "  (no test comes there)"}`;
}
