/** What the contracts answer instead of filling, in one sentence for the person who brought the orders. */
import type { ExitCode } from "../errors.js";

import { EXIT } from "../errors.js";
import { underlyingNumber } from "../instrument.js";
import { formatE18 } from "./decimal.js";
import { accountName, momentOf } from "./report.js";

/** A custom error of contracts/base/Errors.sol, as it was thrown: its name, and its arguments in plain digits. */
export interface Refusal {
  readonly name: string;
  readonly args: readonly string[];
}

/** Who is who, in the orders that were brought. */
export interface Sides {
  readonly maker: bigint;
  readonly taker: bigint;
  /** Symbols by the assets' numbers; the quote is number 0. */
  readonly symbols: readonly string[];
}

export interface Explanation {
  readonly sentence: string;
  readonly exitCode: ExitCode;
}

/** In the order of IPriceOracleAdapter.Fault. */
const FAULTS = [
  "no fault",
  "it has none",
  "it reverts",
  "not above zero",
  "unanswered",
  "from the future",
  "stale",
  "its decimals changed",
  "its answer is out of bounds",
  "the sequencer is down",
  "no second source",
  "two sources differ",
  "an outage has just ended",
];

/** Whether a later block may cure it, as Errors.sol says of each. */
const RETRYABLE = [
  "PriceOracleAdapter_Halted",
  "MarginAccount_PriceHalted",
  "MarginAccount_OpenInterestAboveCap",
  "MarginAccount_Paused",
  "MarginAccount_ReduceOnly",
];

/** GuardLevel.ReduceOnly; tighter ones allow no fill. */
const REDUCE_ONLY = 1n;

export function explainRefusal(refusal: Refusal, sides: Sides): Explanation {
  const exitCode = RETRYABLE.includes(refusal.name) ? EXIT.RETRY : EXIT.FAILED;
  return { sentence: sentenceOf(refusal, sides), exitCode };
}

function sentenceOf({ name, args }: Refusal, { maker, taker, symbols }: Sides): string {
  const number = (at: number): bigint => BigInt(args[at] ?? 0);
  const e18 = (at: number, shown?: number): string => formatE18(number(at), shown);
  const side = (): string => {
    const account = number(0);
    return account === maker ? "the maker" : account === taker ? "the taker" : `account ${accountName(account)}`;
  };
  const Side = (): string => side().replace(/^./, (letter) => letter.toUpperCase());
  const symbol = (asset: bigint): string => symbols[Number(asset)] ?? `asset ${asset}`;
  const fault = (at: number): string => FAULTS[Number(number(at))] ?? "unknown";
  const quote = symbol(0n);

  switch (name) {
    case "MarginAccount_BelowInitialMargin":
      return (
        `${Side()} would be below initial margin: equity ${e18(1, 6)} ${quote}, initial margin ${e18(2, 6)} ${quote}; ` +
        `deposit to ${accountName(number(0))}, or fill less.`
      );
    case "MarginAccount_PriceOutsideBand":
      return (
        `${Side()} is below initial margin, and may only trade from ${e18(2, 6)} to ${e18(3, 6)} ${quote}, ` +
        `near the mark: the price is ${e18(1)}.`
      );
    case "MarginAccount_NotReducing":
      return `${Side()}'s order may only reduce, but its position is ${e18(1)} and the fill adds ${e18(2)}.`;
    case "MarginAccount_OpenInterestAboveCap":
      return (
        `Open interest in ${symbol(underlyingNumber(number(0)))} would be ${e18(1)}, above its cap of ${e18(2)}: ` +
        "wait for positions to close."
      );
    case "MarginAccount_TooManyPositions":
      return `${Side()} has ${number(1)} positions, and an account may have ${number(2)}.`;
    case "MarginAccount_PositionOverflow":
      return "The position would not fit its field: fill less.";
    case "MarginAccount_EmptyFill":
      return "The fill is worth nothing: fill more.";
    case "MarginAccount_SameAccount":
      return `Both orders are of account ${accountName(number(0))}: a fill needs two accounts.`;
    case "MarginAccount_UnknownInstrument":
      return `The instrument ${number(0)} is not listed.`;
    case "MarginAccount_PriceHalted":
      return `A price that ${side()}'s account depends on is halted: wait for the feed.`;
    case "MarginAccount_ReduceOnly":
      return `The price of ${symbol(number(0))} is disputed (${fault(1)}): reduce, or wait for the sources to agree.`;
    case "MarginAccount_Paused":
      return (
        `Until ${momentOf(number(1))} the guardian's pause allows ` +
        `${number(0) === REDUCE_ONLY ? "only fills that reduce positions" : "no fill"}.`
      );
    case "PriceOracleAdapter_Halted":
      return `The price of ${symbol(number(0))} is halted (feed: ${fault(1)}): wait for it.`;
    case "MarginAccount_NotModule":
      return "The margin account takes no fills from this exchange: governance has replaced it.";
    case "MarginAccount_NotAuthorized":
      return `${args[1] ?? ""} may not trade for ${side()}'s account: its owner, or an operator of it, must sign.`;
    case "Exchange_BadSize":
      return `The size ${e18(0)} is none.`;
    case "Exchange_NotOpposite":
      return "The orders are not a buy and a sale of one instrument.";
    case "Exchange_PricesDoNotMeet":
      return `The prices do not meet: the buyer pays at most ${e18(0)}, the seller asks ${e18(1)} ${quote}.`;
    case "Exchange_Expired":
      return `${Side()}'s order with nonce ${number(1)} is expired.`;
    case "Exchange_Used":
      return `${Side()}'s nonce ${number(1)} is used: filled, cancelled, or in part by another order.`;
    case "Exchange_TooMuch":
      return `Of ${side()}'s order ${e18(2)} is left: ${e18(3)} is too much.`;
    case "Exchange_BadSignature":
      return `${Side()}'s order is not signed by ${args[1] ?? ""}.`;
    case "Exchange_ParameterOutOfBounds":
      return "The exchange has no fees yet, and fills nothing without.";
    default:
      return `The contracts refuse it: ${name}(${args.join(", ")}).`;
  }
}
