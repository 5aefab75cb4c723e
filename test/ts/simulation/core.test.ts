import type { Observation } from "../../../scripts/core/simulation/types.js";

import { expect } from "chai";

import { generateCrash } from "../../../scripts/core/prices/crash.js";
import { affordable, costOf, dutiesOf, keeperBatches, targetsOf } from "../../../scripts/core/simulation/agents.js";
import { BrokenPromiseError } from "../../../scripts/core/simulation/errors.js";
import { LossBook } from "../../../scripts/core/simulation/losses.js";
import { pointsOf } from "../../../scripts/core/simulation/points.js";
import { drawBorrowers } from "../../../scripts/core/simulation/population.js";
import {
  PromiseBook,
  checksBetween,
  checksOfOwner,
  checksOfRebalance,
  checksOfSlice,
  checksOfState,
} from "../../../scripts/core/simulation/promises.js";
import { EMPTY_PURSE } from "../../../scripts/core/simulation/types.js";
import { PRICED, RAY, WAD, account, broken, observation } from "./view.js";

const PRICES = { ETH: 200_00000000n, BTC: 8_000_00000000n, USDC: 1_00000000n };
const NOTHING_SET_ASIDE = { beforeE18: 0n, afterE18: 0n };

const CALM = {
  socialised: false,
  rebalanced: new Set<bigint>(),
  liquidated: new Set<bigint>(),
  outsideE18: 0n,
  transactions: 0,
};

