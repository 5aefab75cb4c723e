/** Reads all accounts through the lens, page by page, and says what that takes. */
import type { Reading } from "../../core/scale/pages.js";
import type { Spent } from "../../core/scale/run.js";
import type { MeasuredMarket } from "../gas/market.js";

import { Interface } from "ethers";

import { MarginLens__factory } from "../../../typechain-types/index.js";
import { pagesOf } from "../../core/pages.js";
import { INTRINSIC, calldataGas } from "../../core/gas/breakdown.js";
import { call } from "../rpc.js";
import { Words } from "../simulation/words.js";

const LENS = new Interface(MarginLens__factory.abi);
/** {accounts} Below it the middle one of three readings counts: they are short, and what else runs shows more. */
const REPEATED = 3_000;

/** What of the lens is asked: all of each account, as a keeper's view, or only which are due. */
export type Question = "accounts" | "due";

/**
 * Code that passes its input on to the lens and returns, instead of the answer, whether it came and what gas it took:
 *
 * CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY GAS, PUSH0 PUSH0 CALLDATASIZE PUSH0 PUSH20 lens GAS STATICCALL, GAS SWAP1 PUSH0
 * MSTORE SWAP1 SUB PUSH1 32 MSTORE, PUSH1 64 PUSH0 RETURN
 */
const meterOf = (lens: string): string => `0x365f5f375a5f5f365f73${lens.slice(2)}5afa5a905f52900360205260405ff3`;
const METER = "0x00000000000000000000000000000000000be7e5";

export class Reader {
  private constructor(
    private readonly market: MeasuredMarket,
    private readonly lens: string,
  ) {}

  static async open(market: MeasuredMarket): Promise<Reader> {
    const { chain, marginAccount, liquidator } = market.parts;
    const args = [await marginAccount.getAddress(), await liquidator.getAddress()];
    return new Reader(market, await chain.deploy("MarginLens", args));
  }

  async read(question: Question, accounts: readonly bigint[], pageSize: number): Promise<Reading> {
    const pages = pagesOf(accounts, pageSize).map((page) => LENS.encodeFunctionData(question, [page.slice()]));
    const turns: Spent[] = [];
    let bytes = 0;
    for (let turn = 0; turn < (accounts.length < REPEATED ? 3 : 1); turn += 1) {
      const [begin, cpu] = [performance.now(), process.cpuUsage()];
      for (const data of pages) {
        const answer = await call(this.market.parts.chain.rpc, this.lens, data);
        // As the simulation's keeper does: cut into accounts, whose fields are read when they are wanted.
        if (question === "accounts") new Words(answer).follow(0).list();
        bytes = Math.max(bytes, (answer.length - 2) / 2);
      }
      const { user, system } = process.cpuUsage(cpu);
      turns.push({ milliseconds: performance.now() - begin, cpuMilliseconds: (user + system) / 1_000 });
    }
    turns.sort((a, b) => a.cpuMilliseconds - b.cpuMilliseconds);
    const [first = ""] = pages;
    return {
      accounts: accounts.length,
      pageSize,
      spent: turns[Math.floor(turns.length / 2)] ?? { milliseconds: 0, cpuMilliseconds: 0 },
      pageGas: await this.gasOf(first),
      pageBytes: bytes,
      peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1_024),
    };
  }

  /** {gas} Of a page as a node counts it against its cap: the call's base, its calldata, and what is executed. */
  private async gasOf(data: string): Promise<bigint> {
    const { rpc } = this.market.parts.chain;
    const answer = new Words(await call(rpc, METER, data, { [METER]: { code: meterOf(this.lens) } }));
    if (answer.at(0) !== 1n) throw new RangeError("a page did not fit into a call");
    return answer.at(1) + INTRINSIC + calldataGas(data);
  }
}
