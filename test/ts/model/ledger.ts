/** The protocol's ledger, kept by the model alone: what each action should leave. */
import {
  accrue,
  credit,
  creditE18,
  debit,
  moveFraction,
  netSupplyIndex,
  supplyAssets,
  valueOf,
} from "../../../scripts/core/model/cash.js";
import type { Cash } from "../../../scripts/core/model/cash.js";
import { assess, bid, legOf, maintenanceAfter, type Assessment, type Leg } from "../../../scripts/core/model/margin.js";
import {
  advanceClock,
  keeperPay,
  plan,
  type Clock,
  type Plan,
  type Policy,
} from "../../../scripts/core/model/rebalance.js";
import { maximum, minimum, mulDivDown, mulDivUp, RAY, WAD } from "../../../scripts/core/model/rounding.js";
import { discount, healthAfter, maxFraction, payment } from "../../../scripts/core/model/slice.js";
import { at, INTEREST, KEEPER, LIQUIDATION, QUOTE_SCALE, RISK, UNITS } from "./live.js";

export interface AccountState {
  shares: bigint;
  /** By asset number; cash is not among them. */
  readonly held: bigint[];
  readonly reserve: bigint[];
  policy: Policy;
  clock: Clock;
  provision: bigint;
}

const BPS_TO_WAD = 10n ** 14n;
const CALM: Clock = {
  callState: "none",
  callSince: 0n,
  callElapsed: 0n,
  lastPoke: 0n,
  liquidationSince: 0n,
  hasProvision: false,
};

export class Ledger {
  readonly accounts: AccountState[];
  idle = 0n;

  constructor(
    public cash: Cash,
    people: number,
    policy: Policy,
    public answers: readonly bigint[],
  ) {
    this.accounts = Array.from({ length: people + 1 }, () => ({
      shares: 0n,
      held: [0n, 0n, 0n],
      reserve: [0n, 0n, 0n],
      policy,
      clock: CALM,
      provision: 0n,
    }));
  }

  /** The insurance fund stands after the people. */
  get fund(): number {
    return this.accounts.length - 1;
  }

  of(account: number): AccountState {
    return at(this.accounts, account);
  }

  pass(now: bigint): void {
    this.cash = accrue(this.cash, INTEREST, now);
  }

  cashOf(account: number): bigint {
    return valueOf(this.cash, this.of(account).shares);
  }

  bidOf(asset: number): bigint {
    return bid(at(this.answers, asset), 8n, at(this.answers, 0), 8n);
  }

  legs(account: number): Leg[] {
    return this.of(account).held.flatMap((amount, asset) => (amount === 0n ? [] : [this.leg(asset, amount)]));
  }

  leg(asset: number, amount: bigint): Leg {
    return legOf(asset, amount, at(UNITS, asset), this.bidOf(asset), RISK);
  }

  assess(account: number): Assessment {
    return assess(this.legs(account), this.cashOf(account) * QUOTE_SCALE);
  }

  /** Infinite without debt: nothing is at risk. */
  private healthOf(account: number): bigint {
    return this.of(account).shares >= 0n ? 2n ** 256n - 1n : this.assess(account).healthE18;
  }

  credit(account: number, assets: bigint): void {
    const booked = credit(this.cash, this.of(account).shares, assets);
    this.cash = booked.cash;
    this.of(account).shares = booked.shares;
  }

  debit(account: number, assets: bigint): void {
    const booked = debit(this.cash, this.of(account).shares, assets);
    this.cash = booked.cash;
    this.of(account).shares = booked.shares;
  }

  deposit(account: number, asset: number, amount: bigint, now: bigint): void {
    // Collateral alone writes no interest down; the indices of now are the same either way once they are compared.
    if (asset === 0) {
      this.pass(now);
      this.idle += amount;
      this.credit(account, amount);
    } else {
      this.add(account, asset, amount);
    }
    this.followCure(account, now);
  }

  withdraw(account: number, asset: number, amount: bigint, now: bigint): void {
    if (asset === 0) {
      this.pass(now);
      this.idle -= amount;
      this.debit(account, amount);
    } else {
      this.add(account, asset, -amount);
    }
  }

  add(account: number, asset: number, amount: bigint): void {
    const { held } = this.of(account);
    held[asset] = at(held, asset) + amount;
  }

  keep(account: number, asset: number, amount: bigint): void {
    const { reserve } = this.of(account);
    reserve[asset] = at(reserve, asset) + amount;
  }

