import type { UniswapV3TwapSource } from "../../../typechain-types/index.js";

import { expect } from "chai";
import { Interface } from "ethers";

import { ASSETS, MAINNET, type Asset } from "../../../scripts/core/mainnet.js";
import { sqrtPriceX96At } from "../../../scripts/core/uniswap.js";
import { readBack } from "../../../scripts/io/deployment/readBack.js";
import { deployProtocol, parametersFor } from "../../../scripts/io/protocol.js";
import { header, mineFrom } from "../../../scripts/io/rpc.js";
import { UniswapV3TwapSource__factory } from "../../../typechain-types/index.js";
import { expectNear } from "../near.js";
import { marketOnFork } from "./onFork.js";

const PRICES = { ETH: 2_000_00000000n, BTC: 40_000_00000000n, USDC: 1_00000000n };
const WINDOW = 600n;
/** One tick, the coarsest a mean is known to. */
const TICK = 1.0001e-4;
const POOLS = new Interface([
  "function createPool(address, address, uint24) returns (address)",
  "function initialize(uint160)",
]);
/** Of the oracle's enums. */
const [DEGRADED, LIVE, DEVIATING] = [1n, 2n, 11n];

describe("UniswapV3TwapSource on a fork of the replica", () => {
  const { fork, market } = marketOnFork(PRICES);

  const deploy = async (
    pool: string,
    token: string,
    quote: string,
    windowSeconds: bigint,
  ): Promise<UniswapV3TwapSource> => {
    const { ethers } = fork().connection;
    const deployed = await ethers.deployContract("UniswapV3TwapSource", [pool, token, quote, windowSeconds]);
    return UniswapV3TwapSource__factory.connect(await deployed.getAddress(), ethers.provider);
  };
  const sourceOf = async (asset: Asset): Promise<UniswapV3TwapSource> => {
    const { address, asset: token, quote } = MAINNET.pools[asset];
    return await deploy(address, token.address, quote.address, WINDOW);
  };
  const wait = async (seconds: bigint): Promise<void> => {
    const now = (await header(fork().rpc))?.timestamp ?? 0n;
    await mineFrom(fork().rpc, now + seconds, 1n, 1n);
  };
  const dollars = (priceE18: bigint): number => Number(priceE18) / 1e18;

  it("answers the pool's price in quote units with 18 decimals, in both orientations and of 18 and 8 decimals", async () => {
    for (const asset of ASSETS) {
      const price = dollars(await (await sourceOf(asset)).price());
      expectNear(price / (Number(PRICES[asset]) / 1e8), 1, TICK);
    }
  });

  it("follows a move as the geometric mean of the window does", async () => {
    for (const asset of ASSETS) {
      const source = await sourceOf(asset);
      const start = Number(PRICES[asset]) / 1e8;
      await market().venue.arbitrageTo(asset, (PRICES[asset] * 80n) / 100n, { exact: true });
      const moved = (await header(fork().rpc))?.timestamp ?? 0n;
      // A quarter of the window, a half, all of it.
      for (const elapsed of [150n, 300n, 600n, 3_000n]) {
        const now = (await header(fork().rpc))?.timestamp ?? 0n;
        await wait(moved + elapsed - now);
        const share = Number(elapsed < WINDOW ? elapsed : WINDOW) / Number(WINDOW);
        expectNear(dollars(await source.price()) / (start * 0.8 ** share), 1, 2 * TICK);
      }
    }
  });

  it("fails while the pool's observations do not reach back", async () => {
    const { ethers } = fork().connection;
    const [signer] = await ethers.getSigners();
    const { WETH, USDC } = MAINNET.tokens;
    // A pool that has just been made, with the price of an old one.
    const send = async (to: string, data: string): Promise<void> => {
      await (await signer?.sendTransaction({ to, data }))?.wait();
    };
    const create = POOLS.encodeFunctionData("createPool", [WETH.address, USDC.address, 3_000]);
    const made = await ethers.provider.call({ to: MAINNET.uniswap.factory, data: create });
    const address = String(POOLS.decodeFunctionResult("createPool", made)[0]);
    await send(MAINNET.uniswap.factory, create);
    await send(address, POOLS.encodeFunctionData("initialize", [sqrtPriceX96At(MAINNET.pools.ETH, PRICES.ETH)]));

    const source = await deploy(address, WETH.address, USDC.address, WINDOW);
    expect(await source.price().catch((error: unknown) => String(error))).to.contain("OLD");
    await wait(WINDOW);
    expectNear(dollars(await source.price()), 2_000, 0.3);
  });

  it("is a second source of the deployed oracle: live beside the feed, degraded when they part", async function () {
    const parameters = await parametersFor("fork");
    const second = (asset: Asset) => ({
      pool: MAINNET.pools[asset].address,
      windowSeconds: WINDOW,
      deviationBps: 300n,
      minimumPriceE6: 10_000_000n,
      maximumPriceE6: 1_000_000_000_000n,
    });
    const [weth, wbtc] = parameters.collaterals;
    if (weth === undefined || wbtc === undefined) throw new TypeError("the fork has two collaterals");
    const collaterals = [
      { ...weth, second: second("ETH") },
      { ...wbtc, second: second("BTC") },
    ];
    const whole = { ...parameters, collaterals };
    const protocol = await deployProtocol(fork().connection, whole);
    expect(await readBack(protocol, whole, { fromBlock: Number(fork().startedAtBlock) })).to.deep.equal([]);
    const other = { ...whole, collaterals: [{ ...weth, second: { ...second("ETH"), windowSeconds: 60n } }, wbtc] };
    const found = await readBack(protocol, other, { fromBlock: Number(fork().startedAtBlock) });
    expect(found.map(({ what }) => what)).to.include.members(["window of WETH", "second source of WBTC"]);

    for (const asset of [1, 2]) expect((await protocol.oracle.price(asset))[0].status).to.equal(LIVE);
    await market().venue.arbitrageTo("ETH", (PRICES.ETH * 80n) / 100n, { exact: true });
    await wait(WINDOW);
    const [price, fault] = await protocol.oracle.price(1);
    expect(price.status).to.equal(DEGRADED);
    expect(fault).to.equal(DEVIATING);
    expectNear(dollars(price.bidE18), 1_600, 0.4);
    expect(price.askE18).to.equal(2_000n * 10n ** 18n);
    expect((await protocol.oracle.price(2))[0].status).to.equal(LIVE);
  });

  it("costs a reader less than the gas it is given", async () => {
    for (const asset of ASSETS) {
      const source = await sourceOf(asset);
      for (let i = 0n; i < 20n; i += 1n) {
        await wait(31n);
        await market().venue.arbitrageTo(asset, PRICES[asset] + PRICES[asset] / (100n + i), { exact: true });
      }
      expect(Number(await source.price.estimateGas()) - 21_000).to.be.lessThan(150_000);
    }
  });
});
