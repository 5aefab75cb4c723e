// Measures how much of the contracts and of scripts/core the tests run.
//
// Use: npm run coverage
import Table from "cli-table3";
import { z } from "zod";

import { BOUNDS, rowsOf, shortfalls, type Coverage, type Part } from "../core/house/coverage.js";
import { HouseError } from "../core/house/errors.js";
import { readFlags, runCommand } from "../io/command.js";
import { measureSolidity } from "../io/coverage/solidity.js";
import { measureTypeScript } from "../io/coverage/typescript.js";
import { terminal } from "../io/terminal.js";

const USAGE = `Usage: npm run coverage [-- options]

Prints which part of the lines and statements of contracts/ the Solidity tests run, and of scripts/core the TypeScript
tests: both suites whole, fuzz tests with fewer runs. Contracts that count what they run are built in a copy of the
project below out/coverage; artifacts/ stays what it is. Allow ten minutes for each part.

  --solidity    contracts alone, without mocks
  --typescript  scripts/core alone
  --json        print the figures as JSON (npm run --silent, so that npm adds nothing)
  --check       fail when a part as a whole is below its bound: ${BOUNDS.contracts}% of contracts, ${BOUNDS["scripts/core"]}% of scripts/core`;

const Flags = z
  .object({
    solidity: z.boolean().default(false),
    typescript: z.boolean().default(false),
    json: z.boolean().default(false),
    check: z.boolean().default(false),
  })
  .strict();

/** {columns} The table without its last column, and what that has at least. */
const FIXED = 55;
const LEAST = 22;
const COLUMNS = 100; // where there is no terminal to ask

function print(part: Part, coverage: Coverage): void {
  const last = Math.max(LEAST, (process.stdout.columns || COLUMNS) - FIXED);
  const table = new Table({
    head: [part, "lines %", "stmts %", "lines that did not run"],
    colWidths: [32, 9, 9, last],
    colAligns: ["left", "right", "right", "left"],
    wordWrap: true,
    style: { head: [], border: [] },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  table.push(...rowsOf(part, coverage).map((row) => [...row]));
  terminal.result(table.toString());
}

await runCommand(async () => {
  const { solidity, typescript, json, check } = readFlags(USAGE, Flags);
  const measured: [Part, Coverage][] = [];
  if (solidity || !typescript) {
    terminal.say("contracts: building and running them with counters");
    measured.push(["contracts", await measureSolidity()]);
  }
  if (typescript || !solidity) {
    terminal.say("scripts/core: running the TypeScript tests");
    measured.push(["scripts/core", await measureTypeScript()]);
  }
  if (json) terminal.result(JSON.stringify(Object.fromEntries(measured), null, 2));
  else for (const [part, coverage] of measured) print(part, coverage);
  if (!check) return;

  const below = measured.flatMap(([part, coverage]) => shortfalls(part, coverage));
  if (below.length > 0) throw new HouseError("COVERAGE", `${below.length} figures are below their bound.`, below);
  terminal.say("coverage: within the bounds");
});
