/** `trade cancel`: no order with this nonce can be filled any more. */
import type { CancelOptions } from "../../core/trade/options.js";
import type { CancelOutcome } from "../../core/trade/report.js";

import { accountId } from "../../core/order.js";
import { toAddress } from "../rpc.js";
import { atDesk, mined, signerAt } from "./desk.js";

/** Of one word of the exchange's. */
const NONCES_PER_WORD = 128n;

export async function cancelOrder(options: CancelOptions): Promise<CancelOutcome> {
  return await atDesk(options, true, async (desk) => {
    const { nonce } = options;
    const signer = await signerAt(desk, options.as);
    const account = accountId(toAddress(signer.address), options.index);
    const exchange = desk.protocol.exchange.connect(signer);
    const sent = await exchange.cancel(account, nonce / NONCES_PER_WORD, 1n << (nonce % NONCES_PER_WORD));
    const receipt = await mined(desk, sent);
    return { hash: receipt.hash, block: receipt.blockNumber, account, nonce };
  });
}
