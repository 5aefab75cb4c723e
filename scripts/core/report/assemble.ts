import type {
  AccountInfo,
  ArmSeries,
  EventKind,
  PerpetualTrack,
  PriceTrack,
  Report,
  ReportArm,
  ReportEvent,
  ReportGroup,
  ReportLosses,
  ReportOutcome,
  ReportPromises,
} from "./schema.js";

import { GROUPS } from "../simulation/population.js";
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
  readonly fills: number;
  readonly volumeUsd: number;
  readonly eth: PerpetualTrack;
  readonly btc: PerpetualTrack;
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
    format: 2,
    source: input.source,
    kind: input.kind,
    seed: input.seed,
    steps: input.timestamps.length,
    barSeconds: input.barSeconds,
    delaySteps: input.delaySteps,
    startedAtBlock: input.startedAtBlock,
    stepIs: input.stepIs ?? "bar",
    notes: input.notes ?? [],
    arms: input.arms.map((arm) => summaryOf(arm, input.accounts)),
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

function summaryOf(arm: ArmInput, accounts: readonly AccountInfo[]): ReportArm {
  const touched = (kind: EventKind): number => touchedIn(arm, kind).size;
  return {
    name: arm.name,
    accounts: accounts.length,
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
    fills: arm.fills,
    volumeUsd: arm.volumeUsd,
    groups: [...groupsOf(arm, accounts)],
    capitalTiedUpUsd: arm.capitalTiedUpUsd,
    promises: arm.promises,
    losses: arm.losses,
  };
}

function touchedIn({ events }: ArmInput, kind: EventKind): ReadonlySet<string> {
  return new Set(events.filter((event) => event.kind === kind).map(({ account }) => account));
}

function groupsOf(arm: ArmInput, accounts: readonly AccountInfo[]): readonly ReportGroup[] {
  const [liquidated, insolvent] = [touchedIn(arm, "liquidated"), touchedIn(arm, "insolvent")];
  return GROUPS.flatMap((group): ReportGroup[] => {
    const members = accounts.map((account, i) => ({ account, run: arm.accounts[i] }));
    const own = members.filter(({ account }) => account.group === group);
    if (own.length === 0) return [];
    const sum = (of: (run: AccountRun) => number): number =>
      roundCents(own.reduce((total, { run }) => total + (run === undefined ? 0 : of(run)), 0));
    return [
      {
        group,
        accounts: own.length,
        liquidated: own.filter(({ account }) => liquidated.has(account.id)).length,
        insolvent: own.filter(({ account }) => insolvent.has(account.id)).length,
        startEquityUsd: sum((run) => run.startEquityUsd),
        endEquityUsd: sum((run) => run.endEquityUsd),
        lossesUsd: sum((run) => run.lossesUsd),
      },
    ];
  });
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
    eth: arm.eth,
    btc: arm.btc,
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
