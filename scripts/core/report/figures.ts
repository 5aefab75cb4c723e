import type { Group } from "../simulation/population.js";
import type { Report, ReportArm, ReportGroup, ReportLosses } from "./schema.js";

import { duration, grouped, plural } from "./format.js";
import { formatMoment } from "../prices/moment.js";

/** One line of the comparison, the same on the terminal and on the page. */
export interface Figure {
  readonly label: string;
  readonly decimals: 0 | 2;
  readonly of: (arm: ReportArm) => number;
}

export const FIGURES: readonly Figure[] = [
  { label: "accounts", decimals: 0, of: (arm) => arm.accounts },
  { label: "  called", decimals: 0, of: (arm) => arm.called },
  { label: "  rebalanced", decimals: 0, of: (arm) => arm.rebalanced },
  { label: "  liquidated", decimals: 0, of: (arm) => arm.liquidated },
  { label: "  insolvent", decimals: 0, of: (arm) => arm.insolvent },
  { label: "losses, USD", decimals: 2, of: (arm) => arm.lossesUsd },
  { label: "  kept by liquidators", decimals: 2, of: (arm) => arm.losses.discountsUsd },
  { label: "  the fund's share", decimals: 2, of: (arm) => arm.losses.penaltiesUsd },
  { label: "  slippage on the venue", decimals: 2, of: (arm) => arm.losses.slippageUsd },
  { label: "  closing positions", decimals: 2, of: (arm) => arm.losses.closingUsd },
  { label: "  keeper pay", decimals: 2, of: (arm) => arm.losses.keeperPayUsd },
  { label: "  bad debt", decimals: 2, of: (arm) => arm.losses.badDebtUsd },
  { label: "mark to market, USD", decimals: 2, of: (arm) => arm.markToMarketUsd },
  { label: "capital tied up, USD", decimals: 2, of: (arm) => arm.capitalTiedUpUsd },
  { label: "keeper gas", decimals: 0, of: (arm) => arm.keeperGas },
  { label: "  what it cost, USD", decimals: 2, of: (arm) => arm.keeperGasUsd },
  { label: "transactions", decimals: 0, of: (arm) => arm.transactions },
  { label: "perpetuals: fills", decimals: 0, of: (arm) => arm.fills },
  { label: "  volume, USD", decimals: 2, of: (arm) => arm.volumeUsd },
  { label: "promises checked", decimals: 0, of: (arm) => arm.promises.checked },
  { label: "promises broken", decimals: 0, of: (arm) => arm.promises.broken },
];

export const GROUP_LABELS: Readonly<Record<Group, string>> = {
  borrower: "borrowers",
  long: "longs",
  short: "shorts",
  maker: "market maker",
};

/** What is told of a group in an arm. */
export interface GroupFigure {
  readonly label: string;
  readonly of: (group: ReportGroup) => number;
}

export const GROUP_FIGURES: readonly GroupFigure[] = [
  { label: "liq.", of: ({ liquidated }) => liquidated },
  { label: "insolv.", of: ({ insolvent }) => insolvent },
  { label: "lost, USD", of: ({ lossesUsd }) => lossesUsd },
  { label: "end, USD", of: ({ endEquityUsd }) => endEquityUsd },
];

/** The order in which losses are stacked and listed. */
export const LOSS_KINDS: readonly (keyof ReportLosses)[] = [
  "discountsUsd",
  "penaltiesUsd",
  "slippageUsd",
  "closingUsd",
  "keeperPayUsd",
  "badDebtUsd",
];

export const LOSS_LABELS: Readonly<Record<keyof ReportLosses, string>> = {
  discountsUsd: "kept by liquidators",
  penaltiesUsd: "the fund's share",
  slippageUsd: "slippage on the venue",
  closingUsd: "closing positions",
  keeperPayUsd: "keeper pay",
  badDebtUsd: "bad debt",
};

/** What was run, in one line. */
export function setting(report: Report): string {
  const { steps, barSeconds, delaySteps, accounts, seed, startedAtBlock, kind, series, stepIs } = report;
  const start = kind === "recorded" ? `, from ${formatMoment(BigInt(series.timestamps[0] ?? 0))}` : "";
  const bars =
    stepIs === "bar"
      ? `${plural(steps, "step")} of ${duration(barSeconds)}${start}`
      : `${plural(steps, "step")}, a round each, ${duration(barSeconds)} apart at the median${start}`;
  const late = delaySteps === 0 ? "not" : plural(delaySteps, "step");
  return `${bars}, agents ${late} late; ${plural(accounts.length, "account")}; seed ${seed}; from block ${grouped(startedAtBlock)}`;
}

/** The difference that matters, in words: the first arm against each other one. */
export function differences({ arms }: Report): readonly string[] {
  const [first, ...others] = arms;
  if (!first) return [];
  return others.map((other) => {
    const liquidated = first.liquidated - other.liquidated;
    const losses = first.lossesUsd - other.lossesUsd;
    const gas = first.keeperGas - other.keeperGas;
    const parts = [
      liquidated === 0
        ? "as many accounts liquidated"
        : `${grouped(Math.abs(liquidated))} ${liquidated < 0 ? "fewer" : "more"} ${Math.abs(liquidated) === 1 ? "account" : "accounts"} liquidated`,
      losses === 0 ? "the same losses" : `${grouped(Math.abs(losses), 2)} USD ${losses < 0 ? "less" : "more"} lost`,
      gas === 0 ? "the same keeper gas" : `${grouped(Math.abs(gas))} ${gas < 0 ? "less" : "more"} gas used by keepers`,
    ];
    return `${first.name} against ${other.name}: ${parts.join(", ")}`;
  });
}
