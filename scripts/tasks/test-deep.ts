/** `npm run test:deep`: the Solidity tests for as long as the profile `deep` says; first the seed and the lengths, last the time. */
import { spawn } from "node:child_process";

import hre from "hardhat";

import { runCommand } from "../io/command.js";
import { HARDHAT } from "../io/hardhat.js";
import { terminal } from "../io/terminal.js";

const PROFILE = "deep";

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
  const child = spawn(process.execPath, [HARDHAT, "test", "solidity", "--test-profile", PROFILE, "-vv", ...args], {
    stdio: "inherit",
  });
  // Ctrl-C reaches both; who ends this process alone means the tests too.
  process.once("SIGTERM", () => child.kill());
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
