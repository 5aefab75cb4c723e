/**
 * Liquidators: they take slices into their own accounts when the pool would pay them more than the slice costs, sell what
 * they took there, and bring the cash back. What is not worth it now may be a minute later: the discount grows.
 */
import type { Terms } from "../../core/simulation/agents.js";
import type { AccountView, Observation } from "../../core/simulation/types.js";
import type { ArmState } from "./armState.js";
import type { Person } from "./people.js";

import { ILiquidator__factory, IMarginAccount__factory } from "../../../typechain-types/index.js";
import { ASSETS } from "../../core/mainnet.js";
import {
  affordable,
  closingCost,
  costOf,
  gasCost,
  isExhausted,
  mostProfit,
  paymentLimit,
  targetsOf,
} from "../../core/simulation/agents.js";
import { checksOfOwner, checksOfSlice } from "../../core/simulation/promises.js";
import { MOST_OFF_BPS } from "../../core/simulation/trading.js";
import { NO_POSITION, capitalE18, holdingsE18, notionalE18, valueE18 } from "../../core/simulation/types.js";
import { balanceOf } from "../tokens.js";
import { isRevert } from "./chain.js";
import { logsOf } from "./logs.js";
import { TOKENS } from "./observe.js";

const LIQUIDATOR = ILiquidator__factory.createInterface();
const MARGIN = IMarginAccount__factory.createInterface();
const SLICE_GAS = 5_000_000n;
const ACTION_GAS = 1_000_000n;
/** {gas} Slice, withdrawal, sale and deposit together. */
const ROUND_TRIP_GAS = 900_000n;
const WAD = 10n ** 18n;
const LEAST_FRACTION = WAD / 100n;
const ANY_PAYMENT = 2n ** 200n;
/** {s} How often a liquidator looks again while something is liquidatable, and how often between two points. */
const LOOK_SECONDS = 60n;
const LOOKS = 8;
const TURNS = 6;

/** Works on the accounts that were liquidatable in `seen`, until `until` {s} at the latest. */
export async function liquidate(arm: ArmState, seen: Observation, until: bigint): Promise<void> {
  const { chain, observer, owners } = arm.stage;
  let ids = targetsOf(seen.accounts.slice(0, owners.length)).map(({ id }) => id);
  let known = "";
  let states: ReadonlyMap<bigint, AccountView> | null = null;
  for (let look = 0; look < LOOKS; look++) {
    const quotes = await observer.quotes(ids);
    const open = ids.flatMap((id, i) => {
      const terms = quotes[i];
      return terms && terms.fractionE18 > 0n ? [{ id, terms }] : [];
    });
    if (open.length === 0) return;
    // Between two looks that took nothing, only interest moves: what was read of the accounts still serves as a bound.
    states ??= await statesOf(arm, open);
    const { hopeless, taken } = await takeWhatPays(arm, open, states);
    if (taken) states = null;
    ids = open.map(({ id }) => id).filter((id) => !hopeless.has(id));
    // Terms that no clock moves will not be better in a minute.
    const terms = open.map(({ id, terms: { payment } }) => `${id} ${payment}`).join();
    if (ids.length === 0 || terms === known) return;
    known = terms;
    if (chain.now + LOOK_SECONDS >= until) return;
    chain.advanceTo(chain.now + LOOK_SECONDS);
    await chain.mine();
  }
}

interface Open {
  readonly id: bigint;
  readonly terms: Terms;
}

/** The fund and the accounts that are open, by their ids. */
async function statesOf({ stage }: ArmState, open: readonly Open[]): Promise<ReadonlyMap<bigint, AccountView>> {
  const states = await stage.observer.accounts([stage.fund, ...open.map(({ id }) => id)]);
  return new Map(states.map((state) => [state.id, state]));
}

/**
 * Takes what pays, and names the accounts that are no use asking for again in a minute: the chain refused every slice, or nothing
 * is left that a higher discount could be paid with.
 */
