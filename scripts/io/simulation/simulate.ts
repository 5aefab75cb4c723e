/** The main job: one path, two arms, one report; each arm on a fork of its own, which is thrown away afterwards. */
import type { ForkState } from "../../core/forkState.js";
import type { UsdPrices } from "../../core/mainnet.js";
import type { BaseFees } from "../../core/prices/baseFee.js";
import type { PricePath } from "../../core/prices/types.js";
import type { AccountInfo } from "../../core/report/schema.js";
import type { Report } from "../../core/report/schema.js";
import type { AdoptedPolicy } from "../../core/simulation/policyFile.js";
import type { Point } from "../../core/simulation/points.js";
import type { DeploymentParameters, Listing } from "../../core/deployment/parameters.js";
import type { ArmResult, ArmRules } from "./arm.js";
import type { FundedBorrower, Stage } from "./stage.js";
import type { Fork } from "../fork.js";

import { isDeepStrictEqual } from "node:util";

import { noteOf, useOf } from "../../core/forkState.js";
import { quotePriceE8 } from "../../core/mainnet.js";
import { assembleReport, usdOf } from "../../core/report/assemble.js";
import { DEFAULT_DELAY, pointsOf } from "../../core/simulation/points.js";
import { adopt } from "../../core/simulation/policyFile.js";
import { drawBorrowers } from "../../core/simulation/population.js";
import { openFork } from "../fork.js";
import { startBlock } from "../fork-start.js";
import { serveReplica } from "../replica/server.js";
import { openMarket } from "../market.js";
import { deployProtocol, parametersFor } from "../protocol.js";
import { arbitrageAll } from "../venue.js";
import { ARMS, runArm } from "./arm.js";
import { Chain } from "./chain.js";
import { fundEverybody, setPolicies } from "./stage.js";

/** What was read of files, checked. */
export interface SimulationInputs {
  readonly path: PricePath;
  /** {@link BASE_FEE} when not given. */
  readonly baseFees?: BaseFees | undefined;
  readonly policy?: AdoptedPolicy | undefined;
  /** Recorded state that the replica takes over; of no use with a node of one's own. */
  readonly forkStates?: readonly ForkState[];
}

export interface SimulationOptions extends SimulationInputs {
  readonly accounts: number;
  readonly seed: number;
  /** Steps between what keeper and liquidators see and what they do; 1 when not given. */
  readonly delaySteps?: number | undefined;
  readonly rpc?: string | undefined;
  readonly block?: bigint | undefined;
}

export interface SimulationHooks {
  /** Called as work goes on: of `total` steps, both arms together. */
  readonly progress?: (done: number, note: string) => void;
  /** Called when a part of the work is over. */
  readonly finished?: (part: string) => void;
  /** Called when everybody is funded, before anything happens: for tests that disturb the scene. */
  readonly staged?: (stages: readonly Stage[]) => Promise<void>;
}

export interface Simulation {
  readonly report: Report;
  readonly arms: readonly ArmResult[];
}

/** {s} Between the fork's head and the first point: the deployment's blocks fit in, whatever time they took. */
const SETUP_SECONDS = 7_200n;
/** {s} A generated path has no date: its replica's head is always here, 1 January 2026. */
const UNDATED_HEAD = 1_767_225_600n;
const DAY = 86_400n;
/** {s} More than the blocks that funding an account takes, one a second. */
const SETUP_SECONDS_AN_ACCOUNT = 20n;

