/**
 * What the pages promise and a program can check. The forms it needs:
 *
 * - README.md, SECURITY.md and each of {@link PAGES} exist; every relative link in any page leads to a file, and its #fragment to a
 *   heading there; a path of a source file in backticks exists.
 * - docs/ARCHITECTURE.md names every contract of the root and its layers in backticks, `contracts/ledger/CashMarket.sol`
 *   or by a link to it.
 * - docs/ROUNDING.md has a table whose last column is headed "test" and holds, in backticks, the names of test functions
 *   (or the titles of mocha tests); so has docs/FAILURES.md, where a row may name a test file or say that it is open; so
 *   has SECURITY.md, where a row without a test begins that column with "none".
 * - docs/INVARIANTS.md numbers its promises as `1.` at the start of a line, or in the first column of a table; tests cite
 *   them as `invariant_1_...`, `invariant 1` or `promise 1`.
 * - docs/GLOSSARY.md has a table whose first column is headed "word"; every word is used in the code, as it stands or as
 *   an identifier (`margin call` is found in `marginCall` and in `MarginCalled`).
 */
import type { SourceFile } from "./layers.js";

import { resolvePath } from "./layers.js";

const PAGES = ["ARCHITECTURE", "ROUNDING", "INVARIANTS", "GLOSSARY", "FAILURES"] as const;

export interface Repository {
  /** Everything that belongs to the repository. */
  readonly paths: readonly string[];
  readonly pages: readonly SourceFile[];
  readonly tests: readonly SourceFile[];
  readonly code: readonly SourceFile[];
}

/** Written so that this file does not find itself. */
const MACHINE_PATH = /(?<![\w.~/-])\/(?:root|home|work)\/[\w.]/;
const REGISTRY = /\b(?:registry\.[\w-]+\.(?:org|com|io|dev)|[\w-]*npmmirror\.com|deb\.debian\.org|pypi\.org)\b/;
const OPEN_ENDS = /\b(?:TO(?=DO)DO|FIX(?=ME)ME)\b/;

/** Paths that are not held to the rules of prose: what tools write. */
const GENERATED = /^(?:package-lock\.json|typechain-types\/|snapshots\/)/;
const SOURCE_PATH = /^(?:contracts|scripts|test|deploy|docs|snapshots)\/[\w./-]+\.\w+$/;

/** What must stand in no text of the repository, a line each. */
export function findForbidden(files: readonly SourceFile[]): readonly string[] {
  const rules = [
    [MACHINE_PATH, "a path of one machine"],
    [REGISTRY, "the address of a package registry"],
    [OPEN_ENDS, "an open end: finish it, or describe it where work is planned"],
  ] as const;
  return files
    .filter(({ path }) => !GENERATED.test(path))
    .flatMap(({ path, text }) =>
      text
        .split("\n")
        .flatMap((line, index) =>
          rules.flatMap(([rule, what]) => (rule.test(line) ? [`${path}:${index + 1}: ${what}`] : [])),
        ),
    );
}

export function checkDocs(repository: Repository): readonly string[] {
  const at = (place: string): SourceFile | null => repository.pages.find(({ path }) => path === place) ?? null;
  const page = (name: string): SourceFile | null => at(`docs/${name}.md`);
  const missing = PAGES.filter((name) => page(name) === null).map((name) => `docs/${name}.md is missing`);
  for (const path of ["README.md", "SECURITY.md"])
    if (!repository.paths.includes(path)) missing.push(`${path} is missing`);
  const { tests, code, paths } = repository;
  return [
    ...missing,
    ...checkLinks(repository),
    ...onPage(page("ARCHITECTURE"), (text) => checkMap(text, paths)),
    ...onPage(page("ROUNDING"), (text) => checkRounding(text, tests)),
    ...onPage(page("FAILURES"), (text) => checkRounding(text, tests)),
    ...onPage(at("SECURITY.md"), (text) => checkThreats(text, tests)),
    ...onPage(page("INVARIANTS"), (text) => checkInvariants(text, tests)),
    ...onPage(page("GLOSSARY"), (text) => checkGlossary(text, code)),
  ];
}

function onPage(page: SourceFile | null, check: (text: string) => readonly string[]): readonly string[] {
  return page === null ? [] : check(page.text).map((finding) => `${page.path}: ${finding}`);
}

