/** Ethereum mainnet as this project uses it: the addresses are the same on a real node and on the replica. */

export type Address = `0x${string}`;

/** An underlying that is traded and held as collateral; USDC is the quote token. */
export type Asset = "ETH" | "BTC";
export type FeedName = Asset | "USDC";

export const ASSETS: readonly Asset[] = ["ETH", "BTC"];
export const FEED_NAMES: readonly FeedName[] = ["ETH", "BTC", "USDC"];

/** What the feeds say, in 1e-8 US dollars. */
export type UsdPrices = Readonly<Record<FeedName, bigint>>;

export interface Token {
  readonly address: Address;
  readonly decimals: number;
}

/** A Uniswap v3 pool of one asset against the quote token, with all its price maths needs to know. */
export interface Pool {
  readonly address: Address;
  readonly asset: Token;
  readonly quote: Token;
  /** {1e-6} of the amount in. */
  readonly feePips: bigint;
  readonly tickSpacing: number;
  /** Uniswap sorts a pair by address, so one pool counts quote per asset and the other asset per quote. */
  readonly assetIsToken0: boolean;
}

const WETH: Token = { address: "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", decimals: 18 };
const USDC: Token = { address: "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", decimals: 6 };
const WBTC: Token = { address: "0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599", decimals: 8 };

const ASSET_TOKENS: Readonly<Record<Asset, Token>> = { ETH: WETH, BTC: WBTC };

/** Chainlink's proxies, asset/USD with 8 decimals. What stands behind them changes, they do not. */
const FEEDS: Readonly<Record<FeedName, Address>> = {
  ETH: "0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419",
  BTC: "0xF4030086522a5bEEa4988F8cA5B36dbC97BeE88c",
  USDC: "0x8fFfFfd4AfB6115b954Bd326cbe7B4BA576818f6",
};

const POOLS: Readonly<Record<Asset, Pool>> = {
  ETH: {
    address: "0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640",
    asset: WETH,
    quote: USDC,
    feePips: 500n,
    tickSpacing: 10,
    assetIsToken0: false,
  },
  BTC: {
    address: "0x99ac8cA7087fA4A2A1FB6357269965A2014ABc35",
    asset: WBTC,
    quote: USDC,
    feePips: 3_000n,
    tickSpacing: 60,
    assetIsToken0: true,
  },
};

/** Between the two assets: a way out of BTC by way of ETH, where the replica has it. */
const CROSS_POOL: Pool = {
  address: "0xCBCdF9626bC03E24f779434178A73a0B4bad62eD",
  asset: WBTC,
  quote: WETH,
  feePips: 3_000n,
  tickSpacing: 60,
  assetIsToken0: true,
};

export const MAINNET = {
  chainId: 1,
  /** {s} Between two blocks, since the merge. */
  blockSeconds: 12,
  tokens: { WETH, USDC, WBTC },
  assets: ASSET_TOKENS,
  feeds: FEEDS,
  pools: POOLS,
  crossPool: CROSS_POOL,
  uniswap: {
    factory: "0x1F98431c8aD98523631AE4a59f267346ea31F984",
    router: "0xE592427A0AEce92De3Edee1F18E0157C05861564",
    positionManager: "0xC36442b4a4522E871399CD717aBDD847Ab11FE88",
    quoter: "0x61fFE014bA17989E743c5F6cB21bF9697530B21e",
  },
  multicall3: "0xcA11bde05977b3631167028862bE2a173976CA11",
} as const;

/** {quote, 1e-8} What a whole asset costs in quote tokens: the price that pools and the protocol use. */
export function quotePriceE8(prices: UsdPrices, asset: Asset): bigint {
  return (prices[asset] * 100_000_000n) / prices.USDC;
}
