/** The venue: Uniswap v3's pools on the fork, with an arbitrageur who keeps them at the price of the world outside. */
import type { Address, Asset, Pool } from "../core/mainnet.js";
import type { Rpc } from "./rpc.js";

import { AbiCoder, Interface, id, solidityPacked } from "ethers";

import { ASSETS, MAINNET } from "../core/mainnet.js";
import { arbitrageTowards, priceE8At } from "../core/uniswap.js";
import { call, receiptOf, send, unlock } from "./rpc.js";
import { deal, encodeApprove } from "./tokens.js";

const ROUTER = new Interface([
  "function exactInputSingle((address tokenIn, address tokenOut, uint24 fee, address recipient, uint256 deadline, uint256 amountIn, uint256 amountOutMinimum, uint160 sqrtPriceLimitX96)) payable returns (uint256)",
  "function exactInput((bytes path, address recipient, uint256 deadline, uint256 amountIn, uint256 amountOutMinimum)) payable returns (uint256)",
]);
const QUOTER = new Interface([
  "function quoteExactInputSingle((address tokenIn, address tokenOut, uint256 amountIn, uint24 fee, uint160 sqrtPriceLimitX96)) returns (uint256 amountOut, uint160 sqrtPriceX96After, uint32 ticksCrossed, uint256 gasEstimate)",
]);
const SLOT0 = id("slot0()").slice(0, 10);
const SWAP_EVENT = id("Swap(address,address,int256,int256,uint160,uint128,int24)");

/** Real pools have many small positions, each crossed at a cost: a crash through them takes millions of gas. */
const ARBITRAGE_GAS = 15_000_000n;
const SELL_GAS = 5_000_000n;
const APPROVE_GAS = 100_000n;
const NEVER = 2n ** 64n;
const E8 = 100_000_000n;
/** Whole tokens the arbitrageur starts with, of each kind: more than any pool can ask for. */
const DEEP_POCKETS = 10n ** 15n;

/** As the router packs it: token, fee, token, fee, token. */
const WAY_ACROSS = solidityPacked(
  ["address", "uint24", "address", "uint24", "address"],
  [
    ...[MAINNET.crossPool.asset.address, MAINNET.crossPool.feePips, MAINNET.crossPool.quote.address],
    ...[MAINNET.pools.ETH.feePips, MAINNET.pools.ETH.quote.address],
  ],
);

export interface Venue {
  /** {quote, 1e-8} The pool's marginal price, before fee. */
  price(asset: Asset): Promise<bigint>;
  /**
   * Lets the arbitrageur trade the pool to `priceE8`, or with the fee counted as near as pays him, and says whether he
   * traded. `exact` ignores the fee and lands on the price itself.
   */
  arbitrageTo(asset: Asset, priceE8: bigint, options?: { readonly exact: boolean }): Promise<boolean>;
  /** Lets the arbitrageur trade the pool between the two assets to their prices in USD; nothing where there is none. */
  arbitrageCross(priceE8Of: (asset: Asset) => bigint): Promise<void>;
  /** {quote, 1e-8} What no sale of the asset can pay more than: the best marginal price of its ways out. */
  bestPrice(asset: Asset): Promise<bigint>;
  /** {quote token} What selling `amount` of the asset would bring now. */
  quote(asset: Asset, amount: bigint): Promise<bigint>;
  /** Sells from an account the node signs for; reverts below `minQuoteOut`. Returns the {quote token} received. */
  sell(asset: Asset, amount: bigint, from: Address, minQuoteOut: bigint): Promise<bigint>;
}

export interface VenueOptions {
  /** Whether BTC may also be sold by way of ETH, through the pool between the two. */
  readonly cross?: boolean;
}

