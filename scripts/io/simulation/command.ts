/** A simulation as the command runs it: builds what is not built, shows progress, and writes and tells the result. */
import type { FurtherFile } from "../files.js";
import type { SimulateOptions } from "../../core/simulation/options.js";
import type { SimulationInputs } from "./simulate.js";

import { tasks } from "hardhat";

import { serializeReport } from "../../core/report/assemble.js";
import { renderHtml } from "../../core/report/html.js";
import { pictures } from "../../core/report/pictures.js";
import { renderSummary } from "../../core/report/summary.js";
import { writeReport } from "../files.js";
import { renderPng } from "../png.js";
import { createProgress } from "../progress.js";
import { terminal } from "../terminal.js";
import { simulate } from "./simulate.js";
import { stopwatch } from "./stopwatch.js";

export async function runSimulation(options: SimulateOptions, inputs: SimulationInputs): Promise<void> {
  const { accounts, seed, delay, rpc, block, json, out } = options;
  const watch = stopwatch();
  await tasks.getTask("build").run({ quiet: true, noTests: true });
  watch.lap("build");
  const progress = createProgress({ total: 2 * inputs.path.bars.length, label: "simulate", quiet: json });
  try {
    const { report } = await simulate(
      { ...inputs, accounts, seed, delaySteps: delay, rpc, block: block === undefined ? undefined : BigInt(block) },
      { progress: (done, note) => progress.update(done, note), finished: watch.lap },
    );
    const text = serializeReport(report);
    const further: FurtherFile[] = [];
    for (const { name, svg } of pictures(report)) further.push({ name: `${name}.png`, content: await renderPng(svg) });
    const { paths, replaced } = await writeReport(out, { json: text, html: renderHtml(report), further });
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
