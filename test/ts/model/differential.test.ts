import type { Policy } from "../../../scripts/core/model/rebalance.js";

import { expect } from "chai";

import { accrue, emptyCash, supplyAssets, valueOf } from "../../../scripts/core/model/cash.js";
import { OUTCOMES } from "../../../scripts/core/model/rebalance.js";
import { INFINITE_HEALTH, minimum, mulDivDown, mulDivUp, RAY, WAD } from "../../../scripts/core/model/rounding.js";
import { Random } from "../../../scripts/core/prices/random.js";
import { Ledger } from "./ledger.js";
import { at, INTEREST, Live, MINIMUM_DEBT, PRICES, QUOTE_SCALE, UNITS } from "./live.js";

const SEED = 20_261_123;
const ACTIONS = 500;
const [LENDER, LEAVER, TAKER, KEEPER] = [0, 1, 2, 3];
const OWNERS = [4, 5, 6, 7, 8, 9];
const PEOPLE = 10;
const MILLION = 1_000_000n * 10n ** 6n;
const E12 = 10n ** 12n;

type Kind =
  | "deposit"
  | "borrow"
  | "repay"
  | "withdraw"
  | "lend"
  | "leave"
  | "keep"
  | "time"
  | "price"
  | "rebalance"
  | "provision"
  | "slice"
  | "fees";

/** Outcomes that leave everything as it is. */
const IDLE = new Set<string>(["InBand", "NoRisk", "NotWorthIt", "PriceHalted", "CallRunning", "LiquidationOpen"]);

const policyOf = (upperE6: bigint): Policy => ({
  lowerE18: 1_300_000n * E12,
  lowerRestoreE18: 1_600_000n * E12,
  upperRestoreE18: 1_900_000n * E12,
  upperE18: upperE6 === 0n ? INFINITE_HEALTH : upperE6 * E12,
  graceSeconds: 600n,
  keeperPayCapE18: 25n * WAD,
  releasesToWallet: false,
  assetOrder: [1, 2],
});

/** Chain and model side by side: each action is done to both, and everything is compared after each. */
class Walk {
  readonly counts = new Map<string, number>();
  readonly #random = new Random(SEED);
  #time: bigint;
  #comparisons = 0;

  private constructor(
    readonly live: Live,
    readonly ledger: Ledger,
    start: bigint,
  ) {
    this.#time = start;
  }

  static async start(): Promise<Walk> {
    const live = await Live.create(PEOPLE);
    const now = await live.now();
    const walk = new Walk(live, new Ledger(emptyCash(now), PEOPLE, policyOf(0n), PRICES), now);
    await walk.populate();
    return walk;
  }

  get comparisons(): number {
    return this.#comparisons;
  }

  async step(): Promise<void> {
    const owner = at(OWNERS, Number(this.draw(BigInt(OWNERS.length))));
    const dice = this.draw(100n);
    if (dice < 14n) await this.deposit(owner);
    else if (dice < 34n) await this.borrow(owner);
    else if (dice < 38n) await this.repay(owner);
    else if (dice < 41n) await this.withdraw(owner);
    else if (dice < 43n) await this.lend();
    else if (dice < 46n) await this.leave();
    else if (dice < 49n) await this.keep(owner);
    else if (dice < 53n) await this.wait();
    else if (dice < 67n) await this.price();
    else if (dice < 82n) await this.rebalance(owner);
    else if (dice < 83n) await this.fees();
    else await this.slice();
    await this.compare();
  }

  /** Every figure of the ledger, to the unit. */
  async compare(): Promise<void> {
    const { live, ledger } = this;
    const market = await live.marginAccount.cashMarket();
    const held = ledger.cash;
    ledger.cash = accrue(held, INTEREST, market.updatedAt);
    const { cash } = ledger;
    expect({
      supplyIndex: market.supplyIndex,
      borrowIndex: market.borrowIndex,
      supplyShares: market.supplyShares,
      borrowShares: market.borrowShares,
      provisions: market.provisions,
      forfeited: market.forfeited,
      idle: market.idle,
      supplyAssets: market.supplyAssets,
      borrowAssets: market.borrowAssets,
    }).to.deep.equal({
      supplyIndex: cash.supplyIndex,
      borrowIndex: cash.borrowIndex,
      supplyShares: cash.supplyShares,
      borrowShares: cash.borrowShares,
      provisions: cash.provisions,
      forfeited: cash.forfeited,
      idle: ledger.idle,
      supplyAssets: mulDivUp(cash.supplyShares, cash.supplyIndex, RAY),
      borrowAssets: mulDivDown(cash.borrowShares, cash.borrowIndex, RAY),
    });
    await Promise.all(ledger.accounts.map(async (_, account) => await this.compareAccount(account, market.updatedAt)));
    ledger.cash = held;
    this.#comparisons += 1;
  }

