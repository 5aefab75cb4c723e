/** Where the simulation's people trade: two orders signed by their own keys, brought to the real exchange. */
import type { Order } from "../../core/order.js";
import type { Wish } from "../../core/simulation/trading.js";
import type { AccountView, Prices } from "../../core/simulation/types.js";
import type { Protocol } from "../protocol.js";
import type { ClockedChain, Receipt } from "./chain.js";
import type { Observer } from "./observe.js";
import type { FundedMaker } from "./owners.js";
import type { Person } from "./people.js";

import { IExchange__factory } from "../../../typechain-types/index.js";
import { ORDER_TYPES, orderDomain } from "../../core/order.js";
import { limitPriceE18, quotedPriceE18 } from "../../core/simulation/trading.js";
import { INSTRUMENTS } from "./observe.js";

const EXCHANGE = IExchange__factory.createInterface();
const FILL_GAS = 2_000_000n;
/** {s} Orders are filled at once. */
const ORDER_SECONDS = 600n;

/** A fill, and what both sides were right before and right after it. */
export interface Fill {
  readonly receipt: Receipt;
  readonly priceE18: bigint;
  /** {s} Between the readings. */
  readonly seconds: bigint;
  readonly sides: readonly { readonly before: AccountView; readonly after: AccountView }[];
}

export class MakerDesk {
  readonly #nonces = new Map<bigint, bigint>();

  private constructor(
    private readonly chain: ClockedChain,
    private readonly exchange: string,
    private readonly chainId: bigint,
    private readonly observer: Pick<Observer, "accounts">,
    private readonly maker: FundedMaker,
    /** {bps} What the exchange keeps of what the taker of a fill trades; rounded up. */
    readonly feeBps: bigint,
  ) {}

  static async open(
    chain: ClockedChain,
    protocol: Protocol,
    observer: Observer,
    maker: FundedMaker,
  ): Promise<MakerDesk> {
    const chainId = BigInt(String(await chain.request({ method: "eth_chainId" })));
    const { takerE6 } = await protocol.exchange.feeParameters();
    return new MakerDesk(chain, protocol.addresses.exchange, chainId, observer, maker, (takerE6 + 99n) / 100n);
  }

  /** Trades with the maker at his price; null where the trader would not pay it, or the ledger lets one of them not. */
  async trade(trader: Person, wish: Wish, prices: Prices): Promise<Fill | null> {
    const { maker, chain } = this;
    const ids = [maker.account, trader.account];
    const before = await this.observer.accounts(ids);
    const asked = chain.now;
    const [inventory] = before;
    if (inventory === undefined) throw new TypeError("A desk without its maker");
    const priceE18 = quotedPriceE18(maker.plan, inventory.positions[wish.asset], wish, prices);
    const limitE18 = limitPriceE18(wish, prices);
    if (wish.sizeE18 > 0n ? priceE18 > limitE18 : priceE18 < limitE18) return null;

    const offer = { asset: wish.asset, sizeE18: -wish.sizeE18, reduceOnly: false };
    const [ours, theirs] = [this.order(maker, offer, priceE18), this.order(trader, wish, limitE18)];
    const size = wish.sizeE18 < 0n ? -wish.sizeE18 : wish.sizeE18;
    const signatures = [await this.sign(maker, ours), await this.sign(trader, theirs)] as const;
    const data = EXCHANGE.encodeFunctionData("fill", [ours, signatures[0], theirs, signatures[1], size]);
    const order = { from: maker.address, to: this.exchange, data, gas: FILL_GAS };
    if (!(await chain.accepts(order))) return null;
    const receipt = await chain.transact(order);
    const after = await this.observer.accounts(ids);
    const sides = before.flatMap((was, i) => {
      const is = after[i];
      return is === undefined ? [] : [{ before: was, after: is }];
    });
    return { receipt, priceE18, seconds: chain.now - asked, sides };
  }

  private order({ account, address }: Person, { asset, sizeE18, reduceOnly }: Wish, priceE18: bigint): Order {
    const nonce = this.#nonces.get(account) ?? 0n;
    this.#nonces.set(account, nonce + 1n);
    const expiry = this.chain.next + ORDER_SECONDS;
    return { account, instrument: INSTRUMENTS[asset], sizeE18, priceE18, nonce, expiry, signer: address, reduceOnly };
  }

  private async sign({ wallet }: Person, order: Order): Promise<string> {
    return await wallet.signTypedData(orderDomain(this.chainId, this.exchange), ORDER_TYPES, order);
  }
}
