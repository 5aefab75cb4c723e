/** Which folder may import which: imports point down only, so that a reader of one layer needs none above it. */

export interface SourceFile {
  /** Path from the repository's root, with slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Breach {
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

/** Layers of the contracts from the bottom up. `base` and `types` share one: an error names what a type refuses. */
const CONTRACT_LAYERS: readonly (readonly string[])[] = [
  ["base", "types"],
  ["math"],
  ["interfaces"],
  ["ledger"],
  ["risk"],
  ["actions"],
  ["root"],
  ["periphery"],
];

/** What each folder of scripts may import of the project, beside itself. */
const SCRIPT_IMPORTS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  io: ["core"],
  tasks: ["core", "io"],
  house: ["core", "io"],
};

/** Packages that only tests may import. */
const TEST_ONLY = /^(?:forge-std\/|hardhat\/console)/;
/** What makes a module impure; node's `util` is all functions. */
const IMPURE = /^(?:node:(?!util$)|hardhat$|hardhat\/|@nomicfoundation\/)/;

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

export function findBreaches(files: readonly SourceFile[]): readonly Breach[] {
  return files.flatMap((file) => importsOf(file).flatMap((found) => breachesOf(file.path, found)));
}

function breachesOf(from: string, { specifier, typeOnly }: Import): readonly Breach[] {
  const to = specifier.startsWith(".") ? resolvePath(from, specifier) : specifier;
  const reason = from.startsWith("contracts/") ? contractReason(from, to) : scriptReason(from, to, typeOnly);
  return reason === null ? [] : [{ from, to, reason }];
}

function contractReason(from: string, to: string): string | null {
  if (TEST_ONLY.test(to)) return "only tests may import it";
  if (!to.startsWith("contracts/")) return to.startsWith("test/") ? "contracts know no tests" : null;
  const [lower, upper] = [folderOf(to), folderOf(from)];
  if (upper === "mocks") return null;
  if (lower === "mocks") return "mocks stand apart";
  const [target, own] = [rankOf(lower), rankOf(upper)];
  if (own === null) return `${upper} is no layer`;
  if (target === null) return `${lower} is no layer`;
  return target > own ? `${upper} is below ${lower}` : null;
}

function scriptReason(from: string, to: string, typeOnly: boolean): string | null {
  const own = from.split("/")[1] ?? "";
  const allowed = SCRIPT_IMPORTS[own];
  if (allowed === undefined) return `scripts/${own} is no layer`;
  if (own === "core" && !typeOnly && IMPURE.test(to)) return "core is pure: no node, no network, no process";
  if (to.startsWith("test/")) return "scripts know no tests";
  if (to.startsWith("deploy/")) return own === "core" ? "core knows no deployment" : null;
  if (!to.startsWith("scripts/")) return null;
  const target = to.split("/")[1] ?? "";
  return target === own || allowed.includes(target) ? null : `${own} may not import ${target}`;
}

/** The folder below `contracts/`; a file directly in it is of the root. */
function folderOf(path: string): string {
  const parts = path.split("/");
  return parts.length === 2 ? "root" : (parts[1] ?? "");
}

function rankOf(folder: string): number | null {
  const rank = CONTRACT_LAYERS.findIndex((layer) => layer.includes(folder));
  return rank < 0 ? null : rank;
}

/** The path, from the repository's root, of what a file at `from` names by where it stands itself. */
export function resolvePath(from: string, target: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of target.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

/** Imports of a Solidity or TypeScript file, exports from another included; comments do not count. */
export function importsOf({ path, text }: SourceFile): readonly Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  if (path.endsWith(".sol")) {
    return [...code.matchAll(/^\s*import\b[^;"]*"([^"]+)"/gm)].map(([, specifier = ""]) => ({
      specifier,
      typeOnly: false,
    }));
  }
  const fixed = code.matchAll(/^\s*(import|export)\b(\s+type\b)?(?:[^;"'=]*?\bfrom)?\s*"([^"]+)"/gm);
  const dynamic = code.matchAll(/\bimport\(\s*"([^"]+)"/g);
  return [
    ...[...fixed].map(([, , type, specifier = ""]) => ({ specifier, typeOnly: type !== undefined })),
    ...[...dynamic].map(([, specifier = ""]) => ({ specifier, typeOnly: false })),
  ];
}
