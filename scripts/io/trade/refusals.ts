/** Digs out what the contracts threw from what a node says about it. */
import type { Refusal } from "../../core/trade/refusal.js";

import { isHexString } from "ethers";

import { Errors__factory } from "../../../typechain-types/index.js";

const CONTRACT_ERRORS = Errors__factory.createInterface();

/** Nodes wrap what a call reverted with differently, some of them twice; it is the hex below a `data`. */
function revertDataIn(error: unknown, depth = 0): string | null {
  if (typeof error !== "object" || error === null || depth > 5) return null;
  const data: unknown = "data" in error ? error.data : undefined;
  if (isHexString(data) && data.length >= 10) return data;
  const inner = [data, "error" in error ? error.error : null, "info" in error ? error.info : null];
  if (error instanceof Error) inner.push(error.cause);
  for (const next of inner) {
    const found = revertDataIn(next, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

/** What the contracts threw; null when a failure is none of theirs. */
export function refusalIn(error: unknown): Refusal | null {
  const data = revertDataIn(error);
  if (data === null) return null;
  const parsed = CONTRACT_ERRORS.parseError(data);
  if (parsed === null) return { name: data.slice(0, 10), args: [] };
  return { name: parsed.name, args: parsed.args.map(String) };
}
