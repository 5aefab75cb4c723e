import { expect } from "chai";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";

import { ToolError } from "../../../scripts/core/errors.js";
import { MeasurementError } from "../../../scripts/core/gas/errors.js";
import { HouseError } from "../../../scripts/core/house/errors.js";
import { FileError, prepareOutDir, readInputFile, writeReport } from "../../../scripts/io/files.js";
import { classifyNodeFailure } from "../../../scripts/io/node.js";
import { createProgress } from "../../../scripts/io/progress.js";
import { runAtEdge } from "../../../scripts/io/run.js";

/** A stream that remembers; not a terminal unless told. */
function memory() {
  const written: string[] = [];
  const write = (text: string | Uint8Array): boolean => written.push(String(text)) > 0;
  return { written, write };
}

async function faultOf(body: Promise<unknown>): Promise<string> {
  try {
    await body;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    expect(error.message).to.not.include("\n");
    return error.fault;
  }
  return "none";
}

describe("files", function () {
  let dir = "";
  beforeEach(async function () {
    dir = await mkdtemp(join(tmpdir(), "ballast-"));
  });
  afterEach(async function () {
    await rm(dir, { recursive: true });
  });

  it("reads a file of prices and names it without its folder", async function () {
    await writeFile(join(dir, "eth.csv"), "text");
    expect(await readInputFile(join(dir, "eth.csv"))).to.deep.equal({ text: "text", name: "eth.csv" });
  });

  it("says whether a file of prices is missing or a folder", async function () {
    expect(await faultOf(readInputFile(join(dir, "none.csv")))).to.equal("NOT_FOUND");
    expect(await faultOf(readInputFile(dir))).to.equal("IS_DIRECTORY");
  });

  it("creates the folder of a report, and leaves nothing in it", async function () {
    const out = join(dir, "a", "b");
    await prepareOutDir(out);
    expect(await readdir(out)).to.deep.equal([]);
  });

  it("refuses a folder that is a file, lies below one, or cannot be made", async function () {
    const file = join(dir, "file");
    await writeFile(file, "kept");
    expect(await faultOf(prepareOutDir(file))).to.equal("NOT_A_FOLDER");
    expect(await faultOf(prepareOutDir(join(file, "below")))).to.equal("NOT_A_FOLDER");
    expect(await faultOf(prepareOutDir("/proc/none"))).to.equal("NOT_WRITABLE");
    expect(await readFile(file, "utf8")).to.equal("kept");
  });

  it("replaces an earlier report, says so, and touches nothing else", async function () {
    await writeFile(join(dir, "notes.txt"), "mine");
    const first = await writeReport(dir, { json: "1", html: "2" });
    expect(first).to.deep.equal({ paths: [join(dir, "report.json"), join(dir, "report.html")], replaced: false });
    expect((await writeReport(dir, { json: "3", html: "4" })).replaced).to.equal(true);
    expect((await readdir(dir)).toSorted()).to.deep.equal(["notes.txt", "report.html", "report.json"]);
    expect(await readFile(join(dir, "report.json"), "utf8")).to.equal("3");
  });

  it("says when a folder stands where a report goes", async function () {
    await mkdir(join(dir, "report.json"));
    expect(await faultOf(writeReport(dir, { json: "", html: "" }))).to.equal("NOT_WRITABLE");
    expect(await readdir(dir)).to.deep.equal(["report.json"]);
  });
});

describe("runAtEdge", function () {
  const before = process.exitCode;
  afterEach(function () {
    process.exitCode = before;
  });

  const failing = (error: Error) => async (): Promise<void> => {
    await Promise.reject(error);
  };

  it("prints an expected failure as one line and sets its exit code", async function () {
    const stderr = memory();
    await runAtEdge(failing(new ToolError("CODE", "Wrong:\n  do this.", 75)), { json: false, stderr });
    expect(stderr.written).to.deep.equal(["Wrong: do this.\n"]);
    expect(process.exitCode).to.equal(75);
  });

  it("prints it as JSON when asked", async function () {
    const stderr = memory();
    await runAtEdge(failing(new ToolError("CODE", "Wrong.")), { json: true, stderr });
    expect(stderr.written).to.deep.equal(['{"msg":"Wrong.","code":"CODE","exitCode":1}\n']);
  });

  it("gives each check of the house a code of its own, and the gas table's scenarios theirs", async function () {
    const stderr = memory();
    await runAtEdge(failing(new HouseError("DOCS", "Two things.", ["a", "b"])), { json: true, stderr });
    await runAtEdge(failing(new MeasurementError("No price.")), { json: true, stderr });
    expect(stderr.written).to.deep.equal([
      '{"msg":"Two things.","code":"HOUSE_DOCS","exitCode":1}\n',
      '{"msg":"No price.","code":"GAS_MEASUREMENT","exitCode":1}\n',
    ]);
  });

  it("lets a bug keep its stack", async function () {
    const bug = new RangeError("bug");
    const thrown = await runAtEdge(failing(bug), { json: false }).catch((error: unknown) => error);
    expect(thrown).to.equal(bug);
  });

  it("takes a silent node for a reason to try again, and nothing else", async function () {
    const stderr = memory();
    const refused = new TypeError("fetch failed", { cause: Object.assign(new Error(), { code: "ECONNREFUSED" }) });
    await runAtEdge(failing(refused), { json: false, stderr, classify: classifyNodeFailure });
    expect(stderr.written[0]).to.match(/^The node did not answer/);
    expect(process.exitCode).to.equal(75);
    const other = new Error("execution reverted");
    expect(classifyNodeFailure(other)).to.equal(other);
  });
});

describe("createProgress", function () {
  /** Enough of a stream for both kinds of progress. */
  function fake(isTTY: boolean) {
    const { written, write } = memory();
    const stream = new Writable({
      write: (chunk: Buffer, _, done) => {
        write(chunk);
        done();
      },
    });
    return { written, stream: Object.assign(stream, { isTTY, columns: 80 }) };
  }

  it("prints ten lines in a log, whatever the number of steps", function () {
    const { written, stream } = fake(false);
    const progress = createProgress({ total: 150, label: "with rebalancing", quiet: false, stream });
    for (let done = 1; done <= 150; done++) progress.update(done, "ETH 100");
    progress.stop();
    expect(written).to.have.length(10);
    expect(written[0]).to.equal("with rebalancing: 15 of 150, ETH 100\n");
    expect(written[9]).to.equal("with rebalancing: 150 of 150, ETH 100\n");
  });

  it("draws a bar on a terminal, and may be stopped twice", function () {
    const { written, stream } = fake(true);
    const progress = createProgress({ total: 2, label: "arm", quiet: false, stream });
    progress.update(1, "half");
    progress.stop();
    progress.stop();
    expect(written.join("")).to.match(/arm \[/);
  });

  it("is silent when quiet", function () {
    const { written, stream } = fake(true);
    const progress = createProgress({ total: 2, label: "arm", quiet: true, stream });
    progress.update(2);
    progress.stop();
    expect(written).to.deep.equal([]);
  });
});