  private async compareAccount(account: number, now: bigint): Promise<void> {
    const { live, ledger } = this;
    const id = account === ledger.fund ? await live.marginAccount.insuranceFund() : live.accountOf(account);
    const state = ledger.of(account);
    const [[header, cash], a, held, reserve, provision, plan] = await Promise.all([
      live.marginAccount.stateOf(id),
      live.marginAccount.assess(id),
      Promise.all([1, 2].map(async (asset) => await live.marginAccount.collateralOf(id, asset))),
      Promise.all([0, 1, 2].map(async (asset) => await live.vault.reserveOf(id, asset))),
      live.marginAccount.provisionOf(id),
      live.marginAccount.previewRebalance(id),
    ]);
    const field = (from: bigint, bits: bigint): bigint => BigInt.asUintN(Number(bits), header >> from);
    const modelled = ledger.assess(account);
    const riskBlock = field(208n, 32n);
    const block = BigInt(await live.ethers.provider.getBlockNumber());
    const planned = ledger.plan(account, riskBlock === block);
    expect(
      {
        shares: BigInt.asIntN(88, header),
        cash,
        held,
        reserve,
        provision,
        callSince: field(88n, 32n),
        callElapsed: field(120n, 24n),
        lastPoke: field(144n, 32n),
        liquidationSince: field(176n, 32n),
        callState: ["none", "running", "paused"][Number(field(240n, 8n))],
        hasProvision: field(248n, 1n) === 1n,
        equityE18: a.equityE18,
        maintenanceE18: a.maintenanceE18,
        initialE18: a.initialE18,
        healthE18: a.healthE18,
        halted: a.halted,
        outcome: OUTCOMES[Number(plan.outcome)],
        healthAfterE18: plan.healthAfterE18,
        deficitE18: plan.deficitE18,
        moves: plan.moves.map(({ asset, wallet, amount, valueE18 }) => ({
          asset: Number(asset),
          wallet,
          amount,
          valueE18,
        })),
      },
      `account ${account}`,
    ).to.deep.equal({
      shares: state.shares,
      cash: valueOf(ledger.cash, state.shares),
      held: state.held.slice(1),
      reserve: state.reserve,
      provision: state.provision,
      ...state.clock,
      ...modelled,
      outcome: planned.kind,
      healthAfterE18: planned.healthAfterE18,
      deficitE18: planned.deficitE18,
      moves: planned.moves,
    });
    if (modelled.healthE18 < WAD && state.shares < 0n && riskBlock < block) {
      const q = await live.liquidator.quote(id, WAD);
      const quoted = ledger.quote(account, WAD, now);
      expect({
        fractionE18: q.fractionE18,
        discountE18: q.discountE18,
        payment: q.payment,
        fundFee: q.fundFee,
      }).to.deep.equal(quoted);
      this.count("quote");
    }
  }

  private async deposit(owner: number): Promise<void> {
    const asset = 1 + Number(this.draw(2n));
    // {token} worth one thousand to one and a half million quote units
    const amount =
      ((this.draw(1_500_000n) + 1_000n) * 10n ** 8n * at(UNITS, asset)) / at(PRICES, asset) + this.draw(1_000n);
    await this.enter("deposit", owner, asset, amount);
  }

  private async borrow(owner: number): Promise<void> {
    const { ledger } = this;
    const now = this.next();
    const free = this.accrued(now, () => {
      const a = ledger.assess(owner);
      // The debt's own rounding may take a unit, and did with what was there before.
      return (a.equityE18 - a.initialE18) / QUOTE_SCALE - 2n;
    });
    const amount = this.draw(3n) === 0n ? free : (free * this.draw(100n)) / 100n;
    const debt = this.accrued(now, () => -ledger.cashOf(owner));
    if (amount <= 0n || amount > ledger.idle || debt + amount < MINIMUM_DEBT * 10n ** 6n + 10n) return;
    await this.withdrawAs("borrow", owner, 0, amount, now);
  }

  private async repay(owner: number): Promise<void> {
    const debt = -this.ledger.cashOf(owner);
    if (debt <= 10_000n) return;
    // A third of the time more than is owed.
    await this.enter("repay", owner, 0, this.draw(3n) === 0n ? debt + this.draw(MILLION) : 10_000n + this.draw(debt));
  }

