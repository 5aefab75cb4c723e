/**
 * Builds the part of mainnet that this project touches, at mainnet's addresses, on an empty chain: the tokens, the price
 * proxies with aggregators behind them, Uniswap v3 with its two pools, Multicall3.
 */
import type { ForkState } from "../../core/forkState.js";
import type { Address, FeedName, UsdPrices } from "../../core/mainnet.js";
import type { Rpc } from "../rpc.js";
import type { Depth } from "./liquidity.js";

import { AbiCoder, ZeroAddress } from "ethers";

import { EACAggregatorProxy__factory } from "../../../typechain-types/factories/@chainlink/contracts/src/v0.6/EACAggregatorProxy__factory.js";
import {
  SettableAggregator__factory,
  UsdCoin__factory,
  WrappedBitcoin__factory,
} from "../../../typechain-types/factories/contracts/mocks/index.js";
import { FEED_NAMES, MAINNET } from "../../core/mainnet.js";
import { aggregatorCreationCode } from "../feeds.js";
import { header, mine, mineFrom, receiptOf, send, setNextTimestamp, toAddress, unlock } from "../rpc.js";
import { multicall3CreationCode, publishedCreationCode } from "./creationCode.js";
import { seedPools } from "./liquidity.js";
import { isRecorded, placeRecorded, seedRecordedPool } from "./recorded.js";
import { place } from "./place.js";

/**
 * Where the chain is taken before anything is built on it. EDR tells the rules of chain 1's past blocks by their numbers,
 * and refuses to fork one from before 2017; up here a call at the block of the fork runs under today's rules.
 */
const FIRST_BLOCK = 24_000_000n;
/** An hour of blocks between the pools' first observation and the fork, so that any TWAP in use has its past. */
const BLOCKS_BEFORE = 300n;
/**
 * Blocks after the last price. EDR keeps what it reads from a node only for blocks that can no longer be reorganised, 128
 * below the head; nearer to it each read would go over the wire, every time.
 */
const BLOCKS_AFTER = 200n;

export interface ReplicaPlan {
  /** The first answer of each feed, and the price each pool starts at. */
  readonly prices: UsdPrices;
  readonly depth: Depth;
  /** {s} When the block to fork at was mined. */
  readonly headTimestamp: bigint;
  /** Takes the place of what would be made here. */
  readonly recorded: readonly ForkState[];
}

/** {s} How long before `headTimestamp` an empty chain must begin: its empty blocks are a second apart, then we build. */
export const BUILD_SECONDS = FIRST_BLOCK + 7_200n;

/** Builds on `rpc`, an empty chain, and returns the number of the block to fork at. */
export async function buildReplica(rpc: Rpc, plan: ReplicaPlan): Promise<bigint> {
  const { prices, depth, headTimestamp, recorded } = plan;
  await mine(rpc, FIRST_BLOCK, 1n);
  const deployer = await unlock(rpc, "deployer");
  await placeTokens(rpc, deployer, recorded);
  for (const state of recorded) if (state.kind === "dump") await placeRecorded(rpc, state.accounts);
  await placeUniswap(rpc, deployer);
  await place(rpc, deployer, MAINNET.multicall3, await multicall3CreationCode());
  const aggregators = await placeFeeds(rpc, deployer, recorded);
  const pools = recorded.flatMap((state) => (state.kind === "pool" ? [state.pool] : []));
  await seedPools(rpc, prices, depth, pools);
  for (const pool of pools) await seedRecordedPool(rpc, pool);

  const blockSeconds = BigInt(MAINNET.blockSeconds);
  await mineFrom(rpc, headTimestamp - BLOCKS_BEFORE * blockSeconds, BLOCKS_BEFORE - 1n, blockSeconds);
  await pushFirstAnswers(rpc, deployer, aggregators, plan);
  const head = await header(rpc);
  if (head === null) throw new TypeError("A chain without a head");
  // One by one: of many mined at once EDR keeps none, and answers for the storage at one of them with zeros.
  for (let i = 1n; i <= BLOCKS_AFTER; i++) await mineFrom(rpc, headTimestamp + i * blockSeconds, 1n, blockSeconds);
  return head.number;
}

async function placeTokens(rpc: Rpc, deployer: Address, recorded: readonly ForkState[]): Promise<void> {
  const { WETH, USDC, WBTC } = MAINNET.tokens;
  const ours: readonly (readonly [Address, string])[] = [
    [WETH.address, await publishedCreationCode("WETH9")],
    [USDC.address, UsdCoin__factory.bytecode],
    [WBTC.address, WrappedBitcoin__factory.bytecode],
  ];
  // A recorded token must not find the storage of ours below its own.
  for (const [address, code] of ours) if (!isRecorded(recorded, address)) await place(rpc, deployer, address, code);
}

async function placeUniswap(rpc: Rpc, deployer: Address): Promise<void> {
  const { factory, router, quoter, positionManager } = MAINNET.uniswap;
  const weth = MAINNET.tokens.WETH.address;
  const withArgs = (code: string, args: readonly string[]): string =>
    code +
    AbiCoder.defaultAbiCoder()
      .encode(
        args.map(() => "address"),
        args,
      )
      .slice(2);

  await place(rpc, deployer, factory, await publishedCreationCode("UniswapV3Factory"));
  await place(rpc, deployer, router, withArgs(await publishedCreationCode("SwapRouter"), [factory, weth]));
  await place(rpc, deployer, quoter, withArgs(await publishedCreationCode("QuoterV2"), [factory, weth]));
  // Nobody looks at the pictures of positions here, so there is no descriptor behind the manager.
  const manager = withArgs(await publishedCreationCode("NonfungiblePositionManager"), [factory, weth, ZeroAddress]);
  await place(rpc, deployer, positionManager, manager);
}

/** The aggregators of our own; a recorded feed has its own, with the last answer that was recorded. */
async function placeFeeds(
  rpc: Rpc,
  deployer: Address,
  recorded: readonly ForkState[],
): Promise<ReadonlyMap<FeedName, Address>> {
  const aggregators = new Map<FeedName, Address>();
  for (const feed of FEED_NAMES) {
    if (isRecorded(recorded, MAINNET.feeds[feed])) continue;
    const data = aggregatorCreationCode(feed, 0n);
    const { contractAddress } = await receiptOf(rpc, await send(rpc, { from: deployer, data, gas: 2_000_000n }));
    if (contractAddress === null || contractAddress === undefined)
      throw new TypeError("A deployment without an address");
    aggregators.set(feed, toAddress(contractAddress));
    const args = EACAggregatorProxy__factory.createInterface().encodeDeploy([contractAddress, ZeroAddress]);
    await place(rpc, deployer, MAINNET.feeds[feed], `${EACAggregatorProxy__factory.bytecode}${args.slice(2)}`);
  }
  return aggregators;
}

/** The first answers come last and their blocks end at `headTimestamp`, so that they are fresh on the fork. */
async function pushFirstAnswers(
  rpc: Rpc,
  deployer: Address,
  aggregators: ReadonlyMap<FeedName, Address>,
  { prices, headTimestamp }: ReplicaPlan,
): Promise<void> {
  const aggregator = SettableAggregator__factory.createInterface();
  let timestamp = headTimestamp - BigInt(aggregators.size);
  const updatedAt = timestamp;
  for (const [feed, to] of aggregators) {
    timestamp += 1n;
    await setNextTimestamp(rpc, timestamp);
    const data = aggregator.encodeFunctionData("push", [prices[feed], updatedAt]);
    await send(rpc, { from: deployer, to, data, gas: 200_000n });
  }
}
