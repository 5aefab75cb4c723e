/** What a health check, a top-up and a slice cost by what the account holds: collaterals, and positions. */
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";

import type { Growth } from "../../core/scale/growth.js";
import type { MeasuredMarket, Side } from "../gas/market.js";

import { MeasurementError } from "../../core/gas/errors.js";
import { OVERRIDES } from "../gas/chain.js";
import { ETHER, START_PRICE, tokens, usd } from "../gas/market.js";
import { sendHealth, setPolicy } from "../gas/operations.js";
import { isRevert } from "../simulation/chain.js";

const SUBJECT = 5;
const MAKER = 6;
const ONE_E18 = 10n ** 18n;
/** A hundredth of a token: positions that add work, and hardly any risk. */
const SIZE = ONE_E18 / 100n;
const TOPPED_UP = 5n;
/** {USD} Between two prices that are tried on the way down. */
const STEP = 20n;
const COLLATERAL_TOKENS = 8n * 3n * 5n * 7n; // divides by every number of collaterals
const COLLATERALS = [1, 2, 3, 4, 5, 6, 7, 8];
export const POSITIONS = [0, 1, 2, 4, 8, 16, 24, 32];

/** By the number of collaterals, all of one value: together what one alone would be worth. */
export async function byCollaterals(market: MeasuredMarket): Promise<readonly Growth[]> {
  const found: Growth[] = [];
  for (const count of COLLATERALS) {
    found.push(
      await market.parts.chain.aside(async () => {
        const subject = market.person(SUBJECT);
        for (let asset = ETHER; asset <= count; asset += 1) {
          await market.deposit(subject, asset, tokens(COLLATERAL_TOKENS) / BigInt(count));
        }
        return await costsOf(market, subject, count, count);
      }),
    );
  }
  return found;
}

/** By the number of positions, beside one collateral: one each on as many perpetuals. */
export async function byPositions(market: MeasuredMarket): Promise<readonly Growth[]> {
  const { chain } = market.parts;
  for (let asset = ETHER + 1; asset <= Math.max(...POSITIONS); asset += 1) await market.openPerpetual(asset);
  const found: Growth[] = [];
  for (const count of POSITIONS) {
    found.push(
      await chain.aside(async () => {
        const subject = market.person(SUBJECT);
        const sideOf = (owner: HardhatEthersSigner): Side => ({ owner, account: market.accountOf(owner) });
        await market.deposit(subject, ETHER, tokens(COLLATERAL_TOKENS));
        await market.deposit(market.person(MAKER), 0, usd(100_000n));
        for (let asset = ETHER; asset < ETHER + count; asset += 1) {
          await market.fill(sideOf(market.person(MAKER)), sideOf(subject), SIZE, asset);
        }
        return await costsOf(market, subject, count, 1);
      }),
    );
  }
  return found;
}

/** The debt is what eight tenths of the first prices' limit allow; the prices of the collaterals then fall together. */
async function costsOf(
  market: MeasuredMarket,
  owner: HardhatEthersSigner,
  count: number,
  collaterals: number,
): Promise<Growth> {
  const { chain, marginAccount, quote } = market.parts;
  const account = market.accountOf(owner);
  const most = await marginAccount.maxWithdraw(account, await quote.getAddress());
  await market.borrow(owner, (most * 8n) / 10n);
  await market.depositReserve(owner, 0, usd(200_000n));
  await setPolicy(market, owner);
  const health = (await sendHealth(market, owner)).gasUsed;
  const topUp = await chain.aside(async () => await topUpGas(market, account, collaterals));
  const liquidation = await chain.aside(async () => await sliceGas(market, account, collaterals));
  return { count, health: Number(health), topUp: Number(topUp), liquidation: Number(liquidation) };
}

async function topUpGas(market: MeasuredMarket, account: bigint, collaterals: number): Promise<bigint> {
  const { chain, marginAccount } = market.parts;
  const contract = marginAccount.connect(market.keeper);
  await fallUntil(market, collaterals, async () => {
    return (await contract.rebalance.staticCall(account, OVERRIDES)) === TOPPED_UP;
  });
  return (await chain.send(async () => await contract.rebalance(account, OVERRIDES))).gasUsed;
}

/** A part of the account, into one that holds nothing of the kind yet. */
async function sliceGas(market: MeasuredMarket, account: bigint, collaterals: number): Promise<bigint> {
  const { chain, liquidator } = market.parts;
  await market.deposit(market.taker, 0, usd(2_000_000n));
  let limit = 0n;
  await fallUntil(market, collaterals, async () => {
    const terms = await liquidator.quote(account, ONE_E18).catch((cause: unknown) => {
      if (isRevert(cause)) return null;
      throw cause;
    });
    if (terms === null || terms.fractionE18 === 0n) return false;
    limit = ((terms.payment + terms.fundFee) * 101n) / 100n;
    return true;
  });
  const into = market.accountOf(market.taker);
  const contract = liquidator.connect(market.taker);
  const receipt = await chain.send(
    async () => await contract.liquidate(account, into, ONE_E18, limit, "0x", OVERRIDES),
  );
  return receipt.gasUsed;
}

async function fallUntil(market: MeasuredMarket, collaterals: number, reached: () => Promise<boolean>): Promise<void> {
  for (let price = START_PRICE; price > START_PRICE / 2n; price -= STEP) {
    for (let asset = ETHER; asset <= collaterals; asset += 1) await market.setPrice(asset, price);
    if (await reached()) return;
  }
  throw new MeasurementError("no price brings the account to where it is measured");
}
