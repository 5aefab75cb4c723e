/**
 * Who trades perpetuals: longs and shorts, dealt in equal parts as borrowers are, and the one who makes their market. Drawn
 * once and the same in every arm.
 */
import type { Asset, UsdPrices } from "../mainnet.js";
import type { Owner, PolicyChoice } from "./population.js";

import { Random } from "../prices/random.js";
import { POLICIES, RESERVES_BPS, dealOut, drawPolicy, tokensFor } from "./population.js";

/** What moves a trader to act again, each once. */
export const INTENTS = ["hold", "stop", "takeProfit", "flip"] as const;
export type Intent = (typeof INTENTS)[number];

export interface Trader extends Owner {
  readonly group: "long" | "short";
  readonly underlying: Asset;
  /** {quote token} Beside the collateral. */
  readonly cash: bigint;
  /** {unit} With the sign of the position that is opened; whole hundredths. */
  readonly sizeE18: bigint;
  readonly intent: Intent;
  /** {bps} By how much the price must have moved before the intent is carried out. */
  readonly moveBps: bigint;
}

export interface Maker extends Owner {
  readonly group: "maker";
  /** {quote token} */
  readonly cash: bigint;
  /** {unit} At which the skew of the quotes is the largest, by asset. */
  readonly depthE18: Readonly<Record<Asset, bigint>>;
}

const SMALLEST_USD = 10_000;
const LARGEST_USD = 100_000;
/** Notional over equity; with cash alone initial margin allows 5.9 of ETH. */
const LEVERAGE = { low: 1.2, high: 4.5 };
const MOVE_BPS = { low: 500, high: 2_000 };
/** What traders hold: cash, or their underlying, which a short hedges and a long adds to. */
const MARGINS = ["cash", "underlying"] as const;
const SEED_OF_TRADERS = 0x51ed_270b; // keeps the draws apart from those of borrowers and paths with the same seed
const WAD = 10n ** 18n;
const HUNDREDTH = WAD / 100n;

/** `each` longs and as many shorts. */
export function drawTraders(
  each: number,
  seed: number,
  prices: UsdPrices,
  held: readonly Asset[] = ["ETH", "BTC"],
): readonly Trader[] {
  const random = new Random((seed ^ SEED_OF_TRADERS) | 0);
  return (["long", "short"] as const).flatMap((group) => {
    const underlyings = dealOut(each, held, random);
    const margins = dealOut(each, MARGINS, random);
    const intents = dealOut(each, INTENTS, random);
    const reserves = dealOut(each, RESERVES_BPS, random);
    const policies = dealOut(each, POLICIES, random);
    return Array.from({ length: each }, (_, i): Trader => {
      const underlying = underlyings[i] ?? "ETH";
      const inUnderlying = margins[i] === "underlying";
      const policy: PolicyChoice = policies[i] ?? "default";
      const usd = SMALLEST_USD * (LARGEST_USD / SMALLEST_USD) ** random.between(0, 1);
      const equityE18 = BigInt(Math.round(usd)) * WAD;
      const leverage = random.between(LEVERAGE.low, LEVERAGE.high);
      const notionalE18 = (equityE18 * BigInt(Math.round(leverage * 100))) / 100n;
      const sizeE18 = sizeFor(notionalE18, prices, underlying);
      const kind = inUnderlying ? underlying : "USDC";
      const amount = inUnderlying ? tokensFor(underlying, equityE18, prices) : 0n;
      return {
        name: `${group} ${i + 1}`,
        group,
        kind,
        underlying,
        collateral: { ETH: underlying === "ETH" ? amount : 0n, BTC: underlying === "BTC" ? amount : 0n },
        cash: inUnderlying ? 0n : equityE18 / 10n ** 12n,
        sizeE18: group === "long" ? sizeE18 : -sizeE18,
        intent: intents[i] ?? "hold",
        moveBps: BigInt(Math.round(random.between(MOVE_BPS.low, MOVE_BPS.high))),
        reserveBps: reserves[i] ?? 0n,
        // As a borrower's: half in the account's own asset where its policy lets that move.
        mixedReserve: random.happens(0.5) && policy !== "default" && inUnderlying,
        policy: drawPolicy(policy, kind, random),
      };
    });
  });
}

/** With as much cash as all of them trade together, so that no side of theirs is more than he can carry. */
export function makerFor(traders: readonly Trader[], prices: UsdPrices): Maker {
  const gross = (asset: Asset): bigint =>
    traders.reduce((sum, { underlying, sizeE18 }) => {
      return underlying === asset ? sum + (sizeE18 < 0n ? -sizeE18 : sizeE18) : sum;
    }, 0n);
  const depthE18 = { ETH: gross("ETH"), BTC: gross("BTC") };
  const worthE18 = (asset: Asset): bigint => (depthE18[asset] * prices[asset]) / prices.USDC;
  return {
    name: "maker",
    group: "maker",
    kind: "USDC",
    collateral: { ETH: 0n, BTC: 0n },
    cash: (worthE18("ETH") + worthE18("BTC")) / 10n ** 12n,
    depthE18,
    reserveBps: 0n,
    mixedReserve: false,
    policy: null,
  };
}

function sizeFor(notionalE18: bigint, prices: UsdPrices, asset: Asset): bigint {
  const units = (notionalE18 * WAD * prices.USDC) / (prices[asset] * WAD);
  return (units / HUNDREDTH) * HUNDREDTH;
}
