import { z } from "zod";

import { KINDS, totalOf, type Breakdown, type ByKind, type Kind } from "./breakdown.js";
import { PEERS, limitOf } from "./peers.js";

/** What one operation cost here; `note` says more about a row that is a mean. */
export interface Reading {
  readonly operation: string;
  readonly gas: bigint;
  readonly note: string | null;
  readonly breakdown: Breakdown | null;
}

/** What the project keeps of a measurement, and compares the next one with. */
export const GasSnapshot = z
  .object({
    constantFeeds: z.record(z.string(), z.number().int().positive()),
    proxiedFeeds: z.record(z.string(), z.number().int().positive()),
    secondedFeeds: z.record(z.string(), z.number().int().positive()),
  })
  .strict();

export type GasSnapshot = z.infer<typeof GasSnapshot>;

/** A row for programs: gas, not thousands of it. */
export interface LimitedReading {
  readonly operation: string;
  readonly gas: number;
  readonly atMost: number;
}

/** The rows that have a limit. */
export function limitedRows(readings: readonly Reading[]): readonly LimitedReading[] {
  return readings.flatMap(({ operation, gas }) => {
    const atMost = limitOf(operation);
    return atMost === null ? [] : [{ operation, gas: Number(gas), atMost: Number(atMost) }];
  });
}

export function snapshotOf(
  constantFeeds: readonly Reading[],
  proxiedFeeds: readonly Reading[],
  secondedFeeds: readonly Reading[],
): GasSnapshot {
  const entries = (readings: readonly Reading[]): Record<string, number> =>
    Object.fromEntries(readings.map(({ operation, gas }) => [operation, Number(gas)]));
  return {
    constantFeeds: entries(constantFeeds),
    proxiedFeeds: entries(proxiedFeeds),
    secondedFeeds: entries(secondedFeeds),
  };
}

/** One line for each difference; none when the snapshot still holds. */
export function differences(kept: GasSnapshot, found: GasSnapshot): readonly string[] {
  return (["constantFeeds", "proxiedFeeds", "secondedFeeds"] as const).flatMap((set) => {
    const names = new Set([...Object.keys(kept[set]), ...Object.keys(found[set])]);
    return [...names].flatMap((name) => {
      const [before, after] = [kept[set][name], found[set][name]];
      if (before === after) return [];
      if (before === undefined) return [`${set}: "${name}" is new: ${after ?? 0}`];
      if (after === undefined) return [`${set}: "${name}" is gone; it was ${before}`];
      const change = after - before;
      return [`${set}: "${name}" ${before} -> ${after} (${change > 0 ? "+" : ""}${change})`];
    });
  });
}

/** Thousands with one decimal, rounded up: a figure never looks lower than it is. */
export function kilo(gas: bigint): string {
  const tenths = (gas + 99n) / 100n;
  return `${tenths / 10n}.${tenths % 10n}`;
}

/** The table's head and rows, as text. The last three columns are ours, the limit, and what is left of it. */
export function tableOf(
  constantFeeds: readonly Reading[],
  proxiedFeeds: readonly Reading[],
  secondedFeeds: readonly Reading[],
): { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] } {
  const head = [
    "operation (thousand gas)",
    ...PEERS.peers,
    "with proxied feeds",
    "with second sources",
    "Ballast",
    "at most",
    "left",
  ];
  const rows = PEERS.rows.map(({ operation, figures, atMost }) => {
    const ours = constantFeeds.find((reading) => reading.operation === operation);
    const proxied = proxiedFeeds.find((reading) => reading.operation === operation);
    const seconded = secondedFeeds.find((reading) => reading.operation === operation);
    const left = ours === undefined ? "" : ((atMost * 1_000 - Number(ours.gas)) / 1_000).toFixed(1);
    return [
      operation,
      ...figures,
      proxied === undefined ? "" : kilo(proxied.gas),
      seconded === undefined ? "" : kilo(seconded.gas),
      ours === undefined ? "" : kilo(ours.gas),
      `${atMost}`,
      left,
    ];
  });
  return { head, rows };
}

/** A breakdown as lines: kinds in their own order, then contracts, dearest first, each with its own kinds. */
export function linesOf(breakdown: Breakdown, nameOf: (address: string) => string): readonly string[] {
  const amount = (gas: bigint): string => gas.toString().padStart(9);
  const present = (costs: ByKind): readonly (readonly [Kind, bigint])[] =>
    KINDS.map((kind) => [kind, costs.get(kind) ?? 0n] as const).filter(([, gas]) => gas !== 0n);
  const contracts = [...breakdown.byContract]
    .map(([address, costs]) => ({ name: nameOf(address), costs, total: totalOf(costs) }))
    .sort((a, b) => (a.total < b.total ? 1 : -1));
  return [
    ...present(breakdown.byKind).map(([kind, gas]) => `${amount(gas)}  ${kind}`),
    ...contracts.flatMap(({ name, costs, total }) => {
      const kinds = present(costs).map(([kind, gas]) => `${kind} ${gas}`);
      return total === 0n ? [] : [`${amount(total)}  in ${name}: ${kinds.join("; ")}`];
    }),
  ];
}
