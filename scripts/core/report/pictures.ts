/**
 * The report's charts as pictures of their own, for where a page cannot go: the same charts, with a title and the keys that
 * on the page stand around them. SVG here; it is turned into pixels elsewhere.
 */
import type { Chart } from "./svg.js";
import type { Key } from "./html.js";
import type { Report } from "./schema.js";

import { armsChart, lossChart, perpetualChart, priceChart } from "./charts.js";
import { setting } from "./figures.js";
import { healthChart } from "./healthChart.js";
import { HEALTH_KEYS, PRICE_KEYS, armKeys, captionOf, escape, lossKeys, pictured } from "./html.js";
import { INK, MUTED } from "./palette.js";
import { drawSvg } from "./svg.js";

export interface Picture {
  /** Of the file, without its ending. */
  readonly name: string;
  readonly svg: string;
}

export interface Placed {
  readonly chart: Chart;
  readonly id: string;
  readonly caption?: string;
}

/** What the pixels are drawn with; the widths below are its. */
export const PICTURE_FONT = "DejaVu Sans";

const MARGIN = 20;
const GAP = 20;
const HEAD = 76; // title, setting and keys
const KEY_ROW = 20;
const CAPTION = 18;
const COLUMNS = 2;
const WIDTH = 1_240;
/** {px} Of a letter of the condensed face at 13 px, more than the mean. */
const LETTER = 6.9;

export function pictures(report: Report): readonly Picture[] {
  const health = pictured(report).map((i): Placed => {
    const caption = captionOf(report.accounts[i]);
    return { chart: healthChart(report, i), id: `h${i}`, caption };
  });
  return [
    picture(report, "prices", "Prices", PRICE_KEYS, [
      { chart: priceChart(report, "eth"), id: "eth" },
      { chart: priceChart(report, "btc"), id: "btc" },
    ]),
    picture(report, "losses", "Losses by kind", lossKeys(), [{ chart: lossChart(report), id: "loss" }]),
    picture(report, "solvency", "Solvency", armKeys(report), [
      { chart: armsChart(report, "marginUsd"), id: "margin" },
      { chart: armsChart(report, "equityUsd"), id: "equity" },
    ]),
    picture(report, "perpetuals", "Perpetuals: open interest and funding rate", armKeys(report), [
      { chart: perpetualChart(report, "eth"), id: "perp-eth" },
      { chart: perpetualChart(report, "btc"), id: "perp-btc" },
    ]),
    picture(report, "health", "Health of each account", HEALTH_KEYS, health),
  ];
}

function picture(
  report: Report,
  name: string,
  title: string,
  keys: readonly Key[],
  placed: readonly Placed[],
): Picture {
  const lines = [shorten(`Prices: ${report.source}`), shorten(setting(report))] as const;
  return sheet({ name, title, lines }, keys, placed);
}

/** What stands above the charts of a picture. */
export interface Heading {
  readonly name: string;
  readonly title: string;
  /** Two lines below the title. */
  readonly lines: readonly [string, string];
}

/** Charts on one sheet, with a heading and their keys. */
export function sheet({ name, title, lines }: Heading, keys: readonly Key[], placed: readonly Placed[]): Picture {
  const legend = legendOf(keys);
  const top = MARGIN + HEAD + legend.rows * KEY_ROW + GAP / 2;
  const captions = placed.some(({ caption }) => caption !== undefined) ? CAPTION : 0;
  const tallest = Math.max(...placed.map(({ chart }) => chart.height), 0);
  const rowHeight = tallest + captions + 10;
  const charts = placed.map(({ chart, id, caption }, i) => {
    const wide = chart.width > WIDTH / COLUMNS;
    const x = MARGIN + (wide ? 0 : (i % COLUMNS) * (chart.width + GAP));
    const y = top + Math.floor(wide ? i : i / COLUMNS) * rowHeight;
    const words = caption === undefined ? "" : text(x, y + 12, 12, caption, INK);
    return `${words}${at(drawSvg(chart, `${name}-${id}`), x, y + captions)}`;
  });
  const rows = Math.ceil(placed.length / (placed.some(({ chart }) => chart.width > WIDTH / COLUMNS) ? 1 : COLUMNS));
  const [width, height] = [WIDTH + 2 * MARGIN, top + rows * rowHeight + MARGIN];
  const body = [
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(MARGIN, MARGIN + 20, 20, title, INK, true),
    text(MARGIN, MARGIN + 42, 13, lines[0], INK),
    text(MARGIN, MARGIN + 60, 13, lines[1], MUTED),
    legend.svg,
    ...charts,
  ].join("\n");
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">\n${body}\n</svg>`;
  return { name, svg: svg.replace(/font-family\s*[=:]\s*"?[^";>]*"?/g, (found) => fontLike(found)) };
}

/** The font by its name in an attribute or a style, whichever it was. */
function fontLike(found: string): string {
  return found.includes("=") ? `font-family="${PICTURE_FONT}"` : `font-family:${PICTURE_FONT}`;
}

/** Keys in rows, broken where the picture ends. */
function legendOf(keys: readonly Key[]): { readonly svg: string; readonly rows: number } {
  let [x, row] = [MARGIN, 0];
  const parts = keys.map(([symbol, words]) => {
    const width = 28 + words.length * LETTER + 18;
    if (x + width > WIDTH + MARGIN) [x, row] = [MARGIN, row + 1];
    const y = MARGIN + HEAD + row * KEY_ROW;
    const part = `${at(symbol, x, y)}${text(x + 28, y + 10, 13, words, INK)}`;
    x += width;
    return part;
  });
  return { svg: parts.join("\n"), rows: row + 1 };
}

function at(svg: string, x: number, y: number): string {
  return svg.replace("<svg ", `<svg x="${x}" y="${y}" `);
}

function text(x: number, y: number, size: number, words: string, color: string, bold = false): string {
  const weight = bold ? ` font-weight="bold"` : "";
  return `<text x="${x}" y="${y}" font-family="${PICTURE_FONT}" font-size="${size}" fill="${color}"${weight}>${escape(words)}</text>`;
}

function shorten(words: string): string {
  const most = Math.floor(WIDTH / LETTER);
  return words.length > most ? `${words.slice(0, most - 3)}...` : words;
}
