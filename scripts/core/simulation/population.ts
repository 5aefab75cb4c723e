/**
 * Who borrows: borrowers of every kind, drawn once and the same in every arm. Kinds are dealt in equal parts and then
 * shuffled, so that a small population holds all of them and no two properties go together by construction.
 */
import type { Asset, UsdPrices } from "../mainnet.js";
import type { Holdings, Purse } from "./types.js";

import { MAINNET } from "../mainnet.js";
import { Random } from "../prices/random.js";

export type CollateralKind = "ETH" | "BTC" | "ETH+BTC" | "USDC";

/** What an owner does with his account. */
export const GROUPS = ["borrower", "long", "short", "maker"] as const;
export type Group = (typeof GROUPS)[number];

/** The fields of a policy as the contract takes them. */
export interface Policy {
  readonly lowerE6: bigint;
  readonly lowerRestoreE6: bigint;
  readonly upperRestoreE6: bigint;
  readonly upperE6: bigint;
  readonly graceSeconds: bigint;
  readonly keeperPayCap: bigint;
  readonly releaseToWallet: boolean;
  readonly walletTopUp: boolean;
  readonly assetOrder: bigint;
}

/** What is drawn of every owner. */
export interface Owner {
  readonly name: string;
  readonly kind: CollateralKind;
  readonly collateral: Holdings;
  /** {bps} Of its equity, kept in reserve. */
  readonly reserveBps: bigint;
  /** Whether half of the reserve is collateral; else all of it is cash. */
  readonly mixedReserve: boolean;
  /** Null: the contract's default. */
  readonly policy: Policy | null;
}

export interface Borrower extends Owner {
  /** {bps} Of what it may borrow. */
  readonly loanBps: bigint;
}

const SMALLEST_USD = 20_000;
const LARGEST_USD = 250_000;
const LOAN_BPS = { low: 3_000, high: 9_500 };
export const RESERVES_BPS = [0n, 1_000n, 3_000n];
const KINDS = ["ETH", "BTC", "ETH+BTC"] as const satisfies readonly CollateralKind[];
/** Two fifths keep the default policy; of the others a third lets collateral be released. */
export const POLICIES = ["default", "own", "release", "default", "own"] as const;
export type PolicyChoice = (typeof POLICIES)[number];

/** Numbers of the collaterals in the vault's list. */
export const ASSET_NUMBER: Readonly<Record<Asset, bigint>> = { ETH: 1n, BTC: 2n };

export const GRACE_SECONDS = 600n;
export const KEEPER_PAY_CAP = 25n; // {quote}
const SEED_OF_POPULATION = 0x9e37_79b9; // keeps the draws apart from those of a generated path with the same seed

export function drawBorrowers(
  count: number,
  seed: number,
  prices: UsdPrices,
  held: readonly Asset[] = ["ETH", "BTC"],
): readonly Borrower[] {
  const random = new Random((seed ^ SEED_OF_POPULATION) | 0);
  const kinds = dealOut(count, kindsOf(held), random);
  const reserves = dealOut(count, RESERVES_BPS, random);
  const policies = dealOut(count, POLICIES, random);
  const loans = shuffled(
    Array.from({ length: count }, (_, i) => (i + random.between(0, 1)) / count),
    random,
  );
  return Array.from({ length: count }, (_, i): Borrower => {
    const kind = kinds[i] ?? "ETH";
    const usd = SMALLEST_USD * (LARGEST_USD / SMALLEST_USD) ** random.between(0, 1);
    const policy = drawPolicy(policies[i] ?? "default", kind, random);
    return {
      name: `borrower ${i + 1}`,
      kind,
      collateral: collateralOf(kind, usd, prices),
      loanBps: BigInt(Math.round(LOAN_BPS.low + (LOAN_BPS.high - LOAN_BPS.low) * (loans[i] ?? 0))),
      reserveBps: reserves[i] ?? 0n,
      // The default policy names no asset that may move, so only cash would help its account.
      mixedReserve: random.happens(0.5) && policy !== null,
      policy,
    };
  });
}

/** {token} What `amountE18` of reserve is made of: cash, or half of it collateral in the account's own mix. */
export function reserveOf(owner: Owner, amountE18: bigint, prices: UsdPrices): Purse {
  const inAssets = owner.mixedReserve ? amountE18 / 2n : 0n;
  const kinds = assetsOf(owner.kind);
  const share = kinds.length === 0 ? 0n : inAssets / BigInt(kinds.length);
  const of = (asset: Asset): bigint => (kinds.includes(asset) ? tokensFor(asset, share, prices) : 0n);
  return { USDC: (amountE18 - inAssets) / 10n ** 12n, ETH: of("ETH"), BTC: of("BTC") };
}

function kindsOf(held: readonly Asset[]): readonly CollateralKind[] {
  return KINDS.filter((kind) => assetsOf(kind).every((asset) => held.includes(asset)));
}

export function assetsOf(kind: CollateralKind): readonly Asset[] {
  if (kind === "USDC") return [];
  return kind === "ETH+BTC" ? ["ETH", "BTC"] : [kind];
}

function collateralOf(kind: CollateralKind, usd: number, prices: UsdPrices): Holdings {
  const assets = assetsOf(kind);
  const shareE18 = (BigInt(Math.round(usd)) * 10n ** 18n) / BigInt(assets.length);
  const of = (asset: Asset): bigint => (assets.includes(asset) ? tokensFor(asset, shareE18, prices) : 0n);
  return { ETH: of("ETH"), BTC: of("BTC") };
}

export function tokensFor(asset: Asset, amountE18: bigint, prices: UsdPrices): bigint {
  const unit = 10n ** BigInt(MAINNET.assets[asset].decimals);
  return (amountE18 * unit * prices.USDC) / (prices[asset] * 10n ** 18n);
}

/** The first asset in the lowest byte, as the contract reads it. */
export function packOrder(assets: readonly Asset[]): bigint {
  return assets.reduceRight((packed, asset) => (packed << 8n) | ASSET_NUMBER[asset], 0n);
}

export function drawPolicy(choice: PolicyChoice, kind: CollateralKind, random: Random): Policy | null {
  const lower = random.between(1.15, 1.5);
  const lowerRestore = lower + random.between(0.2, 0.5);
  const upperRestore = random.between(2.2, 2.6);
  const upper = random.between(3, 4.5);
  if (choice === "default") return null;
  const releases = choice === "release";
  return {
    lowerE6: e6(lower),
    lowerRestoreE6: e6(lowerRestore),
    upperRestoreE6: releases ? e6(upperRestore) : e6(lowerRestore),
    upperE6: releases ? e6(upper) : 0n,
    graceSeconds: GRACE_SECONDS,
    keeperPayCap: KEEPER_PAY_CAP,
    releaseToWallet: false,
    walletTopUp: false,
    assetOrder: packOrder(assetsOf(kind)),
  };
}

/** Two decimals, as a person would choose them. */
function e6(health: number): bigint {
  return BigInt(Math.round(health * 100)) * 10_000n;
}

export function dealOut<T>(count: number, kinds: readonly T[], random: Random): readonly T[] {
  const dealt = Array.from({ length: count }, (_, i) => kinds.slice(i % kinds.length, (i % kinds.length) + 1)).flat();
  return shuffled(dealt, random);
}

function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  return items
    .map((item) => ({ item, at: random.between(0, 1) }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
