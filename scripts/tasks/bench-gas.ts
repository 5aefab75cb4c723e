import { existsSync, readFileSync, writeFileSync } from "node:fs";

import Table from "cli-table3";
import hre from "hardhat";
import { z } from "zod";

import { UsageError } from "../core/errors.js";
import { PEERS, limitOf } from "../core/gas/peers.js";
import { GasSnapshot, differences, kilo, limitedRows, linesOf, snapshotOf, tableOf } from "../core/gas/table.js";
import { HouseError } from "../core/house/errors.js";
import { readFlags, runCommand } from "../io/command.js";
import { MeasuredChain } from "../io/gas/chain.js";
import { MeasuredMarket, type FeedKind } from "../io/gas/market.js";
import { measureAll, type Measurement } from "../io/gas/operations.js";
import { terminal } from "../io/terminal.js";

const SNAPSHOT = new URL("../../snapshots/gas.json", import.meta.url);

const USAGE = `Usage: npm run bench:gas [-- options]

Measures each operation of the gas table on a fresh deployment in this process, and prints it beside what peers need.

  --json       print rows with a limit as JSON: operation, gas, atMost (npm run --silent, so that npm adds nothing)
  --breakdown  print where the gas goes for every row, not only for those above their limit
  --check      fail when a figure is not that of snapshots/gas.json
  --update     write snapshots/gas.json`;

const Flags = z
  .object({
    json: z.boolean().default(false),
    check: z.boolean().default(false),
    update: z.boolean().default(false),
    breakdown: z.boolean().default(false),
  })
  .strict();

interface Measured extends Measurement {
  readonly nameOf: (address: string) => string;
}

async function measure(feedKind: FeedKind): Promise<Measured> {
  const market = await MeasuredMarket.create(await MeasuredChain.create(), feedKind);
  return { ...(await measureAll(market)), nameOf: (address) => market.nameOf(address) };
}

function printTable(constant: Measured, proxied: Measured, seconded: Measured): void {
  const { head, rows } = tableOf(constant.readings, proxied.readings, seconded.readings);
  const table = new Table({ head: [...head], colWidths: [30], wordWrap: true, style: { head: [], border: [] } });
  table.push(...rows.map((row) => [...row]));
  terminal.result(table.toString());
  terminal.result(`Peers: ${PEERS.source}`);
  for (const condition of PEERS.conditions) terminal.result(`- ${condition}`);
  for (const { operation, note } of constant.readings) {
    if (note !== null) terminal.result(`"${operation}": ${note}`);
  }
}

/** Where the gas goes, for rows above their limit; for all when asked. */
function printBreakdowns({ readings, nameOf }: Measured, all: boolean): void {
  for (const { operation, gas, breakdown } of readings) {
    const limit = limitOf(operation);
    const above = limit !== null && gas > limit;
    if (!above && !all) continue;
    terminal.result(`\n"${operation}": ${kilo(gas)}${above ? `, above its limit of ${kilo(limit)}` : ""}`);
    if (breakdown !== null) terminal.result(linesOf(breakdown, nameOf).join("\n"));
  }
}

function demandAll({ problems }: Measured): void {
  if (problems.length > 0) throw new HouseError("GAS", `${problems.length} rows could not be measured.`, problems);
}

/** A snapshot that is not there yet is empty: everything is new. */
function readSnapshot(): GasSnapshot {
  if (!existsSync(SNAPSHOT)) return { constantFeeds: {}, proxiedFeeds: {}, secondedFeeds: {} };
  return GasSnapshot.parse(JSON.parse(readFileSync(SNAPSHOT, "utf8")));
}

await runCommand(async () => {
  const flags = readFlags(USAGE, Flags);
  if (flags.check && flags.update) throw new UsageError("--check and --update exclude each other.");
  if (flags.json && (flags.check || flags.update || flags.breakdown))
    throw new UsageError("--json goes with no other option.");
  await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
  const constant = await measure("constant");
  const rows = limitedRows(constant.readings);
  if (flags.json) {
    terminal.result(JSON.stringify(rows, null, 2));
    demandAll(constant);
    return;
  }

  const proxied = await measure("proxied");
  const seconded = await measure("seconded");
  printTable(constant, proxied, seconded);
  printBreakdowns(constant, flags.breakdown);
  demandAll(constant);
  demandAll(proxied);
  demandAll(seconded);
  const found = snapshotOf(constant.readings, proxied.readings, seconded.readings);
  if (flags.update) writeFileSync(SNAPSHOT, `${JSON.stringify(found, null, 2)}\n`);
  if (!flags.check) return;

  const changed = differences(readSnapshot(), found);
  if (changed.length > 0) {
    const what = `${changed.length} figures are not those of snapshots/gas.json.`;
    throw new HouseError("GAS", `${what} To accept them: npm run bench:gas -- --update.`, changed);
  }
  // A row above its limit is in the snapshot, and its breakdown above: known, and not a change.
  const above = rows.filter(({ gas, atMost }) => gas > atMost).length;
  terminal.result(`gas: as in the snapshot; ${rows.length - above} of ${rows.length} rows within their limit`);
});
