import type { Trader } from "../../../scripts/core/simulation/traders.js";
import type { Position } from "../../../scripts/core/simulation/types.js";

import { expect } from "chai";

import {
  affordable,
  closingCost,
  costOf,
  dutiesOf,
  settlingOrder,
  targetsOf,
} from "../../../scripts/core/simulation/agents.js";
import { LossBook, markToMarketE18, marginOf, wealthE18 } from "../../../scripts/core/simulation/losses.js";
import { checksOfMargins } from "../../../scripts/core/simulation/margins.js";
import {
  checksOfFill,
  checksOfOwner,
  checksOfRebalance,
  checksOfState,
} from "../../../scripts/core/simulation/promises.js";
import { INTENTS, drawTraders, makerFor } from "../../../scripts/core/simulation/traders.js";
import { MOST_OFF_BPS, limitPriceE18, quotedPriceE18, wishOf } from "../../../scripts/core/simulation/trading.js";
import { NO_POSITION, NO_POSITIONS, exposureE18, profitE18 } from "../../../scripts/core/simulation/types.js";
import { BIDS, PRICED, WAD, account, broken, observation } from "./view.js";

const PRICES = { ETH: 200_00000000n, BTC: 8_000_00000000n, USDC: 1_00000000n };
const traders = drawTraders(8, 1, PRICES);
const maker = makerFor(traders, PRICES);
const nothing = { holdings: { ETH: 0n, BTC: 0n } };

/** Of ETH, opened at `price`. */
function position(units: bigint, price: bigint): { readonly ETH: Position; readonly BTC: Position } {
  return { ETH: { sizeE18: units * WAD, quoteE18: -units * price * WAD }, BTC: NO_POSITION };
}

describe("Traders", function () {
  it("are the same for the same seed, as many long as short, of every margin and intent", function () {
    expect(drawTraders(8, 1, PRICES)).to.deep.equal(traders);
    expect(drawTraders(8, 2, PRICES)).to.not.deep.equal(traders);
    for (const group of ["long", "short"] as const) {
      const side = traders.filter((one) => one.group === group);
      expect(side).to.have.length(8);
      expect(side.every(({ sizeE18 }) => sizeE18 > 0n === (group === "long"))).to.equal(true);
      for (const intent of INTENTS) expect(side.filter((one) => one.intent === intent)).to.have.length(2);
      for (const asset of ["ETH", "BTC"]) expect(side.filter((one) => one.underlying === asset)).to.have.length(4);
      expect(side.filter(({ kind }) => kind === "USDC")).to.have.length(4);
    }
  });

  it("hold their underlying or cash, never what a path without it has no price for", function () {
    for (const { kind, underlying, cash, collateral } of traders) {
      expect(kind === "USDC" ? cash > 0n : collateral[underlying] > 0n && cash === 0n).to.equal(true);
    }
    const onlyEth = drawTraders(4, 1, PRICES, ["ETH"]);
    expect(onlyEth.every(({ underlying, collateral }) => underlying === "ETH" && collateral.BTC === 0n)).to.equal(true);
  });

  it("do what they intend when the price has moved that far, and not before", function () {
    const one = (changes: Partial<Trader>): Trader => {
      const [first] = traders;
      if (first === undefined) throw new Error("no traders");
      return { ...first, group: "long", underlying: "ETH", moveBps: 1_000n, ...changes };
    };
    const at = (trader: Trader, sizeE18: bigint, seen: bigint) =>
      wishOf(trader, { sizeE18, quoteE18: 0n }, 200n * WAD, seen * WAD);
    expect(at(one({ intent: "stop" }), 10n, 181n)).to.equal(null);
    expect(at(one({ intent: "stop" }), 10n, 180n)).to.deep.equal({ asset: "ETH", sizeE18: -5n, reduceOnly: true });
    expect(at(one({ intent: "stop" }), 10n, 240n)).to.equal(null);
    const short = one({ intent: "takeProfit", group: "short" });
    expect(at(short, -10n, 219n)).to.equal(null);
    expect(at(short, -10n, 180n)).to.deep.equal({ asset: "ETH", sizeE18: 5n, reduceOnly: true });
    for (const seen of [180n, 220n]) {
      expect(at(one({ intent: "flip" }), 10n, seen)).to.deep.equal({ asset: "ETH", sizeE18: -20n, reduceOnly: false });
    }
    expect(at(one({ intent: "hold" }), 10n, 100n)).to.equal(null);
    expect(at(one({ intent: "flip" }), 0n, 100n)).to.equal(null);
  });
});

