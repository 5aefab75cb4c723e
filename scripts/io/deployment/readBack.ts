/**
 * Reads every parameter and every role back from the chain and says what is not as the parameter file has it. It asks the
 * contracts, not the journal: what counts is what they will do.
 */
import type { ContractRunner, EventLog, Log } from "ethers";
import type { DeploymentParameters, Listing } from "../../core/deployment/parameters.js";
import type { Protocol } from "../protocol.js";

import { selectorsOf } from "../../../deploy/roles.js";
import { CollateralVault__factory, UsdCoin__factory } from "../../../typechain-types/index.js";
import { GOVERNED_NAMES, GUARDED, PERMISSIONS, ROLE, grantsOf, same } from "../../core/deployment/roles.js";
import { listingsOf, underlyingOf } from "../../core/deployment/parameters.js";
import { toPerpetual } from "../../core/instrument.js";

export interface Difference {
  /** Which parameter or role, in words. */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

export async function readBack(
  protocol: Protocol,
  parameters: DeploymentParameters,
  { fromBlock }: { readonly fromBlock: number },
): Promise<readonly Difference[]> {
  const differences: Difference[] = [];
  const compare = (what: string, found: unknown, expected: unknown): void => {
    if (!same(String(found), String(expected))) {
      differences.push({ what, expected: String(expected), found: String(found) });
    }
  };

  compare("number of listed tokens", protocol.assets.length, listingsOf(parameters).length);
  for (const [asset, listing] of listingsOf(parameters).entries()) {
    await compareListing(protocol, asset, listing, compare);
  }
  for (const [index, { symbol, risk }] of parameters.collaterals.entries()) {
    compareFields(`risk of ${symbol}`, await protocol.rebalancer.riskParametersOf(index + 1), risk, compare);
  }
  compareFields("keeper", await protocol.rebalancer.keeperParameters(), parameters.keeper, compare);
  for (const { underlying, ...terms } of parameters.perpetuals) {
    const asset = underlyingOf(parameters, underlying);
    const { basisMaintenanceBps, basisInitialBps, profitCap, ...funding } = terms;
    const instrument = toPerpetual(asset);
    const of = `perpetual of ${underlying}`;
    if (asset < 0n) {
      compare(of, "its underlying is not listed", "listed");
      continue;
    }
    compareFields(of, await protocol.marginAccount.perpetualOf(instrument), funding, compare);
    const risk = { basisMaintenanceBps, basisInitialBps, profitCap };
    compareFields(of, await protocol.rebalancer.perpetualRiskOf(asset), risk, compare);
  }
  compareFields("trading fees", await protocol.exchange.feeParameters(), parameters.trading, compare);
  compareFields("liquidation", await protocol.liquidator.liquidationParameters(), parameters.liquidation, compare);
  await compareInterest(protocol, parameters, fromBlock, compare);
  await compareWiring(protocol, compare);
  await compareRoles(protocol, parameters, fromBlock, compare);
  return differences;
}

type Compare = (what: string, found: unknown, expected: unknown) => void;

async function compareListing(
  { vault, oracle, assets }: Protocol,
  asset: number,
  listing: Listing,
  compare: Compare,
): Promise<void> {
  const { symbol } = listing;
  const listed = assets[asset];
  if (listed === undefined) return;
  if (typeof listing.token === "string") compare(`token of ${symbol}`, listed.token, listing.token);
  if (typeof listing.feed === "string") compare(`feed of ${symbol}`, listed.feed, listing.feed);

  const [totals, feed, decimals] = await Promise.all([
    vault.totalsOf(listed.token),
    oracle.feedOf(asset),
    UsdCoin__factory.connect(listed.token, vault.runner).decimals(),
  ]);
  const unit = 10n ** listing.decimals;
  const minimum = (listing.minimumE4 * unit) / 10_000n;
  compare(`cap of ${symbol}`, totals.cap, listing.capWholeTokens * unit);
  compare(`minimum deposit of ${symbol}`, totals.minimum, minimum === 0n ? 1n : minimum);
  compare(`decimals of ${symbol}`, decimals, listing.decimals);
  compare(`decimals of ${symbol} in the oracle`, feed.tokenDecimals, listing.decimals);
  compare(`oldest price of ${symbol}`, feed.maxAgeSeconds, listing.heartbeatSeconds + listing.slackSeconds);
}

function compareFields(of: string, found: object, expected: Readonly<Record<string, bigint>>, compare: Compare): void {
  const named = new Map(Object.entries("toObject" in found && isCallable(found.toObject) ? found.toObject() : found));
  for (const [field, value] of Object.entries(expected)) compare(`${field} (${of})`, named.get(field), value);
}

function isCallable(value: unknown): value is () => Record<string, unknown> {
  return typeof value === "function";
}

/** The curve has no view of its own; the event of its last setting says it whole. */
async function compareInterest(
  { marginAccount }: Protocol,
  { interest }: DeploymentParameters,
  fromBlock: number,
  compare: Compare,
): Promise<void> {
  const last = (await marginAccount.queryFilter(marginAccount.filters.InterestSet(), fromBlock)).at(-1);
  if (last === undefined) compare("interest curve", "never set", "set");
  else compareFields("interest", last.args, interest, compare);
}

async function compareWiring({ addresses, ...protocol }: Protocol, compare: Compare): Promise<void> {
  compare("vault of the margin account", await protocol.marginAccount.vault(), addresses.vault);
  compare("margin account of the vault", await protocol.vault.marginAccount(), addresses.marginAccount);
  compare("exchange of the margin account", await protocol.marginAccount.exchange(), addresses.exchange);
  compare("margin account of the exchange", await protocol.exchange.marginAccount(), addresses.marginAccount);
  compare("liquidator of the margin account", await protocol.marginAccount.liquidator(), addresses.liquidator);
  for (const name of GOVERNED_NAMES) {
    compare(
      `authority of the ${name}`,
      await authorityAt(addresses[name], protocol.vault.runner),
      addresses.accessManager,
    );
  }
}

/** Each governed contract answers this, whatever interface the tools know it by. */
async function authorityAt(address: string, runner: ContractRunner | null): Promise<string> {
  return await CollateralVault__factory.connect(address, runner).authority();
}

async function compareRoles(
  { accessManager, addresses }: Protocol,
  parameters: DeploymentParameters,
  fromBlock: number,
  compare: Compare,
): Promise<void> {
  for (const { contract, role, functions } of PERMISSIONS) {
    for (const [index, selector] of selectorsOf(contract, functions).entries()) {
      const found = await accessManager.getTargetFunctionRole(addresses[contract], selector);
      compare(`role for ${functions[index]} of the ${contract}`, found, ROLE[role]);
    }
  }
  for (const role of GUARDED) {
    compare(`guardian of role ${role}`, await accessManager.getRoleGuardian(ROLE[role]), ROLE.guardian);
  }

  const grants = grantsOf(parameters);
  for (const { role, account, delaySeconds } of grants) {
    const { isMember, executionDelay } = await accessManager.hasRole(ROLE[role], account);
    compare(`${role} ${account}`, isMember ? `delay ${executionDelay} s` : "not a member", `delay ${delaySeconds} s`);
  }

  // Nobody else: AccessManager cannot list members, its events can.
  const filters = accessManager.filters;
  const granted = await accessManager.queryFilter(filters.RoleGranted(), fromBlock);
  const revoked = await accessManager.queryFilter(filters.RoleRevoked(), fromBlock);
  const members = new Map<string, boolean>();
  const key = (roleId: bigint, account: string): string => `${roleId} ${account.toLowerCase()}`;
  for (const { args, eventName } of [...granted, ...revoked].toSorted(byPosition)) {
    members.set(key(args.roleId, args.account), eventName === "RoleGranted");
  }
  const expected = new Set(grants.map(({ role, account }) => key(ROLE[role], account)));
  const strangers = [...members].filter(([member, holds]) => holds && !expected.has(member)).map(([member]) => member);
  compare("members that the file does not name", strangers.join(", ") || "none", "none");
}

function byPosition(a: Log | EventLog, b: Log | EventLog): number {
  return a.blockNumber - b.blockNumber || a.index - b.index;
}
