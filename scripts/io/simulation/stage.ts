/** Sets the scene once for all arms: a fork, the protocol on it, and everybody's accounts. */
import type { Address, UsdPrices } from "../../core/mainnet.js";
import type { Borrower, Policy } from "../../core/simulation/population.js";
import type { Bids, Observation, Purse } from "../../core/simulation/types.js";
import type { Protocol } from "../protocol.js";
import type { Chain } from "./chain.js";
import type { Observer } from "./observe.js";

import { IMarginAccount__factory } from "../../../typechain-types/index.js";
import { quotePriceE8 } from "../../core/mainnet.js";
import { reserveOf } from "../../core/simulation/population.js";
import { PromiseBook, checksOfOwner, checksOfState } from "../../core/simulation/promises.js";
import { EMPTY_PURSE, accountIdOf, holdingsE18, purseE18, quoteE18 } from "../../core/simulation/types.js";
import { unlock } from "../rpc.js";
import { deal, encodeApprove } from "../tokens.js";
import { TOKENS, openObserver } from "./observe.js";

const MARGIN = IMarginAccount__factory.createInterface();
const ACTION_GAS = 2_000_000n;
const PLENTY = 2n ** 255n;

const LENDERS = 3n;
const TAKERS = 2n;
/** {bps} Of all loans: what lenders bring, so that utilisation starts near 70%. */
const LENT_BPS = 14_000n;
/** {bps} Of all loans: what liquidators have together. */
const CAPITAL_BPS = 5_000n;
/** {bps} Of all loans: what the insurance fund starts with. */
const FUND_BPS = 100n;
const BPS = 10_000n;

export interface Person {
  readonly address: Address;
  readonly account: bigint;
}

export interface FundedBorrower extends Person {
  readonly plan: Borrower;
  /** {quote token} */
  readonly debt: bigint;
  /** {quote} Of the collateral, and of the reserve. */
  readonly worthE18: bigint;
  readonly reserveE18: bigint;
}

export interface Stage {
  readonly chain: Chain;
  readonly protocol: Protocol;
  readonly observer: Observer;
  readonly borrowers: readonly FundedBorrower[];
  readonly lenders: readonly Person[];
  readonly takers: readonly Person[];
  readonly keeper: Person;
  readonly fund: bigint;
  /** Everybody funded and nothing happened yet. */
  readonly start: Observation;
  /** How many promises were checked on the way. */
  readonly checked: number;
}

