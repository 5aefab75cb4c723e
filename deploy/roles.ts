/**
 * The hand-over: every function gets its role, every role its holders, and the deployer leaves. One transaction, the last
 * of the deployment: until it is mined the deployer alone governs, afterwards he has no say at all, and nothing lies between.
 */
import type { Future, IgnitionModuleBuilder } from "@nomicfoundation/ignition-core";
import type { Interface } from "ethers";
import type { DeploymentParameters } from "../scripts/core/deployment/parameters.js";
import type { Governed } from "../scripts/core/deployment/roles.js";
import type { Core } from "./core.js";

import { GUARDED, PERMISSIONS, ROLE, grantsOf } from "../scripts/core/deployment/roles.js";
import {
  CollateralVault__factory,
  Exchange__factory,
  IMarginAccount__factory,
  Liquidator__factory,
  Rebalancer__factory,
  ShockLevels__factory,
} from "../typechain-types/index.js";

const GOVERNED: Readonly<Record<Governed, Interface>> = {
  vault: CollateralVault__factory.createInterface(),
  rebalancer: Rebalancer__factory.createInterface(),
  shockLevels: ShockLevels__factory.createInterface(),
  marginAccount: IMarginAccount__factory.createInterface(),
  liquidator: Liquidator__factory.createInterface(),
  exchange: Exchange__factory.createInterface(),
};

/** How AccessManager names the functions of a contract. */
export function selectorsOf(contract: Governed, functions: readonly string[]): readonly string[] {
  return functions.map((name) => {
    const fragment = GOVERNED[contract].getFunction(name);
    if (fragment === null) throw new TypeError(`${contract} has no function ${name}`);
    return fragment.selector;
  });
}

export function handOver(
  m: IgnitionModuleBuilder,
  { contracts }: Core,
  parameters: DeploymentParameters,
  after: readonly Future[],
): Future {
  const { accessManager } = contracts;
  const say = (functionName: string, args: Parameters<typeof m.call>[2], id: string) =>
    m.encodeFunctionCall(accessManager, functionName, args, { id });

  const labels = (["governor", "steward", "guardian"] as const).map((role) =>
    say("labelRole", [ROLE[role], role], `labelRole_${role}`),
  );
  const guards = GUARDED.map((role) => say("setRoleGuardian", [ROLE[role], ROLE.guardian], `setRoleGuardian_${role}`));
  const permissions = PERMISSIONS.map(({ contract, role, functions }) =>
    say(
      "setTargetFunctionRole",
      [contracts[contract], [...selectorsOf(contract, functions)], ROLE[role]],
      `setTargetFunctionRole_${contract}_${role}`,
    ),
  );
  const grants = grantsOf(parameters).map(({ role, account, delaySeconds }, index) =>
    say("grantRole", [ROLE[role], account, delaySeconds], `grantRole_${role}_${index}`),
  );
  const farewell = say("renounceRole", [ROLE.admin, m.getAccount(0)], "renounceRole_admin");

  const steps = [...labels, ...guards, ...permissions, ...grants, farewell];
  return m.call(accessManager, "multicall", [steps], { id: "handOver", after: [...after] });
}
