/** Runs Hardhat's tests in a process of their own, with what they print in a file beside the figures. */
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";

import { HouseError } from "../../core/house/errors.js";
import { HARDHAT } from "../hardhat.js";
import { ROOT } from "../tree.js";

/** Of a failed run, what is shown: its failures stand at the end. */
const LAST_LINES = 60;

/** Everything that a coverage run writes; out/ is nobody's source. */
export const FOLDER = join(ROOT, "out/coverage");

export interface Run {
  readonly args: readonly string[];
  /** Where Hardhat finds its project. */
  readonly cwd: string;
  /** The file of what it prints. */
  readonly log: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Coverage of tests that fail says nothing, so a run that fails ends the command. */
export async function runHardhat({ args, cwd, log, env = {} }: Run): Promise<void> {
  const file = join(FOLDER, log);
  await mkdir(FOLDER, { recursive: true });
  const output = createWriteStream(file);
  const child = spawn(process.execPath, [HARDHAT, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(output, { end: false });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  await new Promise((resolve) => output.end(resolve));
  if (code === 0) return;
  const lines = (await readFile(file, "utf8")).trimEnd().split("\n").slice(-LAST_LINES);
  throw new HouseError(
    "COVERAGE",
    `hardhat ${args[0] ?? ""} ended with ${code ?? "a signal"}: ${relative(ROOT, file)}.`,
    lines,
  );
}
