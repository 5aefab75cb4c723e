/** Readings for tests of what is decided from them. */
import type { AccountView, Observation } from "../../../scripts/core/simulation/types.js";

import { EMPTY_PURSE, NO_POSITIONS } from "../../../scripts/core/simulation/types.js";

export const WAD = 10n ** 18n;
export const RAY = 10n ** 27n;
export const BIDS = { ETH: 200n * WAD, BTC: 8_000n * WAD };
export const PRICED = { bids: BIDS, asks: BIDS };
const IDLE_PERPETUAL = { rateE18: 0n, openInterestE18: 0n, pool: 0n };

/** 10 ETH against 1,000, at 200 an ETH; margins of 14% and 23%. */
export function account(changes: Partial<AccountView> = {}): AccountView {
  return {
    id: 1n,
    cash: -1_000_000_000n,
    holdings: { ETH: 10n * WAD, BTC: 0n },
    positions: NO_POSITIONS,
    reserve: EMPTY_PURSE,
    equityE18: 1_000n * WAD,
    maintenanceE18: 280n * WAD,
    initialE18: 460n * WAD,
    healthE18: 3_571_428_571_428_571_428n,
    halted: false,
    lowerE18: (125n * WAD) / 100n,
    lowerRestoreE18: (16n * WAD) / 10n,
    upperRestoreE18: (16n * WAD) / 10n,
    outcome: "InBand",
    due: false,
    provision: 0n,
    ...changes,
  };
}

/** One borrower and one lender of 1,500; the vault is short by nothing and has nothing more. */
export function observation(changes: Partial<Observation> = {}): Observation {
  const lender = account({ id: 2n, cash: 1_500_000_000n, holdings: { ETH: 0n, BTC: 0n } });
  return {
    block: 7n,
    timestamp: 100n,
    ...PRICED,
    halted: { ETH: false, BTC: false },
    accounts: [account(), { ...lender, equityE18: 1_500n * WAD, maintenanceE18: 0n, initialE18: 0n }],
    market: {
      supplyIndex: RAY,
      borrowIndex: RAY,
      supplyAssets: 1_500_000_000n,
      borrowAssets: 1_000_000_000n,
      provisions: 0n,
      forfeited: 0n,
      idle: 500_000_000n,
    },
    perpetuals: { ETH: IDLE_PERPETUAL, BTC: IDLE_PERPETUAL },
    custody: {
      USDC: { balance: 500_000_000n, total: 500_000_000n, reserved: 0n },
      ETH: { balance: 10n * WAD, total: 10n * WAD, reserved: 0n },
      BTC: { balance: 0n, total: 0n, reserved: 0n },
    },
    wallets: EMPTY_PURSE,
    ...changes,
  };
}

/** The numbers of the promises that do not hold. */
export function broken(checks: readonly { readonly promise: number; readonly holds: boolean }[]): readonly number[] {
  return [...new Set(checks.filter(({ holds }) => !holds).map(({ promise }) => promise))];
}
