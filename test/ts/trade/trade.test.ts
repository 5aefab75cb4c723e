import type { NetworkConnection } from "hardhat/types/network";
import type { Ended, Node } from "../deploy/command.js";

import { expect } from "chai";
import { network } from "hardhat";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";

import { IMarginAccount__factory, UsdCoin__factory } from "../../../typechain-types/index.js";
import { ToolError } from "../../../scripts/core/errors.js";
import { accountId } from "../../../scripts/core/order.js";
import { parseTradeOptions } from "../../../scripts/core/trade/options.js";
import { checkOrderFile } from "../../../scripts/core/trade/orderFile.js";
import { toAddress } from "../../../scripts/io/rpc.js";
import { classifyTradeFailure } from "../../../scripts/io/trade/failures.js";
import { trade } from "../../../scripts/io/trade/trade.js";
import { deploy, forget, recordOf, runTask, startNode } from "../deploy/command.js";

const ID = `test-trade-${process.pid}`;
const DEAD = "http://127.0.0.1:1";
/** Numbers of the node's accounts. */
const [MAKER, TAKER, POOR] = [5, 6, 7];
const CASH = 10_000n * 10n ** 6n;
const HOUR = 3_600;

const Deployed = z.object({
  contracts: z.record(z.string().transform(toAddress)),
  assets: z.array(z.object({ token: z.string() })),
});
const Side = z.object({ fee: z.string(), positionE18: z.string(), leftE18: z.string(), healthE18: z.string() });
const Filled = z.object({ sizeE18: z.string(), priceE18: z.string(), maker: Side, taker: Side });
const View = z.object({ state: z.string(), leftE18: z.string(), bidE18: z.string().nullable() });

