/** How much of the code the tests run: what the tools write down, read into one form, and that as a table. */
import { z } from "zod";

/** How many there are, and how many of them ran. */
export interface Share {
  readonly found: number;
  readonly hit: number;
}

export interface FileCoverage {
  /** Path from the repository's root, with slashes. */
  readonly path: string;
  readonly lines: Share;
  readonly statements: Share;
  /** Lines with code that did not run, ascending. */
  readonly uncovered: readonly number[];
}

export interface Coverage {
  readonly files: readonly FileCoverage[];
  readonly lines: Share;
  readonly statements: Share;
}

/** {%} What the tests must run of each part, lines and statements alike. */
export const BOUNDS = { contracts: 97, "scripts/core": 95 } as const;

export type Part = keyof typeof BOUNDS;

/** The whole of some files, which are sorted by their paths. */
export function coverageOf(files: readonly FileCoverage[]): Coverage {
  const sum = (share: (file: FileCoverage) => Share): Share =>
    files.reduce((all, file) => ({ found: all.found + share(file).found, hit: all.hit + share(file).hit }), {
      found: 0,
      hit: 0,
    });
  return {
    files: [...files].sort((a, b) => (a.path < b.path ? -1 : 1)),
    lines: sum(({ lines }) => lines),
    statements: sum(({ statements }) => statements),
  };
}

/** The lines of a tracefile in lcov's format, by file: which line has code, and how often it ran. */
export function readLcov(text: string): ReadonlyMap<string, ReadonlyMap<number, number>> {
  const files = new Map<string, Map<number, number>>();
  let lines = new Map<number, number>();
  for (const row of text.split("\n")) {
    const [, file] = /^SF:(.+)$/.exec(row) ?? [];
    if (file !== undefined) {
      lines = new Map();
      files.set(file.trim().replaceAll("\\", "/"), lines);
    }
    const [, line, count] = /^DA:(\d+),(\d+)/.exec(row) ?? [];
    if (line !== undefined) lines.set(Number(line), Number(count));
  }
  return files;
}

/** The marks of an instrumented Solidity source, one for each of its statements. */
export function marksOf(source: string): ReadonlySet<string> {
  return new Set(
    [...source.matchAll(/\b__NomicFoundationCoverage\.sendHit\(0x([0-9a-f]+)\)/g)].map(([, mark = ""]) => mark),
  );
}

/** Coverage of contracts: lines as Hardhat's tracefile has them, statements by the marks that were reached. */
export function solidityCoverage(
  lcov: string,
  marks: ReadonlyMap<string, ReadonlySet<string>>,
  reached: ReadonlySet<string>,
): Coverage {
  const files = [...readLcov(lcov)].map(([path, lines]): FileCoverage => {
    const statements = [...(marks.get(path) ?? [])];
    return {
      path,
      lines: shareOf([...lines.values()].map((count) => count > 0)),
      statements: shareOf(statements.map((mark) => reached.has(mark))),
      uncovered: without(lines),
    };
  });
  return coverageOf(files);
}

/** What is read of a file's coverage in Istanbul's format: where its statements begin, and how often each ran. */
export const IstanbulFile = z.object({
  statementMap: z.record(z.object({ start: z.object({ line: z.number(), column: z.number() }) })),
  s: z.record(z.number()),
});

export type IstanbulFile = z.infer<typeof IstanbulFile>;

/**
 * Coverage of one TypeScript file, whose counts several processes may have written. As everywhere with Istanbul, a line
 * ran when a statement that begins on it did.
 */
export function typescriptCoverage(path: string, runs: readonly IstanbulFile[]): FileCoverage {
  const statements = new Map<string, number>();
  const lines = new Map<number, number>();
  for (const { statementMap, s } of runs) {
    for (const [key, { start }] of Object.entries(statementMap)) {
      const count = s[key] ?? 0;
      const place = `${key} ${start.line}:${start.column}`;
      statements.set(place, (statements.get(place) ?? 0) + count);
      lines.set(start.line, (lines.get(start.line) ?? 0) + count);
    }
  }
  return {
    path,
    lines: shareOf([...lines.values()].map((count) => count > 0)),
    statements: shareOf([...statements.values()].map((count) => count > 0)),
    uncovered: without(lines),
  };
}

function shareOf(ran: readonly boolean[]): Share {
  return { found: ran.length, hit: ran.filter(Boolean).length };
}

function without(lines: ReadonlyMap<number, number>): readonly number[] {
  return [...lines].flatMap(([line, count]) => (count === 0 ? [line] : [])).sort((a, b) => a - b);
}

/** In hundredths of a percent, rounded down: only what ran whole is 100.00. Where there is nothing, all of it ran. */
export function percent({ found, hit }: Share): string {
  const hundredths = found === 0 ? 10_000 : Math.floor((hit * 10_000) / found);
  return `${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, "0")}`;
}

/** `3-5, 9`: neighbours together. */
export function rangesOf(lines: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const line of lines) {
    const last = ranges.at(-1);
    if (last?.[1] === line - 1) last[1] = line;
    else ranges.push([line, line]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
}

/** Rows of a table: a file each, without the name of the part, and the part in all at the end. */
export function rowsOf(part: Part, { files, lines, statements }: Coverage): readonly (readonly string[])[] {
  const counted = (share: Share): string => `${share.hit} of ${share.found}`;
  return [
    ...files.map((file) => [
      file.path.replace(`${part}/`, ""),
      percent(file.lines),
      percent(file.statements),
      rangesOf(file.uncovered),
    ]),
    ["in all", percent(lines), percent(statements), `${counted(lines)} lines, ${counted(statements)} statements`],
  ];
}

/** What of a part is below its bound, a line each. */
export function shortfalls(part: Part, coverage: Coverage): readonly string[] {
  return (["lines", "statements"] as const).flatMap((kind) => {
    const share = coverage[kind];
    const enough = share.found > 0 && share.hit * 100 >= share.found * BOUNDS[part];
    return enough ? [] : [`${part}: ${percent(share)}% of ${share.found} ${kind} ran, the bound is ${BOUNDS[part]}%`];
  });
}
