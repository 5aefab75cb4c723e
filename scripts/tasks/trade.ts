/** `npm run trade`: see its --help. */
import { parseTradeOptions } from "../core/trade/options.js";
import { runAtEdge } from "../io/run.js";
import { terminal } from "../io/terminal.js";
import { classifyTradeFailure } from "../io/trade/failures.js";

async function main(argv: readonly string[]): Promise<void> {
  const request = parseTradeOptions(argv);
  if (request.kind === "help") {
    terminal.result(request.text.trimEnd());
    return;
  }
  // Hardhat takes seconds to load, and a wrong option needs none of it.
  const { trade } = await import("../io/trade/trade.js");
  terminal.result(await trade(request.options));
}

const argv = process.argv.slice(2);
await runAtEdge(async () => await main(argv), { json: argv.includes("--json"), classify: classifyTradeFailure });
