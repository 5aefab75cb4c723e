import type { SimulateOptions } from "../../core/options.js";
import type { PricePath } from "../../core/prices/types.js";

import { generateCrash } from "../../core/prices/crash.js";
import { joinPaths } from "../../core/prices/join.js";
import { parsePrices } from "../../core/prices/parse.js";
import { readPriceFile } from "../files.js";

/** The path a command line asks for: recorded when it names files, generated when not. */
export async function loadPath({ prices, from, steps, seed }: SimulateOptions): Promise<PricePath> {
  if (prices === undefined) return generateCrash({ seed, steps });
  const [eth, btc] = await Promise.all([readPriceFile(prices.eth), readPriceFile(prices.btc)]);
  const window = { from: from ?? null, steps };
  return joinPaths({ eth: parsePrices(eth.text, eth.name), btc: parsePrices(btc.text, btc.name) }, window);
}
