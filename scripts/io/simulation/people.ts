/** People of a simulation: an address the node sends for, a key that signs orders, and an account with what is in it. */
import type { BaseWallet } from "ethers";
import type { Address } from "../../core/mainnet.js";
import type { Policy } from "../../core/simulation/population.js";
import type { Purse } from "../../core/simulation/types.js";
import type { Protocol } from "../protocol.js";
import type { ClockedChain } from "./chain.js";

import { IMarginAccount__factory } from "../../../typechain-types/index.js";
import { accountId } from "../../core/order.js";
import { EMPTY_PURSE } from "../../core/simulation/types.js";
import { toAddress, unlockWallet } from "../rpc.js";
import { deal, encodeApprove } from "../tokens.js";
import { TOKENS } from "./observe.js";

const MARGIN = IMarginAccount__factory.createInterface();
const ACTION_GAS = 2_000_000n;
const APPROVE_GAS = 100_000n;
const PLENTY = 2n ** 255n;
const IN_ORDER = ["USDC", "ETH", "BTC"] as const;

export interface Person {
  readonly address: Address;
  readonly account: bigint;
  readonly wallet: BaseWallet;
}

export class People {
  constructor(
    private readonly chain: ClockedChain,
    private readonly protocol: Protocol,
  ) {}

  /** One with tokens in his wallet, which the vault may take. */
  async equip(role: string, purse: Purse = EMPTY_PURSE): Promise<Person> {
    const wallet = await unlockWallet(this.chain, role);
    const address = toAddress(wallet.address);
    for (const token of IN_ORDER) {
      if (purse[token] > 0n) await deal(this.chain, TOKENS[token], address, purse[token]);
      const data = encodeApprove(this.protocol.addresses.vault, PLENTY);
      await this.chain.transact({ from: address, to: TOKENS[token], data, gas: APPROVE_GAS });
    }
    return { address, account: accountId(address, 0n), wallet };
  }

  /** One who has all of a purse in his account. */
  async enter(role: string, purse: Purse): Promise<Person> {
    const person = await this.equip(role, purse);
    for (const token of IN_ORDER) {
      if (purse[token] === 0n) continue;
      await this.act(person, MARGIN.encodeFunctionData("deposit", [person.account, TOKENS[token], purse[token]]));
    }
    return person;
  }

  async setPolicy(person: Person, policy: Policy): Promise<void> {
    await this.act(person, MARGIN.encodeFunctionData("setPolicy", [person.account, policy]));
  }

  async withdraw(person: Person, token: keyof Purse, amount: bigint): Promise<void> {
    const data = MARGIN.encodeFunctionData("withdraw", [person.account, TOKENS[token], amount, person.address]);
    await this.act(person, data);
  }

  async donate(person: Person, account: bigint, amount: bigint): Promise<void> {
    await this.act(person, MARGIN.encodeFunctionData("depositFor", [account, TOKENS.USDC, amount]));
  }

  /** Puts a reserve beside an account; `held` is what he has in his wallet already. */
  async keep(person: Person, reserve: Purse, held: Purse = EMPTY_PURSE): Promise<void> {
    for (const token of IN_ORDER) {
      if (reserve[token] === 0n) continue;
      await deal(this.chain, TOKENS[token], person.address, reserve[token] + held[token]);
      const data = MARGIN.encodeFunctionData("depositReserve", [person.account, TOKENS[token], reserve[token]]);
      await this.act(person, data);
    }
  }

  private async act({ address }: Person, data: string): Promise<void> {
    const to = this.protocol.addresses.marginAccount;
    await this.chain.transact({ from: address, to, data, gas: ACTION_GAS });
  }
}
