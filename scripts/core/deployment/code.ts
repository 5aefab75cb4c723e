/**
 * A contract's code on the chain beside the code its source gives. The two differ where immutables stand: there the build
 * has zeros and the chain has values, which are compared by their names.
 */
import { dataLength, keccak256 } from "ethers";
import { z } from "zod";

/** Where the build leaves room for immutables: by the number of the variable's declaration, in bytes from the start. */
export type ImmutablePlaces = Readonly<Record<string, readonly { readonly start: number; readonly length: number }[]>>;

export interface SplitCode {
  /** "22,044 bytes, keccak 0x...", of the code with zeros for immutables. */
  readonly masked: string;
  /** By the number of the declaration: the one value, or null where two places of one variable hold different ones. */
  readonly immutables: ReadonlyMap<string, bigint | null>;
}

/** Splits code into what every contract of this source has and what this one was born with. */
export function splitCode(code: string, places: ImmutablePlaces): SplitCode {
  const immutables = new Map<string, bigint | null>();
  let masked = code.toLowerCase();
  for (const [declaration, words] of Object.entries(places)) {
    for (const { start, length } of words) {
      const from = 2 + start * 2;
      const word = masked.slice(from, from + length * 2);
      // Shorter code than the build's: it is another contract, and the mask tells so by itself.
      if (word.length !== length * 2) continue;
      const value = BigInt(`0x${word}`);
      const known = immutables.get(declaration);
      immutables.set(declaration, known === undefined || known === value ? value : null);
      masked = `${masked.slice(0, from)}${"0".repeat(length * 2)}${masked.slice(from + length * 2)}`;
    }
  }
  return { masked: describeCode(masked), immutables };
}

function describeCode(code: string): string {
  return code === "0x" ? "nothing" : `${dataLength(code)} bytes, keccak ${keccak256(code)}`;
}

const Declaration = z.object({ nodeType: z.literal("VariableDeclaration"), id: z.number(), name: z.string() });

/** The names of the variables that the compiler's syntax tree declares under these numbers. */
export function namesOf(tree: unknown, numbers: ReadonlySet<string>): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const open: unknown[] = [tree];
  while (open.length > 0) {
    const node = open.pop();
    if (typeof node !== "object" || node === null) continue;
    if ("nodeType" in node && node.nodeType === "VariableDeclaration") {
      const { id, name } = Declaration.parse(node);
      if (numbers.has(String(id))) names.set(String(id), name);
    }
    for (const child of Object.values<unknown>({ ...node })) open.push(child);
  }
  return names;
}
