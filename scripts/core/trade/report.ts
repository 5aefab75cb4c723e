/** What `npm run trade` says to people; every line fits 100 columns. */
import type { Address } from "../mainnet.js";

import { formatE18, formatUnits } from "./decimal.js";

/** More is the health of an account without risk. */
const UNBOUNDED = 2n ** 128n;

export interface SideAfter {
  readonly account: bigint;
  /** {quote token} */
  readonly fee: bigint;
  /** {unit E18} By which the fill changed it. */
  readonly changeE18: bigint;
  readonly positionE18: bigint;
  readonly healthE18: bigint;
  readonly equityE18: bigint;
  readonly initialE18: bigint;
  /** {unit E18} Of its order. */
  readonly leftE18: bigint;
}

export interface FillOutcome {
  readonly hash: string;
  readonly block: number;
  readonly instrument: string;
  readonly quote: { readonly symbol: string; readonly decimals: number };
  /** {unit E18} Without a sign. */
  readonly sizeE18: bigint;
  readonly priceE18: bigint;
  readonly maker: SideAfter;
  readonly taker: SideAfter;
}

export interface CancelOutcome {
  readonly hash: string;
  readonly block: number;
  readonly account: bigint;
  readonly nonce: bigint;
}

/** Why nothing can be filled any more, or that something can. */
export type OrderState = "open" | "expired" | "filled or cancelled";

export interface OrderView {
  readonly state: OrderState;
  readonly instrument: string;
  readonly quote: string;
  readonly account: bigint;
  readonly signer: Address;
  readonly nonce: bigint;
  readonly reduceOnly: boolean;
  readonly sizeE18: bigint;
  readonly leftE18: bigint;
  readonly priceE18: bigint;
  /** {quote/unit E18} Of the underlying now; nothing while its price is halted. */
  readonly bidE18: bigint | null;
  readonly askE18: bigint | null;
  /** {s} */
  readonly expiry: bigint;
  readonly now: bigint;
  readonly block: number;
}

/** The owner and his own number for it. */
export function accountName(account: bigint): string {
  const owner = (account >> 96n).toString(16).padStart(40, "0");
  return `0x${owner}/${account & (2n ** 96n - 1n)}`;
}

export function describeFill(outcome: FillOutcome): string {
  const { sizeE18, priceE18, instrument, quote, block, hash } = outcome;
  return [
    `Filled ${formatE18(sizeE18)} ${instrument} at ${formatE18(priceE18)} ${quote.symbol}, in block ${block}.`,
    `transaction  ${hash}`,
    ...describeSide("maker", outcome.maker, outcome),
    ...describeSide("taker", outcome.taker, outcome),
  ].join("\n");
}

function describeSide(name: string, side: SideAfter, { instrument, quote }: FillOutcome): readonly string[] {
  const { account, fee, changeE18, positionE18, equityE18, initialE18, leftE18 } = side;
  const money = (valueE18: bigint): string => `${formatE18(valueE18, 6)} ${quote.symbol}`;
  return [
    `${name}        ${accountName(account)} ${changeE18 > 0n ? "bought" : "sold"}`,
    `  fee        ${formatUnits(fee, quote.decimals)} ${quote.symbol}`,
    `  left       ${formatE18(leftE18)} ${instrument} of its order`,
    `  position   ${formatE18(positionE18)} ${instrument}`,
    `  health     ${healthOf(side.healthE18)}`,
    `  margin     equity ${money(equityE18)}, initial margin ${money(initialE18)}`,
  ];
}

export function healthOf(healthE18: bigint): string {
  return healthE18 > UNBOUNDED ? "without risk" : formatE18(healthE18, 4);
}

export function describeCancel({ account, nonce, block, hash }: CancelOutcome): string {
  return [
    `Cancelled in block ${block}: no order with this nonce can be filled any more.`,
    `transaction  ${hash}`,
    `account      ${accountName(account)}`,
    `nonce        ${nonce}`,
  ].join("\n");
}

export function describeOrder(view: OrderView): string {
  const { instrument, quote, sizeE18, leftE18, priceE18, bidE18, askE18 } = view;
  const buys = sizeE18 > 0n;
  const now =
    bidE18 === null || askE18 === null ? "halted" : `bid ${formatE18(bidE18)}, ask ${formatE18(askE18)} ${quote}`;
  return [
    `${buys ? "Buys" : "Sells"} ${formatE18(buys ? sizeE18 : -sizeE18)} ${instrument} at ${formatE18(priceE18)} ${quote} ` +
      `or ${buys ? "less" : "more"}${view.reduceOnly ? ", to reduce only" : ""}: ${view.state}.`,
    `account  ${accountName(view.account)}`,
    `signer   ${view.signer}`,
    `nonce    ${view.nonce}`,
    `left     ${formatE18(leftE18)} ${instrument}`,
    `expiry   ${momentOf(view.expiry)} (${distanceOf(view.expiry - view.now)})`,
    `mark     ${now}`,
    `read at  block ${view.block}`,
  ].join("\n");
}

/** Beyond the calendar, plain seconds. */
export function momentOf(seconds: bigint): string {
  if (seconds > 253_402_300_799n) return `${seconds} s`;
  return `${new Date(Number(seconds) * 1_000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function distanceOf(seconds: bigint): string {
  const size = seconds < 0n ? -seconds : seconds;
  const text = size < 120n ? `${size} s` : size < 7_200n ? `${size / 60n} min` : `${size / 3_600n} h`;
  return seconds < 0n ? `${text} ago` : `in ${text}`;
}