  private async withdraw(owner: number): Promise<void> {
    const { ledger } = this;
    const asset = 1 + Number(this.draw(2n));
    const now = this.next();
    const a = this.accrued(now, () => ledger.assess(owner));
    const free = a.equityE18 - a.initialE18;
    const held = at(ledger.of(owner).held, asset);
    // What is worth the free equity may always go: it takes margin with it.
    const most = minimum(held, free <= 0n ? 0n : mulDivDown(free, at(UNITS, asset), ledger.bidOf(asset)));
    const amount = ledger.of(owner).shares >= 0n ? this.draw(held + 1n) : this.draw(most + 1n);
    if (amount === 0n) return;
    await this.withdrawAs("withdraw", owner, asset, amount, now);
  }

  private async lend(): Promise<void> {
    await this.enter("lend", LEAVER, 0, 100_000n + this.draw(MILLION));
  }

  private async leave(): Promise<void> {
    const cash = minimum(this.ledger.cashOf(LEAVER), this.ledger.idle);
    if (cash <= 1n) return;
    await this.withdrawAs("leave", LEAVER, 0, 1n + this.draw(cash), this.next());
  }

  /** Into an owner's reserve. */
  private async keep(owner: number): Promise<void> {
    const asset = Number(this.draw(3n));
    const amount = ((1n + this.draw(20_000n)) * 10n ** 8n * at(UNITS, asset)) / at(PRICES, asset) + 1n;
    const contract = await this.live.as(owner);
    const token = await at(this.live.tokens, asset).getAddress();
    await this.live.at(
      this.next(),
      async (o) => await contract.depositReserve(this.live.accountOf(owner), token, amount, o),
    );
    this.ledger.keep(owner, asset, amount);
    this.count("keep");
  }

  private async wait(): Promise<void> {
    this.#time += 60n + this.draw(this.draw(3n) === 0n ? 3n * 86_400n : 7_200n);
    await this.say(this.ledger.answers);
    this.count("time");
  }

  private async price(): Promise<void> {
    const gap = this.draw(7n) === 0n;
    const answers = this.ledger.answers.map((answer, asset) => {
      if (asset === 0) return 98n * 10n ** 6n + this.draw(4n * 10n ** 6n);
      const moved = (answer * (gap ? 600n + this.draw(900n) : 900n + this.draw(205n))) / 1_000n;
      const start = at(PRICES, asset);
      return moved < start / 8n || moved > start * 8n ? start : moved;
    });
    await this.say(answers);
    this.count("price");
  }

  /** Mostly an account that has something to be done. */
  private async rebalance(any: number): Promise<void> {
    const contract = await this.live.as(KEEPER);
    const now = this.next();
    const due = this.accrued(now, () => OWNERS.filter((one) => !IDLE.has(this.ledger.plan(one).kind)));
    const owner = due[Number(this.draw(BigInt(due.length)))] ?? any;
    await this.live.at(now, async (o) => await contract.rebalance(this.live.accountOf(owner), o));
    const plan = this.ledger.rebalance(owner, KEEPER, now);
    this.count("rebalance");
    this.count(plan.kind);
  }

  private async slice(): Promise<void> {
    const { live, ledger } = this;
    const now = this.next();
    const owner = this.accrued(now, () =>
      OWNERS.find((one) => ledger.of(one).shares < 0n && ledger.assess(one).healthE18 < WAD),
    );
    if (owner === undefined) return;
    // Less than the whole: what is left of an account that cannot be restored is taken by further slices.
    const asked = 10n ** 16n + this.draw(98n * 10n ** 16n);
    const taker = live.liquidator.connect(at(live.signers, TAKER));
    const insolvent = ledger.assess(owner).equityE18 < 0n;
    await live.at(
      now,
      async (o) => await taker.liquidate(live.accountOf(owner), live.accountOf(TAKER), asked, 2n ** 255n - 1n, "0x", o),
    );
    ledger.slice(owner, TAKER, asked, now);
    this.count(insolvent ? "insolvent slice" : "slice");
  }

  private async fees(): Promise<void> {
    const contract = await this.live.as(KEEPER);
    const now = this.next();
    await this.live.at(now, async (o) => await contract.collectFees(o));
    this.ledger.collectFees(now);
    this.count("fees");
  }

  private async enter(kind: Kind, person: number, asset: number, amount: bigint): Promise<void> {
    const contract = await this.live.as(person);
    const token = await at(this.live.tokens, asset).getAddress();
    const now = this.next();
    await this.live.at(now, async (o) => await contract.deposit(this.live.accountOf(person), token, amount, o));
    this.ledger.deposit(person, asset, amount, now);
    this.count(kind);
  }

