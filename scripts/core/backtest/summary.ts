import type { BacktestReport } from "./report.js";

import Table from "cli-table3";

import { cellsOf, COLUMNS, headingOf, nominal, PERIOD_TITLES, termsOf } from "./figures.js";
import { PERIODS } from "./rules.js";

/** The report as a terminal of 100 columns shows it. Pure text. */
export function renderBacktest(report: BacktestReport, files: readonly string[]): string {
  const blocks = report.assets.flatMap((asset) => [
    [headingOf(asset, report), ...wrapped(termsOf(asset))].join("\n"),
    ...PERIODS.map((period) => {
      const table = new Table({
        head: [...COLUMNS],
        colAligns: ["left", "left", "right", "right", "right", "right", "right", "right", "left"],
        style: { head: [], border: [], compact: true, "padding-left": 0, "padding-right": 0 },
      });
      for (const result of asset.results) {
        if (result.period === period) table.push([...cellsOf(result, report, asset)]);
      }
      return `${PERIOD_TITLES[period]}:\n${table.toString()}`;
    }),
  ]);
  const note = `Exceeded: moves beyond the level within a horizon; expected at a coverage of ${nominal(report.coverage)}. LR and p are Kupiec's test: p is small both when there are too many and when there are too few.`;
  return [...blocks, wrapped(note).join("\n"), ["Written:", ...files.map((file) => `  ${file}`)].join("\n")].join(
    "\n\n",
  );
}

const WIDTH = 98;

function wrapped(text: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