describe("npm run trade", function () {
  this.timeout(300_000);
  let node: Node;
  let connection: NetworkConnection;
  let folder: string;

  before(async function () {
    node = await startNode();
    folder = await mkdtemp(path.join(tmpdir(), "trade-"));
    const { code, stdout, stderr } = await deploy(["--network", "localhost", "--rpc", node.url, "--id", ID, "--json"]);
    expect(code, stderr).to.equal(0);
    const { contracts, assets } = Deployed.parse(JSON.parse(stdout));
    connection = await network.create({ network: "localhost", override: { url: node.url } });
    const signers = await connection.ethers.getSigners();
    for (const as of [MAKER, TAKER]) {
      const signer = signers[as];
      if (signer === undefined) throw new TypeError("the node has too few accounts");
      const usdc = UsdCoin__factory.connect(assets[0]?.token ?? "", signer);
      await (await usdc.mint(signer.address, CASH)).wait();
      await (await usdc.approve(contracts.vault ?? "", CASH)).wait();
      const marginAccount = IMarginAccount__factory.connect(contracts.marginAccount ?? "", signer);
      const account = accountId(toAddress(signer.address), 0n);
      await (await marginAccount.deposit(account, await usdc.getAddress(), CASH)).wait();
    }
  });

  after(async function () {
    await connection.close();
    await node.close();
    await forget(ID);
    await rm(folder, { recursive: true });
  });

  const local = () => ["--network", "localhost", "--rpc", node.url, "--id", ID];
  const at = (name: string): string => path.join(folder, `${name}.json`);
  /** As its own process, which takes seconds; what only the contracts decide is asked for in this one. */
  const command = async (action: string, args: readonly string[]): Promise<Ended> =>
    await runTask("trade", [action, ...local(), ...args]);

  async function done(action: string, args: readonly string[]): Promise<string> {
    const request = parseTradeOptions([action, ...local(), ...args]);
    if (request.kind === "help") throw new TypeError("help was not asked for");
    const text = await trade(request.options);
    for (const line of text.split("\n")) {
      if (!line.startsWith(`  "signature"`)) expect(line.length, line).to.be.at.most(100);
    }
    return text;
  }

  async function refuses(args: readonly [string, ...string[]], message: RegExp, exitCode = 1): Promise<void> {
    const [action, ...rest] = args;
    try {
      await done(action, rest);
    } catch (cause) {
      const error = classifyTradeFailure(cause);
      if (!(error instanceof ToolError)) throw cause;
      expect(error.lines).to.have.length(1);
      expect(error.message)
        .to.match(message)
        .and.match(/^[^\n]+$/);
      expect(error.exitCode).to.equal(exitCode);
      return;
    }
    expect.fail(`${args.join(" ")} was done`);
  }

  /** A WETH order at 2,500, the feed's price, written to a file of this name. */
  async function sign(name: string, as: number, size: string, ...rest: readonly string[]): Promise<string> {
    const what = ["--instrument", "WETH", "--size", size, "--price", "2500", "--out", at(name)];
    return await done("sign", ["--as", String(as), ...what, ...rest]);
  }

  const nonceIn = async (name: string): Promise<string> => {
    const checked = checkOrderFile(await readFile(at(name), "utf8"));
    return checked.kind === "ok" ? checked.value.order.nonce.toString() : "";
  };

  async function view(name: string): Promise<z.infer<typeof View>> {
    return View.parse(JSON.parse(await done("show", ["--order", at(name), "--json"])));
  }

  it("signs two orders, fills them in two parts, and says what became of both accounts", async function () {
    expect(await sign("maker", MAKER, "1.5", "--sell")).to.match(/^Signed for account 0x[0-9a-f]{40}\/0\./);
    // Without --out, the order itself: what a shell redirects.
    const args = ["--as", String(TAKER), "--instrument", "weth", "--size", "2", "--price", "2510.5"];
    await writeFile(at("taker"), await done("sign", args));
    const both = ["--maker", at("maker"), "--taker", at("taker")];

    const { code, stdout: words, stderr } = await command("fill", [...both, "--size", "0.5"]);
    expect([code, stderr]).to.deep.equal([0, ""]);
    for (const line of words.split("\n")) expect(line.length, line).to.be.at.most(100);
    expect(words).to.match(/^Filled 0\.5 WETH at 2500 USDC, in block \d+\.$/m);
    expect(words).to.match(/^maker {8}0x[0-9a-f]{40}\/0 sold$/m);
    expect(words).to.match(/^ {2}fee {8}0\.375 USDC$/m);
    expect(words).to.match(/^ {2}position {3}-0\.5 WETH$/m);
    expect(words).to.match(/^ {2}health {5}\d+\.\d+$/m);

    // The rest of the smaller one; anybody may bring it.
    const rest = Filled.parse(JSON.parse(await done("fill", [...both, "--as", "9", "--json"])));
    expect([rest.sizeE18, rest.priceE18]).to.deep.equal([String(10n ** 18n), String(2_500n * 10n ** 18n)]);
    expect(rest.maker).to.include({ fee: "750000", positionE18: String(-15n * 10n ** 17n), leftE18: "0" });
    expect(rest.taker).to.include({ positionE18: String(15n * 10n ** 17n), leftE18: String(5n * 10n ** 17n) });
    expect(await view("maker")).to.include({ state: "filled or cancelled", leftE18: "0" });
    expect(await view("taker")).to.include({ state: "open", bidE18: String(2_500n * 10n ** 18n) });
    await refuses(
      ["fill", ...both],
      /^.*maker\.json is filled or cancelled, or its nonce \d+ is another order's: nothing is left of it\.$/m,
    );
  });

  it("cancels by the nonce, and a nonce that is used signs no other order", async function () {
    await sign("cancelled", MAKER, "-1", "--nonce", "300");
    expect(await done("show", ["--order", at("cancelled")])).to.match(/^Sells 1 WETH at 2500 USDC or more: open\.$/m);
    expect(await done("cancel", ["--as", String(MAKER), "--nonce", "300"])).to.match(/^Cancelled in block \d+/);
    expect(await view("cancelled")).to.include({ state: "filled or cancelled", leftE18: "0" });
    const again = ["--as", String(MAKER), "--instrument", "WETH", "--size", "-1", "--price", "2500"];
    await refuses(["sign", ...again, "--nonce", "300"], /^The nonce 300 is used by this account/);
    // The order of the taker above is filled in part: its nonce signs no other.
    const taken = ["--as", String(TAKER), "--instrument", "WETH", "--size", "1", "--price", "2500"];
    const nonce = await nonceIn("taker");
    await refuses(["sign", ...taken, "--nonce", nonce], /^The nonce \d+ is used by this account/);
  });

  it("refuses orders that do not fit, and says why in one line", async function () {
    await sign("ask", MAKER, "1", "--sell");
    await sign("bid", TAKER, "1");
    const fill = (maker: string, taker: string, ...rest: readonly string[]) =>
      ["fill", "--maker", at(maker), "--taker", at(taker), ...rest] as const;
    const changed = async (name: string, from: RegExp, to: string): Promise<void> => {
      await writeFile(at(name), (await readFile(at("ask"), "utf8")).replace(from, to));
    };
    await changed("chain", /"chainId": \d+/, `"chainId": 5`);
    await changed("exchange", /"exchange": "0x[^"]+"/, `"exchange": "0x${"9".repeat(40)}"`);
    await changed("tampered", /"2500000/, `"2400000`);
    await changed("unreadable", /"nonce"/, `"once"`);
    await refuses(fill("chain", "bid"), /chain\.json is for chain 5; the node is on chain 31337\.$/m);
    await refuses(fill("exchange", "bid"), /exchange\.json is for the exchange 0x9{40}; the deployment's is 0x/);
    await refuses(fill("tampered", "bid"), /tampered\.json is not signed by 0x[0-9a-fA-F]{40}: it was changed since/);
    await refuses(fill("unreadable", "bid"), /unreadable\.json is no order: order\.nonce is missing\.$/m);
    await refuses(fill("ask", "none"), /none\.json: there is no such file; check the path given to --taker\.$/m);
    await refuses(fill("ask", "bid", "--size", "1.25"), /^Of the maker's order 1 is left: 1\.25 is too much\.$/m);
    await refuses(fill("ask", "ask"), /^The orders are not a buy and a sale of one instrument\.$/m);

    await done("sign", [
      "--as",
      "6",
      ...["--instrument", "WETH", "--size", "1"],
      "--price",
      "2499",
      "--out",
      at("low"),
    ]);
    await refuses(
      fill("ask", "low"),
      /^The prices do not meet: the buyer pays at most 2499, the seller asks 2500 USDC/,
    );
    await sign("own", MAKER, "1");
    await refuses(fill("ask", "own"), /^Both orders are of account 0x[0-9a-f]{40}\/0/);
    await sign("poor", POOR, "1");
    const poor = /^The taker would be below initial margin: equity -0\.75 USDC, initial margin 425 USDC; deposit/;
    await refuses(fill("ask", "poor"), poor);
    await sign("reduce", MAKER, "-1", "--reduce-only");
    await refuses(
      fill("reduce", "bid"),
      /^The maker's order may only reduce, but its position is -1\.5 and the fill adds -1/,
    );
  });

  it("takes what a signer's key signs, though his account has code that signs for nobody", async function () {
    const [, , signer] = await connection.ethers.getSigners();
    await sign("delegated", 2, "1");
    await connection.networkHelpers.setCode(signer?.address ?? "", "0x00");
    expect(await view("delegated")).to.include({ state: "open" });
    const changed = (await readFile(at("delegated"), "utf8")).replace('"sizeE18": "1', '"sizeE18": "2');
    await writeFile(at("enlarged"), changed);
    await refuses(["show", "--order", at("enlarged")], /is not signed by 0x[0-9a-fA-F]{40}: it was changed since/);
    await connection.networkHelpers.setCode(signer?.address ?? "", "0x");
  });

  it("refuses what cannot be signed, and leaves a file that exists alone", async function () {
    const order = ["--instrument", "WETH", "--size", "1", "--price", "2500"] as const;
    const before = await readFile(at("maker"), "utf8");
    await refuses(["sign", ...order, "--out", at("maker")], /maker\.json exists and is left alone; give --out another/);
    expect(await readFile(at("maker"), "utf8")).to.equal(before);
    const doge = ["--instrument", "DOGE", "--size", "1", "--price", "1"] as const;
    await refuses(["sign", ...doge], /^There is no perpetual on "DOGE": listed are WETH, WBTC\.$/m);
    await refuses(
      ["sign", ...order, "--as", "99"],
      /^The node of localhost has no account 99: --as goes from 0 to 19\./,
    );
    await refuses(
      ["sign", "--instrument", "WETH", "--size", "1e3", "--price", "1"],
      /^--size must be a decimal number/,
    );
    await refuses(["sign", ...order, "--id", "none"], /^There is no deployment none/);
    await refuses(["sign", ...order, "--rpc", DEAD], /^The node did not answer/, 75);
    const text = await readFile(recordOf(ID), "utf8");
    await writeFile(recordOf(`${ID}-chain`), text.replace('"chainId": 31337', '"chainId": 5'));
    await refuses(["sign", ...order, "--id", `${ID}-chain`], /was made on chain 5; the node is on chain 31337\.$/m);
    const plain = await command("sign", [...order, "--out", at("maker")]);
    expect([plain.code, plain.stdout]).to.deep.equal([1, ""]);
    expect(plain.stderr).to.match(/^[^\n]+maker\.json exists and is left alone; give --out another name\.\n$/);
    const machine = await command("sign", [...doge, "--json"]);
    expect(machine.code).to.equal(1);
    expect(machine.stderr).to.match(/^\{"msg":"There is no perpetual .*"code":"UNKNOWN_INSTRUMENT","exitCode":1\}\n$/);
  });

  it("tells an expired order, and a halted price as something to wait for", async function () {
    await connection.networkHelpers.time.increase(2 * HOUR);
    expect(await view("ask")).to.include({ state: "expired", leftE18: "0" });
    await refuses(
      ["fill", "--maker", at("ask"), "--taker", at("bid")],
      /ask\.json expired \d+ s ago: sign another\.$/m,
    );
    await connection.networkHelpers.time.increase(30 * HOUR);
    await sign("late", MAKER, "1", "--sell");
    await sign("later", TAKER, "1");
    expect(await view("late")).to.include({ state: "open", bidE18: null });
    const halted = /^The price of \w+ is halted \(feed: stale\): wait for it\.$/m;
    await refuses(["fill", "--maker", at("late"), "--taker", at("later")], halted, 75);
  });
});
