/** What a finished simulation hands to its report. */
import type { AdoptedPolicy } from "../../core/simulation/policyFile.js";
import type { Point } from "../../core/simulation/points.js";
import type { Observation } from "../../core/simulation/types.js";
import type { AccountInfo, Report } from "../../core/report/schema.js";
import type { ArmResult } from "./arm.js";
import type { FundedOwner } from "./owners.js";
import type { SimulationOptions } from "./simulate.js";
import type { Stage } from "./stage.js";

import { noteOf } from "../../core/forkState.js";
import { floatOfE8 } from "../../core/prices/decimal.js";
import { assembleReport, usdOf } from "../../core/report/assemble.js";
import { DEFAULT_DELAY } from "../../core/simulation/points.js";
import { adopt } from "../../core/simulation/policyFile.js";
import { NO_POSITIONS, exposureE18 } from "../../core/simulation/types.js";

/** The report of all arms. */
export function reportOf(
  { path, seed, baseFees, policy, forkStates = [], delaySteps = DEFAULT_DELAY }: SimulationOptions,
  startedAtBlock: bigint,
  points: readonly Point[],
  { owners, start }: Stage,
  arms: readonly ArmResult[],
): Report {
  const closes = points.filter(({ closesBar }) => closesBar);
  const track = (asset: "ETH" | "BTC") => {
    const bars = path.bars.map((bar) => (asset === "ETH" ? bar.eth : bar.btc));
    return {
      low: bars.map(({ lowE8 }) => floatOfE8(lowE8)),
      high: bars.map(({ highE8 }) => floatOfE8(highE8)),
      close: bars.map(({ closeE8 }) => floatOfE8(closeE8)),
      oracle: closes.map(({ oracle }) => floatOfE8(oracle[asset])),
    };
  };
  return assembleReport({
    source: path.source,
    kind: path.kind,
    seed,
    barSeconds: Number(path.barSeconds),
    delaySteps,
    startedAtBlock: Number(startedAtBlock),
    notes: [
      ...(baseFees === undefined ? [] : [`Base fee: ${baseFees.note}`]),
      ...(policy === undefined ? [] : [`Policy: ${policy.note}`]),
      ...forkStates.map(noteOf),
    ],
    ...(path.prints === undefined ? {} : { stepIs: "round" as const }),
    timestamps: path.bars.map(({ timestamp }) => Number(timestamp)),
    eth: track("ETH"),
    btc: track("BTC"),
    accounts: owners.map((owner, i) => infoOf(owner, start, i, policy)),
    arms: arms.map(({ input }) => input),
  });
}

const DEFAULT_BAND = { lower: 1.25, lowerRestore: 1.6 };

function infoOf(
  { plan, group, debt, worthE18 }: FundedOwner,
  start: Observation,
  index: number,
  adopted: AdoptedPolicy | undefined,
): AccountInfo {
  const debtUsd = usdOf(debt, 6);
  const positions = start.accounts[index]?.positions ?? NO_POSITIONS;
  const policy = adopted === undefined ? plan.policy : adopt(adopted.fields, plan);
  return {
    id: plan.name,
    group,
    collateral: plan.kind,
    loanShare: rounded(debtUsd / usdOf(worthE18, 18)),
    exposure: rounded(usdOf(exposureE18(positions, start), 18) / usdOf(worthE18, 18)),
    reserveShare: Number(plan.reserveBps) / 10_000,
    band:
      policy === null
        ? DEFAULT_BAND
        : { lower: Number(policy.lowerE6) / 1e6, lowerRestore: Number(policy.lowerRestoreE6) / 1e6 },
  };
}

function rounded(share: number): number {
  return Math.round(share * 10_000) / 10_000;
}
