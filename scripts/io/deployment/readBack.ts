/**
 * Reads every parameter and every role back from the chain and says what is not as the parameter file has it. It asks the
 * contracts, not the journal: what counts is what they will do.
 */
import type { ContractRunner } from "ethers";
import type { Collateral, DeploymentParameters, Listing } from "../../core/deployment/parameters.js";
import type { Compare, Difference } from "../../core/deployment/verification.js";
import type { ListedAsset, Protocol } from "../protocol.js";

import { ZeroAddress } from "ethers";

import {
  CollateralVault__factory,
  EACAggregatorProxy__factory,
  MarginAccount__factory,
  UniswapV3TwapSource__factory,
  UsdCoin__factory,
} from "../../../typechain-types/index.js";
import { listingsOf, underlyingOf } from "../../core/deployment/parameters.js";
import { GOVERNED_NAMES } from "../../core/deployment/roles.js";
import { toPerpetual } from "../../core/instrument.js";
import { Checks } from "../../core/deployment/verification.js";
import { answerOf, inRanges, isNoAnswer } from "./reading.js";
import { compareRoles } from "./readRoles.js";

/** The blocks whose events count: from the deployment's first to the one that is read at. */
export interface Blocks {
  readonly fromBlock: number;
  readonly toBlock?: number;
}

export async function readBack(
  protocol: Protocol,
  parameters: DeploymentParameters,
  blocks: Blocks,
): Promise<readonly Difference[]> {
  const checks = new Checks();
  await compareAll(checks, protocol, parameters, blocks);
  return checks.differences;
}

export async function compareAll(
  checks: Checks,
  protocol: Protocol,
  parameters: DeploymentParameters,
  blocks: Blocks,
): Promise<void> {
  const { rebalancer, liquidator } = protocol;
  const listings = listingsOf(parameters);
  await compareWiring(protocol, checks.compareIn("wiring"));
  await compareRoles(checks, protocol, parameters, blocks);
  checks.compareIn("tokens")("number of listed tokens", protocol.assets.length, listings.length);
  for (const [asset, listing] of listings.entries()) {
    const listed = protocol.assets[asset];
    if (listed === undefined) continue;
    await compareToken(protocol, listed, listing, checks.compareIn("tokens"));
    await compareFeed(protocol, listed, listing, checks.compareIn("feeds"));
  }
  const risk = checks.compareIn("risk");
  for (const [index, collateral] of parameters.collaterals.entries()) {
    const { symbol, risk: expected } = collateral;
    await compareSecond(protocol, index + 1, collateral, checks.compareIn("feeds"));
    compareFields(`risk of ${symbol}`, await rebalancer.riskParametersOf(index + 1), expected, risk);
    const [{ multiplierE2 }] = await protocol.shockLevels.levelOf(index + 1);
    // The parameter file has constant shocks; governance may let them move.
    risk(`levels of ${symbol}`, multiplierE2 === 0n ? "constant" : `moving, k = ${multiplierE2}e-2`, "constant");
  }
  const feeds = checks.compareIn("feeds");
  const { feed, graceSeconds } = await protocol.oracle.sequencer();
  feeds("sequencer's feed", feed, parameters.sequencer?.feed ?? ZeroAddress);
  feeds("grace after an outage", graceSeconds, parameters.sequencer?.graceSeconds ?? 0n);
  await comparePerpetuals(protocol, parameters, checks.compareIn("perpetuals"));
  const fees = await protocol.exchange.feeParameters();
  compareFields("trading", fees, parameters.trading, checks.compareIn("trading"));
  await compareInterest(protocol, parameters, blocks, checks.compareIn("interest"));
  compareFields("keeper", await rebalancer.keeperParameters(), parameters.keeper, checks.compareIn("keeper"));
  const paid = await liquidator.liquidationParameters();
  compareFields("liquidation", paid, parameters.liquidation, checks.compareIn("liquidation"));
}

