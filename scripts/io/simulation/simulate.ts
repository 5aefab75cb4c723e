/** The main job: one path, two arms, one report; each arm on a fork of its own, which is thrown away afterwards. */
import type { ForkState } from "../../core/forkState.js";
import type { UsdPrices } from "../../core/mainnet.js";
import type { BaseFees } from "../../core/prices/baseFee.js";
import type { PricePath } from "../../core/prices/types.js";
import type { Report } from "../../core/report/schema.js";
import type { AdoptedPolicy } from "../../core/simulation/policyFile.js";
import type { Point } from "../../core/simulation/points.js";
import type { DeploymentParameters, Listing } from "../../core/deployment/parameters.js";
import type { ArmResult, ArmRules } from "./arm.js";
import type { Population, Stage } from "./stage.js";
import type { Fork } from "../fork.js";

import { isDeepStrictEqual } from "node:util";

import { useOf } from "../../core/forkState.js";
import { quotePriceE8 } from "../../core/mainnet.js";
import { DEFAULT_DELAY, pointsOf } from "../../core/simulation/points.js";
import { adopt } from "../../core/simulation/policyFile.js";
import { drawBorrowers } from "../../core/simulation/population.js";
import { drawTraders, makerFor } from "../../core/simulation/traders.js";
import { openFork } from "../fork.js";
import { startBlock } from "../forkStart.js";
import { serveReplica } from "../replica/server.js";
import { openMarket } from "../market.js";
import { deployProtocol, parametersFor } from "../protocol.js";
import { arbitrageAll } from "../venue.js";
import { ARMS, runArm } from "./arm.js";
import { ClockedChain } from "./chain.js";
import { reportOf } from "./report.js";
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
const HOUR = 3_600n;
const DAY = 24n * HOUR;
/** {s} More than the blocks that funding an account takes, one a second. */
const SETUP_SECONDS_AN_ACCOUNT = 20n;
/** The maker, lenders, takers, keeper and donor, and some more. */
const OTHERS = 12;
/** Borrowers for each long and each short. */
const BORROWERS_A_TRADER = 6;

export async function simulate(options: SimulationOptions, hooks: SimulationHooks = {}): Promise<Simulation> {
  const { path, accounts, seed, rpc, block, baseFees, policy, forkStates = [], delaySteps = DEFAULT_DELAY } = options;
  const cross = forkStates.some((state) => state.kind === "pool" && useOf(state.pool) === "cross");
  const { progress = () => undefined, finished = () => undefined, staged } = hooks;
  const points = pointsOf(path);
  const prices = points[0]?.prices ?? { ETH: 1n, BTC: 1n, USDC: 1n };
  const start = path.bars[0]?.timestamp ?? 0n;
  // Recorded rounds come at their own times: everything is set up just before the first.
  const atOwnTimes = path.prints !== undefined && rpc === undefined;
  const population = populationOf(accounts, seed, prices, path.held);
  const people = BigInt(accounts + population.traders.length + OTHERS);
  const lead = atOwnTimes ? SETUP_SECONDS + SETUP_SECONDS_AN_ACCOUNT * people : DAY;
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
    const stages = await Promise.all(
      deployed.map(async ({ fork, protocol }) => {
        const setUp = fork.startedAt + SETUP_SECONDS;
        const chain = new ClockedChain(fork.rpc, atOwnTimes ? setUp : nextHour(setUp), baseFees?.perStep[0]);
        const reprint = await openAt(chain, prices, cross);
        return await fundEverybody(chain, protocol, population, prices, reprint);
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

/** Borrowers, a sixth as many longs and as many shorts, and one who makes their market; the same in all arms. */
function populationOf(accounts: number, seed: number, prices: UsdPrices, held: PricePath["held"]): Population {
  const traders = drawTraders(Math.ceil(accounts / BORROWERS_A_TRADER), seed, prices, held);
  return { borrowers: drawBorrowers(accounts, seed, prices, held), traders, maker: makerFor(traders, prices) };
}

/** {s} Funding goes by the hours of the clock: a run that has no dates of its own begins with one, whatever its node's head. */
function nextHour(timestamp: bigint): bigint {
  return ((timestamp + HOUR - 1n) / HOUR) * HOUR;
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

/**
 * The first prices, on the feeds and in the pools exactly.
 * @returns What prints them once more.
 */
async function openAt(chain: ClockedChain, prices: UsdPrices, cross: boolean): Promise<() => Promise<void>> {
  const { feeds, venue } = await openMarket(chain, { cross });
  await feeds.pushMany(prices, chain.next);
  await arbitrageAll(venue, (asset) => quotePriceE8(prices, asset));
  for (const asset of ["ETH", "BTC"] as const) {
    await venue.arbitrageTo(asset, quotePriceE8(prices, asset), { exact: true });
  }
  return async () => await feeds.pushMany(prices, chain.next);
}

/** The caps of the parameter file suit its launch; a larger crowd gets caps in proportion. */
function roomFor(parameters: DeploymentParameters, accounts: number): DeploymentParameters {
  const factor = BigInt(Math.ceil(accounts / 24));
  return {
    ...parameters,
    quote: withRoom(parameters.quote, factor),
    collaterals: parameters.collaterals.map((listing) => withRoom(listing, factor)),
    perpetuals: parameters.perpetuals.map((perpetual) => ({ ...perpetual, capE3: perpetual.capE3 * factor })),
  };
}

/** Two dozen accounts are all of this market: what one taker sells at once is more than a fifth of it, and would wait a day. */
function withRoom<Of extends Listing>(listing: Of, factor: bigint): Of {
  return { ...listing, capWholeTokens: listing.capWholeTokens * factor, outflowBps: 0n };
}
