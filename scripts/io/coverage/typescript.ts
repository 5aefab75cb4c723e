/** Runs the mocha suite with each of its processes watched, and turns what the engine counted into coverage of the source. */
import type { Coverage, FileCoverage } from "../../core/house/coverage.js";

import { mkdir, readFile, readdir, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { parse } from "acorn";
import { convert } from "ast-v8-to-istanbul";
import ts from "typescript";
import { z } from "zod";

import { IstanbulFile, coverageOf, typescriptCoverage } from "../../core/house/coverage.js";
import { ROOT, listTree, readText } from "../tree.js";
import { FOLDER, runHardhat } from "./hardhat.js";

const PROBE = new URL("probe.mjs", import.meta.url);
const WANTED = pathToFileURL(join(ROOT, "scripts/core/")).href;
const COUNTS = join(FOLDER, "counts");

const Script = z.object({
  url: z.string(),
  source: z.string(),
  functions: z.array(
    z.object({
      functionName: z.string(),
      ranges: z.array(z.object({ startOffset: z.number(), endOffset: z.number(), count: z.number() })),
      isBlockCoverage: z.boolean(),
    }),
  ),
});
type Script = z.infer<typeof Script>;

const Counts = z.object({ result: z.array(Script) });
const SourceMap = z
  .object({ version: z.literal(3), sources: z.array(z.string()), names: z.array(z.string()), mappings: z.string() })
  .passthrough();

export async function measureTypeScript(): Promise<Coverage> {
  await rm(COUNTS, { recursive: true, force: true });
  await mkdir(COUNTS, { recursive: true });
  const env = { COVERAGE_OUT: COUNTS, COVERAGE_OF: WANTED, NODE_OPTIONS: `--import ${PROBE.href}` };
  // Contracts alone, and unwatched: the mocha suite needs no Solidity test, which `test mocha` would build for minutes.
  await runHardhat({ args: ["build", "--no-tests"], cwd: ROOT, log: "typescript-build.log" });
  await runHardhat({ args: ["test", "mocha", "--no-compile"], cwd: ROOT, log: "typescript.log", env });

  const runs = new Map<string, IstanbulFile[]>();
  for (const name of await readdir(COUNTS)) {
    const { result } = Counts.parse(JSON.parse(await readFile(join(COUNTS, name), "utf8")));
    for (const script of result) {
      const path = relative(ROOT, fileURLToPath(script.url)).replaceAll("\\", "/");
      const known = runs.get(path) ?? [];
      runs.set(path, [...known, await istanbulOf(script)]);
    }
  }
  const files: FileCoverage[] = [];
  for (const path of listTree().filter((tracked) => /^scripts\/core\/.*\.ts$/.test(tracked))) {
    const file = typescriptCoverage(path, runs.get(path) ?? [await istanbulOf(unloaded(path))]);
    // A file of types alone has nothing that could run.
    if (file.statements.found > 0) files.push(file);
  }
  return coverageOf(files);
}

/** What ran of the code as tsx gave it to the engine, led back to the lines it was written in. */
async function istanbulOf({ url, source, functions }: Script): Promise<IstanbulFile> {
  const encoded = /\/\/# sourceMappingURL=data:[^,]*;base64,(\S+)/.exec(source)?.[1] ?? "";
  const sourceMap = SourceMap.parse(JSON.parse(Buffer.from(encoded, "base64").toString("utf8")));
  const ast = parse(source, { ecmaVersion: "latest", sourceType: "module" });
  const converted = await convert({ ast, code: source, sourceMap, coverage: { url, functions }, wrapperLength: 0 });
  const [file = { statementMap: {}, s: {} }] = Object.values(converted);
  return IstanbulFile.parse(file);
}

/** A file that no test loads: all its code, and nothing of it ran. */
function unloaded(path: string): Script {
  const { outputText: source } = ts.transpileModule(readText(path), {
    fileName: join(ROOT, path),
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, inlineSourceMap: true },
  });
  const ranges = [{ startOffset: 0, endOffset: source.length, count: 0 }];
  return {
    url: pathToFileURL(join(ROOT, path)).href,
    source,
    functions: [{ functionName: "", ranges, isBlockCoverage: true }],
  };
}
