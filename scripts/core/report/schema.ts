/**
 * What a simulation leaves behind, as `report.json` holds it. The same simulation gives the same bytes: nothing in here
 * comes from a clock or from the machine, and every figure is rounded. Amounts of dollars are plain numbers, rounded to
 * cents, because the file is for people, charts and other languages; exact bigints end at `usdOf`.
 */
import { z } from "zod";

import { GROUPS } from "../simulation/population.js";

const text = z.string().min(1);
const count = z.number().int().nonnegative();
const price = z.number().positive().finite();
const cents = z.number().finite().refine(isRounded(100), "expected an amount rounded to cents");
const health = z.number().finite().refine(isRounded(10_000), "expected a health rounded to four decimals");

function isRounded(scale: number): (value: number) => boolean {
  return (value) => Math.round(value * scale) / scale === value;
}

/** From mildest to worst; an account's outcome in an arm is the worst that happened to it. */
export const EVENT_KINDS = ["cured", "rebalanced", "called", "liquidated", "insolvent"] as const;

const Event = z
  .object({
    kind: z.enum(EVENT_KINDS),
    /** Index of the bar it happened in. */
    step: count,
    account: text,
    /** What a rebalance or cure brought in, a call found missing, a liquidation took, or an insolvent account still owes. */
    amountUsd: cents,
  })
  .strict();

/** What was lost other than to the market, by the way it went. All are positive when lost. */
const Losses = z
  .object({
    /** What takers of slices kept of the discount, after what the venue got: a slice's value at the oracle less its payment. */
    discountsUsd: cents,
    /** The insurance fund's share of the discounts. */
    penaltiesUsd: cents,
    /** Between the oracle's price and what the venue paid for what takers sold: the venue's part of the discounts. */
    slippageUsd: cents,
    /** What takers paid to close the positions they took: the maker's price off the mark, and the exchange's fees. */
    closingUsd: cents,
    /** Paid to keepers for their gas and trouble. */
    keeperPayUsd: cents,
    /** What insolvent accounts owe beyond all they have: the loss of fund and lenders. */
    badDebtUsd: cents,
  })
  .strict();

const Promises = z
  .object({
    /** How many times a promise of docs/INVARIANTS.md was checked. */
    checked: count,
    broken: count,
    /** Which ones broke, and where; may be cut short, so `broken` is the count. */
    breaches: z.array(z.object({ step: count, promise: text, detail: text }).strict()),
  })
  .strict();

/** What became of the accounts of one group in an arm; `liquidated` and `insolvent` count accounts. */
const GroupOutcome = z
  .object({
    group: z.enum(GROUPS),
    accounts: count,
    liquidated: count,
    insolvent: count,
    startEquityUsd: cents,
    endEquityUsd: cents,
    /** What its accounts lost of the arm's `lossesUsd`. */
    lossesUsd: cents,
  })
  .strict();

/** One run over the path. `called` to `insolvent` count accounts, not times. */
const Arm = z
  .object({
    name: text,
    accounts: count,
    called: count,
    rebalanced: count,
    liquidated: count,
    insolvent: count,
    /** The sum of `losses`. */
    lossesUsd: cents,
    penaltiesUsd: cents,
    /** What the market alone did to the equity of all accounts; negative is a loss. */
    markToMarketUsd: cents,
    keeperGas: count,
    /** What that gas cost at the blocks' base fees. */
    keeperGasUsd: cents,
    transactions: count,
    /** Trades of perpetuals since the start, those included that closed what takers took. */
    fills: count,
    volumeUsd: cents,
    /** In the order of their accounts. */
    groups: z.array(GroupOutcome),
    /** Mean over the steps of what owners had in accounts and reserves. */
    capitalTiedUpUsd: cents,
    promises: Promises,
    losses: Losses,
  })
  .strict();

/** What an account is made of, the same in every arm. */
const accountFields = {
  id: text,
  group: z.enum(GROUPS),
  /** In words: "ETH", "BTC", "ETH+BTC", "USDC". */
  collateral: text,
  /** {1} Debt over the value of the collateral at the start. */
  loanShare: z.number().min(0).max(1),
  /** {1} What its positions are worth over what was put into the account, at the start; negative is short. */
  exposure: z.number().finite(),
  /** {1} What the owner keeps in reserve, over the equity at the start. */
  reserveShare: z.number().min(0).max(1),
  /** The health below which it is called, and the one it is restored to. */
  band: z.object({ lower: z.number().positive(), lowerRestore: z.number().positive() }).strict(),
};

const AccountInfo = z.object(accountFields).strict();

const Outcome = z
  .object({
    arm: text,
    worst: z.enum(["untouched", ...EVENT_KINDS]),
    calls: count,
    rebalances: count,
    liquidations: count,
    startEquityUsd: cents,
    endEquityUsd: cents,
    /** This account's part of the arm's `lossesUsd`. */
    lossesUsd: cents,
  })
  .strict();

const PriceTrack = z
  .object({
    low: z.array(price),
    high: z.array(price),
    close: z.array(price),
    /** What the feed had printed last when the bar closed. */
    oracle: z.array(price),
  })
  .strict();

