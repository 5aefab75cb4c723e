import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function backtest(...args: string[]): Promise<Answer> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ["--import", "tsx", "scripts/tasks/backtest.ts", ...args],
      { maxBuffer: 2 ** 26 },
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

/** One line on stderr, nothing on stdout. */
function expectRefusal({ code, stdout, stderr }: Answer, message: RegExp): void {
  expect(stderr).to.match(message);
  expect(stderr.trimEnd().split("\n")).to.have.length(1);
  expect(stdout).to.equal("");
  expect(code).to.equal(1);
}

describe("npm run backtest", function () {
  this.timeout(120_000);
  let dir = "";
  before(async function () {
    dir = await mkdtemp(join(tmpdir(), "ballast-"));
  });
  after(async function () {
    await rm(dir, { recursive: true });
  });

  it("refuses wrong inputs with one line", async function () {
    expectRefusal(await backtest("--prices", "eth=none.csv", "--out", dir), /none\.csv: there is no such file/);
    const bad = join(dir, "bad.csv");
    await writeFile(bad, "timestamp,open,high,low,close\n1577836800,2,1,3,2\n");
    expectRefusal(await backtest("--prices", `eth=${bad}`, "--out", dir), /bad\.csv, line 2: high is below low/);
    expectRefusal(await backtest("--prices", `eth=${bad}`, "--horizon", "1"), /--horizon must be/);
  });

  it("prints a table and writes report and page; prints the report alone with --json", async function () {
    const file = join(dir, "eth.csv");
    const rows = Array.from(
      { length: 240 },
      (_, i) => `${1_577_836_800 + 3_600 * i},100,101,${i === 200 ? 70 : 99},100`,
    );
    await writeFile(file, ["timestamp,open,high,low,close", ...rows].join("\n"));
    const out = join(dir, "out");
    const shown = await backtest("--prices", `eth=${file}`, "--out", out);
    expect(shown.code).to.equal(0);
    expect(shown.stdout).to.match(/ETH, eth\.csv: 240 horizons of 1 h/);
    expect((await readdir(out)).toSorted()).to.deep.equal(["report.html", "report.json"]);

    const { code, stdout, stderr } = await backtest("--prices", `eth=${file}`, "--out", out, "--json");
    expect(stderr).to.equal("");
    expect(code).to.equal(0);
    expect(JSON.parse(stdout)).to.include({ format: 1, kind: "backtest", horizonSeconds: 3_600 });
    expect(stdout).to.equal(await readFile(join(out, "report.json"), "utf8"));
  });
});
