import { z } from "zod";

/** The largest runtime code a chain accepts (EIP-170). */
export const CODE_LIMIT = 24_576;

const SolcType = z.object({
  label: z.string(),
  numberOfBytes: z.string(),
  members: z.array(z.object({ label: z.string(), offset: z.number(), slot: z.string(), type: z.string() })).optional(),
});

/** Storage layout as solc prints it. */
export const SolcLayout = z.object({
  storage: z.array(z.object({ label: z.string(), offset: z.number(), slot: z.string(), type: z.string() })),
  types: z.record(z.string(), SolcType).nullish(),
});

export type SolcLayout = z.infer<typeof SolcLayout>;

/** One line for a variable: `slot+offset label: type (bytes)`. Without solc's node numbers, which any edit changes. */
export type Layout = readonly string[];

export const BytecodeSnapshot = z.record(z.string(), z.number().int());
export const StorageSnapshot = z.record(z.string(), z.array(z.string()));

/** A layout as lines; the members of a struct in storage follow it, indented. */
export function layoutLines({ storage, types }: SolcLayout): Layout {
  const lineOf = (entry: { label: string; offset: number; slot: string; type: string }, indent: string): string[] => {
    const type = types?.[entry.type];
    const position = entry.offset === 0 ? entry.slot : `${entry.slot}+${entry.offset}`;
    const line = `${indent}${position} ${entry.label}: ${type?.label ?? entry.type} (${type?.numberOfBytes ?? "?"})`;
    return [line, ...membersOf(entry.type).flatMap((member) => lineOf(member, `${indent}  `))];
  };
  // A struct is reached directly, or as the value of a mapping or array.
  const membersOf = (type: string) => {
    const value = /(t_struct\([^)]*\)\d+_storage)\)?$/.exec(type)?.[1] ?? type;
    return types?.[value]?.members ?? [];
  };
  return storage.flatMap((entry) => lineOf(entry, ""));
}

/** What differs between two sets of sizes, a line each. */
export function sizeDifferences(
  kept: Readonly<Record<string, number>>,
  found: Readonly<Record<string, number>>,
): readonly string[] {
  return namesOf(kept, found).flatMap((name) => {
    const [before, after] = [kept[name], found[name]];
    if (before === after) return [];
    if (before === undefined) return [`${name}: new, ${after ?? 0} bytes`];
    if (after === undefined) return [`${name}: gone, it had ${before} bytes`];
    return [`${name}: ${before} -> ${after} bytes (${after > before ? "+" : ""}${after - before})`];
  });
}

/** What differs between two sets of layouts: lines that are gone with a minus, new ones with a plus. */
export function layoutDifferences(
  kept: Readonly<Record<string, Layout>>,
  found: Readonly<Record<string, Layout>>,
): readonly string[] {
  return namesOf(kept, found).flatMap((name) => {
    const [before, after] = [kept[name] ?? [], found[name] ?? []];
    const gone = before.filter((line) => !after.includes(line)).map((line) => `${name}: - ${line}`);
    const fresh = after.filter((line) => !before.includes(line)).map((line) => `${name}: + ${line}`);
    return [...gone, ...fresh];
  });
}

/** Those above the limit, a line each. */
export function oversized(sizes: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(sizes)
    .filter(([, bytes]) => bytes > CODE_LIMIT)
    .map(([name, bytes]) => `${name}: ${bytes} bytes, ${bytes - CODE_LIMIT} above the limit of ${CODE_LIMIT}`);
}

function namesOf(a: object, b: object): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
}
