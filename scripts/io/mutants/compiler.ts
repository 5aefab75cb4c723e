/** Syntax trees from the project's own compiler: parsing and analysis alone, which takes seconds. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import solc from "solc";
import { z } from "zod";

import type { ParsedSource } from "../../core/mutants/find.js";

import { isNode, type Node } from "../../core/mutants/ast.js";
import { ToolError } from "../../core/errors.js";

const Tree = z.custom<Node>(isNode);

const Output = z.object({
  errors: z.array(z.object({ severity: z.string(), formattedMessage: z.string() })).default([]),
  sources: z.record(z.object({ ast: Tree })).default({}),
});

/** The compiler's own types are `any`. */
const compile = z.function(z.tuple([z.string(), z.unknown()]), z.string()).parse(solc.compile);

const SETTINGS = { outputSelection: { "*": { "": ["ast"] } }, evmVersion: "cancun" };

/** Parses sources by their paths; what they import is looked for below `root`, and in its packages. */
export function parseSources(root: string, paths: readonly string[]): readonly ParsedSource[] {
  const texts = new Map<string, string>();
  const read = (path: string): string => {
    const folder = path.startsWith("contracts/") ? root : join(root, "node_modules");
    const text = texts.get(path) ?? readFileSync(join(folder, path), "utf8");
    texts.set(path, text);
    return text;
  };
  return parseTexts(Object.fromEntries(paths.map((path) => [path, read(path)])), read);
}

/** Parses sources whose texts are at hand. */
export function parseTexts(
  texts: Readonly<Record<string, string>>,
  read: (path: string) => string = (path) => texts[path] ?? "",
): readonly ParsedSource[] {
  const sources = Object.fromEntries(Object.entries(texts).map(([path, content]) => [path, { content }]));
  const input = JSON.stringify({ language: "Solidity", sources, settings: SETTINGS });
  const output = Output.parse(JSON.parse(compile(input, { import: (path: string) => ({ contents: read(path) }) })));
  const wrong = output.errors.find(({ severity }) => severity === "error");
  if (wrong !== undefined) throw new ToolError("MUTANTS_SOURCE", wrong.formattedMessage);
  return Object.entries(output.sources).map(([path, { ast }]) => ({ path, text: read(path), tree: ast }));
}
