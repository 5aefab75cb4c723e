/** The venue: Uniswap v3's pools on the fork, with an arbitrageur who keeps them at the price of the world outside. */
import type { Address, Asset, Pool } from "../core/mainnet.js";
import type { Rpc } from "./rpc.js";

import { AbiCoder, Interface, id } from "ethers";

import { ASSETS, MAINNET } from "../core/mainnet.js";
import { arbitrageTowards, priceE8At } from "../core/uniswap.js";
import { call, receiptOf, send, unlock } from "./rpc.js";
import { deal, encodeApprove } from "./tokens.js";

const ROUTER = new Interface([
  "function exactInputSingle((address tokenIn, address tokenOut, uint24 fee, address recipient, uint256 deadline, uint256 amountIn, uint256 amountOutMinimum, uint160 sqrtPriceLimitX96)) payable returns (uint256)",
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
/** Whole tokens the arbitrageur starts with, of each kind: more than any pool can ask for. */
const DEEP_POCKETS = 10n ** 15n;

export interface Venue {
  /** {quote, 1e-8} The pool's marginal price, before fee. */
  price(asset: Asset): Promise<bigint>;
  /**
   * Lets the arbitrageur trade the pool to `priceE8`, or with the fee counted as near as pays him, and says whether he
   * traded. `exact` ignores the fee and lands on the price itself.
   */
  arbitrageTo(asset: Asset, priceE8: bigint, options?: { readonly exact: boolean }): Promise<boolean>;
  /** {quote token} What selling `amount` of the asset would bring now. */
  quote(asset: Asset, amount: bigint): Promise<bigint>;
  /** Sells from an account the node signs for; reverts below `minQuoteOut`. Returns the {quote token} received. */
  sell(asset: Asset, amount: bigint, from: Address, minQuoteOut: bigint): Promise<bigint>;
}

export async function openVenue(rpc: Rpc): Promise<Venue> {
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

  return {
    price: async (asset) => priceE8At(MAINNET.pools[asset], await sqrtPriceOf(rpc, MAINNET.pools[asset])),

    arbitrageTo: async (asset, priceE8, options) => {
      const pool = MAINNET.pools[asset];
      const fee = options?.exact === true ? 0n : pool.feePips;
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
    },

    quote: async (asset, amount) => {
      const { asset: token, quote, feePips } = MAINNET.pools[asset];
      const question = [token.address, quote.address, amount, feePips, 0n];
      const answer = await call(rpc, quoter, QUOTER.encodeFunctionData("quoteExactInputSingle", [question]));
      return BigInt(answer.slice(0, 66));
    },

    sell: async (asset, amount, from, minQuoteOut) => {
      const pool = MAINNET.pools[asset];
      await approve(from, pool.asset.address);
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
}
