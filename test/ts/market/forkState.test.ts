import type { ForkState } from "../../../scripts/core/forkState.js";
import type { Fork } from "../../../scripts/io/fork.js";

import { expect } from "chai";
import { Interface } from "ethers";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";

import { ForkStateError, noteOf, parseForkState, useOf } from "../../../scripts/core/forkState.js";
import { MAINNET } from "../../../scripts/core/mainnet.js";
import { openFeeds } from "../../../scripts/io/feeds.js";
import { openFork } from "../../../scripts/io/fork.js";
import { call, codeAt, storageAt, toAddress } from "../../../scripts/io/rpc.js";
import { balanceOf, deal } from "../../../scripts/io/tokens.js";
import { arbitrageAll, openVenue } from "../../../scripts/io/venue.js";

const PRICES = { ETH: 180_000_000_000n, BTC: 6_000_000_000_000n, USDC: 100_000_000n };
const HOLDER = "0x00000000000000000000000000000000000ba11a";

const POOL = new Interface([
  "function slot0() view returns (uint160 sqrtPriceX96, int24 tick, uint16, uint16, uint16, uint8, bool)",
  "function liquidity() view returns (uint128)",
  "function ticks(int24) view returns (uint128 gross, int128 net, uint256, uint256, int56, uint160, uint32, bool initialized)",
]);
const QUOTER = new Interface([
  "function quoteExactInputSingle((address tokenIn, address tokenOut, uint256 amountIn, uint24 fee, uint160 limit)) returns (uint256, uint160, uint32, uint256)",
  "function quoteExactOutputSingle((address tokenIn, address tokenOut, uint256 amount, uint24 fee, uint160 limit)) returns (uint256, uint160, uint32, uint256)",
]);
const ERC20 = new Interface([
  "function transfer(address, uint256) returns (bool)",
  "function paused() view returns (bool)",
]);

/** One position from end to end, and one around the price. */
const SMALL_POOL = {
  block: 1,
  pool: MAINNET.crossPool.address,
  name: "a small pool",
  scalars: {
    fee: 3_000,
    tick_spacing: 60,
    sqrt_price_x96: "45586356773108504879089041748871691",
    tick: 265_269,
    liquidity: 3_000,
  },
  tick_data: {
    "-887220": [1_000, 1_000],
    "265200": [2_000, 2_000],
    "265320": [2_000, -2_000],
    "887220": [1_000, -1_000],
  },
  balance_token0: 5,
  balance_token1: "7000000000000000000000",
  token0: { address: MAINNET.tokens.WBTC.address },
  token1: { address: MAINNET.tokens.WETH.address },
};

const stateOf = (content: unknown): ForkState => parseForkState(JSON.stringify(content), "x.json");

describe("a file of recorded state", function () {
  it("is a pool, read without losing a digit", function () {
    const raw = JSON.stringify(SMALL_POOL).replace(/"(\d{20,})"/g, "$1");
    const state = parseForkState(raw, "x.json");
    if (state.kind !== "pool") throw new TypeError("no pool");
    expect(state.pool.sqrtPriceX96).to.equal(45_586_356_773_108_504_879_089_041_748_871_691n);
    expect(state.pool.balance1).to.equal(7n * 10n ** 21n);
    expect(state.pool.ticks).to.have.length(4);
    expect(useOf(state.pool)).to.equal("cross");
    expect(noteOf(state)).to.match(
      /^Fork state: x\.json, block 1: a small pool with 4 ticks, through which BTC is sold/,
    );
  });

  it("is a dump, of which it says what is used: what stands at known addresses, and what that names", function () {
    const proxy = MAINNET.tokens.USDC.address;
    const [behind, other] = [`0x${"12".repeat(20)}`, `0x${"34".repeat(20)}`];
    const accounts = {
      [proxy]: { _name: "the proxy", nonce: 1, balance: "0x5", code: "0x00", storage: { "0x7": behind } },
      [behind]: { _name: "the code", code: "0x01" },
      [other]: { code: "0x02" },
    };
    const state = stateOf({ block: { number: 9 }, accounts });
    expect(noteOf(state)).to.equal(
      "Fork state: x.json, block 9: code and recorded storage of the proxy, the code, in the place of our own; balances are " +
        `written into that storage; set, and used by nothing here: ${other}`,
    );
    if (state.kind !== "dump") throw new TypeError("no dump");
    expect(state.accounts[0]).to.deep.include({ nonce: 1n, balance: 5n, storage: [[7n, BigInt(behind)]] });
  });

  const refused: readonly (readonly [string, unknown, RegExp])[] = [
    [
      "a pool of Uniswap v4",
      { ...SMALL_POOL, pool_manager: "0x1", pool_id: "0x2" },
      /^x\.json: this is a pool of Uniswap v4, and/,
    ],
    ["something else", { a: 1 }, /^x\.json: this is neither a dump of accounts nor a pool/],
    ["a list", [1], /^x\.json: this is neither/],
    ["a number", 7, /^x\.json: this is no JSON object/],
    ["a dump without a block", { accounts: {} }, /^x\.json: block is missing/],
    ["an empty dump", { block: { number: 1 }, accounts: {} }, /^x\.json: it holds no account/],
    [
      "code that is none",
      { block: { number: 1 }, accounts: { [HOLDER]: { code: "0x0" } } },
      /\.code must be bytes in hex/,
    ],
    [
      "an address that is none",
      { block: { number: 1 }, accounts: { "0x1": { code: "0x" } } },
      /accounts\.0x1 must be an address/,
    ],
    [
      "a tick between ticks",
      { ...SMALL_POOL, tick_data: { ...SMALL_POOL.tick_data, "1": [1, 0] } },
      /tick 1 is no multiple of the spacing 60/,
    ],
    [
      "ticks that are missing",
      { ...SMALL_POOL, tick_data: { "-887220": [1_000, 1_000] } },
      /net liquidity does not sum to zero/,
    ],
    [
      "another liquidity",
      { ...SMALL_POOL, scalars: { ...SMALL_POOL.scalars, liquidity: 5 } },
      /sum to 3000, and the liquidity is 5/,
    ],
    ["a liquidity that is no number", { ...SMALL_POOL, balance_token0: "x" }, /balance_token0 must be a whole number/],
  ];
  for (const [what, content, message] of refused) {
    it(`is refused as ${what} in one line`, function () {
      expect(() => stateOf(content)).to.throw(ForkStateError, message);
    });
  }

  it("is refused when it is not JSON", function () {
    expect(() => parseForkState("{", "x.json")).to.throw(ForkStateError, /^x\.json: this is not JSON/);
  });
});

