/** The world outside the protocol, on one fork: its feeds and its venue, moved together to the next price. */
import type { UsdPrices } from "../core/mainnet.js";
import type { Feeds } from "./feeds.js";
import type { Rpc } from "./rpc.js";
import type { Venue, VenueOptions } from "./venue.js";

import { quotePriceE8 } from "../core/mainnet.js";
import { openFeeds } from "./feeds.js";
import { setNextTimestamp } from "./rpc.js";
import { arbitrageAll, openVenue } from "./venue.js";

export interface Market {
  readonly feeds: Feeds;
  readonly venue: Venue;
  /**
   * One step of a path: at `timestamp` the three feeds answer `prices`, in one block, and arbitrage follows in the next
   * seconds' blocks, one for each pool that has left its fee band. `timestamp` must be later than the last block.
   */
  step(prices: UsdPrices, timestamp: bigint): Promise<void>;
}

export async function openMarket(rpc: Rpc, options: VenueOptions = {}): Promise<Market> {
  const feeds = await openFeeds(rpc);
  const venue = await openVenue(rpc, options);
  return {
    feeds,
    venue,
    step: async (prices, timestamp) => {
      await setNextTimestamp(rpc, timestamp);
      await feeds.pushMany(prices, timestamp);
      await arbitrageAll(venue, (asset) => quotePriceE8(prices, asset));
    },
  };
}
