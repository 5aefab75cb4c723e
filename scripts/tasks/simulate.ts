/** `npm run simulate`: see `--help`. */
import type { SimulateOptions } from "../core/simulation/options.js";

import { parseSimulateOptions } from "../core/simulation/options.js";
import { prepareOutDir } from "../io/files.js";
import { startBlock } from "../io/forkStart.js";
import { hostOf } from "../io/http.js";
import { classifyNodeFailure } from "../io/node.js";
import { runAtEdge } from "../io/run.js";
import { loadBaseFees, loadForkStates, loadPath, loadPolicy } from "../io/simulation/path.js";
import { terminal } from "../io/terminal.js";

const argv = process.argv.slice(2);

await runAtEdge(
  async () => {
    const request = parseSimulateOptions(argv);
    if (request.kind === "help") terminal.result(request.text.trimEnd());
    else await run(request.options);
  },
  { json: argv.includes("--json"), classify: classifyNodeFailure },
);

/** All that can be wrong with the command comes first: Hardhat, the compiler and the charts are loaded only after it. */
async function run(options: SimulateOptions): Promise<void> {
  const { rpc, block } = options;
  const path = await loadPath(options);
  const policy = await loadPolicy(options);
  const forkStates = await loadForkStates(options);
  const baseFees = await loadBaseFees(options, path);
  if (rpc !== undefined) await startBlock(rpc, hostOf(rpc), block === undefined ? undefined : BigInt(block));
  await prepareOutDir(options.out);
  const { runSimulation } = await import("../io/simulation/command.js");
  await runSimulation(options, { path, baseFees, policy, forkStates });
}