  private async withdrawAs(kind: Kind, person: number, asset: number, amount: bigint, now: bigint): Promise<void> {
    const contract = await this.live.as(person);
    const token = await at(this.live.tokens, asset).getAddress();
    const receiver = at(this.live.signers, person).address;
    const id = this.live.accountOf(person);
    await this.live.at(now, async (o) => await contract.withdraw(id, token, amount, receiver, o));
    this.ledger.withdraw(person, asset, amount, now);
    this.count(kind);
  }

  private async populate(): Promise<void> {
    for (const [index, owner] of OWNERS.entries()) {
      const contract = await this.live.as(owner);
      const upperE6 = index % 2 === 0 ? 2_200_000n : 0n;
      const fields = {
        lowerE6: 1_300_000n,
        lowerRestoreE6: 1_600_000n,
        upperRestoreE6: 1_900_000n,
        upperE6,
        graceSeconds: 600n,
        keeperPayCap: 25n,
        releaseToWallet: false,
        walletTopUp: false,
        assetOrder: 0x0201n,
      };
      await this.live.at(this.next(), async (o) => await contract.setPolicy(this.live.accountOf(owner), fields, o));
      this.ledger.of(owner).policy = policyOf(upperE6);
    }
    for (const account of [LENDER, LEAVER, TAKER, KEEPER, this.ledger.fund]) {
      this.ledger.of(account).policy = { ...policyOf(0n), lowerE18: 1_250_000n * E12, assetOrder: [] };
    }
    await this.enter("lend", LENDER, 0, 8n * MILLION);
    await this.enter("lend", LEAVER, 0, 2n * MILLION);
    await this.enter("lend", TAKER, 0, 10n * MILLION);
    await this.say(PRICES);
  }

  private async say(answers: readonly bigint[]): Promise<void> {
    this.#time = this.next();
    await this.live.say(this.#time, answers);
    this.ledger.answers = answers;
  }

  private next(): bigint {
    this.#time += 12n;
    return this.#time;
  }

  /** Reads the model as it will be at `now`, and leaves it as it was. */
  private accrued<Result>(now: bigint, read: () => Result): Result {
    const held = this.ledger.cash;
    this.ledger.pass(now);
    const result = read();
    this.ledger.cash = held;
    return result;
  }

  /** A whole number below `bound`. */
  private draw(bound: bigint): bigint {
    const bits = 2 ** 48;
    return (BigInt(Math.floor(this.#random.between(0, bits))) * bound) / BigInt(bits);
  }

  private count(kind: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }
}

describe("The model beside the contracts", () => {
  it("agrees to the unit after each of 500 random actions, and replaying the events gives every balance", async function () {
    this.timeout(300_000);
    const walk = await Walk.start();
    for (let i = 0; i < ACTIONS; i += 1) await walk.step();
    expect(walk.comparisons).to.equal(ACTIONS);
    if (process.env["SHOW_COUNTS"] !== undefined) process.stdout.write(`${JSON.stringify([...walk.counts])}\n`);
    for (const kind of [
      "deposit",
      "borrow",
      "repay",
      "withdraw",
      "lend",
      "leave",
      "keep",
      "time",
      "price",
      "slice",
      "insolvent slice",
      "fees",
      "quote",
      "Released",
      "ToppedUp",
      "MarginCalled",
      "Provisioned",
    ]) {
      expect(walk.counts.get(kind) ?? 0, kind).to.be.greaterThan(0);
    }
    expect(supplyAssets(walk.ledger.cash) > 0n).to.equal(true);
    await replay(walk);
  });
});

/** Promise 13: the events alone give every balance that the storage has. */
async function replay({ live, ledger }: Walk): Promise<void> {
  const shares = new Map<bigint, bigint>();
  const balances = new Map<string, bigint>();
  const { marginAccount, vault } = live;
  for (const { args } of await marginAccount.queryFilter(marginAccount.filters.CashChanged(), 0)) {
    shares.set(args.accountId, args.shares);
  }
  for (const { args } of await marginAccount.queryFilter(marginAccount.filters.CollateralChanged(), 0)) {
    balances.set(`held ${args.accountId} ${args.asset}`, args.balance);
  }
  for (const { args } of await vault.queryFilter(vault.filters.ReserveChanged(), 0)) {
    balances.set(`kept ${args.accountId} ${args.asset}`, args.held);
  }
  for (const [account, state] of ledger.accounts.entries()) {
    const id = account === ledger.fund ? await marginAccount.insuranceFund() : live.accountOf(account);
    expect(shares.get(id) ?? 0n).to.equal(state.shares);
    for (const asset of [0, 1, 2]) {
      expect(balances.get(`held ${id} ${asset}`) ?? 0n).to.equal(at(state.held, asset));
      expect(balances.get(`kept ${id} ${asset}`) ?? 0n).to.equal(at(state.reserve, asset));
    }
  }
}
