import { globSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { relative, sep } from "node:path";

import { z } from "zod";

import type { HardhatUserConfig } from "hardhat/config";
import type { ConfigHooks, SolidityHooks } from "hardhat/types/hooks";
import type { HardhatPlugin } from "hardhat/types/plugins";

type ResolveUserConfig = ConfigHooks["resolveUserConfig"];

/** Each part compiles anew what all tests import, so more parts would soon cost more than they save. */
const MOST_PARTS = 4;

const parts = Math.min(availableParallelism(), MOST_PARTS);

/** Files in so many parts, each of about the same size: the largest first, each to the part that is smallest by then. */
function divide(files: readonly string[]): string[][] {
  const divided = Array.from({ length: parts }, (): { size: number; files: string[] } => ({ size: 0, files: [] }));
  const sized = files.map((file) => ({ file, size: statSync(file).size }));
  for (const { file, size } of sized.sort((a, b) => b.size - a.size || (a.file < b.file ? -1 : 1))) {
    const smallest = divided.reduce((least, part) => (part.size < least.size ? part : least));
    smallest.files.push(file);
    smallest.size += size;
  }
  return divided.map((part) => part.files);
}

/**
 * Has Solidity tests compiled by the older code generator, which takes a seventh of the time, and in as many parts as there
 * are processors, up to four. What they test is not: they deploy the protocol from its artifacts.
 *
 * A plugin and not `overrides` in the config, because Hardhat compiles together only what shares one settings object.
 */
const resolveUserConfig: ResolveUserConfig = async (userConfig: HardhatUserConfig, variable, next) => {
  const config = await next(userConfig, variable);
  const profile = config.solidity.profiles["default"];
  const compiler = profile?.compilers[0];
  if (profile === undefined || compiler === undefined) return config;
  for (const files of divide(globSync(`${config.paths.tests.solidity}/**/*.sol`))) {
    const settings = { ...compiler, settings: z.record(z.unknown()).parse(compiler.settings) };
    settings.settings["viaIR"] = false;
    for (const file of files) {
      profile.overrides[relative(config.paths.root, file).split(sep).join("/")] = settings;
    }
  }
  return config;
};

/** Hardhat leaves one processor alone, which on two is half of them. */
const build: SolidityHooks["build"] = (context, files, options, next) =>
  next(context, files, { concurrency: availableParallelism(), ...options });

export const testCompiler: HardhatPlugin = {
  id: "ballast-test-compiler",
  hookHandlers: {
    config: () => Promise.resolve({ default: () => Promise.resolve({ resolveUserConfig }) }),
    solidity: () => Promise.resolve({ default: () => Promise.resolve({ build }) }),
  },
};
