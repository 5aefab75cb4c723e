/**
 * Reads the whole protocol at one block: the lens on the accounts, and a batch for the rest, each in as many calls as their gas
 * asks for. Nothing is sent meanwhile, so that all see the same block.
 */
import type { Address, Asset, FeedName } from "../../core/mainnet.js";
import type { Terms } from "../../core/simulation/agents.js";
import type {
  AccountView,
  Custody,
  MarketView,
  Observation,
  PerpetualView,
  Position,
  Purse,
} from "../../core/simulation/types.js";
import type { Protocol } from "../protocol.js";
import type { ClockedChain } from "./chain.js";

import { Interface } from "ethers";

import {
  ICollateralVault__factory,
  IMarginAccount__factory,
  IPriceOracleAdapter__factory,
  MarginLens__factory,
} from "../../../typechain-types/index.js";
import { toPerpetual } from "../../core/instrument.js";
import { MAINNET } from "../../core/mainnet.js";
import { OUTCOMES } from "../../core/model/rebalance.js";
import { pagesOf } from "../../core/pages.js";
import { ASSET_NUMBER } from "../../core/simulation/population.js";
import { EMPTY_PURSE, IDLE, NO_POSITION, STANDING } from "../../core/simulation/types.js";
import { call, header } from "../rpc.js";
import { Words, fieldsOf } from "./words.js";

const MULTICALL = new Interface([
  "function aggregate3((address target, bool allowFailure, bytes callData)[]) view returns ((bool success, bytes returnData)[])",
]);
const ERC20 = new Interface(["function balanceOf(address) view returns (uint256)"]);
const VAULT = ICollateralVault__factory.createInterface();
const MARGIN = IMarginAccount__factory.createInterface();
const ORACLE = IPriceOracleAdapter__factory.createInterface();
const LENS = MarginLens__factory.createInterface();
const ACCOUNT = fieldsOf(MarginLens__factory.abi, "accounts");
const QUOTE = fieldsOf(MarginLens__factory.abi, "quotes");
/** Where each field of an account's state is; looked up once. */
const AT = {
  account: ACCOUNT("account"),
  cash: ACCOUNT("cash"),
  holdings: ACCOUNT("holdings"),
  positions: ACCOUNT("positions"),
  equity: ACCOUNT("equityE18"),
  maintenance: ACCOUNT("maintenanceE18"),
  initial: ACCOUNT("initialE18"),
  health: ACCOUNT("healthE18"),
  halted: ACCOUNT("halted"),
  lower: ACCOUNT("lowerE18"),
  lowerRestore: ACCOUNT("lowerRestoreE18"),
  upperRestore: ACCOUNT("upperRestoreE18"),
  outcome: ACCOUNT("outcome"),
  healthAfter: ACCOUNT("healthAfterE18"),
  provision: ACCOUNT("provision"),
};
/**
 * A call has the gas of a transaction, 16.8 million: an account takes up to 90,000 of it, and a question of the batch under
 * 10,000.
 */
const ACCOUNTS_A_CALL = 100;
const QUESTIONS_A_CALL = 600;
/** Of a `Held`: instrument, size, quote. */
const POSITION_WORDS = 3;
/** Of a perpetual's state: none of its fields fills more than a word. */
const PERPETUAL = MARGIN.getFunction("perpetualOf").outputs[0]?.components ?? [];
/** Of a `Quote`: it has no dynamic field. */
const QUOTE_WORDS = LENS.getFunction("quotes").outputs[0]?.arrayChildren?.components?.length ?? 0;

export const TOKENS: Readonly<Record<FeedName, Address>> = {
  USDC: MAINNET.tokens.USDC.address,
  ETH: MAINNET.tokens.WETH.address,
  BTC: MAINNET.tokens.WBTC.address,
};
const IN_ORDER: readonly FeedName[] = ["USDC", "ETH", "BTC"];
const NUMBERS: Readonly<Record<FeedName, bigint>> = { USDC: 0n, ...ASSET_NUMBER };

