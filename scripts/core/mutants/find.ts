/** Finds every mutant of a set of sources in their syntax trees, and writes the sources with all of them. */
import type { Node } from "./ast.js";
import type { Helper } from "./library.js";
import type { MutatedSource } from "./types.js";

import { everyNode, flag, idOf, isNode, part, parts, spanOf, word } from "./ast.js";
import { Collector, type Shared } from "./collector.js";
import { visitExpression } from "./expressions.js";
import { LIBRARY_FOLDER, writeLibrary } from "./library.js";
import { fromBytes, rewrite, toBytes } from "./rewrite.js";
import {
  onlyReverts,
  visitModifierUses,
  visitStatement,
  writeDouble,
  type Knowledge,
  type Modifier,
} from "./statements.js";

/** A source as the compiler read it. */
export interface ParsedSource {
  readonly path: string;
  readonly text: string;
  readonly tree: Node;
}

export interface MutatedSources {
  readonly sources: readonly MutatedSource[];
  /** The library that they import, to be written to {@link LIBRARY_FOLDER}. */
  readonly library: string;
}

/**
 * @param sources All that were compiled together, dependencies too: what a name means may be said there.
 * @param wanted Whether a source is to be mutated, and not only read.
 */
export function mutate(sources: readonly ParsedSource[], wanted: (path: string) => boolean): MutatedSources {
  const helpers = new Map<string, Helper>();
  const shared: Shared = { nextNumber: 1, helpers };
  const knowledge = learn(sources, wanted);
  const mutated = sources
    .filter(({ path }) => wanted(path))
    .map((source) => mutateOne(source, knowledge, shared))
    .filter(({ mutants, omissions }) => mutants.length > 0 || omissions.length > 0);
  return { sources: mutated, library: writeLibrary(helpers.values()) };
}

function learn(sources: readonly ParsedSource[], wanted: (path: string) => boolean): Knowledge {
  const reverting = new Set<number>();
  const stored = new Set<number>();
  const modifiers = new Map<number, Modifier>();
  const secret = privateFunctions(sources);
  for (const { path, text, tree } of sources) {
    const bytes = toBytes(text);
    const textOf = (node: Node | null): string => {
      if (node === null) return "";
      const { start, end } = spanOf(node);
      return fromBytes(bytes.slice(start, end));
    };
    for (const node of everyNode(tree)) {
      const id = idOf(node);
      if (id === null) continue;
      if (node.nodeType === "FunctionDefinition" && onlyReverts(node)) reverting.add(id);
      if (node.nodeType === "VariableDeclaration" && isStored(node)) stored.add(id);
      if (node.nodeType !== "ModifierDefinition") continue;
      const parameters = textOf(part(node, "parameters")).replace(/^\(|\)$/g, "");
      modifiers.set(id, {
        name: word(node, "name"),
        own: wanted(path),
        parameters,
        body: textOf(part(node, "body")),
        copyable: ![...everyNode(node)].some((inner) => secret.has(idOf(inner, "referencedDeclaration") ?? -1)),
      });
    }
  }
  return { reverting, stored, modifiers };
}

function privateFunctions(sources: readonly ParsedSource[]): ReadonlySet<number> {
  const ids = sources.flatMap(({ tree }) =>
    [...everyNode(tree)]
      .filter((node) => node.nodeType === "FunctionDefinition" && word(node, "visibility") === "private")
      .map((node) => idOf(node) ?? -1),
  );
  return new Set(ids);
}

function isStored(variable: Node): boolean {
  return flag(variable, "stateVariable") && word(variable, "mutability") === "mutable";
}

function mutateOne({ path, text, tree }: ParsedSource, knowledge: Knowledge, shared: Shared): MutatedSource {
  const bytes = toBytes(text);
  const out = new Collector(path, bytes, shared);
  for (const node of parts(tree, "nodes")) {
    if (node.nodeType === "FunctionDefinition") walkFunction(node, "", knowledge, out);
    if (node.nodeType === "ContractDefinition") walkContract(node, knowledge, out);
  }
  const { mutants, omissions, edits } = out;
  return { file: path, text: fromBytes(withImport(path, rewrite(bytes, edits))), mutants, omissions };
}

function withImport(path: string, bytes: string): string {
  const up = path
    .split("/")
    .slice(1, -1)
    .map(() => "..");
  const folder = LIBRARY_FOLDER.split("/").slice(1);
  const library = [...(up.length === 0 ? ["."] : up), ...folder, "Mutant.sol"].join("/");
  return bytes.replace(/^pragma solidity [^;]*;/m, (pragma) => `${pragma}\nimport {Mutant} from "${library}";`);
}

function walkContract(contract: Node, knowledge: Knowledge, out: Collector): void {
  const name = word(contract, "name");
  const [first] = parts(contract, "nodes");
  const copied = new Map<string, Modifier>();
  if (first !== undefined) {
    // Doubles of modifiers whose source is another's; the edit is first so that it is outside of those in the node.
    out.edit(spanOf(first), (render) => {
      const doubles = [...copied.values()].map((modifier) => writeDouble(modifier, name, modifier.body));
      return [...doubles, render(spanOf(first))].join("\n");
    });
  }
  for (const node of parts(contract, "nodes")) {
    if (node.nodeType === "ModifierDefinition") walkModifier(node, name, knowledge, out);
    if (node.nodeType !== "FunctionDefinition") continue;
    for (const modifier of walkFunction(node, name, knowledge, out)) copied.set(modifier.name, modifier);
  }
}

function walkModifier(node: Node, contract: string, knowledge: Knowledge, out: Collector): void {
  const modifier = knowledge.modifiers.get(idOf(node) ?? -1);
  const body = part(node, "body");
  if (modifier === undefined || body === null) return;
  out.edit(spanOf(node), (render) => {
    return `${render(spanOf(node))}\n${writeDouble(modifier, contract, render(spanOf(body)))}`;
  });
  walk(body, { scope: `${contract}.${modifier.name}`, unchecked: false }, knowledge, out);
}

function walkFunction(node: Node, contract: string, knowledge: Knowledge, out: Collector): readonly Modifier[] {
  const body = part(node, "body");
  if (body === null) return [];
  const name = word(node, "name") || word(node, "kind");
  const scope = contract === "" ? name : `${contract}.${name}`;
  const copied = visitModifierUses(node, scope, contract, knowledge, out);
  walk(body, { scope, unchecked: false }, knowledge, out);
  return copied;
}

interface Place {
  readonly scope: string;
  readonly unchecked: boolean;
}

function walk(node: Node, place: Place, knowledge: Knowledge, out: Collector): void {
  if (node.nodeType === "InlineAssembly") {
    out.omit(spanOf(node), `assembly in ${place.scope}`);
    return;
  }
  visitStatement(node, place.scope, knowledge, out);
  visitExpression(node, place, out);
  const inside = node.nodeType === "UncheckedBlock" ? { ...place, unchecked: true } : place;
  for (const [name, value] of Object.entries(node)) {
    // The step of a loop: a mutant of it would only be a loop without end.
    if (name === "loopExpression" || name === "typeName") continue;
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, inside, knowledge, out);
  }
}