  plan(account: number, raisedRisk = false): Plan {
    const state = this.of(account);
    const cashE18 = this.cashOf(account) * QUOTE_SCALE;
    const before = this.assess(account);
    return plan({
      legs: this.legs(account),
      cashE18,
      policy: state.policy,
      clock: state.clock,
      raisedRisk,
      pay: keeperPay(before.maintenanceE18, state.policy, 0n, this.bidOf(1), KEEPER),
      releaseMultiple: KEEPER.releaseMultiple,
      walletLeftE18: 0n,
      quoteScale: QUOTE_SCALE,
      creditE18: creditE18(this.cash),
      sourceOf: (asset) => ({ reserve: at(state.reserve, asset), wallet: 0n, minimum: 0n }),
      emptyLeg: (asset) => this.leg(asset, 0n),
    });
  }

  /** A rebalance by `keeper`; answers the plan that was carried out. */
  rebalance(account: number, keeper: number, now: bigint): Plan {
    const market = this.cash;
    this.pass(now);
    const p = this.plan(account);
    const state = this.of(account);
    if (["InBand", "NoRisk", "NotWorthIt", "PriceHalted"].includes(p.kind)) {
      this.cash = market;
      return p;
    }
    for (const move of p.moves) {
      const sign = p.kind === "Released" ? -1n : 1n;
      this.keep(account, move.asset, -sign * move.amount);
      if (move.asset === 0) {
        this.idle += move.amount;
        this.credit(account, move.amount);
      } else {
        this.add(account, move.asset, sign * move.amount);
      }
    }
    // What came in part leaves a health that depends on the pay: a clock that may move waits for it.
    const { callState, liquidationSince } = state.clock;
    const calm = callState === "none" && liquidationSince === 0n;
    const part = p.kind !== "Released" && p.moves.length !== 0 && p.deficitE18 > 0n;
    const partly = part && (!calm || p.healthAfterE18 < state.policy.lowerE18);
    const called = !partly && this.advance(account, p.healthAfterE18, now);
    if (p.kind === "Provisioned") this.provide(account, mulDivUp(-p.before.equityE18, 1n, QUOTE_SCALE));
    const pay = keeperPay(p.before.maintenanceE18, state.policy, 0n, this.bidOf(1), KEEPER);
    const earned = p.moves.length !== 0 || (called && p.before.equityE18 >= 0n);
    const paid = earned ? minimum(pay.flatE18, pay.maximumE18) / QUOTE_SCALE : 0n;
    if (paid !== 0n) {
      this.debit(account, paid);
      this.credit(keeper, paid);
    }
    if (partly) this.advance(account, this.healthOf(account), now);
    // Nothing booked: no interest is written down either.
    if (paid === 0n && p.moves.length === 0 && p.kind !== "Provisioned") this.cash = market;
    return p;
  }

  /** The terms of the largest slice, at the market as it stands. */
  quote(
    account: number,
    asked: bigint,
    now: bigint,
  ): { fractionE18: bigint; discountE18: bigint; payment: bigint; fundFee: bigint } {
    const { terms, fractionE18, discountE18 } = this.terms(account, asked, now);
    return {
      fractionE18,
      discountE18,
      payment: mulDivUp(terms.toAccount, 1n, QUOTE_SCALE) - terms.fromFund / QUOTE_SCALE,
      fundFee: mulDivUp(terms.toFund, 1n, QUOTE_SCALE),
    };
  }

  /** A slice for `taker`, as the Liquidator prices it and the ledger books it. */
  slice(account: number, taker: number, asked: bigint, now: bigint): void {
    this.pass(now);
    const { terms, fractionE18, afterE18 } = this.terms(account, asked, now);
    for (const [asset, amount] of [...this.of(account).held.entries()]) {
      const moved = mulDivDown(amount, fractionE18, WAD);
      this.add(account, asset, -moved);
      this.add(taker, asset, moved);
    }
    const fromFund = terms.fromFund / QUOTE_SCALE;
    const paidToTaker = fromFund === 0n ? 0n : this.collectPayment(fromFund, terms.fromLenders / QUOTE_SCALE);
    const { provision } = this.of(account);
    if (provision !== 0n) this.provide(account, mulDivUp(provision, WAD - fractionE18, WAD));
    const moved = moveFraction(this.cash, this.of(account).shares, this.of(taker).shares, fractionE18, WAD);
    this.cash = moved.cash;
    this.of(account).shares = moved.from;
    this.of(taker).shares = moved.to;
    const toAccount = mulDivUp(terms.toAccount, 1n, QUOTE_SCALE);
    const fee = mulDivUp(terms.toFund, 1n, QUOTE_SCALE);
    if (toAccount + fee !== 0n) this.debit(taker, toAccount + fee);
    if (paidToTaker !== 0n) this.credit(taker, paidToTaker);
    if (toAccount !== 0n) this.credit(account, toAccount);
    // The call's clock is left to the next rebalance.
    const { clock } = this.of(account);
    if (afterE18 >= WAD) this.of(account).clock = { ...clock, liquidationSince: 0n };
  }

