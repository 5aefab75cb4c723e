/** `npm run simulate`: see `--help`. */
import type { SimulateOptions } from "../core/options.js";

import { tasks } from "hardhat";

import { parseSimulateOptions } from "../core/options.js";
import { serializeReport } from "../core/report/assemble.js";
import { renderHtml } from "../core/report/html.js";
import { renderSummary } from "../core/report/summary.js";
import { prepareOutDir, writeReport } from "../io/files.js";
import { classifyNodeFailure } from "../io/node.js";
import { createProgress } from "../io/progress.js";
import { runAtEdge } from "../io/run.js";
import { loadPath } from "../io/simulation/path.js";
import { simulate } from "../io/simulation/simulate.js";
import { stopwatch } from "../io/simulation/stopwatch.js";
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

async function run(options: SimulateOptions): Promise<void> {
  const { accounts, seed, rpc, block, json, out } = options;
  await prepareOutDir(out);
  const path = await loadPath(options);
  const watch = stopwatch();
  await tasks.getTask("build").run({ quiet: true, noTests: true });
  watch.lap("build");
  const progress = createProgress({ total: 2 * path.bars.length, label: "simulate", quiet: json });
  try {
    const { report } = await simulate(
      { path, accounts, seed, rpc, block: block === undefined ? undefined : BigInt(block) },
      { progress: (done, note) => progress.update(done, note), finished: watch.lap },
    );
    const text = serializeReport(report);
    const { paths, replaced } = await writeReport(out, { json: text, html: renderHtml(report) });
    watch.lap("report");
    progress.stop();
    if (json) {
      terminal.result(text.trimEnd());
      return;
    }
    const { columns, isTTY } = process.stdout;
    const width = isTTY ? columns : 100;
    const color = isTTY && process.env["NO_COLOR"] === undefined;
    terminal.result(renderSummary(report, { width, color, times: watch.laps, files: paths }).trimEnd());
    if (replaced) terminal.say("An earlier report was replaced.");
  } finally {
    progress.stop();
  }
}
