/** `trade sign`: an order for an account of the signer's own. */
import type { SignOptions } from "../../core/trade/options.js";
import type { SignedOrder } from "../../core/trade/orderFile.js";
import type { Order } from "../../core/order.js";
import type { Desk } from "./desk.js";

import { ORDER_TYPES, accountId, orderDomain } from "../../core/order.js";
import { orderFileOf } from "../../core/trade/orderFile.js";
import { writeNewFile } from "../files.js";
import { toAddress } from "../rpc.js";
import { atDesk, instrumentNamed, signerAt } from "./desk.js";
import { TradeError } from "./failures.js";
import { randomNonce, stateOf } from "./orders.js";

/** Nonces are drawn until one is unused; with 48 bits the first is. */
const DRAWS = 5;

export async function signOrder(options: SignOptions): Promise<SignedOrder> {
  return await atDesk(options, true, async (desk) => {
    const instrument = await instrumentNamed(desk, options.instrument);
    const signer = await signerAt(desk, options.as);
    const address = toAddress(signer.address);
    const order = await withUnusedNonce(desk, options.nonce, {
      account: accountId(address, options.index),
      instrument: instrument.id,
      sizeE18: options.sizeE18,
      priceE18: options.priceE18,
      expiry: desk.now + options.expiresSeconds,
      signer: address,
      reduceOnly: options.reduceOnly,
    });
    const { exchange } = desk.protocol.addresses;
    const signature = await signer.signTypedData(orderDomain(BigInt(desk.chainId), exchange), ORDER_TYPES, order);
    const signed = { chainId: desk.chainId, exchange, order, signature };
    if (options.out !== undefined) await writeNewFile(options.out, `${orderFileOf(signed)}\n`, "--out");
    return signed;
  });
}

async function withUnusedNonce(desk: Desk, asked: bigint | undefined, rest: Omit<Order, "nonce">): Promise<Order> {
  for (let draw = 0; draw < DRAWS; draw += 1) {
    const order = { ...rest, nonce: asked ?? randomNonce() };
    const { state } = await stateOf(desk, order);
    if (state === "open") return order;
    if (asked !== undefined) break;
  }
  throw new TradeError("NONCE_USED", `The nonce ${asked ?? ""} is used by this account: choose another --nonce.`);
}
