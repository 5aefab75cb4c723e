import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";

import type { TransactionReceipt } from "ethers";

import type {
  ICollateralVault,
  IExchange,
  ILiquidator,
  IMarginAccount,
  IRebalancer,
  IRiskEngine,
  MintableToken,
  UsdCoin,
} from "../../../typechain-types/index.js";
import { toPerpetual } from "../../core/instrument.js";
import { ORDER_TYPES, orderDomain, type Order } from "../../core/order.js";
import { toAddress } from "../rpc.js";
import { OVERRIDES, type MeasuredChain } from "./chain.js";

/** What stands behind each asset: a feed that costs nothing, Chainlink's proxy before an aggregator with storage, or (seconded)
 * a constant feed with a constant second source beside it. */
export type FeedKind = "constant" | "proxied" | "seconded";

/** Whole dollars in the quote's six decimals. */
export const usd = (whole: bigint): bigint => whole * 1_000_000n;
/** Whole tokens of eighteen decimals. */
export const tokens = (whole: bigint): bigint => whole * 10n ** 18n;

export const START_PRICE = 3_000n;
export const ETHER = 1; // number of the first collateral
const COLLATERALS = 8;
const PRICE_SCALE = 100_000_000n; // feeds have eight decimals
const OUTFLOW_BPS = 2_000;
const HEARTBEAT = 3_600;
const SLACK = 600;
const PLENTY = 2n ** 256n - 1n;

const RISK = {
  shockBps: 1_000,
  haircutMaintenanceBps: 400,
  haircutInitialBps: 800,
  initialFactorBps: 15_000,
  sizeCoefficientBps: 2_000,
};
const KEEPER = {
  gasMaximum: 1_000_000,
  gasOverhead: 45_000,
  baseFeeMaximum: 1_000n * 10n ** 9n,
  marginBps: 2_000,
  flatE6: 1_000_000,
  gasAsset: ETHER,
  releaseMultiple: 20,
  discountBps: 500,
};
const DEVIATION_BPS = 300;
const LIQUIDATION = {
  startDiscountBps: 500,
  healthSlopeBps: 10_000,
  timeSlopeBps: 1_000,
  maxDiscountBps: 10_000,
  targetHealthBps: 11_500,
  toleranceBps: 200,
  fundShareBps: 1_000,
  dustValue: 100,
  restartSeconds: 6 * 3_600,
};

/** One side of a trade: whoever signs, and the account he signs for. */
export interface Side {
  readonly owner: HardhatEthersSigner;
  readonly account: bigint;
}

interface Parts {
  readonly chain: MeasuredChain;
  readonly feedKind: FeedKind;
  readonly quote: UsdCoin;
  readonly collaterals: readonly MintableToken[];
  readonly vault: ICollateralVault;
  readonly riskEngine: IRiskEngine;
  readonly rebalancer: IRebalancer;
  readonly marginAccount: IMarginAccount;
  readonly liquidator: ILiquidator;
  readonly exchange: IExchange;
  readonly names: Map<string, string>;
}

/** A living market: deployed with the starting values, used by others, every account that is paid already holding cash. */
export class MeasuredMarket {
  private nonce = 0n;

  private constructor(readonly parts: Parts) {}

  /** @param assets How many are listed; accounts hold no more than eight of them, and may have positions on all. */
  static async create(chain: MeasuredChain, feedKind: FeedKind, assets = COLLATERALS): Promise<MeasuredMarket> {
    const market = new MeasuredMarket(await deployParts(chain, feedKind, assets));
    await market.configure();
    await market.populate();
    return market;
  }

  get admin(): HardhatEthersSigner {
    return this.person(0);
  }

  get keeper(): HardhatEthersSigner {
    return this.person(3);
  }

  get taker(): HardhatEthersSigner {
    return this.person(4);
  }

  person(index: number): HardhatEthersSigner {
    const signer = this.parts.chain.signers[index];
    if (signer === undefined) throw new RangeError(`no signer ${index}`);
    return signer;
  }

  accountOf(owner: HardhatEthersSigner): bigint {
    return BigInt(owner.address) << 96n;
  }

  nameOf(address: string): string {
    return this.parts.names.get(address.toLowerCase()) ?? address;
  }

  token(asset: number): UsdCoin | MintableToken {
    const token = asset === 0 ? this.parts.quote : this.parts.collaterals[asset - 1];
    if (token === undefined) throw new RangeError(`no asset ${asset}`);
    return token;
  }

  /** Gives somebody tokens in his wallet, more than he will use, and the vault an unlimited allowance over them. */
  async fund(owner: HardhatEthersSigner, asset: number, amount: bigint): Promise<void> {
    const { chain, vault } = this.parts;
    const token = this.token(asset).connect(owner);
    await chain.send(async () => await token.mint(owner.address, amount * 2n, OVERRIDES));
    const spender = await vault.getAddress();
    if ((await token.allowance(owner.address, spender)) === 0n) {
      await chain.send(async () => await token.approve(spender, PLENTY, OVERRIDES));
    }
  }

