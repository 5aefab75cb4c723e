/** Mutants of statements, guards and modifiers. */
import type { Node, Span } from "./ast.js";
import type { Collector } from "./collector.js";

import { idOf, part, parts, spanOf, typeOf, word } from "./ast.js";

/** What statements are judged by: the functions that do nothing but revert, and each modifier. */
export interface Knowledge {
  readonly reverting: ReadonlySet<number>;
  /** Variables in storage, transient or not. */
  readonly stored: ReadonlySet<number>;
  readonly modifiers: ReadonlyMap<number, Modifier>;
}

export interface Modifier {
  readonly name: string;
  /** Whether it is in a source that is mutated, and is written there once more; else each contract gets a copy. */
  readonly own: boolean;
  /** `(uint256 account)`, or nothing. */
  readonly parameters: string;
  readonly body: string;
  /** Whether its body says the same in another contract: it calls nothing private. */
  readonly copyable: boolean;
}

/** The names that checks are known by. */
const CHECK = /^_?(?:require|only|check|assert|demand)/;

export function visitStatement(node: Node, scope: string, knowledge: Knowledge, out: Collector): void {
  switch (node.nodeType) {
    case "IfStatement":
      visitGuard(node, scope, knowledge, out);
      break;
    case "EmitStatement":
      drop(node, "statement", scope, out);
      break;
    case "ExpressionStatement":
      visitAction(node, scope, knowledge, out);
      break;
  }
}

/** `if (condition) revert ...;` never reverts. */
function visitGuard(node: Node, scope: string, { reverting }: Knowledge, out: Collector): void {
  const condition = part(node, "condition");
  const body = part(node, "trueBody");
  if (condition === null || part(node, "falseBody") !== null) return;
  const statements = body?.nodeType === "Block" ? parts(body, "statements") : body === null ? [] : [body];
  const [only] = statements;
  if (only === undefined || statements.length !== 1 || !isRevert(only, reverting)) return;
  const span = spanOf(condition);
  const number = out.add("access", scope, span, "never", `if (${out.textOf(span)}) revert`);
  out.edit(span, (render) => `(${render(span)}) && !Mutant.on(${number})`);
}

function isRevert(statement: Node, reverting: ReadonlySet<number>): boolean {
  if (statement.nodeType === "RevertStatement") return true;
  const callee = part(part(statement, "expression"), "expression");
  const declared = idOf(callee, "referencedDeclaration");
  return statement.nodeType === "ExpressionStatement" && declared !== null && reverting.has(declared);
}

/** Whether a function does nothing but revert. */
export function onlyReverts(definition: Node): boolean {
  const statements = parts(part(definition, "body"), "statements");
  return statements.length === 1 && statements[0]?.nodeType === "RevertStatement";
}

function visitAction(node: Node, scope: string, { reverting, stored }: Knowledge, out: Collector): void {
  const expression = part(node, "expression");
  if (expression === null || isRevert(node, reverting)) return;
  switch (expression.nodeType) {
    case "FunctionCall": {
      if (typeOf(expression) !== "tuple()") return;
      const callee = part(expression, "expression");
      const name = word(callee, "memberName") || word(callee, "name");
      drop(node, CHECK.test(name) ? "access" : "statement", scope, out);
      break;
    }
    case "Assignment":
      if (isKept(part(expression, "leftHandSide"), stored)) drop(node, "statement", scope, out);
      break;
    case "UnaryOperation":
      if (isKept(part(expression, "subExpression"), stored)) drop(node, "statement", scope, out);
  }
}

/** Whether what is written to outlives the statement's own variables: a slot, or a member of something. */
function isKept(target: Node | null, stored: ReadonlySet<number>): boolean {
  if (target?.nodeType === "MemberAccess" || target?.nodeType === "IndexAccess") return true;
  const declared = idOf(target, "referencedDeclaration");
  return target?.nodeType === "Identifier" && declared !== null && stored.has(declared);
}

function drop(node: Node, kind: "access" | "statement", scope: string, out: Collector): void {
  const span = withSemicolon(spanOf(node), out);
  const number = out.add(kind, scope, span, "nothing");
  out.edit(span, (render) => `{ if (!Mutant.on(${number})) { ${render(span)} } }`);
}

/** The compiler's span of a statement ends before its semicolon. */
function withSemicolon({ start, end }: Span, out: Collector): Span {
  return { start, end: out.bytes.indexOf(";", end - 1) + 1 };
}

/** Each use of a modifier is one of its double, which lets everybody pass while the mutant is on. */
export function visitModifierUses(
  definition: Node,
  scope: string,
  contract: string,
  { modifiers }: Knowledge,
  out: Collector,
): readonly Modifier[] {
  const copied: Modifier[] = [];
  for (const use of parts(definition, "modifiers")) {
    const named = part(use, "modifierName");
    const modifier = modifiers.get(idOf(named, "referencedDeclaration") ?? -1);
    if (modifier === undefined) continue;
    if (!modifier.own && !modifier.copyable) {
      out.omit(spanOf(use), `${out.textOf(spanOf(use))} of ${scope}`);
      continue;
    }
    const number = out.add("access", scope, spanOf(use), "nothing");
    const given = parts(use, "arguments");
    const name = doubleOf(modifier, contract);
    if (!modifier.own) copied.push(modifier);
    out.edit(spanOf(use), (render) => {
      return `${name}(${[number, ...given.map((argument) => render(spanOf(argument)))].join(", ")})`;
    });
  }
  return copied;
}

function doubleOf({ name, own }: Modifier, contract: string): string {
  return own ? `${name}_mutable` : `${name}_mutable_${contract}`;
}

/** @param body With its braces, and with mutants of its own. */
export function writeDouble(modifier: Modifier, contract: string, body: string): string {
  const parameters = ["uint256 mutant_", ...(modifier.parameters === "" ? [] : [modifier.parameters])].join(", ");
  return `modifier ${doubleOf(modifier, contract)}(${parameters}) { if (Mutant.on(mutant_)) { _; } else ${body} }`;
}
