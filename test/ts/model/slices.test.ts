import type { FundingTerms } from "../../../scripts/core/model/funding.js";
import type { Exposure, PerpetualTerms, Position } from "../../../scripts/core/model/position.js";

import { expect } from "chai";

import { toPerpetual } from "../../../scripts/core/instrument.js";
import { keptQuote, paymentOf } from "../../../scripts/core/model/funding.js";
import { bid } from "../../../scripts/core/model/margin.js";
import {
  assessExposures,
  exposureOf,
  maintenanceAfterExposures,
  sizeTaken,
} from "../../../scripts/core/model/position.js";
import { BPS, minimum, mulDivDown, mulDivFloor, mulDivUp, WAD } from "../../../scripts/core/model/rounding.js";
import { discount, maxFraction, payment } from "../../../scripts/core/model/slice.js";
import { Random } from "../../../scripts/core/prices/random.js";
import { at, LIQUIDATION, Live, PRICES, QUOTE_SCALE, RISK, UNITS } from "./live.js";

const SEED = 20_261_127;
const ACCOUNTS = 100;
const PERPETUAL: PerpetualTerms = { basisMaintenanceBps: 100n, basisInitialBps: 200n, profitCap: 50_000n };
const FUNDING: FundingTerms = { interestE7: 125n, clampE7: 5_000n, divisor: 8n, deviationBps: 40n };
const CAP_E3 = 10_000_000_000n;
const ASSETS = [1, 2] as const;
const [EXCHANGE, OWNER, MAKER, TAKER] = [0, 1, 2, 3];
const PEOPLE = 4;
/** {quote token} What an account starts with, before all but its margin is taken out. */
const START = 400_000n * 10n ** 6n;
const WORTH_A_BORROW = 200n * 10n ** 6n;
const NO_LIMIT = 2n ** 255n - 1n;

interface Account {
  readonly id: bigint;
  readonly cash: bigint; // {quote token}
  readonly amounts: readonly bigint[];
  readonly exposures: readonly Exposure[];
}

/** Accounts that trade beside collateral, until a price is against them: what a slice asks and what it moves. */
class SlicedTraders {
  readonly counts = { slices: 0, whole: 0, insolvent: 0, hedges: 0, indebted: 0 };
  readonly #random = new Random(SEED);
  #answers: readonly bigint[] = PRICES;
  #time = 0n;

  private constructor(readonly live: Live) {}

  static async open(): Promise<SlicedTraders> {
    const traders = new SlicedTraders(await Live.create(PEOPLE));
    const { marginAccount, riskEngine, signers } = traders.live;
    const { interestE7, clampE7, divisor, deviationBps } = FUNDING;
    for (const asset of ASSETS) {
      await riskEngine.setPerpetualRisk(asset, PERPETUAL);
      await marginAccount.setPerpetual(asset, interestE7, clampE7, divisor, deviationBps, CAP_E3);
    }
    await marginAccount.setExchange(at(signers, EXCHANGE).address);
    traders.#time = await traders.live.now();
    await traders.deposit(MAKER, traders.live.accountOf(MAKER), 0, 50_000_000n * 10n ** 6n);
    return traders;
  }

