/** The protocol on a chain in this process, and what a differential test does to it. */
import type { HardhatEthers, HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { ContractTransactionResponse } from "ethers";

import type {
  ICollateralVault,
  ILiquidator,
  IMarginAccount,
  IRebalancer,
  IRiskEngine,
  MintableToken,
  SettableAggregator,
  UsdCoin,
  WrappedBitcoin,
} from "../../../typechain-types/index.js";
import type { InterestTerms } from "../../../scripts/core/model/cash.js";
import type { RiskTerms } from "../../../scripts/core/model/margin.js";
import type { KeeperTerms } from "../../../scripts/core/model/rebalance.js";
import type { LiquidationTerms } from "../../../scripts/core/model/slice.js";

import hre from "hardhat";

export const INTEREST: InterestTerms = {
  baseBps: 200n,
  slopeBps: 800n,
  jumpBps: 9_000n,
  kinkBps: 8_500n,
  feeBps: 2_000n,
};
export const RISK: RiskTerms = {
  shockBps: 1_000n,
  haircutMaintenanceBps: 400n,
  haircutInitialBps: 800n,
  initialFactorBps: 15_000n,
  sizeCoefficientBps: 2_000n,
};
export const KEEPER: KeeperTerms = {
  gasMaximum: 1_000_000n,
  baseFeeMaximum: 1_000n * 10n ** 9n,
  marginBps: 2_000n,
  flatE6: 1_000_000n,
  releaseMultiple: 20n,
  discountBps: 500n,
};
export const LIQUIDATION: LiquidationTerms = {
  startDiscountBps: 500n,
  healthSlopeBps: 10_000n,
  timeSlopeBps: 1_000n,
  maxDiscountBps: 10_000n,
  targetHealthBps: 11_500n,
  toleranceBps: 200n,
  fundShareBps: 1_000n,
  dustValue: 100n,
  restartSeconds: 6n * 3_600n,
};
export const MINIMUM_DEBT = 100n;
/** {1e-4 whole token} */
export const MINIMUM_DEPOSIT = 10n;
export const UNITS = [10n ** 6n, 10n ** 18n, 10n ** 8n];
export const PRICES = [10n ** 8n, 3_000n * 10n ** 8n, 60_000n * 10n ** 8n];
export const QUOTE_SCALE = 10n ** 12n;

const GENESIS = new Date("2026-01-01T00:00:00Z");
const PLENTY = 2n ** 256n - 1n;
const WALLET = 10n ** 8n;
/** No base fee: a keeper is then paid the flat part alone, which does not depend on gas. */
const OVERRIDES = { gasLimit: 16_000_000n, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n } as const;

type Token = UsdCoin | MintableToken | WrappedBitcoin;

export class Live {
  private constructor(
    readonly ethers: HardhatEthers,
    private readonly request: (method: string, params: unknown[]) => Promise<unknown>,
    readonly signers: readonly HardhatEthersSigner[],
    readonly tokens: readonly Token[],
    readonly feeds: readonly SettableAggregator[],
    readonly marginAccount: IMarginAccount,
    readonly vault: ICollateralVault,
    readonly riskEngine: IRiskEngine,
    readonly rebalancer: IRebalancer,
    readonly liquidator: ILiquidator,
  ) {}

  static async create(people: number): Promise<Live> {
    const { ethers, provider } = await hre.network.create({
      network: "default",
      override: { initialBaseFeePerGas: 0, initialDate: GENESIS, allowBlocksWithSameTimestamp: true },
    });
    const request = async (method: string, params: unknown[]): Promise<unknown> =>
      await provider.request({ method, params });
    const signers = (await ethers.getSigners()).slice(0, people);
    const deploy = async (name: string, args: unknown[] = []): Promise<string> =>
      await (await ethers.deployContract(name, args)).getAddress();
    const authority = await deploy("AccessManager", [at(signers, 0).address]);
    const tokens = [
      await ethers.getContractAt("UsdCoin", await deploy("UsdCoin")),
      await ethers.getContractAt("MintableToken", await deploy("MintableToken", ["Wrapped Ether", "WETH"])),
      await ethers.getContractAt("WrappedBitcoin", await deploy("WrappedBitcoin")),
    ];
    const rebalancer = await deploy("Rebalancer", [authority]);
    const access = await deploy("MarginAccountAccess", [authority, await deploy("Executor"), ethers.ZeroAddress]);
    const extension = await deploy("MarginAccountExtension", [authority, access]);
    const quote = await at(tokens, 0).getAddress();
    const trading = await deploy("MarginAccountTrading", [authority, quote, rebalancer]);
    const ledger = await deploy("MarginAccount", [authority, quote, rebalancer, extension, trading]);
    const marginAccount = await ethers.getContractAt("IMarginAccount", ledger);
    const feeds: SettableAggregator[] = [];
    while (feeds.length < tokens.length) {
      feeds.push(
        await ethers.getContractAt("SettableAggregator", await deploy("SettableAggregator", ["F / USD", 8, 0])),
      );
    }
    const live = new Live(
      ethers,
      request,
      signers,
      tokens,
      feeds,
      marginAccount,
      await ethers.getContractAt("ICollateralVault", await marginAccount.vault()),
      await ethers.getContractAt("IRiskEngine", rebalancer),
      await ethers.getContractAt("IRebalancer", rebalancer),
      await ethers.getContractAt("ILiquidator", await deploy("Liquidator", [authority, ledger])),
    );
    await live.configure();
    return live;
  }

  accountOf(person: number): bigint {
    return BigInt(at(this.signers, person).address) << 96n;
  }

  async as(person: number): Promise<IMarginAccount> {
    return await Promise.resolve(this.marginAccount.connect(at(this.signers, person)));
  }

  /** Sends a transaction in a block of its own at `timestamp`. */
  async at(
    timestamp: bigint,
    send: (overrides: typeof OVERRIDES) => Promise<ContractTransactionResponse>,
  ): Promise<void> {
    await this.request("evm_setNextBlockTimestamp", [Number(timestamp)]);
    await (await send(OVERRIDES)).wait();
  }

  /** Pushes a round of every feed. */
  async say(timestamp: bigint, answers: readonly bigint[]): Promise<void> {
    for (const [asset, answer] of answers.entries()) {
      await this.at(timestamp, async (o) => await at(this.feeds, asset).push(answer, timestamp, o));
    }
  }

  async now(): Promise<bigint> {
    return BigInt((await this.ethers.provider.getBlock("latest"))?.timestamp ?? 0);
  }

  private async configure(): Promise<void> {
    const { vault, riskEngine, rebalancer, marginAccount, liquidator } = this;
    const vaultAddress = await vault.getAddress();
    for (const [asset, token] of this.tokens.entries()) {
      const address = await token.getAddress();
      if (asset !== 0) await vault.list(address);
      await vault.setLimits(address, 1_000_000_000n, MINIMUM_DEPOSIT);
      const decimals = asset === 0 ? 6 : asset === 1 ? 18 : 8;
      await riskEngine.setFeed(asset, await at(this.feeds, asset).getAddress(), decimals, 7n * 86_400n, 86_400n);
      if (asset !== 0) await riskEngine.setRiskParameters(asset, RISK);
      for (const signer of this.signers) {
        await token.mint(signer.address, WALLET * at(UNITS, asset));
        await token.connect(signer).approve(vaultAddress, PLENTY);
      }
    }
    await rebalancer.setKeeperParameters({ ...KEEPER, gasOverhead: 45_000, gasAsset: 1 });
    await liquidator.setLiquidationParameters(LIQUIDATION);
    const { baseBps, slopeBps, jumpBps, kinkBps, feeBps } = INTEREST;
    await marginAccount.setInterest(baseBps, slopeBps, jumpBps, kinkBps, feeBps, MINIMUM_DEBT);
    await marginAccount.setLiquidator(await liquidator.getAddress());
    await this.say((await this.now()) + 1n, PRICES);
  }
}

/** The element of a list that must be there. */
export function at<Item>(list: readonly Item[], index: number): Item {
  const item = list[index];
  if (item === undefined) throw new RangeError(`nothing at ${index}`);
  return item;
}
