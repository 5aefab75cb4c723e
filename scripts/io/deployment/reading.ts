/** How a chain is read when something may be wrong with it: one answer at a time, and events as far as a node gives them. */
import type { Provider, ContractRunner } from "ethers";
import type { Blocks } from "./readBack.js";

import { isError } from "ethers";

import { isNodeSilent } from "../node.js";

/** A contract that answers nothing, or something else than it should, is a finding and no failure. */
export function isNoAnswer(error: unknown): boolean {
  return isError(error, "CALL_EXCEPTION") || isError(error, "BAD_DATA");
}

/** What a contract answers, or that it does not. */
export async function answerOf(reading: Promise<unknown>): Promise<string> {
  try {
    return String(await reading);
  } catch (error) {
    if (isNoAnswer(error)) return "no answer";
    throw error;
  }
}

/** Reads at one block, whatever is mined meanwhile. */
export function readerAt(provider: Provider, block: number): ContractRunner {
  return {
    provider,
    call: async (transaction) => await provider.call({ blockTag: block, ...transaction }),
    resolveName: async (name) => await provider.resolveName(name),
  };
}

/** Fewer blocks than this are refused by no node for being too many. */
const SMALL_RANGE = 1_000;

/** Public nodes give events of a limited number of blocks at a time: what is refused whole is asked for in halves. */
export async function inRanges<Event>(
  { fromBlock, toBlock }: Blocks,
  query: (from: number, to: number | "latest") => Promise<readonly Event[]>,
): Promise<readonly Event[]> {
  try {
    return await query(fromBlock, toBlock ?? "latest");
  } catch (error) {
    if (toBlock === undefined || toBlock - fromBlock < SMALL_RANGE || isNodeSilent(error)) throw error;
    const middle = Math.floor((fromBlock + toBlock) / 2);
    return [
      ...(await inRanges({ fromBlock, toBlock: middle }, query)),
      ...(await inRanges({ fromBlock: middle + 1, toBlock }, query)),
    ];
  }
}
