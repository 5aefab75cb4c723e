import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import { EXIT } from "../../core/errors.js";
import { DeploymentError } from "./failures.js";

/**
 * Keeps two runs from writing one journal at the same time. The lock names the process, so that one left behind by a run
 * that was killed stands in nobody's way.
 */
export async function withLock<T>(dir: string, body: () => Promise<T>): Promise<T> {
  const file = `${dir}.lock`;
  await mkdir(path.dirname(file), { recursive: true });
  if (!(await take(file))) {
    const holder = Number(await readFile(file, "utf8").catch(() => ""));
    if (isAlive(holder)) {
      const message = `Another run (process ${holder}) is working on this deployment; wait for it to end.`;
      throw new DeploymentError("LOCKED", message, EXIT.RETRY);
    }
    await rm(file, { force: true });
    if (!(await take(file))) throw new DeploymentError("LOCKED", "Another run has just begun; try again.", EXIT.RETRY);
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
