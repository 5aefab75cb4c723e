/** What reading many accounts takes, by the size of the page. */
import type { Spent } from "./run.js";

export interface Reading {
  readonly accounts: number;
  readonly pageSize: number;
  /** For all pages, one after the other. */
  readonly spent: Spent;
  /** {gas} Of a whole page. */
  readonly pageGas: bigint;
  /** The longest answer. */
  readonly pageBytes: number;
  /** The most memory that the process, node and all, has had so far. */
  readonly peakMegabytes: number;
}

/** By the processor's time, of which a busy machine takes least. */
export function accountsPerSecond({ accounts, spent }: Reading): number {
  return (accounts * 1_000) / spent.cpuMilliseconds;
}

/** {gas} A page may be longer than what is read with it. */
export function gasPerAccount({ accounts, pageSize, pageGas }: Reading): number {
  return Number(pageGas) / Math.min(accounts, pageSize);
}
