import { expect } from "chai";
import hre from "hardhat";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

import type { LevelState } from "../../../scripts/core/model/level.js";

import { ETH_LEVELS, poke } from "../../../scripts/core/model/level.js";
import { WAD } from "../../../scripts/core/model/rounding.js";

const STEPS = 200;
const ASSET = 1n;
const LONG = 7n * 86_400n;
const RISK = {
  shockBps: 1_000n,
  haircutMaintenanceBps: 400n,
  haircutInitialBps: 800n,
  initialFactorBps: 15_000n,
  sizeCoefficientBps: 2_000n,
};
/** The model's parameters for ether, as the contract packs them. */
const LEVEL = {
  multiplierE2: 900n,
  horizonSeconds: 3_600n,
  minimumBps: 1_000n,
  maximumMaintenanceBps: 2_000n,
  maximumInitialBps: 3_000n,
  moveCapBps: 1_500n,
  rampSeconds: 86_400n,
  halfLifeSeconds: 86_400n,
};

describe("The shock level beside the contract", function () {
  it("agrees to the unit after every random update", async function () {
    const { ethers, provider } = await hre.network.create({
      network: "default",
      override: { allowBlocksWithSameTimestamp: true },
    });
    const [admin] = await ethers.getSigners();
    const manager = await ethers.deployContract("AccessManager", [admin?.address]);
    const engine = await ethers.deployContract("RiskEngine", [await manager.getAddress()]);
    const levels = await ethers.deployContract("ShockLevels", [await manager.getAddress(), await engine.getAddress()]);
    const [quote, ether] = [
      await ethers.deployContract("SettableAggregator", ["USDC / USD", 8, 0]),
      await ethers.deployContract("SettableAggregator", ["ETH / USD", 8, 0]),
    ];
    let now = BigInt((await ethers.provider.getBlock("latest"))?.timestamp ?? 0) + 100n;
    const at = async (send: () => Promise<unknown>): Promise<void> => {
      await provider.request({ method: "evm_setNextBlockTimestamp", params: [`0x${now.toString(16)}`] });
      await send();
    };
    const print = async (answer: bigint): Promise<void> => {
      await at(async () => await quote.push(10n ** 8n, now));
      await at(async () => await ether.push(answer, now));
    };
    const read = async (): Promise<LevelState> => {
      const [, s] = await levels.levelOf(ASSET);
      return {
        fastE18: s.fastVariance,
        slowE18: s.slowVariance,
        priceE18: s.priceE18,
        acceptedAt: s.updatedAt,
        wantedE18: s.wantedE18,
        maintenanceE18: s.maintenanceE18,
        initialE18: s.initialE18,
        movedAt: s.updatedAt,
      };
    };

    let answer = 2_000n * 10n ** 8n;
    await print(answer);
    await at(async () => await engine.setFeed(0, await quote.getAddress(), 6, LONG, 0));
    await at(async () => await engine.setFeed(ASSET, await ether.getAddress(), 18, LONG, 0));
    await at(async () => await engine.setRiskParameters(ASSET, RISK));
    await at(async () => await engine.setShockLevels(await levels.getAddress()));
    await at(async () => await levels.setLevelParameters(ASSET, LEVEL, 6_000));

    const source = xoroshiro128plus(11);
    let modelled = await read();
    expect(modelled.fastE18).to.equal((36n * WAD) / 100n);
    let risen = 0;
    for (let i = 0; i < STEPS; i += 1) {
      // Mostly minutes and small moves, now and then hours, days and crashes.
      const rare = uniformInt(source, 0, 9) === 0;
      now += BigInt(uniformInt(source, 300, rare ? 200_000 : 4_000));
      answer = (answer * BigInt(uniformInt(source, rare ? 700 : 985, rare ? 1_300 : 1_015))) / 1_000n + 1n;
      await print(answer);
      await at(async () => await levels.poke(ASSET));
      const next = poke(modelled, ETH_LEVELS, answer * 10n ** 10n, now);
      if (next === null) throw new Error(`the model refused at ${now}`);
      if (next.maintenanceE18 > modelled.maintenanceE18) risen += 1;
      modelled = next;
      expect(await read(), `update ${i}`).to.deep.equal(modelled);
    }
    expect(risen).to.be.greaterThan(10);
  });
});
