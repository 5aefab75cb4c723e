/** Mutants of expressions: comparisons, conditions, sums and roundings. */
import type { Node, Span } from "./ast.js";
import type { Collector } from "./collector.js";
import type { HelperName } from "./library.js";

import { part, parts, spanOf, typeOf, word } from "./ast.js";
import { isRounded } from "./library.js";

/** Where an expression stands. */
export interface Place {
  readonly scope: string;
  readonly unchecked: boolean;
}

interface Operator {
  readonly name: HelperName;
  readonly opposite: string;
}

const ORDERS: Readonly<Record<string, Operator>> = {
  "<": { name: "lt", opposite: "<=" },
  "<=": { name: "lte", opposite: "<" },
  ">": { name: "gt", opposite: ">=" },
  ">=": { name: "gte", opposite: ">" },
};

const SUMS: Readonly<Record<string, Operator>> = {
  "+": { name: "add", opposite: "-" },
  "-": { name: "sub", opposite: "+" },
  "*": { name: "mul", opposite: "/" },
  "/": { name: "div", opposite: "*" },
};

const ROUNDINGS: Readonly<Record<string, string>> = {
  mulDivUp: "mulDivDown",
  mulDivDown: "mulDivUp",
  mulDivFloor: "mulDivCeil",
  mulDivCeil: "mulDivFloor",
};

/** Types that a helper can take by value and compare. */
const PLAIN = /^(?:u?int\d+|bytes\d+|address)$/;
const INTEGER = /^u?int\d+$/;

export function visitExpression(node: Node, place: Place, out: Collector): void {
  switch (node.nodeType) {
    case "BinaryOperation":
      visitBinary(node, place, out);
      break;
    case "UnaryOperation":
      visitNot(node, place, out);
      break;
    case "Assignment":
      visitCompound(node, place, out);
      break;
    case "FunctionCall":
      visitRounding(node, place, out);
      break;
    case "MemberAccess":
      visitRoundingWord(node, place, out);
      break;
  }
}

function visitBinary(node: Node, place: Place, out: Collector): void {
  const operator = word(node, "operator");
  const left = part(node, "leftExpression");
  const right = part(node, "rightExpression");
  const type = typeOf(node, "commonType").replace("address payable", "address");
  if (left === null || right === null || /_const/.test(type)) return;
  const operands = { node, left, right, type, operator };
  const order = ORDERS[operator];
  const sum = SUMS[operator];

  if (operator === "&&" || operator === "||") visitLogic(operands, place, out);
  else if (operator === "==" || operator === "!=") visitEquality(operands, place, out);
  else if (order !== undefined) visitOrder(operands, order, place, out);
  else if (sum !== undefined && INTEGER.test(type)) visitSum(operands, sum, place, out);
}

interface Operands {
  readonly node: Node;
  readonly left: Node;
  readonly right: Node;
  readonly type: string;
  readonly operator: string;
}

/** `original` is the whole operation, so that a list of survivors can be read without the source. */
function opposite({ left, right }: Operands, operator: string, out: Collector): string {
  return `${out.textOf(spanOf(left))} ${operator} ${out.textOf(spanOf(right))}`;
}

function visitLogic(operands: Operands, { scope }: Place, out: Collector): void {
  const { node, operator } = operands;
  const [left, right] = [spanOf(operands.left), spanOf(operands.right)];
  const withoutLeft = out.add("condition", scope, spanOf(node), out.textOf(right));
  const withoutRight = out.add("condition", scope, spanOf(node), out.textOf(left));
  const ask = operator === "&&" ? "|| " : "&& !";
  out.edit(spanOf(node), (render) => {
    const one = `((${render(left)}) ${ask}Mutant.on(${withoutLeft}))`;
    const other = `((${render(right)}) ${ask}Mutant.on(${withoutRight}))`;
    return `(${one} ${operator} ${other})`;
  });
}

/** Works on every type, those with an operator of their own too. */
function visitEquality(operands: Operands, { scope }: Place, out: Collector): void {
  const { node, left, right, operator } = operands;
  const mutant = opposite(operands, operator === "==" ? "!=" : "==", out);
  const number = out.add("comparison", scope, spanOf(node), mutant);
  out.edit(spanOf(node), (render) => {
    return `((${render(spanOf(left))} ${operator} ${render(spanOf(right))}) != Mutant.on(${number}))`;
  });
}

