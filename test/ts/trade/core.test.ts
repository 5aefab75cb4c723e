import { expect } from "chai";

import { formatE18, formatUnits, parseDecimalE18 } from "../../../scripts/core/trade/decimal.js";
import { TRADE_HELP, parseTradeOptions } from "../../../scripts/core/trade/options.js";
import { checkOrderFile, orderFileOf } from "../../../scripts/core/trade/orderFile.js";
import { explainRefusal } from "../../../scripts/core/trade/refusal.js";
import {
  accountName,
  describeCancel,
  describeFill,
  describeOrder,
  healthOf,
} from "../../../scripts/core/trade/report.js";
import { Errors__factory } from "../../../typechain-types/index.js";

const E18 = 10n ** 18n;
const OWNER = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc";
const SIGNED = {
  chainId: 31_337,
  exchange: "0x59b670e9fA9D0A427751Af201D676719a970857b",
  order: {
    account: (BigInt(OWNER) << 96n) | 3n,
    instrument: 257n,
    sizeE18: -15n * 10n ** 17n,
    priceE18: 2_500n * E18,
    nonce: 7n,
    expiry: 1_795_650_558n,
    signer: OWNER,
    reduceOnly: false,
  },
  signature: `0x${"ab".repeat(65)}`,
} as const;

