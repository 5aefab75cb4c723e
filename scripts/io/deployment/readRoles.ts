/**
 * Who may do what, read back from AccessManager. It can list neither members nor functions; its events can, so that what
 * was granted or opened beyond the deployment's own shows too.
 */
import type { EventLog, Log } from "ethers";
import type { DeploymentParameters } from "../../core/deployment/parameters.js";
import type { RoleName } from "../../core/deployment/roles.js";
import type { Checks, Compare } from "../../core/deployment/verification.js";
import type { Protocol } from "../protocol.js";
import type { Blocks } from "./readBack.js";

import { selectorsOf } from "../../../deploy/roles.js";
import { GOVERNED_NAMES, GUARDED, PERMISSIONS, ROLE, grantsOf, same } from "../../core/deployment/roles.js";
import { inRanges } from "./reading.js";

const ROLE_NAMES: readonly RoleName[] = ["admin", "governor", "steward", "guardian"];

export async function compareRoles(
  checks: Checks,
  protocol: Protocol,
  parameters: DeploymentParameters,
  blocks: Blocks,
): Promise<void> {
  await comparePermissions(protocol, blocks, checks.compareIn("permissions"));
  await compareHierarchy(protocol, checks.compareIn("permissions"));
  await compareMembers(protocol, parameters, blocks, checks.compareIn("members"));
}

async function comparePermissions(
  { accessManager, addresses }: Protocol,
  blocks: Blocks,
  compare: Compare,
): Promise<void> {
  const expected = new Set<string>();
  for (const { contract, role, functions } of PERMISSIONS) {
    for (const [index, selector] of selectorsOf(contract, functions).entries()) {
      const found = await accessManager.getTargetFunctionRole(addresses[contract], selector);
      compare(`role for ${functions[index]} of the ${contract}`, nameOf(found), role);
      expected.add(functionOf(addresses[contract], selector));
    }
  }

  const updated = accessManager.filters.TargetFunctionRoleUpdated();
  const events = await inRanges(blocks, async (from, to) => await accessManager.queryFilter(updated, from, to));
  const opened = new Map<string, bigint>();
  for (const { args } of events) opened.set(functionOf(args.target, args.selector), args.roleId);
  const others = [...opened].filter(([of, role]) => role !== ROLE.admin && !expected.has(of));
  const list = others.map(([of, role]) => `${of} for ${nameOf(role)}`).join(", ");
  compare("functions with a role that the deployment does not give", list || "none", "none");
}

/** Who grants what, who cancels, and the delays that an admin may set: a deployment leaves AccessManager's own. */
async function compareHierarchy({ accessManager, addresses }: Protocol, compare: Compare): Promise<void> {
  for (const role of ROLE_NAMES) {
    const guardian = GUARDED.includes(role) ? "guardian" : "admin";
    compare(`guardian of role ${role}`, nameOf(await accessManager.getRoleGuardian(ROLE[role])), guardian);
    compare(`admin of role ${role}`, nameOf(await accessManager.getRoleAdmin(ROLE[role])), "admin");
    compare(`grant delay of role ${role}`, await accessManager.getRoleGrantDelay(ROLE[role]), 0);
  }
  for (const name of [...GOVERNED_NAMES, "accessManager"] as const) {
    compare(`${name} closed`, await accessManager.isTargetClosed(addresses[name]), false);
    compare(`admin delay of the ${name}`, await accessManager.getTargetAdminDelay(addresses[name]), 0);
  }
}

async function compareMembers(
  { accessManager }: Protocol,
  parameters: DeploymentParameters,
  blocks: Blocks,
  compare: Compare,
): Promise<void> {
  const grants = grantsOf(parameters);
  for (const { role, account, delaySeconds } of grants) {
    const [{ isMember, executionDelay }, { pendingDelay, effect }] = await Promise.all([
      accessManager.hasRole(ROLE[role], account),
      accessManager.getAccess(ROLE[role], account),
    ]);
    const pending = effect === 0n ? "" : `, ${pendingDelay} s from ${effect} on`;
    const found = isMember ? `delay ${executionDelay} s${pending}` : "not a member";
    compare(`${role} ${account}`, found, `delay ${delaySeconds} s`);
  }

  const { RoleGranted, RoleRevoked } = accessManager.filters;
  const granted = await inRanges(blocks, async (from, to) => await accessManager.queryFilter(RoleGranted(), from, to));
  const revoked = await inRanges(blocks, async (from, to) => await accessManager.queryFilter(RoleRevoked(), from, to));
  const members = new Map<string, boolean>();
  for (const { args, eventName } of [...granted, ...revoked].toSorted(byPosition)) {
    members.set(`${nameOf(args.roleId)} ${args.account}`, eventName === "RoleGranted");
  }
  const strangers = [...members].flatMap(([member, holds]) => {
    const expected = grants.some(({ role, account }) => same(`${role} ${account}`, member));
    return holds && !expected ? [member] : [];
  });
  compare("members that the file does not name", strangers.join(", ") || "none", "none");
}

function nameOf(role: bigint): string {
  return ROLE_NAMES.find((name) => ROLE[name] === role) ?? (role === PUBLIC ? "everybody" : `role ${role}`);
}

/** AccessManager's PUBLIC_ROLE, which every account has. */
const PUBLIC = 2n ** 64n - 1n;

function functionOf(target: string, selector: string): string {
  return `${target.toLowerCase()} ${selector}`;
}

function byPosition(a: Log | EventLog, b: Log | EventLog): number {
  return a.blockNumber - b.blockNumber || a.index - b.index;
}
