/**
 * Where a transaction's gas went: each step of its trace, charged to a kind of work and to the contract whose code ran.
 *
 * A step costs what is gone from its frame when the next step of the same frame begins, less what a frame opened by it
 * spent. Hence the sum is exact: intrinsic + steps - refund is the receipt's figure, and `unexplained` says what is not.
 */

/** One step as the node reports it. `stack` has the top last. */
export interface TraceStep {
  readonly op: string;
  readonly gas: bigint;
  readonly gasCost: bigint;
  readonly depth: number;
  readonly stack: readonly string[];
}

export interface Traced {
  readonly to: string;
  readonly data: string;
  readonly gasUsed: bigint;
  readonly steps: readonly TraceStep[];
}

export const KINDS = [
  "intrinsic",
  "calldata",
  "storage read, cold",
  "storage read, warm",
  "storage write, fresh",
  "storage write, change",
  "storage write, warm",
  "transient storage",
  "call, cold",
  "call, warm",
  "log",
  "keccak",
  "memory, copies",
  "computation",
  "refund",
  "unexplained",
] as const;

export type Kind = (typeof KINDS)[number];

export type ByKind = ReadonlyMap<Kind, bigint>;

export interface Breakdown {
  readonly byKind: ByKind;
  /** Lower-case address of the code that ran, and what its own steps cost. */
  readonly byContract: ReadonlyMap<string, ByKind>;
}

interface Frame {
  readonly code: string;
  readonly depth: number;
}

/** {gas} What every transaction pays. */
export const INTRINSIC = 21_000n;
const COLD_ACCOUNT = 2_600n;
const COLD_SLOT = 2_100n;
const FRESH_SLOT = 20_000n;
const CHANGED_SLOT = 2_900n;
const CALLS = new Set(["CALL", "CALLCODE", "STATICCALL", "DELEGATECALL"]);
const MEMORY = /^(MSTORE8?|MLOAD|MCOPY|CALLDATACOPY|CODECOPY|EXTCODECOPY|RETURNDATACOPY|RETURN|REVERT)$/;

/** What a transaction pays beside that before its first step: 4 for a zero byte, 16 for another. Below the floor of EIP-7623. */
export function calldataGas(data: string): bigint {
  const bytes = data.replace(/^0x/, "").match(/../g) ?? [];
  return bytes.reduce((sum, byte) => sum + (byte === "00" ? 4n : 16n), 0n);
}

export function breakDown({ to, data, gasUsed, steps }: Traced): Breakdown {
  const byKind = new Map<Kind, bigint>(KINDS.map((kind) => [kind, 0n]));
  const byContract = new Map<string, Map<Kind, bigint>>();
  const frames: Frame[] = [{ code: to.toLowerCase(), depth: steps[0]?.depth ?? 1 }];
  const own = ownCosts(steps);

  steps.forEach((step, index) => {
    while (frames.length > 1 && (frames.at(-1)?.depth ?? 0) > step.depth) frames.pop();
    const cost = own[index] ?? 0n;
    const [kind, code] = [kindOf(step, cost), frames.at(-1)?.code ?? to];
    add(byKind, kind, cost);
    const ofContract = byContract.get(code) ?? new Map<Kind, bigint>();
    add(ofContract, kind, cost);
    byContract.set(code, ofContract);
    const next = steps[index + 1];
    if (next !== undefined && next.depth > step.depth) frames.push({ code: calleeOf(step), depth: next.depth });
  });

  add(byKind, "intrinsic", INTRINSIC);
  add(byKind, "calldata", calldataGas(data));
  const spent = totalOf(byKind);
  // What the steps do not show is the refund, at most a fifth; more gas than the steps show is nobody's.
  add(byKind, "refund", spent > gasUsed ? gasUsed - spent : 0n);
  add(byKind, "unexplained", gasUsed > spent ? gasUsed - spent : 0n);
  return { byKind, byContract };
}

/** What each of `steps` further items added, between a breakdown without them and one with; rounded toward zero. */
export function perStep(without: Breakdown, withThem: Breakdown, steps: bigint): Breakdown {
  const difference = (before: ByKind | undefined, after: ByKind | undefined): ByKind =>
    new Map(KINDS.map((kind) => [kind, ((after?.get(kind) ?? 0n) - (before?.get(kind) ?? 0n)) / steps]));
  const contracts = new Set([...without.byContract.keys(), ...withThem.byContract.keys()]);
  return {
    byKind: difference(without.byKind, withThem.byKind),
    byContract: new Map(
      [...contracts].map((code) => [code, difference(without.byContract.get(code), withThem.byContract.get(code))]),
    ),
  };
}

export function totalOf(costs: ByKind): bigint {
  return [...costs.values()].reduce((sum, cost) => sum + cost, 0n);
}

/** What each step itself cost, without what the frame it opened spent. */
function ownCosts(steps: readonly TraceStep[]): readonly bigint[] {
  const costs = new Array<bigint>(steps.length).fill(0n);
  const nextAtDepth = new Map<number, number>();
  const spentBelow = new Map<number, bigint>();
  for (let index = steps.length - 1; index >= 0; index -= 1) {
    const step = steps[index];
    if (step === undefined) continue;
    const following = nextAtDepth.get(step.depth);
    const next = steps[index + 1];
    // The last step of a frame has no successor in it: a deeper frame's end, or the transaction's.
    const isLast = following === undefined || next === undefined || next.depth < step.depth;
    const gone = isLast ? step.gasCost : step.gas - (steps[following]?.gas ?? 0n);
    const opened = next !== undefined && next.depth > step.depth ? (spentBelow.get(next.depth) ?? 0n) : 0n;
    costs[index] = gone - opened;
    if (next !== undefined && next.depth > step.depth) {
      spentBelow.set(next.depth, 0n);
      nextAtDepth.delete(next.depth);
    }
    spentBelow.set(step.depth, (isLast ? 0n : (spentBelow.get(step.depth) ?? 0n)) + gone);
    nextAtDepth.set(step.depth, index);
  }
  return costs;
}

function calleeOf({ stack }: TraceStep): string {
  const word = (stack.at(-2) ?? "0x0").replace(/^0x/, "").padStart(40, "0");
  return `0x${word.slice(-40).toLowerCase()}`;
}

function kindOf({ op }: TraceStep, cost: bigint): Kind {
  if (op === "SLOAD") return cost >= COLD_SLOT ? "storage read, cold" : "storage read, warm";
  if (op === "SSTORE") {
    if (cost >= FRESH_SLOT) return "storage write, fresh";
    return cost >= CHANGED_SLOT ? "storage write, change" : "storage write, warm";
  }
  if (op === "TLOAD" || op === "TSTORE") return "transient storage";
  if (CALLS.has(op) || /^(EXTCODESIZE|EXTCODEHASH|BALANCE|CREATE2?)$/.test(op)) {
    return cost >= COLD_ACCOUNT ? "call, cold" : "call, warm";
  }
  if (op.startsWith("LOG")) return "log";
  if (op === "KECCAK256" || op === "SHA3") return "keccak";
  return MEMORY.test(op) ? "memory, copies" : "computation";
}

function add<Key>(sums: Map<Key, bigint>, key: Key, amount: bigint): void {
  sums.set(key, (sums.get(key) ?? 0n) + amount);
}
