import type { AccountRun, ArmInput, ReportInput } from "../../../scripts/core/report/assemble.js";
import type { AccountInfo, PerpetualTrack, ReportEvent } from "../../../scripts/core/report/schema.js";

import { generateCrash } from "../../../scripts/core/prices/crash.js";
import { floatOfE8 } from "../../../scripts/core/prices/decimal.js";
import { GROUPS } from "../../../scripts/core/simulation/population.js";
import { decidePrint } from "../../../scripts/core/prices/feed.js";

const cents = (value: number): number => Math.round(value * 100) / 100;

/**
 * A plausible report made without a chain: loans of three sizes, with and without a reserve, over a generated crash. The
 * rules of the two arms are caricatures; what matters is that every kind of event, line and gap occurs in it.
 */
export function exampleInput({ accounts: size = 24, steps = 150 } = {}): ReportInput {
  const path = generateCrash({ seed: 1, steps });
  const close = (asset: "eth" | "btc") => path.bars.map((bar) => floatOfE8(bar[asset].closeE8));
  const track = (asset: "eth" | "btc") => {
    let last: { priceE8: bigint; timestamp: bigint } | null = null;
    const oracle = path.bars.map((bar) => {
      const decision = decidePrint(last, { priceE8: bar[asset].closeE8, timestamp: bar.timestamp });
      if (decision.kind === "print") last = decision.print;
      return floatOfE8(last?.priceE8 ?? 1n);
    });
    const low = path.bars.map((bar) => floatOfE8(bar[asset].lowE8));
    const high = path.bars.map((bar) => floatOfE8(bar[asset].highE8));
    return { low, high, close: close(asset), oracle };
  };
  const accounts = Array.from({ length: size }, (_, i): AccountInfo => {
    const collateral = ["ETH", "BTC", "ETH+BTC"][Math.floor(i / 3) % 3] ?? "ETH";
    const band = i % 2 === 0 ? { lower: 1.25, lowerRestore: 1.6 } : { lower: 1.4, lowerRestore: 1.8 };
    return {
      group: GROUPS[Math.min(3, Math.max(0, i - size + 4))] ?? "borrower",
      exposure: i < size - 3 ? 0 : i === size - 2 ? -2.3456 : 1.5,
      id: `A${String(i + 1).padStart(2, "0")}`,
      collateral,
      loanShare: [0.35, 0.45, 0.55][(i >> 1) % 3] ?? 0.45,
      reserveShare: [0, 0.1, 0.3][i % 3] ?? 0,
      band,
    };
  });
  const prices = { eth: close("eth"), btc: close("btc") };
  const arms = [armOf("with rebalancing", true, accounts, prices), armOf("without", false, accounts, prices)];
  return {
    source: path.source,
    kind: "generated",
    seed: 1,
    barSeconds: Number(path.barSeconds),
    delaySteps: 1,
    startedAtBlock: 20_000_300,
    timestamps: path.bars.map(({ timestamp }) => Number(timestamp)),
    eth: track("eth"),
    btc: track("btc"),
    accounts,
    arms,
  };
}

