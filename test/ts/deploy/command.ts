/** The real command and a real node, as child processes. */
import type { ChildProcess } from "node:child_process";

import { spawn } from "node:child_process";
import { readFile, readdir, rm } from "node:fs/promises";
import path from "node:path";

import { config } from "hardhat";

import { HARDHAT } from "../../../scripts/io/hardhat.js";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly ended: Promise<Ended>;
  /** Kills the command and all that it started at once: nobody has a chance to clean up. */
  kill(): void;
}

export function startDeploy(args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  return startTask("deploy", args, env);
}

function startTask(task: string, args: readonly string[], env: NodeJS.ProcessEnv): Running {
  // What `npm run` runs, without the second that npm takes to start.
  const child = spawn(process.execPath, ["--import", "tsx", `scripts/tasks/${task}.ts`, ...args], {
    // A group of its own, to be killed as a whole; no terminal, so that nothing can ask for a password.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  return { ended: outcomeOf(child), kill: () => process.kill(-(child.pid ?? 0), "SIGKILL") };
}

export async function deploy(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return await startDeploy(args, env).ended;
}

export async function runTask(task: string, args: readonly string[]): Promise<Ended> {
  return await startTask(task, args, {}).ended;
}

async function outcomeOf(child: ChildProcess): Promise<Ended> {
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (chunk: Buffer) => (stdout += String(chunk)));
  child.stderr?.on("data", (chunk: Buffer) => (stderr += String(chunk)));
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

export interface Node {
  readonly url: string;
  close(): Promise<void>;
}

/** A development node on a port of the system's choice. */
export async function startNode(): Promise<Node> {
  const child = spawn(process.execPath, [HARDHAT, "node", "--hostname", "127.0.0.1", "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text = (text + String(chunk)).slice(-10_000);
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0];
      if (found !== undefined) resolve(found);
    });
    child.on("close", () => reject(new Error(`The node ended: ${text}`)));
  });
  const close = async (): Promise<void> => {
    child.kill();
    await ended;
  };
  return { url, close };
}

const DEPLOYMENTS = path.join(config.paths.ignition, "deployments");

export function journalOf(id: string): string {
  return path.join(DEPLOYMENTS, id, "journal.jsonl");
}

export function recordOf(id: string): string {
  return path.join(DEPLOYMENTS, `${id}.json`);
}

/** How many transactions of a deployment are confirmed, as far as its journal knows. */
export async function confirmedIn(id: string): Promise<number> {
  const text = await readFile(journalOf(id), "utf8").catch(() => "");
  return text.split('"type":"TRANSACTION_CONFIRM"').length - 1;
}

/** Removes all that a test's deployments have left. */
export async function forget(prefix: string): Promise<readonly string[]> {
  const names = (await readdir(DEPLOYMENTS).catch(() => [])).filter((name) => name.startsWith(prefix));
  for (const name of names) await rm(path.join(DEPLOYMENTS, name), { recursive: true });
  return names;
}
