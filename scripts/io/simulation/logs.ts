/** The protocol's events in a receipt, parsed; what no agent reads is left out. */
import type { Receipt } from "./chain.js";

import { z } from "zod";

import {
  ICollateralVault__factory,
  ILiquidator__factory,
  IMarginAccountEvents__factory,
} from "../../../typechain-types/index.js";
import { OUTCOMES } from "../../core/model/rebalance.js";

const INTERFACES = [
  IMarginAccountEvents__factory.createInterface(),
  ILiquidator__factory.createInterface(),
  ICollateralVault__factory.createInterface(),
];

const id = z.bigint();
const Log = z.discriminatedUnion("name", [
  z.object({
    name: z.literal("Rebalanced"),
    accountId: id,
    outcome: z.bigint().transform((outcome) => OUTCOMES[Number(outcome)] ?? "Failed"),
    keeperPay: z.bigint(),
  }),
  z.object({ name: z.literal("MarginCalled"), accountId: id, deficitE18: z.bigint() }),
  z.object({ name: z.literal("ReserveChanged"), accountId: id, asset: z.bigint(), held: z.bigint() }),
  z.object({ name: z.literal("LossSocialised"), accountId: id, amount: z.bigint() }),
  z.object({
    name: z.literal("Liquidated"),
    accountId: id,
    fractionE18: z.bigint(),
    payment: z.bigint(),
    fundFee: z.bigint(),
    healthE18: z.bigint(),
  }),
]);
export type Log = z.infer<typeof Log>;

export function logsOf({ logs }: Pick<Receipt, "logs">): readonly Log[] {
  return logs.flatMap(({ topics, data }) => {
    for (const known of INTERFACES) {
      const parsed = known.parseLog({ topics, data });
      if (parsed === null) continue;
      const log = Log.safeParse({ name: parsed.name, ...Fields.parse(parsed.args.toObject()) });
      if (log.success) return [log.data];
    }
    return [];
  });
}

const Fields = z.record(z.unknown());
