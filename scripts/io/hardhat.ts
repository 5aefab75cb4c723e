import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Hardhat's command line, for processes of its own: started without the second that npx takes. */
export const HARDHAT = join(dirname(fileURLToPath(import.meta.resolve("hardhat/package.json"))), "dist/src/cli.js");
