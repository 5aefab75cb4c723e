/**
 * The promises of docs/INVARIANTS.md that can be read from the chain, checked on readings of it. Pure: each check says
 * what it compared, so that a broken one can be told with its account and amounts.
 */
import type { AccountView, Observation, Prices } from "./types.js";

import { ASSETS } from "../mainnet.js";
import { BrokenPromiseError } from "./errors.js";
import { marginOf, wealthE18 } from "./losses.js";
import { capitalE18, isAtRisk, notionalE18, quoteE18 } from "./types.js";

const WAD = 10n ** 18n;
const GAS_BOUND = 5_000_000n;
/** {1} The interest of one second at 126% a year: above what the steepest curve asks in a simulation. */
const INTEREST_A_SECOND_E18 = 40_000_000_000n;
/** {1} The funding of one second at 0.5% an hour: the most that the contracts' bounds allow. */
const FUNDING_A_SECOND_E18 = 1_400_000_000_000n;
/** {quote} What rounding may leave of an instrument's quotes: a cent. */
const ROUNDED_QUOTES_E18 = WAD / 100n;

export interface Check {
  /** Its number in docs/INVARIANTS.md. */
  readonly promise: number;
  readonly holds: boolean;
  readonly account: bigint | null;
  readonly detail: string;
}

export function check(promise: number, holds: boolean, account: bigint | null, detail: string): Check {
  return { promise, holds, account, detail };
}

/** What must hold of every single reading. */
export function checksOfState(observation: Observation): readonly Check[] {
  const { accounts, market, custody } = observation;
  const count = BigInt(accounts.length);
  const sum = (of: (account: AccountView) => bigint): bigint => accounts.reduce((total, a) => total + of(a), 0n);
  const credit = sum(({ cash }) => (cash > 0n ? cash : 0n));
  const debt = sum(({ cash }) => (cash < 0n ? -cash : 0n));
  const owing = market.provisions > market.forfeited ? market.provisions - market.forfeited : 0n;
  const margin = marginOf(observation);
  const unbooked = market.supplyAssets - owing - credit;

  const checks = [
    check(1, margin >= 0n, null, `the vault is short of ${-margin} quote units`),
    // Credit is rounded down and debt up, each account by less than two units.
    check(1, unbooked >= -2n && unbooked <= 2n * count + 2n, null, `credit ${credit}, market ${market.supplyAssets}`),
    check(
      1,
      debt >= market.borrowAssets && debt <= market.borrowAssets + 2n * count,
      null,
      `debts ${debt}, market ${market.borrowAssets}`,
    ),
    check(1, custody.USDC.total === market.idle, null, `vault counts ${custody.USDC.total}, ledger ${market.idle}`),
    ...accounts.map(({ id, initialE18, maintenanceE18 }) =>
      check(9, initialE18 >= maintenanceE18, id, `initial margin ${initialE18} below maintenance ${maintenanceE18}`),
    ),
  ];
  for (const token of ["USDC", "ETH", "BTC"] as const) {
    const { balance, total, reserved } = custody[token];
    const booked = token === "USDC" ? 0n : sum(({ holdings }) => holdings[token]);
    const kept = sum(({ reserve }) => reserve[token]);
    checks.push(
      check(3, balance >= total + reserved, null, `${token}: vault has ${balance}, counts ${total} + ${reserved}`),
      check(3, total >= booked, null, `${token}: accounts hold ${booked}, vault counts ${total}`),
      check(3, reserved >= kept, null, `${token}: reserves are ${kept}, vault counts ${reserved}`),
    );
  }
  return [...checks, ...checksOfPositions(observation)];
}

/** What one holds of a perpetual another owes, and what their quotes lack the settled pool has. */
function checksOfPositions({ accounts, perpetuals }: Observation): readonly Check[] {
  return ASSETS.flatMap((asset) => {
    const held = accounts.map(({ positions }) => positions[asset]);
    const sum = (of: (position: (typeof held)[number]) => bigint): bigint => held.reduce((all, p) => all + of(p), 0n);
    const sizes = sum(({ sizeE18 }) => sizeE18);
    const longs = sum(({ sizeE18 }) => (sizeE18 > 0n ? sizeE18 : 0n));
    const { openInterestE18, pool } = perpetuals[asset];
    const left = quoteE18(pool) - sum(({ quoteE18: quote }) => quote);
    return [
      check(2, sizes === 0n, null, `${asset}: sizes sum to ${sizes}`),
      check(2, longs === openInterestE18, null, `${asset}: longs are ${longs}, open interest ${openInterestE18}`),
      check(2, left >= 0n && left <= ROUNDED_QUOTES_E18, null, `${asset}: quotes and settled pool differ by ${left}`),
    ];
  });
}

