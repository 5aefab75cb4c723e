import { expect } from "chai";

import { formatE8, parseDecimalE8 } from "../../../scripts/core/prices/decimal.js";
import { PriceFileError } from "../../../scripts/core/prices/errors.js";
import { parsePrices } from "../../../scripts/core/prices/parse.js";

const HEADER = "timestamp,open,high,low,close,volume";
const ROW = "1583971200,194.61,195.55,192.22,193.31,1.5";
const NEXT = "1583974800,193.31,193.73,184.23,185.03,2";

const csv = (...lines: readonly string[]): string => lines.join("\n");

function refuse(text: string, fault: PriceFileError["fault"], line: number | null, says: RegExp): void {
  try {
    parsePrices(text, "eth.csv");
  } catch (error) {
    if (!(error instanceof PriceFileError)) throw error;
    expect(error.fault).to.equal(fault);
    expect(error.line).to.equal(line);
    expect(error.message).to.match(line === null ? /^eth\.csv: / : new RegExp(`^eth\\.csv, line ${line}: `));
    expect(error.message).to.match(says).and.not.include("\n");
    expect(error.message, "says what to do").to.match(/; .+\.$/);
    expect(error.exitCode).to.equal(1);
    return;
  }
  expect.fail("the file was accepted");
}

describe("parsePrices", function () {
  it("reads prices to the last digit", function () {
    const { name, rows } = parsePrices(
      csv(HEADER, "1583971200,0.1,9007199254740993.00000001,0.1,0.30000000", NEXT),
      "eth.csv",
    );
    expect(name).to.equal("eth.csv");
    expect(rows).to.have.length(2);
    expect(rows[0]).to.deep.equal({
      timestamp: 1_583_971_200n,
      ohlc: { openE8: 10_000_000n, highE8: 900_719_925_474_099_300_000_001n, lowE8: 10_000_000n, closeE8: 30_000_000n },
    });
  });

  it("takes columns in any order, without volume, in any case, with other separators, BOM, blank lines and CRLF", function () {
    const text = `\uFEFFClose;Low;High;Open;Timestamp\r\n193.31;192.22;195.55;194.61;1583971200\r\n\r\n185.03;184.23;193.73;193.31;1583974800\r\n`;
    expect(parsePrices(text, "a").rows).to.deep.equal(parsePrices(csv(HEADER, ROW, NEXT), "b").rows);
  });

  it("tells seconds, milliseconds and microseconds apart, row by row", function () {
    const inMs = NEXT.replace("1583974800", "1583974800000");
    const inUs = NEXT.replace("1583974800", "1583978400000000");
    const times = parsePrices(csv(HEADER, ROW, inMs, inUs), "a").rows.map(({ timestamp }) => timestamp);
    expect(times).to.deep.equal([1_583_971_200n, 1_583_974_800n, 1_583_978_400n]);
  });

  it("takes a Binance kline file, with or without its header", function () {
    const kline = (time: string): string =>
      `${time},194.61000000,195.55000000,192.22000000,193.31000000,100.0,${time},19000.0,321,50.0,9500.0,0`;
    const body = csv(kline("1583971200000"), kline("1583974800000"));
    const header =
      "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore";
    const plain = parsePrices(body, "a").rows;
    expect(plain.map(({ timestamp }) => timestamp)).to.deep.equal([1_583_971_200n, 1_583_974_800n]);
    expect(plain[0]?.ohlc.openE8).to.equal(19_461_000_000n);
    expect(parsePrices(csv(header, body), "a").rows).to.deep.equal(plain);
  });

  it("refuses an empty file, and one with too few rows", function () {
    refuse("", "EMPTY", null, /empty/);
    refuse("\n\n", "EMPTY", null, /empty/);
    refuse(HEADER, "TOO_FEW_ROWS", null, /no rows/);
    refuse(csv(HEADER, ROW), "TOO_FEW_ROWS", null, /one row/);
  });

  it("refuses a missing column or field", function () {
    refuse(csv("timestamp,open,high,close", ROW), "COLUMN_MISSING", 1, /lacks low/);
    refuse(csv(ROW, NEXT), "COLUMN_MISSING", 1, /no column names and 6 fields/);
    refuse(csv(HEADER, ROW, "1583974800,193.31,193.73"), "FIELD_MISSING", 3, /low is empty/);
    refuse(csv(HEADER, ROW, "1583974800,193.31,,184.23,185.03"), "FIELD_MISSING", 3, /high is empty/);
    refuse("<!doctype html>\n<html>", "COLUMN_MISSING", 1, /lacks timestamp/);
  });

  it("refuses what is not a number", function () {
    for (const bad of ["n/a", "1e5", "0x10", "Infinity", "1 234.5"]) {
      refuse(csv(HEADER, ROW, `1583974800,193.31,${bad},184.23,185.03`), "NUMBER", 3, /high is .* not a number/);
    }
    refuse(csv(HEADER, ROW, "1583974800,193.31,193.730000001,184.23,185.03"), "NUMBER", 3, /more than 8 decimals/);
    refuse(csv(HEADER, ROW, '1583974800,"193.31,1,1,1'), "CSV", 3, /not CSV/);
  });

  it("refuses a price that is zero or below", function () {
    refuse(csv(HEADER, ROW, "1583974800,193.31,193.73,0,185.03"), "PRICE", 3, /low is 0/);
    refuse(csv(HEADER, ROW, "1583974800,193.31,193.73,-5.1,185.03"), "PRICE", 3, /low is -5.1/);
  });

  it("refuses a bar that contradicts itself", function () {
    refuse(csv(HEADER, ROW, "1583974800,193.31,184.23,193.73,185.03"), "RANGE", 3, /high is below low/);
    refuse(csv(HEADER, ROW, "1583974800,194,193.73,184.23,185.03"), "RANGE", 3, /open is outside/);
    refuse(csv(HEADER, ROW, "", "1583974800,193,193.73,184.23,184"), "RANGE", 4, /close is outside/);
  });

  it("refuses times that repeat, go back or are none", function () {
    refuse(csv(HEADER, ROW, ROW), "ORDER", 3, /repeats/);
    refuse(csv(HEADER, NEXT, ROW), "ORDER", 3, /earlier/);
    refuse(csv(HEADER, ROW.replace("1583971200", "2020-03-12")), "TIMESTAMP", 2, /2020-03-12/);
    refuse(csv(HEADER, ROW.replace("1583971200", "12")), "TIMESTAMP", 2, /unix time/);
  });
});

describe("formatE8", function () {
  it("undoes parseDecimalE8", function () {
    for (const text of ["0.00000001", "86.00", "3782.13", "1234567.875"]) {
      const decimal = parseDecimalE8(text);
      expect(decimal.kind === "value" && formatE8(decimal.valueE8)).to.equal(text);
    }
    expect(formatE8(-150_000_000n)).to.equal("-1.50");
  });
});