/** Brings everybody into the protocol at the prices of the first point. */
export async function fundEverybody(
  chain: Chain,
  protocol: Protocol,
  plans: readonly Borrower[],
  prices: UsdPrices,
): Promise<Stage> {
  const { addresses, marginAccount } = protocol;
  // By the provider alone, so that a call may come from anybody.
  const liquidator = protocol.liquidator.connect(protocol.liquidator.runner?.provider ?? null);
  const promises = new PromiseBook();
  const bids = { ETH: quotePriceE8(prices, "ETH") * 10n ** 10n, BTC: quotePriceE8(prices, "BTC") * 10n ** 10n };
  const act = async (from: Address, data: string): Promise<void> => {
    await chain.transact({ from, to: addresses.marginAccount, data, gas: ACTION_GAS });
  };
  const equip = async (role: string, purse: Purse): Promise<Person> => {
    const address = await unlock(chain, role);
    for (const token of ["USDC", "ETH", "BTC"] as const) {
      if (purse[token] > 0n) await deal(chain, TOKENS[token], address, purse[token]);
      const data = encodeApprove(addresses.vault, PLENTY);
      await chain.transact({ from: address, to: TOKENS[token], data, gas: 100_000n });
    }
    return { address, account: accountIdOf(address) };
  };
  const deposit = async ({ address, account }: Person, token: string, amount: bigint): Promise<void> => {
    if (amount > 0n) await act(address, MARGIN.encodeFunctionData("deposit", [account, token, amount]));
  };
  const withCash = async (role: string, cash: bigint): Promise<Person> => {
    const person = await equip(role, { ...EMPTY_PURSE, USDC: cash });
    await deposit(person, TOKENS.USDC, cash);
    return person;
  };
  const many = async (role: string, count: bigint, cash: bigint): Promise<readonly Person[]> => {
    const people: Person[] = [];
    for (let i = 1n; i <= count; i++) people.push(await withCash(`${role} ${i}`, cash / count));
    return people;
  };

  const loans = expectedLoans(plans, bids);
  const lenders = await many("lender", LENDERS, (loans * LENT_BPS) / BPS);
  const takers = await many("liquidator", TAKERS, (loans * CAPITAL_BPS) / BPS);
  const fund = await marginAccount.insuranceFund();
  const donor = await equip("donor", { ...EMPTY_PURSE, USDC: (loans * FUND_BPS) / BPS });
  const donation = MARGIN.encodeFunctionData("depositFor", [fund, TOKENS.USDC, (loans * FUND_BPS) / BPS]);
  await act(donor.address, donation);
  const keeper = await equip("keeper", EMPTY_PURSE);

  const borrowers: FundedBorrower[] = [];
  for (const plan of plans) {
    const person = await equip(plan.name, { ...EMPTY_PURSE, ...plan.collateral });
    const { address, account } = person;
    await deposit(person, TOKENS.ETH, plan.collateral.ETH);
    await deposit(person, TOKENS.BTC, plan.collateral.BTC);
    if (plan.policy !== null) await act(address, MARGIN.encodeFunctionData("setPolicy", [account, plan.policy]));
    const debt = ((await marginAccount.maxWithdraw(account, TOKENS.USDC)) * plan.loanBps) / BPS;
    await act(address, MARGIN.encodeFunctionData("withdraw", [account, TOKENS.USDC, debt, address]));

    const worthE18 = holdingsE18(plan.collateral, bids);
    const reserve = reserveOf(plan, ((worthE18 - quoteE18(debt)) * plan.reserveBps) / BPS, prices);
    for (const token of ["USDC", "ETH", "BTC"] as const) {
      if (reserve[token] === 0n) continue;
      await deal(chain, TOKENS[token], address, reserve[token] + (token === "USDC" ? debt : 0n));
      await act(address, MARGIN.encodeFunctionData("depositReserve", [account, TOKENS[token], reserve[token]]));
    }
    borrowers.push({ ...person, plan, debt, worthE18, reserveE18: purseE18(reserve, bids) });
  }

  const everybody = [...borrowers, ...lenders, ...takers, keeper].map(({ account }) => account);
  const wallets = takers.map(({ address }) => address);
  const observer = openObserver(chain, protocol, { accounts: [...everybody, fund], wallets });
  const start = await observer.observe();
  const checks = [...checksOfState(start), ...start.accounts.flatMap(checksOfOwner)];
  promises.record(checks, { arm: "before both", step: 0, block: start.block });
  return {
    chain,
    protocol: { ...protocol, liquidator },
    observer,
    borrowers,
    lenders,
    takers,
    keeper,
    fund,
    start,
    checked: promises.checked,
  };
}

/** Lets every borrower set another policy. */
export async function setPolicies(
  { chain, protocol, borrowers }: Stage,
  policyOf: (borrower: FundedBorrower) => Policy,
): Promise<void> {
  for (const borrower of borrowers) {
    const data = MARGIN.encodeFunctionData("setPolicy", [borrower.account, policyOf(borrower)]);
    const order = { from: borrower.address, to: protocol.addresses.marginAccount, data, gas: ACTION_GAS };
    await chain.transact(order);
  }
}

/** {quote token} What the plans will come to, about: initial margin lets some 78% of a collateral's value be borrowed. */
function expectedLoans(plans: readonly Borrower[], bids: Bids): bigint {
  const worthE18 = plans.reduce((sum, { collateral, loanBps }) => sum + holdingsE18(collateral, bids) * loanBps, 0n);
  return (worthE18 * 78n) / 100n / BPS / 10n ** 12n;
}
