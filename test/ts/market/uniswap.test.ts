import { expect } from "chai";

import { MAINNET, quotePriceE8 } from "../../../scripts/core/mainnet.js";
import {
  arbitrageTowards,
  fullRangeTicks,
  priceE8At,
  reservesForDepth,
  slippageE18,
  sqrtPriceX96At,
} from "../../../scripts/core/uniswap.js";
import { expectNear } from "../near.js";

const { ETH, BTC } = MAINNET.pools;

describe("Uniswap maths", () => {
  it("agrees with floating point on the pool's square root, in both orientations", () => {
    // {USDC unit} for {WBTC unit}: 6 - 8 decimals; {WETH unit} for {USDC unit}: 18 - 6.
    const btc = Math.sqrt(50_000 * 10 ** (6 - 8)) * 2 ** 96;
    const eth = Math.sqrt(10 ** (18 - 6) / 2_000) * 2 ** 96;
    expectNear(Number(sqrtPriceX96At(BTC, 50_000_00000000n)) / btc, 1, 1e-12);
    expectNear(Number(sqrtPriceX96At(ETH, 2_000_00000000n)) / eth, 1, 1e-12);
  });

  it("reads back the price it set, to the last digit, from a dollar to ten million", () => {
    for (const pool of [ETH, BTC]) {
      for (const priceE8 of [1_00000000n, 86_00000001n, 3_782_13000000n, 123_456_78901234n, 10_000_000_00000000n]) {
        expect(priceE8At(pool, sqrtPriceX96At(pool, priceE8))).to.equal(priceE8);
      }
    }
  });

  it("refuses a price that no pool can have", () => {
    expect(() => sqrtPriceX96At(ETH, 0n)).to.throw(RangeError);
    expect(() => priceE8At(ETH, 0n)).to.throw(RangeError);
  });

  it("keeps full-range ticks on the pool's spacing", () => {
    expect(fullRangeTicks(10)).to.deep.equal({ lower: -887_270, upper: 887_270 });
    expect(fullRangeTicks(60)).to.deep.equal({ lower: -887_220, upper: 887_220 });
  });

  it("sizes reserves so that a constant product pays the depth for one percent", () => {
    const depth = 2_000_000_000_000n;
    const { assetAmount, quoteAmount } = reservesForDepth(ETH, 2_000_00000000n, depth);
    const product = assetAmount * quoteAmount;
    const quoteLeft = quoteAmount - depth;
    const priceLeft = Number(quoteLeft) / Number(product / quoteLeft);
    expectNear(priceLeft / (Number(quoteAmount) / Number(assetAmount)), 0.99, 1e-9);
  });

  it("arbitrages to the edge of the fee band, from either side, and not inside it", () => {
    const at = (priceE8: bigint): bigint => sqrtPriceX96At(BTC, priceE8);
    const world = 10_000_00000000n;
    expect(arbitrageTowards(BTC, at(10_029_00000000n), world, 3_000n)).to.deep.equal({ kind: "none" });
    expect(arbitrageTowards(BTC, at(9_971_00000000n), world, 3_000n)).to.deep.equal({ kind: "none" });
    expect(arbitrageTowards(BTC, at(12_000_00000000n), world, 3_000n)).to.deep.equal({
      kind: "swap",
      sellsAsset: true,
      sqrtPriceLimitX96: at((world * 1_000_000n) / 997_000n),
    });
    expect(arbitrageTowards(ETH, sqrtPriceX96At(ETH, 100_00000000n), 200_00000000n, 0n)).to.deep.equal({
      kind: "swap",
      sellsAsset: false,
      sqrtPriceLimitX96: sqrtPriceX96At(ETH, 200_00000000n),
    });
  });

  it("counts slippage against the price, rounded against the seller", () => {
    const oneEther = 10n ** 18n;
    expect(slippageE18(ETH, oneEther, 198_000_000n, 200_00000000n)).to.equal(10n ** 16n);
    expect(slippageE18(ETH, oneEther, 202_000_000n, 200_00000000n)).to.equal(-(10n ** 16n));
    // A third of a unit short in 3e8 is a loss of 1.1e-9, which has no last digit.
    expect(slippageE18(ETH, 3n * oneEther, 899_999_999n, 300_00000000n)).to.equal(1_111_111_112n);
  });

  it("states prices in the quote token, so that its depeg moves them all", () => {
    const prices = { ETH: 1_500_00000000n, BTC: 20_000_00000000n, USDC: 90_000_000n };
    expect(quotePriceE8(prices, "ETH")).to.equal(1_666_66666666n);
  });
});