async function takeWhatPays(
  arm: ArmState,
  open: readonly Open[],
  states: ReadonlyMap<bigint, AccountView>,
): Promise<{ readonly hopeless: ReadonlySet<bigint>; readonly taken: boolean }> {
  const hopeless = new Set<bigint>();
  let taken = false;
  const fundCash = states.get(arm.stage.fund)?.cash ?? 0n;
  const { prices } = arm;
  const { venue } = arm.market;
  let pools = { ETH: await venue.bestPrice("ETH"), BTC: await venue.bestPrice("BTC") };
  const least = gasCost(ROUND_TRIP_GAS, arm.stage.chain.baseFee, arm.prices.bids.ETH);
  for (const { id, terms } of open) {
    const target = states.get(id);
    if (target === undefined) continue;
    if (mostProfit(target, terms, { poolPricesE8: pools, prices }, fundCash) <= least) {
      if (isExhausted(target, terms, fundCash)) hopeless.add(id);
      continue;
    }
    const result = await takeIfWorthIt(arm, target, terms, least);
    if (result === "refused") hopeless.add(target.id);
    if (result !== "taken") continue;
    taken = true;
    pools = { ETH: await venue.bestPrice("ETH"), BTC: await venue.bestPrice("BTC") };
  }
  return { hopeless, taken };
}

type Attempt = "taken" | "too dear" | "refused";

async function takeIfWorthIt(arm: ArmState, target: AccountView, quoted: Terms, least: bigint): Promise<Attempt> {
  const { observer, takers } = arm.stage;
  const states = await observer.accounts(takers.map(({ account }) => account));
  // Whoever has more cash goes first; the other finds the account healthy again.
  const [richest] = takers
    .map((taker, i) => ({ taker, cash: states[i]?.cash ?? 0n }))
    .toSorted((a, b) => (a.cash > b.cash ? -1 : a.cash < b.cash ? 1 : 0));
  if (richest === undefined) return "refused";
  const { taker, cash } = richest;

  const most = affordable(target, quoted, cash, arm.prices);
  let refused = true;
  // Just short of the whole, because what is left whole may be refused; smaller ones slip less on the way out.
  for (const fraction of [most, (most * 99n) / 100n, most / 2n, most / 4n]) {
    if (fraction < LEAST_FRACTION) break;
    const terms = await ask(arm, taker, target, fraction);
    if (terms === null) continue;
    refused = false;
    const proceeds = await proceedsOf(arm, target, terms.fractionE18);
    const closing = closingCost(target, terms.fractionE18, MOST_OFF_BPS + arm.stage.desk.feeBps, arm.prices);
    const profit = proceeds - costOf(target, terms, arm.prices) - closing;
    if (profit > least && (await take(arm, taker, target, terms))) return "taken";
  }
  return refused ? "refused" : "too dear";
}

/** The terms as they would really be, what the fund can pay included; null where the chain refuses. */
async function ask(arm: ArmState, taker: Person, target: AccountView, fraction: bigint): Promise<Terms | null> {
  const { liquidator } = arm.stage.protocol;
  try {
    const { fractionE18, payment, fundFee } = await liquidator.liquidate.staticCall(
      target.id,
      taker.account,
      fraction,
      ANY_PAYMENT,
      "0x",
      { from: taker.address },
    );
    return { fractionE18, payment, fundFee };
  } catch (error) {
    if (isRevert(error)) return null;
    throw error;
  }
}

/** {quote token} What the pools would pay for the slice's collateral. */
async function proceedsOf({ market }: ArmState, { holdings }: AccountView, fraction: bigint): Promise<bigint> {
  let proceeds = 0n;
  for (const asset of ["ETH", "BTC"] as const) {
    const amount = (holdings[asset] * fraction) / WAD;
    if (amount > 0n) proceeds += await market.venue.quote(asset, amount);
  }
  return proceeds;
}