describe("The market maker", function () {
  const quote = (inventory: bigint, size: bigint): bigint =>
    quotedPriceE18(
      maker,
      { sizeE18: inventory, quoteE18: 0n },
      { asset: "ETH", sizeE18: size, reduceOnly: false },
      PRICED,
    );

  it("has as much cash as all positions together are worth", function () {
    const gross = traders.reduce((sum, { sizeE18, underlying }) => {
      return sum + ((sizeE18 < 0n ? -sizeE18 : sizeE18) * BIDS[underlying]) / WAD;
    }, 0n);
    expect(maker.cash).to.equal(gross / 10n ** 12n);
  });

  it("asks more than he bids, around the oracle's price", function () {
    expect(quote(0n, 1n)).to.equal((BIDS.ETH * 10_008n) / 10_000n);
    expect(quote(0n, -1n)).to.equal((BIDS.ETH * 9_992n) / 10_000n);
  });

  it("moves both against what he holds, no further than a fill may lie off the mark", function () {
    const { ETH: depth } = maker.depthE18;
    expect(quote(depth, -1n) < quote(0n, -1n)).to.equal(true);
    expect(quote(-depth, 1n) > quote(0n, 1n)).to.equal(true);
    expect(quote(3n * depth, -depth)).to.equal((BIDS.ETH * (10_000n - MOST_OFF_BPS)) / 10_000n);
    expect(quote(-3n * depth, depth)).to.equal((BIDS.ETH * (10_000n + MOST_OFF_BPS)) / 10_000n);
    for (const size of [1n, -1n]) {
      const limit = limitPriceE18({ asset: "ETH", sizeE18: size, reduceOnly: false }, PRICED);
      expect(size > 0n ? limit > quote(-3n * depth, size) : limit < quote(3n * depth, size)).to.equal(true);
    }
  });
});

describe("Positions in the books of a simulation", function () {
  it("have earned size x mark + quote, a long at the bid and a short at the ask, rounded down", function () {
    const spread = { bids: BIDS, asks: { ...BIDS, ETH: BIDS.ETH + WAD } };
    expect(profitE18(position(3n, 190n), spread)).to.equal(30n * WAD);
    expect(profitE18(position(-3n, 190n), spread)).to.equal(-33n * WAD);
    const dust = { ETH: { sizeE18: -1n, quoteE18: 0n }, BTC: NO_POSITION };
    expect(profitE18(dust, { bids: BIDS, asks: { ...BIDS, ETH: 1n } })).to.equal(-1n);
    expect(exposureE18(position(-3n, 190n), PRICED)).to.equal(-600n * WAD);
  });

  it("move with the market, and what a long wins a short loses", function () {
    const [long, short] = [position(3n, 190n), position(-3n, 190n)].map((positions) =>
      account({ positions, ...nothing }),
    );
    if (long === undefined || short === undefined) throw new Error("no accounts");
    const higher = { bids: { ...BIDS, ETH: 210n * WAD }, asks: { ...BIDS, ETH: 210n * WAD } };
    expect(markToMarketE18([long], PRICED, higher)).to.equal(30n * WAD);
    expect(markToMarketE18([long, short], PRICED, higher)).to.equal(0n);
  });

  it("count as wealth, and settled pools as what the vault owes", function () {
    const calm = observation();
    const [borrower, lender] = calm.accounts;
    if (borrower === undefined || lender === undefined) throw new Error("no accounts");
    const winner = { ...lender, positions: position(3n, 190n) };
    expect(wealthE18({ ...calm, accounts: [borrower, winner] }) - wealthE18(calm)).to.equal(30n * WAD);
    const pooled = { ...calm, perpetuals: { ...calm.perpetuals, BTC: { ...calm.perpetuals.BTC, pool: 5n } } };
    expect(marginOf(pooled)).to.equal(marginOf(calm) - 5n);
  });

  it("cost a taker something to close, which is no discount of his", function () {
    const book = new LossBook();
    const slice = { account: 1n, fractionE18: WAD, equityE18: 1_000n * WAD, payment: 900_000_000n, fundFee: 0n };
    book.sliceTaken(slice);
    book.closed(500n * WAD, 497n * WAD);
    expect(book.totals.discountsE18).to.equal(97n * WAD);
    expect(book.totals.closingE18).to.equal(3n * WAD);
  });
});

