/** What a node must be and have so that a fork can start from it. Needs no Hardhat, so that a wrong node is told at once. */
import type { BlockHeader } from "./rpc.js";

import { EXIT, ToolError } from "../core/errors.js";
import { MAINNET } from "../core/mainnet.js";
import { hostOf, httpRpc } from "./http.js";
import { codeAt, header } from "./rpc.js";

/** A real head may still be reorganised; 32 blocks back it is final in practice, which is what EDR assumes too. */
const REORG_BLOCKS = 32n;

export class WrongChainError extends ToolError {
  override readonly name = "WrongChainError";

  constructor(message: string, options?: ErrorOptions) {
    super("WRONG_CHAIN", message, EXIT.FAILED, options);
  }
}

export class BlockUnavailableError extends ToolError {
  override readonly name = "BlockUnavailableError";

  constructor(message: string, options?: ErrorOptions) {
    super("BLOCK_UNAVAILABLE", message, EXIT.FAILED, options);
  }
}

/**
 * The block to fork a node at: the one asked for, or one near its head. Asks the node all that can be wrong with it, before
 * Hardhat meets it and fails less clearly.
 */
export async function startBlock(url: string, source: string = hostOf(url), requested?: bigint): Promise<BlockHeader> {
  const node = httpRpc(url);
  const chainId = BigInt(String(await node.request({ method: "eth_chainId" })));
  if (chainId !== BigInt(MAINNET.chainId)) {
    throw new WrongChainError(`The node at ${source} is on chain ${chainId}; a fork needs Ethereum mainnet, chain 1.`);
  }
  const head = await header(node);
  if (head === null) throw new BlockUnavailableError(`The node at ${source} has no blocks yet.`);
  const number = requested ?? (head.number > REORG_BLOCKS ? head.number - REORG_BLOCKS : 0n);
  const block = number <= head.number ? await header(node, number) : null;
  if (block === null) {
    throw new BlockUnavailableError(`The node at ${source} has no block ${number}; its head is ${head.number}.`);
  }
  const code = await codeAt(node, MAINNET.tokens.USDC.address, number).catch((cause: unknown) => {
    throw new BlockUnavailableError(
      `The node at ${source} keeps no state of block ${number}: choose one near its head, ${head.number}, or an archive node.`,
      { cause },
    );
  });
  if (code === "0x") {
    throw new BlockUnavailableError(
      `There is no USDC at block ${number} of ${source}: this is not mainnet, or long ago.`,
    );
  }
  return block;
}