/** Whether the chain still took it: a second later, terms may differ by what rounding makes of them. */
async function take(arm: ArmState, taker: Person, target: AccountView, terms: Terms): Promise<boolean> {
  const { chain, observer, protocol } = arm.stage;
  const [before] = await observer.accounts([target.id]);
  const asked = chain.now;
  const data = LIQUIDATOR.encodeFunctionData("liquidate", [
    target.id,
    taker.account,
    terms.fractionE18,
    paymentLimit(terms),
    "0x",
  ]);
  const order = { from: taker.address, to: protocol.addresses.liquidator, data, gas: SLICE_GAS };
  const receipt = await chain.attempt(order);
  arm.sent(0n, "liquidator");
  if (receipt === null) return false;
  const [after, takerAfter] = await observer.accounts([target.id, taker.account]);

  for (const log of logsOf(receipt)) {
    arm.note(log);
    if (log.name !== "Liquidated" || before === undefined || after === undefined || takerAfter === undefined) continue;
    const { fractionE18, payment, fundFee } = log;
    const seconds = chain.now - asked;
    arm.check(
      checksOfSlice(before, after, { fractionE18, seconds, gas: receipt.gasUsed, prices: arm.prices }, arm.sliceRules),
      receipt.blockNumber,
    );
    arm.check(checksOfOwner(takerAfter), receipt.blockNumber);
    arm.losses.sliceTaken({ account: target.id, fractionE18, equityE18: before.equityE18, payment, fundFee });
    arm.insolvent(target.id, before.equityE18);
    const grossE18 = holdingsE18(before.holdings, arm.prices.bids) + notionalE18(before.positions, arm.prices);
    arm.event("liquidated", target.id, (grossE18 * fractionE18) / WAD);
  }
  await closePositions(arm, taker);
  await sellAll(arm, taker);
  return true;
}

/** Closes what was taken against the maker; what he does not take, or the ledger does not let go, is held. */
async function closePositions(arm: ArmState, taker: Person): Promise<void> {
  const [state] = await arm.stage.observer.accounts([taker.account]);
  for (const asset of ASSETS) {
    const { sizeE18 } = state?.positions[asset] ?? NO_POSITION;
    if (sizeE18 === 0n) continue;
    const wish = { asset, sizeE18: -sizeE18, reduceOnly: true };
    const fill = await arm.stage.desk.trade(taker, wish, arm.prices);
    if (fill === null) continue;
    arm.filled(fill, wish);
    for (const { before, after } of fill.sides) {
      if (before.id !== taker.account) continue;
      arm.losses.closed(capitalE18(before, arm.prices), capitalE18(after, arm.prices));
    }
  }
}

/** Sells what was taken, in as many turns as a debt of the taker's own asks for: each one's cash frees more collateral. */
async function sellAll(arm: ArmState, taker: Person): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) {
    const [state] = await arm.stage.observer.accounts([taker.account]);
    if (!state || (state.holdings.ETH === 0n && state.holdings.BTC === 0n)) return;
    await sellWhatIsFree(arm, taker, state);
  }
}

async function sellWhatIsFree(arm: ArmState, { address, account }: Person, state: AccountView): Promise<void> {
  const { chain, protocol } = arm.stage;
  const to = protocol.addresses.marginAccount;
  for (const asset of ["ETH", "BTC"] as const) {
    const most = await protocol.marginAccount.maxWithdraw(account, TOKENS[asset]);
    // Interest of the next second must fit in as well.
    const amount = state.cash < 0n && most < state.holdings[asset] ? (most * 999n) / 1_000n : most;
    if (amount === 0n) continue;
    const data = MARGIN.encodeFunctionData("withdraw", [account, TOKENS[asset], amount, address]);
    arm.sent((await chain.transact({ from: address, to, data, gas: ACTION_GAS })).gasUsed, "liquidator");
    const proceeds = await arm.market.venue.sell(asset, amount, address, 0n);
    arm.sent(0n, "liquidator");
    arm.losses.sold(valueE18(asset, amount, arm.prices.bids), proceeds);
  }
  const cash = await balanceOf(chain, TOKENS.USDC, address);
  if (cash === 0n) return;
  const data = MARGIN.encodeFunctionData("deposit", [account, TOKENS.USDC, cash]);
  arm.sent((await chain.transact({ from: address, to, data, gas: ACTION_GAS })).gasUsed, "liquidator");
}