  /** Interest's share and what rounding left, to the fund. */
  collectFees(now: bigint): void {
    this.pass(now);
    this.collect();
  }

  private collect(): void {
    const assets = this.idle + mulDivDown(this.cash.borrowShares, this.cash.borrowIndex, RAY);
    const owed = mulDivUp(this.cash.supplyShares, this.cash.supplyIndex, RAY) + this.cash.forfeited;
    if (assets > owed) this.credit(this.fund, assets - owed);
  }

  private collectPayment(fromFund: bigint, fromLenders: bigint): bigint {
    this.collect();
    const held = this.cashOf(this.fund);
    const paid = held <= 0n ? 0n : minimum(fromFund, held);
    if (paid !== 0n) this.debit(this.fund, paid);
    return paid + this.socialise(minimum(fromFund - paid, fromLenders));
  }

  /** Lenders bear a loss: what leavers forfeited first, the rest through the supply index, which stays above a billionth. */
  private socialise(loss: bigint): bigint {
    const collected = minimum(loss, this.cash.forfeited);
    this.cash = { ...this.cash, forfeited: this.cash.forfeited - collected };
    const { supplyIndex, supplyShares } = this.cash;
    const supply = supplyAssets(this.cash);
    const borne = minimum(loss - collected, supply);
    if (borne === 0n) return collected;
    const index = mulDivDown(supplyIndex, supply - borne, supply);
    const lowest = minimum(supplyIndex, RAY / 10n ** 9n);
    this.cash = { ...this.cash, supplyIndex: maximum(index, lowest) };
    return collected + (index < lowest ? maximum(0n, supply - mulDivUp(supplyShares, lowest, RAY)) : borne);
  }

  private provide(account: number, amount: bigint): void {
    const state = this.of(account);
    const provisions = this.cash.provisions - state.provision + amount;
    this.cash = { ...this.cash, provisions };
    state.provision = amount;
    state.clock = { ...state.clock, hasProvision: amount !== 0n };
    const excess = this.cash.forfeited - provisions;
    if (excess <= 0n) return;
    this.cash = { ...this.cash, forfeited: provisions };
    this.credit(this.fund, excess);
  }

  private terms(
    account: number,
    asked: bigint,
    now: bigint,
  ): { terms: ReturnType<typeof payment>; fractionE18: bigint; discountE18: bigint; afterE18: bigint } {
    const { clock } = this.of(account);
    const legs = this.legs(account);
    const a = this.assess(account);
    const seen = clock.liquidationSince !== 0n && now - clock.lastPoke <= LIQUIDATION.restartSeconds;
    const discountE18 = discount(a, seen ? now - clock.liquidationSince : 0n, LIQUIDATION);
    const left = (takenE18: bigint): bigint => maintenanceAfter(legs, takenE18);
    const most = maxFraction(left, a, -this.cashOf(account) * QUOTE_SCALE, discountE18, LIQUIDATION);
    const fractionE18 = minimum(asked, most);
    return {
      terms: payment(a, discountE18, fractionE18, LIQUIDATION.fundShareBps * BPS_TO_WAD),
      fractionE18,
      discountE18,
      afterE18: healthAfter(left, a, discountE18, fractionE18),
    };
  }

  private followCure(account: number, now: bigint): void {
    const state = this.of(account);
    const { callState, liquidationSince, hasProvision } = state.clock;
    if (callState === "none" && liquidationSince === 0n && !hasProvision) return;
    const market = this.cash;
    this.pass(now);
    this.advance(account, this.healthOf(account), now);
    this.cash = market;
  }

  private advance(account: number, healthE18: bigint, now: bigint): boolean {
    const state = this.of(account);
    const before = state.clock.callState;
    state.clock = advanceClock(state.clock, state.policy, healthE18, now);
    return before === "none" && state.clock.callState === "running";
  }

  /** {RAY} For a comparison with the chain. */
  get netIndex(): bigint {
    return netSupplyIndex(this.cash);
  }
}
