/** One action of `npm run trade`, and what it prints. */
import type { TradeOptions } from "../../core/trade/options.js";

import { toJson } from "../../core/deployment/report.js";
import { orderFileOf } from "../../core/trade/orderFile.js";
import { accountName, describeCancel, describeFill, describeOrder } from "../../core/trade/report.js";
import { cancelOrder } from "./cancel.js";
import { fillOrders } from "./fill.js";
import { showOrder } from "./show.js";
import { signOrder } from "./sign.js";

export async function trade(options: TradeOptions): Promise<string> {
  switch (options.action) {
    case "sign": {
      const signed = await signOrder(options);
      const { account, nonce } = signed.order;
      if (options.out === undefined || options.json) return orderFileOf(signed);
      return `Signed for account ${accountName(account)}.\nnonce  ${nonce}\nfile   ${options.out}`;
    }
    case "fill": {
      const outcome = await fillOrders(options);
      return options.json ? toJson(outcome) : describeFill(outcome);
    }
    case "cancel": {
      const outcome = await cancelOrder(options);
      return options.json ? toJson(outcome) : describeCancel(outcome);
    }
    case "show": {
      const view = await showOrder(options);
      return options.json ? toJson(view) : describeOrder(view);
    }
  }
}
