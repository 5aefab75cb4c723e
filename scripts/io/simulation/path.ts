import type { SimulateOptions } from "../../core/simulation/options.js";
import type { Window } from "../../core/prices/join.js";
import type { BaseFees } from "../../core/prices/baseFee.js";
import type { AdoptedPolicy } from "../../core/simulation/policyFile.js";
import type { ForkState } from "../../core/forkState.js";
import type { PricePath } from "../../core/prices/types.js";

import { feesAlong, parseBaseFees } from "../../core/prices/baseFee.js";
import { generateCrash } from "../../core/prices/crash.js";
import { joinPaths } from "../../core/prices/join.js";
import { parsePrices } from "../../core/prices/parse.js";
import { joinRounds, parseRounds } from "../../core/prices/rounds.js";
import { parsePolicy } from "../../core/simulation/policyFile.js";
import { parseForkState } from "../../core/forkState.js";
import { readInputFile } from "../files.js";

/** The path a command line asks for: recorded when it names files, generated when not. */
export async function loadPath({ prices, rounds, from, steps, seed }: SimulateOptions): Promise<PricePath> {
  if (rounds !== undefined) return await loadRounds(rounds, { from: from ?? null, steps });
  if (prices === undefined) return generateCrash({ seed, steps });
  const [eth, btc] = await Promise.all([readInputFile(prices.eth), readInputFile(prices.btc)]);
  const window = { from: from ?? null, steps };
  return joinPaths({ eth: parsePrices(eth.text, eth.name), btc: parsePrices(btc.text, btc.name) }, window);
}

/** The base fees a command line asks for; none for the usual. */
export async function loadBaseFees(options: SimulateOptions, path: PricePath): Promise<BaseFees | undefined> {
  if (options.basefee === undefined) return undefined;
  const { text, name } = await readInputFile(options.basefee, "--basefee");
  return feesAlong(parseBaseFees(text, name), path, options["basefee-from"] ?? null);
}

/** The policy a command line gives, if it gives one. */
export async function loadPolicy({ policy }: SimulateOptions): Promise<AdoptedPolicy | undefined> {
  if (policy === undefined) return undefined;
  const { text, name } = await readInputFile(policy, "--policy");
  return parsePolicy(text, name);
}

/** Recorded state for the replica, in the order of the command line. */
export async function loadForkStates(options: SimulateOptions): Promise<readonly ForkState[]> {
  const states: ForkState[] = [];
  for (const file of options["fork-state"] ?? []) {
    const { text, name } = await readInputFile(file, "--fork-state");
    states.push(parseForkState(text, name));
  }
  return states;
}

async function loadRounds(files: NonNullable<SimulateOptions["rounds"]>, window: Window): Promise<PricePath> {
  const read = async (file: string) => {
    const { text, name } = await readInputFile(file, "--rounds");
    return parseRounds(text, name);
  };
  const { eth, btc } = files;
  return joinRounds({ eth: await read(eth), btc: btc === undefined ? null : await read(btc) }, window);
}
