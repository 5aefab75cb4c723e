/** Runs the simulation with more and more accounts, each in a process of its own, whose memory is its own too. */
import type { Run } from "../../core/scale/run.js";

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { z } from "zod";

import { ROOT } from "../tree.js";

const ONE = fileURLToPath(new URL("one.ts", import.meta.url));

const Part = z.object({ milliseconds: z.number(), cpuMilliseconds: z.number() });
const Answer = z.object({ parts: z.object({ fund: Part, "both arms": Part }), peakKilobytes: z.number() });

export async function runOf(accounts: number, steps: number): Promise<Run> {
  const args = ["--import", "tsx", ONE, "--accounts", `${accounts}`, "--steps", `${steps}`];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  const { parts, peakKilobytes } = Answer.parse(JSON.parse(stdout));
  return {
    accounts,
    steps,
    funding: parts.fund,
    stepping: parts["both arms"],
    peakMegabytes: Math.round(peakKilobytes / 1_024),
  };
}
