import { expect } from "chai";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { PricePath } from "../../../scripts/core/prices/types.js";

import { formatE8 } from "../../../scripts/core/prices/decimal.js";
import { joinPaths } from "../../../scripts/core/prices/join.js";
import { formatMoment, parseMoment } from "../../../scripts/core/prices/moment.js";
import { parsePrices } from "../../../scripts/core/prices/parse.js";

/** Market data has no licence to be copied here; whoever keeps it beside the repository gets these checks. */
const FOLDER = fileURLToPath(new URL("../../../../shared/data/price", import.meta.url));

function load(window: string, length: string, from: string, steps: number): PricePath {
  const one = (asset: string) => {
    const name = `window_${window}_${asset}_${length}.csv`;
    return parsePrices(readFileSync(`${FOLDER}/${name}`, "utf8"), name);
  };
  return joinPaths({ eth: one("eth"), btc: one("btc") }, { from: parseMoment(from), steps });
}

/** The lowest price, and the hour it was seen in. */
function lowOf({ bars }: PricePath, asset: "eth" | "btc"): string {
  const low = bars.reduce((lowest, bar) => (bar[asset].lowE8 < lowest[asset].lowE8 ? bar : lowest));
  return `${formatE8(low[asset].lowE8)} at ${formatMoment(low.timestamp).slice(0, 13)}h`;
}

const PRESENT = existsSync(FOLDER);
const TITLE = PRESENT
  ? "recorded prices"
  : "recorded prices (skipped: there is no folder ../shared/data/price beside this one)";

describe(TITLE, function () {
  before(function () {
    if (!PRESENT) this.skip();
  });

  it("finds the lows of 13 March 2020 in hourly bars", function () {
    const path = load("crash_2020-03_black-thursday", "1h", "2020-03-12", 50);
    expect(path.bars).to.have.length(50);
    expect(path.barSeconds).to.equal(3_600n);
    expect(lowOf(path, "eth")).to.equal("86.00 at 2020-03-13 02h");
    expect(lowOf(path, "btc")).to.equal("3782.13 at 2020-03-13 02h");
  });

  it("finds the lows of 19 May 2021 in bars of five minutes", function () {
    const path = load("crash_2021-05", "5m", "2021-05-19", 288);
    expect(path.barSeconds).to.equal(300n);
    expect(lowOf(path, "eth")).to.equal("1888.00 at 2021-05-19 13h");
    expect(lowOf(path, "btc")).to.equal("30000.00 at 2021-05-19 13h");
  });
});
