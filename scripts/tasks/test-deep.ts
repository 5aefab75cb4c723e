/** `npm run test:deep`: see `--help`. */
import { spawn } from "node:child_process";

import { PROFILE, parseDeepOptions } from "../core/deep/options.js";
import { HARDHAT } from "../io/hardhat.js";
import { runAtEdge } from "../io/run.js";
import { terminal } from "../io/terminal.js";

await runAtEdge(
  async () => {
    const request = parseDeepOptions(process.argv.slice(2));
    if (request.kind === "help") terminal.result(request.text.trimEnd());
    else await run(request.hardhat);
  },
  { json: false },
);

async function run(hardhat: readonly string[]): Promise<void> {
  const terms = await termsOf();
  terminal.result(terms);
  const start = Date.now();
  const code = await runHardhat(hardhat);
  terminal.result(`${terms} It took ${((Date.now() - start) / 60_000).toFixed(1)} minutes.`);
  process.exitCode = code ?? 1;
}

/** What a failure is repeated with; printed at the start, and again at the end, where somebody who comes later looks. */
async function termsOf(): Promise<string> {
  // Hardhat takes seconds to load, and a wrong option needs none of it.
  const { default: hre } = await import("hardhat");
  const profile = hre.config.test.solidity.profiles[PROFILE];
  if (profile === undefined) throw new Error(`hardhat.config.ts has no profile ${PROFILE}.`);
  const { fuzz, invariant } = profile;
  return (
    `Seed ${fuzz.seed}; each campaign ${invariant?.runs ?? 0} runs of ${invariant?.depth ?? 0} steps; ` +
    `each fuzz test ${fuzz.runs ?? 0} runs.`
  );
}

async function runHardhat(args: readonly string[]): Promise<number | null> {
  const child = spawn(process.execPath, [HARDHAT, ...args], { stdio: "inherit" });
  // Ctrl-C reaches both; who ends this process alone means the tests too.
  process.once("SIGTERM", () => child.kill());
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
}