describe("The promises, with positions", function () {
  const open = (sizes: readonly [bigint, bigint], quotes: readonly [bigint, bigint], pool = 0n) => {
    const calm = observation();
    const accounts = calm.accounts.map((one, i) => ({
      ...one,
      positions: { ...NO_POSITIONS, ETH: { sizeE18: sizes[i] ?? 0n, quoteE18: quotes[i] ?? 0n } },
    }));
    const perpetuals = { ...calm.perpetuals, ETH: { rateE18: 0n, openInterestE18: 3n, pool } };
    return observation({ accounts, perpetuals, market: { ...calm.market, idle: calm.market.idle + pool } });
  };

  it("2: sizes that do not sum to zero, an open interest that is not the longs, quotes that nobody owes", function () {
    // The custody of these readings does not know the pool: that is promise 1, and left aside.
    const second = (reading: ReturnType<typeof open>) => broken(checksOfState(reading)).filter((one) => one === 2);
    expect(second(open([3n, -3n], [-600n, 600n]))).to.deep.equal([]);
    expect(second(open([3n, -3n], [-601n, 600n]))).to.deep.equal([]);
    expect(second(open([3n, -2n], [-600n, 600n]))).to.deep.equal([2]);
    expect(second(open([2n, -2n], [-400n, 400n]))).to.deep.equal([2]);
    expect(second(open([3n, -3n], [-600n, 601n]))).to.deep.equal([2]);
    expect(second(open([3n, -3n], [-600n, 600n + 5n * 10n ** 12n], 5n))).to.deep.equal([]);
    expect(second(open([3n, -3n], [-600n, 600n], 10_001n))).to.deep.equal([2]);
  });

  it("6: a rebalance of one who lends may cost him what is set aside of his cash, and no more", function () {
    const lent = account({ cash: 950_000_000n, ...nothing, healthE18: WAD, outcome: "Provisioned" });
    // A twentieth was set aside of 1,000, and then a tenth.
    const setAside = { beforeE18: WAD / 20n, afterE18: WAD / 10n };
    const facts = { pay: 0n, seconds: 0n, prices: PRICED, setAside };
    const left = (cash: bigint) => ({ ...lent, cash });
    expect(broken(checksOfRebalance(lent, left(900_000_000n), facts))).to.deep.equal([]);
    expect(broken(checksOfRebalance(lent, left(899_999_000n), facts))).to.deep.equal([6]);
  });

  it("7: a position below its initial margin, by a fill that did not lessen its risk", function () {
    const facts = { seconds: 0n, prices: PRICED };
    const positions = position(3n, 190n);
    const weak = account({ cash: 1n, positions, equityE18: 400n * WAD, healthE18: 2n * WAD });
    expect(broken(checksOfOwner(weak))).to.deep.equal([7]);
    expect(broken(checksOfOwner({ ...weak, positions: NO_POSITIONS }))).to.deep.equal([]);
    const weaker = { ...weak, initialE18: weak.initialE18 + WAD };
    expect(broken(checksOfFill(weak, weaker, facts))).to.deep.equal([7]);
    expect(broken(checksOfFill(weaker, weak, facts))).to.deep.equal([]);
    expect(broken(checksOfFill(weak, { ...weak, healthE18: WAD }, facts))).to.deep.equal([7]);
  });
});