async function compareToken(
  { vault }: Protocol,
  listed: ListedAsset,
  listing: Listing,
  compare: Compare,
): Promise<void> {
  const { symbol } = listing;
  if (typeof listing.token === "string") compare(`token of ${symbol}`, listed.token, listing.token);
  const [totals, decimals] = await Promise.all([
    vault.totalsOf(listed.token),
    answerOf(UsdCoin__factory.connect(listed.token, vault.runner).decimals()),
  ]);
  const { limitBps } = await vault.outflowOf(listed.token);
  const unit = 10n ** listing.decimals;
  const minimum = (listing.minimumE4 * unit) / 10_000n;
  compare(`cap of ${symbol}`, totals.cap, listing.capWholeTokens * unit);
  compare(`minimum deposit of ${symbol}`, totals.minimum, minimum === 0n ? 1n : minimum);
  compare(`outflow limit of ${symbol}`, limitBps, listing.outflowBps);
  compare(`decimals of ${symbol}`, decimals, listing.decimals);
}

async function compareFeed(
  { oracle }: Protocol,
  listed: ListedAsset,
  listing: Listing,
  compare: Compare,
): Promise<void> {
  const { symbol } = listing;
  if (typeof listing.feed === "string") compare(`feed of ${symbol}`, listed.feed, listing.feed);
  const feed = EACAggregatorProxy__factory.connect(listed.feed, oracle.runner);
  const [known, pair] = await Promise.all([oracle.feedOf(listed.asset), answerOf(feed.description())]);
  compare(`pair of the feed of ${symbol}`, pair, listing.pair);
  compare(`decimals of ${symbol} in the oracle`, known.tokenDecimals, listing.decimals);
  compare(`decimals of the feed of ${symbol}`, await answerOf(feed.decimals()), known.feedDecimals);
  compare(`oldest price of ${symbol}`, known.maxAgeSeconds, listing.heartbeatSeconds + listing.slackSeconds);
}

async function compareSecond(
  { oracle, assets }: Protocol,
  asset: number,
  { symbol, second }: Collateral,
  compare: Compare,
): Promise<void> {
  const { source, deviationBps, minimumE6, maximumE6 } = await oracle.secondaryOf(asset);
  compare(`deviation of ${symbol}`, deviationBps, second?.deviationBps ?? 0n);
  compare(`lowest price of ${symbol}`, minimumE6, second?.minimumPriceE6 ?? 0n);
  compare(`highest price of ${symbol}`, maximumE6, second?.maximumPriceE6 ?? 0n);
  if (second === undefined || source === ZeroAddress) {
    compare(`second source of ${symbol}`, source === ZeroAddress ? "none" : source, second?.pool ?? "none");
    return;
  }
  const twap = UniswapV3TwapSource__factory.connect(source, oracle.runner);
  compare(`pool of ${symbol}`, await twap.pool(), second.pool);
  compare(`window of ${symbol}`, await twap.windowSeconds(), second.windowSeconds);
  compare(`token of the second source of ${symbol}`, await twap.token(), assets[asset]?.token);
  compare(`quote of the second source of ${symbol}`, await twap.quote(), assets[0]?.token);
}

function compareFields(of: string, found: object, expected: Readonly<Record<string, bigint>>, compare: Compare): void {
  const named = new Map(Object.entries("toObject" in found && isCallable(found.toObject) ? found.toObject() : found));
  for (const [field, value] of Object.entries(expected)) compare(`${field} (${of})`, named.get(field), value);
}

function isCallable(value: unknown): value is () => Record<string, unknown> {
  return typeof value === "function";
}

