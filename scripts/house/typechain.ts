// Checks that the contract types in the repository are those of its contracts: builds, and asks git what changed.
//
// Use: npm run typechain:check
import { execFileSync } from "node:child_process";

import hre from "hardhat";

import { HouseError } from "../core/house/errors.js";
import { runCommand } from "../io/command.js";
import { terminal } from "../io/terminal.js";
import { ROOT } from "../io/tree.js";

await runCommand(async () => {
  await hre.tasks.getTask("build").run({ quiet: true });
  const status = execFileSync("git", ["status", "--porcelain", "--", "typechain-types"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const changed = status.split("\n").filter((line) => line !== "");
  if (changed.length > 0) {
    throw new HouseError("TYPES", "typechain-types is not what the contracts give: build and commit it.", changed);
  }
  terminal.result("typechain: types as the contracts give them");
});
