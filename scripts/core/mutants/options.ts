/** The command line of `npm run test:mutants`: strings in, checked options out, one sentence for each mistake. */
import type { ParseArgsOptionsConfig } from "node:util";

import { z } from "zod";

import { checkedValues, readArguments, refuse, wholeNumber } from "../commandLine.js";
import { UsageError } from "../errors.js";
import { KINDS, type Mutant } from "./types.js";

const MUTANTS_HELP = `Usage: npm run test:mutants -- [options]

Changes the contracts in one place at a time and sees whether a Solidity test fails. All changes are in one build, made
in cache/mutants, each behind a number; the first build takes some minutes, and then the whole suite runs once to see which
test could notice which change. docs/MUTANTS.md says how it works and lists the changes that make no difference.

Options
  --file PATTERN  only files whose path matches this regular expression, as in --file "^contracts/ledger/"
  --kind KINDS    only these, with commas: ${KINDS.join(", ")}
  --only NUMBERS  only these, by their numbers in the list of survivors, with commas
  --resume        keep what an interrupted run has found out, and judge the rest
  --survivors     judge again what survived, as after a test was added, and what was never judged
  --quick         leave out the last stage: every fuzz test with as many runs as in npm test, and the walks
  --jobs N        processes that run tests at one time (default 2)
  --rows          print survivors as rows for docs/MUTANTS.md
  --json          print the report as JSON on stdout, errors as JSON on stderr, and no progress
  --help          print this text

Examples
  npm run test:mutants -- --file "ledger/" --kind rounding,comparison
  npm run test:mutants -- --survivors

Exit codes
  0  done, and every mutant was killed or is listed as making no difference
  1  some survived, a row of the list answers to no mutant, a test fails with nothing changed, or a bad option
`;

const ARGUMENTS = {
  file: { type: "string" },
  kind: { type: "string" },
  only: { type: "string" },
  jobs: { type: "string" },
  resume: { type: "boolean" },
  survivors: { type: "boolean" },
  quick: { type: "boolean" },
  rows: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const satisfies ParseArgsOptionsConfig;

const MAX_JOBS = 64;

const list = z.string().transform((text) => text.split(",").map((word) => word.trim()));

const Options = z
  .object({
    file: z
      .string()
      .transform((text, context) => {
        try {
          return new RegExp(text);
        } catch {
          return refuse(context, "must be a regular expression");
        }
      })
      .default(""),
    kind: list
      .pipe(z.array(z.enum(KINDS, { message: `must be some of ${KINDS.join(", ")}, with commas` })))
      .default(KINDS.join(",")),
    only: list
      .pipe(
        z.array(
          z
            .string()
            .regex(/^\d{1,6}$/, "must be numbers of mutants, with commas")
            .transform(Number),
        ),
      )
      .optional(),
    jobs: wholeNumber(1, MAX_JOBS, "the number of processes").default("2"),
    resume: z.boolean().default(false),
    survivors: z.boolean().default(false),
    quick: z.boolean().default(false),
    rows: z.boolean().default(false),
    json: z.boolean().default(false),
  })
  .strict();

export type MutantOptions = z.infer<typeof Options>;

export type MutantRequest =
  { readonly kind: "help"; readonly text: string } | { readonly kind: "run"; readonly options: MutantOptions };

/** Reads what follows `npm run test:mutants --`. Throws a {@link UsageError} for the first mistake. */
export function parseMutantOptions(argv: readonly string[]): MutantRequest {
  const { help, ...values } = readArguments(argv, ARGUMENTS, "--jobs 2");
  if (help) return { kind: "help", text: MUTANTS_HELP };
  return { kind: "run", options: checkedValues(Options, values) };
}

/** Throws where nothing is left: a misspelt pattern must not look like a clean run. */
export function chosen(mutants: readonly Mutant[], { file, kind, only }: MutantOptions): readonly Mutant[] {
  const some = mutants.filter(
    (mutant) => file.test(mutant.file) && kind.includes(mutant.kind) && (only?.includes(mutant.number) ?? true),
  );
  if (some.length === 0) throw new UsageError("No mutant is of that file, kind and number.");
  return some;
}