describe("trade's command line", function () {
  const signs = (...rest: readonly string[]) =>
    parseTradeOptions(["sign", "--network", "localhost", "--instrument", "WETH", "--price", "2000", ...rest]);
  const sizeOf = (...rest: readonly string[]): bigint => {
    const request = signs(...rest);
    return request.kind === "run" && request.options.action === "sign" ? request.options.sizeE18 : 0n;
  };

  it("reads each action, and explains itself", function () {
    expect(signs("--size", "1.5", "--expires", "5")).to.deep.include({ kind: "run" });
    expect(parseTradeOptions(["cancel", "--network", "sepolia", "--nonce", "4"])).to.deep.equal({
      kind: "run",
      options: {
        action: "cancel",
        network: "sepolia",
        rpc: undefined,
        id: "sepolia",
        json: false,
        as: 0,
        index: 0n,
        nonce: 4n,
      },
    });
    for (const argv of [["--help"], ["sign", "--help"], ["fill", "-h"]]) {
      expect(parseTradeOptions(argv)).to.deep.equal({ kind: "help", text: TRADE_HELP });
    }
    for (const line of TRADE_HELP.split("\n")) expect(line.length).to.be.at.most(120);
  });

  it("takes the side from the sign or from its name", function () {
    expect(sizeOf("--size", "1.5")).to.equal(15n * 10n ** 17n);
    expect(sizeOf("--size", "1.5", "--buy")).to.equal(15n * 10n ** 17n);
    expect(sizeOf("--size", "1.5", "--sell")).to.equal(-15n * 10n ** 17n);
    expect(sizeOf("--size", "-1.5")).to.equal(-15n * 10n ** 17n);
    expect(sizeOf("--size=-0.000000000000000001")).to.equal(-1n);
  });

  it("refuses what it does not know, with a sentence each", function () {
    const sign = ["sign", "--network", "localhost", "--instrument", "WETH"] as const;
    for (const [argv, message] of [
      [[], /^Say first what to do: sign, fill, cancel, show\./],
      [["--network", "localhost"], /^Say first what to do/],
      [["sel", "--network", "localhost"], /^There is no action "sel"/],
      [["sign", "--network", "fork"], /^--network must be one of localhost, sepolia \(found "fork"\)/],
      [["sign", "--netwrok", "sepolia"], /Did you mean --network\?/],
      [["show", "--network", "localhost", "--nonce", "1"], /^--nonce does not apply to show\./],
      [["fill", "--network", "localhost", "--maker", "a"], /^--taker is missing/],
      [["cancel", "--network", "sepolia", "--as", "1", "--nonce", "1"], /^--as does not apply to sepolia/],
      [["cancel", "--network", "localhost", "--nonce", "-1"], /^--nonce must be the order's nonce, a whole number/],
      [["cancel", "--network", "localhost", "--nonce", String(2n ** 256n)], /^--nonce must be .* to 2\^256 - 1\./],
      [[...sign, "--size", "1", "--sell=yes"], /^--sell takes no value\./],
      [[...sign, "--size", "1"], /^--price is missing/],
      [[...sign, "--size", "0", "--price", "1"], /^--size must not be zero/],
      [[...sign, "--size", "1,5", "--price", "1"], /^--size must be a decimal number such as 1\.5 \(found "1,5"\)/],
      [[...sign, "--size", `0.${"0".repeat(18)}1`, "--price", "1"], /^--size has more than 18 decimals/],
      [[...sign, "--size", "1", "--price", "-1"], /^--price must be above zero/],
      [[...sign, "--size", "1", "--price", "1", "--buy", "--sell"], /^--buy and --sell are two sides/],
      [[...sign, "--size", "-1", "--price", "1", "--sell"], /^--size is below zero, which sells already/],
      [[...sign, "--size", "1", "--price", "1", "--expires", "0"], /^--expires must be minutes/],
    ] as const) {
      expect(() => parseTradeOptions(argv), argv.join(" ")).to.throw(message);
    }
  });
});

describe("trade's decimals", function () {
  it("are read and written digit by digit", function () {
    for (const [text, valueE18] of [
      ["0.1", 10n ** 17n],
      ["-2.", -2n * E18],
      ["123456789012.000000000000000001", 123_456_789_012n * E18 + 1n],
      ["1.5000000000000000000000", 15n * 10n ** 17n],
    ] as const) {
      expect(parseDecimalE18(text)).to.deep.equal({ kind: "value", valueE18 });
      expect(parseDecimalE18(formatE18(valueE18))).to.deep.equal({ kind: "value", valueE18 });
    }
    for (const text of ["", ".5", "1e3", "0x1", "1 ", "--1", "NaN", "1.2.3"]) {
      expect(parseDecimalE18(text), text).to.include({ kind: "wrong" });
    }
    expect(formatUnits(-375_000n, 6)).to.equal("-0.375");
    expect(formatE18(-1n, 4)).to.equal("0");
    expect(formatE18(-12_345_678n * 10n ** 12n, 4)).to.equal("-12.3456");
  });
});

describe("an order's file", function () {
  it("is read back as it was written", function () {
    expect(checkOrderFile(orderFileOf(SIGNED))).to.deep.equal({ kind: "ok", value: SIGNED });
  });

  it("is refused with the place of the mistake", function () {
    const text = orderFileOf(SIGNED);
    for (const [content, why] of [
      ["{", "it is not JSON"],
      ["[]", /^it should be object/],
      [text.replace('"2500', '"-2500'), "order.priceE18 must be a whole number in quotes"],
      [text.replace(/"-15\d+"/, '"0"'), "order.sizeE18 must not be zero"],
      [text.replace(/"-15\d+"/, `"${2n ** 255n}"`), "order.sizeE18 does not fit 256 bits"],
      [text.replace('"7"', `"${2n ** 256n}"`), "order.nonce does not fit 256 bits"],
      [text.replace("false", '"no"'), /^order\.reduceOnly should be boolean/],
      [text.replace("abab", "abg"), "signature must be hex"],
    ] as const) {
      const checked = checkOrderFile(content);
      if (checked.kind === "ok") throw new TypeError(`accepted: ${content}`);
      expect(checked.why).to.match(typeof why === "string" ? new RegExp(`^${why}$`) : why);
    }
  });
});

describe("what trade says", function () {
  const sides = { maker: SIGNED.order.account, taker: 5n << 96n, symbols: ["USDC", "WETH"] };

  it("has a sentence for every error that a fill can meet", function () {
    const met =
      /^(?:Exchange_|PriceOracleAdapter_Halted|MarginAccount_(?:BelowInitialMargin|NotReducing|PriceOutsideBand|OpenInterestAboveCap|TooManyPositions|PositionOverflow|EmptyFill|SameAccount|UnknownInstrument|PriceHalted|Paused|ReduceOnly|NotModule|NotAuthorized)$)/;
    let told = 0;
    Errors__factory.createInterface().forEachError(({ name, inputs }) => {
      if (!met.test(name)) return;
      const { sentence } = explainRefusal({ name, args: inputs.map(() => "1") }, sides);
      expect(sentence, name)
        .to.match(/^[^\n]+\.$/)
        .and.not.include(name);
      told += 1;
    });
    expect(told).to.be.greaterThan(18);
    const unknown = explainRefusal({ name: "MarginAccount_Locked", args: [] }, sides);
    expect(unknown).to.deep.equal({ sentence: "The contracts refuse it: MarginAccount_Locked().", exitCode: 1 });
  });

  it("says of what ends by itself that the fill may be tried again", function () {
    const disputed = explainRefusal({ name: "MarginAccount_ReduceOnly", args: ["1", "11"] }, sides);
    expect(disputed).to.deep.equal({
      sentence: "The price of WETH is disputed (two sources differ): reduce, or wait for the sources to agree.",
      exitCode: 75,
    });
    for (const [level, allowed] of [
      ["1", "only fills that reduce positions"],
      ["2", "no fill"],
    ] as const) {
      const paused = explainRefusal({ name: "MarginAccount_Paused", args: [level, "1795650558"] }, sides);
      expect(paused).to.deep.equal({
        sentence: `Until 2026-11-25 23:49:18 UTC the guardian's pause allows ${allowed}.`,
        exitCode: 75,
      });
    }
  });

  it("names sides, accounts and health as people do", function () {
    const args = [String(sides.taker), "-1500000000000000000", "0"];
    const { sentence } = explainRefusal({ name: "MarginAccount_BelowInitialMargin", args }, sides);
    expect(sentence).to.match(/^The taker would be below initial margin: equity -1\.5 USDC, initial margin 0 USDC/);
    expect(accountName(SIGNED.order.account)).to.equal(`${OWNER.toLowerCase()}/3`);
    expect(healthOf(2n ** 256n - 1n)).to.equal("without risk");
    expect(healthOf(1_234_567n * 10n ** 12n)).to.equal("1.2345");
  });

  it("tells of a fill what it did to either side", function () {
    const { account } = SIGNED.order;
    const maker = {
      ...{ account, fee: 750_000n, changeE18: -E18 / 2n, positionE18: -E18, leftE18: E18, healthE18: 3n * E18 },
      ...{ equityE18: 5_000n * E18 + 1n, initialE18: 1_000n * E18 },
    };
    const taker = { ...maker, fee: 1n, changeE18: E18 / 2n, positionE18: 0n, leftE18: 0n, healthE18: 2n ** 256n - 1n };
    const text = describeFill({
      ...{ hash: "0xab", block: 12, instrument: "WETH", quote: { symbol: "USDC", decimals: 6 } },
      ...{ sizeE18: E18 / 2n, priceE18: 2_500n * E18, maker, taker },
    });
    const name = `${OWNER.toLowerCase()}/3`;
    expect(text.split("\n")).to.deep.equal([
      "Filled 0.5 WETH at 2500 USDC, in block 12.",
      "transaction  0xab",
      `maker        ${name} sold`,
      "  fee        0.75 USDC",
      "  left       1 WETH of its order",
      "  position   -1 WETH",
      "  health     3",
      "  margin     equity 5000 USDC, initial margin 1000 USDC",
      `taker        ${name} bought`,
      "  fee        0.000001 USDC",
      "  left       0 WETH of its order",
      "  position   0 WETH",
      "  health     without risk",
      "  margin     equity 5000 USDC, initial margin 1000 USDC",
    ]);
  });

  it("tells of a cancellation what cannot be filled any more", function () {
    const { account, nonce } = SIGNED.order;
    expect(describeCancel({ account, nonce, block: 3, hash: "0xcd" }).split("\n")).to.deep.equal([
      "Cancelled in block 3: no order with this nonce can be filled any more.",
      "transaction  0xcd",
      `account      ${OWNER.toLowerCase()}/3`,
      "nonce        7",
    ]);
  });

  it("shows an order's time as people say it, and that there is no price", function () {
    // 2026-11-26 00:00:00 UTC, which `date` gives as well.
    const midnight = 1_795_651_200n;
    const shown = (expiry: bigint): readonly string[] =>
      describeOrder({
        ...{ ...SIGNED.order, sizeE18: E18, reduceOnly: true, state: "open", instrument: "WETH", quote: "USDC" },
        ...{ leftE18: E18, bidE18: null, askE18: E18, expiry, now: midnight, block: 1 },
      }).split("\n");
    expect(shown(midnight)).to.include("mark     halted");
    expect(shown(midnight)[0]).to.equal("Buys 1 WETH at 2500 USDC or less, to reduce only: open.");
    expect(shown(midnight)).to.include("expiry   2026-11-26 00:00:00 UTC (in 0 s)");
    expect(shown(midnight - 119n)).to.include("expiry   2026-11-25 23:58:01 UTC (119 s ago)");
    expect(shown(midnight + 7_199n)).to.include("expiry   2026-11-26 01:59:59 UTC (in 119 min)");
    expect(shown(midnight + 7_200n)).to.include("expiry   2026-11-26 02:00:00 UTC (in 2 h)");
  });

  it("shows an order within 100 columns, whatever its numbers", function () {
    const { order } = SIGNED;
    const text = describeOrder({
      ...{ ...order, state: "filled or cancelled", instrument: "WETH", quote: "USDC", leftE18: 2n ** 111n - 1n },
      ...{ bidE18: 2n ** 88n - 1n, askE18: 2n ** 88n - 1n, expiry: 2n ** 256n - 1n, nonce: 2n ** 256n - 1n },
      ...{ now: 0n, block: 1 },
    });
    expect(text).to.include("Sells 1.5 WETH at 2500 USDC or more: filled or cancelled.");
    const long = text.split("\n").filter((line) => line.length > 100 && !/^expiry/.test(line));
    expect(long).to.deep.equal([]);
  });
});
