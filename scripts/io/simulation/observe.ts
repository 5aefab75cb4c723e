/** Reads the whole protocol at one block, in two calls: the lens on the accounts, and a batch for the rest. */
import type { Address, FeedName } from "../../core/mainnet.js";
import type { Terms } from "../../core/simulation/agents.js";
import type { AccountView, Custody, MarketView, Observation, Purse } from "../../core/simulation/types.js";
import type { Protocol } from "../protocol.js";
import type { Chain } from "./chain.js";

import { Interface } from "ethers";
import { z } from "zod";

import {
  ICollateralVault__factory,
  IMarginAccountExtension__factory,
  IPriceOracleAdapter__factory,
} from "../../../typechain-types/index.js";
import { MAINNET } from "../../core/mainnet.js";
import { ASSET_NUMBER } from "../../core/simulation/population.js";
import { EMPTY_PURSE, IDLE, OUTCOMES, STANDING } from "../../core/simulation/types.js";
import { Hex, call, header } from "../rpc.js";

const MULTICALL = new Interface([
  "function aggregate3((address target, bool allowFailure, bytes callData)[]) view returns ((bool success, bytes returnData)[])",
]);
const ERC20 = new Interface(["function balanceOf(address) view returns (uint256)"]);
const VAULT = ICollateralVault__factory.createInterface();
const MARGIN = IMarginAccountExtension__factory.createInterface();
const ORACLE = IPriceOracleAdapter__factory.createInterface();

export const TOKENS: Readonly<Record<FeedName, Address>> = {
  USDC: MAINNET.tokens.USDC.address,
  ETH: MAINNET.tokens.WETH.address,
  BTC: MAINNET.tokens.WBTC.address,
};
const IN_ORDER: readonly FeedName[] = ["USDC", "ETH", "BTC"];
const NUMBERS: Readonly<Record<FeedName, bigint>> = { USDC: 0n, ...ASSET_NUMBER };

export interface Watched {
  readonly accounts: readonly bigint[];
  /** Whose tokens outside the accounts count too. */
  readonly wallets: readonly string[];
}

export interface Observer {
  observe(): Promise<Observation>;
  /** Some accounts alone, without their reserves. */
  accounts(ids: readonly bigint[]): Promise<readonly AccountView[]>;
  /** The terms of the largest slice of each; all zero where there is none now. */
  quotes(ids: readonly bigint[]): Promise<readonly Terms[]>;
}

interface Question {
  readonly target: string;
  readonly callData: string;
}

export function openObserver(chain: Chain, protocol: Protocol, watched: Watched): Observer {
  const { lens } = protocol;
  const questions = questionsOf(protocol, watched);
  const allowing = questions.map((question) => ({ ...question, allowFailure: false }));
  const data = MULTICALL.encodeFunctionData("aggregate3", [allowing]);
  const owners = watched.accounts.slice();

  const accounts = async (ids: readonly bigint[], reserves: readonly Purse[] = []): Promise<AccountView[]> => {
    const states = await lens.accounts(ids.slice());
    return states.map((state, i): AccountView => {
      const held = (asset: bigint): bigint => state.holdings.find((holding) => holding.asset === asset)?.amount ?? 0n;
      const outcome = OUTCOMES[Number(state.outcome)] ?? "Failed";
      return {
        id: state.account,
        cash: state.cash,
        holdings: { ETH: held(ASSET_NUMBER.ETH), BTC: held(ASSET_NUMBER.BTC) },
        reserve: reserves[i] ?? EMPTY_PURSE,
        equityE18: state.equityE18,
        maintenanceE18: state.maintenanceE18,
        initialE18: state.initialE18,
        healthE18: state.healthE18,
        halted: state.halted,
        lowerE18: state.lowerE18,
        lowerRestoreE18: state.lowerRestoreE18,
        upperRestoreE18: state.upperRestoreE18,
        outcome,
        due: !IDLE.has(outcome) || (STANDING.has(outcome) && state.healthAfterE18 !== state.healthE18),
        provision: state.provision,
      };
    });
  };
  return {
    accounts,
    quotes: async (ids) =>
      (await lens.quotes(ids.slice())).map(({ fractionE18, payment, fundFee }) => ({ fractionE18, payment, fundFee })),
    observe: async () => {
      const answers = wordsOf(await call(chain, MAINNET.multicall3, data));
      const at = (index: number, word = 0): bigint => answers[index]?.[word] ?? 0n;
      const purse = (first: number): Purse => ({ USDC: at(first), ETH: at(first + 1), BTC: at(first + 2) });
      const custody = (token: number): Custody => ({
        balance: at(3 + token * 2),
        total: at(4 + token * 2, 0),
        reserved: at(4 + token * 2, 1),
      });
      const reserves = owners.map((_, i) => purse(9 + i * 3));
      const wallets = watched.wallets.map((_, i) => purse(9 + owners.length * 3 + i * 3));
      const head = await header(chain);
      return {
        block: head?.number ?? 0n,
        timestamp: head?.timestamp ?? 0n,
        // Word 0 is the bid.
        bids: { ETH: at(1), BTC: at(2) },
        accounts: await accounts(owners, reserves),
        market: marketOf(answers[0] ?? []),
        custody: { USDC: custody(0), ETH: custody(1), BTC: custody(2) },
        wallets: wallets.reduce(addPurses, EMPTY_PURSE),
      };
    },
  };
}

