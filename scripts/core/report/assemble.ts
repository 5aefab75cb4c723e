import type {
  AccountInfo,
  ArmSeries,
  EventKind,
  PriceTrack,
  Report,
  ReportArm,
  ReportEvent,
  ReportLosses,
  ReportOutcome,
  ReportPromises,
} from "./schema.js";

import { compactJson } from "./json.js";
import { EVENT_KINDS, ReportSchema } from "./schema.js";

/** What only the simulation knows; counts, sums and outcomes follow from it and are computed once, here. */
export interface ReportInput {
  readonly source: string;
  readonly kind: Report["kind"];
  readonly seed: number;
  readonly barSeconds: number;
  readonly delaySteps: number;
  readonly startedAtBlock: number;
  /** What else was not as usual: a sentence each. */
  readonly notes?: readonly string[];
  /** A bar, unless told. */
  readonly stepIs?: "round";
  readonly timestamps: readonly number[];
  readonly eth: PriceTrack;
  readonly btc: PriceTrack;
  readonly accounts: readonly AccountInfo[];
  readonly arms: readonly ArmInput[];
}

export interface ArmInput {
  readonly name: string;
  readonly keeperGas: number;
  readonly keeperGasUsd: number;
  readonly transactions: number;
  readonly markToMarketUsd: number;
  readonly capitalTiedUpUsd: number;
  readonly losses: ReportLosses;
  readonly promises: ReportPromises;
  readonly marginUsd: readonly number[];
  readonly equityUsd: readonly number[];
  /** In any order; the report sorts them by step, and keeps the order within a step. */
  readonly events: readonly ReportEvent[];
  /** In the order of `ReportInput.accounts`. */
  readonly accounts: readonly AccountRun[];
}

/** What one arm did to one account. */
export interface AccountRun {
  readonly health: readonly (number | null)[];
  readonly startEquityUsd: number;
  readonly endEquityUsd: number;
  readonly lossesUsd: number;
}

/** Completes and checks a report. Throws zod's error on a contradiction, which is a bug of the caller and keeps its stack. */
export function assembleReport(input: ReportInput): Report {
  return ReportSchema.parse({
    format: 1,
    source: input.source,
    kind: input.kind,
    seed: input.seed,
    steps: input.timestamps.length,
    barSeconds: input.barSeconds,
    delaySteps: input.delaySteps,
    startedAtBlock: input.startedAtBlock,
    stepIs: input.stepIs ?? "bar",
    notes: input.notes ?? [],
    arms: input.arms.map((arm) => summaryOf(arm, input.accounts.length)),
    accounts: input.accounts.map((account, i) => ({
      ...account,
      outcomes: input.arms.map((arm) => outcomeOf(arm, account.id, arm.accounts[i])),
    })),
    series: {
      timestamps: input.timestamps,
      eth: input.eth,
      btc: input.btc,
      arms: input.arms.map(seriesOf),
    },
  });
}

function summaryOf(arm: ArmInput, accounts: number): ReportArm {
  const touched = (kind: EventKind): number =>
    new Set(arm.events.filter((event) => event.kind === kind).map(({ account }) => account)).size;
  return {
    name: arm.name,
    accounts,
    called: touched("called"),
    rebalanced: touched("rebalanced"),
    liquidated: touched("liquidated"),
    insolvent: touched("insolvent"),
    lossesUsd: roundCents(Object.values(arm.losses).reduce((sum, value) => sum + value, 0)),
    penaltiesUsd: arm.losses.penaltiesUsd,
    markToMarketUsd: arm.markToMarketUsd,
    keeperGas: arm.keeperGas,
    keeperGasUsd: arm.keeperGasUsd,
    transactions: arm.transactions,
    capitalTiedUpUsd: arm.capitalTiedUpUsd,
    promises: arm.promises,
    losses: arm.losses,
  };
}

function outcomeOf(arm: ArmInput, id: string, run: AccountRun | undefined): Partial<ReportOutcome> {
  const events = arm.events.filter(({ account }) => account === id);
  const times = (kind: EventKind): number => events.filter((event) => event.kind === kind).length;
  return {
    arm: arm.name,
    worst: EVENT_KINDS.findLast((kind) => times(kind) > 0) ?? "untouched",
    calls: times("called"),
    rebalances: times("rebalanced"),
    liquidations: times("liquidated"),
    // A missing run leaves these out, and the schema says where.
    ...(run && { startEquityUsd: run.startEquityUsd, endEquityUsd: run.endEquityUsd, lossesUsd: run.lossesUsd }),
  };
}

function seriesOf(arm: ArmInput): ArmSeries {
  return {
    name: arm.name,
    health: arm.accounts.map(({ health }) => [...health]),
    marginUsd: [...arm.marginUsd],
    equityUsd: [...arm.equityUsd],
    events: arm.events.toSorted((a, b) => a.step - b.step),
  };
}

function roundCents(value: number): number {
  return Math.round(value * 100) / 100;
}

/** An exact amount with `decimals` decimals as dollars and cents; halves go away from zero. */
export function usdOf(amount: bigint, decimals: number): number {
  const unit = 10n ** BigInt(decimals);
  const size = amount < 0n ? -amount : amount;
  const roundedCents = Number((size * 100n + unit / 2n) / unit);
  return (amount < 0n ? -roundedCents : roundedCents) / 100;
}

/** Beyond this a health says only that there is hardly any risk, and contracts call no risk the largest number there is. */
const ENDLESS_E18 = 1_000_000n * 10n ** 18n;

/** An E18 health as a report holds it: four decimals, toward minus infinity, and null when endless. */
export function healthOf(healthE18: bigint): number | null {
  if (healthE18 >= ENDLESS_E18) return null;
  const step = 10n ** 14n;
  const truncated = healthE18 / step;
  return Number(healthE18 < 0n && truncated * step !== healthE18 ? truncated - 1n : truncated) / 10_000;
}

/** `report.json`, byte for byte: keys in the schema's order, a list of plain values on one line. */
export function serializeReport(report: Report): string {
  return compactJson(ReportSchema.parse(report));
}
