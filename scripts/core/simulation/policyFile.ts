/**
 * A policy of one's own for a simulation: what every account adopts where it is rebalanced. Fields that a file leaves out
 * stay as each account drew them.
 */
import type { Owner, Policy } from "./population.js";

import { z } from "zod";

import { ToolError } from "../errors.js";
import { GRACE_SECONDS, KEEPER_PAY_CAP, assetsOf, packOrder } from "./population.js";

const POLICY_FORM =
  "lower, lowerRestore, upperRestore, upper (healths), graceSeconds, keeperPayCap, releaseToWallet, assetOrder";

/** {1} Bounds of the contract's own, which it would refuse with an error for programs. */
const LOWEST = 1;
const HIGHEST_RESTORE = 10;
const HIGHEST = 4_000; // what fits its field
const LEAST_ROOM = 0.01;
const LONGEST_GRACE = 604_800;
const HIGHEST_PAY = 1_000;

const bounded = (low: number, high: number, message: string) =>
  z.number({ invalid_type_error: message, required_error: "is missing" }).min(low, message).max(high, message);
const health = (low: number, high: number) => bounded(low, high, `must be a health from ${low} to ${high}`);
const whole = (high: number, unit: string) => {
  const message = `must be a whole number of ${unit} from 0 to ${high}`;
  return bounded(0, high, message).int(message);
};

const Fields = z
  .object({
    lower: health(LOWEST, HIGHEST_RESTORE).refine((value) => value > LOWEST, "must be above 1"),
    lowerRestore: health(LOWEST, HIGHEST_RESTORE),
    /** To which collateral is released; without it nothing is. */
    upperRestore: health(LOWEST, HIGHEST).optional(),
    upper: health(LOWEST, HIGHEST).optional(),
    graceSeconds: whole(LONGEST_GRACE, "seconds").optional(),
    keeperPayCap: whole(HIGHEST_PAY, "quote units").optional(),
    releaseToWallet: z.boolean({ invalid_type_error: "must be true or false" }).optional(),
    assetOrder: z
      .array(z.enum(["ETH", "BTC"]), { invalid_type_error: 'must be a list of "ETH" and "BTC"' })
      .refine((assets) => new Set(assets).size === assets.length, "must name each asset once")
      .optional(),
  })
  .strict();

export type PolicyFields = z.infer<typeof Fields>;

/** What accounts adopt, and in words what it is. */
export interface AdoptedPolicy {
  readonly fields: PolicyFields;
  readonly note: string;
}

/** A policy file that cannot be used: a sentence for each field that is wrong. */
export class PolicyFileError extends ToolError {
  override readonly name = "PolicyFileError";

  constructor(
    readonly findings: readonly string[],
    options?: ErrorOptions,
  ) {
    super("POLICY_FILE", findings.join(" "), 1, options);
  }

  override get lines(): readonly string[] {
    return this.findings;
  }
}

/** Reads a policy from JSON text. `name` is what errors call the file. */
export function parsePolicy(text: string, name: string): AdoptedPolicy {
  const parsed = Fields.safeParse(parseJson(text, name));
  if (!parsed.success) throw new PolicyFileError(parsed.error.issues.flatMap((issue) => sentencesOf(issue, name)));
  const fields = parsed.data;
  const findings = disorderOf(fields).map((problem) => `${name}: ${problem}.`);
  if (findings.length > 0) throw new PolicyFileError(findings);
  return { fields, note: `${name}, adopted by every account in the arm that rebalances: ${describe(fields)}` };
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `${name}: this is not JSON; write an object such as {"lower": 1.3, "lowerRestore": 1.7}.`;
    throw new PolicyFileError([message], { cause });
  }
}

function sentencesOf(issue: z.ZodIssue, name: string): readonly string[] {
  const field = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => `${name}: ${key} is no field of a policy; known are ${POLICY_FORM}.`);
  }
  if (issue.code === "invalid_enum_value") return [`${name}: ${field} must be "ETH" or "BTC".`];
  if (field === "") return [`${name}: it must be an object with lower and lowerRestore.`];
  return [`${name}: ${field} ${issue.message}.`];
}

/** As the contract orders a band, each breach by its fields' names. */
function disorderOf({ lower, lowerRestore, upperRestore, upper }: PolicyFields): readonly string[] {
  return [
    ...(e6(lower) + e6(LEAST_ROOM) > e6(lowerRestore)
      ? [`lowerRestore must be at least ${LEAST_ROOM} above lower`]
      : []),
    ...((upper === undefined) !== (upperRestore === undefined) ? ["upper and upperRestore go together"] : []),
    ...(upperRestore !== undefined && upperRestore < lowerRestore
      ? ["upperRestore must not be below lowerRestore"]
      : []),
    ...(upper !== undefined && upperRestore !== undefined && upper < upperRestore
      ? ["upper must not be below upperRestore"]
      : []),
  ];
}

function describe(fields: PolicyFields): string {
  const words = Object.entries(fields).map(
    ([field, value]) => `${field} ${Array.isArray(value) ? value.join(", ") : String(value)}`,
  );
  return words.join("; ");
}

/** The policy of one account once it has adopted the fields. */
export function adopt(fields: PolicyFields, { policy, kind }: Pick<Owner, "policy" | "kind">): Policy {
  const order = fields.assetOrder?.filter((asset) => assetsOf(kind).includes(asset));
  return {
    lowerE6: e6(fields.lower),
    lowerRestoreE6: e6(fields.lowerRestore),
    upperRestoreE6: e6(fields.upperRestore ?? fields.lowerRestore),
    upperE6: fields.upper === undefined ? 0n : e6(fields.upper),
    graceSeconds:
      fields.graceSeconds === undefined ? (policy?.graceSeconds ?? GRACE_SECONDS) : BigInt(fields.graceSeconds),
    keeperPayCap:
      fields.keeperPayCap === undefined ? (policy?.keeperPayCap ?? KEEPER_PAY_CAP) : BigInt(fields.keeperPayCap),
    releaseToWallet: fields.releaseToWallet ?? policy?.releaseToWallet ?? false,
    walletTopUp: false,
    assetOrder: packOrder(order ?? assetsOf(kind)),
  };
}

function e6(health: number): bigint {
  return BigInt(Math.round(health * 1e6));
}