describe("The margins that a simulation checks", function () {
  const risk = {
    shockBps: 1_000n,
    haircutMaintenanceBps: 400n,
    haircutInitialBps: 800n,
    initialFactorBps: 15_000n,
    sizeCoefficientBps: 2_000n,
  };
  const terms = { risk, perpetual: { basisMaintenanceBps: 100n, basisInitialBps: 200n, profitCap: 100n } };
  const checks = (changes: Parameters<typeof account>[0], halted = false) =>
    checksOfMargins(observation({ accounts: [account(changes)], halted: { ETH: halted, BTC: false } }), {
      ETH: terms,
      BTC: terms,
    });

  it("are the model's, with positions and without, and are left alone where a price is missing", function () {
    expect(broken(checks({}))).to.deep.equal([]);
    expect(broken(checks({ initialE18: 460n * WAD + 1n }))).to.deep.equal([9]);
    // A short of half of it: 10% of 1,000, 4% of 2,000, 1% of 1,000; profit of 300, of which 100 count.
    const hedged = { positions: position(-5n, 260n), equityE18: 1_300n * WAD, maintenanceE18: 190n * WAD };
    expect(broken(checks({ ...hedged, initialE18: 530n * WAD }))).to.deep.equal([]);
    expect(broken(checks({ ...hedged, initialE18: 330n * WAD }))).to.deep.equal([9]);
    expect(checks({ initialE18: 0n }, true)).to.deep.equal([]);
  });
});

describe("Agents, with positions", function () {
  const terms = { fractionE18: WAD / 2n, payment: 90_000_000n, fundFee: 10_000_000n };

  it("count what positions lost as a debt, and cash as what comes with the slice", function () {
    const loser = account({ cash: 500_000_000n, positions: position(5n, 400n), ...nothing });
    // Half of 500 less 1,000 is owed, and 100 for it.
    expect(costOf(loser, terms, PRICED)).to.equal(350_000_000n);
    const winner = account({ cash: 0n, positions: position(-5n, 400n), ...nothing });
    expect(costOf(winner, terms, PRICED)).to.equal(-400_000_000n);
  });

  it("keep margin for what they take until it is closed, and know what closing costs", function () {
    const loser = account({ cash: 500_000_000n, positions: position(5n, 400n), ...nothing });
    // 350, and half of the initial margin of 460.
    expect(affordable(loser, terms, 592_000_000n, PRICED)).to.equal(WAD / 2n);
    expect(affordable(loser, terms, 591_000_000n, PRICED) < WAD / 2n).to.equal(true);
    expect(affordable(loser, terms, -1n, PRICED)).to.equal(0n);
    expect(closingCost(loser, WAD / 2n, 35n, PRICED)).to.equal(1_750_000n);
  });

  it("try accounts whose cash is positive too, and write off none that has a position", function () {
    const weak = account({ id: 3n, cash: 5n, positions: position(3n, 190n), healthE18: WAD / 2n });
    expect(targetsOf([weak]).map(({ id }) => id)).to.deep.equal([3n]);
    expect(targetsOf([{ ...weak, positions: NO_POSITIONS }])).to.deep.equal([]);
    const claim = { ...NO_POSITIONS, BTC: { sizeE18: 0n, quoteE18: 1n } };
    expect(dutiesOf([account({ ...nothing, positions: claim })])).to.deep.equal([]);
    expect(dutiesOf([account(nothing)]).map(({ kind }) => kind)).to.deep.equal(["writeOff"]);
  });

  it("settle losses before the profits they pay", function () {
    const of = (id: bigint, units: bigint, price: bigint) => account({ id, positions: position(units, price) });
    const accounts = [of(1n, 3n, 190n), of(2n, 3n, 300n), account({ id: 3n }), of(4n, -3n, 190n)];
    expect(settlingOrder(accounts, "ETH", PRICED)).to.deep.equal([2n, 4n, 1n]);
    expect(settlingOrder(accounts, "BTC", PRICED)).to.deep.equal([]);
  });
});
