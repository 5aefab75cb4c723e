/** Sets the scene once for all arms: a fork, the protocol on it, and everybody's accounts. */
import type { Asset, UsdPrices } from "../../core/mainnet.js";
import type { MarginTerms } from "../../core/simulation/margins.js";
import type { Borrower, Policy } from "../../core/simulation/population.js";
import type { Maker, Trader } from "../../core/simulation/traders.js";
import type { Bids, Observation, Prices, Purse } from "../../core/simulation/types.js";
import type { Protocol } from "../protocol.js";
import type { ClockedChain } from "./chain.js";
import type { Observer } from "./observe.js";
import type { FundedOwner, FundedTrader } from "./owners.js";
import type { Person } from "./people.js";

import { quotePriceE8 } from "../../core/mainnet.js";
import { checksOfMargins } from "../../core/simulation/margins.js";
import { ASSET_NUMBER } from "../../core/simulation/population.js";
import { PromiseBook, checksOfFill, checksOfOwner, checksOfState } from "../../core/simulation/promises.js";
import { EMPTY_PURSE, holdingsE18 } from "../../core/simulation/types.js";
import { MakerDesk } from "./desk.js";
import { openObserver } from "./observe.js";
import { fundBorrower, fundMaker, fundTrader } from "./owners.js";
import { People } from "./people.js";

const LENDERS = 3n;
const TAKERS = 2n;
/** {bps} Of all loans: what lenders bring, so that utilisation starts near 70%. */
const LENT_BPS = 14_000n;
/** {bps} Of all loans: what liquidators have together. */
const CAPITAL_BPS = 5_000n;
/** {bps} Of all loans: what the insurance fund starts with. */
const FUND_BPS = 100n;
const BPS = 10_000n;

/** Who is to take part, as drawn. */
export interface Population {
  readonly borrowers: readonly Borrower[];
  readonly traders: readonly Trader[];
  readonly maker: Maker;
}

export interface Stage {
  readonly chain: ClockedChain;
  readonly protocol: Protocol;
  readonly observer: Observer;
  readonly desk: MakerDesk;
  /** Whose accounts the report is about, in the order of every reading: borrowers, longs, shorts, the maker. */
  readonly owners: readonly FundedOwner[];
  readonly traders: readonly FundedTrader[];
  readonly takers: readonly Person[];
  readonly keeper: Person;
  readonly fund: bigint;
  /** Everybody funded, positions opened, and nothing else happened yet. */
  readonly start: Observation;
  readonly marginTerms: MarginTerms;
  /** How many promises were checked on the way. */
  readonly checked: number;
}

/** {s} Half of what a print of ether lasts: bringing in a large crowd, a second a transaction, takes longer than that. */
const REPRINT_SECONDS = 1_800n;