/** What is known of the time between two readings. */
export interface Between {
  /** Whether lenders bore a loss, by the chain's own event. */
  readonly socialised: boolean;
  readonly rebalanced: ReadonlySet<bigint>;
  readonly liquidated: ReadonlySet<bigint>;
  /** {quote} The market's move and the venue's gain: what all wealth together may have changed by. */
  readonly outsideE18: bigint;
  /** How many transactions may each have rounded a few units. */
  readonly transactions: number;
}

/** What must hold from one reading to the next. */
export function checksBetween(before: Observation, after: Observation, between: Between): readonly Check[] {
  const [was, is] = [before.market, after.market];
  const drift = wealthE18(after) - wealthE18(before) - between.outsideE18;
  // A quote unit for each rounded balance, and in assets far less.
  const allowed = quoteE18(BigInt(4 * (after.accounts.length + 4 * between.transactions)));
  const checks = [
    check(4, is.borrowIndex >= was.borrowIndex, null, `borrow index fell from ${was.borrowIndex} to ${is.borrowIndex}`),
    check(
      4,
      is.supplyIndex >= was.supplyIndex || between.socialised,
      null,
      `supply index fell from ${was.supplyIndex} to ${is.supplyIndex} without a socialised loss`,
    ),
    check(11, drift <= allowed && drift >= -allowed, null, `wealth changed by ${drift} E18 that nobody lost or won`),
  ];
  for (const [i, now] of after.accounts.entries()) {
    const then = before.accounts[i];
    if (then === undefined) continue;
    const rebalanced = between.rebalanced.has(now.id);
    for (const token of ["USDC", "ETH", "BTC"] as const) {
      const shrank = now.reserve[token] < then.reserve[token];
      const detail = `reserve of ${token} went from ${then.reserve[token]} to ${now.reserve[token]}`;
      checks.push(check(10, !shrank || rebalanced, now.id, detail));
      if (token === "USDC" || !rebalanced || between.liquidated.has(now.id)) continue;
      const kept = now.reserve[token] + now.holdings[token] === then.reserve[token] + then.holdings[token];
      checks.push(
        check(10, kept, now.id, `${detail}, the account from ${then.holdings[token]} to ${now.holdings[token]}`),
      );
    }
  }
  return checks;
}

/** What lent cash is worth less than its gross index says, {1}: the part of it that is set aside for what lenders may lose. */
export interface SetAside {
  readonly beforeE18: bigint;
  readonly afterE18: bigint;
}

export function setAsideBetween(before: Observation["market"], after: Observation["market"]): SetAside {
  const part = ({ provisions, forfeited, supplyAssets }: Observation["market"]): bigint =>
    provisions > forfeited && supplyAssets > 0n ? ((provisions - forfeited) * WAD) / supplyAssets : 0n;
  return { beforeE18: part(before), afterE18: part(after) + 1n };
}

/**
 * {quote} What an account that lends loses by provisions, also by one for itself: its cash when more is set aside, and of
 * what comes in the part that is set aside already, since cash enters at the gross index.
 */
function provisionBound(before: AccountView, after: AccountView, { beforeE18, afterE18 }: SetAside): bigint {
  if (after.cash <= 0n) return 0n;
  // A reading has the cash net of what was set aside before.
  const grossE18 = before.cash > 0n && beforeE18 < WAD ? (quoteE18(before.cash) * WAD) / (WAD - beforeE18) + 1n : 0n;
  const more = afterE18 > beforeE18 ? grossE18 * (afterE18 - beforeE18) : 0n;
  const entered = before.reserve.USDC > after.reserve.USDC ? before.reserve.USDC - after.reserve.USDC : 0n;
  return (more + quoteE18(entered) * afterE18) / WAD + 1n;
}

/** What a rebalance must have done; `after` is read right after it, in the state of its own block. */
export function checksOfRebalance(
  before: AccountView,
  after: AccountView,
  facts: Meanwhile & { readonly pay: bigint; readonly setAside: SetAside },
): readonly Check[] {
  const { id, lowerE18 } = before;
  const lost = capitalE18(before, facts.prices) - capitalE18(after, facts.prices);
  const taken = quoteE18(facts.pay) + provisionBound(before, after, facts.setAside);
  const allowed = taken + accruedBound(before, facts);
  const slack = healthSlack(before, facts) + healthOf(before, taken);
  const released = after.reserve.ETH > before.reserve.ETH || after.reserve.BTC > before.reserve.BTC;
  const checks = [
    check(6, !after.due, id, `due again at health ${after.healthE18}, outcome ${after.outcome}`),
    check(6, lost <= allowed, id, `equity fell by ${lost} E18, the keeper was paid ${facts.pay} quote units`),
  ];
  if (released) {
    const kept = after.healthE18 <= before.healthE18 && after.healthE18 + slack >= before.upperRestoreE18;
    checks.push(check(6, kept, id, `released from health ${before.healthE18} to ${after.healthE18}`));
  } else if (before.healthE18 < lowerE18) {
    const rose = after.healthE18 + slack >= before.healthE18;
    checks.push(check(6, rose, id, `health fell from ${before.healthE18} to ${after.healthE18}`));
  }
  return checks;
}

