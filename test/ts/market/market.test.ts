import type { Address } from "../../../scripts/core/mainnet.js";

import type { Result } from "ethers";

import { expect } from "chai";
import { AbiCoder, Interface } from "ethers";

import { ASSETS, FEED_NAMES, MAINNET, quotePriceE8 } from "../../../scripts/core/mainnet.js";
import { slippageE18 } from "../../../scripts/core/uniswap.js";
import { openFeeds } from "../../../scripts/io/feeds.js";
import { call, header, setCode, unlock } from "../../../scripts/io/rpc.js";
import { BalanceSlotNotFoundError, balanceOf, deal } from "../../../scripts/io/tokens.js";
import { expectNear } from "../near.js";
import { marketOnFork } from "./onFork.js";

const PRICES = { ETH: 194_00000000n, BTC: 7_900_00000000n, USDC: 1_00000000n };
const AGGREGATOR = new Interface([
  "function aggregator() view returns (address)",
  "function getRoundData(uint80) view returns (uint80, int256, uint256, uint256, uint80)",
  "function decimals() view returns (uint8)",
  "function description() view returns (string)",
  "function latestRound() view returns (uint256)",
]);

describe("The market on a fork of the replica", () => {
  const { fork, market } = marketOnFork(PRICES);

  const now = async (): Promise<bigint> => (await header(fork().rpc))?.timestamp ?? 0n;
  const read = async (to: string, name: string, args: readonly unknown[] = []): Promise<Result> => {
    return AGGREGATOR.decodeFunctionResult(name, await call(fork().rpc, to, AGGREGATOR.encodeFunctionData(name, args)));
  };

  const ask = async (to: string, name: string, args: readonly unknown[] = []): Promise<bigint[]> =>
    Array.from(await read(to, name, args), BigInt);

  describe("feeds", () => {
    it("begin with the prices they were given, fresh", async () => {
      for (const feed of FEED_NAMES) {
        const round = await market().feeds.latest(feed);
        expect(round.answerE8).to.equal(PRICES[feed]);
        expect(fork().startedAt - round.updatedAt <= 12n).to.equal(true);
      }
    });

    it("answer through the real proxy what was pushed, in rounds that go up within their phase", async () => {
      let before = await market().feeds.latest("ETH");
      for (const answerE8 of [150_00000000n, 0n, -1n, 86_00000000n]) {
        const updatedAt = await now();
        await market().feeds.push("ETH", answerE8, updatedAt);
        const round = await market().feeds.latest("ETH");
        expect(round.answerE8).to.equal(answerE8);
        expect(round.updatedAt).to.equal(updatedAt);
        expect(round.roundId).to.equal(before.roundId + 1n);
        expect(round.answeredInRound).to.equal(round.roundId);
        before = round;
      }
    });

    it("push several in one block and leave the others alone", async () => {
      const start = await header(fork().rpc);
      const btc = await market().feeds.latest("BTC");
      await market().feeds.pushMany({ ETH: 1n, USDC: 2n }, 1_000n);
      expect((await header(fork().rpc))?.number).to.equal((start?.number ?? 0n) + 1n);
      expect(await market().feeds.latest("ETH")).to.include({ answerE8: 1n, updatedAt: 1_000n });
      expect(await market().feeds.latest("USDC")).to.include({ answerE8: 2n });
      expect(await market().feeds.latest("BTC")).to.deep.equal(btc);
    });

    it("keep their past readable by round, and answer zeros for rounds that never were", async () => {
      const first = await market().feeds.latest("BTC");
      await market().feeds.push("BTC", 5_000_00000000n, 77n);
      expect(await ask(MAINNET.feeds.BTC, "getRoundData", [first.roundId])).to.deep.equal([
        first.roundId,
        first.answerE8,
        first.startedAt,
        first.updatedAt,
        first.roundId,
      ]);
      const future = first.roundId + 9n;
      expect(await ask(MAINNET.feeds.BTC, "getRoundData", [future])).to.deep.equal([future, 0n, 0n, 0n, future]);
    });

    it("forget what is older than their ring", async () => {
      const { aggregators } = market().feeds;
      const [latest = 0n] = await ask(aggregators.ETH, "latestRound");
      expect(await ask(aggregators.ETH, "getRoundData", [latest])).to.not.include(0n);
      const slot = "0x5fd4abd509a6bd2e481342e48ac53f48e042047ae362aa211441c3f9c1ecbf00";
      const later = `0x${(latest + 4_096n).toString(16).padStart(64, "0")}`;
      await fork().rpc.request({ method: "hardhat_setStorageAt", params: [aggregators.ETH, slot, later] });
      expect(await ask(aggregators.ETH, "getRoundData", [latest])).to.deep.equal([latest, 0n, 0n, 0n, latest]);
    });

    it("go on from the same round when they are opened again", async () => {
      await market().feeds.push("ETH", 123n, 456n);
      const before = await market().feeds.latest("ETH");
      const again = await openFeeds(fork().rpc);
      const after = await again.latest("ETH");
      expect(after).to.include({ answerE8: 123n, updatedAt: 456n, roundId: before.roundId + 1n });
    });

    it("describe themselves as mainnet's do", async () => {
      expect(await ask(MAINNET.feeds.BTC, "decimals")).to.deep.equal([8n]);
      expect(Array.from(await read(MAINNET.feeds.BTC, "description"))).to.deep.equal(["BTC / USD"]);
    });
  });

  describe("deal", () => {
    it("sets the exact balance of each token, up, down and to zero", async () => {
      for (const [name, { address }] of Object.entries(MAINNET.tokens)) {
        const holder = await unlock(fork().rpc, `holder of ${name}`);
        for (const amount of [1_234_567n, 10n ** 24n, 1n, 0n]) {
          await deal(fork().rpc, address, holder, amount);
          expect(await balanceOf(fork().rpc, address, holder)).to.equal(amount);
        }
      }
    });

    it("gives tokens that can be spent", async () => {
      const from = await unlock(fork().rpc, "spender");
      await deal(fork().rpc, MAINNET.tokens.WBTC.address, from, 10n ** 8n);
      expect((await market().venue.sell("BTC", 10n ** 8n, from, 0n)) > 0n).to.equal(true);
      expect(await balanceOf(fork().rpc, MAINNET.tokens.WBTC.address, from)).to.equal(0n);
    });

    it("says so when a contract keeps no balances", async () => {
      const refusal = async (token: Address): Promise<unknown> =>
        await deal(fork().rpc, token, token, 1n).catch((error: unknown) => error);
      expect(await refusal(MAINNET.multicall3)).to.be.instanceOf(BalanceSlotNotFoundError);

      // 42 for everybody: a balance that is computed and not kept.
      const computed = "0x00000000000000000000000000000000c0de0042";
      await setCode(fork().rpc, computed, "0x602a5f5260205ff3");
      expect(await refusal(computed)).to.be.instanceOf(BalanceSlotNotFoundError);
    });
  });

  describe("venue", () => {
    it("starts at the feeds' prices, with a TWAP's past behind it", async () => {
      const pool = new Interface(["function observe(uint32[]) view returns (int56[], uint160[])"]);
      for (const asset of ASSETS) {
        expect(await market().venue.price(asset)).to.equal(quotePriceE8(PRICES, asset));
        const answer = await call(
          fork().rpc,
          MAINNET.pools[asset].address,
          pool.encodeFunctionData("observe", [[3_000, 0]]),
        );
        // Two offsets and a length, then the sums of ticks then and now.
        const sums = AbiCoder.defaultAbiCoder().decode(["int56", "int56"], `0x${answer.slice(2 + 3 * 64)}`);
        const [then = 0n, today = 0n] = sums.map(BigInt);
        // An independent reading of the price: the pool's own tick, averaged.
        const ratio = 1.0001 ** (Number(today - then) / 3_000);
        const { asset: token, quote, assetIsToken0 } = MAINNET.pools[asset];
        const price = (assetIsToken0 ? ratio : 1 / ratio) * 10 ** (token.decimals - quote.decimals);
        expectNear(price / (Number(PRICES[asset]) / 1e8), 1, 1.1e-4);
      }
    });

    it("lands on the price exactly when asked to, through a crash and back", async () => {
      for (const asset of ASSETS) {
        for (const percent of [99n, 45n, 5n, 400n, 100n]) {
          const target = (PRICES[asset] * percent) / 100n;
          expect(await market().venue.arbitrageTo(asset, target, { exact: true })).to.equal(true);
          expect(await market().venue.price(asset)).to.equal(target);
        }
      }
    });

    it("lands within the pool's fee of the price, and stays when already there", async () => {
      for (const asset of ASSETS) {
        const { feePips } = MAINNET.pools[asset];
        for (const percent of [60n, 130n]) {
          const target = (PRICES[asset] * percent) / 100n;
          expect(await market().venue.arbitrageTo(asset, target)).to.equal(true);
          const off = Number((await market().venue.price(asset)) - target) / Number(target);
          expectNear(Math.abs(off), Number(feePips) / 1e6, 2e-5);
          expect(await market().venue.arbitrageTo(asset, target)).to.equal(false);
        }
      }
    });

    it("quotes what a sale then pays", async () => {
      const seller = await unlock(fork().rpc, "seller");
      for (const asset of ASSETS) {
        const { address, decimals } = MAINNET.assets[asset];
        const amount = 321n * 10n ** BigInt(decimals);
        await deal(fork().rpc, address, seller, amount);
        const before = await balanceOf(fork().rpc, MAINNET.tokens.USDC.address, seller);
        const quoted = await market().venue.quote(asset, amount);
        const paid = await market().venue.sell(asset, amount, seller, quoted);
        expect(paid).to.equal(quoted);
        expect((await balanceOf(fork().rpc, MAINNET.tokens.USDC.address, seller)) - before).to.equal(paid);
      }
    });

    it("refuses a sale below its minimum", async () => {
      const seller = await unlock(fork().rpc, "seller");
      await deal(fork().rpc, MAINNET.tokens.WETH.address, seller, 10n ** 18n);
      const quoted = await market().venue.quote("ETH", 10n ** 18n);
      const error: unknown = await market()
        .venue.sell("ETH", 10n ** 18n, seller, quoted + 1n)
        .catch((e: unknown) => e);
      expect(error).to.be.instanceOf(Error);
      expect(await balanceOf(fork().rpc, MAINNET.tokens.WETH.address, seller)).to.equal(10n ** 18n);
    });

    it("has the depth it says: two million USDC, or one, for one percent", async () => {
      const seller = await unlock(fork().rpc, "whale");
      for (const [asset, depth] of [
        ["ETH", 2_000_000_000_000n],
        ["BTC", 1_000_000_000_000n],
      ] as const) {
        const { address, decimals } = MAINNET.assets[asset];
        // Sold at 0.5% below the price on average, and the fee on top.
        const amount = (depth * 10n ** BigInt(decimals + 2) * 10_050n) / (PRICES[asset] * 10_000n);
        const sold = (amount * 1_000_000n) / (1_000_000n - MAINNET.pools[asset].feePips);
        await deal(fork().rpc, address, seller, sold);
        const paid = await market().venue.sell(asset, sold, seller, 0n);
        expectNear(Number(paid) / Number(depth), 1, 1e-3);
        expectNear(Number(await market().venue.price(asset)) / Number(PRICES[asset]), 0.99, 1e-4);
        const fee = Number(MAINNET.pools[asset].feePips) / 1e6;
        const slippage = Number(slippageE18(MAINNET.pools[asset], sold, paid, PRICES[asset])) / 1e18;
        expectNear(slippage, 0.005 + fee, 1e-4);
      }
    });
  });

  it("steps to new prices: feeds in the first block at the step's time, pools after it", async () => {
    const prices = { ETH: 133_00000000n, BTC: 5_800_00000000n, USDC: 1_01000000n };
    const timestamp = (await now()) + 600n;
    await market().step(prices, timestamp);
    for (const feed of FEED_NAMES) {
      expect(await market().feeds.latest(feed)).to.include({ answerE8: prices[feed], updatedAt: timestamp });
    }
    for (const asset of ASSETS) {
      const target = quotePriceE8(prices, asset);
      const off = Number((await market().venue.price(asset)) - target) / Number(target);
      expect(Math.abs(off)).to.be.lessThan(0.00302);
    }
    expect(await now()).to.equal(timestamp + 2n);
  });
});
