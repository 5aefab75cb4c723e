/** `npm run deploy`: see its --help. */
import type { DeployOutcome } from "../io/deployment/deploy.js";

import path from "node:path";

import { parseDeployOptions } from "../core/deployment/options.js";
import { describe, toJson } from "../core/deployment/report.js";
import { classifyDeployFailure } from "../io/deployment/failures.js";
import { runAtEdge } from "../io/run.js";

const HEADLINES: Readonly<Record<DeployOutcome["kind"], string>> = {
  "dry run": "Every parameter and role was read back: a deployment would go like this.",
  deployed: "Deployed. Every parameter and role was read back.",
  "nothing new": "Nothing new to deploy.",
};

async function main(argv: readonly string[]): Promise<void> {
  const request = parseDeployOptions(argv);
  if (request.kind === "help") {
    process.stdout.write(request.text);
    return;
  }
  // Hardhat takes seconds to load, and a wrong option needs none of it.
  const { runDeployment } = await import("../io/deployment/deploy.js");
  const { json } = request.options;
  const note = (sentence: string): void => {
    process.stderr.write(json ? `${JSON.stringify({ msg: sentence })}\n` : `${sentence}\n`);
  };
  const drawsProgress = !json && process.stdout.isTTY;
  const { kind, record, file } = await runDeployment(request.options, { note, drawsProgress });
  if (json) {
    process.stdout.write(`${toJson({ outcome: kind, ...record })}\n`);
    return;
  }
  process.stdout.write(`${describe(record)}\n${HEADLINES[kind]}\n`);
  if (file !== undefined) process.stdout.write(`Addresses for programs: ${path.relative(process.cwd(), file)}\n`);
}

const argv = process.argv.slice(2);
await runAtEdge(async () => await main(argv), { json: argv.includes("--json"), classify: classifyDeployFailure });
