import type { Exposure, PerpetualTerms, Position } from "../../../scripts/core/model/position.js";
import type { Funding, FundingTerms } from "../../../scripts/core/model/funding.js";

import { expect } from "chai";

import { toPerpetual } from "../../../scripts/core/instrument.js";
import { afterFill, fundingAt, keptQuote, paymentOf, rateOf } from "../../../scripts/core/model/funding.js";
import { bid } from "../../../scripts/core/model/margin.js";
import { assessExposures, exposureOf, marginOfExposure, profitOf } from "../../../scripts/core/model/position.js";
import { mulDivDown, mulDivUp, WAD } from "../../../scripts/core/model/rounding.js";
import { Random } from "../../../scripts/core/prices/random.js";
import { at, Live, PRICES, QUOTE_SCALE, RISK, UNITS } from "./live.js";

const SEED = 20_261_126;
const CASES = 4_000;
/** Cases at one set of prices, and asked for at once. */
const BATCH = 50;
const FILLS = 300;
const PERPETUAL: PerpetualTerms = { basisMaintenanceBps: 100n, basisInitialBps: 200n, profitCap: 50_000n };
const FUNDING: FundingTerms = { interestE7: 125n, clampE7: 5_000n, divisor: 8n, deviationBps: 40n };
const CAP_E3 = 10_000_000_000n;
const ETH = 1;

const random = new Random(SEED);
/** A whole number below `bound`. */
const draw = (bound: bigint): bigint => (BigInt(Math.floor(random.between(0, 2 ** 48))) * bound) / 2n ** 48n;

interface Case {
  readonly cashE18: bigint;
  readonly pages: readonly bigint[];
  readonly positions: readonly bigint[];
  readonly exposures: readonly Exposure[];
}

/** As contracts/types/CollateralPage.sol and contracts/types/Position.sol pack them. */
const pageOf = (first: bigint, second: bigint): bigint =>
  (first === 0n ? 0n : first | (1n << 112n)) | (second === 0n ? 0n : (second << 120n) | (2n << 232n));
const wordOf = (asset: bigint, { sizeE18, quoteE18 }: Position): bigint =>
  BigInt.asUintN(112, sizeE18) | (BigInt.asUintN(128, quoteE18) << 112n) | (asset << 240n) | (1n << 248n);

const askOf = (answer: bigint, quote: bigint): bigint => mulDivUp(answer * 10n ** 8n, WAD, quote * 10n ** 8n);

/** Collateral, a position, both or neither of each asset; a third of the sizes make a hedge, some a claim alone. */
function drawCase(answers: readonly bigint[]): Case {
  const held = [1, 2].map((asset) => {
    const unit = at(UNITS, asset);
    const price = at(answers, asset);
    const worth = (usd: bigint): bigint => (usd * 10n ** 8n * unit) / price;
    const amount = draw(3n) === 0n ? 0n : worth(draw(3_000_000n)) + draw(1_000n);
    const kind = draw(6n);
    const most = kind < 2n ? (amount * WAD) / unit : (draw(3_000_000n) * 10n ** 8n * WAD) / price;
    const size = kind === 5n ? 0n : ((most + draw(1_000n)) * (90n + draw(20n))) / 100n;
    const sizeE18 = kind < 2n || draw(2n) === 0n ? -size : size;
    const paid = (sizeE18 * price * (80n + draw(40n))) / (100n * 10n ** 8n);
    const quoteE18 = kind === 5n ? draw(2n) * draw(200_000n * WAD) : -paid + draw(1_000_000n);
    return { asset, amount, position: { sizeE18, quoteE18 } };
  });
  const exposures = held.map(({ asset, amount, position }) =>
    exposureOf(
      asset,
      { amount, unit: at(UNITS, asset) },
      { bidE18: bid(at(answers, asset), 8n, at(answers, 0), 8n), askE18: askOf(at(answers, asset), at(answers, 0)) },
      position,
      { risk: RISK, perpetual: PERPETUAL },
    ),
  );
  const page = pageOf(at(held, 0).amount, at(held, 1).amount);
  return {
    cashE18: (draw(2_000_000n) - 1_000_000n) * 10n ** 18n + draw(10n ** 6n) * QUOTE_SCALE,
    pages: page === 0n ? [] : [page],
    positions: held
      .filter(({ position }) => position.sizeE18 !== 0n || position.quoteE18 !== 0n)
      .map(({ asset, position }) => wordOf(BigInt(asset), position)),
    exposures,
  };
}

