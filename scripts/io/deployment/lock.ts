import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";

import { EXIT } from "../../core/errors.js";
import { DeploymentError } from "./failures.js";

/** {ms} A lock without a name is one that is being written, or was left by a run that was killed meanwhile. */
const WRITTEN_WITHIN = 2_000;

/**
 * Keeps two runs from writing one journal at the same time. The lock names the process, so that one left behind by a run
 * that was killed stands in nobody's way.
 */
export async function withLock<T>(dir: string, body: () => Promise<T>): Promise<T> {
  const file = `${dir}.lock`;
  await mkdir(path.dirname(file), { recursive: true });
  if (!(await take(file))) {
    const holder = Number(await readFile(file, "utf8").catch(() => ""));
    if (holder === 0 && (await isFresh(file))) throw justBegun();
    if (isAlive(holder)) {
      const message = `Another run (process ${holder}) is working on this deployment; wait for it to end.`;
      throw new DeploymentError("LOCKED", message, EXIT.RETRY);
    }
    await rm(file, { force: true });
    if (!(await take(file))) throw justBegun();
  }
  try {
    return await body();
  } finally {
    await rm(file, { force: true });
  }
}

async function take(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") return false;
    throw cause;
  }
}

function justBegun(): DeploymentError {
  return new DeploymentError("LOCKED", "Another run has just begun; try again.", EXIT.RETRY);
}

async function isFresh(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs < WRITTEN_WITHIN;
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    // A process of somebody else's lives too.
    return cause instanceof Error && "code" in cause && cause.code === "EPERM";
  }
}
