import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { TransactionReceipt } from "ethers";

import { perStep, type Breakdown } from "../../core/gas/breakdown.js";
import { MeasurementError } from "../../core/gas/errors.js";
import { OPERATIONS, type Operation } from "../../core/gas/peers.js";
import { kilo, type Reading } from "../../core/gas/table.js";
import { OVERRIDES } from "./chain.js";
import { ETHER, tokens, usd, type MeasuredMarket } from "./market.js";

const OUTCOME = { Released: 4n, ToppedUp: 5n } as const;
const SUBJECT = 5; // the first signer that is nobody else
const BATCH = 11;
const MAXIMUM_COLLATERALS = 8;
const ONE_E18 = 10n ** 18n;
const TOP_UP_PRICE = 2_380n; // health 1.14 with 10 ether and 20,000 of debt
const LIQUIDATION_PRICE = 2_310n; // health 0.96
const POLICY = {
  lowerE6: 1_250_000,
  lowerRestoreE6: 1_600_000,
  upperRestoreE6: 1_800_000,
  upperE6: 2_000_000,
  graceSeconds: 600,
  keeperPayCap: 25,
  releaseToWallet: false,
  walletTopUp: false,
  assetOrder: ETHER,
};

export interface Measurement {
  readonly readings: readonly Reading[];
  /** Rows whose scenario did not come about, a line each; the others stand. */
  readonly problems: readonly string[];
}