function visitOrder(operands: Operands, order: Operator, { scope }: Place, out: Collector): void {
  const { node, left, right, type, operator } = operands;
  const isEnum = type.startsWith("enum ");
  if (!isEnum && !PLAIN.test(type)) {
    out.omit(spanOf(node), `${operator} of ${type}`);
    return;
  }
  const number = out.add("comparison", scope, spanOf(node), opposite(operands, order.opposite, out));
  const helper = out.helper({ name: order.name, type: isEnum ? "uint8" : type, unchecked: false });
  const cast = (text: string): string => (isEnum ? `uint8(${text})` : text);
  out.edit(spanOf(node), (render) => {
    return `${helper}(${cast(render(spanOf(left)))}, ${cast(render(spanOf(right)))}, ${number})`;
  });
}

function visitSum(operands: Operands, sum: Operator, place: Place, out: Collector): void {
  const { node, left, right } = operands;
  const call = callSum(operands, sum, place, out, spanOf(node));
  out.edit(spanOf(node), (render) => call(render(spanOf(left)), render(spanOf(right))));
}

/** The call of a helper that adds, or whatever it is. */
function callSum(
  operands: Operands,
  sum: Operator,
  { scope, unchecked }: Place,
  out: Collector,
  span: Span,
): (left: string, right: string) => string {
  const { left, right, type, operator } = operands;
  if ((operator === "+" || operator === "-") && word(right, "value") === "1") {
    const number = out.add("rounding", scope, span, out.textOf(spanOf(left)));
    const helper = out.helper({ name: operator === "+" ? "plusOne" : "minusOne", type, unchecked });
    return (a, b) => `${helper}(${a}, ${b}, ${number})`;
  }
  const number = out.add("arithmetic", scope, span, opposite(operands, sum.opposite, out));
  const rounded = isRounded({ name: sum.name, type });
  const rounding = rounded ? out.add("rounding", scope, span, `${opposite(operands, "/", out)}, rounded up`) : 0;
  const helper = out.helper({ name: sum.name, type, unchecked });
  const numbers = rounded ? `${number}, ${rounding}` : String(number);
  return (a, b) => `${helper}(${a}, ${b}, ${numbers})`;
}

function visitNot(node: Node, { scope }: Place, out: Collector): void {
  const operand = part(node, "subExpression");
  if (word(node, "operator") !== "!" || operand === null) return;
  const number = out.add("condition", scope, spanOf(node), out.textOf(spanOf(operand)));
  out.edit(spanOf(node), (render) => `((${render(spanOf(operand))}) == Mutant.on(${number}))`);
}

/** `a += b` becomes `a = add(a, b)`. */
function visitCompound(node: Node, place: Place, out: Collector): void {
  const operator = word(node, "operator").replace(/=$/, "");
  const left = part(node, "leftHandSide");
  const right = part(node, "rightHandSide");
  const type = typeOf(left);
  const sum = SUMS[operator];
  if (left === null || right === null || sum === undefined || !INTEGER.test(type)) return;
  const call = callSum({ node, left, right, type, operator }, sum, place, out, spanOf(node));
  out.edit(spanOf(node), (render) => {
    const target = render(spanOf(left));
    return `${target} = ${call(target, render(spanOf(right)))}`;
  });
}

function visitRounding(node: Node, { scope }: Place, out: Collector): void {
  const callee = part(node, "expression");
  const given = parts(node, "arguments");
  const library = part(callee, "expression");
  const isMember = callee?.nodeType === "MemberAccess";
  const name = isMember ? word(callee, "memberName") : word(callee, "name");
  const owner = isMember ? word(library, "name") : "Rounding";
  const other = owner === "Math" && name === "mulDiv" ? "mulDiv(..., Ceil)" : ROUNDINGS[name];
  if (callee === null || given.length !== 3 || other === undefined || !/^(?:Math|Rounding)$/.test(owner)) return;
  const number = out.add("rounding", scope, spanOf(node), other);
  out.edit(spanOf(node), (render) => {
    return `Mutant.${name}(${[...given.map((argument) => render(spanOf(argument))), number].join(", ")})`;
  });
}

/** `Math.Rounding.Ceil`, where a direction is an argument. */
function visitRoundingWord(node: Node, { scope }: Place, out: Collector): void {
  const name = word(node, "memberName");
  if (!/^(?:Ceil|Floor)$/.test(name) || !typeOf(node).endsWith("Math.Rounding")) return;
  const other = name === "Ceil" ? "Floor" : "Ceil";
  const number = out.add("rounding", scope, spanOf(node), `Math.Rounding.${other}`);
  out.edit(spanOf(node), () => `(Mutant.on(${number}) ? Math.Rounding.${other} : Math.Rounding.${name})`);
}
