import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function simulate(...args: string[]): Promise<Answer> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ["--import", "tsx", "scripts/tasks/simulate.ts", ...args],
      { maxBuffer: 2 ** 26 },
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

/** One line on stderr, nothing on stdout. */
function expectRefusal({ code, stdout, stderr }: Answer, exitCode: number, message: RegExp): void {
  expect(stderr).to.match(message);
  expect(stderr.trimEnd().split("\n")).to.have.length(1);
  expect(stdout).to.equal("");
  expect(code).to.equal(exitCode);
}

describe("npm run simulate", function () {
  this.timeout(300_000);
  let dir = "";
  before(async function () {
    dir = await mkdtemp(join(tmpdir(), "ballast-"));
  });
  after(async function () {
    await rm(dir, { recursive: true });
  });

  it("prints its help", async function () {
    const { code, stdout } = await simulate("--help");
    expect(code).to.equal(0);
    expect(stdout).to.match(/^Usage: npm run simulate/);
  });

  it("refuses wrong inputs with one line", async function () {
    expectRefusal(await simulate("--accounts", "0"), 1, /--accounts must be/);
    const missing = await simulate("--prices", "eth=none.csv,btc=none.csv", "--out", dir);
    expectRefusal(missing, 1, /none\.csv: there is no such file/);
    const bad = join(dir, "bad.csv");
    await writeFile(bad, "timestamp,open,high,low,close\n1,2,1,3,2\n");
    expectRefusal(await simulate("--prices", `eth=${bad},btc=${bad}`, "--out", dir), 1, /bad\.csv/);
    expectRefusal(await simulate("--out", join(bad, "x")), 1, /is a file, or lies below one/);
  });

  it("asks to try again when the node is silent, as JSON when asked to", async function () {
    const { code, stderr } = await simulate("--rpc", "http://127.0.0.1:9", "--out", dir, "--json");
    expect(code).to.equal(75);
    expect(JSON.parse(stderr)).to.include({ code: "RPC_UNAVAILABLE", exitCode: 75 });
  });

  it("prints the report alone with --json, and writes it with its page", async function () {
    const out = join(dir, "out");
    const { code, stdout, stderr } = await simulate("--steps", "2", "--accounts", "3", "--json", "--out", out);
    expect(stderr).to.equal("");
    expect(code).to.equal(0);
    expect(JSON.parse(stdout)).to.include({ format: 1, steps: 2 });
    expect((await readdir(out)).toSorted()).to.deep.equal(["report.html", "report.json"]);
  });
});
