/**
 * Seeds the two pools at mainnet's own addresses.
 *
 * Depth. A sale that moves the price by 1% brings 2,000,000 USDC for ETH and 1,000,000 for BTC at the starting price. The
 * figures are chosen, not measured: they are of the order of what one large venue's book held within 1% in 2020, when
 * the path the simulation is judged by happened, and well below what the same pools held in later years. Recorded tick
 * data of single pools spans the choice on both sides: at block 24407242 WBTC/WETH 0.3% took about 470,000 dollars per 1%,
 * and a v4 ETH/USDC pool 26,000. A liquidation of 100,000 dollars then loses 0.05% to impact, one of 2,000,000 loses 0.5%
 * on average and 1% at its end, which is what makes selling in a crash cost something.
 *
 * Shape. One position over the full range. A concentrated one would be deeper in calm and gone in the crash; over the
 * full range depth falls with the square root of the price (half of it is left after a fall of 75%) and never ends,
 * so that no path of prices can leave a pool without liquidity. Real depth on 12 March 2020 fell further: pass a smaller
 * depth to ask what would have happened.
 */
import type { Address, Asset, Pool, UsdPrices } from "../../core/mainnet.js";
import type { Rpc } from "../rpc.js";

import { Interface } from "ethers";

import { ASSETS, MAINNET, quotePriceE8 } from "../../core/mainnet.js";
import { fullRangeTicks, reservesForDepth, sqrtPriceX96At } from "../../core/uniswap.js";
import { call, send, toAddress, unlock } from "../rpc.js";
import { deal, encodeApprove } from "../tokens.js";

/** {quote token} What selling the asset for 1% of its price brings. */
export type Depth = Readonly<Record<Asset, bigint>>;

export const DEFAULT_DEPTH: Depth = { ETH: 2_000_000_000_000n, BTC: 1_000_000_000_000n };

/**
 * Observations each pool can keep. Ten minutes of TWAP need fifty at one a block; mainnet's ETH pool keeps 723. Each costs
 * 22,000 gas to open, and a transaction's gas is capped near 16.7 million.
 */
const OBSERVATIONS = 300n;

const FACTORY = new Interface(["function createPool(address, address, uint24) returns (address)"]);
const POOL = new Interface([
  "function initialize(uint160 sqrtPriceX96)",
  "function increaseObservationCardinalityNext(uint16)",
]);
const POSITIONS = new Interface([
  "function mint((address token0, address token1, uint24 fee, int24 tickLower, int24 tickUpper, uint256 amount0Desired, uint256 amount1Desired, uint256 amount0Min, uint256 amount1Min, address recipient, uint256 deadline))",
]);
const WETH = new Interface(["function deposit() payable"]);

/** @param recorded Pools that are not to be seeded here. */
export async function seedPools(
  rpc: Rpc,
  prices: UsdPrices,
  depth: Depth,
  recorded: readonly { readonly address: Address }[] = [],
): Promise<void> {
  const provider = await unlock(rpc, "liquidity");
  for (const asset of ASSETS) {
    const { address } = MAINNET.pools[asset];
    if (recorded.some((pool) => pool.address.toLowerCase() === address.toLowerCase())) continue;
    await seedPool(rpc, provider, MAINNET.pools[asset], quotePriceE8(prices, asset), depth[asset]);
  }
}

async function seedPool(rpc: Rpc, provider: Address, pool: Pool, priceE8: bigint, depthQuote: bigint): Promise<void> {
  const { asset, quote } = pool;
  const { factory, positionManager } = MAINNET.uniswap;
  const create = FACTORY.encodeFunctionData("createPool", [asset.address, quote.address, pool.feePips]);
  const created = toAddress(`0x${(await call(rpc, factory, create)).slice(-40)}`);
  if (created !== pool.address) throw new Error(`The factory makes ${created} where mainnet has ${pool.address}`);
  await send(rpc, { from: provider, to: factory, data: create, gas: 6_000_000n });

  const sqrtPriceX96 = sqrtPriceX96At(pool, priceE8);
  const calls = [POOL.encodeFunctionData("initialize", [sqrtPriceX96])];
  calls.push(POOL.encodeFunctionData("increaseObservationCardinalityNext", [OBSERVATIONS]));
  for (const data of calls) await send(rpc, { from: provider, to: pool.address, data, gas: 10_000_000n });

  const { assetAmount, quoteAmount } = reservesForDepth(pool, priceE8, depthQuote);
  await fund(rpc, provider, asset.address, assetAmount);
  await fund(rpc, provider, quote.address, quoteAmount);
  for (const token of [asset, quote]) {
    const data = encodeApprove(positionManager, 2n ** 255n);
    await send(rpc, { from: provider, to: token.address, data, gas: 100_000n });
  }

  const ticks = fullRangeTicks(pool.tickSpacing);
  const sides = pool.assetIsToken0
    ? [asset.address, quote.address, assetAmount, quoteAmount]
    : [quote.address, asset.address, quoteAmount, assetAmount];
  const [token0, token1, amount0, amount1] = sides;
  const mint = [token0, token1, pool.feePips, ticks.lower, ticks.upper, amount0, amount1, 0n, 0n, provider, 2n ** 64n];
  const data = POSITIONS.encodeFunctionData("mint", [mint]);
  await send(rpc, { from: provider, to: positionManager, data, gas: 2_000_000n });
}

/** WETH is wrapped rather than dealt: whoever unwraps in a simulation finds the pool's ether behind it. */
async function fund(rpc: Rpc, holder: Address, token: Address, amount: bigint): Promise<void> {
  if (token === MAINNET.tokens.WETH.address) {
    const data = WETH.encodeFunctionData("deposit");
    await send(rpc, { from: holder, to: token, data, gas: 100_000n, value: amount });
  } else {
    await deal(rpc, token, holder, amount);
  }
}