/** Between two readings of an account, at prices that stood still. */
interface Meanwhile {
  readonly seconds: bigint;
  readonly prices: Prices;
}

/** How the protocol sizes slices. */
export interface SliceRules {
  readonly targetE18: bigint;
  readonly toleranceE18: bigint;
  /** {quote} Below it in equity and debt, any part of an account may go. */
  readonly dustE18: bigint;
}

export function checksOfSlice(
  before: AccountView,
  after: AccountView,
  slice: { readonly fractionE18: bigint; readonly seconds: bigint; readonly gas: bigint; readonly prices: Prices },
  { targetE18, toleranceE18, dustE18 }: SliceRules,
): readonly Check[] {
  const { id, healthE18, equityE18 } = before;
  const unbound = equityE18 < 0n || (equityE18 < dustE18 && quoteE18(-before.cash) < dustE18);
  const whole = slice.fractionE18 === WAD;
  const highest = targetE18 + toleranceE18 + healthSlack(before, slice);
  const lowered = after.healthE18 + healthSlack(before, slice) < healthE18;
  return [
    check(5, healthE18 < WAD, id, `liquidated at health ${healthE18}`),
    check(5, whole || !lowered, id, `a slice lowered health from ${healthE18} to ${after.healthE18}`),
    check(5, whole || unbound || after.healthE18 <= highest, id, `a slice left health ${after.healthE18}`),
    check(14, slice.gas <= GAS_BOUND, id, `a liquidation used ${slice.gas} gas`),
  ];
}

/** Of an owner who has just borrowed or withdrawn, and of a taker who has just taken. */
export function checksOfOwner(account: AccountView): readonly Check[] {
  const { id, equityE18, initialE18 } = account;
  const detail = `equity ${equityE18} below initial margin ${initialE18} by its owner's own action`;
  return [check(7, !isAtRisk(account) || equityE18 >= initialE18, id, detail)];
}

/** Of each side of a fill: its initial margin holds, or its risk was lessened. */
export function checksOfFill(
  before: AccountView,
  after: AccountView,
  facts: { readonly seconds: bigint; readonly prices: Prices },
): readonly Check[] {
  const { id, equityE18, initialE18 } = after;
  const room = equityE18 - initialE18 + accruedBound(before, facts) >= before.equityE18 - before.initialE18;
  const lessened = room && after.healthE18 + healthSlack(before, facts) >= before.healthE18;
  const detail = `equity ${equityE18} below initial margin ${initialE18} by a fill that added to its risk`;
  return [check(7, equityE18 >= initialE18 || lessened, id, detail)];
}

export function checkOfBatch(accounts: number, gas: bigint): Check {
  return check(14, gas <= GAS_BOUND * BigInt(accounts), null, `a batch of ${accounts} accounts used ${gas} gas`);
}

/** Counts what was checked, and stops at the first promise that does not hold. */
export class PromiseBook {
  #checked = 0;

  get checked(): number {
    return this.#checked;
  }

  record(checks: readonly Check[], at: { readonly arm: string; readonly step: number; readonly block: bigint }): void {
    this.#checked += checks.length;
    const broken = checks.find(({ holds }) => !holds);
    if (broken === undefined) return;
    const account = broken.account === null ? "" : `, account 0x${broken.account.toString(16)}`;
    throw new BrokenPromiseError(
      `Promise ${broken.promise} is broken: ${broken.detail} (arm ${at.arm}, step ${at.step}, block ${at.block}${account}).`,
    );
  }
}

/** {quote} What interest and funding may take of an account meanwhile, and a few units of rounding. */
function accruedBound({ cash, positions }: AccountView, { seconds, prices }: Meanwhile): bigint {
  const debtE18 = cash < 0n ? quoteE18(-cash) : 0n;
  const interest = (debtE18 * INTEREST_A_SECOND_E18 * (seconds + 1n)) / WAD;
  const funding = (notionalE18(positions, prices) * FUNDING_A_SECOND_E18 * (seconds + 1n)) / WAD;
  return interest + funding + quoteE18(4n);
}

function healthSlack(account: AccountView, meanwhile: Meanwhile): bigint {
  return account.maintenanceE18 === 0n
    ? 0n
    : (4n * accruedBound(account, meanwhile) * WAD) / account.maintenanceE18 + 10n ** 6n;
}

/** {1} What an amount is in an account's health. */
function healthOf({ maintenanceE18 }: AccountView, amountE18: bigint): bigint {
  return maintenanceE18 === 0n ? 0n : (amountE18 * WAD) / maintenanceE18;
}
