import { execFile } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
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

  it("refuses wrong inputs with one line, and leaves an earlier report alone", async function () {
    const file = async (name: string, text: string): Promise<string> => {
      await writeFile(join(dir, name), text);
      return join(dir, name);
    };
    const rows = (hours: readonly number[]): string =>
      hours.map((hour) => `${1_583_971_200 + hour * 3_600},2,3,1,2`).join("\n");
    const header = "timestamp,open,high,low,close\n";
    const good = await file("good.csv", header + rows([0, 1, 2, 3]));
    const torn = await file("torn.csv", header + rows([0, 1, 2, 30]));
    const bad = await file("bad.csv", `${header}1,2,1,3,2\n`);
    const text = await file("text.csv", "no table\nat all\n");
    const nan = await file("nan.csv", `${header}1583971200,NaN,3,1,2\n`);
    await file("report.json", "earlier");
    const both = (name: string): readonly string[] => ["--prices", `eth=${name},btc=${name}`, "--out", dir];
    const cases: readonly (readonly [RegExp, readonly string[]])[] = [
      [/^--accounts must be/, ["--accounts", "0"]],
      [/^--steps must be/, ["--steps=-5"]],
      [/^Unknown option --frobnicate\./, ["--frobnicate"]],
      [/btc is missing/, ["--prices", `eth=${good}`]],
      [/none\.csv: there is no such file; check the path/, both("none.csv")],
      [/bad\.csv, line 2: timestamp is "1"/, both(bad)],
      [/text\.csv, line 1: the header lacks/, both(text)],
      [/nan\.csv, line 2: open is "NaN", which is not a number/, both(nan)],
      [/good\.csv, line 1: the header lacks round_id/, ["--rounds", `eth=${good}`, "--out", dir]],
      [
        /none\.csv: there is no such file; check the path given to --rounds/,
        ["--rounds", "eth=none.csv", "--out", dir],
      ],
      [/none\.csv: there is no such file; check the path given to --basefee/, ["--basefee", "none.csv", "--out", dir]],
      [/good\.csv, line 1: the header lacks avg_gas_price_wei/, ["--basefee", good, "--out", dir]],
      [/none\.json: there is no such file; check the path given to --policy/, ["--policy", "none.json", "--out", dir]],
      [/good\.csv: this is not JSON; write an object such as/, ["--policy", good, "--out", dir]],
      [
        /none\.json: there is no such file; check the path given to --fork-state/,
        ["--fork-state", "none.json", "--out", dir],
      ],
      [/good\.csv: this is not JSON; give the recorded state/, ["--fork-state", good, "--out", dir]],
      [/no common bar between .*; choose --from and --steps/, both(torn)],
      [/^There are no prices at 2019-01-01/, [...both(good), "--from", "2019-01-01"]],
      [/^No bar at or after 2021-01-01/, [...both(good), "--from", "2021-01-01"]],
      [/is a file, or lies below one; give --out a folder/, ["--out", join(bad, "x")]],
    ];
    // Two at a time: starting a process is most of the work.
    for (let i = 0; i < cases.length; i += 2) {
      await Promise.all(
        cases.slice(i, i + 2).map(async ([message, args]) => expectRefusal(await simulate(...args), 1, message)),
      );
    }
    expect(await readFile(join(dir, "report.json"), "utf8")).to.equal("earlier");
  });

  it("says each wrong field of a policy in a line of its own, and as JSON in one", async function () {
    const policy = join(dir, "policy.json");
    await writeFile(policy, JSON.stringify({ lower: 0.9, lowerRestore: "x", band: 1 }));
    const { code, stdout, stderr } = await simulate("--policy", policy, "--out", dir);
    expect(stderr.trimEnd().split("\n")).to.deep.equal([
      "policy.json: lower must be a health from 1 to 10.",
      "policy.json: lower must be above 1.",
      "policy.json: lowerRestore must be a health from 1 to 10.",
      "policy.json: band is no field of a policy; known are lower, lowerRestore, upperRestore, upper (healths), " +
        "graceSeconds, keeperPayCap, releaseToWallet, assetOrder.",
    ]);
    expect(stdout).to.equal("");
    expect(code).to.equal(1);
    const machine = await simulate("--policy", policy, "--out", dir, "--json");
    expect(machine.stderr.trimEnd().split("\n")).to.have.length(1);
    expect(JSON.parse(machine.stderr)).to.include({ code: "POLICY_FILE", exitCode: 1 });
  });

  it("asks to try again when the node is silent, as JSON when asked to", async function () {
    const { code, stderr } = await simulate("--rpc", "http://127.0.0.1:9", "--out", dir, "--json");
    expect(code).to.equal(75);
    expect(JSON.parse(stderr)).to.include({ code: "RPC_UNAVAILABLE", exitCode: 75 });
  });

  it("prints the report alone with --json, and writes it with its page and pictures", async function () {
    const out = join(dir, "out");
    const { code, stdout, stderr } = await simulate("--steps", "2", "--accounts", "3", "--json", "--out", out);
    expect(stderr).to.equal("");
    expect(code).to.equal(0);
    expect(JSON.parse(stdout)).to.include({ format: 2, steps: 2 });
    expect((await readdir(out)).toSorted()).to.deep.equal([
      ...["health.png", "losses.png", "perpetuals.png", "prices.png", "report.html", "report.json", "solvency.png"],
    ]);
    const png = await readFile(join(out, "losses.png"));
    expect(png.subarray(1, 4).toString()).to.equal("PNG");
  });
});
