import { assess, health, marginOf, ratesOf, slopeOf, type Assessment, type Leg } from "./margin.js";
import { BPS, INFINITE_HEALTH, maximum, minimum, mulDivDown, mulDivUp, WAD } from "./rounding.js";

/** An owner's wishes, lifted to eighteen decimals; see contracts/types/BandPolicy.sol. */
export interface Policy {
  readonly lowerE18: bigint;
  readonly lowerRestoreE18: bigint;
  readonly upperRestoreE18: bigint;
  readonly upperE18: bigint; // INFINITE_HEALTH: never released
  readonly graceSeconds: bigint;
  readonly keeperPayCapE18: bigint; // {quote}
  readonly releasesToWallet: boolean;
  readonly assetOrder: readonly number[];
}

/** What keepers are paid; see contracts/interfaces/IRebalancer.sol. */
export interface KeeperTerms {
  readonly gasMaximum: bigint;
  readonly baseFeeMaximum: bigint; // {wei/gas}
  readonly marginBps: bigint;
  readonly flatE6: bigint;
  readonly releaseMultiple: bigint;
  readonly discountBps: bigint;
}

/** What one rebalance may pay its keeper; {quote}. */
export interface KeeperPay {
  readonly maximumE18: bigint;
  readonly flatE18: bigint; // of that, what does not depend on gas
  readonly gasPriceE18: bigint; // {quote/gas}
}

/** What lies outside the account and may come in, of one asset; {token}. */
export interface Source {
  readonly reserve: bigint;
  readonly wallet: bigint; // the smaller of balance and allowance
  readonly minimum: bigint; // the smallest deposit from a wallet
}

export interface Move {
  readonly asset: number;
  readonly wallet: boolean;
  readonly amount: bigint; // {token}
  readonly valueE18: bigint; // {quote}
}

/** Where an account's clocks stand; see contracts/types/AccountHeader.sol. */
export interface Clock {
  readonly callState: "none" | "running" | "paused";
  readonly callSince: bigint; // {s}
  readonly callElapsed: bigint; // {s}
  readonly lastPoke: bigint; // {s}
  readonly liquidationSince: bigint; // {s}
  readonly hasProvision: boolean;
}

/** Everything a plan is made from. */
export interface Situation {
  readonly legs: readonly Leg[];
  readonly cashE18: bigint;
  readonly policy: Policy;
  readonly clock: Clock;
  /** Whether the owner raised his risk, or something was released, in this very block: then nothing is released. */
  readonly raisedRisk: boolean;
  readonly pay: KeeperPay;
  readonly releaseMultiple: bigint;
  readonly walletLeftE18: bigint; // {quote} 0 leaves the wallet out
  readonly quoteScale: bigint; // one unit of the quote token with 18 decimals
  readonly creditE18: bigint; // {1} what cash that comes in is worth beyond a debt: less than one while provisions are open
  /** Reserve and wallet of an asset, cash being asset 0. */
  readonly sourceOf: (asset: number) => Source;
  /** An empty leg of an asset that the account does not hold. */
  readonly emptyLeg: (asset: number) => Leg;
}