  async deposit(owner: HardhatEthersSigner, asset: number, amount: bigint): Promise<void> {
    const { chain, marginAccount } = this.parts;
    await this.fund(owner, asset, amount);
    const token = await this.token(asset).getAddress();
    const account = this.accountOf(owner);
    await chain.send(async () => await marginAccount.connect(owner).deposit(account, token, amount, OVERRIDES));
  }

  async depositReserve(owner: HardhatEthersSigner, asset: number, amount: bigint): Promise<void> {
    const { chain, marginAccount } = this.parts;
    await this.fund(owner, asset, amount);
    const token = await this.token(asset).getAddress();
    const account = this.accountOf(owner);
    await chain.send(async () => await marginAccount.connect(owner).depositReserve(account, token, amount, OVERRIDES));
  }

  async borrow(owner: HardhatEthersSigner, amount: bigint): Promise<void> {
    const { chain, marginAccount, quote } = this.parts;
    const token = await quote.getAddress();
    const account = this.accountOf(owner);
    await chain.send(
      async () => await marginAccount.connect(owner).withdraw(account, token, amount, owner.address, OVERRIDES),
    );
  }

  /** Two orders at the starting price, signed by their owners and brought by a third. */
  async trade(maker: HardhatEthersSigner, taker: HardhatEthersSigner, sizeE18: bigint): Promise<TransactionReceipt> {
    const sideOf = (owner: HardhatEthersSigner): Side => ({ owner, account: this.accountOf(owner) });
    return await this.fill(sideOf(maker), sideOf(taker), sizeE18);
  }

  /** The same between any accounts, on the perpetual of any asset. */
  async fill(maker: Side, taker: Side, sizeE18: bigint, asset = ETHER): Promise<TransactionReceipt> {
    const { chain, exchange } = this.parts;
    const sell = await this.sign(maker, asset, -sizeE18);
    const buy = await this.sign(taker, asset, sizeE18);
    return await chain.send(
      async () =>
        await exchange
          .connect(this.keeper)
          .fill(sell.order, sell.signature, buy.order, buy.signature, sizeE18, OVERRIDES),
    );
  }

  private async sign(
    { owner, account }: Side,
    asset: number,
    sizeE18: bigint,
  ): Promise<{ readonly order: Order; readonly signature: string }> {
    const { chain, exchange } = this.parts;
    const [{ chainId }, latest] = [
      await chain.ethers.provider.getNetwork(),
      await chain.ethers.provider.getBlock("latest"),
    ];
    this.nonce += 1n;
    const order: Order = {
      account,
      instrument: toPerpetual(BigInt(asset)),
      sizeE18,
      priceE18: START_PRICE * 10n ** 18n,
      nonce: this.nonce,
      expiry: BigInt(latest?.timestamp ?? 0) + 3_600n,
      signer: toAddress(owner.address),
      reduceOnly: false,
    };
    const domain = orderDomain(chainId, await exchange.getAddress());
    return { order, signature: await owner.signTypedData(domain, ORDER_TYPES, order) };
  }

  /** Puts a new feed behind an asset; feeds are constant, so this is how a price moves. */
  async setPrice(asset: number, price: bigint): Promise<void> {
    const { chain, riskEngine, feedKind, names } = this.parts;
    const feed = await this.deployFeed(price * PRICE_SCALE);
    names.set(feed.toLowerCase(), `feed of asset ${asset}`);
    const decimals = asset === 0 ? 6 : 18;
    await chain.send(async () => await riskEngine.setFeed(asset, feed, decimals, HEARTBEAT, SLACK, OVERRIDES));
    if (feedKind !== "seconded" || asset === 0) return;
    const second = await chain.deploy("ConstantSource", [price * 10n ** 18n]);
    names.set(second.toLowerCase(), `second source of asset ${asset}`);
    await chain.send(async () => await riskEngine.setSecondary(asset, second, DEVIATION_BPS, 0, 0, OVERRIDES));
  }

  private async deployFeed(answerE8: bigint): Promise<string> {
    const { chain, feedKind, names } = this.parts;
    if (feedKind !== "proxied") return await chain.deploy("ConstantFeed", [answerE8]);
    const address = await chain.deploy("SettableAggregator", ["BENCH / USD", 8, 0]);
    names.set(address.toLowerCase(), "aggregator");
    const aggregator = await chain.ethers.getContractAt("SettableAggregator", address, this.admin);
    const latest = await chain.ethers.provider.getBlock("latest");
    await chain.send(async () => await aggregator.push(answerE8, latest?.timestamp ?? 0, OVERRIDES));
    return await chain.deploy("EACAggregatorProxy", [address, "0x0000000000000000000000000000000000000000"]);
  }