export async function simulate(options: SimulationOptions, hooks: SimulationHooks = {}): Promise<Simulation> {
  const { path, accounts, seed, rpc, block, baseFees, policy, forkStates = [], delaySteps = DEFAULT_DELAY } = options;
  const cross = forkStates.some((state) => state.kind === "pool" && useOf(state.pool) === "cross");
  const { progress = () => undefined, finished = () => undefined, staged } = hooks;
  const points = pointsOf(path);
  const prices = points[0]?.prices ?? { ETH: 1n, BTC: 1n, USDC: 1n };
  const start = path.bars[0]?.timestamp ?? 0n;
  // Recorded rounds come at their own times: everything is set up just before the first.
  const atOwnTimes = path.prints !== undefined && rpc === undefined;
  const lead = atOwnTimes ? SETUP_SECONDS + SETUP_SECONDS_AN_ACCOUNT * BigInt(accounts + 10) : DAY;
  const headTimestamp = path.kind === "recorded" ? start - lead : UNDATED_HEAD;

  progress(0, "opening the forks");
  const node = rpc === undefined ? await serveReplica({ prices, headTimestamp, recorded: forkStates }) : undefined;
  const url = node?.url ?? rpc;
  const forks: Fork[] = [];
  try {
    // Two forks of one block, deployed and funded by the same transactions, are equal; so the arms can run side by side.
    // A node's head moves on, so its block is chosen once.
    const at = node?.block ?? block ?? (url === undefined ? undefined : (await startBlock(url)).number);
    const open = async (): Promise<Fork> => {
      const fork = await openFork({
        prices,
        ...(url === undefined ? {} : { rpc: url }),
        ...(at === undefined ? {} : { block: at }),
      });
      forks.push(fork);
      return fork;
    };
    const [first, ...others] = await Promise.all(ARMS.map(open));
    if (first === undefined) throw new TypeError("no arms");
    finished("forks");
    progress(0, "deploying");
    const parameters = roomFor(await parametersFor("fork"), accounts);
    const deployed = await Promise.all(
      [first, ...others].map(async (fork) => ({ fork, protocol: await deployProtocol(fork.connection, parameters) })),
    );
    finished("deploy");
    progress(0, "funding accounts");
    const plans = drawBorrowers(accounts, seed, prices, path.held);
    const stages = await Promise.all(
      deployed.map(async ({ fork, protocol }) => {
        const chain = new Chain(fork.rpc, fork.startedAt + SETUP_SECONDS, baseFees?.perStep[0]);
        await openAt(chain, prices, cross);
        return await fundEverybody(chain, protocol, plans, prices);
      }),
    );
    finished("fund");

    const [stage] = stages;
    if (stage === undefined) throw new TypeError("no arms");
    if (stages.some(({ start }) => !isDeepStrictEqual(start, stage.start))) {
      throw new Error("The arms do not begin alike");
    }
    await staged?.(stages);
    if (policy !== undefined) {
      const adopting = stages.filter((_, i) => ARMS[i] === "rebalance");
      for (const one of adopting) await setPolicies(one, ({ plan }) => adopt(policy.fields, plan));
    }
    const begin = beginOf(stages, atOwnTimes ? start : 0n);
    const arms = await runArms(stages, points, { delaySteps, begin, baseFees: baseFees?.perStep, cross }, progress);
    finished("both arms");
    return { report: reportOf(options, first.startedAtBlock, points, stage, arms), arms };
  } finally {
    for (const fork of forks) await fork.close();
    await node?.close();
  }
}

/** {s} When the first point is, the same in all arms: at its own time, or at once. */
function beginOf(stages: readonly Stage[], own: bigint): bigint {
  return stages.reduce((latest, { chain }) => (chain.now + 1n > latest ? chain.now + 1n : latest), own);
}

/** All arms at once; the first that fails stops the others. */
async function runArms(
  stages: readonly Stage[],
  points: readonly Point[],
  rules: Omit<ArmRules, "progress" | "signal">,
  progress: (done: number, note: string) => void,
): Promise<readonly ArmResult[]> {
  const stop = new AbortController();
  const { signal } = stop;
  const done = stages.map(() => 0);
  const results = await Promise.allSettled(
    stages.map(async (stage, i) => {
      const name = ARMS[i] ?? "none";
      const stepped = (step: number): void => {
        done[i] = step;
        progress(
          done.reduce((sum, steps) => sum + steps, 0),
          "both arms",
        );
      };
      try {
        return await runArm(name, stage, points, { ...rules, progress: stepped, signal });
      } catch (error) {
        stop.abort(error);
        throw error;
      }
    }),
  );
  // An arm that was stopped rejects with what stopped it.
  if (signal.aborted) throw signal.reason;
  return results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}

