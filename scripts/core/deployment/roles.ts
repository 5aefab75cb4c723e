/**
 * Who may do what, in AccessManager's words. One function has one role, so the governor holds the steward's too, at his own
 * delay. The guardian pauses, for three days at most and never twice in a row, and cancels what governor and steward have
 * scheduled. He cannot cancel what the admin scheduled, or a bad guardian could never be removed.
 */
import type { Address } from "../mainnet.js";
import type { DeploymentParameters } from "./parameters.js";

/** The numbers of the roles; 0 is AccessManager's own, for whoever grants the others. */
export const ROLE = { admin: 0n, governor: 1n, steward: 2n, guardian: 3n } as const;
export type RoleName = keyof typeof ROLE;

export const GOVERNED_NAMES = [
  "vault",
  "rebalancer",
  "shockLevels",
  "marginAccount",
  "liquidator",
  "exchange",
] as const;
export type Governed = (typeof GOVERNED_NAMES)[number];

/** Every restricted function; a test compares the list with the contracts' sources. */
export const PERMISSIONS: readonly {
  readonly contract: Governed;
  readonly role: RoleName;
  readonly functions: readonly string[];
}[] = [
  { contract: "vault", role: "governor", functions: ["list", "setLimits", "setOutflowLimit"] },
  {
    contract: "rebalancer",
    role: "governor",
    functions: ["setFeed", "setSecondary", "setSequencer", "setRiskParameters", "setPerpetualRisk", "setShockLevels"],
  },
  { contract: "shockLevels", role: "governor", functions: ["setLevelParameters"] },
  { contract: "rebalancer", role: "steward", functions: ["setKeeperParameters"] },
  {
    contract: "marginAccount",
    role: "governor",
    functions: ["setInterest", "setLiquidator", "setPerpetual", "setExchange", "unpause", "setLiquidationGrace"],
  },
  { contract: "marginAccount", role: "guardian", functions: ["pause"] },
  { contract: "liquidator", role: "governor", functions: ["setLiquidationParameters"] },
  { contract: "exchange", role: "governor", functions: ["setFeeParameters"] },
];

export interface Grant {
  readonly role: RoleName;
  readonly account: Address;
  /** {s} Between scheduling and executing. */
  readonly delaySeconds: bigint;
}

/** Every membership after the deployment. The deployer is in none. */
export function grantsOf({ roles }: Pick<DeploymentParameters, "roles">): readonly Grant[] {
  return [
    { role: "admin", account: roles.admin, delaySeconds: roles.adminDelaySeconds },
    { role: "governor", account: roles.governor, delaySeconds: roles.governorDelaySeconds },
    { role: "steward", account: roles.governor, delaySeconds: roles.governorDelaySeconds },
    ...(same(roles.steward, roles.governor)
      ? []
      : [{ role: "steward", account: roles.steward, delaySeconds: roles.stewardDelaySeconds } as const]),
    { role: "guardian", account: roles.guardian, delaySeconds: 0n },
  ];
}

/** The roles that have a guardian, and which. */
export const GUARDED: readonly RoleName[] = ["governor", "steward"];

export function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
