/** `trade fill`: two orders checked, tried and sent. */
import type { SignedOrder } from "../../core/trade/orderFile.js";
import type { FillOptions } from "../../core/trade/options.js";
import type { FillOutcome, SideAfter } from "../../core/trade/report.js";
import type { Desk, Instrument } from "./desk.js";

import { explainRefusal, type Refusal } from "../../core/trade/refusal.js";
import { readerAt } from "../deployment/reading.js";
import { atDesk, instrumentOf, mined, signerAt } from "./desk.js";
import { TradeError } from "./failures.js";
import { checkSigned, readOrder, stateOf } from "./orders.js";
import { refusalIn } from "./refusals.js";

/** What is estimated may grow a little until it is mined, by interest and funding of more hours. */
const GAS_MARGIN_PERCENT = 120n;

interface Pair {
  readonly maker: SignedOrder;
  readonly taker: SignedOrder;
  /** {unit E18} */
  readonly sizeE18: bigint;
}

export async function fillOrders(options: FillOptions): Promise<FillOutcome> {
  const maker = await readOrder(options.maker, "--maker");
  const taker = await readOrder(options.taker, "--taker");
  return await atDesk(options, true, async (desk) => {
    await checkSigned(desk, maker, options.maker);
    await checkSigned(desk, taker, options.taker);
    const instrument = await instrumentOf(desk, maker.order.instrument, options.maker);
    await instrumentOf(desk, taker.order.instrument, options.taker);
    const makerLeft = await leftIn(desk, maker, options.maker);
    const takerLeft = await leftIn(desk, taker, options.taker);
    const sizeE18 = options.sizeE18 ?? (makerLeft < takerLeft ? makerLeft : takerLeft);
    const pair = { maker, taker, sizeE18 };
    const broken = mismatchIn(pair, makerLeft, takerLeft);
    if (broken !== null) throw refused(desk, pair, broken);
    return await send(desk, pair, instrument, options.as);
  });
}

async function leftIn(desk: Desk, { order }: SignedOrder, file: string): Promise<bigint> {
  const { state, left } = await stateOf(desk, order);
  switch (state) {
    case "open":
      return left;
    case "expired": {
      const message = `${file} expired ${desk.now - order.expiry} s ago: sign another.`;
      throw new TradeError("EXPIRED", message);
    }
    case "filled or cancelled": {
      const message = `${file} is filled or cancelled, or its nonce ${order.nonce} is another order's: nothing is left of it.`;
      throw new TradeError("USED", message);
    }
  }
}

/** What the exchange would refuse of two good orders, told before a node is asked. */
function mismatchIn({ maker, taker, sizeE18 }: Pair, makerLeft: bigint, takerLeft: bigint): Refusal | null {
  const [a, b] = [maker.order, taker.order];
  const refusal = (name: string, ...args: readonly bigint[]): Refusal => ({ name, args: args.map(String) });
  if (a.instrument !== b.instrument || a.sizeE18 > 0n === b.sizeE18 > 0n) {
    return refusal("Exchange_NotOpposite", a.sizeE18, b.sizeE18);
  }
  const [bid, ask] = a.sizeE18 > 0n ? [a.priceE18, b.priceE18] : [b.priceE18, a.priceE18];
  if (bid < ask) return refusal("Exchange_PricesDoNotMeet", bid, ask);
  if (a.account === b.account) return refusal("MarginAccount_SameAccount", a.account);
  if (sizeE18 > makerLeft) return refusal("Exchange_TooMuch", a.account, a.nonce, makerLeft, sizeE18);
  if (sizeE18 > takerLeft) return refusal("Exchange_TooMuch", b.account, b.nonce, takerLeft, sizeE18);
  return null;
}

async function send(desk: Desk, pair: Pair, instrument: Instrument, as: number): Promise<FillOutcome> {
  const { maker, taker, sizeE18 } = pair;
  const sender = await signerAt(desk, as);
  const exchange = desk.protocol.exchange.connect(sender);
  const args = [maker.order, maker.signature, taker.order, taker.signature, sizeE18] as const;
  const tried = async <T>(step: () => Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (error) {
      const refusal = refusalIn(error);
      if (refusal === null) throw error;
      throw refused(desk, pair, refusal, error);
    }
  };
  await tried(async () => await exchange.fill.staticCall(...args, { blockTag: desk.block }));
  const gas = await tried(async () => await exchange.fill.estimateGas(...args));
  const gasLimit = (gas * GAS_MARGIN_PERCENT) / 100n;
  const sent = await tried(async () => await exchange.fill(...args, { gasLimit }));
  const receipt = await mined(desk, sent);
  const events = receipt.logs.map((log) => exchange.interface.parseLog(log));
  const filled = events.find((event) => event?.name === "Filled")?.args;
  if (filled === undefined) throw new TypeError("A fill without its event");
  return {
    hash: receipt.hash,
    block: receipt.blockNumber,
    instrument: instrument.symbol,
    quote: { symbol: desk.quote.symbol, decimals: desk.quote.decimals },
    sizeE18,
    priceE18: BigInt(String(filled.priceE18)),
    ...(await sidesAfter(desk, pair, receipt.blockNumber, {
      maker: BigInt(String(filled.makerFee)),
      taker: BigInt(String(filled.takerFee)),
    })),
  };
}

async function sidesAfter(
  { connection, protocol }: Desk,
  { maker, taker, sizeE18 }: Pair,
  block: number,
  fees: { readonly maker: bigint; readonly taker: bigint },
): Promise<{ readonly maker: SideAfter; readonly taker: SideAfter }> {
  const reader = readerAt(connection.ethers.provider, block);
  const lens = protocol.lens.connect(reader);
  const exchange = protocol.exchange.connect(reader);
  const states = await lens.accounts([maker.order.account, taker.order.account]);
  const after = async ({ order }: SignedOrder, fee: bigint): Promise<SideAfter> => {
    const state = states.find(({ account }) => account === order.account);
    if (state === undefined) throw new TypeError("The lens left an account out");
    return {
      account: order.account,
      fee,
      changeE18: order.sizeE18 > 0n ? sizeE18 : -sizeE18,
      positionE18: state.positions.find((held) => held.instrument === order.instrument)?.sizeE18 ?? 0n,
      healthE18: state.healthE18,
      equityE18: state.equityE18,
      initialE18: state.initialE18,
      leftE18: await exchange.leftOf(order),
    };
  };
  return { maker: await after(maker, fees.maker), taker: await after(taker, fees.taker) };
}

function refused({ protocol }: Desk, { maker, taker }: Pair, refusal: Refusal, cause?: unknown): TradeError {
  const symbols = protocol.assets.map(({ symbol }) => symbol);
  const sides = { maker: maker.order.account, taker: taker.order.account, symbols };
  const { sentence, exitCode } = explainRefusal(refusal, sides);
  return new TradeError(refusal.name.startsWith("0x") ? "REFUSED" : refusal.name, sentence, exitCode, { cause });
}