  private async configure(): Promise<void> {
    const { chain, vault, riskEngine, rebalancer, marginAccount, liquidator, exchange } = this.parts;
    await this.list(0, 1n);
    for (let asset = ETHER; asset <= this.parts.collaterals.length; asset += 1) {
      await chain.send(async () => await vault.list(await this.token(asset).getAddress(), OVERRIDES));
      await this.list(asset, START_PRICE);
      await chain.send(async () => await riskEngine.setRiskParameters(asset, RISK, OVERRIDES));
    }
    await chain.send(async () => await rebalancer.setKeeperParameters(KEEPER, OVERRIDES));
    await chain.send(async () => await liquidator.setLiquidationParameters(LIQUIDATION, OVERRIDES));
    await chain.send(async () => await marginAccount.setInterest(200, 800, 9_000, 8_500, 2_000, 100, OVERRIDES));
    await chain.send(async () => await marginAccount.setLiquidator(await liquidator.getAddress(), OVERRIDES));
    await chain.send(async () => await exchange.setFeeParameters({ makerE6: 300, takerE6: 300 }, OVERRIDES));
    await chain.send(async () => await marginAccount.setExchange(await exchange.getAddress(), OVERRIDES));
    await this.openPerpetual(ETHER);
  }

  /** Lets the perpetual of an asset be traded. */
  async openPerpetual(asset: number): Promise<void> {
    const { chain, marginAccount, riskEngine } = this.parts;
    await chain.send(async () => await marginAccount.setPerpetual(asset, 125, 5_000, 8, 40, 10_000_000, OVERRIDES));
    const basis = { basisMaintenanceBps: 100, basisInitialBps: 200, profitCap: 100_000 };
    await chain.send(async () => await riskEngine.setPerpetualRisk(asset, basis, OVERRIDES));
  }

  private async list(asset: number, price: bigint): Promise<void> {
    const { chain, vault } = this.parts;
    const token = await this.token(asset).getAddress();
    await chain.send(async () => await vault.setLimits(token, 1_000_000_000n, 10n, OVERRIDES));
    await chain.send(async () => await vault.setOutflowLimit(token, OUTFLOW_BPS, OVERRIDES));
    await this.setPrice(asset, price);
  }

  /** A lender, a borrower, a keeper, a taker, and a fund that has something. */
  private async populate(): Promise<void> {
    const { chain, marginAccount, quote } = this.parts;
    const [lender, borrower] = [this.person(1), this.person(2)];
    await this.deposit(lender, 0, usd(5_000_000n));
    for (let asset = ETHER; asset <= COLLATERALS; asset += 1) await this.deposit(borrower, asset, tokens(100n));
    await this.borrow(borrower, usd(500_000n));
    await this.deposit(this.keeper, 0, usd(1_000n));
    await this.deposit(this.taker, 0, usd(100_000n));
    await this.deposit(this.taker, ETHER, tokens(10n));
    const [fund, token] = [await marginAccount.insuranceFund(), await quote.getAddress()];
    await chain.send(async () => await marginAccount.connect(lender).depositFor(fund, token, usd(10_000n), OVERRIDES));
  }
}

async function deployParts(chain: MeasuredChain, feedKind: FeedKind, assets: number): Promise<Parts> {
  const { ethers } = chain;
  const [admin] = chain.signers;
  if (admin === undefined) throw new RangeError("no signer");
  const names = new Map<string, string>();
  const deploy = async (name: string, args: unknown[] = []): Promise<string> => {
    const address = await chain.deploy(name, args);
    names.set(address.toLowerCase(), name);
    return address;
  };

  const authority = await deploy("AccessManager", [admin.address]);
  const quote = await ethers.getContractAt("UsdCoin", await deploy("UsdCoin"), admin);
  const collaterals: MintableToken[] = [];
  for (let index = 1; index <= assets; index += 1) {
    const token = await deploy("MintableToken", [`Collateral ${index}`, `C${index}`]);
    collaterals.push(await ethers.getContractAt("MintableToken", token, admin));
  }

  const rebalancer = await deploy("Rebalancer", [authority]);
  const executor = await deploy("Executor");
  const access = await deploy("MarginAccountAccess", [authority, executor, ethers.ZeroAddress]);
  const extension = await deploy("MarginAccountExtension", [authority, access]);
  const quoteToken = await quote.getAddress();
  const trading = await deploy("MarginAccountTrading", [authority, quoteToken, rebalancer]);
  const ledger = [authority, quoteToken, rebalancer, extension, trading];
  const marginAccount = await deploy("MarginAccount", ledger);
  const liquidator = await deploy("Liquidator", [authority, marginAccount]);
  const exchange = await deploy("Exchange", [authority, marginAccount]);
  const account = await ethers.getContractAt("IMarginAccount", marginAccount, admin);
  const vault = await account.vault();
  names.set(vault.toLowerCase(), "CollateralVault");

  return {
    chain,
    feedKind,
    quote,
    collaterals,
    vault: await ethers.getContractAt("ICollateralVault", vault, admin),
    riskEngine: await ethers.getContractAt("IRiskEngine", rebalancer, admin),
    rebalancer: await ethers.getContractAt("IRebalancer", rebalancer, admin),
    marginAccount: account,
    liquidator: await ethers.getContractAt("ILiquidator", liquidator, admin),
    exchange: await ethers.getContractAt("IExchange", exchange, admin),
    names,
  };
}
