// Measures the code of each deployable against the chain's limit, and its storage layout, and compares both with
// snapshots/bytecode.json and snapshots/storage.json.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";

import Table from "cli-table3";
import hre from "hardhat";
import { z } from "zod";

import { UsageError } from "../core/errors.js";
import { HouseError } from "../core/house/errors.js";
import {
  BytecodeSnapshot,
  CODE_LIMIT,
  SolcLayout,
  StorageSnapshot,
  layoutDifferences,
  layoutLines,
  oversized,
  sizeDifferences,
  type Layout,
} from "../core/house/sizes.js";
import { readFlags, runCommand } from "../io/command.js";
import { terminal } from "../io/terminal.js";

const BYTECODE = new URL("../../snapshots/bytecode.json", import.meta.url);
const STORAGE = new URL("../../snapshots/storage.json", import.meta.url);

/** What is deployed: the root of contracts/, and what its periphery adds. */
const DEPLOYABLE = /^contracts\/(?:periphery\/)?[^/]+\.sol:/;

const USAGE = `Usage: npm run sizes [-- --check | --update]

  --check   compare with snapshots/bytecode.json and snapshots/storage.json, and fail on any difference
  --update  write both`;

const Flags = z.object({ check: z.boolean().default(false), update: z.boolean().default(false) }).strict();

const BuildOutput = z.object({
  output: z.object({ contracts: z.record(z.string(), z.record(z.string(), z.unknown())) }),
});
const WithLayout = z.object({ storageLayout: SolcLayout });

interface Measured {
  readonly sizes: Record<string, number>;
  readonly layouts: Record<string, Layout>;
}

async function measure(): Promise<Measured> {
  const measured: Measured = { sizes: {}, layouts: {} };
  const names = [...(await hre.artifacts.getAllFullyQualifiedNames())].filter((name) => DEPLOYABLE.test(name)).sort();
  for (const name of names) {
    const artifact = await hre.artifacts.readArtifact(name);
    const bytes = (artifact.deployedBytecode.length - 2) / 2;
    if (bytes === 0) continue; // abstract, or an interface
    measured.sizes[artifact.contractName] = bytes;
    measured.layouts[artifact.contractName] = layoutLines(await layoutOf(name, artifact.contractName));
  }
  return measured;
}

async function layoutOf(name: string, contractName: string): Promise<SolcLayout> {
  const artifact = await hre.artifacts.readArtifact(name);
  const path = await hre.artifacts.getBuildInfoOutputPath(artifact.buildInfoId ?? "");
  if (path === undefined) throw new HouseError("SIZES", `No build output for ${name}: run npm run build.`, []);
  const { output } = BuildOutput.parse(JSON.parse(await readFile(path, "utf8")));
  const contract = output.contracts[artifact.inputSourceName ?? ""]?.[contractName];
  return WithLayout.parse(contract).storageLayout;
}

function print({ sizes, layouts }: Measured): void {
  const table = new Table({ head: ["contract", "bytes", "headroom", "variables"], style: { head: [], border: [] } });
  for (const [name, bytes] of Object.entries(sizes)) {
    const variables = (layouts[name] ?? []).filter((line) => !line.startsWith(" ")).length;
    table.push([name, `${bytes}`, `${CODE_LIMIT - bytes}`, `${variables}`]);
  }
  terminal.result(table.toString());
}

/** A snapshot that is not there yet is empty: everything is new. */
function readSnapshot<Content>(url: URL, schema: z.ZodType<Content, z.ZodTypeDef, unknown>): Content {
  if (!existsSync(url)) return schema.parse({});
  return schema.parse(JSON.parse(readFileSync(url, "utf8")));
}

await runCommand(async () => {
  const flags = readFlags(USAGE, Flags);
  if (flags.check && flags.update) throw new UsageError("--check and --update exclude each other.");
  await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
  const measured = await measure();
  print(measured);
  const large = oversized(measured.sizes);
  if (large.length > 0) throw new HouseError("SIZES", `${large.length} contracts are too large to deploy.`, large);

  if (flags.update) {
    writeFileSync(BYTECODE, `${JSON.stringify(measured.sizes, null, 2)}\n`);
    writeFileSync(STORAGE, `${JSON.stringify(measured.layouts, null, 2)}\n`);
  }
  if (!flags.check) return;
  const changed = [
    ...sizeDifferences(readSnapshot(BYTECODE, BytecodeSnapshot), measured.sizes),
    ...layoutDifferences(readSnapshot(STORAGE, StorageSnapshot), measured.layouts),
  ];
  if (changed.length > 0) {
    throw new HouseError("SIZES", "Code or storage is not what snapshots/ says; meant: sizes -- --update.", changed);
  }
  terminal.result("sizes: code and storage as in the snapshots");
});