/** The first prices, on the feeds and in the pools exactly. */
async function openAt(chain: Chain, prices: UsdPrices, cross: boolean): Promise<void> {
  const { feeds, venue } = await openMarket(chain, { cross });
  await feeds.pushMany(prices, chain.next);
  await arbitrageAll(venue, (asset) => quotePriceE8(prices, asset));
  for (const asset of ["ETH", "BTC"] as const) {
    await venue.arbitrageTo(asset, quotePriceE8(prices, asset), { exact: true });
  }
}

/** The caps of the parameter file suit its launch; a larger crowd gets caps in proportion. */
function roomFor(parameters: DeploymentParameters, accounts: number): DeploymentParameters {
  const factor = BigInt(Math.ceil(accounts / 24));
  return {
    ...parameters,
    quote: withRoom(parameters.quote, factor),
    collaterals: parameters.collaterals.map((listing) => withRoom(listing, factor)),
  };
}

/** Two dozen accounts are all of this market: what one taker sells at once is more than a fifth of it, and would wait a day. */
function withRoom<Of extends Listing>(listing: Of, factor: bigint): Of {
  return { ...listing, capWholeTokens: listing.capWholeTokens * factor, outflowBps: 0n };
}

function reportOf(
  { path, seed, baseFees, policy, forkStates = [], delaySteps = DEFAULT_DELAY }: SimulationOptions,
  startedAtBlock: bigint,
  points: readonly Point[],
  { borrowers }: Stage,
  arms: readonly ArmResult[],
): Report {
  const closes = points.filter(({ closesBar }) => closesBar);
  const track = (asset: "ETH" | "BTC") => {
    const bars = path.bars.map((bar) => (asset === "ETH" ? bar.eth : bar.btc));
    return {
      low: bars.map(({ lowE8 }) => priceOf(lowE8)),
      high: bars.map(({ highE8 }) => priceOf(highE8)),
      close: bars.map(({ closeE8 }) => priceOf(closeE8)),
      oracle: closes.map(({ oracle }) => priceOf(oracle[asset])),
    };
  };
  return assembleReport({
    source: path.source,
    kind: path.kind,
    seed,
    barSeconds: Number(path.barSeconds),
    delaySteps,
    startedAtBlock: Number(startedAtBlock),
    notes: [
      ...(baseFees === undefined ? [] : [`Base fee: ${baseFees.note}`]),
      ...(policy === undefined ? [] : [`Policy: ${policy.note}`]),
      ...forkStates.map(noteOf),
    ],
    ...(path.prints === undefined ? {} : { stepIs: "round" as const }),
    timestamps: path.bars.map(({ timestamp }) => Number(timestamp)),
    eth: track("ETH"),
    btc: track("BTC"),
    accounts: borrowers.map((borrower) => infoOf(borrower, policy)),
    arms: arms.map(({ input }) => input),
  });
}

const DEFAULT_BAND = { lower: 1.25, lowerRestore: 1.6 };

function infoOf({ plan, debt, worthE18 }: FundedBorrower, adopted: AdoptedPolicy | undefined): AccountInfo {
  const debtUsd = usdOf(debt, 6);
  const policy = adopted === undefined ? plan.policy : adopt(adopted.fields, plan);
  return {
    id: plan.name,
    collateral: plan.kind,
    loanShare: rounded(debtUsd / usdOf(worthE18, 18)),
    reserveShare: Number(plan.reserveBps) / 10_000,
    band:
      policy === null
        ? DEFAULT_BAND
        : { lower: Number(policy.lowerE6) / 1e6, lowerRestore: Number(policy.lowerRestoreE6) / 1e6 },
  };
}

function rounded(share: number): number {
  return Math.round(share * 10_000) / 10_000;
}

function priceOf(priceE8: bigint): number {
  return Number(priceE8) / 1e8;
}