describe("The promises that a simulation checks", function () {
  const calm = observation();

  it("hold of a sound reading, and of nothing happening", function () {
    expect(broken(checksOfState(calm))).to.deep.equal([]);
    expect(broken(checksBetween(calm, calm, CALM))).to.deep.equal([]);
    expect(broken(checksOfOwner(account()))).to.deep.equal([]);
  });

  it("1: a vault that is short, or an account's cash that the market does not know", function () {
    const short = observation({ market: { ...calm.market, idle: 499_999_999n } });
    expect(broken(checksOfState(short))).to.deep.equal([1]);
    const [borrower, lender] = calm.accounts;
    if (borrower === undefined || lender === undefined) throw new Error("no accounts");
    const rich = observation({ accounts: [borrower, { ...lender, cash: lender.cash + 1_000n }] });
    expect(broken(checksOfState(rich))).to.deep.equal([1]);
  });

  it("3: a vault that has less than it counts, or counts less than accounts hold", function () {
    const { custody } = calm;
    const poor = observation({ custody: { ...custody, ETH: { ...custody.ETH, balance: 10n * WAD - 1n } } });
    expect(broken(checksOfState(poor))).to.deep.equal([3]);
    const unaware = observation({ custody: { ...custody, ETH: { ...custody.ETH, total: 9n * WAD } } });
    expect(broken(checksOfState(unaware))).to.deep.equal([3]);
  });

  it("4: indices that fall, but for a loss that lenders bore", function () {
    const fallen = observation({ market: { ...calm.market, supplyIndex: RAY - 1n } });
    expect(broken(checksBetween(calm, fallen, CALM))).to.deep.equal([4]);
    expect(broken(checksBetween(calm, fallen, { ...CALM, socialised: true }))).to.deep.equal([]);
    const forgiven = observation({ market: { ...calm.market, borrowIndex: RAY - 1n } });
    expect(broken(checksBetween(calm, forgiven, { ...CALM, socialised: true }))).to.deep.equal([4]);
  });

  it("5: a healthy account liquidated, or one left worse or too well", function () {
    const rules = { targetE18: (115n * WAD) / 100n, toleranceE18: WAD / 50n, dustE18: 100n * WAD };
    const slice = { fractionE18: WAD / 2n, seconds: 0n, gas: 400_000n, prices: PRICED };
    const weak = account({ healthE18: (9n * WAD) / 10n });
    const cured = account({ healthE18: (115n * WAD) / 100n });
    expect(broken(checksOfSlice(weak, cured, slice, rules))).to.deep.equal([]);
    expect(broken(checksOfSlice(cured, cured, slice, rules))).to.deep.equal([5]);
    expect(broken(checksOfSlice(weak, account({ healthE18: (8n * WAD) / 10n }), slice, rules))).to.deep.equal([5]);
    expect(broken(checksOfSlice(weak, account({ healthE18: 2n * WAD }), slice, rules))).to.deep.equal([5]);
    expect(broken(checksOfSlice(weak, cured, { ...slice, gas: 5_000_001n }, rules))).to.deep.equal([14]);
  });

  it("6: a rebalance that would go on, costs more than it pays, or moves the wrong way", function () {
    const facts = { pay: 2_000_000n, seconds: 0n, prices: PRICED, setAside: NOTHING_SET_ASIDE };
    const weak = account({ healthE18: (12n * WAD) / 10n });
    expect(broken(checksOfRebalance(weak, account({ cash: -1_002_000_000n }), facts))).to.deep.equal([]);
    expect(broken(checksOfRebalance(weak, account({ due: true }), facts))).to.deep.equal([6]);
    expect(broken(checksOfRebalance(weak, account({ cash: -1_003_000_000n }), facts))).to.deep.equal([6]);
    expect(broken(checksOfRebalance(weak, account({ healthE18: WAD }), facts))).to.deep.equal([6]);
  });

  it("7 and 9: margins below what they must be", function () {
    expect(broken(checksOfOwner(account({ equityE18: 459n * WAD })))).to.deep.equal([7]);
    const odd = observation({ accounts: [account({ initialE18: 279n * WAD }), ...calm.accounts.slice(1)] });
    expect(broken(checksOfState(odd))).to.deep.equal([9]);
  });

  it("10: a reserve that shrinks without a rebalance", function () {
    const withReserve = (USDC: bigint, cash: bigint): Observation =>
      observation({ accounts: [account({ reserve: { ...EMPTY_PURSE, USDC }, cash }), ...calm.accounts.slice(1)] });
    const seized = checksBetween(withReserve(5_000_000n, -1_000_000_000n), withReserve(0n, -995_000_000n), CALM);
    expect(broken(seized)).to.deep.equal([10]);
  });

  it("11: wealth that came from nowhere", function () {
    const richer = observation({ wallets: { ...EMPTY_PURSE, USDC: 1_000_000n } });
    expect(broken(checksBetween(calm, richer, CALM))).to.deep.equal([11]);
    expect(broken(checksBetween(calm, richer, { ...CALM, outsideE18: WAD }))).to.deep.equal([]);
  });

  it("stop the run with the number, the account, the block and the amounts", function () {
    const book = new PromiseBook();
    book.record(checksOfState(calm), { arm: "none", step: 0, block: 7n });
    expect(book.checked).to.equal(checksOfState(calm).length);
    const run = (): void => book.record(checksOfOwner(account({ equityE18: 1n })), { arm: "none", step: 3, block: 9n });
    expect(run).to.throw(
      BrokenPromiseError,
      /^Promise 7 is broken: .*equity 1 .*arm none, step 3, block 9, account 0x1\)/,
    );
  });
});

describe("The book of losses", function () {
  it("splits an owner's loss into what taker, fund and venue got", function () {
    const book = new LossBook();
    // Half of 1,000 for 450, 5 to the fund: 45 to the taker, of which the venue keeps 10.
    const slice = { account: 1n, fractionE18: WAD / 2n, equityE18: 1_000n * WAD };
    book.sliceTaken({ ...slice, payment: 450_000_000n, fundFee: 5_000_000n });
    book.sold(2_000n * WAD, 1_990_000_000n);
    book.keeperPaid(1n, 2_000_000n);
    expect(book.totals).to.deep.equal({
      discountsE18: 35n * WAD,
      penaltiesE18: 5n * WAD,
      slippageE18: 10n * WAD,
      closingE18: 0n,
      keeperPayE18: 2n * WAD,
      badDebtE18: 0n,
    });
    expect(book.ofOwner(1n)).to.equal(52n * WAD);
  });

  it("counts the hole of an insolvent account as bad debt, and no loss of its owner", function () {
    const book = new LossBook();
    book.sliceTaken({ account: 1n, fractionE18: WAD, equityE18: -100n * WAD, payment: -130_000_000n, fundFee: 0n });
    expect(book.totals.badDebtE18).to.equal(100n * WAD);
    expect(book.totals.discountsE18).to.equal(30n * WAD);
    expect(book.ofOwner(1n)).to.equal(0n);
  });
});

