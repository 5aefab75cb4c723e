/** The curves as pictures, drawn like the charts of the simulation's report. */
import type { Chart } from "../report/svg.js";
import type { Picture } from "../report/pictures.js";
import type { Growth } from "./growth.js";
import type { Reading } from "./pages.js";
import type { Run } from "./run.js";

import { TEXT, moneyAxis } from "../report/axes.js";
import { compact, grouped } from "../report/format.js";
import { lineKeys } from "../report/html.js";
import { ARMS, MUTED } from "../report/palette.js";
import { sheet } from "../report/pictures.js";
import { accountsPerSecond, gasPerAccount } from "./pages.js";
import { perAccountAndStep } from "./run.js";

interface Line {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}

interface Axes {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** Powers of ten on the x axis. */
  readonly log?: boolean;
}

const SIZE = { width: 610, height: 300 } as const;

/** One line a curve, with a mark at each measurement, since what lies between is not known. */
function curves({ title, x, y, log = false }: Axes, lines: readonly Line[]): Chart {
  const money = moneyAxis(y);
  return {
    ...SIZE,
    label: title,
    option: {
      grid: { left: 66, right: 16, top: 12, bottom: 42 },
      xAxis: {
        type: log ? "log" : "value",
        name: x,
        nameLocation: "middle",
        nameGap: 24,
        nameTextStyle: TEXT,
        axisLine: { show: true, onZero: false, lineStyle: { color: MUTED } },
        axisLabel: { ...TEXT, fontSize: 10, color: MUTED, formatter: (value: number) => compact(value) },
        splitLine: { show: false },
      },
      yAxis: { ...money, scale: false, min: 0 },
      series: lines.map(({ points }, i) => {
        const style = ARMS[i % ARMS.length] ?? ARMS[0];
        return {
          type: "line" as const,
          silent: true,
          symbol: "circle",
          symbolSize: 5,
          data: points.map(([at, value]) => [at, value]),
          itemStyle: { color: style.color },
          lineStyle: { color: style.color, type: style.dash, width: 1.8 },
        };
      }),
    },
  };
}

/** What the lens takes, by the size of a page. */
export function lensPicture(readings: readonly Reading[]): Picture {
  const crowds = [...new Set(readings.map(({ accounts }) => accounts))].slice(-ARMS.length);
  const byCrowd = (value: (reading: Reading) => number): readonly Line[] =>
    crowds.map((accounts) => ({
      name: `${grouped(accounts)} accounts`,
      points: readings
        .filter((reading) => reading.accounts === accounts)
        .map((reading) => [reading.pageSize, value(reading)]),
    }));
  const rates = byCrowd(accountsPerSecond);
  const gas = byCrowd(gasPerAccount);
  const x = "accounts a page";
  return sheet(
    {
      name: "scale-lens",
      title: "Reading accounts through the lens",
      lines: [
        "All accounts, one page after the other, on the in-process chain",
        "By the size of the page; seconds of the processor",
      ],
    },
    lineKeys(rates.map(({ name }) => name)),
    [
      {
        chart: curves({ title: "Accounts a second by page size", x, y: "accounts a second", log: true }, rates),
        id: "rate",
      },
      { chart: curves({ title: "Gas an account by page size", x, y: "gas an account", log: true }, gas), id: "gas" },
    ],
  );
}

/** What the simulation takes, by its accounts. */
export function runPicture(runs: readonly Run[]): Picture {
  const line = (name: string, value: (run: Run) => number): Line => ({
    name,
    points: runs.map((run) => [run.accounts, value(run)]),
  });
  const perStep = line("time", perAccountAndStep);
  const memory = line("memory", ({ peakMegabytes }) => peakMegabytes);
  const x = "borrowers in each arm";
  return sheet(
    {
      name: "scale-simulation",
      title: "The simulation with more accounts",
      lines: [
        `Generated crash, ${runs[0]?.steps ?? 0} steps, two arms`,
        "Time of the processor, for the steps alone; a third as many traders beside the borrowers",
      ],
    },
    [],
    [
      { chart: curves({ title: "Time an account and step", x, y: "ms an account and step" }, [perStep]), id: "time" },
      { chart: curves({ title: "Peak memory", x, y: "MB at most" }, [memory]), id: "memory" },
    ],
  );
}

/** What operations cost, by what the account holds. */
export function growthPicture(collaterals: readonly Growth[], positions: readonly Growth[]): Picture {
  const linesOf = (growths: readonly Growth[]): readonly Line[] =>
    (["health", "topUp", "liquidation"] as const).map((kind) => ({
      name: kind,
      points: growths.map((growth) => [growth.count, growth[kind]]),
    }));
  return sheet(
    {
      name: "scale-gas",
      title: "Gas by what an account holds",
      lines: [
        "A transaction each, its base and calldata included",
        "Left without positions, right beside one collateral",
      ],
    },
    lineKeys(["health check", "rebalance: a top-up from the reserve", "liquidation: a slice into another account"]),
    [
      {
        chart: curves({ title: "Gas by collaterals", x: "collaterals", y: "gas" }, linesOf(collaterals)),
        id: "collaterals",
      },
      { chart: curves({ title: "Gas by positions", x: "positions", y: "gas" }, linesOf(positions)), id: "positions" },
    ],
  );
}