export async function openVenue(rpc: Rpc, { cross = false }: VenueOptions = {}): Promise<Venue> {
  const arbitrageur = await unlock(rpc, "arbitrageur");
  const approved = new Set<string>();

  const { router, quoter } = MAINNET.uniswap;
  const approve = async (owner: Address, token: Address): Promise<void> => {
    const key = `${owner} ${token}`.toLowerCase();
    if (approved.has(key)) return;
    const data = encodeApprove(router, 2n ** 255n);
    await send(rpc, { from: owner, to: token, data, gas: APPROVE_GAS });
    approved.add(key);
  };

  for (const { address, decimals } of Object.values(MAINNET.tokens)) {
    await deal(rpc, address, arbitrageur, DEEP_POCKETS * 10n ** BigInt(decimals));
    await approve(arbitrageur, address);
  }

  const arbitrage = async (pool: Pool, priceE8: bigint, fee: bigint): Promise<boolean> => {
    const plan = arbitrageTowards(pool, await sqrtPriceOf(rpc, pool), priceE8, fee);
    if (plan.kind === "none") return false;
    const tokenIn = plan.sellsAsset ? pool.asset : pool.quote;
    const tokenOut = plan.sellsAsset ? pool.quote : pool.asset;
    // The limit ends the swap; the amount is only what he could pay at most.
    const amountIn = (DEEP_POCKETS / 2n) * 10n ** BigInt(tokenIn.decimals);
    const limit = plan.sqrtPriceLimitX96;
    const order = [tokenIn.address, tokenOut.address, pool.feePips, arbitrageur, NEVER, amountIn, 0n, limit];
    const data = ROUTER.encodeFunctionData("exactInputSingle", [order]);
    await send(rpc, { from: arbitrageur, to: router, data, gas: ARBITRAGE_GAS });
    return true;
  };

  const priceOf = async (pool: Pool): Promise<bigint> => priceE8At(pool, await sqrtPriceOf(rpc, pool));

  /** {token} What one pool pays for an amount. */
  const quoteOf = async ({ asset, quote, feePips }: Pool, amount: bigint): Promise<bigint> => {
    const question = [asset.address, quote.address, amount, feePips, 0n];
    const answer = await call(rpc, quoter, QUOTER.encodeFunctionData("quoteExactInputSingle", [question]));
    return BigInt(answer.slice(0, 66));
  };

  /** {quote token} By way of ETH; zero where there is no such way. */
  const quoteAcross = async (asset: Asset, amount: bigint): Promise<bigint> =>
    cross && asset === "BTC" ? await quoteOf(MAINNET.pools.ETH, await quoteOf(MAINNET.crossPool, amount)) : 0n;

  return {
    price: async (asset) => await priceOf(MAINNET.pools[asset]),

    arbitrageTo: async (asset, priceE8, options) => {
      const pool = MAINNET.pools[asset];
      return await arbitrage(pool, priceE8, options?.exact === true ? 0n : pool.feePips);
    },

    arbitrageCross: async (priceE8Of) => {
      if (!cross) return;
      const { crossPool } = MAINNET;
      await arbitrage(crossPool, (priceE8Of("BTC") * E8) / priceE8Of("ETH"), crossPool.feePips);
    },

    bestPrice: async (asset) => {
      const direct = await priceOf(MAINNET.pools[asset]);
      if (!cross || asset !== "BTC") return direct;
      const across = ((await priceOf(MAINNET.crossPool)) * (await priceOf(MAINNET.pools.ETH))) / E8;
      return across > direct ? across : direct;
    },

    quote: async (asset, amount) => {
      const direct = await quoteOf(MAINNET.pools[asset], amount);
      const across = await quoteAcross(asset, amount);
      return across > direct ? across : direct;
    },

    sell: async (asset, amount, from, minQuoteOut) => {
      const pool = MAINNET.pools[asset];
      await approve(from, pool.asset.address);
      if (cross && asset === "BTC" && (await quoteAcross(asset, amount)) > (await quoteOf(pool, amount))) {
        const data = ROUTER.encodeFunctionData("exactInput", [[WAY_ACROSS, from, NEVER, amount, minQuoteOut]]);
        return await quotePaid(rpc, MAINNET.pools.ETH, await send(rpc, { from, to: router, data, gas: SELL_GAS }));
      }
      const order = [pool.asset.address, pool.quote.address, pool.feePips, from, NEVER, amount, minQuoteOut, 0n];
      const data = ROUTER.encodeFunctionData("exactInputSingle", [order]);
      return await quotePaid(rpc, pool, await send(rpc, { from, to: router, data, gas: SELL_GAS }));
    },
  };
}

async function sqrtPriceOf(rpc: Rpc, pool: Pool): Promise<bigint> {
  return BigInt((await call(rpc, pool.address, SLOT0)).slice(0, 66));
}

/** What left the pool, from its own event: negative amounts are the pool's payments. */
async function quotePaid(rpc: Rpc, pool: Pool, hash: string): Promise<bigint> {
  const { logs } = await receiptOf(rpc, hash);
  const swap = logs.find(
    ({ address, topics }) => address.toLowerCase() === pool.address.toLowerCase() && topics[0] === SWAP_EVENT,
  );
  if (swap === undefined) throw new TypeError("A swap without its event");
  const amounts = AbiCoder.defaultAbiCoder().decode(["int256", "int256"], swap.data).map(BigInt);
  const quote = pool.assetIsToken0 ? amounts[1] : amounts[0];
  if (quote === undefined) throw new TypeError("A swap event of one amount");
  return -quote;
}

/** Every asset's pool, one after the other: they share the arbitrageur, and a node runs them in order anyway. */
export async function arbitrageAll(venue: Venue, priceE8Of: (asset: Asset) => bigint): Promise<void> {
  for (const asset of ASSETS) await venue.arbitrageTo(asset, priceE8Of(asset));
  await venue.arbitrageCross(priceE8Of);
}
