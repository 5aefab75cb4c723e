/**
 * Creation code of the contracts that the replica copies from mainnet, as their authors published it on npm: WETH9 by
 * canonical-weth (GPL-3.0), Uniswap v3 by its own packages (GPL-2.0-or-later since the business licence of v3-core lapsed),
 * Multicall3 by viem (MIT, as its source is). None of it is copied into this repository.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { z } from "zod";

const Code = z.string().regex(/^0x([0-9a-f]{2})+$/i, "expected linked creation code");
const Artifact = z.object({ bytecode: Code });
const ViemContracts = z.object({ multicall3Bytecode: Code });

const require = createRequire(import.meta.url);

export type Published = "WETH9" | "UniswapV3Factory" | "SwapRouter" | "QuoterV2" | "NonfungiblePositionManager";

const ARTIFACTS: Readonly<Record<Published, string>> = {
  WETH9: "canonical-weth/build/contracts/WETH9.json",
  UniswapV3Factory: "@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json",
  SwapRouter: "@uniswap/v3-periphery/artifacts/contracts/SwapRouter.sol/SwapRouter.json",
  QuoterV2: "@uniswap/v3-periphery/artifacts/contracts/lens/QuoterV2.sol/QuoterV2.json",
  NonfungiblePositionManager:
    "@uniswap/v3-periphery/artifacts/contracts/NonfungiblePositionManager.sol/NonfungiblePositionManager.json",
};

export async function publishedCreationCode(name: Published): Promise<string> {
  const text = await readFile(require.resolve(ARTIFACTS[name]), "utf8");
  return Artifact.parse(JSON.parse(text)).bytecode;
}

/** viem deploys Multicall3 with this code itself but exports no path to it, so its file is named. */
export async function multicall3CreationCode(): Promise<string> {
  const file = path.join(path.dirname(require.resolve("viem/package.json")), "_esm", "constants", "contracts.js");
  const contracts: unknown = await import(pathToFileURL(file).href);
  return ViemContracts.parse(contracts).multicall3Bytecode;
}
