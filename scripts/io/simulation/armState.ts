/** One arm while it runs: what agents share, and the books they write in. */
import type { Check, SliceRules } from "../../core/simulation/promises.js";
import type { Prices } from "../../core/simulation/types.js";
import type { EventKind, ReportEvent } from "../../core/report/schema.js";
import type { Wish } from "../../core/simulation/trading.js";
import type { Market } from "../market.js";
import type { Fill } from "./desk.js";
import type { Log } from "./logs.js";
import type { Stage } from "./stage.js";

import { usdOf } from "../../core/report/assemble.js";
import { LossBook } from "../../core/simulation/losses.js";
import { PromiseBook, checksOfFill } from "../../core/simulation/promises.js";

export class ArmState {
  readonly losses = new LossBook();
  readonly promises = new PromiseBook();
  readonly events: ReportEvent[] = [];
  keeperGas = 0n;
  /** {quote} What that gas cost at each block's base fee. */
  keeperCostE18 = 0n;
  transactions = 0;
  step = 0;
  prices: Prices;
  collectedAt: bigint;
  settledAt: bigint;
  /** Traders who have carried out what they intended. */
  readonly acted = new Set<bigint>();
  fills = 0;
  /** {quote} */
  volumeE18 = 0n;
  /** Since the last reading: what the chain's events said. */
  socialised = false;
  readonly rebalanced = new Set<bigint>();
  readonly liquidated = new Set<bigint>();
  readonly #insolvent = new Set<bigint>();
  readonly #names: ReadonlyMap<bigint, string>;

  constructor(
    readonly name: string,
    readonly stage: Stage,
    readonly market: Market,
    readonly sliceRules: SliceRules,
  ) {
    this.prices = stage.start;
    this.collectedAt = stage.chain.now;
    this.settledAt = stage.chain.now;
    this.#names = new Map(stage.owners.map(({ account, plan }) => [account, plan.name]));
  }

  sent(gas: bigint, by: "keeper" | "liquidator" | "trader"): void {
    this.transactions += 1;
    if (by !== "keeper") return;
    this.keeperGas += gas;
    this.keeperCostE18 += (gas * this.stage.chain.baseFee * this.prices.bids.ETH) / 10n ** 18n;
  }

  /** Books a fill, and checks both of its sides. */
  filled({ receipt, priceE18, seconds, sides }: Fill, { sizeE18 }: Wish): void {
    this.sent(0n, "trader");
    this.fills += 1;
    this.volumeE18 += ((sizeE18 < 0n ? -sizeE18 : sizeE18) * priceE18) / 10n ** 18n;
    const facts = { seconds, prices: this.prices };
    this.check(
      sides.flatMap(({ before, after }) => checksOfFill(before, after, facts)),
      receipt.blockNumber,
    );
  }

  check(checks: readonly Check[], block: bigint): void {
    this.promises.record(checks, { arm: this.name, step: this.step, block });
  }

  event(kind: EventKind, account: bigint, amountE18: bigint): void {
    const name = this.#names.get(account);
    if (name === undefined) return;
    this.events.push({ kind, step: this.step, account: name, amountUsd: usdOf(amountE18, 18) });
  }

  /** Told once for each account: a hole that grows is no new event. */
  insolvent(account: bigint, equityE18: bigint): void {
    if (equityE18 >= 0n || this.#insolvent.has(account)) return;
    this.#insolvent.add(account);
    this.event("insolvent", account, -equityE18);
  }

  note(log: Log): void {
    if (log.name === "LossSocialised") this.socialised = true;
    if (log.name === "Rebalanced") this.rebalanced.add(log.accountId);
    if (log.name === "Liquidated") this.liquidated.add(log.accountId);
  }

  forget(): void {
    this.socialised = false;
    this.rebalanced.clear();
    this.liquidated.clear();
  }
}