describe("The model of positions", function () {
  this.timeout(300_000);
  const plain = { amount: 0n, unit: WAD };
  const at100 = { bidE18: 100n * WAD, askE18: 100n * WAD };
  const terms = { risk: { ...RISK, sizeCoefficientBps: 0n }, perpetual: PERPETUAL };
  const of = (amount: bigint, units: bigint, quote: bigint): Exposure =>
    exposureOf(1, { ...plain, amount: amount * WAD }, at100, { sizeE18: units * WAD, quoteE18: quote * WAD }, terms);

  it("asks a hedge for haircut and basis alone, and a naked short for the shock", function () {
    // 10 ETH of 100 beside a short of 10: 4% of 1,000 and 1% of 1,000; 8% and 2% to begin with.
    expect(marginOfExposure(of(10n, -10n, 900n))).to.deep.equal({ maintenanceE18: 50n * WAD, initialE18: 100n * WAD });
    // Without the ETH: 10% of 1,000 and 1%; 15% and 2%.
    expect(marginOfExposure(of(0n, -10n, 900n))).to.deep.equal({ maintenanceE18: 110n * WAD, initialE18: 170n * WAD });
    expect(profitOf(of(0n, -10n, 900n))).to.equal(-100n * WAD);
  });

  it("counts profit for equity at once, and for new risk up to the cap", function () {
    const rich = of(0n, 10n, 59_000n);
    expect(assessExposures([rich], 0n)).to.deep.include({
      equityE18: 60_000n * WAD,
      maintenanceE18: 110n * WAD,
      initialE18: 10_170n * WAD,
    });
  });

  it("charges an hour for the fills of the hour before it, and then interest alone", function () {
    const start: Funding = {
      updatedAt: 7_200n,
      indexE18: 0n,
      priceE18: 100n * WAD,
      rateE18: 0n,
      premiumE18: 0n,
      weightedE18: 0n,
    };
    // All of the market at 0.2% above the index, half an hour into the hour: a mean of 0.1%, an eighth of it and interest.
    const fill = { sizeE18: WAD, priceE18: (1_002n * WAD) / 10n, indexE18: 100n * WAD, interestE18: WAD };
    const filled = afterFill(fundingAt(start, FUNDING, 9_000n), FUNDING, fill);
    const rate = (1_250n * WAD) / 10_000_000n + 125n * 10n ** 11n;
    const next = fundingAt(filled, FUNDING, 10_800n);
    expect(next).to.deep.include({ indexE18: 0n, rateE18: rate, premiumE18: 0n });
    const later = fundingAt(next, FUNDING, 10_800n + 7_200n);
    expect(later.rateE18).to.equal(rateOf(0n, FUNDING));
    expect(later.indexE18).to.equal(100n * (rate + 125n * 10n ** 11n));
    expect([paymentOf(3n, 1n), paymentOf(-3n, 1n), paymentOf(-2n * WAD, WAD)]).to.deep.equal([1n, 0n, -2n * WAD]);
  });

  it(`agrees with the risk engine to the unit on ${CASES} random accounts`, async function () {
    const live = await Live.create(2);
    for (const asset of [1, 2]) await live.riskEngine.setPerpetualRisk(asset, PERPETUAL);
    let [below, capped, claims] = [0, 0, 0];
    for (let batch = 0; batch < CASES / BATCH; batch += 1) {
      const answers = PRICES.map((price, asset) =>
        asset === 0 ? 98n * 10n ** 6n + draw(4n * 10n ** 6n) : (price * (300n + draw(1_500n))) / 1_000n + draw(100n),
      );
      await live.say((await live.now()) + 12n, answers);
      const cases = Array.from({ length: BATCH }, () => drawCase(answers));
      await Promise.all(
        cases.map(async ({ cashE18, pages, positions, exposures }) => {
          const found = await live.riskEngine.assessAccount(cashE18, [...pages], [...positions]);
          const modelled = assessExposures(exposures, cashE18);
          expect({
            equityE18: found.equityE18,
            maintenanceE18: found.maintenanceE18,
            initialE18: found.initialE18,
            healthE18: found.healthE18,
            halted: found.halted,
          }).to.deep.equal(modelled);
          below += modelled.equityE18 < modelled.maintenanceE18 ? 1 : 0;
          capped += exposures.some((one) => profitOf(one) > PERPETUAL.profitCap * WAD) ? 1 : 0;
          claims += exposures.some(({ position: p }) => p.sizeE18 === 0n && p.quoteE18 > 0n) ? 1 : 0;
        }),
      );
    }
    // Every part of the rule was needed.
    for (const count of [below, capped, claims]) expect(count).to.be.greaterThan(CASES / 20);
  });

  it(`agrees with the ledger to the unit through ${FILLS} fills and the hours between`, async function () {
    const people = [1, 2, 3];
    const live = await Live.create(4);
    const { marginAccount, riskEngine } = live;
    const instrument = toPerpetual(BigInt(ETH));
    const { interestE7, clampE7, divisor, deviationBps } = FUNDING;
    await riskEngine.setPerpetualRisk(ETH, PERPETUAL);
    await marginAccount.setPerpetual(ETH, interestE7, clampE7, divisor, deviationBps, CAP_E3);
    await marginAccount.setExchange(at(live.signers, 0).address);
    for (const person of people) {
      const token = await at(live.tokens, 0).getAddress();
      await (await live.as(person)).deposit(live.accountOf(person), token, 50_000_000n * 10n ** 6n);
    }
    let now = await live.now();
    let price = at(PRICES, ETH);
    let interest = 0n;
    const nothing = { indexE18: 0n, priceE18: 0n, rateE18: 0n, premiumE18: 0n, weightedE18: 0n };
    let funding: Funding = { ...nothing, updatedAt: (await marginAccount.perpetualOf(instrument)).updatedAt };
    const held = new Map(people.map((person) => [person, { sizeE18: 0n, quoteE18: 0n }]));
    const positionOf = (person: number): Position => {
      const { sizeE18, quoteE18 } = held.get(person) ?? { sizeE18: 0n, quoteE18: 0n };
      return { sizeE18, quoteE18: quoteE18 - paymentOf(sizeE18, funding.indexE18) };
    };
    for (let i = 0; i < FILLS; i += 1) {
      now += draw(4n) === 0n ? draw(20_000n) + 1n : draw(900n) + 1n;
      price = (price * (990n + draw(21n))) / 1_000n + draw(100n);
      await live.say(now, [10n ** 8n + draw(3n), price, at(PRICES, 2)]);
      const answer = await live.riskEngine.priceAccount([], [wordOf(BigInt(ETH), { sizeE18: WAD, quoteE18: 0n })]);
      const { bidE18, askE18 } = at(answer, 0);
      const indexE18 = (bidE18 + askE18) / 2n;
      const maker = at(people, Number(draw(3n)));
      const taker = at(people, (maker + Number(draw(2n))) % 3);
      const size = WAD / 100n + draw(30n * WAD);
      const sizeE18 = draw(2n) === 0n ? size : -size;
      const priceE18 = (indexE18 * (9_930n + draw(141n))) / 10_000n;
      now += 1n;
      await live.at(
        now,
        async (o) =>
          await marginAccount.fill(
            {
              ...{ maker: live.accountOf(maker), taker: live.accountOf(taker), instrument, sizeE18, priceE18 },
              ...{ makerFee: 0n, takerFee: 0n, makerReduces: false, takerReduces: false },
            },
            o,
          ),
      );
      funding = { ...fundingAt(funding, FUNDING, now), priceE18: indexE18 };
      const cost = sizeE18 > 0n ? mulDivUp(size, priceE18, WAD) : mulDivDown(size, priceE18, WAD);
      const paid = sizeE18 > 0n ? -cost : cost;
      for (const [person, sign] of [
        [maker, -1n],
        [taker, 1n],
      ] as const) {
        const before = positionOf(person);
        const after = before.sizeE18 + sign * sizeE18;
        held.set(person, {
          sizeE18: after,
          quoteE18: keptQuote(after, before.quoteE18 + sign * paid, funding.indexE18),
        });
      }
      const longs = [...held.values()].reduce((sum, one) => sum + (one.sizeE18 > 0n ? one.sizeE18 : 0n), 0n);
      const fill = { sizeE18: size, priceE18, indexE18, interestE18: longs > interest ? longs : interest };
      funding = afterFill(funding, FUNDING, fill);
      interest = longs;

      const chain = await marginAccount.perpetualOf(instrument);
      expect({
        updatedAt: chain.updatedAt,
        indexE18: chain.fundingIndexE18,
        priceE18: chain.indexPriceE18,
        rateE18: chain.rateE18,
        premiumE18: chain.premiumE18,
        weightedE18: chain.weightedE18,
        interest: chain.openInterestE18,
      }).to.deep.equal({ ...funding, interest });
      for (const person of people) {
        const id = live.accountOf(person);
        const position = positionOf(person);
        const word = await marginAccount.positionOf(id, instrument);
        const size112 = BigInt.asIntN(112, word);
        expect({ sizeE18: size112, quoteE18: BigInt.asIntN(128, word >> 112n) }).to.deep.equal(position);
        const a = await marginAccount.assess(id);
        const cashE18 = (await marginAccount.cashOf(id)) * QUOTE_SCALE;
        const exposure = exposureOf(ETH, { amount: 0n, unit: WAD }, { bidE18, askE18 }, position, {
          risk: RISK,
          perpetual: PERPETUAL,
        });
        const modelled = assessExposures([exposure], cashE18);
        expect(a.equityE18).to.equal(modelled.equityE18);
        expect(a.maintenanceE18).to.equal(modelled.maintenanceE18);
        expect(a.initialE18).to.equal(modelled.initialE18);
      }
    }
  });
});