/** Brings everybody into the protocol at the prices of the first point, which `reprint` prints again when they grow old. */
export async function fundEverybody(
  chain: ClockedChain,
  protocol: Protocol,
  population: Population,
  prices: UsdPrices,
  reprint: () => Promise<void>,
): Promise<Stage> {
  let printed = chain.now;
  const keepFresh = async (): Promise<void> => {
    if (chain.now - printed < REPRINT_SECONDS) return;
    await reprint();
    printed = chain.now;
  };
  // By the provider alone, so that a call may come from anybody.
  const liquidator = protocol.liquidator.connect(protocol.liquidator.runner?.provider ?? null);
  const bids = { ETH: quotePriceE8(prices, "ETH") * 10n ** 10n, BTC: quotePriceE8(prices, "BTC") * 10n ** 10n };
  const opening = { prices, bids };
  const people = new People(chain, protocol);
  const many = async (role: string, count: bigint, cash: bigint): Promise<readonly Person[]> => {
    const found: Person[] = [];
    for (let i = 1n; i <= count; i++) found.push(await people.enter(`${role} ${i}`, cashOnly(cash / count)));
    return found;
  };

  const loans = expectedLoans(population.borrowers, bids);
  const lenders = await many("lender", LENDERS, (loans * LENT_BPS) / BPS);
  const takers = await many("liquidator", TAKERS, (loans * CAPITAL_BPS) / BPS);
  const fund = await protocol.marginAccount.insuranceFund();
  const donation = (loans * FUND_BPS) / BPS;
  await people.donate(await people.equip("donor", cashOnly(donation)), fund, donation);
  const keeper = await people.equip("keeper");

  const borrowers: FundedOwner[] = [];
  for (const plan of population.borrowers) {
    await keepFresh();
    borrowers.push(await fundBorrower(people, protocol, plan, opening));
  }
  const traders: FundedTrader[] = [];
  for (const plan of population.traders) {
    await keepFresh();
    traders.push(await fundTrader(people, plan, opening));
  }
  const maker = await fundMaker(people, population.maker);

  const owners = [...borrowers, ...traders, maker];
  const everybody = [...owners, ...lenders, ...takers, keeper].map(({ account }) => account);
  const wallets = takers.map(({ address }) => address);
  const observer = openObserver(chain, protocol, {
    accounts: [...everybody, fund],
    keeping: owners.length,
    wallets,
  });
  const desk = await MakerDesk.open(chain, protocol, observer, maker);
  const promises = new PromiseBook();
  await keepFresh();
  await openPositions(desk, traders, await observer.observe(), promises, keepFresh);
  const start = await observer.observe();
  const marginTerms = { ETH: await termsOf(protocol, "ETH"), BTC: await termsOf(protocol, "BTC") };
  const checks = [
    ...checksOfState(start),
    ...checksOfMargins(start, marginTerms),
    ...start.accounts.flatMap(checksOfOwner),
  ];
  promises.record(checks, { arm: "before both", step: 0, block: start.block });
  return {
    chain,
    protocol: { ...protocol, liquidator },
    observer,
    desk,
    owners,
    traders,
    takers,
    keeper,
    fund,
    start,
    marginTerms,
    checked: promises.checked,
  };
}

/** Lets every trader open what he planned, one after the other. */
async function openPositions(
  desk: MakerDesk,
  traders: readonly FundedTrader[],
  prices: Prices,
  promises: PromiseBook,
  keepFresh: () => Promise<void>,
): Promise<void> {
  for (const trader of traders) {
    await keepFresh();
    const { underlying: asset, sizeE18, name } = trader.plan;
    const fill = await desk.trade(trader, { asset, sizeE18, reduceOnly: false }, prices);
    if (fill === null) throw new Error(`${name} could not open a position of ${sizeE18}`);
    const checks = fill.sides.flatMap(({ before, after }) =>
      checksOfFill(before, after, { seconds: fill.seconds, prices }),
    );
    promises.record(checks, { arm: "before both", step: 0, block: fill.receipt.blockNumber });
  }
}

/** Lets every owner set another policy. */
export async function setPolicies(
  { chain, protocol, owners }: Stage,
  policyOf: (owner: FundedOwner) => Policy,
): Promise<void> {
  const people = new People(chain, protocol);
  for (const owner of owners) await people.setPolicy(owner, policyOf(owner));
}

/** As governance has set them; no level moves them here. */
async function termsOf({ rebalancer }: Protocol, asset: Asset): Promise<MarginTerms[Asset]> {
  const risk = await rebalancer.riskParametersOf(ASSET_NUMBER[asset]);
  const perpetual = await rebalancer.perpetualRiskOf(ASSET_NUMBER[asset]);
  return {
    risk: {
      shockBps: risk.shockBps,
      haircutMaintenanceBps: risk.haircutMaintenanceBps,
      haircutInitialBps: risk.haircutInitialBps,
      initialFactorBps: risk.initialFactorBps,
      sizeCoefficientBps: risk.sizeCoefficientBps,
    },
    perpetual: {
      basisMaintenanceBps: perpetual.basisMaintenanceBps,
      basisInitialBps: perpetual.basisInitialBps,
      profitCap: perpetual.profitCap,
    },
  };
}

function cashOnly(amount: bigint): Purse {
  return { ...EMPTY_PURSE, USDC: amount };
}

/** {quote token} What the plans will come to, about: initial margin lets some 78% of a collateral's value be borrowed. */
function expectedLoans(plans: readonly Borrower[], bids: Bids): bigint {
  const worthE18 = plans.reduce((sum, { collateral, loanBps }) => sum + holdingsE18(collateral, bids) * loanBps, 0n);
  return (worthE18 * 78n) / 100n / BPS / 10n ** 12n;
}
