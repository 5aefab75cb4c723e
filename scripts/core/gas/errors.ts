import { ToolError } from "../errors.js";

/** The measurement itself went wrong: a scenario did not do what its row is named after. */
export class MeasurementError extends ToolError {
  override readonly name = "MeasurementError";

  constructor(message: string, options?: ErrorOptions) {
    super("GAS_MEASUREMENT", message, undefined, options);
  }
}
