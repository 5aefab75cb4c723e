import { expect } from "chai";

import type { PriceSeries } from "../../../scripts/core/prices/types.js";

import { PriceWindowError } from "../../../scripts/core/prices/errors.js";
import { joinPaths } from "../../../scripts/core/prices/join.js";
import { formatMoment, parseMoment } from "../../../scripts/core/prices/moment.js";

const START = 1_583_971_200n;

/** A series with a bar at each of the given hours. */
function series(name: string, hours: readonly number[], spacing = 3_600n): PriceSeries {
  const rows = hours.map((hour) => {
    const priceE8 = BigInt(hour + 1) * 10n ** 8n;
    const ohlc = { openE8: priceE8, highE8: priceE8, lowE8: priceE8, closeE8: priceE8 };
    return { timestamp: START + BigInt(hour) * spacing, ohlc };
  });
  return { name, rows };
}

describe("joinPaths", function () {
  const eth = series("eth.csv", [0, 1, 2, 3, 5, 6, 7]);
  const btc = series("btc.csv", [1, 2, 3, 4, 5, 6, 7, 8]);

  it("keeps the shared timestamps, and leaves gaps open", function () {
    const path = joinPaths({ eth, btc }, { from: null, steps: 6 });
    expect(path.bars.map(({ timestamp }) => (timestamp - START) / 3_600n)).to.deep.equal([1n, 2n, 3n, 5n, 6n, 7n]);
    expect(path.barSeconds).to.equal(3_600n);
    expect(path.kind).to.equal("recorded");
    expect(path.source).to.equal("recorded, eth.csv and btc.csv from 2020-03-12 01:00 UTC, with a gap");
  });

  it("starts at the first bar that is not before --from, and says when the files end early", function () {
    const path = joinPaths({ eth, btc }, { from: START + 3n * 3_600n + 1n, steps: 100 });
    expect(path.bars[0]?.timestamp).to.equal(START + 5n * 3_600n);
    expect(path.source).to.match(/, 3 of 100 bars wanted$/);
    expect(joinPaths({ eth, btc }, { from: null, steps: 2 }).bars).to.have.length(2);
  });

  it("refuses a window without bars, files without a common time, and bars of two lengths", function () {
    const late = START + 100n * 3_600n;
    expect(() => joinPaths({ eth, btc }, { from: late, steps: 5 })).to.throw(PriceWindowError, /No bar at or after/);
    expect(() => joinPaths({ eth, btc }, { from: START, steps: 5 })).to.throw(
      PriceWindowError,
      /^There are no prices at 2020-03-12 00:00 UTC: the files share .* choose a later --from\.$/,
    );
    expect(() => joinPaths({ eth, btc }, { from: START + 7n * 3_600n, steps: 5 })).to.throw(
      PriceWindowError,
      /Only one/,
    );
    const other = series("may.csv", [1_000, 1_001]);
    expect(() => joinPaths({ eth, btc: other }, { from: null, steps: 5 })).to.throw(PriceWindowError, /no timestamp/);
    const fine = series("fine.csv", [0, 1, 2], 300n);
    expect(() => joinPaths({ eth, btc: fine }, { from: null, steps: 5 })).to.throw(PriceWindowError, /of one length/);
  });
});

describe("A gap of more than a day", function () {
  const torn = series("torn.csv", [0, 1, 2, 27, 28, 29]);

  it("is refused with its ends", function () {
    expect(() => joinPaths({ eth: torn, btc: torn }, { from: null, steps: 5 })).to.throw(
      PriceWindowError,
      /no common bar between 2020-03-12 02:00 UTC and 2020-03-13 03:00 UTC; choose --from and --steps/,
    );
  });

  it("matters only inside the window", function () {
    expect(joinPaths({ eth: torn, btc: torn }, { from: null, steps: 3 }).bars).to.have.length(3);
    const after = START + 27n * 3_600n;
    expect(joinPaths({ eth: torn, btc: torn }, { from: after, steps: 3 }).bars).to.have.length(3);
  });
});

describe("parseMoment", function () {
  it("reads ISO dates as UTC, and unix seconds", function () {
    for (const text of [
      "2020-03-12",
      "2020-03-12T00:00",
      "2020-03-12 00:00:00",
      "2020-03-12T00:00:00Z",
      "1583971200",
    ]) {
      expect(parseMoment(text), text).to.equal(START);
    }
    expect(formatMoment(START)).to.equal("2020-03-12 00:00 UTC");
  });

  it("refuses what is neither", function () {
    for (const text of ["", "yesterday", "2020-02-31", "2020-13-01", "12/03/2020", "2020-03-12T25:00", "12", "-5"]) {
      expect(parseMoment(text), text).to.equal(null);
    }
  });
});
