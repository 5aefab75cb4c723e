/** `npm run test:deep`: the Solidity tests for as long as the profile `deep` says; first the seed and the lengths, last the time. */
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import hre from "hardhat";

import { runCommand } from "../io/command.js";
import { terminal } from "../io/terminal.js";

const PROFILE = "deep";
const CLI = join(dirname(fileURLToPath(import.meta.resolve("hardhat/package.json"))), "dist/src/cli.js");

/** What a failure is repeated with; printed at the start, and again at the end, where somebody who comes later looks. */
function termsOf(): string {
  const profile = hre.config.test.solidity.profiles[PROFILE];
  if (profile === undefined) throw new Error(`hardhat.config.ts has no profile ${PROFILE}.`);
  const { fuzz, invariant } = profile;
  return (
    `Seed ${fuzz.seed}; each campaign ${invariant?.runs ?? 0} runs of ${invariant?.depth ?? 0} steps; ` +
    `each fuzz test ${fuzz.runs ?? 0} runs.`
  );
}

/** Arguments go to Hardhat: files, for a part of it, or `--grep`. With -vv the walk tells how often each action was done. */
async function runTests(args: readonly string[]): Promise<number | null> {
  const child = spawn(process.execPath, [CLI, "test", "solidity", "--test-profile", PROFILE, "-vv", ...args], {
    stdio: "inherit",
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
}

await runCommand(async () => {
  const terms = termsOf();
  terminal.result(terms);
  const start = Date.now();
  const code = await runTests(process.argv.slice(2));
  terminal.result(`${terms} It took ${((Date.now() - start) / 60_000).toFixed(1)} minutes.`);
  process.exitCode = code ?? 1;
});
