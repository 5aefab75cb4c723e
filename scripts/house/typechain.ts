// Checks that the contract types in the repository are those of its contracts: builds, and compares with what is
// committed.
import { existsSync } from "node:fs";
import { join } from "node:path";

import hre from "hardhat";
import { z } from "zod";

import { findDrift } from "../core/house/drift.js";
import { HouseError } from "../core/house/errors.js";
import { readFlags, runCommand } from "../io/command.js";
import { terminal } from "../io/terminal.js";
import { ROOT, listChanged, readCommitted, readText } from "../io/tree.js";

const USAGE = `Usage: npm run typechain:check

Checks that typechain-types are those of the contracts: builds, and compares with what is committed. Takes no options.`;

await runCommand(async () => {
  readFlags(USAGE, z.object({}).strict());
  await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
  const files = listChanged("typechain-types").map((path) => ({
    path,
    committed: readCommitted(path),
    generated: existsSync(join(ROOT, path)) ? readText(path) : null,
  }));
  const drift = findDrift(files);
  if (drift.length > 0) {
    throw new HouseError("TYPES", "typechain-types is not what the contracts give: build and commit it.", drift);
  }
  terminal.result("typechain: types as the contracts give them");
});
