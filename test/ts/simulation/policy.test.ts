import { expect } from "chai";

import { PolicyFileError, adopt, parsePolicy } from "../../../scripts/core/simulation/policyFile.js";

const BAND = { lower: 1.3, lowerRestore: 1.7 };

function findings(content: unknown): readonly string[] {
  try {
    parsePolicy(JSON.stringify(content), "p.json");
    return [];
  } catch (error) {
    if (!(error instanceof PolicyFileError)) throw error;
    return error.findings;
  }
}

describe("a policy file", function () {
  it("needs a band, and leaves the rest as each account drew it", function () {
    const { fields, note } = parsePolicy(JSON.stringify(BAND), "p.json");
    expect(note).to.equal("p.json, adopted by every account in the arm that rebalances: lower 1.3; lowerRestore 1.7");
    expect(adopt(fields, { policy: null, kind: "ETH+BTC" })).to.deep.equal({
      lowerE6: 1_300_000n,
      lowerRestoreE6: 1_700_000n,
      upperRestoreE6: 1_700_000n,
      upperE6: 0n,
      graceSeconds: 600n,
      keeperPayCap: 25n,
      releaseToWallet: false,
      walletTopUp: false,
      assetOrder: 0x0201n,
    });
  });

  it("may say all of it, and of its assets an account moves those it has", function () {
    const all = {
      ...{ ...BAND, upperRestore: 2.2, upper: 3.123456, graceSeconds: 0, keeperPayCap: 7, releaseToWallet: true },
      assetOrder: ["BTC", "ETH"],
    };
    const { fields } = parsePolicy(JSON.stringify(all), "p.json");
    expect(adopt(fields, { policy: null, kind: "ETH+BTC" })).to.deep.include({
      upperRestoreE6: 2_200_000n,
      upperE6: 3_123_456n,
      graceSeconds: 0n,
      keeperPayCap: 7n,
      releaseToWallet: true,
      assetOrder: 0x0102n,
    });
    expect(adopt(fields, { policy: null, kind: "ETH" }).assetOrder).to.equal(1n);
  });

  const refused: readonly (readonly [unknown, readonly RegExp[]])[] = [
    [5, [/^p\.json: it must be an object with lower and lowerRestore\.$/]],
    [{}, [/^p\.json: lower is missing\.$/, /^p\.json: lowerRestore is missing\.$/]],
    [{ ...BAND, lower: 1 }, [/lower must be above 1\.$/]],
    [{ ...BAND, lower: 1.695 }, [/lowerRestore must be at least 0\.01 above lower\.$/]],
    [{ ...BAND, lowerRestore: 11 }, [/lowerRestore must be a health from 1 to 10\.$/]],
    [{ ...BAND, upper: 3 }, [/upper and upperRestore go together\.$/]],
    [{ ...BAND, upper: 3, upperRestore: 1.5 }, [/upperRestore must not be below lowerRestore\.$/]],
    [{ ...BAND, upper: 2, upperRestore: 2.5 }, [/upper must not be below upperRestore\.$/]],
    [{ ...BAND, graceSeconds: 604_801 }, [/graceSeconds must be a whole number of seconds from 0 to 604800\.$/]],
    [{ ...BAND, keeperPayCap: 2.5 }, [/keeperPayCap must be a whole number of quote units from 0 to 1000\.$/]],
    [{ ...BAND, releaseToWallet: "yes" }, [/releaseToWallet must be true or false\.$/]],
    [{ ...BAND, assetOrder: ["ETH", "ETH"] }, [/assetOrder must name each asset once\.$/]],
    [{ ...BAND, assetOrder: ["DOGE"] }, [/assetOrder\.0 must be "ETH" or "BTC"\.$/]],
    [{ ...BAND, band: 1, wallet: 2 }, [/: band is no field of a policy; known are lower,/, /: wallet is no field/]],
  ];
  it("is refused where it is not JSON, with an example", function () {
    expect(() => parsePolicy("{lower: 1.3}", "p.json"))
      .to.throw(PolicyFileError, /^p\.json: this is not JSON; write an object such as/)
      .with.property("code", "POLICY_FILE");
  });

  for (const [content, messages] of refused) {
    it(`is refused as ${JSON.stringify(content)}, with a line for each field`, function () {
      const found = findings(content);
      expect(found).to.have.length(messages.length);
      for (const [i, message] of messages.entries()) expect(found[i]).to.match(message);
    });
  }
});