/** The perpetual of one asset. */
const PerpetualTrack = z
  .object({
    /** What all longs held when each bar closed, at the oracle's price. */
    openInterestUsd: z.array(cents),
    /** {1/hour} What longs paid shorts in that hour; negative when they were paid. */
    fundingRate: z.array(z.number().finite()),
  })
  .strict();

const ArmSeries = z
  .object({
    name: text,
    /** For each account, in the order of `accounts`, its health when each bar closed; null is infinite: no debt, no risk. */
    health: z.array(z.array(health.nullable())),
    /** What the vault has minus what it owes. */
    marginUsd: z.array(cents),
    /** Equity of all accounts together. */
    equityUsd: z.array(cents),
    eth: PerpetualTrack,
    btc: PerpetualTrack,
    /** In order of step. */
    events: z.array(Event),
  })
  .strict();

const Series = z
  .object({
    /** {s} Opening of each bar: unix time when recorded, from 0 when generated. */
    timestamps: z.array(z.number().int().nonnegative()),
    eth: PriceTrack,
    btc: PriceTrack,
    arms: z.array(ArmSeries),
  })
  .strict();

const Shape = z
  .object({
    /** 2 since reports tell of perpetuals: `group`, `exposure`, `groups`, `fills`, `volumeUsd`, `closingUsd`, and a track of each. */
    format: z.literal(2),
    source: text,
    kind: z.enum(["recorded", "generated"]),
    seed: count,
    steps: count.positive(),
    barSeconds: count.positive(),
    /** Whether a step is a bar of prices or a recorded round of a feed, of which `barSeconds` is the median distance. */
    stepIs: z.enum(["bar", "round"]),
    /** What was given beside the prices, and how it was used: a sentence each. */
    notes: z.array(text),
    /** How many steps old what keeper and liquidators acted on was. */
    delaySteps: count,
    startedAtBlock: count,
    arms: z.array(Arm).min(1),
    accounts: z.array(AccountInfo.extend({ outcomes: z.array(Outcome) }).strict()).min(1),
    series: Series,
  })
  .strict();

/** The file, with what its parts owe each other: lengths, names, and sums that a reader would check. */
export const ReportSchema = Shape.superRefine((report, context) => {
  const fault = (message: string, ...path: (string | number)[]): void =>
    context.addIssue({ code: z.ZodIssueCode.custom, message, path });
  const { steps, series, accounts, arms } = report;
  const ids = new Set(accounts.map(({ id }) => id));
  const full = (values: readonly unknown[], ...path: (string | number)[]): void => {
    if (values.length !== steps)
      fault(`expected ${steps} values, one a step, found ${values.length}`, "series", ...path);
  };

  if (ids.size !== accounts.length) fault("two accounts have one id", "accounts");
  full(series.timestamps, "timestamps");
  for (const asset of ["eth", "btc"] as const) {
    for (const track of ["low", "high", "close", "oracle"] as const) full(series[asset][track], asset, track);
  }
  const names = arms.map(({ name }) => name).join();
  if (series.arms.map(({ name }) => name).join() !== names) fault("expected the arms in their order", "series", "arms");
  for (const [i, arm] of series.arms.entries()) {
    full(arm.marginUsd, "arms", i, "marginUsd");
    full(arm.equityUsd, "arms", i, "equityUsd");
    for (const asset of ["eth", "btc"] as const) {
      for (const track of ["openInterestUsd", "fundingRate"] as const) full(arm[asset][track], "arms", i, asset, track);
    }
    if (arm.health.length !== accounts.length) fault("expected one series an account", "series", "arms", i, "health");
    for (const [j, values] of arm.health.entries()) full(values, "arms", i, "health", j);
    for (const [j, event] of arm.events.entries()) {
      const known = ids.has(event.account) && event.step < steps;
      if (!known) fault(`no such account or step: ${event.account}, ${event.step}`, "series", "arms", i, "events", j);
    }
  }
  for (const [i, { lossesUsd, penaltiesUsd, losses }] of arms.entries()) {
    const sum = Object.values(losses).reduce((total, value) => total + value, 0);
    if (Math.abs(sum - lossesUsd) > 0.005) fault(`the losses sum to ${sum}`, "arms", i, "lossesUsd");
    if (penaltiesUsd !== losses.penaltiesUsd) fault("differs from losses.penaltiesUsd", "arms", i, "penaltiesUsd");
  }
  for (const [i, { outcomes }] of accounts.entries()) {
    if (outcomes.map(({ arm }) => arm).join() !== names)
      fault("expected one outcome an arm", "accounts", i, "outcomes");
  }
});

export type Report = z.infer<typeof ReportSchema>;
export type ReportArm = z.infer<typeof Arm>;
export type ReportAccount = Report["accounts"][number];
export type ReportOutcome = z.infer<typeof Outcome>;
export type ReportEvent = z.infer<typeof Event>;
export type ReportLosses = z.infer<typeof Losses>;
export type ReportPromises = z.infer<typeof Promises>;
export type EventKind = ReportEvent["kind"];
export type AccountInfo = z.infer<typeof AccountInfo>;
export type ReportGroup = z.infer<typeof GroupOutcome>;
export type PerpetualTrack = z.infer<typeof PerpetualTrack>;
export type PriceTrack = z.infer<typeof PriceTrack>;
export type ArmSeries = z.infer<typeof ArmSeries>;
