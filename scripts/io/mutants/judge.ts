/** Judges one mutant: the tests that could notice it, with few fuzz runs and then with all. */
import type { Mutant, Stage, Verdict } from "../../core/mutants/types.js";
import type { Pool } from "./pool.js";

import { groupsFor, type Group, type RecordedTest } from "../../core/mutants/reach.js";
import { FUZZ_RUNS } from "../../core/mutants/trial.js";

/** A run that takes this many times what it takes without a mutant does not end. */
const PATIENCE = 10;
const LEAST_PATIENCE_MS = 60_000;

export interface Case {
  readonly mutant: Mutant;
  /** Those that asked about it. */
  readonly tests: readonly RecordedTest[];
  /** The last stage to go through. */
  readonly last: Stage;
}

export async function judge({ mutant, tests, last }: Case, pool: Pool): Promise<Verdict> {
  if (tests.length === 0) return { kind: "unreached" };
  const quick = tests.filter(({ kind }) => kind !== "invariant");
  const killed = await tryAll(mutant, groupsFor(mutant.file, quick), "few", pool);
  if (killed !== null) return killed;
  if (last === "few") return { kind: "survived", tests: tests.length, stage: "few" };

  // A unit test has said what it has to say.
  const random = tests.filter(({ kind }) => kind !== "unit");
  const later = await tryAll(mutant, groupsFor(mutant.file, random), "all", pool);
  return later ?? { kind: "survived", tests: tests.length, stage: "all" };
}

async function tryAll({ number }: Mutant, groups: readonly Group[], stage: Stage, pool: Pool): Promise<Verdict | null> {
  const fuzzRuns = FUZZ_RUNS[stage];
  for (const { suite, tests, ms } of groups) {
    const timeout = Math.max(LEAST_PATIENCE_MS, ms * PATIENCE * (fuzzRuns / FUZZ_RUNS.few));
    const tried = await pool.try({ suite, tests: [...tests], mutant: number, fuzzRuns }, timeout);
    if (tried.kind === "stuck") return { kind: "killed", stage, by: `${suite}, which did not end` };
    const failed = tried.outcome.outcomes.find(({ passed }) => !passed);
    if (failed !== undefined) return { kind: "killed", stage, by: `${suite}.${failed.name}` };
  }
  return null;
}
