/** Brings owners into the protocol: borrowers with their loans, traders with their margin, the maker with his cash. */
import type { UsdPrices } from "../../core/mainnet.js";
import type { Borrower, Group, Owner } from "../../core/simulation/population.js";
import type { Maker, Trader } from "../../core/simulation/traders.js";
import type { Bids } from "../../core/simulation/types.js";
import type { Protocol } from "../protocol.js";
import type { People, Person } from "./people.js";

import { reserveOf } from "../../core/simulation/population.js";
import { EMPTY_PURSE, holdingsE18, purseE18, quoteE18 } from "../../core/simulation/types.js";
import { TOKENS } from "./observe.js";

const BPS = 10_000n;

/** An owner as he stands before anything happens. */
export interface FundedOwner extends Person {
  readonly plan: Owner;
  readonly group: Group;
  /** {quote token} */
  readonly debt: bigint;
  /** {quote} Of what was put into the account, and of the reserve. */
  readonly worthE18: bigint;
  readonly reserveE18: bigint;
}

export interface FundedTrader extends FundedOwner {
  readonly plan: Trader;
  readonly group: Trader["group"];
}

export interface FundedMaker extends FundedOwner {
  readonly plan: Maker;
  readonly group: "maker";
}

/** Prices as people know them, and as they value what they hold. */
export interface Opening {
  readonly prices: UsdPrices;
  readonly bids: Bids;
}

export async function fundBorrower(
  people: People,
  { marginAccount }: Protocol,
  plan: Borrower,
  opening: Opening,
): Promise<FundedOwner> {
  const person = await people.enter(plan.name, { ...EMPTY_PURSE, ...plan.collateral });
  if (plan.policy !== null) await people.setPolicy(person, plan.policy);
  const debt = ((await marginAccount.maxWithdraw(person.account, TOKENS.USDC)) * plan.loanBps) / BPS;
  await people.withdraw(person, "USDC", debt);
  const worthE18 = holdingsE18(plan.collateral, opening.bids);
  // What was borrowed stays in the wallet.
  const reserveE18 = await keepReserve(people, person, plan, worthE18 - quoteE18(debt), opening, debt);
  return { ...person, plan, group: "borrower", debt, worthE18, reserveE18 };
}

export async function fundTrader(people: People, plan: Trader, opening: Opening): Promise<FundedTrader> {
  const purse = { USDC: plan.cash, ...plan.collateral };
  const person = await people.enter(plan.name, purse);
  if (plan.policy !== null) await people.setPolicy(person, plan.policy);
  const worthE18 = purseE18(purse, opening.bids);
  const reserveE18 = await keepReserve(people, person, plan, worthE18, opening);
  return { ...person, plan, group: plan.group, debt: 0n, worthE18, reserveE18 };
}

export async function fundMaker(people: People, plan: Maker): Promise<FundedMaker> {
  const person = await people.enter(plan.name, { ...EMPTY_PURSE, USDC: plan.cash });
  return { ...person, plan, group: "maker", debt: 0n, worthE18: quoteE18(plan.cash), reserveE18: 0n };
}

/** @returns {quote} What the reserve is worth. */
async function keepReserve(
  people: People,
  person: Person,
  plan: Owner,
  equityE18: bigint,
  { prices, bids }: Opening,
  walletCash = 0n,
): Promise<bigint> {
  const reserve = reserveOf(plan, (equityE18 * plan.reserveBps) / BPS, prices);
  await people.keep(person, reserve, { ...EMPTY_PURSE, USDC: walletCash });
  return purseE18(reserve, bids);
}
