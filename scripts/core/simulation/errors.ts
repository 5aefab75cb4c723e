import { EXIT, ToolError } from "../errors.js";

/** The chain showed something that the protocol promises never happens: the run stops, since nothing after it means anything. */
export class BrokenPromiseError extends ToolError {
  override readonly name = "BrokenPromiseError";

  constructor(message: string, options?: ErrorOptions) {
    super("BROKEN_PROMISE", message, EXIT.FAILED, options);
  }
}
