/** Turns what Hardhat and the node say to an order or a fill into one sentence. */
import { EXIT, ToolError } from "../../core/errors.js";
import { classifyDeployFailure } from "../deployment/failures.js";

export class TradeError extends ToolError {
  override readonly name = "TradeError";
}

/** For the edge of the command. */
export function classifyTradeFailure(cause: unknown): unknown {
  if (cause instanceof Error && /insufficient funds|enough funds|exceeds balance/i.test(cause.message)) {
    const message = "The sender has not enough ether for the transaction; send it some and run this again.";
    return new TradeError("NO_FUNDS", message, EXIT.FAILED, { cause });
  }
  return classifyDeployFailure(cause);
}
