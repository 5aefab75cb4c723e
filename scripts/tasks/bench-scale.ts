/** `npm run bench:scale`: see `--help`. */
import { mkdir, writeFile } from "node:fs/promises";

import hre from "hardhat";
import { z } from "zod";

import { growthPicture, lensPicture, runPicture } from "../core/scale/charts.js";
import { growthRows, lensRows, markdownOf, runRows, type Rows } from "../core/scale/tables.js";
import { readFlags, runCommand } from "../io/command.js";
import { MeasuredChain } from "../io/gas/chain.js";
import { MeasuredMarket } from "../io/gas/market.js";
import { renderPng } from "../io/png.js";
import { Crowd } from "../io/scale/accounts.js";
import { POSITIONS, byCollaterals, byPositions } from "../io/scale/growth.js";
import { Reader } from "../io/scale/pages.js";
import { runOf } from "../io/scale/simulation.js";
import { terminal } from "../io/terminal.js";

import type { Picture } from "../core/report/pictures.js";
import type { Reading } from "../core/scale/pages.js";
import type { Run } from "../core/scale/run.js";

const CROWDS = [100, 1_000, 3_000, 10_000];
const PAGES = [10, 50, 100, 250, 500, 1_000, 2_000];
const BORROWERS = [24, 100, 250, 500];
const STEPS = 12;
/** {gas} More than any page needs, so that what a page needs can be measured. */
const CALL_GAS = 10_000_000_000n;
const PICTURES = new URL("../../docs/pictures/", import.meta.url);

const USAGE = `Usage: npm run bench:scale [-- options]

Measures how the cost of reading, simulating and acting grows, and prints it as tables in Markdown: what docs/SCALE.md shows.
All three parts, unless some are named.

  --lens        read ${CROWDS.join(", ")} accounts through the lens, in pages of several sizes
  --simulation  simulate ${BORROWERS.join(", ")} borrowers for ${STEPS} steps each
  --gas         a health check, a top-up and a liquidation by the number of collaterals and of positions
  --pictures    renew the pictures in docs/pictures of the parts that are measured`;

const Flags = z
  .object({
    lens: z.boolean().default(false),
    simulation: z.boolean().default(false),
    gas: z.boolean().default(false),
    pictures: z.boolean().default(false),
  })
  .strict();

function print(title: string, rows: Rows): void {
  terminal.result(`\n${title}\n\n${markdownOf(rows)}`);
}

/** Each crowd in pages of all sizes up to its own, the answers of the whole crowd in one call only where it is small. */
async function measureLens(): Promise<Picture> {
  const market = await MeasuredMarket.create(await MeasuredChain.create(CALL_GAS), "constant");
  const [crowd, reader] = [await Crowd.open(market), await Reader.open(market)];
  const [states, due]: [Reading[], Reading[]] = [[], []];
  for (const count of CROWDS) {
    const accounts = await crowd.growTo(count);
    for (const page of PAGES.filter((size) => size <= count)) {
      states.push(await reader.read("accounts", accounts, page));
      due.push(await reader.read("due", accounts, page));
      terminal.say(`${count} accounts in pages of ${page}: read`);
    }
  }
  print("All of each account: `accounts`", lensRows(states));
  print("Who is due: `due`", lensRows(due));
  return lensPicture(states);
}

async function measureSimulation(): Promise<Picture> {
  const runs: Run[] = [];
  for (const borrowers of BORROWERS) {
    runs.push(await runOf(borrowers, STEPS));
    terminal.say(`${borrowers} borrowers: simulated`);
  }
  print("The simulation", runRows(runs));
  return runPicture(runs);
}

async function measureGas(): Promise<Picture> {
  const collaterals = await byCollaterals(await MeasuredMarket.create(await MeasuredChain.create(), "constant"));
  const market = await MeasuredMarket.create(await MeasuredChain.create(), "constant", Math.max(...POSITIONS));
  const positions = await byPositions(market);
  print("By collaterals", growthRows("collaterals", collaterals));
  print("By positions", growthRows("positions", positions));
  return growthPicture(collaterals, positions);
}

await runCommand(async () => {
  const { lens, simulation, gas, pictures } = readFlags(USAGE, Flags);
  const all = !lens && !simulation && !gas;
  await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
  // Each when it is measured: what comes later may fail, after hours.
  const draw = async ({ name, svg }: Picture): Promise<void> => {
    if (!pictures) return;
    await mkdir(PICTURES, { recursive: true });
    await writeFile(new URL(`${name}.png`, PICTURES), await renderPng(svg));
  };
  if (all || gas) await draw(await measureGas());
  if (all || lens) await draw(await measureLens());
  if (all || simulation) await draw(await measureSimulation());
});