/** The perpetual of each asset, by its id. */
export const INSTRUMENTS: Readonly<Record<Asset, bigint>> = {
  ETH: toPerpetual(ASSET_NUMBER.ETH),
  BTC: toPerpetual(ASSET_NUMBER.BTC),
};

export interface Watched {
  readonly accounts: readonly bigint[];
  /** How many of them, from the first, may keep a reserve. */
  readonly keeping: number;
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

export function openObserver(chain: ClockedChain, protocol: Protocol, watched: Watched): Observer {
  const { lens } = protocol.addresses;
  const questions = questionsOf(protocol, watched).map((question) => ({ ...question, allowFailure: false }));
  const batches = pagesOf(questions, QUESTIONS_A_CALL).map((page) =>
    MULTICALL.encodeFunctionData("aggregate3", [page]),
  );
  const owners = watched.accounts.slice();

  const accounts = async (ids: readonly bigint[]): Promise<AccountView[]> => {
    const pages = pagesOf(ids, ACCOUNTS_A_CALL).map(async (page) => {
      const answer = await call(chain, lens, LENS.encodeFunctionData("accounts", [page.slice()]));
      const states = new Words(answer).follow(0).list();
      return states.map((state) => accountOf(state, EMPTY_PURSE));
    });
    return (await Promise.all(pages)).flat();
  };
  return {
    accounts,
    quotes: async (ids) => {
      const pages = pagesOf(ids, ACCOUNTS_A_CALL).map(async (page) => {
        const answer = await call(chain, lens, LENS.encodeFunctionData("quotes", [page.slice()]));
        const quotes = new Words(answer).follow(0).tuples(QUOTE_WORDS);
        return quotes.map((quote) => ({
          fractionE18: quote.at(QUOTE("fractionE18")),
          payment: quote.signedAt(QUOTE("payment")),
          fundFee: quote.at(QUOTE("fundFee")),
        }));
      });
      return (await Promise.all(pages)).flat();
    },
    observe: async () => {
      const [batched, head, states] = await Promise.all([
        Promise.all(batches.map(async (batch) => answersOf(await call(chain, MAINNET.multicall3, batch)))),
        header(chain),
        accounts(owners),
      ]);
      const answers = batched.flat();
      const at = (index: number, word = 0): bigint => answers[index]?.at(word) ?? 0n;
      const purse = (first: number): Purse => ({ USDC: at(first), ETH: at(first + 1), BTC: at(first + 2) });
      const custody = (token: number): Custody => ({
        balance: at(FIRST.custody + token * 2),
        total: at(FIRST.custody + 1 + token * 2, 0),
        reserved: at(FIRST.custody + 1 + token * 2, 1),
      });
      const perpetual = (index: number): PerpetualView => perpetualOf(answers[FIRST.perpetuals + index]);
      const reserves = owners.slice(0, watched.keeping).map((_, i) => purse(FIRST.reserves + i * 3));
      const wallets = watched.wallets.map((_, i) => purse(FIRST.reserves + (watched.keeping + i) * 3));
      return {
        block: head?.number ?? 0n,
        timestamp: head?.timestamp ?? 0n,
        // Word 0 is the bid, word 1 the ask, word 3 the status.
        bids: { ETH: at(FIRST.prices), BTC: at(FIRST.prices + 1) },
        asks: { ETH: at(FIRST.prices, 1), BTC: at(FIRST.prices + 1, 1) },
        halted: { ETH: at(FIRST.prices, 3) === HALTED, BTC: at(FIRST.prices + 1, 3) === HALTED },
        accounts: states.map((state, i) => ({ ...state, reserve: reserves[i] ?? EMPTY_PURSE })),
        market: marketOf((index) => at(0, index)),
        perpetuals: { ETH: perpetual(0), BTC: perpetual(1) },
        custody: { USDC: custody(0), ETH: custody(1), BTC: custody(2) },
        wallets: wallets.reduce(addPurses, EMPTY_PURSE),
      };
    },
  };
}

function accountOf(state: Words, reserve: Purse): AccountView {
  const holdings = state.follow(AT.holdings).tuples(2);
  const held = (asset: bigint): bigint => holdings.find((holding) => holding.at(0) === asset)?.at(1) ?? 0n;
  const positions = state.follow(AT.positions).tuples(POSITION_WORDS);
  const position = (asset: Asset): Position => {
    const found = positions.find((one) => one.at(0) === INSTRUMENTS[asset]);
    return found === undefined ? NO_POSITION : { sizeE18: found.signedAt(1), quoteE18: found.signedAt(2) };
  };
  const outcome = OUTCOMES[Number(state.at(AT.outcome))] ?? "Failed";
  const healthE18 = state.at(AT.health);
  return {
    id: state.at(AT.account),
    cash: state.signedAt(AT.cash),
    holdings: { ETH: held(ASSET_NUMBER.ETH), BTC: held(ASSET_NUMBER.BTC) },
    positions: { ETH: position("ETH"), BTC: position("BTC") },
    reserve,
    equityE18: state.signedAt(AT.equity),
    maintenanceE18: state.at(AT.maintenance),
    initialE18: state.at(AT.initial),
    healthE18,
    halted: state.at(AT.halted) !== 0n,
    lowerE18: state.at(AT.lower),
    lowerRestoreE18: state.at(AT.lowerRestore),
    upperRestoreE18: state.at(AT.upperRestore),
    outcome,
    due: !IDLE.has(outcome) || (STANDING.has(outcome) && state.at(AT.healthAfter) !== healthE18),
    provision: state.at(AT.provision),
  };
}

/** As IPriceOracleAdapter.Status has it. */
const HALTED = 0n;

/** Where in a batch the answers of each kind begin. */
const FIRST = { prices: 1, perpetuals: 3, custody: 5, reserves: 11 } as const;

/** In the order in which `observe` reads the answers. */
function questionsOf({ addresses }: Protocol, { accounts, keeping, wallets }: Watched): readonly Question[] {
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
  const perpetual = (instrument: bigint): Question => ({
    target: addresses.marginAccount,
    callData: MARGIN.encodeFunctionData("perpetualOf", [instrument]),
  });
  return [
    { target: addresses.marginAccount, callData: MARGIN.encodeFunctionData("cashMarket") },
    price(ASSET_NUMBER.ETH),
    price(ASSET_NUMBER.BTC),
    perpetual(INSTRUMENTS.ETH),
    perpetual(INSTRUMENTS.BTC),
    ...IN_ORDER.flatMap((token) => [balance(token, addresses.vault), totals(token)]),
    ...accounts.slice(0, keeping).flatMap((id) => IN_ORDER.map((token) => reserve(id, token))),
    ...wallets.flatMap((wallet) => IN_ORDER.map((token) => balance(token, wallet))),
  ];
}

/** What each call of a batch answered: behind the flag of its success and an offset stand a length and the words. */
function answersOf(returned: string): readonly Words[] {
  return new Words(returned)
    .follow(0)
    .list()
    .map((result) => result.follow(1).from(1));
}

/** The fields of `CashView`, in their order there. */
function marketOf(at: (index: number) => bigint): MarketView {
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

const PERPETUAL_AT = {
  rate: perpetualField("rateE18"),
  openInterest: perpetualField("openInterestE18"),
  pool: perpetualField("pool"),
};

function perpetualField(name: string): number {
  const index = PERPETUAL.findIndex((field) => field.name === name);
  if (index < 0) throw new TypeError(`A perpetual has no ${name}`);
  return index;
}

function perpetualOf(words: Words | undefined): PerpetualView {
  if (words === undefined) throw new TypeError("A batch without its perpetuals");
  return {
    rateE18: words.signedAt(PERPETUAL_AT.rate),
    openInterestE18: words.at(PERPETUAL_AT.openInterest),
    pool: words.at(PERPETUAL_AT.pool),
  };
}

function addPurses(a: Purse, b: Purse): Purse {
  return { USDC: a.USDC + b.USDC, ETH: a.ETH + b.ETH, BTC: a.BTC + b.BTC };
}
