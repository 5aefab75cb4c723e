/** Runs one arm over the path, and checks the chain's promises at every reading. */
import type { Asset } from "../../core/mainnet.js";
import type { PerpetualTrack } from "../../core/report/schema.js";
import type { AccountRun, ArmInput } from "../../core/report/assemble.js";
import type { Point } from "../../core/simulation/points.js";
import type { Between } from "../../core/simulation/promises.js";
import type { Observation } from "../../core/simulation/types.js";
import type { Stage } from "./stage.js";

import { quotePriceE8 } from "../../core/mainnet.js";
import { healthOf, usdOf } from "../../core/report/assemble.js";
import { marginOf, markToMarketE18, walletsMarketE18 } from "../../core/simulation/losses.js";
import { checksOfMargins } from "../../core/simulation/margins.js";
import { checksBetween, checksOfState } from "../../core/simulation/promises.js";
import { capitalE18, isAtRisk, quoteE18 } from "../../core/simulation/types.js";
import { openMarket } from "../market.js";
import { arbitrageAll } from "../venue.js";
import { ArmState } from "./armState.js";
import { keep, serve } from "./keeper.js";
import { liquidate } from "./liquidators.js";
import { trade } from "./traders.js";

export const ARMS = ["none", "rebalance"] as const;
export type ArmName = (typeof ARMS)[number];

/** What an arm hands to the report, and the exact sums behind it. */
export interface ArmResult {
  readonly input: ArmInput;
  /** {quote} What the market did to everybody, and what the venue kept. */
  readonly marketE18: bigint;
  readonly slippageE18: bigint;
  readonly start: Observation;
  readonly end: Observation;
}

export interface ArmRules {
  /** How many steps old what agents act on is; where it no longer stands, they leave it. */
  readonly delaySteps: number;
  /** {s} When the first point is. */
  readonly begin: bigint;
  /** {wei/gas} Of each step; the chain's own when not given. */
  readonly baseFees?: readonly bigint[] | undefined;
  /** Of the venue. */
  readonly cross: boolean;
  readonly progress: (step: number) => void;
  readonly signal: AbortSignal;
}

/**
 * A step is a bar: the world walks its four points, then all is read and checked, keeper and liquidators act once, and what
 * they did is read and checked.
 */
export async function runArm(
  name: ArmName,
  stage: Stage,
  points: readonly Point[],
  { delaySteps, begin, baseFees, cross, progress, signal }: ArmRules,
): Promise<ArmResult> {
  const { chain, observer, protocol } = stage;
  const market = await openMarket(chain, { cross });
  const parameters = await protocol.liquidator.liquidationParameters();
  const arm = new ArmState(name, stage, market, {
    targetE18: parameters.targetHealthBps * 10n ** 14n,
    toleranceE18: parameters.toleranceBps * 10n ** 14n,
    dustE18: parameters.dustValue * 10n ** 18n,
  });
  const start = await observer.observe();
  const closes: Observation[] = [];
  // What stood at the end of each of the last steps; agents know the first of it.
  const past: Observation[] = [];
  let last = start;
  let ownersMarketE18 = 0n;
  let marketE18 = 0n;

  for (const [i, point] of points.entries()) {
    signal.throwIfAborted();
    arm.step = point.step;
    chain.baseFee = baseFees?.[point.step] ?? chain.baseFee;
    chain.advanceTo(begin + point.offset);
    await moveWorld(arm, point);
    if (!point.closesBar) continue;

    const after = await observer.observe();
    const owners = stage.owners.length;
    ownersMarketE18 += markToMarketE18(last.accounts.slice(0, owners), last, after);
    const moved = markToMarketE18(last.accounts, last, after) + walletsMarketE18(last.wallets, last.bids, after.bids);
    marketE18 += moved;
    verify(arm, last, after, moved);
    arm.prices = after;
    for (const { id, equityE18 } of after.accounts.slice(0, owners)) arm.insolvent(id, equityE18);

    const next = points[i + 1];
    const seen = delaySteps === 0 ? after : past.length === delaySteps ? past.shift() : undefined;
    last = seen === undefined ? after : await act(arm, seen, after, next ? begin + next.offset : null);
    past.push(last);
    closes.push(last);
    progress(point.step + 1);
  }
  for (const { equityE18 } of last.accounts.slice(0, stage.owners.length)) {
    if (equityE18 < 0n) arm.losses.unpaid(-equityE18);
  }
  const slippageE18 = arm.losses.totals.slippageE18;
  return { input: inputOf(arm, start, closes, ownersMarketE18), marketE18, slippageE18, start, end: last };
}

