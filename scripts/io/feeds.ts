/**
 * Chainlink's feeds under our hand: behind each real proxy the aggregator's code is replaced by one that takes pushed
 * answers. Consumers keep reading the proxy they read on mainnet, and see its rounds go on.
 */
import type { Address, FeedName } from "../core/mainnet.js";
import type { Rpc } from "./rpc.js";

import { Interface } from "ethers";

import { EACAggregatorProxy__factory } from "../../typechain-types/factories/@chainlink/contracts/src/v0.6/EACAggregatorProxy__factory.js";
import { SettableAggregator__factory } from "../../typechain-types/factories/contracts/mocks/index.js";
import { FEED_NAMES, MAINNET } from "../core/mainnet.js";
import { call, runtimeOf, send, setCode, toAddress, unlock } from "./rpc.js";

const PROXY = EACAggregatorProxy__factory.createInterface();
const AGGREGATOR = SettableAggregator__factory.createInterface();
const MULTICALL = new Interface(["function aggregate3((address target, bool allowFailure, bytes callData)[])"]);

const DECIMALS = 8;
/** A push costs under 60,000; three of them and the batch around stay far below. */
const PUSH_GAS = 600_000n;

export interface Round {
  readonly roundId: bigint;
  readonly answerE8: bigint;
  readonly startedAt: bigint;
  readonly updatedAt: bigint;
  readonly answeredInRound: bigint;
}

export interface Feeds {
  /** The aggregators behind the proxies. */
  readonly aggregators: Readonly<Record<FeedName, Address>>;
  /** Opens a round of one feed. Zero, negative, old and future answers go through: consumers must cope. */
  push(feed: FeedName, answerE8: bigint, updatedAt: bigint): Promise<void>;
  /** Opens a round of each named feed in one transaction, hence in one block. */
  pushMany(answersE8: Partial<Readonly<Record<FeedName, bigint>>>, updatedAt: bigint): Promise<void>;
  /** What a consumer reads from the proxy. */
  latest(feed: FeedName): Promise<Round>;
}

export async function openFeeds(rpc: Rpc): Promise<Feeds> {
  const operator = await unlock(rpc, "feeds");
  const [ETH, BTC, USDC] = await Promise.all([
    replaceAggregator(rpc, operator, "ETH"),
    replaceAggregator(rpc, operator, "BTC"),
    replaceAggregator(rpc, operator, "USDC"),
  ]);
  const aggregators = { ETH, BTC, USDC };

  return {
    aggregators,
    push: async (feed, answerE8, updatedAt) => {
      await send(rpc, {
        from: operator,
        to: aggregators[feed],
        data: AGGREGATOR.encodeFunctionData("push", [answerE8, updatedAt]),
        gas: PUSH_GAS,
      });
    },
    pushMany: async (answersE8, updatedAt) => {
      const calls = FEED_NAMES.flatMap((feed) => {
        const answerE8 = answersE8[feed];
        if (answerE8 === undefined) return [];
        const callData = AGGREGATOR.encodeFunctionData("push", [answerE8, updatedAt]);
        return [{ target: aggregators[feed], allowFailure: false, callData }];
      });
      const data = MULTICALL.encodeFunctionData("aggregate3", [calls]);
      await send(rpc, { from: operator, to: MAINNET.multicall3, data, gas: PUSH_GAS });
    },
    latest: async (feed) => await latestRound(rpc, feed),
  };
}

/** Replaces the code behind a proxy and carries its last answer over, so that no consumer ever sees an empty feed. */
async function replaceAggregator(rpc: Rpc, operator: Address, feed: FeedName): Promise<Address> {
  const [aggregator] = PROXY.decodeFunctionResult(
    "aggregator",
    await call(rpc, MAINNET.feeds[feed], PROXY.encodeFunctionData("aggregator")),
  );
  const address = toAddress(String(aggregator));
  const last = await latestRound(rpc, feed);
  await setCode(rpc, address, await runtimeOf(rpc, aggregatorCreationCode(feed, aggregatorRoundOf(last.roundId))));
  await send(rpc, {
    from: operator,
    to: address,
    data: AGGREGATOR.encodeFunctionData("push", [last.answerE8, last.updatedAt]),
    gas: PUSH_GAS,
  });
  return address;
}

async function latestRound(rpc: Rpc, feed: FeedName): Promise<Round> {
  const answer = await call(rpc, MAINNET.feeds[feed], PROXY.encodeFunctionData("latestRoundData"));
  const [roundId, answerE8, startedAt, updatedAt, answeredInRound] = PROXY.decodeFunctionResult(
    "latestRoundData",
    answer,
  ).map(BigInt);
  if (
    roundId === undefined ||
    answerE8 === undefined ||
    startedAt === undefined ||
    updatedAt === undefined ||
    answeredInRound === undefined
  ) {
    throw new TypeError("latestRoundData answered fewer than five words");
  }
  return { roundId, answerE8, startedAt, updatedAt, answeredInRound };
}

/** A proxy's round is its phase in the bits above 64 and the aggregator's own round below. */
function aggregatorRoundOf(proxyRoundId: bigint): bigint {
  return proxyRoundId & ((1n << 64n) - 1n);
}

/** `roundsBefore`: the last round of the aggregator it stands in for, zero for a new one. */
export function aggregatorCreationCode(feed: FeedName, roundsBefore: bigint): string {
  const args = AGGREGATOR.encodeDeploy([`${feed} / USD`, DECIMALS, roundsBefore]);
  return `${SettableAggregator__factory.bytecode}${args.slice(2)}`;
}
