/** Prints what a run of mutants came to: tables for a person, one object for a program. */
import Table from "cli-table3";

import type { MutantOptions } from "../../core/mutants/options.js";
import type { Finished } from "./run.js";

import { rowOf } from "../../core/mutants/equivalents.js";
import { lineOf, sumBy, type Counts } from "../../core/mutants/report.js";
import { terminal } from "../terminal.js";

const HEAD = ["mutants", "killed, few runs", "killed, all runs", "equivalent", "survived", "unreached"];

export function print(finished: Finished, { json, rows }: MutantOptions): void {
  const { report, omissions, outdated } = finished;
  if (json) {
    terminal.result(JSON.stringify({ ...report, omissions, outdated }, null, 2));
    return;
  }
  printTable("kind", sumBy(report.rows, "kind"));
  printTable("file", [...sumBy(report.rows, "file"), { name: "all", ...report.total }]);
  const open = new Set(report.survivors.map(({ number }) => number));
  for (const mutant of finished.chosen) if (rows && open.has(mutant.number)) terminal.result(rowOf(mutant));
  if (!rows) for (const survivor of report.survivors) terminal.result(lineOf(survivor));
  terminal.result(`\nNot mutated, ${omissions.length} places:`);
  for (const { file, line, what } of omissions) terminal.result(`  ${file}:${line}  ${what}`);
}

function printTable(name: string, rows: readonly (Counts & { readonly name: string })[]): void {
  const table = new Table({ head: [name, ...HEAD], style: { head: [], border: [] } });
  for (const row of rows) {
    const { mutants, killedWithFew, killedWithAll, equivalent, survived, unreached } = row;
    table.push([row.name, mutants, killedWithFew, killedWithAll, equivalent, survived, unreached]);
  }
  terminal.result(table.toString());
}
