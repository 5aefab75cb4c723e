/** The back-test as one page that opens from a disk: inline SVG, no script, nothing fetched. */
import type { AssetReport, BacktestReport } from "./report.js";
import type { LevelStyle } from "./palette.js";

import { duration } from "../report/format.js";
import { STYLE } from "../report/style.js";
import { drawSvg } from "../report/svg.js";
import { stormChart, wholeChart } from "./charts.js";
import { cellsOf, COLUMNS, headingOf, nominal, PERIOD_TITLES, termsOf } from "./figures.js";
import { LEVELS } from "./palette.js";
import { PERIODS, type Period } from "./rules.js";

export function renderBacktestHtml(report: BacktestReport): string {
  const { coverage, horizonSeconds } = report;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Ballast back-test: ${escape(report.assets.map(({ source }) => source).join(", "))}</title>
<style>${STYLE}
.results :is(td, th):is(:first-child, :nth-child(2), :last-child) { text-align: left; }
</style>
</head>
<body>
<header>
<h1>Ballast back-test of margin levels</h1>
<p>How often a price moved further within ${duration(horizonSeconds)} than the level asked before it. A level that holds in
${nominal(coverage)} of horizons is exceeded about as often as expected; Kupiec's p is small both when it is exceeded too often and
when it asks for more than it needs.</p>
</header>
${report.assets.map((asset) => assetSection(asset, report)).join("\n")}
</body>
</html>
`;
}

function assetSection(asset: AssetReport, report: BacktestReport): string {
  return `<section>
<h2>${escape(headingOf(asset, report))}</h2>
<p>${escape(termsOf(asset))}.</p>
${legend()}
<figure><figcaption>All of it; each bar is the largest move of its stretch</figcaption>${drawSvg(wholeChart(asset), `${asset.asset}-whole`)}</figure>
<figure><figcaption>From two days before the largest fall to twelve days after it</figcaption>${drawSvg(stormChart(asset), `${asset.asset}-storm`)}</figure>
${PERIODS.map((period) => tableOf(asset, report, period)).join("\n")}
</section>`;
}

function tableOf(asset: AssetReport, report: BacktestReport, period: Period): string {
  const rows = asset.results
    .filter((result) => result.period === period)
    .map((result) => `<tr>${cellsOf(result, report, asset).map(cell).join("")}</tr>`);
  return `<h3>${escape(PERIOD_TITLES[period])}</h3>
<table class="results"><thead><tr>${COLUMNS.map((name) => `<th>${name}</th>`).join("")}</tr></thead>
<tbody>${rows.join("\n")}</tbody></table>`;
}

const cell = (text: string): string => `<td>${escape(text)}</td>`;

function legend(): string {
  const keys = [
    [line({ color: LEVELS.price, dash: "solid", width: 1.2 }), "price"],
    [symbol(`<rect x="9" y="0" width="3" height="12" fill="${LEVELS.move}"/>`), "largest move against the side"],
    [line(LEVELS.maintenance), "dynamic level, maintenance"],
    [line(LEVELS.initial), "dynamic level, initial"],
    [line(LEVELS.constant), "constant level, fitted on the first half"],
    [symbol(`<path d="M11 0L16 6L11 12L6 6Z" fill="${LEVELS.exceeded}"/>`), "a move beyond the maintenance level"],
  ] as const;
  return `<ul class="legend">${keys.map(([picture, words]) => `<li>${picture} ${words}</li>`).join("")}</ul>`;
}

function symbol(shape: string): string {
  return `<svg width="22" height="12" aria-hidden="true">${shape}</svg>`;
}

function line({ color, dash, width }: LevelStyle | { color: string; dash: "solid"; width: number }): string {
  const dashes = { solid: "", dashed: ` stroke-dasharray="5 3"`, dotted: ` stroke-dasharray="2 2"` }[dash];
  return symbol(`<path d="M1 6H21" stroke="${color}" stroke-width="${width}"${dashes}/>`);
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
