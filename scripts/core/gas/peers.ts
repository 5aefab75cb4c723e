import { z } from "zod";

import raw from "./peers.json" with { type: "json" };

const Peers = z
  .object({
    source: z.string(),
    conditions: z.array(z.string()),
    unit: z.literal("thousand gas"),
    peers: z.array(z.string()),
    rows: z.array(
      z.object({ operation: z.string(), figures: z.array(z.string()), atMost: z.number().int().positive() }).strict(),
    ),
  })
  .strict()
  .refine(({ peers, rows }) => rows.every(({ figures }) => figures.length === peers.length), "a figure for each peer");

/** What the same operations cost elsewhere, and how that was measured. */
export const PEERS = Peers.parse(raw);

/** The operations of the table, in its order. The names are those of the published table, letter by letter. */
export const OPERATIONS = {
  firstDeposit: "deposit collateral, account's first",
  nextDeposit: "deposit collateral, again",
  withdraw: "withdraw part, open debt",
  borrow: "borrow again",
  repay: "repay part",
  health: "health view, one collateral and debt",
  furtherCollateral: "each further collateral in a health check",
  liquidate: "liquidate a part, account to account",
  topUp: "pre-liquidation (Morpho) / our rebalance with top-up, keeper paid",
  release: "our rebalance, release, keeper paid",
  furtherRebalance: "each further account in a batch of rebalances",
  trade: "perpetual trade between two accounts, both add",
} as const;

export type Operation = (typeof OPERATIONS)[keyof typeof OPERATIONS];

const KILO = 1_000n;

/** The limit of an operation in gas; null for one that the table does not name. */
export function limitOf(operation: string): bigint | null {
  const row = PEERS.rows.find((candidate) => candidate.operation === operation);
  return row === undefined ? null : BigInt(row.atMost) * KILO;
}