async function comparePerpetuals(
  { marginAccount, rebalancer }: Protocol,
  parameters: DeploymentParameters,
  compare: Compare,
): Promise<void> {
  for (const { underlying, basisMaintenanceBps, basisInitialBps, profitCap, ...funding } of parameters.perpetuals) {
    const of = `perpetual of ${underlying}`;
    const asset = underlyingOf(parameters, underlying);
    if (asset < 0n) {
      compare(of, "its underlying is not listed", "listed");
      continue;
    }
    try {
      compareFields(of, await marginAccount.perpetualOf(toPerpetual(asset)), funding, compare);
    } catch (error) {
      if (!isNoAnswer(error)) throw error;
      compare(of, "not listed", "listed");
    }
    const risk = { basisMaintenanceBps, basisInitialBps, profitCap };
    compareFields(of, await rebalancer.perpetualRiskOf(asset), risk, compare);
  }
}

/** The curve has no view of its own; the event of its last setting says it whole. */
async function compareInterest(
  { marginAccount }: Protocol,
  { interest }: DeploymentParameters,
  blocks: Blocks,
  compare: Compare,
): Promise<void> {
  const set = marginAccount.filters.InterestSet();
  const last = (await inRanges(blocks, async (from, to) => await marginAccount.queryFilter(set, from, to))).at(-1);
  if (last === undefined) compare("interest curve", "never set", "set");
  else compareFields("interest", last.args, interest, compare);
}

/** Each of two contracts that know each other is asked for the other. */
async function compareWiring({ addresses, assets, ...protocol }: Protocol, compare: Compare): Promise<void> {
  const { runner } = protocol.vault;
  const core = MarginAccount__factory.connect(addresses.marginAccount, runner);
  const { liquidator, lens, vault } = protocol;
  const asked: readonly (readonly [string, Promise<unknown>, string | undefined])[] = [
    ["vault of the margin account", core.vault(), addresses.vault],
    ["risk engine of the margin account", core.riskEngine(), addresses.rebalancer],
    ["rebalancer of the margin account", core.rebalancer(), addresses.rebalancer],
    ["extension of the margin account", core.extension(), addresses.extension],
    ["trading part of the margin account", core.trading(), addresses.trading],
    ["access part of the margin account", protocol.marginAccount.access(), addresses.access],
    ["executor of the margin account", protocol.marginAccount.executor(), addresses.executor],
    ["exchange of the margin account", protocol.marginAccount.exchange(), addresses.exchange],
    ["margin account of the exchange", protocol.exchange.marginAccount(), addresses.marginAccount],
    ["quote token of the margin account", core.quoteToken(), assets[0]?.token],
    ["liquidator of the margin account", protocol.marginAccount.liquidator(), addresses.liquidator],
    ["shock levels of the rebalancer", protocol.rebalancer.shockLevels(), addresses.shockLevels],
    ["risk engine of the shock levels", protocol.shockLevels.riskEngine(), addresses.rebalancer],
    ["margin account of the vault", vault.marginAccount(), addresses.marginAccount],
    ["margin account of the liquidator", liquidator.marginAccount(), addresses.marginAccount],
    ["risk engine of the liquidator", liquidator.riskEngine(), addresses.rebalancer],
    ["margin account of the lens", lens.marginAccount(), addresses.marginAccount],
    ["liquidator of the lens", lens.liquidator(), addresses.liquidator],
    ["authority of the access part", authorityAt(addresses.access, runner), addresses.accessManager],
    ["authority of the trading part", authorityAt(addresses.trading, runner), addresses.accessManager],
    ["authority of the extension", authorityAt(addresses.extension, runner), addresses.accessManager],
    ...GOVERNED_NAMES.map(
      (name) => [`authority of the ${name}`, authorityAt(addresses[name], runner), addresses.accessManager] as const,
    ),
  ];
  for (const [what, found, expected] of asked) compare(what, await answerOf(found), expected);
}

/** Each governed contract answers this, whatever interface the tools know it by. */
async function authorityAt(address: string, runner: ContractRunner | null): Promise<string> {
  return await CollateralVault__factory.connect(address, runner).authority();
}