/** Links inside the repository, and paths in backticks. */
export function checkLinks({ paths, pages }: Pick<Repository, "paths" | "pages">): readonly string[] {
  const known = new Set(paths);
  const isFolder = (path: string): boolean => paths.some((other) => other.startsWith(`${path}/`));
  return pages.flatMap(({ path, text }) => {
    const prose = text.replace(/^```[\s\S]*?^```/gm, "");
    const links = [...prose.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)].map(([, target = ""]) => target);
    const dead = links
      .filter((target) => !/^[a-z]+:/i.test(target))
      .flatMap((target) => {
        const [file = "", fragment] = target.split("#");
        const resolved = file === "" ? path : resolvePath(path, file);
        if (!known.has(resolved) && !isFolder(resolved)) return [`${path}: the link to ${target} leads nowhere`];
        const page = pages.find((other) => other.path === resolved);
        if (fragment === undefined || page === undefined || anchorsOf(page.text).has(fragment)) return [];
        return [`${path}: ${resolved} has no heading #${fragment}`];
      });
    const named = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, name = ""]) => name);
    const absent = named
      .filter((name) => SOURCE_PATH.test(name) && !known.has(name))
      .map((name) => `${path}: \`${name}\` does not exist`);
    return [...dead, ...absent];
  });
}

/** Every contract has its place on the map. */
export function checkMap(text: string, paths: readonly string[]): readonly string[] {
  return paths
    .filter((path) => /^contracts\/(?!mocks\/|base\/|types\/|interfaces\/).*\.sol$/.test(path))
    .filter((path) => !text.includes(path))
    .map((path) => `${path} is not on the map`);
}

/** Each row of a table of tests names one that exists; that a file exists is seen to elsewhere. */
export function checkRounding(text: string, tests: readonly SourceFile[]): readonly string[] {
  return checkTests(text, tests, () => false);
}

/** The same, but a row may say that there is no test. */
export function checkThreats(text: string, tests: readonly SourceFile[]): readonly string[] {
  return checkTests(text, tests, (cell) => /^none\b/i.test(cell));
}

function checkTests(
  text: string,
  tests: readonly SourceFile[],
  saysNone: (cell: string) => boolean,
): readonly string[] {
  const rows = tablesOf(text).filter(({ head }) => /^tests?\b/i.test(head.at(-1) ?? ""));
  if (rows.length === 0) return ['no table with a last column "test"'];
  return rows.flatMap(({ cells }) => {
    const cell = cells.at(-1) ?? "";
    const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
    if (names.length === 0) return saysNone(cell) ? [] : [`"${cells[0] ?? ""}" names no test`];
    return names
      .filter((name) => !SOURCE_PATH.test(name) && !tests.some((test) => namesTest(test.text, name)))
      .map((name) => `"${cells[0] ?? ""}" names \`${name}\`, which no test is called`);
  });
}

/** Each numbered promise is cited by a test. */
export function checkInvariants(text: string, tests: readonly SourceFile[]): readonly string[] {
  const listed = [...text.matchAll(/^(?:\|\s*)?(\d+)(?:\.\s|\s*\|)/gm)].map(([, number = ""]) => number);
  if (listed.length === 0) return ["no numbered promises"];
  return [...new Set(listed)].flatMap((number) => {
    const cited = new RegExp(`(?:invariant|promise)s?[ _-]?0*${number}(?!\\d)`, "i");
    return tests.some((test) => cited.test(test.text)) ? [] : [`no test cites number ${number}`];
  });
}

/** Each word of the glossary is used in the code. */
export function checkGlossary(text: string, code: readonly SourceFile[]): readonly string[] {
  const rows = tablesOf(text).filter(({ head }) => /^word/i.test(head[0] ?? ""));
  if (rows.length === 0) return ['no table with a first column "word"'];
  const all = code.map((file) => file.text.toLowerCase().replace(/[\s_-]+/g, "")).join("\n");
  return rows.flatMap(({ cells }) => {
    const words = (cells[0] ?? "").replace(/`|\*|\([^)]*\)/g, "").split(/,| and /);
    return words
      .map((word) => word.trim())
      .filter((word) => word !== "" && !all.includes(word.toLowerCase().replace(/[\s_-]+/g, "")))
      .map((word) => `"${word}" is not a word of the code`);
  });
}

function namesTest(text: string, name: string): boolean {
  return text.includes(`function ${name}(`) || text.includes(`"${name}"`);
}

interface Row {
  readonly head: readonly string[];
  readonly cells: readonly string[];
}

/** The rows of every table of a page, each with the head of its table. */
function tablesOf(text: string): readonly Row[] {
  let head: readonly string[] | null = null;
  return text.split("\n").flatMap((line) => {
    if (!line.trim().startsWith("|")) {
      head = null;
      return [];
    }
    const cells = line
      .trim()
      .replace(/^\||\|$/g, "")
      .split("|")
      .map((cell) => cell.trim());
    if (head === null) {
      head = cells;
      return [];
    }
    return cells.every((cell) => /^:?-+:?$/.test(cell)) ? [] : [{ head, cells }];
  });
}

/** Headings as GitHub makes anchors of them. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+\s+(.+)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replace(/\s/g, "-"),
    ),
  );
}
