/**
 * Runs the Solidity tests on contracts that count what they run.
 *
 * The tests deploy what lies in artifacts/, so the counting contracts have to lie there too. Hardhat builds them where it
 * builds everything; the run therefore has a copy of the project below out/, and the artifacts that are deployed, measured
 * and compared stay what they are.
 */
import type { Coverage } from "../../core/house/coverage.js";

import { cp, mkdir, readFile, readdir, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";

import { z } from "zod";

import { marksOf, solidityCoverage } from "../../core/house/coverage.js";
import { ROOT, listTree } from "../tree.js";
import { FOLDER, runHardhat } from "./hardhat.js";

const PROJECT = join(FOLDER, "project");
/** What a build and the Solidity tests need of the repository; artifacts and cache of the last run stay, and save a build. */
const NEEDED = /^(?:contracts|scripts|test\/solidity)\/|^(?:hardhat\.config\.ts|package\.json|remappings\.txt)$/;

/** Tests that hold gas below a bound: contracts that count what they run cost up to twice as much. */
const OF_GAS = [
  "test_TheLargestAccountIsLiquidatedWithinFiveMillionGas",
  "test_AThousandAccountsAreReadInOneCall",
] as const;

const Sources = z.object({ input: z.object({ sources: z.record(z.object({ content: z.string() })) }) });

export async function measureSolidity(): Promise<Coverage> {
  await copyProject();
  const args = ["--coverage", "test", "solidity", "--test-profile", "coverage", "--grep-exclude", OF_GAS.join("|")];
  await runHardhat({ args, cwd: PROJECT, log: "solidity.log" });
  const lcov = await readFile(join(PROJECT, "coverage/lcov.info"), "utf8");
  return solidityCoverage(lcov, await readMarks(), await readReached());
}

async function copyProject(): Promise<void> {
  await mkdir(PROJECT, { recursive: true });
  for (const name of await readdir(PROJECT)) {
    if (name !== "artifacts" && name !== "cache") await rm(join(PROJECT, name), { recursive: true });
  }
  for (const path of listTree().filter((tracked) => NEEDED.test(tracked))) {
    await mkdir(join(PROJECT, dirname(path)), { recursive: true });
    await cp(join(ROOT, path), join(PROJECT, path));
  }
  await symlink(join(ROOT, "node_modules"), join(PROJECT, "node_modules"), "dir");
}

/** The marks that the build put into each source; several builds may have read it, and have put in the same. */
async function readMarks(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const marks = new Map<string, ReadonlySet<string>>();
  const folder = join(PROJECT, "artifacts/build-info");
  for (const name of (await readdir(folder)).filter((file) => !file.endsWith(".output.json"))) {
    const { input } = Sources.parse(JSON.parse(await readFile(join(folder, name), "utf8")));
    for (const [source, { content }] of Object.entries(input.sources)) {
      const found = marksOf(content);
      if (found.size > 0) marks.set(source.replace(/^project\//, ""), found);
    }
  }
  return marks;
}

async function readReached(): Promise<ReadonlySet<string>> {
  const folder = join(PROJECT, "coverage/data/solidity");
  const reached = new Set<string>();
  for (const name of await readdir(folder)) {
    const counts = z.record(z.number()).parse(JSON.parse(await readFile(join(folder, name), "utf8")));
    for (const mark of Object.keys(counts)) reached.add(mark);
  }
  return reached;
}
