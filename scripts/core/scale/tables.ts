/** The measured curves as rows of tables; the first row of each is its head. */
import type { Growth } from "./growth.js";
import type { Reading } from "./pages.js";
import type { Run } from "./run.js";

import { grouped } from "../report/format.js";
import { accountsPerSecond, gasPerAccount } from "./pages.js";
import { perAccountAndStep } from "./run.js";

export type Rows = readonly (readonly string[])[];

export function lensRows(readings: readonly Reading[]): Rows {
  return [
    [
      "accounts",
      "a page",
      "clock, ms",
      "processor, ms",
      "accounts a second",
      "gas a page",
      "gas an account",
      "kB a page",
      "peak MB",
    ],
    ...readings.map((reading) => [
      grouped(reading.accounts),
      grouped(reading.pageSize),
      grouped(reading.spent.milliseconds),
      grouped(reading.spent.cpuMilliseconds),
      grouped(accountsPerSecond(reading)),
      grouped(Number(reading.pageGas)),
      grouped(gasPerAccount(reading)),
      grouped(reading.pageBytes / 1_000),
      grouped(reading.peakMegabytes),
    ]),
  ];
}

export function runRows(runs: readonly Run[]): Rows {
  return [
    ["borrowers", "steps", "funding, s", "steps, s", "processor, s", "ms an account and step", "peak MB"],
    ...runs.map((run) => [
      grouped(run.accounts),
      grouped(run.steps),
      grouped(run.funding.milliseconds / 1_000, 1),
      grouped(run.stepping.milliseconds / 1_000, 1),
      grouped(run.stepping.cpuMilliseconds / 1_000, 1),
      grouped(perAccountAndStep(run), 2),
      grouped(run.peakMegabytes),
    ]),
  ];
}

export function growthRows(what: string, growths: readonly Growth[]): Rows {
  return [
    [what, "health check", "top-up", "liquidation"],
    ...growths.map(({ count, health, topUp, liquidation }) => [
      `${count}`,
      grouped(health),
      grouped(topUp),
      grouped(liquidation),
    ]),
  ];
}

/** A table for a page in Markdown. */
export function markdownOf([head = [], ...rows]: Rows): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "--:")), ...rows.map(line)].join("\n");
}
