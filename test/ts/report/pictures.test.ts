import { expect } from "chai";

import { assembleReport } from "../../../scripts/core/report/assemble.js";
import { PICTURE_FONT, pictures } from "../../../scripts/core/report/pictures.js";
import { renderPng } from "../../../scripts/io/png.js";
import { exampleInput } from "./example.js";

const report = assembleReport(exampleInput({ accounts: 5, steps: 20 }));

/** {px} As PNG's first chunk has them. */
function sizeOf(png: Uint8Array): readonly [number, number] {
  const view = new DataView(png.buffer, png.byteOffset);
  return [view.getUint32(16), view.getUint32(20)];
}

describe("the report's pictures", function () {
  this.timeout(60_000);

  it("are its charts, with title, setting and keys, in one font", function () {
    const found = pictures(report);
    expect(found.map(({ name }) => name)).to.deep.equal(["prices", "losses", "solvency", "perpetuals", "health"]);
    for (const { name, svg } of found) {
      expect(svg, name).to.include("agents 1 step late").and.include("generated, shaped after");
      const fonts = new Set([...svg.matchAll(/font-family\s*[=:]\s*"?([^";>]*)/g)].map(([, font]) => font));
      expect([...fonts], name).to.deep.equal([PICTURE_FONT]);
    }
    const health = found.at(-1)?.svg ?? "";
    for (const { id } of report.accounts) expect(health).to.include(`>${id}: `);
  });

  it("are the same bytes each time, and as large as they say", async function () {
    const [prices] = pictures(report);
    if (prices === undefined) throw new TypeError("no pictures");
    const [first, second] = [await renderPng(prices.svg), await renderPng(pictures(report)[0]?.svg ?? "")];
    expect(Buffer.compare(first, second)).to.equal(0);
    expect(Buffer.from(first).subarray(1, 4).toString()).to.equal("PNG");
    const [width, height] = sizeOf(first);
    expect(width).to.equal(1_280);
    expect(prices.svg).to.include(`height="${height}"`);
    // Letters are drawn: without its font the picture would be blank where they stand.
    const blank = await renderPng(prices.svg.replace(/<text[\s\S]*?<\/text>/g, ""));
    expect(first.length).to.be.greaterThan(blank.length * 1.2);
  });
});
