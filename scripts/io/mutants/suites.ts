/** The test contracts of a build, as the engine takes them. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { Artifact } from "@nomicfoundation/edr";

import { z } from "zod";

const Links = z.record(z.record(z.array(z.object({ start: z.number(), length: z.number() }))));

const BuiltContract = z.object({
  contractName: z.string(),
  sourceName: z.string(),
  inputSourceName: z.string().optional(),
  abi: z.array(z.object({ type: z.string(), name: z.string().optional() }).passthrough()),
  bytecode: z.string(),
  deployedBytecode: z.string(),
  linkReferences: Links,
  deployedLinkReferences: Links,
});

export interface Suite {
  readonly name: string;
  readonly source: string;
  readonly artifact: Artifact;
  /** Its test functions. */
  readonly tests: readonly string[];
}

export interface Suites {
  readonly suites: ReadonlyMap<string, Suite>;
  /** Every contract of the tests: walks look among them for what they call. */
  readonly artifacts: readonly Artifact[];
}

const SOLC_VERSION = "0.8.30";

export function loadSuites(project: string): Suites {
  const paths = globSync("artifacts/{test,contracts}/**/*.json", { cwd: project });
  const built = paths.map((path) => BuiltContract.parse(JSON.parse(readFileSync(join(project, path), "utf8"))));
  const code = built.filter(({ bytecode }) => bytecode !== "" && bytecode !== "0x");
  const suites = new Map<string, Suite>();
  const artifacts = code.map((contract) => {
    const artifact = artifactOf(contract);
    const tests = testsOf(contract);
    const { contractName: name, sourceName: source } = contract;
    if (source.startsWith("test/") && tests.length > 0) suites.set(name, { name, source, artifact, tests });
    return artifact;
  });
  return { suites, artifacts };
}

function testsOf({ abi }: z.infer<typeof BuiltContract>): readonly string[] {
  const names = abi.filter(({ type }) => type === "function").map(({ name = "" }) => name);
  return names.filter((name) => /^(?:test|invariant)/.test(name));
}

function artifactOf(contract: z.infer<typeof BuiltContract>): Artifact {
  const { contractName, sourceName, inputSourceName, abi, bytecode, deployedBytecode } = contract;
  return {
    id: { name: contractName, solcVersion: SOLC_VERSION, source: inputSourceName ?? sourceName },
    contract: {
      abi: JSON.stringify(abi),
      bytecode,
      deployedBytecode,
      linkReferences: contract.linkReferences,
      deployedLinkReferences: contract.deployedLinkReferences,
    },
  };
}
