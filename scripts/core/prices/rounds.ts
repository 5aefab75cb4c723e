/**
 * Recorded rounds of Chainlink's feeds: what the aggregators really said, and when. Between two rounds nothing is known of
 * the market, so the path has a step a round, and the world outside pays what the feeds say.
 */
import type { Asset } from "../mainnet.js";
import type { Bar, PricePath } from "./types.js";
import type { Window } from "./join.js";

import { readLines } from "./parse.js";
import { PriceFileError, PriceWindowError } from "./errors.js";
import { formatMoment, lastBy } from "./moment.js";

export interface Round {
  /** {s} Unix time at which the answer reached the chain. */
  readonly updatedAt: bigint;
  readonly answerE8: bigint;
}

export interface RoundSeries {
  readonly name: string;
  readonly rounds: readonly Round[];
}

const COLUMNS = ["round_id", "answer", "started_at", "updated_at", "answered_in_round"] as const;
type Column = (typeof COLUMNS)[number];

const HEADER_REMEDY = `give a header line \`${COLUMNS.join(",")}\``;
const EARLIEST = 10n ** 9n;
const LATEST = 10n ** 11n;
const MIN_ROUNDS = 2;
/** {s} A feed's heartbeat is an hour or a day; beyond two days, rows are missing. */
const LONGEST_GAP = 172_800n;

/** {E8} What BTC is said to cost where no rounds of it are given: nobody holds any. */
export const STILL_BTC_E8 = 3_000_000_000_000n;

/** Reads one feed's rounds from CSV text, exactly. `name` is what errors call the file. */
export function parseRounds(text: string, name: string): RoundSeries {
  const [head, ...lines] = readLines(text, name);
  if (head === undefined) throw new PriceFileError("EMPTY", name, null, "the file is empty", HEADER_REMEDY);
  const names = head.fields.map((field) => field.toLowerCase());
  const missing = COLUMNS.filter((column) => !names.includes(column));
  if (missing.length > 0) {
    throw new PriceFileError(
      "COLUMN_MISSING",
      name,
      head.number,
      `the header lacks ${missing.join(", ")}`,
      HEADER_REMEDY,
    );
  }

  const rounds: Round[] = [];
  for (const { number, fields } of lines) {
    const whole = (column: Column): bigint => {
      const field = fields[names.indexOf(column)] ?? "";
      if (/^\d+$/.test(field)) return BigInt(field);
      const problem = `${column} is "${field.slice(0, 50)}", which is not a whole number`;
      throw new PriceFileError("NUMBER", name, number, problem, "give the words of latestRoundData as they are");
    };
    const [id, answerE8, updatedAt, answeredIn] = [
      whole("round_id"),
      whole("answer"),
      whole("updated_at"),
      whole("answered_in_round"),
    ];
    if (answerE8 === 0n) {
      throw new PriceFileError("PRICE", name, number, "the answer is 0", "a price is above zero: remove the row");
    }
    if (updatedAt < EARLIEST || updatedAt >= LATEST) {
      const problem = `updated_at is ${updatedAt}, which is not a unix time in seconds`;
      throw new PriceFileError("TIMESTAMP", name, number, problem, "give the words of latestRoundData as they are");
    }
    if (answeredIn < id) {
      const problem = `round ${id} was answered in the earlier round ${answeredIn}`;
      throw new PriceFileError("RANGE", name, number, problem, "remove the row: the round had no answer of its own");
    }
    const last = rounds.at(-1);
    // Two rounds in one block happen; the later row is what stood at its end.
    if (last !== undefined && updatedAt < last.updatedAt) {
      const problem = `updated_at is earlier than in the row before (${last.updatedAt})`;
      throw new PriceFileError("ORDER", name, number, problem, "sort the rows by time");
    }
    rounds.push({ updatedAt, answerE8 });
  }
  if (rounds.length < MIN_ROUNDS) {
    const found = `the file has ${rounds.length === 0 ? "no rounds" : "one round"}`;
    throw new PriceFileError("TOO_FEW_ROWS", name, null, found, `give at least ${MIN_ROUNDS}`);
  }
  return { name, rounds };
}

/**
 * Joins rounds into a path with a step for each moment at which a feed printed. The first step is the first such moment at
 * or after `from` at which both feeds have said something; a step's price is what each feed has said last.
 */