/** Feeds print what they would print, and the pools follow the world outside. */
async function moveWorld({ stage: { chain }, market }: ArmState, { prints, prices }: Point): Promise<void> {
  if (Object.keys(prints).length > 0) await market.feeds.pushMany(prints, chain.next);
  else await chain.mine();
  await arbitrageAll(market.venue, (asset) => quotePriceE8(prices, asset));
}

/** Lets everybody act on what they saw a while ago, where it still stands now. */
async function act(arm: ArmState, seen: Observation, before: Observation, until: bigint | null): Promise<Observation> {
  const untraded = arm.transactions;
  const now = await trade(arm, seen, before);
  const sent = arm.transactions;
  if (sent !== untraded) verify(arm, before, now, 0n, sent - untraded);
  const slippage = arm.losses.totals.slippageE18;
  const kept = arm.name === "rebalance" ? await keep(arm, seen, now) : now;
  const sentByKeeper = arm.transactions;
  await serve(arm, seen, kept);
  await liquidate(arm, seen, until ?? now.timestamp + 60n);
  if (arm.transactions === sent) return now;
  const after = arm.transactions === sentByKeeper ? kept : await arm.stage.observer.observe();
  verify(arm, now, after, slippage - arm.losses.totals.slippageE18, arm.transactions - sent);
  return after;
}

function verify(arm: ArmState, before: Observation, after: Observation, outsideE18: bigint, transactions = 0): void {
  const { socialised, rebalanced, liquidated } = arm;
  const between: Between = { socialised, rebalanced, liquidated, outsideE18, transactions };
  const margins = checksOfMargins(after, arm.stage.marginTerms);
  arm.check([...checksOfState(after), ...margins, ...checksBetween(before, after, between)], after.block);
  arm.forget();
}

function inputOf(arm: ArmState, start: Observation, closes: readonly Observation[], marketE18: bigint): ArmInput {
  const owners = arm.stage.owners.length;
  const { discountsE18, penaltiesE18, slippageE18, closingE18, keeperPayE18, badDebtE18 } = arm.losses.totals;
  const equity = closes.map((at) =>
    at.accounts.slice(0, owners).reduce((sum, account) => sum + capitalE18(account, at), 0n),
  );
  const tiedUp = equity.reduce((sum, value) => sum + value, 0n) / BigInt(Math.max(1, equity.length));
  const usd = (amountE18: bigint): number => usdOf(amountE18, 18);
  const capital = (at: Observation | undefined, i: number): number => {
    const account = at?.accounts[i];
    return at && account ? usd(capitalE18(account, at)) : 0;
  };
  return {
    name: arm.name,
    keeperGas: Number(arm.keeperGas),
    keeperGasUsd: usd(arm.keeperCostE18),
    transactions: arm.transactions,
    markToMarketUsd: usd(marketE18),
    capitalTiedUpUsd: usd(tiedUp),
    losses: {
      discountsUsd: usd(discountsE18),
      penaltiesUsd: usd(penaltiesE18),
      slippageUsd: usd(slippageE18),
      closingUsd: usd(closingE18),
      keeperPayUsd: usd(keeperPayE18),
      badDebtUsd: usd(badDebtE18),
    },
    promises: { checked: arm.promises.checked, broken: 0, breaches: [] },
    marginUsd: closes.map((at) => usd(quoteE18(marginOf(at)))),
    equityUsd: equity.map(usd),
    fills: arm.fills,
    volumeUsd: usd(arm.volumeE18),
    eth: perpetualTrack(closes, "ETH"),
    btc: perpetualTrack(closes, "BTC"),
    events: arm.events,
    accounts: arm.stage.owners.map(({ account }, i): AccountRun => ({
      health: closes.map(({ accounts }) => {
        const state = accounts[i];
        return state === undefined || !isAtRisk(state) ? null : healthOf(state.healthE18);
      }),
      startEquityUsd: capital(start, i),
      endEquityUsd: capital(closes.at(-1), i),
      lossesUsd: usd(arm.losses.ofOwner(account)),
    })),
  };
}

function perpetualTrack(closes: readonly Observation[], asset: Asset): PerpetualTrack {
  return {
    openInterestUsd: closes.map(({ perpetuals, bids }) =>
      usdOf((perpetuals[asset].openInterestE18 * bids[asset]) / 10n ** 18n, 18),
    ),
    fundingRate: closes.map(({ perpetuals }) => Number(perpetuals[asset].rateE18 / 10n ** 9n) / 1e9),
  };
}
