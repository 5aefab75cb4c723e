/** The record that a deployment left behind, read again: a file that anybody may have edited since. */
import type { DeploymentRecord } from "./report.js";
import type { Checked } from "./parameters.js";

import { z } from "zod";

import { AddressText } from "./parameters.js";

const Digits = z
  .string()
  .regex(/^\d+$/, "must be digits")
  .transform((text) => BigInt(text));
const Count = z.number().int().nonnegative();

const Shape = z.object({
  network: z.string(),
  chainId: Count,
  deployer: AddressText,
  fromBlock: Count,
  contracts: z.record(AddressText),
  assets: z
    .array(z.object({ asset: Count, symbol: z.string(), token: AddressText, decimals: Count, feed: AddressText }))
    .min(1),
  roles: z.object({ admin: AddressText, governor: AddressText, steward: AddressText, guardian: AddressText }),
  cost: z.object({ transactions: Count, gas: Digits, wei: Digits }),
});

/** Checks a record's form; the sentence names the first mistake and where it is. */
export function checkRecord(content: unknown): Checked<DeploymentRecord> {
  const parsed = Shape.safeParse(content);
  if (parsed.success) return { kind: "ok", value: parsed.data };
  const [issue] = parsed.error.issues;
  const place = issue?.path.join(".") ?? "";
  const why = issue?.message === "Required" ? "is missing" : (issue?.message ?? "is wrong");
  return { kind: "wrong", why: `${place === "" ? "it" : place} ${why}` };
}
