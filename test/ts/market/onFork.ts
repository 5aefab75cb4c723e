import type { UsdPrices } from "../../../scripts/core/mainnet.js";
import type { Fork } from "../../../scripts/io/fork.js";
import type { Market } from "../../../scripts/io/market.js";

import { openFork } from "../../../scripts/io/fork.js";
import { openMarket } from "../../../scripts/io/market.js";
import { takeBackEach } from "../takeBack.js";

interface MarketOnFork {
  readonly fork: () => Fork;
  readonly market: () => Market;
}

/** A fork of the replica and its market, open while the tests of a suite run; each test finds both as they were opened. */
export function marketOnFork(prices: UsdPrices): MarketOnFork {
  let fork: Fork | undefined;
  let market: Market | undefined;
  const opened = <Part>(part: Part | undefined): Part => {
    if (part === undefined) throw new TypeError("The fork is not open.");
    return part;
  };

  before(async function () {
    fork = await openFork({ prices });
    market = await openMarket(fork.rpc);
  });
  after(async function () {
    await fork?.close();
  });
  takeBackEach(() => opened(fork).rpc);
  return { fork: () => opened(fork), market: () => opened(market) };
}
