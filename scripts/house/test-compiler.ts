import { globSync } from "node:fs";
import { relative, sep } from "node:path";

import { z } from "zod";

import type { HardhatUserConfig } from "hardhat/config";
import type { ConfigHooks } from "hardhat/types/hooks";
import type { HardhatPlugin } from "hardhat/types/plugins";

type ResolveUserConfig = ConfigHooks["resolveUserConfig"];

/**
 * Has Solidity tests compiled by the older code generator, which takes a seventh of the time. What they test is not: they
 * deploy the protocol from its artifacts.
 *
 * A plugin and not `overrides` in the config, because Hardhat compiles together only what shares one settings object.
 */
const resolveUserConfig: ResolveUserConfig = async (userConfig: HardhatUserConfig, variable, next) => {
  const config = await next(userConfig, variable);
  const profile = config.solidity.profiles["default"];
  const compiler = profile?.compilers[0];
  if (profile === undefined || compiler === undefined) return config;
  const settings = { ...compiler, settings: z.record(z.unknown()).parse(compiler.settings) };
  settings.settings["viaIR"] = false;
  for (const file of globSync(`${config.paths.tests.solidity}/**/*.sol`)) {
    profile.overrides[relative(config.paths.root, file).split(sep).join("/")] = settings;
  }
  return config;
};

export const testCompiler: HardhatPlugin = {
  id: "ballast-test-compiler",
  hookHandlers: {
    config: () => Promise.resolve({ default: () => Promise.resolve({ resolveUserConfig }) }),
  },
};
