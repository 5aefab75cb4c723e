import type { HardhatEthers, HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { TransactionReceipt, TransactionResponse } from "ethers";
import hre from "hardhat";
import { z } from "zod";

import { breakDown, type Breakdown } from "../../core/gas/breakdown.js";
import { MeasurementError } from "../../core/gas/errors.js";
import { type Rpc } from "../rpc.js";

const BASE_FEE = 10_000_000_000n; // 10 gwei: a keeper's pay is real money
const GAS_LIMIT = 16_000_000n; // given, so that nothing is estimated
const BETWEEN_BLOCKS = 12;
const GENESIS = new Date("2026-01-01T00:00:00Z");

const Trace = z.object({
  structLogs: z.array(
    z.object({
      op: z.string(),
      gas: z.coerce.bigint(),
      gasCost: z.coerce.bigint(),
      depth: z.number(),
      stack: z.array(z.string()).nullish(),
    }),
  ),
});

/** Options that every transaction of the measurement carries; see {@link MeasuredChain.send}. */
export const OVERRIDES = {
  gasLimit: GAS_LIMIT,
  maxFeePerGas: 2n * BASE_FEE,
  maxPriorityFeePerGas: 0n,
} as const;

export type Sent = Promise<TransactionResponse>;

/**
 * A chain in this process where everything repeats: the genesis date, the time between blocks and the base fee are given,
 * so that the same code costs the same gas each time.
 */
export class MeasuredChain {
  private constructor(
    readonly ethers: HardhatEthers,
    readonly signers: readonly HardhatEthersSigner[],
    /** The node itself: what it is sent here has the node's own times and base fees. */
    readonly rpc: Rpc,
  ) {}

  /**
   * @param callGas {gas} What a call may use, and a block with it; when not given what a transaction may. The node holds calls to
   * the cap on transactions too, which nodes of mainnet do not: such a chain has the rules from before that cap.
   */
  static async create(callGas?: bigint): Promise<MeasuredChain> {
    const { ethers, provider } = await hre.network.create({
      network: "default",
      override: {
        initialBaseFeePerGas: BASE_FEE,
        initialDate: GENESIS,
        ...(callGas === undefined ? {} : { blockGasLimit: callGas, hardfork: "prague" }),
      },
    });
    return new MeasuredChain(ethers, await ethers.getSigners(), provider);
  }

  private async request(method: string, params: unknown[]): Promise<unknown> {
    return await this.rpc.request({ method, params });
  }

  /** Sends one transaction in a block of its own, twelve seconds after the last one. */
  async send(transact: () => Sent): Promise<TransactionReceipt> {
    await this.tick();
    const receipt = await (await transact()).wait();
    if (receipt?.status !== 1) throw new MeasurementError("a transaction of the measurement failed");
    return receipt;
  }

  async deploy(name: string, args: unknown[] = []): Promise<string> {
    await this.tick();
    const contract = await this.ethers.deployContract(name, args, OVERRIDES);
    return await contract.getAddress();
  }

  /** Does something and forgets it. */
  async aside<Result>(body: () => Promise<Result>): Promise<Result> {
    const id = await this.request("evm_snapshot", []);
    try {
      return await body();
    } finally {
      await this.request("evm_revert", [id]);
    }
  }

  async breakdownOf(receipt: TransactionReceipt): Promise<Breakdown> {
    const transaction = await receipt.getTransaction();
    const options = { disableMemory: true, disableStorage: true };
    const trace = Trace.parse(await this.request("debug_traceTransaction", [receipt.hash, options]));
    return breakDown({
      to: receipt.to ?? "",
      data: transaction.data,
      gasUsed: receipt.gasUsed,
      steps: trace.structLogs.map((step) => ({ ...step, stack: step.stack ?? [] })),
    });
  }

  private async tick(): Promise<void> {
    const latest = await this.ethers.provider.getBlock("latest");
    await this.request("evm_setNextBlockTimestamp", [(latest?.timestamp ?? 0) + BETWEEN_BLOCKS]);
    await this.request("hardhat_setNextBlockBaseFeePerGas", [`0x${BASE_FEE.toString(16)}`]);
  }
}
