import type { RandomGenerator } from "pure-rand/types/RandomGenerator";

import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** A small seed leaves xoroshiro's state nearly empty and its first numbers near 1; so many draws later none of it is left. */
const WARM_UP = 64;

/** Draws of one seeded stream. Floats: prices become bigint only when the path is finished. */
export class Random {
  readonly #source: RandomGenerator;

  constructor(seed: number) {
    this.#source = xoroshiro128plus(seed);
    for (let i = 0; i < WARM_UP; i++) this.#source.next();
  }

  /** In [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * uniformFloat64(this.#source);
  }

  /** Standard normal, by Box and Muller; the second value of the pair is dropped to keep the stream easy to follow. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - uniformFloat64(this.#source)));
    return radius * Math.cos(2 * Math.PI * uniformFloat64(this.#source));
  }

  /** Whether an event of this probability happens. */
  happens(probability: number): boolean {
    return uniformFloat64(this.#source) < probability;
  }
}
