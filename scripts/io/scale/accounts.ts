/** Many accounts on a market of the gas table, quickly: one owner with many accounts, and only fills waited for. */
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";

import type { MeasuredMarket, Side } from "../gas/market.js";

import { Interface } from "ethers";

import { IMarginAccount__factory } from "../../../typechain-types/index.js";
import { ETHER, tokens, usd } from "../gas/market.js";
import { send } from "../rpc.js";

const MARGIN = new Interface(IMarginAccount__factory.abi);
const MAKER = 5; // the first signer that is nobody else
const OWNER = 6;
const GAS = 2_000_000n;
const SECOND = 2; // the second collateral
/** Every fourth account has a position. */
const POSITION_EVERY = 4;
/** Every third has a second collateral. */
const SECOND_EVERY = 3;
const SIZE = 10n ** 17n;
const ENOUGH = 1_000_000n;

/** Opens accounts on a market, and goes on where it stopped. */
export class Crowd {
  readonly accounts: bigint[] = [];

  private constructor(
    private readonly market: MeasuredMarket,
    private readonly owner: HardhatEthersSigner,
    private readonly maker: Side,
  ) {}

  /** Lenders for all, and one who takes the other side of every position. */
  static async open(market: MeasuredMarket): Promise<Crowd> {
    const [maker, owner, lender] = [market.person(MAKER), market.person(OWNER), market.person(1)];
    await market.deposit(lender, 0, usd(100n * ENOUGH));
    await market.deposit(maker, 0, usd(10n * ENOUGH));
    for (const asset of [ETHER, SECOND]) await market.fund(owner, asset, tokens(ENOUGH));
    return new Crowd(market, owner, { owner: maker, account: market.accountOf(maker) });
  }

  /** Until there are `count`: collateral and debt in each, in some a second collateral, in some a position. */
  async growTo(count: number): Promise<readonly bigint[]> {
    const { owner, market } = this;
    for (let index = this.accounts.length; index < count; index += 1) {
      const account = market.accountOf(owner) + BigInt(index);
      await this.act("deposit", [account, await market.token(ETHER).getAddress(), tokens(1n)]);
      if (index % SECOND_EVERY === 0) {
        await this.act("deposit", [account, await market.token(SECOND).getAddress(), tokens(1n)]);
      }
      const quote = await market.token(0).getAddress();
      // Healths above 2: none is due, as nearly always.
      await this.act("withdraw", [account, quote, usd(1_000n + BigInt(index % 11) * 100n), owner.address]);
      if (index % POSITION_EVERY === 0) await market.fill(this.maker, { owner, account }, SIZE);
      this.accounts.push(account);
    }
    return this.accounts.slice(0, count);
  }

  private async act(name: "deposit" | "withdraw", args: readonly unknown[]): Promise<void> {
    const { chain, marginAccount } = this.market.parts;
    const data = MARGIN.encodeFunctionData(name, [...args]);
    await send(chain.rpc, { from: this.owner.address, to: await marginAccount.getAddress(), data, gas: GAS });
  }
}
