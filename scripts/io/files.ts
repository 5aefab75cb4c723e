import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { ToolError } from "../core/errors.js";

export type FileFault = "NOT_FOUND" | "IS_DIRECTORY" | "NOT_READABLE" | "NOT_A_FOLDER" | "NOT_WRITABLE" | "EXISTS";

/** A file or folder that the command was given cannot be used. */
export class FileError extends ToolError {
  override readonly name = "FileError";

  constructor(
    readonly fault: FileFault,
    readonly path: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(`FILE_${fault}`, message, 1, options);
  }
}

const REPORT_JSON = "report.json";
const REPORT_HTML = "report.html";

/** A file given to `option`: its text, and the name errors and reports call it by: a report must not tell the machine's folders. */
export async function readInputFile(
  path: string,
  option = "--prices",
): Promise<{ readonly text: string; readonly name: string }> {
  try {
    return { text: await readFile(path, "utf8"), name: basename(path) };
  } catch (cause) {
    const options = { cause };
    switch (codeOf(cause)) {
      case "ENOENT":
      case "ENOTDIR":
        throw new FileError(
          "NOT_FOUND",
          path,
          `${path}: there is no such file; check the path given to ${option}.`,
          options,
        );
      case "EISDIR":
        throw new FileError("IS_DIRECTORY", path, `${path} is a folder; give ${option} a file in it.`, options);
      case "EACCES":
      case "EPERM":
        throw new FileError("NOT_READABLE", path, `${path} may not be read; change its permissions.`, options);
      default:
        throw cause;
    }
  }
}

/** Writes a file that is not there yet: what has the name already is left alone. */
export async function writeNewFile(path: string, content: string, option: string): Promise<void> {
  try {
    await writeFile(path, content, { flag: "wx" });
  } catch (cause) {
    const code = codeOf(cause);
    if (code === "") throw cause;
    const exists = code === "EEXIST" || code === "EISDIR";
    const message = exists
      ? `${path} exists and is left alone; give ${option} another name.`
      : `${path} cannot be written (${code}); give ${option} another name.`;
    throw new FileError(exists ? "EXISTS" : "NOT_WRITABLE", path, message, { cause });
  }
}

/** Makes sure that a report can be written before hours are spent on it: creates the folder and leaves nothing in it. */
export async function prepareOutDir(dir: string): Promise<void> {
  await orFileError(dir, async () => {
    await makeFolder(resolve(dir));
    // A folder that exists may still refuse files, and permissions alone do not tell (a read-only disk).
    const probe = join(dir, `.probe-${process.pid}`);
    await writeFile(probe, "");
    await rm(probe);
  });
}

/** A further file of a report, by its name in the folder. */
export interface FurtherFile {
  readonly name: string;
  readonly content: Uint8Array;
}

export interface WrittenReport {
  readonly paths: readonly string[];
  /** Whether an earlier report was there and is gone: say so to whoever ran the command. */
  readonly replaced: boolean;
}

/**
 * Writes the files of a report, replacing those and touching nothing else in the folder. Each is complete or not
 * there: it is written beside its place and renamed into it, so an interrupted run leaves the earlier report whole.
 */
export async function writeReport(
  dir: string,
  files: { json: string; html: string; further?: readonly FurtherFile[] },
): Promise<WrittenReport> {
  const further = files.further ?? [];
  const paths = [REPORT_JSON, REPORT_HTML, ...further.map(({ name }) => name)].map((name) => join(dir, name));
  return await orFileError(dir, async () => {
    await makeFolder(resolve(dir));
    const replaced = (await Promise.all(paths.map(exists))).includes(true);
    await replace(join(dir, REPORT_JSON), files.json);
    await replace(join(dir, REPORT_HTML), files.html);
    for (const { name, content } of further) await replace(join(dir, name), content);
    return { paths, replaced };
  });
}

/** Like mkdir -p. Node's own recursive mkdir never returns where a parent exists and yet cannot hold it, as under /proc. */
async function makeFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir);
  } catch (cause) {
    const parent = dirname(dir);
    if (codeOf(cause) === "ENOENT" && parent !== dir && !(await exists(parent))) {
      await makeFolder(parent);
      await mkdir(dir);
    } else if (codeOf(cause) !== "EEXIST" || !(await stat(dir)).isDirectory()) {
      throw cause;
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return false;
    throw cause;
  }
}

async function replace(path: string, content: string | Uint8Array): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}-${process.pid}`);
  try {
    await writeFile(draft, content);
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true });
    throw cause;
  }
}

async function orFileError<T>(dir: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (cause) {
    const options = { cause };
    switch (codeOf(cause)) {
      case "EEXIST":
      case "ENOTDIR":
        throw new FileError("NOT_A_FOLDER", dir, `${dir} is a file, or lies below one; give --out a folder.`, options);
      case "EISDIR":
        throw new FileError("NOT_WRITABLE", dir, `${dir} has a folder where a report goes; move it away.`, options);
      case "EACCES":
      case "EPERM":
      case "EROFS":
      case "ENOENT":
      case "ENOSPC":
      case "ENAMETOOLONG":
        throw new FileError(
          "NOT_WRITABLE",
          dir,
          `${dir} cannot be written (${codeOf(cause)}); choose another --out.`,
          options,
        );
      default:
        throw cause;
    }
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "";
}
