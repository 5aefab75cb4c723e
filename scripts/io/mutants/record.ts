/** Runs the whole suite with no mutant on: it must pass, and shows which tests could notice which mutant. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import type { TestOutcome } from "../../core/mutants/trial.js";
import type { Progress } from "../progress.js";

import { HouseError } from "../../core/house/errors.js";
import { isExcluded } from "../../core/mutants/excluded.js";
import { RecordedTest } from "../../core/mutants/reach.js";
import { FUZZ_RUNS } from "../../core/mutants/trial.js";
import { eachOf, type Pool } from "./pool.js";
import { FOLDER, PROJECT } from "./project.js";
import { loadSuites, type Suite } from "./suites.js";

const RECORD = join(FOLDER, "reach.json");
const TIMEOUT = 20 * 60_000;

/** The tests of each suite, by a name that changes with its code and with the contracts. */
const Recording = z.record(z.array(RecordedTest));

/** A recording cut off by a kill, or one of another form, is none: all is recorded anew. */
function readRecording(): z.infer<typeof Recording> {
  if (!existsSync(RECORD)) return {};
  try {
    return Recording.parse(JSON.parse(readFileSync(RECORD, "utf8")));
  } catch {
    return {};
  }
}

function keyOf({ name, artifact }: Suite, fingerprint: string): string {
  const hash = createHash("sha256")
    .update(fingerprint)
    .update(artifact.contract.bytecode ?? "");
  return `${name} ${hash.digest("hex")}`;
}

export interface Recorder {
  readonly pool: Pool;
  /** Of the contracts. */
  readonly fingerprint: string;
  readonly start: (label: string, total: number) => Progress;
}

/**
 * The tests of the build; what is known of a suite that is as it was is kept. Throws a {@link HouseError} that lists the tests
 * which fail though nothing is on, unless they are known to.
 */
export async function record({ pool, fingerprint, start }: Recorder): Promise<readonly RecordedTest[]> {
  const kept = readRecording();
  const suites = [...loadSuites(PROJECT).suites.values()];
  const fresh = suites.filter((suite) => !(keyOf(suite, fingerprint) in kept));
  const tests: RecordedTest[] = [];
  if (fresh.length > 0) {
    const passing = await runAll(fresh, pool, start("nothing on", fresh.length));
    tests.push(...(await askAll(passing, pool, start("recording", passing.length))));
  }
  const recording = Object.fromEntries(
    suites.map((suite) => {
      const key = keyOf(suite, fingerprint);
      return [key, kept[key] ?? tests.filter((test) => test.suite === suite.name)];
    }),
  );
  writeFileSync(RECORD, JSON.stringify(recording));
  return Object.values(recording).flat();
}

interface Passing extends TestOutcome {
  readonly suite: Suite;
}

async function runAll(suites: readonly Suite[], pool: Pool, progress: Progress): Promise<readonly Passing[]> {
  const passing: Passing[] = [];
  const failing: string[] = [];
  let done = 0;
  await eachOf(suites, pool.jobs, async (suite) => {
    const tests = suite.tests.filter((name) => !isExcluded(suite.name, name));
    const tried = await pool.try({ suite: suite.name, tests, mutant: 0, fuzzRuns: FUZZ_RUNS.few }, TIMEOUT);
    const outcomes = tried.kind === "done" ? tried.outcome.outcomes : [];
    const passed = outcomes.filter((outcome) => outcome.passed);
    passing.push(...passed.map((outcome) => ({ ...outcome, suite })));
    for (const { name, reason } of outcomes.filter((outcome) => !outcome.passed)) {
      failing.push(`${suite.name}.${name}: ${reason}`);
    }
    if (outcomes.length < tests.length)
      failing.push(`${suite.name}: ${tests.length - outcomes.length} tests did not run`);
    progress.update(++done);
  });
  progress.stop();
  if (failing.length > 0) {
    throw new HouseError("MUTANTS", `${failing.length} tests fail though no mutant is on.`, failing);
  }
  return passing;
}

/** With all fuzz runs, as the last stage has them; the first stage's are the first of these. */
async function askAll(passing: readonly Passing[], pool: Pool, progress: Progress): Promise<readonly RecordedTest[]> {
  const recorded: { readonly test: RecordedTest; readonly whole: boolean }[] = [];
  let done = 0;
  // The slow ones first, so that no worker ends long after the other.
  const sorted = [...passing].sort((a, b) => b.ms - a.ms);
  await eachOf(sorted, pool.jobs, async ({ suite, name, kind, ms }) => {
    const trial = { suite: suite.name, tests: [name], mutant: null, fuzzRuns: FUZZ_RUNS.all };
    const tried = await pool.try(trial, TIMEOUT);
    const asked = tried.kind === "done" ? [...tried.outcome.asked].sort((a, b) => a - b) : [];
    const whole = tried.kind === "done" && tried.outcome.outcomes.every(({ passed }) => passed);
    recorded.push({ test: { suite: suite.name, source: suite.source, name, kind, ms, asked }, whole });
    progress.update(++done, `${suite.name}.${name}`);
  });
  progress.stop();
  return recorded.map(({ test, whole }) => (whole ? test : { ...test, asked: askedBySuite(test.suite, recorded) }));
}

/** A test that recording itself disturbs, as where a call is expected next: it counts as asking whatever its suite does. */
function askedBySuite(suite: string, recorded: readonly { readonly test: RecordedTest }[]): number[] {
  const asked = recorded.filter(({ test }) => test.suite === suite).flatMap(({ test }) => test.asked);
  return [...new Set(asked)].sort((a, b) => a - b);
}
