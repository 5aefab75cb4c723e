import { ToolError } from "../errors.js";

export type Check = "LAYERS" | "SIZES" | "DOCS" | "GAS" | "TYPES" | "MUTANTS" | "COVERAGE";

/** A check of the house found something; `findings` are one line each. */
export class HouseError extends ToolError {
  override readonly name = "HouseError";

  constructor(
    check: Check,
    message: string,
    readonly findings: readonly string[],
  ) {
    super(`HOUSE_${check}`, message);
  }
}
