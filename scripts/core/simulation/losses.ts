/**
 * Who lost what, other than to the market; exact, in quote units with 18 decimals.
 *
 * A slice worth f * E at the oracle, taken for a payment and the fund's share, is worth f * E - payment - share to its
 * taker. Part of that the venue keeps when he sells below the oracle, and part the maker and the exchange when he closes the
 * positions that came with it. So of an owner's loss the book says four things: what the taker kept, what the fund got, what
 * the venue got, what closing cost. They add up to the loss, and nothing is counted twice.
 */
import type { AccountView, Bids, Observation, Prices, Purse } from "./types.js";

import { capitalE18, holdingsE18, profitE18, purseE18, quoteE18 } from "./types.js";

const WAD = 10n ** 18n;

export interface SliceLoss {
  readonly account: bigint;
  readonly fractionE18: bigint;
  /** {quote} Of the account, before. */
  readonly equityE18: bigint;
  /** {quote token} To the account; negative: fund and lenders paid. */
  readonly payment: bigint;
  readonly fundFee: bigint;
}

export interface LossTotals {
  readonly discountsE18: bigint;
  readonly penaltiesE18: bigint;
  readonly slippageE18: bigint;
  readonly closingE18: bigint;
  readonly keeperPayE18: bigint;
  readonly badDebtE18: bigint;
}

export class LossBook {
  #takersE18 = 0n;
  #penaltiesE18 = 0n;
  #slippageE18 = 0n;
  #closingE18 = 0n;
  #keeperPayE18 = 0n;
  #badDebtE18 = 0n;
  readonly #owners = new Map<bigint, bigint>();

  get totals(): LossTotals {
    return {
      discountsE18: this.#takersE18 - this.#slippageE18 - this.#closingE18,
      penaltiesE18: this.#penaltiesE18,
      slippageE18: this.#slippageE18,
      closingE18: this.#closingE18,
      keeperPayE18: this.#keeperPayE18,
      badDebtE18: this.#badDebtE18,
    };
  }

  /** {quote} What the owner of an account lost. */
  ofOwner(account: bigint): bigint {
    return this.#owners.get(account) ?? 0n;
  }

  sliceTaken({ account, fractionE18, equityE18, payment, fundFee }: SliceLoss): void {
    const worth = (equityE18 * fractionE18) / WAD;
    this.#takersE18 += worth - quoteE18(payment) - quoteE18(fundFee);
    this.#penaltiesE18 += quoteE18(fundFee);
    // Below zero the owner has nothing left to lose: fund and lenders bear the hole.
    if (worth < 0n) this.#badDebtE18 -= worth;
    else this.#lostBy(account, worth - quoteE18(payment > 0n ? payment : 0n));
  }

  keeperPaid(account: bigint, pay: bigint): void {
    this.#keeperPayE18 += quoteE18(pay);
    this.#lostBy(account, quoteE18(pay));
  }

  /** {quote} A sale on the venue, against the oracle's price of the same moment. Negative when the venue paid more. */
  sold(worthE18: bigint, proceeds: bigint): void {
    this.#slippageE18 += worthE18 - quoteE18(proceeds);
  }

  /** {quote} What a taker was worth before he closed positions that he had taken, and afterwards. */
  closed(beforeE18: bigint, afterE18: bigint): void {
    this.#closingE18 += beforeE18 - afterE18;
  }

  /** What an account without anything left, or one still insolvent at the end, owes and will not pay. */
  unpaid(debtE18: bigint): void {
    this.#badDebtE18 += debtE18;
  }

  #lostBy(account: bigint, amountE18: bigint): void {
    this.#owners.set(account, this.ofOwner(account) + amountE18);
  }
}

/** {quote} What a change of prices does to everything that accounts hold: collateral, reserves and positions. */
export function markToMarketE18(
  accounts: readonly Pick<AccountView, "holdings" | "reserve" | "positions">[],
  from: Prices,
  to: Prices,
): bigint {
  const worth = ({ holdings, reserve, positions }: (typeof accounts)[number], prices: Prices): bigint =>
    holdingsE18(holdings, prices.bids) + holdingsE18(reserve, prices.bids) + profitE18(positions, prices);
  return accounts.reduce((sum, account) => sum + worth(account, to) - worth(account, from), 0n);
}

/** {quote} The same for tokens outside of accounts. */
export function walletsMarketE18(wallets: Purse, from: Bids, to: Bids): bigint {
  return holdingsE18(wallets, to) - holdingsE18(wallets, from);
}

/**
 * {quote} All that belongs to anybody: owners, lenders, takers and their wallets, keeper and fund, with what the vault has
 * beyond what it owes, which will be the fund's, and what is set aside for provisions. Between two moments it changes by
 * the market's move and by what the venue keeps, and by nothing else.
 */
export function wealthE18(observation: Observation): bigint {
  const { accounts, wallets, market, bids } = observation;
  const held = accounts.reduce((sum, account) => sum + capitalE18(account, observation), 0n);
  const owing = market.provisions > market.forfeited ? market.provisions - market.forfeited : 0n;
  return held + purseE18(wallets, bids) + quoteE18(marginOf(observation) + owing + market.forfeited);
}

/**
 * {quote token} What the vault has minus what it owes, settled pools included: fees not yet collected, and what rounding
 * left.
 */
export function marginOf({ market, perpetuals }: Pick<Observation, "market" | "perpetuals">): bigint {
  const { idle, borrowAssets, supplyAssets, forfeited } = market;
  return idle + borrowAssets - supplyAssets - forfeited - perpetuals.ETH.pool - perpetuals.BTC.pool;
}
