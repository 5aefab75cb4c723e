/** The keeper and his helper: rebalances what was seen due, and does the duties that anybody may do. */
import type { Asset } from "../../core/mainnet.js";
import type { Duty } from "../../core/simulation/agents.js";
import type { ArmState } from "./armState.js";
import type { Observation } from "../../core/simulation/types.js";

import { IMarginAccount__factory } from "../../../typechain-types/index.js";
import { ASSETS } from "../../core/mainnet.js";
import { dutiesOf, keeperBatches, settlingOrder } from "../../core/simulation/agents.js";
import { checkOfBatch, checksOfRebalance, setAsideBetween } from "../../core/simulation/promises.js";
import { purseE18, quoteE18 } from "../../core/simulation/types.js";
import { logsOf } from "./logs.js";
import { INSTRUMENTS } from "./observe.js";

const MARGIN = IMarginAccount__factory.createInterface();
const BATCH_GAS = 16_000_000n;
const DUTY_GAS = 2_000_000n;
/** {s} Between two collections of fees. */
const COLLECT_SECONDS = 86_400n;
/** {s} Between two settlements: three a day. */
const SETTLE_SECONDS = 28_800n;

/**
 * Rebalances the accounts that were due in `seen` and still are; the chain decides what becomes of each.
 * @returns The reading after the last batch; `now` when there was none.
 */
export async function keep(arm: ArmState, seen: Observation, now: Observation): Promise<Observation> {
  const { chain, observer, keeper, protocol } = arm.stage;
  let last = now;
  const owners = arm.stage.owners.length;
  for (const batch of keeperBatches(seen.accounts.slice(0, owners), now.accounts.slice(0, owners))) {
    const ids = batch.slice();
    const before = last;
    const data = MARGIN.encodeFunctionData("rebalanceMany", [ids]);
    const receipt = await chain.transact({
      from: keeper.address,
      to: protocol.addresses.marginAccount,
      data,
      gas: BATCH_GAS,
    });
    arm.sent(receipt.gasUsed, "keeper");
    const after = await observer.observe();
    last = after;

    const pays = new Map<bigint, bigint>();
    for (const log of logsOf(receipt)) {
      arm.note(log);
      if (log.name === "MarginCalled") arm.event("called", log.accountId, log.deficitE18);
      if (log.name !== "Rebalanced") continue;
      pays.set(log.accountId, log.keeperPay);
      if (log.keeperPay > 0n) arm.losses.keeperPaid(log.accountId, log.keeperPay);
      const { equityE18 = 0n } = before.accounts.find(({ id }) => id === log.accountId) ?? {};
      if (log.outcome === "Provisioned") arm.insolvent(log.accountId, equityE18);
      if (log.outcome === "CallCured") arm.event("cured", log.accountId, 0n);
    }
    arm.check([checkOfBatch(ids.length, receipt.gasUsed)], after.block);
    for (const [i, was] of before.accounts.entries()) {
      const is = after.accounts[i];
      if (is === undefined || !ids.includes(was.id)) continue;
      const facts = {
        pay: pays.get(was.id) ?? 0n,
        seconds: after.timestamp - before.timestamp,
        prices: after,
        setAside: setAsideBetween(before.market, after.market),
      };
      arm.check(checksOfRebalance(was, is, facts), after.block);
      const moved = purseE18(was.reserve, after.bids) - purseE18(is.reserve, after.bids);
      if (moved !== 0n) arm.event("rebalanced", was.id, moved < 0n ? -moved : moved);
    }
  }
  return last;
}

/** Clocks of liquidations, provisions, write-offs, settlements, and once a day the fees: whatever was seen to be due and still is. */
export async function serve(arm: ArmState, seen: Observation, now: Observation): Promise<void> {
  const { chain, keeper, protocol } = arm.stage;
  const owners = arm.stage.owners.length;
  const known = new Set(dutiesOf(seen.accounts.slice(0, owners)).map(nameOf));
  const duties = dutiesOf(now.accounts.slice(0, owners)).filter((duty) => known.has(nameOf(duty)));
  const orders = duties.map((duty) => ({ ...duty, data: encode(duty.kind, duty.account) }));
  for (const { kind, account, data } of orders) {
    const order = { from: keeper.address, to: protocol.addresses.marginAccount, data, gas: DUTY_GAS };
    if (!(await chain.accepts(order))) continue;
    const [state] = await arm.stage.observer.accounts([account]);
    const receipt = await chain.transact(order);
    arm.sent(receipt.gasUsed, "keeper");
    for (const log of logsOf(receipt)) {
      arm.note(log);
      if (log.name === "Rebalanced" && log.keeperPay > 0n) arm.losses.keeperPaid(log.accountId, log.keeperPay);
    }
    if (state === undefined) continue;
    if (kind === "open" || kind === "provision") arm.insolvent(account, state.equityE18);
    if (kind === "writeOff") arm.losses.unpaid(quoteE18(-state.cash));
  }
  if (chain.now - arm.settledAt >= SETTLE_SECONDS) {
    arm.settledAt = chain.now;
    for (const asset of ASSETS) await settle(arm, asset, now);
  }
  if (chain.now - arm.collectedAt < COLLECT_SECONDS) return;
  arm.collectedAt = chain.now;
  await send(arm, MARGIN.encodeFunctionData("collectFees"), DUTY_GAS);
}

/** Turns profit and loss of an asset's perpetual into cash, as far as its price allows. */
async function settle(arm: ArmState, asset: Asset, { accounts }: Observation): Promise<void> {
  const ids = settlingOrder(accounts, asset, arm.prices);
  if (ids.length === 0) return;
  const data = MARGIN.encodeFunctionData("settle", [INSTRUMENTS[asset], ids.slice()]);
  const { chain, keeper, protocol } = arm.stage;
  const order = { from: keeper.address, to: protocol.addresses.marginAccount, data, gas: BATCH_GAS };
  if (await chain.accepts(order)) await send(arm, data, BATCH_GAS);
}

async function send(arm: ArmState, data: string, gas: bigint): Promise<void> {
  const { chain, keeper, protocol } = arm.stage;
  const order = { from: keeper.address, to: protocol.addresses.marginAccount, data, gas };
  arm.sent((await chain.transact(order)).gasUsed, "keeper");
}

function nameOf({ kind, account }: Duty): string {
  return `${kind} ${account}`;
}

function encode(kind: Duty["kind"], account: bigint): string {
  switch (kind) {
    case "open":
      return MARGIN.encodeFunctionData("rebalance", [account]);
    case "provision":
      return MARGIN.encodeFunctionData("provision", [account]);
    case "reverseProvision":
      return MARGIN.encodeFunctionData("reverseProvision", [account]);
    case "writeOff":
      return MARGIN.encodeFunctionData("writeOff", [account]);
  }
}
