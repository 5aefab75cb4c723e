import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { SourceFile } from "../core/house/layers.js";

/** The repository's root. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

function git(...args: string[]): string {
  return execFileSync("git", args, { cwd: ROOT, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
}

/** Paths of what belongs to the repository: tracked, or new and not ignored. Only what is there. */
export function listTree(): readonly string[] {
  const output = git("ls-files", "-z", "--cached", "--others", "--exclude-standard");
  const paths = output.split("\0").filter((path) => path !== "" && existsSync(join(ROOT, path)));
  return [...new Set(paths)].sort();
}

/** Paths below `folder` that differ from the last commit: changed, gone, or new. */
export function listChanged(folder: string): readonly string[] {
  const changed = git("diff", "-z", "--name-only", "HEAD", "--", folder);
  const fresh = git("ls-files", "-z", "--others", "--exclude-standard", "--", folder);
  return [...new Set(`${changed}${fresh}`.split("\0").filter((path) => path !== ""))].sort();
}

/** A file as it was last committed; null where it was not there. */
export function readCommitted(path: string): string | null {
  const known = git("ls-tree", "-z", "--name-only", "HEAD", "--", path);
  return known === "" ? null : git("show", `HEAD:${path}`);
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

export function readTree(wanted: (path: string) => boolean): readonly SourceFile[] {
  return listTree()
    .filter(wanted)
    .map((path) => ({ path, text: readText(path) }));
}
