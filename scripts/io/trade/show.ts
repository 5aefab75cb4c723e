/** `trade show`: an order beside the chain. */
import type { ShowOptions } from "../../core/trade/options.js";
import type { OrderView } from "../../core/trade/report.js";

import { atDesk, instrumentOf } from "./desk.js";
import { checkSigned, readOrder, stateOf } from "./orders.js";

/** As IPriceOracleAdapter.Status has it. */
const HALTED = 0n;

export async function showOrder(options: ShowOptions): Promise<OrderView> {
  const signed = await readOrder(options.order, "--order");
  return await atDesk(options, false, async (desk) => {
    await checkSigned(desk, signed, options.order);
    const { order } = signed;
    const instrument = await instrumentOf(desk, order.instrument, options.order);
    const { state, left } = await stateOf(desk, order);
    const [price] = await desk.protocol.oracle.price(instrument.asset);
    const halted = price.status === HALTED;
    return {
      state,
      instrument: instrument.symbol,
      quote: desk.quote.symbol,
      account: order.account,
      signer: order.signer,
      nonce: order.nonce,
      reduceOnly: order.reduceOnly,
      sizeE18: order.sizeE18,
      leftE18: left,
      priceE18: order.priceE18,
      bidE18: halted ? null : price.bidE18,
      askE18: halted ? null : price.askE18,
      expiry: order.expiry,
      now: desk.now,
      block: desk.block,
    };
  });
}