describe("Agents", function () {
  it("send what is due, in batches that fit a transaction", function () {
    const accounts = Array.from({ length: 90 }, (_, i) => account({ id: BigInt(i), due: i !== 5 }));
    expect(keeperBatches(accounts).map(({ length }) => length)).to.deep.equal([40, 40, 9]);
    expect(keeperBatches(accounts).flat()).to.not.include(5n);
  });

  it("try the weakest account first, and only those in debt below 1", function () {
    const weak = account({ id: 3n, healthE18: WAD / 2n });
    const weaker = account({ id: 4n, healthE18: 0n });
    const ids = targetsOf([account(), weak, account({ healthE18: 0n, halted: true }), weaker]).map(({ id }) => id);
    expect(ids).to.deep.equal([4n, 3n]);
  });

  it("take no more than their capital pays for", function () {
    const terms = { fractionE18: WAD / 2n, payment: 90_000_000n, fundFee: 10_000_000n };
    expect(costOf(account(), terms, PRICED)).to.equal(600_000_000n);
    expect(affordable(account(), terms, 10_000_000_000n, PRICED)).to.equal(WAD / 2n);
    expect(affordable(account(), terms, 300_000_000n, PRICED)).to.equal((WAD * 49n) / 200n);
  });

  it("provide for holes, take provisions back, and write off what is left of nothing", function () {
    const hole = account({ id: 5n, equityE18: -10n * WAD });
    const provided = account({ id: 6n, equityE18: -10n * WAD, provision: 10_000_000n });
    const cured = account({ id: 7n, provision: 10_000_000n });
    const empty = account({ id: 8n, holdings: { ETH: 0n, BTC: 0n } });
    const opening = account({ id: 9n, healthE18: WAD / 2n, outcome: "LiquidationOpened" });
    expect(dutiesOf([hole, provided, cured, empty, opening, account()]).map(({ kind }) => kind)).to.deep.equal([
      "provision",
      "reverseProvision",
      "writeOff",
      "open",
    ]);
  });
});

describe("The population", function () {
  const people = drawBorrowers(24, 1, PRICES);

  it("is the same for the same seed, and another for another", function () {
    expect(drawBorrowers(24, 1, PRICES)).to.deep.equal(people);
    expect(drawBorrowers(24, 2, PRICES)).to.not.deep.equal(people);
  });

  it("has every kind in equal parts, and loans from 30% to 95% of what may be borrowed", function () {
    for (const kind of ["ETH", "BTC", "ETH+BTC"]) expect(people.filter((one) => one.kind === kind)).to.have.length(8);
    for (const bps of [0n, 1_000n, 3_000n]) {
      expect(people.filter(({ reserveBps }) => reserveBps === bps)).to.have.length(8);
    }
    const loans = people.map(({ loanBps }) => Number(loanBps)).toSorted((a, b) => a - b);
    expect(loans[0]).to.be.within(3_000, 3_300);
    expect(loans.at(-1)).to.be.within(9_200, 9_500);
    expect(people.some(({ policy }) => policy === null)).to.equal(true);
    expect(people.some(({ policy }) => policy !== null && policy.upperE6 > 0n)).to.equal(true);
  });
});

describe("The points of a path", function () {
  const path = generateCrash({ seed: 1, steps: 20 });
  const points = pointsOf(path);

  it("are four a bar, evenly spaced, the last closing it", function () {
    expect(points).to.have.length(80);
    expect(points.filter(({ closesBar }) => closesBar).map(({ prices }) => prices.ETH)).to.deep.equal(
      path.bars.map(({ eth }) => eth.closeE8),
    );
    expect(points[5]?.offset).to.equal((path.barSeconds * 5n) / 4n);
  });

  it("never let a feed stay silent beyond its heartbeat, nor hold back a move of half a percent", function () {
    let at = -1n;
    for (const { offset, prints, prices, oracle } of points) {
      if (prints.ETH !== undefined) at = offset;
      expect(Number(offset - at)).to.be.below(3_600);
      const gap = prices.ETH > oracle.ETH ? prices.ETH - oracle.ETH : oracle.ETH - prices.ETH;
      expect(gap * 200n < oracle.ETH).to.equal(true);
    }
  });
});
