import type { Report } from "./schema.js";

import Table from "cli-table3";
import picocolors from "picocolors";

import { FIGURES, GROUP_FIGURES, GROUP_LABELS, differences, setting } from "./figures.js";
import { elapsed, grouped, percent, signed } from "./format.js";

export interface SummaryOptions {
  /** Columns of the terminal; no line is wider, and none needs more than 100. */
  readonly width: number;
  readonly color?: boolean;
  /** Where the time went. Not in the report, which must not differ from run to run. */
  readonly times?: readonly { readonly name: string; readonly milliseconds: number }[];
  /** Paths of what was written. */
  readonly files?: readonly string[];
}

const MAX_WIDTH = 100;
const BREACHES_SHOWN = 5;
const GROUP_WIDTH = 14;
/** Of each of the figures of a group. */
const COLUMN_WIDTHS = [5, 8, 10, 10];

/** The report as a terminal shows it. Pure text; ends with a line break. */
export function renderSummary(report: Report, options: SummaryOptions): string {
  const width = Math.min(options.width, MAX_WIDTH);
  const colors = picocolors.createColors(options.color ?? false);
  const heading = (text: string): string => colors.bold(text);
  const blocks = [
    [
      ...wrap(`Prices: ${report.source}`, width).map(heading),
      ...[setting(report), ...report.notes].flatMap((line) => wrap(line, width)),
    ].join("\n"),
    armTable(report, width),
    groupTable(report),
    differences(report)
      .flatMap((line) => wrap(line, width))
      .join("\n"),
    ...breachLines(report, width).map((text) => colors.red(text)),
  ];
  if (options.times?.length) blocks.push(timeLines(options.times, width).join("\n"));
  // A path is never cut: it is there to be copied.
  if (options.files?.length) blocks.push(["Written:", ...options.files.map((file) => `  ${file}`)].join("\n"));
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

function armTable(report: Report, width: number): string {
  const { arms } = report;
  const [first, second] = arms;
  const compare = arms.length === 2 && first && second ? { first, second } : null;
  const columns = arms.length + (compare ? 1 : 0);
  const labelWidth = 25;
  // Each column costs a border, and the table one more.
  const cellWidth = Math.min(24, Math.floor((width - labelWidth - columns - 2) / columns));
  const table = new Table({
    head: ["", ...arms.map(({ name }) => name), ...(compare ? ["difference"] : [])],
    colWidths: [labelWidth, ...Array.from({ length: columns }, () => cellWidth)],
    colAligns: ["left", ...Array.from({ length: columns }, () => "right" as const)],
    style: { head: [], border: [], compact: true },
    wordWrap: true,
  });
  for (const { label, decimals, of } of FIGURES) {
    const cells = arms.map((arm) => grouped(of(arm), decimals));
    table.push([label, ...cells, ...(compare ? [signed(of(compare.first) - of(compare.second), decimals)] : [])]);
  }
  return table.toString();
}

/** One line a group, each arm with its own columns; two arms fit a terminal of 80. */
function groupTable({ arms }: Report): string {
  const [first] = arms;
  if (first === undefined) return "";
  const line = (label: string, cells: readonly string[]): string =>
    `${label.padEnd(GROUP_WIDTH)}${cells.map((cell, i) => cell.padStart(COLUMN_WIDTHS[i % COLUMN_WIDTHS.length] ?? 0)).join("")}`;
  const widest = COLUMN_WIDTHS.reduce((sum, width) => sum + width, 0);
  return [
    `${" ".repeat(GROUP_WIDTH)}${arms.map(({ name }) => name.slice(0, widest - 1).padStart(widest)).join("")}`,
    line(
      "",
      arms.flatMap(() => GROUP_FIGURES.map(({ label }) => label)),
    ),
    ...first.groups.map(({ group, accounts }, row) => {
      const cells = arms.flatMap(({ groups }) => {
        const found = groups[row];
        return GROUP_FIGURES.map(({ of }) => (found === undefined ? "" : grouped(of(found))));
      });
      return line(`${accounts} ${GROUP_LABELS[group]}`, cells);
    }),
  ].join("\n");
}

function breachLines({ arms }: Report, width: number): readonly string[] {
  return arms
    .filter(({ promises }) => promises.broken > 0)
    .map(({ name, promises: { broken, breaches } }) => {
      const shown = breaches.slice(0, BREACHES_SHOWN).map((b) => `  step ${b.step}, ${b.promise}: ${b.detail}`);
      const more = broken > shown.length ? [`  and ${grouped(broken - shown.length)} more in report.json`] : [];
      return [`BROKEN PROMISES in ${name}:`, ...shown, ...more].flatMap((line) => wrap(line, width)).join("\n");
    });
}

function timeLines(times: NonNullable<SummaryOptions["times"]>, width: number): readonly string[] {
  const total = times.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const longest = Math.max(...times.map(({ name }) => name.length));
  const lines = times.map(({ name, milliseconds }) => {
    const share = total > 0 ? ` (${percent(milliseconds / total)})` : "";
    return `  ${name.padEnd(longest)}  ${elapsed(milliseconds).padStart(8)}${share}`;
  });
  return [`Time: ${elapsed(total)}`, ...lines].flatMap((line) => wrap(line, width));
}

/** Breaks at spaces; a word longer than the line is cut, since nothing may be wider. */
function wrap(line: string, width: number): string[] {
  const indent = /^ */.exec(line)?.[0] ?? "";
  const lines: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const space = rest.lastIndexOf(" ", width);
    const at = space > indent.length ? space : width;
    lines.push(rest.slice(0, at));
    rest = `${indent}${rest.slice(at).trimStart()}`;
  }
  return [...lines, rest];
}
