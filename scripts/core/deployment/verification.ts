/** What a deployment is checked for, item by item, and how the outcome is told to people and to programs. */
import type { Address } from "../mainnet.js";

import { same } from "./roles.js";
import { table } from "./report.js";

/** In the order in which they are told; each is a row of the table. */
const GROUPS = {
  code: "code at every address, as built here",
  wiring: "contracts that know each other, both ways",
  record: "tokens, feeds and holders of the record",
  permissions: "functions and their roles, guardians, delays",
  members: "who holds a role, and nobody else",
  tokens: "listed tokens, decimals, caps, smallest deposits",
  feeds: "price feeds, their pairs and ages",
  risk: "shocks, haircuts, size factors, levels",
  perpetuals: "funding, caps and margins of perpetuals",
  trading: "trading fees",
  interest: "the interest curve",
  keeper: "what keepers are paid",
  liquidation: "what liquidators are paid",
} as const;
export type Group = keyof typeof GROUPS;

export interface Difference {
  readonly group: Group;
  /** Which parameter or role, in words. */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

export type Compare = (what: string, found: unknown, expected: unknown) => void;

/** Collects comparisons: how many were made of each group, and the differences. */
export class Checks {
  readonly differences: Difference[] = [];
  readonly #made = new Map<Group, number>();

  compareIn(group: Group): Compare {
    return (what, found, expected) => {
      this.#made.set(group, this.made(group) + 1);
      if (same(String(found), String(expected))) return;
      this.differences.push({ group, what, expected: String(expected), found: String(found) });
    };
  }

  made(group: Group): number {
    return this.#made.get(group) ?? 0;
  }
}

export interface Verification {
  readonly id: string;
  readonly network: string;
  readonly chainId: number;
  /** At which everything was read. */
  readonly block: number;
  readonly contracts: Readonly<Record<string, Address>>;
  readonly groups: readonly { readonly group: Group; readonly checked: number; readonly different: number }[];
  readonly differences: readonly Difference[];
}

export function groupsOf(checks: Checks): Verification["groups"] {
  return GROUP_NAMES.map((group) => ({
    group,
    checked: checks.made(group),
    different: checks.differences.filter((difference) => difference.group === group).length,
  }));
}

/** A row for each group, and each difference in full below: values are compared by eye, so they stand one over the other. */
export function describeVerification({ id, network, chainId, block, groups, differences }: Verification): string {
  const rows = groups.map(({ group, checked, different }) => [
    group,
    GROUPS[group],
    String(checked),
    checked === 0 ? "not read" : different === 0 ? "as expected" : `${different} different`,
  ]);
  return [
    `Deployment ${id} on ${network} (chain ${chainId}), read at block ${block}`,
    table(["group", "what", "checked", "result"], rows),
    ...differences.map(
      ({ group, what, expected, found }) => `${group}: ${what}\n  expected  ${expected}\n  found     ${found}`,
    ),
  ].join("\n");
}

/** One sentence that names what differs; a longer list is cut, since the table has all of it. */
export function sentenceOf(differences: readonly Difference[]): string {
  const named = differences.slice(0, NAMED).map(({ what, expected, found }) => `${what} is ${found}, not ${expected}`);
  const more = differences.length > NAMED ? `; and ${differences.length - NAMED} more` : "";
  return `The chain is not as expected: ${named.join("; ")}${more}.`;
}

const NAMED = 3;
const GROUP_NAMES = [
  ...(["code", "wiring", "record", "permissions", "members", "tokens"] as const),
  ...(["feeds", "risk", "perpetuals", "trading", "interest", "keeper", "liquidation"] as const),
] satisfies readonly Group[];
