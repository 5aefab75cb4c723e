/** Which tests a mutant could make a difference in, and in which order they are tried. */
import { z } from "zod";

import { TestKind } from "./trial.js";

export const RecordedTest = z
  .object({
    suite: z.string(),
    source: z.string(),
    name: z.string(),
    kind: TestKind,
    /** With few runs and no mutant on. */
    ms: z.number(),
    /** The mutants whose question was asked: for all others its run is the same, whatever is on. */
    asked: z.array(z.number()),
  })
  .strict();

export type RecordedTest = z.infer<typeof RecordedTest>;

/** Tests of one suite that are run together. */
export interface Group {
  readonly suite: string;
  readonly tests: readonly string[];
  readonly ms: number;
}

/** How much slower a suite may be and still be tried first because it is the source's own. */
const OWN = 10;
/** Deploying the protocol, about. */
const SETUP_MS = 20;

/** The tests by the mutants that they ask about. */
export function byMutant(tests: readonly RecordedTest[]): ReadonlyMap<number, readonly RecordedTest[]> {
  const map = new Map<number, RecordedTest[]>();
  for (const test of tests) {
    for (const mutant of test.asked) {
      const known = map.get(mutant);
      if (known === undefined) map.set(mutant, [test]);
      else known.push(test);
    }
  }
  return map;
}

/** Suites in the order in which they are tried: the source's own and the quick ones first. */
export function groupsFor(file: string, tests: readonly RecordedTest[]): readonly Group[] {
  const suites = new Map<string, RecordedTest[]>();
  for (const test of tests) suites.set(test.suite, [...(suites.get(test.suite) ?? []), test]);
  const stem = stemOf(file);
  return [...suites.entries()]
    .map(([suite, some]) => {
      const ms = SETUP_MS + some.reduce((sum, test) => sum + test.ms, 0);
      const isOwn = some.some(({ source }) => stemOf(source) === stem);
      return { group: { suite, tests: some.map(({ name }) => name), ms }, rank: isOwn ? ms / OWN : ms };
    })
    .sort((a, b) => a.rank - b.rank)
    .map(({ group }) => group);
}

/** `contracts/ledger/CashMarket.sol` and `test/solidity/ledger/CashMarket.prop.t.sol` have one stem. */
function stemOf(path: string): string {
  return path.replace(/^.*\//, "").replace(/\..*$/, "");
}