  /** One account from its first deposit to a slice of it. */
  async play(index: number): Promise<void> {
    const id = this.live.accountOf(OWNER) + BigInt(index);
    const taker = this.live.accountOf(TAKER) + BigInt(index);
    await this.say(PRICES.map((price, asset) => (asset === 0 ? price : (price * (500n + this.draw(1_000n))) / 1_000n)));
    await this.furnish(id);
    await this.deposit(TAKER, taker, 0, START);
    const against = this.sidesOf(await this.read(id));
    for (let step = 0; step < 12 && (await this.assess(id)).healthE18 >= WAD; step += 1) {
      // A fifth of the time at once by more than there is margin for.
      const percent = step === 0 && this.draw(5n) === 0n ? 45n : 4n + this.draw(12n);
      await this.say(this.#answers.map((answer, asset) => (answer * (100n - percent * at(against, asset))) / 100n));
    }
    if ((await this.assess(id)).healthE18 < WAD) await this.slice(id, taker);
  }

  /** Collateral, a position in one underlying or in both, and cash or debt that leave a margin of 2 to 20 percent to spare. */
  private async furnish(id: bigint): Promise<void> {
    await this.deposit(OWNER, id, 0, START);
    for (const asset of ASSETS) {
      const unit = at(UNITS, asset);
      const worth = (usd: bigint, one: bigint): bigint => (usd * 10n ** 8n * one) / at(this.#answers, asset);
      const amount = this.draw(3n) === 0n ? 0n : worth(1_000n + this.draw(100_000n), unit) + this.draw(1_000n);
      if (amount !== 0n) await this.deposit(OWNER, id, asset, amount);
      const kind = this.draw(5n);
      if (kind === 0n && amount !== 0n) continue;
      // A third of those with collateral sell what they hold; others anything.
      const hedges = amount !== 0n && kind < 3n;
      const size = hedges ? (amount * WAD) / unit : worth(5_000n + this.draw(150_000n), WAD) + this.draw(1_000n);
      if (hedges) this.counts.hedges += 1;
      await this.fill(id, asset, hedges || this.draw(2n) === 0n ? -size : size);
    }
    const a = await this.assess(id);
    const free = (a.equityE18 - (a.initialE18 * (102n + this.draw(19n))) / 100n) / QUOTE_SCALE;
    const { cash } = await this.read(id);
    // Not a debt below the least.
    const amount = free > cash && free - cash < WORTH_A_BORROW ? cash : free;
    if (amount > 0n) await this.withdraw(id, amount);
  }

  /** A view of the terms, then the slice in a block of the same second; both as the model has them. */
  private async slice(id: bigint, taker: bigint): Promise<void> {
    const { marginAccount, liquidator, signers } = this.live;
    const { updatedAt: now } = await marginAccount.cashMarket();
    const before = await this.read(id);
    const a = assessExposures(before.exposures, before.cash * QUOTE_SCALE);
    const discountE18 = discount(a, 0n, LIQUIDATION);
    const left = (takenE18: bigint): bigint => maintenanceAfterExposures(before.exposures, takenE18);
    const most = maxFraction(left, a, -before.cash * QUOTE_SCALE, discountE18, LIQUIDATION);
    const asked = this.draw(3n) === 0n ? WAD : minimum(most, WAD / 100n + this.draw(WAD));
    const fractionE18 = minimum(asked, most);
    const share = LIQUIDATION.fundShareBps * (WAD / BPS);
    const { toAccount, toFund, fromFund } = payment(a, discountE18, fractionE18, share);
    const paid = mulDivUp(toAccount, 1n, QUOTE_SCALE) - fromFund / QUOTE_SCALE;
    const q = await liquidator.quote(id, asked);
    expect({
      healthE18: q.healthE18,
      discountE18: q.discountE18,
      maxFractionE18: q.maxFractionE18,
      fractionE18: q.fractionE18,
      payment: q.payment,
      fundFee: q.fundFee,
    }).to.deep.equal({
      healthE18: a.healthE18,
      discountE18,
      maxFractionE18: most,
      fractionE18,
      payment: paid,
      fundFee: mulDivUp(toFund, 1n, QUOTE_SCALE),
    });

    const caller = liquidator.connect(at(signers, TAKER));
    await this.live.at(now, async (o) => await caller.liquidate(id, taker, asked, NO_LIMIT, "0x", o));
    this.#time = now;
    const after = await this.read(id);
    const taken = await this.read(taker);
    for (const [i, asset] of ASSETS.entries()) {
      const moved = mulDivDown(at(before.amounts, i), fractionE18, WAD);
      expect([at(after.amounts, i), at(taken.amounts, i)]).to.deep.equal([at(before.amounts, i) - moved, moved]);
      const { fundingIndexE18 } = await marginAccount.perpetualOf(toPerpetual(BigInt(asset)));
      const { sizeE18, quoteE18 } = at(before.exposures, i).position;
      const part = { sizeE18: sizeTaken(sizeE18, fractionE18), quoteE18: mulDivFloor(quoteE18, fractionE18, WAD) };
      const rest = { sizeE18: sizeE18 - part.sizeE18, quoteE18: quoteE18 - part.quoteE18 };
      expect(at(after.exposures, i).position).to.deep.equal(stored(rest, fundingIndexE18));
      expect(at(taken.exposures, i).position).to.deep.equal(stored(part, fundingIndexE18));
    }
    const events = await liquidator.queryFilter(liquidator.filters.Liquidated(id), -1);
    const { args } = at(events, 0);
    expect(args.healthE18).to.equal(assessExposures(after.exposures, after.cash * QUOTE_SCALE).healthE18);
    if (fromFund === 0n) expect(args.payment).to.equal(paid);
    this.counts.slices += 1;
    if (fractionE18 === WAD) this.counts.whole += 1;
    if (a.equityE18 < 0n) this.counts.insolvent += 1;
    if (before.cash < 0n) this.counts.indebted += 1;
  }

  /** Which way a price has to go, for each asset, to be against the account: 1 down, -1 up. */
  private sidesOf({ exposures }: Account): bigint[] {
    return [0n, ...exposures.map(({ leg, position }) => (leg.amount === 0n && position.sizeE18 < 0n ? -1n : 1n))];
  }

  private async assess(id: bigint): Promise<ReturnType<typeof assessExposures>> {
    const { cash, exposures } = await this.read(id);
    return assessExposures(exposures, cash * QUOTE_SCALE);
  }

  /** What the ledger says the account has: amounts, sizes and quotes are compared with the model elsewhere. */
  private async read(id: bigint): Promise<Account> {
    const { marginAccount } = this.live;
    const amounts = await Promise.all(ASSETS.map(async (asset) => await marginAccount.collateralOf(id, asset)));
    const words = await Promise.all(
      ASSETS.map(async (asset) => await marginAccount.positionOf(id, toPerpetual(BigInt(asset)))),
    );
    const exposures = ASSETS.map((asset, i) => {
      const answer = at(this.#answers, asset);
      const quote = at(this.#answers, 0);
      const askE18 = mulDivUp(answer * 10n ** 8n, WAD, quote * 10n ** 8n);
      const position = {
        sizeE18: BigInt.asIntN(112, at(words, i)),
        quoteE18: BigInt.asIntN(128, at(words, i) >> 112n),
      };
      return exposureOf(
        asset,
        { amount: at(amounts, i), unit: at(UNITS, asset) },
        { bidE18: bid(answer, 8n, quote, 8n), askE18 },
        position,
        { risk: RISK, perpetual: PERPETUAL },
      );
    });
    return { id, cash: await marginAccount.cashOf(id), amounts, exposures };
  }

  private async deposit(person: number, id: bigint, asset: number, amount: bigint): Promise<void> {
    const contract = await this.live.as(person);
    const token = await at(this.live.tokens, asset).getAddress();
    await this.live.at(this.next(), async (o) => await contract.deposit(id, token, amount, o));
  }

  private async withdraw(id: bigint, amount: bigint): Promise<void> {
    const contract = await this.live.as(OWNER);
    const token = await at(this.live.tokens, 0).getAddress();
    const receiver = at(this.live.signers, OWNER).address;
    await this.live.at(this.next(), async (o) => await contract.withdraw(id, token, amount, receiver, o));
  }

  private async fill(id: bigint, asset: number, sizeE18: bigint): Promise<void> {
    const terms = {
      maker: this.live.accountOf(MAKER),
      taker: id,
      instrument: toPerpetual(BigInt(asset)),
      sizeE18,
      priceE18: bid(at(this.#answers, asset), 8n, at(this.#answers, 0), 8n),
      makerFee: 0n,
      takerFee: 0n,
      makerReduces: false,
      takerReduces: false,
    };
    await this.live.at(this.next(), async (o) => await this.live.marginAccount.fill(terms, o));
  }

  private async say(answers: readonly bigint[]): Promise<void> {
    await this.live.say(this.next(), answers);
    this.#answers = answers;
  }

  private next(): bigint {
    this.#time += 12n;
    return this.#time;
  }

  /** A whole number below `bound`. */
  private draw(bound: bigint): bigint {
    return (BigInt(Math.floor(this.#random.between(0, 2 ** 48))) * bound) / 2n ** 48n;
  }
}

/** A position as it is read once it was stored: the funding index rounds on the way in, and on the way out. */
function stored({ sizeE18, quoteE18 }: Position, indexE18: bigint): Position {
  return { sizeE18, quoteE18: keptQuote(sizeE18, quoteE18, indexE18) - paymentOf(sizeE18, indexE18) };
}

describe("The model of slices", function () {
  this.timeout(300_000);

  it(`agrees with the Liquidator to the unit on slices of ${ACCOUNTS} random accounts that trade`, async () => {
    const traders = await SlicedTraders.open();
    for (let index = 0; index < ACCOUNTS; index += 1) await traders.play(index);
    const { counts } = traders;
    if (process.env["SHOW_COUNTS"] !== undefined) process.stdout.write(`${JSON.stringify(counts)}\n`);
    expect(counts.slices).to.be.greaterThan(ACCOUNTS / 2);
    for (const count of [counts.whole, counts.insolvent, counts.hedges, counts.indebted]) {
      expect(count).to.be.greaterThan(ACCOUNTS / 30);
    }
  });
});