/** In the order in which `observe` reads the answers. */
function questionsOf({ addresses }: Protocol, { accounts, wallets }: Watched): readonly Question[] {
  const totals = (token: FeedName): Question => ({
    target: addresses.vault,
    callData: VAULT.encodeFunctionData("totalsOf", [TOKENS[token]]),
  });
  const reserve = (id: bigint, token: FeedName): Question => ({
    target: addresses.vault,
    callData: VAULT.encodeFunctionData("reserveOf", [id, NUMBERS[token]]),
  });
  const balance = (token: FeedName, holder: string): Question => ({
    target: TOKENS[token],
    callData: ERC20.encodeFunctionData("balanceOf", [holder]),
  });
  const price = (asset: bigint): Question => ({
    target: addresses.rebalancer,
    callData: ORACLE.encodeFunctionData("price", [asset]),
  });
  return [
    { target: addresses.marginAccount, callData: MARGIN.encodeFunctionData("cashMarket") },
    price(ASSET_NUMBER.ETH),
    price(ASSET_NUMBER.BTC),
    ...IN_ORDER.flatMap((token) => [balance(token, addresses.vault), totals(token)]),
    ...accounts.flatMap((id) => IN_ORDER.map((token) => reserve(id, token))),
    ...wallets.flatMap((wallet) => IN_ORDER.map((token) => balance(token, wallet))),
  ];
}

const Answers = z.tuple([z.array(z.tuple([z.literal(true), Hex]))]);

/** Each answer of a batch, cut into words. */
function wordsOf(returned: string): readonly (readonly bigint[])[] {
  const [answers] = Answers.parse(MULTICALL.decodeFunctionResult("aggregate3", returned).toArray(true));
  return answers.map(([, data]) =>
    Array.from({ length: (data.length - 2) / 64 }, (_, i) => BigInt(`0x${data.slice(2 + i * 64, 66 + i * 64)}`)),
  );
}

/** The fields of `CashView`, in their order there. */
function marketOf(words: readonly bigint[]): MarketView {
  const at = (index: number): bigint => words[index] ?? 0n;
  return {
    supplyIndex: at(0),
    borrowIndex: at(1),
    supplyAssets: at(4),
    borrowAssets: at(5),
    provisions: at(6),
    forfeited: at(7),
    idle: at(8),
  };
}

function addPurses(a: Purse, b: Purse): Purse {
  return { USDC: a.USDC + b.USDC, ETH: a.ETH + b.ETH, BTC: a.BTC + b.BTC };
}
