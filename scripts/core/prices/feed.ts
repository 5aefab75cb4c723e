/** When a feed prints: on a move since its last print, or on silence, as the mainnet ETH/USD and BTC/USD feeds do. */
export interface FeedRule {
  /** {1} with 4 decimals: 50 is 0.5%. */
  readonly deviationBps: bigint;
  /** {s} */
  readonly heartbeatSeconds: bigint;
}

export const CHAINLINK_RULE: FeedRule = { deviationBps: 50n, heartbeatSeconds: 3_600n };

export interface FeedPrint {
  readonly priceE8: bigint;
  readonly timestamp: bigint;
}

export type FeedDecision =
  | { readonly kind: "hold" }
  | { readonly kind: "print"; readonly reason: "first" | "deviation" | "heartbeat"; readonly print: FeedPrint };

const BPS = 10_000n;

/**
 * Decides whether a feed prints at a point of the path. Pure: the caller keeps the last print, or lets a {@link FeedClock}
 * keep it. A deviation is measured against the last print, as the feeds do, so a slow slide prints as surely as a drop.
 */
export function decidePrint(last: FeedPrint | null, point: FeedPrint, rule: FeedRule = CHAINLINK_RULE): FeedDecision {
  if (last === null) return { kind: "print", reason: "first", print: point };
  const move = point.priceE8 > last.priceE8 ? point.priceE8 - last.priceE8 : last.priceE8 - point.priceE8;
  if (move * BPS >= last.priceE8 * rule.deviationBps) return { kind: "print", reason: "deviation", print: point };
  if (point.timestamp - last.timestamp >= rule.heartbeatSeconds) {
    return { kind: "print", reason: "heartbeat", print: point };
  }
  return { kind: "hold" };
}

/** One feed's memory over a path: what {@link decidePrint} is asked, with the last print remembered. */
export class FeedClock {
  #last: FeedPrint | null = null;

  constructor(readonly rule: FeedRule = CHAINLINK_RULE) {}

  get last(): FeedPrint | null {
    return this.#last;
  }

  observe(point: FeedPrint): FeedDecision {
    const decision = decidePrint(this.#last, point, this.rule);
    if (decision.kind === "print") this.#last = decision.print;
    return decision;
  }
}