function armOf(
  name: string,
  rebalances: boolean,
  accounts: readonly AccountInfo[],
  prices: { readonly eth: readonly number[]; readonly btc: readonly number[] },
): ArmInput {
  const events: ReportEvent[] = [];
  const equity = prices.eth.map(() => 0);
  let penalties = 0;
  let discounts = 0;
  let badDebt = 0;
  const runs = accounts.map((account, index): AccountRun => {
    // One in twelve finds its liquidator late.
    const liquidatedBelow = index % 12 === 11 ? -0.3 : 1;
    const basket = (step: number): number => {
      const ratio = (asset: "eth" | "btc"): number => (prices[asset][step] ?? 1) / (prices[asset][0] ?? 1);
      return account.collateral === "ETH"
        ? ratio("eth")
        : account.collateral === "BTC"
          ? ratio("btc")
          : (ratio("eth") + ratio("btc")) / 2;
    };
    const haircut = 0.86;
    let units = 100_000;
    let debt = units * account.loanShare;
    let reserve = account.reserveShare * debt;
    let lost = 0;
    let called = false;
    const start = units - debt + reserve;
    const event = (kind: ReportEvent["kind"], step: number, amount: number): void => {
      events.push({ kind, step, account: account.id, amountUsd: cents(amount) });
    };
    const health = prices.eth.map((_, step) => {
      if (debt === 0) return null;
      const value = units * basket(step);
      const ratio = (): number => (value - debt) / ((1 - haircut) * value);
      let h = ratio();
      if (rebalances && h < account.band.lower && reserve > 0) {
        const used = Math.min(reserve, debt, (account.band.lowerRestore - h) * (1 - haircut) * value);
        reserve -= used;
        debt -= used;
        h = ratio();
        event(used === 0 ? "called" : "rebalanced", step, used);
        lost += 1.5;
      }
      if (rebalances && h < account.band.lower && !called) {
        called = true;
        event("called", step, (account.band.lowerRestore - h) * (1 - haircut) * value);
      } else if (called && h >= account.band.lowerRestore) {
        called = false;
        event("cured", step, 0);
      } else if (called && h >= 1) {
        const sold = Math.min(0.5, (account.band.lowerRestore - h) * 0.1) * value;
        units -= sold / basket(step);
        debt = Math.max(0, debt - sold * 0.995);
        discounts += sold * 0.005;
        lost += sold * 0.005;
        event("rebalanced", step, sold);
        h = debt === 0 ? 99 : (units * basket(step) - debt) / ((1 - haircut) * units * basket(step));
      }
      if (h < liquidatedBelow) {
        const taken = Math.max(0, value * 0.06);
        event("liquidated", step, units * basket(step));
        if (value < debt) {
          event("insolvent", step, debt - value);
          badDebt += debt - value;
        } else {
          penalties += Math.min(taken, value - debt);
          lost += Math.min(taken, value - debt);
        }
        reserve += Math.max(0, value - debt - taken);
        units = 0;
        debt = 0;
      }
      equity[step] = (equity[step] ?? 0) + units * basket(step) - debt + reserve;
      return Math.round(h * 10_000) / 10_000;
    });
    const end = units * basket(prices.eth.length - 1) - debt + reserve;
    return { health, startEquityUsd: cents(start), endEquityUsd: cents(end), lossesUsd: cents(lost) };
  });
  const keeperPay = rebalances ? 1.5 * events.length : 0;
  return {
    name,
    keeperGas: rebalances ? 41_234_567 : 9_876_543,
    keeperGasUsd: rebalances ? 164.93 : 39.5,
    transactions: events.length + 300,
    markToMarketUsd: -812_345.67,
    capitalTiedUpUsd: 1_234_567.89,
    losses: {
      discountsUsd: cents(discounts),
      penaltiesUsd: cents(penalties),
      slippageUsd: rebalances ? 512.25 : 0,
      closingUsd: rebalances ? 20.5 : 0,
      keeperPayUsd: cents(keeperPay),
      badDebtUsd: cents(badDebt),
    },
    promises: { checked: 4_200, broken: 0, breaches: [] },
    marginUsd: prices.eth.map((_, step) => cents(1_000 + step * 3 - (rebalances || step < 80 ? 0 : badDebt))),
    equityUsd: equity.map(cents),
    fills: 12,
    volumeUsd: 345_678.9,
    eth: perpetual(prices.eth, rebalances ? 3_000 : 2_500),
    btc: perpetual(prices.btc, rebalances ? 70 : 60),
    events,
    accounts: runs,
  };
}

function perpetual(prices: readonly number[], units: number): PerpetualTrack {
  return {
    openInterestUsd: prices.map((price, step) => cents(price * units * (1 - step / (2 * prices.length)))),
    fundingRate: prices.map((_, step) => (step % 7 === 0 ? -0.0001 : 0.0000125)),
  };
}
