/** `npm run backtest`: see `--help`. */
import type { AssetInput } from "../core/backtest/report.js";
import type { BacktestOptions, PriceFile } from "../core/backtest/options.js";
import type { PriceSeries } from "../core/prices/types.js";

import { renderBacktestHtml } from "../core/backtest/html.js";
import { parseBacktestOptions } from "../core/backtest/options.js";
import { assembleBacktest, serializeBacktest } from "../core/backtest/report.js";
import { renderBacktest } from "../core/backtest/summary.js";
import { runTrials } from "../core/backtest/trials.js";
import { BTC_LEVELS, ETH_LEVELS, STARTING_VOLATILITY } from "../core/model/level.js";
import { parsePrices } from "../core/prices/parse.js";
import { prepareOutDir, readInputFile, writeReport } from "../io/files.js";
import { createProgress } from "../io/progress.js";
import { runAtEdge } from "../io/run.js";
import { terminal } from "../io/terminal.js";

const LEVELS = { eth: ETH_LEVELS, btc: BTC_LEVELS } as const;
const argv = process.argv.slice(2);

await runAtEdge(
  async () => {
    const request = parseBacktestOptions(argv);
    if (request.kind === "help") terminal.result(request.text.trimEnd());
    else await run(request.options);
  },
  { json: argv.includes("--json") },
);

async function run(options: BacktestOptions): Promise<void> {
  const { json, out, coverage } = options;
  const read = await Promise.all(options.prices.map(readSeries));
  await prepareOutDir(out);
  const total = read.reduce((sum, { series }) => sum + series.rows.length, 0);
  const progress = createProgress({ total, label: "backtest", quiet: json });
  try {
    let before = 0;
    const inputs = read.map(({ asset, series }): AssetInput => {
      const { horizon, multiple, floor, from, to } = options;
      const minE18 = floor === undefined ? LEVELS[asset].minE18 : floor / 100n;
      const parameters = { ...LEVELS[asset], horizonSeconds: horizon, multipleE18: multiple, minE18 };
      const settings = { parameters, volatilityE18: STARTING_VOLATILITY[asset], from, to };
      const replayed = runTrials(series, settings, (done) => progress.update(before + done, series.name));
      before += series.rows.length;
      return { asset, parameters, replayed };
    });
    const report = assembleBacktest(inputs, coverage);
    const text = serializeBacktest(report);
    const { paths, replaced } = await writeReport(out, { json: text, html: renderBacktestHtml(report) });
    progress.stop();
    terminal.result(json ? text.trimEnd() : renderBacktest(report, paths));
    if (replaced && !json) terminal.say("An earlier report was replaced.");
  } finally {
    progress.stop();
  }
}

async function readSeries({ asset, file }: PriceFile): Promise<Pick<AssetInput, "asset"> & { series: PriceSeries }> {
  const { text, name } = await readInputFile(file);
  return { asset, series: parsePrices(text, name) };
}
