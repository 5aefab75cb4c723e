/** The command line of `npm run test:deep`: strings in, what Hardhat is asked out, one sentence for each mistake. */
import type { ParseArgsOptionsConfig } from "node:util";

import { z } from "zod";

import { checkedValues, readWithWords } from "../commandLine.js";

/** Of hardhat.config.ts: it has the seed and the lengths. */
export const PROFILE = "deep";

const DEEP_HELP = `Usage: npm run test:deep [-- files and options]

Runs the Solidity tests for long: each campaign and each fuzz test many times as often as npm test does. Seed and lengths
come from the profile ${PROFILE} of hardhat.config.ts; they are printed first, and last with the time it took. All of it takes about
an hour of one core. Files and --grep narrow it, and are passed on to Hardhat.

Options
  --grep PATTERN  only tests whose names match this text or regular expression
  --help          print this text

Examples
  npm run test:deep
  npm run test:deep -- test/solidity/invariant/Campaign.t.sol
  npm run test:deep -- test/solidity/math/SliceMath.t.sol --grep secant

Exit codes
  0  done, and every test passed
  1  a test failed, there is no such file, or a bad option
`;

const ARGUMENTS = {
  grep: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const satisfies ParseArgsOptionsConfig;

/** Whether it is a good regular expression is for Hardhat to say: its dialect is not JavaScript's. */
const Options = z.object({ grep: z.string().min(1, "must be a pattern").optional() }).strict();

export type DeepRequest =
  { readonly kind: "help"; readonly text: string } | { readonly kind: "run"; readonly hardhat: readonly string[] };

/** Reads what follows `npm run test:deep --`. Throws a {@link UsageError} for the first mistake. */
export function parseDeepOptions(argv: readonly string[]): DeepRequest {
  const { values, words: files } = readWithWords(argv, ARGUMENTS);
  const { help, ...given } = values;
  if (help) return { kind: "help", text: DEEP_HELP };

  const { grep } = checkedValues(Options, given);
  // With -vv the walk tells how often each action was done.
  const tests = ["test", "solidity", "--test-profile", PROFILE, "-vv", ...files];
  return { kind: "run", hardhat: grep === undefined ? tests : [...tests, "--grep", grep] };
}