/** In the order of the contract's enumeration. */
export const OUTCOMES = [
  "InBand",
  "NoRisk",
  "NotWorthIt",
  "PriceHalted",
  "Released",
  "ToppedUp",
  "MarginCalled",
  "CallRunning",
  "CallPaused",
  "CallCured",
  "LiquidationOpened",
  "LiquidationOpen",
  "Provisioned",
  "Failed",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface Plan {
  readonly kind: Outcome;
  readonly before: Assessment;
  readonly healthAfterE18: bigint;
  readonly deficitE18: bigint;
  readonly moves: readonly Move[];
}

const E6_TO_E18 = 10n ** 12n;
const MAX_COLLATERALS = 8;
const MAX_STEPS = 5; // of one collateral's top-up
const RESTART = 6n * 3_600n;
const POKE_INTERVAL = 600n;
const MAX_CALL_ELAPSED = 2n ** 24n - 1n;

/** What a keeper may get: gas and flat, at most the owner's cap, and at most the liquidation discount made less likely. */
export function keeperPay(
  maintenanceE18: bigint,
  policy: Policy,
  baseFee: bigint,
  coinPriceE18: bigint,
  terms: KeeperTerms,
): KeeperPay {
  const fee = minimum(baseFee, terms.baseFeeMaximum);
  const gasPriceE18 = mulDivDown(fee, coinPriceE18 * (BPS + terms.marginBps), WAD * BPS);
  const limit = minimum(mulDivDown(maintenanceE18, terms.discountBps, BPS), policy.keeperPayCapE18);
  const flat = terms.flatE6 * E6_TO_E18;
  return {
    maximumE18: minimum(terms.gasMaximum * gasPriceE18 + flat, limit),
    flatE18: minimum(flat, limit),
    gasPriceE18,
  };
}

/** What a rebalance would do now. */
export function plan(s: Situation): Plan {
  const before = assess(s.legs, s.cashE18);
  const nothing = { before, healthAfterE18: before.healthE18, deficitE18: 0n, moves: [] };
  if (s.cashE18 >= 0n) {
    const calm = s.clock.callState === "none" && s.clock.liquidationSince === 0n;
    return { ...nothing, kind: calm ? "NoRisk" : "CallCured", healthAfterE18: INFINITE_HEALTH };
  }
  if (before.halted) return { ...nothing, kind: "PriceHalted" };

  const draft = new Draft(s, before);
  if (before.healthE18 > s.policy.upperE18 && !s.raisedRisk) {
    const released = release(s, draft);
    if (released === "NotWorthIt") return { ...nothing, kind: released };
    if (released === "Released") return { ...nothing, kind: released, ...draft.result() };
  }
  if (before.healthE18 < s.policy.lowerE18 && topUp(s, draft, before)) {
    const result = draft.result();
    if (result.healthAfterE18 >= s.policy.lowerE18) return { ...nothing, kind: "ToppedUp", ...result };
    return { ...nothing, ...result, kind: clockOutcome(s, before, result.healthAfterE18) };
  }
  const kind = clockOutcome(s, before, before.healthE18);
  const below = before.healthE18 < s.policy.lowerE18;
  return { ...nothing, kind, deficitE18: below ? shortfall(s.policy, before) : 0n };
}

/** {quote} What is missing to `lowerRestore`, rounded up. */
function shortfall(
  policy: Policy,
  { equityE18, maintenanceE18 }: Pick<Assessment, "equityE18" | "maintenanceE18">,
): bigint {
  return mulDivUp(maintenanceE18, policy.lowerRestoreE18, WAD) - equityE18;
}

/** The account's clocks as they should be at `healthE18`. */
export function advanceClock(clock: Clock, policy: Policy, healthE18: bigint, now: bigint): Clock {
  const forgotten = now - clock.lastPoke > RESTART;
  const below = healthE18 < policy.lowerE18;
  const poked = below && now - clock.lastPoke >= POKE_INTERVAL;
  return {
    ...clock,
    ...callAt(clock, policy, healthE18, now, forgotten),
    liquidationSince: healthE18 >= WAD ? 0n : clock.liquidationSince === 0n || forgotten ? now : clock.liquidationSince,
    lastPoke: poked ? now : clock.lastPoke,
  };
}

type Call = Pick<Clock, "callState" | "callSince" | "callElapsed">;

function callAt(clock: Clock, policy: Policy, healthE18: bigint, now: bigint, forgotten: boolean): Call {
  const { callState, callSince, callElapsed } = clock;
  if (healthE18 < policy.lowerE18) {
    if (callState === "paused") return { callState: "running", callSince: now, callElapsed };
    if (callState === "none" || forgotten) return { callState: "running", callSince: now, callElapsed: 0n };
  } else if (callState !== "none") {
    if (healthE18 >= policy.lowerRestoreE18) return { callState: "none", callSince: 0n, callElapsed: 0n };
    if (callState === "running") {
      const elapsed = minimum(callElapsed + now - callSince, MAX_CALL_ELAPSED);
      return { callState: "paused", callSince: 0n, callElapsed: elapsed };
    }
  }
  return { callState, callSince, callElapsed };
}

/** What a plan grows in: the account after the moves so far and after the keeper's highest pay. */
class Draft {
  readonly legs: Leg[];
  readonly moves: Move[] = [];
  equityE18: bigint;
  maintenanceE18: bigint;
  initialE18: bigint;
  walletLeftE18: bigint;
  cashE18: bigint;
  carriedE18 = 0n; // {quote} what is lost to open provisions of the cash that came in

  constructor(
    private readonly situation: Situation,
    before: Assessment,
  ) {
    this.legs = [...situation.legs];
    this.equityE18 = before.equityE18 - situation.pay.maximumE18;
    this.maintenanceE18 = before.maintenanceE18;
    this.initialE18 = before.initialE18;
    this.walletLeftE18 = situation.walletLeftE18;
    this.cashE18 = situation.cashE18;
  }

  held(asset: number): Leg | undefined {
    return this.legs.find((leg) => leg.asset === asset);
  }

  /** The leg of an asset, an empty one where there is room for another kind. */
  legFor(asset: number): Leg | undefined {
    const held = this.held(asset);
    if (held !== undefined && held.amount !== 0n) return held;
    if (this.legs.length === MAX_COLLATERALS) return undefined;
    const empty = this.situation.emptyLeg(asset);
    this.legs.push(empty);
    return empty;
  }

  /** Puts `amount` in the place of what the account had of a leg; answers by how much its value moved. */
  replace(leg: Leg, amount: bigint): bigint {
    const valueE18 = mulDivDown(amount, leg.bidE18, leg.unit);
    const [old, next] = [marginOf(leg.terms, leg.valueE18), marginOf(leg.terms, valueE18)];
    this.maintenanceE18 += next.maintenanceE18 - old.maintenanceE18;
    this.initialE18 += next.initialE18 - old.initialE18;
    this.equityE18 += valueE18 - leg.valueE18;
    this.legs[this.legs.lastIndexOf(leg)] = { ...leg, amount, valueE18 };
    return valueE18 - leg.valueE18;
  }

  add(move: Move): void {
    if (move.wallet) this.walletLeftE18 = maximum(0n, this.walletLeftE18 - move.valueE18);
    this.moves.push(move);
  }

  result(): Pick<Plan, "healthAfterE18" | "deficitE18" | "moves"> {
    return {
      healthAfterE18: health(this.equityE18, this.maintenanceE18),
      deficitE18: shortfall(this.situation.policy, this),
      moves: this.moves,
    };
  }
}

/** v = min((E - U * MM) / (1 - U * q), (E - IM) / (1 - qInitial), V) of each collateral in the owner's order. */
function release(s: Situation, draft: Draft): "none" | "NotWorthIt" | "Released" {
  const target = s.policy.upperRestoreE18;
  for (const asset of s.policy.assetOrder) {
    const leg = draft.held(asset);
    if (leg === undefined) continue;
    const rates = ratesOf(leg.terms, leg.valueE18);
    const saved = mulDivDown(rates.maintenanceE18, target, WAD);
    const spare = draft.equityE18 - mulDivUp(draft.maintenanceE18, target, WAD);
    const free = draft.equityE18 - draft.initialE18;
    if (saved >= WAD || rates.initialE18 >= WAD || spare <= 0n || free <= 0n) continue;
    const value = minimum(mulDivDown(spare, WAD, WAD - saved), mulDivDown(free, WAD, WAD - rates.initialE18));
    const amount = minimum(mulDivDown(value, leg.unit, leg.bidE18), leg.amount);
    if (amount === 0n) continue;
    const valueE18 = -draft.replace(leg, leg.amount - amount);
    draft.moves.push({ asset, wallet: s.policy.releasesToWallet, amount, valueE18 });
  }
  if (draft.moves.length === 0) return "none";
  const moved = valueOfMoves(draft.moves);
  return moved < s.releaseMultiple * s.pay.maximumE18 ? "NotWorthIt" : "Released";
}

/** From the reserve, then from the wallet; cash first, then the owner's order. Only what saves the account, and is worth its cost. */
function topUp(s: Situation, draft: Draft, before: Assessment): boolean {
  if (before.equityE18 < 0n) return false;
  collect(s, draft, false);
  if (draft.walletLeftE18 !== 0n) collect(s, draft, true);
  const moved = valueOfMoves(draft.moves) - draft.carriedE18;
  return draft.moves.length !== 0 && moved >= s.pay.maximumE18 && health(draft.equityE18, draft.maintenanceE18) >= WAD;
}

function valueOfMoves(moves: readonly Move[]): bigint {
  return moves.reduce((total, move) => total + move.valueE18, 0n);
}

function collect(s: Situation, draft: Draft, wallet: boolean): void {
  if (shortfall(s.policy, draft) <= 0n) return;
  collectCash(s, draft, wallet);
  for (const asset of s.policy.assetOrder) {
    if (shortfall(s.policy, draft) <= 0n) return;
    collectAsset(s, draft, asset, wallet);
  }
}

/** A debt is repaid in full; what is credited beyond it carries its part of open provisions. */
function collectCash(s: Situation, draft: Draft, wallet: boolean): void {
  const debt = maximum(0n, -draft.cashE18);
  const missing = shortfall(s.policy, draft);
  const beyond = maximum(0n, missing - debt);
  const credit = s.creditE18 === 0n ? 0n : mulDivUp(beyond, WAD, s.creditE18);
  const asked = (missing - beyond + credit + s.quoteScale - 1n) / s.quoteScale;
  if (asked === 0n) return;
  const amount = available(s.sourceOf(0), wallet, asked, draft.walletLeftE18 / s.quoteScale);
  if (amount === 0n) return;
  const valueE18 = amount * s.quoteScale;
  const credited = maximum(0n, valueE18 - debt);
  const carried = credited - mulDivDown(credited, s.creditE18, WAD);
  draft.cashE18 += valueE18;
  draft.carriedE18 += carried;
  draft.equityE18 += valueE18 - carried;
  draft.add({ asset: 0, wallet, amount, valueE18 });
}

/** v = D / (1 - T * q), only where the denominator is positive; again where the size factor leaves something missing. */
function collectAsset(s: Situation, draft: Draft, asset: number, wallet: boolean): void {
  const source = s.sourceOf(asset);
  if ((wallet ? source.wallet : source.reserve) === 0n) return;
  const start = draft.legFor(asset);
  if (start === undefined || start.halted) return;
  const limit = mulDivDown(draft.walletLeftE18, start.unit, start.bidE18);
  let leg = start;
  for (let step = 0; step < MAX_STEPS && shortfall(s.policy, draft) > 0n; step += 1) {
    const margin = mulDivUp(slopeOf(leg.terms, leg.valueE18), s.policy.lowerRestoreE18, WAD);
    if (margin >= WAD) break;
    const value = mulDivUp(shortfall(s.policy, draft), WAD, WAD - margin);
    const asked = leg.amount - start.amount + mulDivUp(value, leg.unit, leg.bidE18);
    const amount = available(source, wallet, asked, limit);
    if (start.amount + amount === leg.amount) break;
    draft.replace(leg, start.amount + amount);
    leg = draft.held(asset) ?? leg;
  }
  const amount = leg.amount - start.amount;
  if (amount !== 0n) draft.add({ asset, wallet, amount, valueE18: leg.valueE18 - start.valueE18 });
}

/** How much of what is asked comes: at most what is there, and from a wallet within its limit and not below its minimum. */
function available(source: Source, wallet: boolean, asked: bigint, limit: bigint): bigint {
  if (!wallet) return minimum(asked, source.reserve);
  const amount = minimum(minimum(maximum(asked, source.minimum), limit), source.wallet);
  return amount < source.minimum ? 0n : amount;
}

/** What the clock makes of the health that the moves leave. */
function clockOutcome(s: Situation, before: Assessment, healthE18: bigint): Outcome {
  const { callState, liquidationSince, hasProvision } = s.clock;
  if (healthE18 < s.policy.lowerE18) {
    if (before.equityE18 < 0n && !hasProvision) return "Provisioned";
    if (healthE18 < WAD) return liquidationSince === 0n ? "LiquidationOpened" : "LiquidationOpen";
    return callState === "none" ? "MarginCalled" : "CallRunning";
  }
  if (callState === "none" && liquidationSince === 0n) return "InBand";
  if (healthE18 >= s.policy.lowerRestoreE18) return "CallCured";
  return callState === "paused" ? "InBand" : "CallPaused";
}