/** Measures every row, each from the same market, and forgets what it did. */
export async function measureAll(market: MeasuredMarket): Promise<Measurement> {
  const rows: readonly (readonly [Operation, (market: MeasuredMarket) => Promise<Reading>])[] = [
    [OPERATIONS.firstDeposit, firstDeposit],
    [OPERATIONS.nextDeposit, nextDeposit],
    [OPERATIONS.withdraw, withdraw],
    [OPERATIONS.borrow, borrow],
    [OPERATIONS.repay, repay],
    [OPERATIONS.health, health],
    [OPERATIONS.furtherCollateral, furtherCollateral],
    [OPERATIONS.liquidate, liquidate],
    [OPERATIONS.topUp, topUp],
    [OPERATIONS.release, release],
    [OPERATIONS.furtherRebalance, furtherRebalance],
    [OPERATIONS.trade, trade],
  ];
  const readings: Reading[] = [];
  const problems: string[] = [];
  for (const [operation, measure] of rows) {
    try {
      readings.push(await market.parts.chain.aside(async () => await measure(market)));
    } catch (cause) {
      problems.push(`"${operation}" was not measured: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  return { readings, problems };
}

async function readingOf(market: MeasuredMarket, operation: Operation, receipt: TransactionReceipt): Promise<Reading> {
  return { operation, note: null, ...(await measured(market, receipt)) };
}

/** Ten ether, twenty thousand of debt: health 2.38 at the starting price. */
async function openAccount(market: MeasuredMarket, owner: HardhatEthersSigner): Promise<bigint> {
  await market.deposit(owner, ETHER, tokens(10n));
  await market.borrow(owner, usd(20_000n));
  return market.accountOf(owner);
}

async function firstDeposit(market: MeasuredMarket): Promise<Reading> {
  const owner = market.person(SUBJECT);
  await market.fund(owner, ETHER, tokens(10n));
  return await readingOf(market, OPERATIONS.firstDeposit, await sendDeposit(market, owner, ETHER, tokens(5n)));
}

async function nextDeposit(market: MeasuredMarket): Promise<Reading> {
  const owner = market.person(SUBJECT);
  await market.deposit(owner, ETHER, tokens(10n));
  return await readingOf(market, OPERATIONS.nextDeposit, await sendDeposit(market, owner, ETHER, tokens(5n)));
}

async function withdraw(market: MeasuredMarket): Promise<Reading> {
  const owner = market.person(SUBJECT);
  await openAccount(market, owner);
  return await readingOf(market, OPERATIONS.withdraw, await sendWithdraw(market, owner, ETHER, tokens(1n)));
}

async function borrow(market: MeasuredMarket): Promise<Reading> {
  const owner = market.person(SUBJECT);
  await openAccount(market, owner);
  return await readingOf(market, OPERATIONS.borrow, await sendWithdraw(market, owner, 0, usd(1_000n)));
}

async function repay(market: MeasuredMarket): Promise<Reading> {
  const owner = market.person(SUBJECT);
  await openAccount(market, owner);
  await market.fund(owner, 0, usd(1_000n));
  return await readingOf(market, OPERATIONS.repay, await sendDeposit(market, owner, 0, usd(1_000n)));
}

async function health(market: MeasuredMarket): Promise<Reading> {
  const owner = market.person(SUBJECT);
  await openAccount(market, owner);
  return await readingOf(market, OPERATIONS.health, await sendHealth(market, owner));
}

async function furtherCollateral(market: MeasuredMarket): Promise<Reading> {
  const owner = market.person(SUBJECT);
  await openAccount(market, owner);
  const first = await measured(market, await sendHealth(market, owner));
  let last = first;
  const steps: bigint[] = [];
  for (let asset = ETHER + 1; asset <= MAXIMUM_COLLATERALS; asset += 1) {
    await market.deposit(owner, asset, tokens(1n));
    const next = await measured(market, await sendHealth(market, owner));
    steps.push(next.gas - last.gas);
    last = next;
  }
  const note = `mean of collaterals 2 to ${MAXIMUM_COLLATERALS}: ${steps.map(kilo).join(", ")}`;
  return meanOf(OPERATIONS.furtherCollateral, first, last, BigInt(steps.length), note);
}

async function liquidate(market: MeasuredMarket): Promise<Reading> {
  const { chain, liquidator } = market.parts;
  const [account, taker] = [await openAccount(market, market.person(SUBJECT)), market.accountOf(market.taker)];
  await market.setPrice(ETHER, LIQUIDATION_PRICE);
  const terms = await liquidator.quote(account, ONE_E18);
  demand(terms.fractionE18 < ONE_E18 && terms.payment > 0n, "a part is taken and paid for");
  const limit = ((terms.payment + terms.fundFee) * 101n) / 100n;
  const receipt = await chain.send(
    async () => await liquidator.connect(market.taker).liquidate(account, taker, ONE_E18, limit, "0x", OVERRIDES),
  );
  return await readingOf(market, OPERATIONS.liquidate, receipt);
}

async function topUp(market: MeasuredMarket): Promise<Reading> {
  const account = await openForTopUp(market, market.person(SUBJECT));
  await market.setPrice(ETHER, TOP_UP_PRICE);
  const receipt = await sendRebalance(market, account, OUTCOME.ToppedUp);
  return await readingOf(market, OPERATIONS.topUp, receipt);
}

async function release(market: MeasuredMarket): Promise<Reading> {
  const owner = market.person(SUBJECT);
  const account = await openAccount(market, owner);
  await market.depositReserve(owner, ETHER, tokens(1n));
  await setPolicy(market, owner);
  const receipt = await sendRebalance(market, account, OUTCOME.Released);
  return await readingOf(market, OPERATIONS.release, receipt);
}

async function furtherRebalance(market: MeasuredMarket): Promise<Reading> {
  const { chain, marginAccount } = market.parts;
  const accounts: bigint[] = [];
  for (let index = 0; index < BATCH; index += 1) {
    accounts.push(await openForTopUp(market, market.person(SUBJECT + index)));
  }
  await market.setPrice(ETHER, TOP_UP_PRICE);

  const contract = marginAccount.connect(market.keeper);
  const batchOf = async (count: number): Promise<Measured> => {
    const batch = accounts.slice(0, count);
    const outcomes = await contract.rebalanceMany.staticCall(batch, OVERRIDES);
    demand(
      outcomes.every((outcome) => outcome === OUTCOME.ToppedUp),
      "every account of the batch is topped up",
    );
    const receipt = await chain.send(async () => await contract.rebalanceMany(batch, OVERRIDES));
    return await measured(market, receipt);
  };
  const one = await chain.aside(async () => await batchOf(1));
  const note = `mean of accounts 2 to ${BATCH} of a batch; a batch of one ${kilo(one.gas)}`;
  return meanOf(OPERATIONS.furtherRebalance, one, await batchOf(BATCH), BigInt(BATCH - 1), note);
}

async function openForTopUp(market: MeasuredMarket, owner: HardhatEthersSigner): Promise<bigint> {
  const account = await openAccount(market, owner);
  await market.depositReserve(owner, 0, usd(5_000n));
  await setPolicy(market, owner);
  return account;
}

export async function setPolicy(market: MeasuredMarket, owner: HardhatEthersSigner): Promise<void> {
  const { chain, marginAccount } = market.parts;
  const account = market.accountOf(owner);
  await chain.send(async () => await marginAccount.connect(owner).setPolicy(account, POLICY, OVERRIDES));
}

async function sendDeposit(market: MeasuredMarket, owner: HardhatEthersSigner, asset: number, amount: bigint) {
  const { chain, marginAccount } = market.parts;
  const [account, token] = [market.accountOf(owner), await market.token(asset).getAddress()];
  return await chain.send(async () => await marginAccount.connect(owner).deposit(account, token, amount, OVERRIDES));
}

async function sendWithdraw(market: MeasuredMarket, owner: HardhatEthersSigner, asset: number, amount: bigint) {
  const { chain, marginAccount } = market.parts;
  const [account, token] = [market.accountOf(owner), await market.token(asset).getAddress()];
  const contract = marginAccount.connect(owner);
  return await chain.send(async () => await contract.withdraw(account, token, amount, owner.address, OVERRIDES));
}

/** A view, sent as a transaction by somebody else. */
export async function sendHealth(market: MeasuredMarket, owner: HardhatEthersSigner): Promise<TransactionReceipt> {
  const { chain, marginAccount } = market.parts;
  const view = await marginAccount.healthOf.populateTransaction(market.accountOf(owner));
  return await chain.send(async () => await market.keeper.sendTransaction({ ...view, ...OVERRIDES }));
}

async function sendRebalance(market: MeasuredMarket, account: bigint, expected: bigint): Promise<TransactionReceipt> {
  const { chain, marginAccount } = market.parts;
  const contract = marginAccount.connect(market.keeper);
  const outcome = await contract.rebalance.staticCall(account, OVERRIDES);
  demand(outcome === expected, `the outcome is ${outcome}, expected ${expected}`);
  const before = await marginAccount.cashOf(market.accountOf(market.keeper));
  const receipt = await chain.send(async () => await contract.rebalance(account, OVERRIDES));
  const paid = (await marginAccount.cashOf(market.accountOf(market.keeper))) - before;
  demand(paid > usd(1n), "the keeper is paid");
  return receipt;
}

/** Both have traded before, and each order is filled whole: what a busy market does most. */
async function trade(market: MeasuredMarket): Promise<Reading> {
  const [maker, taker] = [market.person(SUBJECT), market.person(SUBJECT + 1)];
  for (const trader of [maker, taker]) {
    await market.deposit(trader, 0, usd(50_000n));
    await market.deposit(trader, ETHER, tokens(10n));
  }
  await market.trade(maker, taker, ONE_E18);
  return await readingOf(market, OPERATIONS.trade, await market.trade(maker, taker, ONE_E18));
}

interface Measured {
  readonly gas: bigint;
  readonly breakdown: Breakdown;
}

async function measured(market: MeasuredMarket, receipt: TransactionReceipt): Promise<Measured> {
  return { gas: receipt.gasUsed, breakdown: await market.parts.chain.breakdownOf(receipt) };
}

/** What each of `steps` further items adds on average, between the first and the last measurement; rounded up. */
function meanOf(operation: Operation, first: Measured, last: Measured, steps: bigint, note: string): Reading {
  const gas = (last.gas - first.gas + steps - 1n) / steps;
  return { operation, gas, note, breakdown: perStep(first.breakdown, last.breakdown, steps) };
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw new MeasurementError(`the scenario does not do what its row says: ${what}`);
}
