/** The mutated build: a copy of contracts and tests in cache/, where the contracts are written with every mutant in them. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import type { Mutant, Omission } from "../../core/mutants/types.js";

import { ToolError } from "../../core/errors.js";
import { mutate } from "../../core/mutants/find.js";
import { LIBRARY_FOLDER } from "../../core/mutants/library.js";
import { HARDHAT } from "../hardhat.js";
import { ROOT, listTree, readText } from "../tree.js";
import { parseSources } from "./compiler.js";

export const FOLDER = join(ROOT, "cache/mutants");
export const PROJECT = join(FOLDER, "project");

/** What the copy needs besides the contracts. */
const COPIED =
  /^(?:test\/solidity\/.*\.sol|contracts\/mocks\/.*\.sol|hardhat\.config\.ts|package\.json|remappings\.txt|tsconfig\.json|scripts\/house\/test-compiler\.ts)$/;

const MUTATED = /^contracts\/(?!mocks\/).*\.sol$/;

export interface Planned {
  readonly mutants: readonly Mutant[];
  readonly omissions: readonly Omission[];
  /** Of the contracts: what was recorded of others says nothing of these. */
  readonly fingerprint: string;
}

/** Finds the mutants and writes the copy; files that are as they were are left alone. */
export function writeProject(): Planned {
  const tree = listTree();
  const { sources, library } = mutate(
    parseSources(
      ROOT,
      tree.filter((path) => MUTATED.test(path)),
    ),
    (path) => MUTATED.test(path),
  );
  const files = new Map(
    tree.filter((path) => COPIED.test(path) || MUTATED.test(path)).map((path) => [path, readText(path)]),
  );
  for (const { file, text } of sources) files.set(file, text);
  files.set(`${LIBRARY_FOLDER}/Mutant.sol`, library);

  for (const [path, text] of files) writeIfChanged(join(PROJECT, path), text);
  removeOthers(files);
  const modules = join(PROJECT, "node_modules");
  if (!existsSync(modules)) symlinkSync(join(ROOT, "node_modules"), modules);

  const hash = createHash("sha256");
  const contracts = [...files].filter(([path]) => path.startsWith("contracts/"));
  for (const [path, text] of contracts.sort()) hash.update(`${path}\n${text}\n`);
  return {
    mutants: sources.flatMap(({ mutants }) => mutants),
    omissions: sources.flatMap(({ omissions }) => omissions),
    fingerprint: hash.digest("hex"),
  };
}

function writeIfChanged(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Sources of an earlier copy that are gone would be built all the same. */
function removeOthers(files: ReadonlyMap<string, string>): void {
  for (const folder of ["contracts", "test/solidity"]) {
    for (const entry of readdirSync(join(PROJECT, folder), { recursive: true, encoding: "utf8" })) {
      const path = `${folder}/${entry}`;
      if (path.endsWith(".sol") && !files.has(path)) rmSync(join(PROJECT, path));
    }
  }
}

/** Builds the copy; the first time takes minutes, and later only what changed is built. */
export async function buildProject(): Promise<void> {
  const args = [HARDHAT, "build", "--quiet"];
  const child = spawn(process.execPath, args, { cwd: PROJECT, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (said += data.toString()));
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code === 0) return;
  const log = join(FOLDER, "build.log");
  writeFileSync(log, said);
  const reason = /^.*Error:.*$/m.exec(said)?.[0] ?? "see the log";
  throw new ToolError(
    "MUTANTS_BUILD",
    `The mutated build failed (${reason}); the compiler's words are in cache/mutants/build.log.`,
  );
}