export function joinRounds(
  { eth, btc }: { readonly eth: RoundSeries; readonly btc: RoundSeries | null },
  window: Window,
): PricePath {
  const first = later(eth.rounds[0], btc?.rounds[0]);
  const last = later(eth.rounds.at(-1), btc?.rounds.at(-1));
  const from = window.from ?? first;
  const covered = `the rounds cover ${formatMoment(first)} to ${formatMoment(last)}`;
  if (from < first)
    throw new PriceWindowError(`There are no rounds at ${formatMoment(from)}: ${covered}; choose a later --from.`);

  const ethAt = answersAt(eth.rounds);
  const btcAt = btc === null ? null : answersAt(btc.rounds);
  const moments = [...new Set([...eth.rounds, ...(btc?.rounds ?? [])].map(({ updatedAt }) => updatedAt))];
  const chosen = moments
    .filter((moment) => moment >= from)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .slice(0, window.steps);
  if (chosen.length < MIN_ROUNDS) {
    const found = chosen.length === 0 ? "No round" : "Only one round";
    throw new PriceWindowError(`${found} at or after ${formatMoment(from)}: ${covered}; choose an earlier --from.`);
  }
  const gap = chosen.find((moment, i) => i > 0 && moment - (chosen[i - 1] ?? moment) > LONGEST_GAP);
  if (gap !== undefined) {
    const before = chosen[chosen.indexOf(gap) - 1] ?? gap;
    throw new PriceWindowError(
      `There is no round between ${formatMoment(before)} and ${formatMoment(gap)}; choose --from and --steps so that no gap is longer than two days.`,
    );
  }

  const bars = chosen.map((timestamp, i): Bar => {
    const before = chosen[i - 1] ?? timestamp;
    const of = (at: (moment: bigint) => bigint): Bar["eth"] => {
      const [openE8, closeE8] = [at(before), at(timestamp)];
      const [lowE8, highE8] = openE8 < closeE8 ? [openE8, closeE8] : [closeE8, openE8];
      return { openE8, highE8, lowE8, closeE8 };
    };
    return { timestamp, eth: of(ethAt.inForce), btc: of(btcAt?.inForce ?? (() => STILL_BTC_E8)) };
  });
  const prints = chosen.map((moment): Partial<Record<Asset, bigint>> => {
    const [ethPrint, btcPrint] = [ethAt.printed.get(moment), btcAt?.printed.get(moment)];
    return {
      ...(ethPrint === undefined ? {} : { ETH: ethPrint }),
      ...(btcPrint === undefined ? {} : { BTC: btcPrint }),
    };
  });
  const files = btc === null ? `${eth.name} alone, BTC stands still` : `${eth.name} and ${btc.name}`;
  const short = bars.length < window.steps ? `, ${bars.length} of ${window.steps} rounds wanted` : "";
  return {
    source: `recorded rounds of Chainlink, ${files}, from ${formatMoment(chosen[0] ?? from)}${short}`,
    kind: "recorded",
    bars,
    barSeconds: median(chosen),
    prints,
    held: btc === null ? ["ETH"] : ["ETH", "BTC"],
  };
}

function later(a: Round | undefined, b: Round | undefined): bigint {
  const [x, y] = [a?.updatedAt ?? 0n, b?.updatedAt ?? 0n];
  return x > y ? x : y;
}

/** What a feed printed at a moment, and what it had said last by then. */
function answersAt(rounds: readonly Round[]): {
  readonly printed: ReadonlyMap<bigint, bigint>;
  readonly inForce: (moment: bigint) => bigint;
} {
  const printed = new Map(rounds.map(({ updatedAt, answerE8 }) => [updatedAt, answerE8]));
  const inForce = (moment: bigint): bigint => lastBy(rounds, moment, ({ updatedAt }) => updatedAt)?.answerE8 ?? 0n;
  return { printed, inForce };
}

/** {s} Of the distances between moments; a path's scale, not its clock. */
function median(moments: readonly bigint[]): bigint {
  const distances = moments.slice(1).map((moment, i) => moment - (moments[i] ?? 0n));
  const sorted = distances.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted[Math.floor(sorted.length / 2)] ?? 1n;
}
