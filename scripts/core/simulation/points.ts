/** A path as a simulation walks it: four points a bar, or one a recorded round, each with what the world pays and what the feeds print. */
import type { Asset, UsdPrices } from "../mainnet.js";
import type { FeedRule } from "../prices/feed.js";
import type { PricePath } from "../prices/types.js";

import { CHAINLINK_RULE, FeedClock } from "../prices/feed.js";
import { walkOf } from "../prices/walk.js";

const POINTS_A_BAR = 4;
/** Steps between what keeper and liquidators see and what they do. */
export const DEFAULT_DELAY = 1;

export interface Point {
  /** Index of the bar. */
  readonly step: number;
  readonly closesBar: boolean;
  /** {s} Since the first point. */
  readonly offset: bigint;
  /** What the world outside pays. */
  readonly prices: UsdPrices;
  /** The feeds that print at this point. */
  readonly prints: Partial<UsdPrices>;
  /** What each feed has printed last, those of this point included. */
  readonly oracle: UsdPrices;
}

const DOLLAR_E8 = 100_000_000n;
/** USDC's feed on mainnet prints at 0.25% or once a day. */
const QUOTE_RULE: FeedRule = { deviationBps: 25n, heartbeatSeconds: 86_400n };

/**
 * Walks the path. Points lie a quarter of a bar apart, in the order of {@link walkOf}; a gap in recorded data stays a gap,
 * in which nothing is traded and nothing printed.
 */
export function pointsOf(path: PricePath): readonly Point[] {
  return path.prints === undefined ? pointsOfBars(path) : pointsOfRounds(path.bars, path.prints);
}

/** {s} How long before its heartbeat the quote's feed prints, where only moments of rounds are there to print at. */
const QUOTE_AHEAD = 7_200n;

/**
 * A point a recorded round: feeds print what they printed and when. At the first, each prints what it had said last, so that
 * no price is older than the run. The quote's rounds are not part of the record: its feed says a dollar, by its own rule.
 */
function pointsOfRounds(bars: PricePath["bars"], recorded: NonNullable<PricePath["prints"]>): readonly Point[] {
  const { deviationBps, heartbeatSeconds } = QUOTE_RULE;
  const quote = new FeedClock({ deviationBps, heartbeatSeconds: heartbeatSeconds - QUOTE_AHEAD });
  const start = bars[0]?.timestamp ?? 0n;
  return bars.map((bar, step): Point => {
    const offset = bar.timestamp - start;
    const prices = { ETH: bar.eth.closeE8, BTC: bar.btc.closeE8, USDC: DOLLAR_E8 };
    const said = step === 0 ? { ETH: prices.ETH, BTC: prices.BTC } : recorded[step];
    const { kind } = quote.observe({ priceE8: DOLLAR_E8, timestamp: offset });
    const prints = kind === "print" ? { ...said, USDC: DOLLAR_E8 } : { ...said };
    return { step, closesBar: true, offset, prices, prints, oracle: prices };
  });
}

function pointsOfBars({ bars, barSeconds }: PricePath): readonly Point[] {
  // A feed whose silence would outlast its heartbeat before the next point prints at this one.
  const ahead = barSeconds / BigInt(POINTS_A_BAR);
  const clock = ({ deviationBps, heartbeatSeconds }: FeedRule): FeedClock =>
    new FeedClock({ deviationBps, heartbeatSeconds: heartbeatSeconds > ahead ? heartbeatSeconds - ahead : 1n });
  const clocks = { ETH: clock(CHAINLINK_RULE), BTC: clock(CHAINLINK_RULE), USDC: clock(QUOTE_RULE) };
  const start = bars[0]?.timestamp ?? 0n;
  return bars.flatMap((bar, step) => {
    const walks: Readonly<Record<Asset, readonly bigint[]>> = { ETH: walkOf(bar.eth), BTC: walkOf(bar.btc) };
    return Array.from({ length: POINTS_A_BAR }, (_, i): Point => {
      const offset = bar.timestamp - start + (barSeconds * BigInt(i)) / BigInt(POINTS_A_BAR);
      const prices = { ETH: walks.ETH[i] ?? 0n, BTC: walks.BTC[i] ?? 0n, USDC: DOLLAR_E8 };
      const prints: { -readonly [feed in keyof UsdPrices]?: bigint } = {};
      for (const feed of ["ETH", "BTC", "USDC"] as const) {
        const decision = clocks[feed].observe({ priceE8: prices[feed], timestamp: offset });
        if (decision.kind === "print") prints[feed] = decision.print.priceE8;
      }
      const oracle = {
        ETH: clocks.ETH.last?.priceE8 ?? 0n,
        BTC: clocks.BTC.last?.priceE8 ?? 0n,
        USDC: clocks.USDC.last?.priceE8 ?? 0n,
      };
      return { step, closesBar: i === POINTS_A_BAR - 1, offset, prices, prints, oracle };
    });
  });
}
