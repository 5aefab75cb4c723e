/** What a worker is asked and what it answers: one run of some tests of one suite. */
import { z } from "zod";

export const Trial = z
  .object({
    suite: z.string(),
    /** Names of test functions. */
    tests: z.array(z.string()),
    /** The mutant that is on; 0 for none, null to record which would make a difference. */
    mutant: z.number().nullable(),
    fuzzRuns: z.number(),
  })
  .strict();

export type Trial = z.infer<typeof Trial>;

export const TestKind = z.enum(["unit", "fuzz", "invariant"]);

export const TestOutcome = z
  .object({ name: z.string(), passed: z.boolean(), kind: TestKind, ms: z.number(), reason: z.string() })
  .strict();

export type TestOutcome = z.infer<typeof TestOutcome>;

export const TrialOutcome = z
  .object({
    outcomes: z.array(TestOutcome),
    /** Of a recording: the mutants that would have made a difference. */
    asked: z.array(z.number()),
    ms: z.number(),
  })
  .strict();

export type TrialOutcome = z.infer<typeof TrialOutcome>;

/** Fuzz runs of the first stage, and of the last, which are what the suite has by default. */
export const FUZZ_RUNS = { few: 32, all: 1_000 } as const;

/** Names of tests as the pattern that a run chooses them by. */
export function patternOf(tests: readonly string[]): string {
  return `^(?:${tests.map((name) => name.replace(/[$]/g, "\\$&")).join("|")})\\(`;
}
