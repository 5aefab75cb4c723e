/** Traders: each carries out once what he intends, when the price he saw has moved far enough. */
import type { Observation } from "../../core/simulation/types.js";
import type { ArmState } from "./armState.js";

import { wishOf } from "../../core/simulation/trading.js";

/**
 * What was intended at the prices of `seen` is done at those of `now`.
 * @returns The reading after the last fill; `now` when there was none.
 */
export async function trade(arm: ArmState, seen: Observation, now: Observation): Promise<Observation> {
  const { stage } = arm;
  let filled = false;
  for (const trader of stage.traders) {
    if (arm.acted.has(trader.account)) continue;
    const account = now.accounts.find(({ id }) => id === trader.account);
    if (account === undefined) continue;
    const { underlying } = trader.plan;
    const opened = stage.start.bids[underlying];
    const wish = wishOf(trader.plan, account.positions[underlying], opened, seen.bids[underlying]);
    if (wish === null) continue;
    arm.acted.add(trader.account);
    const fill = await stage.desk.trade(trader, wish, now);
    if (fill === null) continue;
    filled = true;
    arm.filled(fill, wish);
  }
  return filled ? await stage.observer.observe() : now;
}