describe("the replica with a recorded pool", function () {
  this.timeout(120_000);
  it("has it at its own address, and sells BTC through it where that pays more", async function () {
    // A deep one, so that it pays.
    const deep = "5000000000000000000";
    const state = stateOf({
      ...SMALL_POOL,
      scalars: { ...SMALL_POOL.scalars, liquidity: deep },
      tick_data: { "-887220": [deep, deep], "887220": [deep, `-${deep}`] },
      balance_token0: 10_000_000_000_000,
      balance_token1: "3000000000000000000000000",
    });
    const fork = await openFork({ prices: PRICES, recorded: [state] });
    try {
      const venue = await openVenue(fork.rpc, { cross: true });
      await arbitrageAll(venue, (asset) => PRICES[asset]);
      const plain = await openVenue(fork.rpc);
      const amount = 50n * 10n ** 8n;
      const [across, direct] = [await venue.quote("BTC", amount), await plain.quote("BTC", amount)];
      // The small replica pool slips by more than the second fee costs.
      expect(across > direct).to.equal(true);
      expect((await venue.bestPrice("BTC")) >= (await venue.price("BTC"))).to.equal(true);
      const seller = toAddress("0x00000000000000000000000000000000000ba11b");
      await fork.rpc.request({ method: "hardhat_impersonateAccount", params: [seller] });
      await fork.rpc.request({ method: "hardhat_setBalance", params: [seller, "0xde0b6b3a7640000"] });
      await deal(fork.rpc, MAINNET.tokens.WBTC.address, seller, amount);
      expect(await venue.sell("BTC", amount, seller, 0n)).to.equal(across);
      expect(await balanceOf(fork.rpc, MAINNET.tokens.USDC.address, seller)).to.equal(across);
    } finally {
      await fork.close();
    }
  });

  it("refuses a pool that is not what its factory makes, in one line", async function () {
    const state = stateOf({ ...SMALL_POOL, pool: HOLDER });
    const error: unknown = await openFork({ prices: PRICES, recorded: [state] }).catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(ForkStateError);
    expect(String(error)).to.match(/a small pool: Uniswap's factory makes 0xCBCd.* not 0x0000/);
  });
});

/** State of mainnet is not copied here; whoever keeps it beside the repository gets these checks. */
const FOLDER = fileURLToPath(new URL("../../../../shared/data/forkstate", import.meta.url));
const PRESENT = existsSync(FOLDER);
const Quotes = z.object({ entries: z.record(z.object({ value: z.union([z.string(), z.number()]) })) });

describe(`recorded state of mainnet${PRESENT ? "" : " (skipped: there is no folder ../shared/data/forkstate beside this one)"}`, function () {
  this.timeout(120_000);
  let opened: Fork | undefined;
  let states: readonly ForkState[];
  const fork = (): Fork => {
    if (opened === undefined) throw new TypeError("no fork");
    return opened;
  };
  const read = (name: string): string => readFileSync(`${FOLDER}/${name}.json`, "utf8");

  before(async function () {
    if (!PRESENT) this.skip();
    states = ["mainnet_22442301_weth_usdc_chainlink", "uniswap_v3_wbtc_weth_pool_block_24407242"].map((name) =>
      parseForkState(read(name), `${name}.json`),
    );
    opened = await openFork({ prices: PRICES, recorded: states });
  });
  after(async function () {
    await opened?.close();
  });

  it("gives the pool its price, liquidity and every tick", async function () {
    const [, state] = states;
    if (state?.kind !== "pool") throw new TypeError("no pool");
    const { pool } = state;
    const ask = async (name: string, args: readonly unknown[] = []) =>
      POOL.decodeFunctionResult(name, await call(fork().rpc, pool.address, POOL.encodeFunctionData(name, args)));
    const slot0 = await ask("slot0");
    expect(slot0["sqrtPriceX96"]).to.equal(pool.sqrtPriceX96);
    expect(slot0["tick"]).to.equal(BigInt(pool.tick));
    expect((await ask("liquidity"))[0]).to.equal(pool.liquidity);
    for (const { tick, liquidityGross, liquidityNet } of pool.ticks) {
      const found = await ask("ticks", [tick]);
      expect([found["gross"], found["net"], found["initialized"]]).to.deep.equal([liquidityGross, liquidityNet, true]);
    }
  });

  it("makes the replica's quoter answer what mainnet's did, to the last digit", async function () {
    const text = read("uniswap_v3_wbtc_weth_quotes_block_24407242").replace(/(?<=:\s*)(\d{16,})/g, '"$1"');
    const entries = Object.entries(Quotes.parse(JSON.parse(text)).entries);
    const tokens = new Map([
      ["WBTC", MAINNET.tokens.WBTC.address],
      ["WETH", MAINNET.tokens.WETH.address],
    ]);
    // Quotes beyond the pool's depth were taken up to its last price; without a limit the quoter would refuse them.
    const lowest = 4_295_128_740n;
    const highest = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_341n;
    const different: string[] = [];
    for (const [key, { value }] of entries) {
      const [, name = "", way = "", amount = ""] = key.split("|");
      const [from = "", to = ""] = way.split("->");
      const question = [tokens.get(from), tokens.get(to), BigInt(amount), 3_000, from === "WBTC" ? lowest : highest];
      const data = QUOTER.encodeFunctionData(name, [question]);
      const found = BigInt((await call(fork().rpc, MAINNET.uniswap.quoter, data)).slice(0, 66));
      if (found !== BigInt(value)) different.push(`${key}: ${found}, not ${value}`);
    }
    expect(entries.length).to.equal(80);
    expect(different).to.deep.equal([]);
  });

  it("lets the real USDC pay from balances that were written, and keep its pause and its blacklist", async function () {
    const { USDC } = MAINNET.tokens;
    expect((await codeAt(fork().rpc, USDC.address)).length).to.be.lessThan(5_000); // a proxy
    await fork().rpc.request({ method: "hardhat_impersonateAccount", params: [HOLDER] });
    await fork().rpc.request({ method: "hardhat_setBalance", params: [HOLDER, "0xde0b6b3a7640000"] });
    await deal(fork().rpc, USDC.address, HOLDER, 1_000n);
    const pay = ERC20.encodeFunctionData("transfer", [MAINNET.multicall3, 400n]);
    await fork().rpc.request({
      method: "eth_sendTransaction",
      params: [{ from: HOLDER, to: USDC.address, data: pay }],
    });
    expect(await balanceOf(fork().rpc, USDC.address, HOLDER)).to.equal(600n);
    expect(await balanceOf(fork().rpc, USDC.address, MAINNET.multicall3)).to.equal(400n);
    expect(BigInt(await call(fork().rpc, USDC.address, ERC20.encodeFunctionData("paused")))).to.equal(0n);
    expect(await storageAt(fork().rpc, USDC.address, 6n)).to.equal(6n);
  });

  it("answers through Chainlink's real proxy, whose rounds go on under our hand", async function () {
    const feeds = await openFeeds(fork().rpc);
    const before = await feeds.latest("USDC");
    expect(before.answerE8).to.equal(99_997_425n);
    await feeds.push("USDC", 99_000_000n, fork().startedAt);
    const after = await feeds.latest("USDC");
    expect(after.answerE8).to.equal(99_000_000n);
    expect(after.roundId).to.equal(before.roundId + 1n);
    expect(before.roundId >> 64n).to.equal(3n);
  });

  it("refuses the recorded pool of v4", function () {
    const name = "uniswap_v4_eth_usdc_pool_block_24407242";
    expect(() => parseForkState(read(name), "v4.json")).to.throw(/^v4\.json: this is a pool of Uniswap v4/);
  });
});
