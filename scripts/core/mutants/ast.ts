/** The compiler's syntax tree, as far as mutants need it: nodes with a kind and a place, and ways to ask for their parts. */

export interface Node {
  readonly nodeType: string;
  /** `start:length:file` in bytes. */
  readonly src: string;
  readonly [part: string]: unknown;
}

/** A stretch of a source in bytes, its end excluded. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export function isNode(value: unknown): value is Node {
  return (
    typeof value === "object" &&
    value !== null &&
    "nodeType" in value &&
    typeof value.nodeType === "string" &&
    "src" in value &&
    typeof value.src === "string"
  );
}

export function spanOf(node: Node): Span {
  const [start = 0, length = 0] = node.src.split(":").map(Number);
  return { start, end: start + length };
}

/** The part of that name, where it is a node. */
export function part(node: Node | null, name: string): Node | null {
  const value = node?.[name];
  return isNode(value) ? value : null;
}

/** The part of that name, where it is a list of nodes. */
export function parts(node: Node | null, name: string): readonly Node[] {
  const value = node?.[name];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

export function word(node: Node | null, name: string): string {
  const value = node?.[name];
  return typeof value === "string" ? value : "";
}

export function flag(node: Node | null, name: string): boolean {
  return node?.[name] === true;
}

export function idOf(node: Node | null, name = "id"): number | null {
  const value = node?.[name];
  return typeof value === "number" ? value : null;
}

/** The type of an expression in the compiler's words; of both operands, when asked for the `commonType`. */
export function typeOf(node: Node | null, name: "typeDescriptions" | "commonType" = "typeDescriptions"): string {
  const value = node?.[name];
  const has = typeof value === "object" && value !== null && "typeString" in value;
  return has && typeof value.typeString === "string" ? value.typeString : "";
}

/** Each node below, without the insides of assembly. */
export function* everyNode(node: Node): Generator<Node> {
  yield node;
  if (node.nodeType === "InlineAssembly") return;
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) yield* everyNode(child);
  }
}
