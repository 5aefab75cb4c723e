import { expect } from "chai";

import { FeedClock, decidePrint } from "../../../scripts/core/prices/feed.js";
import { walkOf } from "../../../scripts/core/prices/walk.js";

describe("walkOf", function () {
  const bar = (openE8: bigint, highE8: bigint, lowE8: bigint, closeE8: bigint) => ({ openE8, highE8, lowE8, closeE8 });

  it("takes the nearer extreme first, and the low first when both are as near", function () {
    expect(walkOf(bar(100n, 101n, 80n, 90n))).to.deep.equal([100n, 101n, 80n, 90n]);
    expect(walkOf(bar(100n, 130n, 95n, 120n))).to.deep.equal([100n, 95n, 130n, 120n]);
    expect(walkOf(bar(100n, 110n, 90n, 100n))).to.deep.equal([100n, 90n, 110n, 100n]);
    expect(walkOf(bar(100n, 100n, 100n, 100n))).to.deep.equal([100n, 100n, 100n, 100n]);
  });
});

describe("FeedClock", function () {
  const at = (priceE8: bigint, timestamp: bigint) => ({ priceE8, timestamp });

  it("prints first, then holds until half a percent or an hour", function () {
    const clock = new FeedClock();
    const kinds = [
      at(10_000n, 0n), // first
      at(10_049n, 60n), // 0.49%
      at(9_951n, 120n),
      at(9_950n, 180n), // exactly 0.5% down
      at(9_951n, 3_779n), // 3,599 s later
      at(9_951n, 3_780n), // the heartbeat, counted from the last print
    ].map((point) => {
      const decision = clock.observe(point);
      return decision.kind === "print" ? decision.reason : decision.kind;
    });
    expect(kinds).to.deep.equal(["first", "hold", "hold", "deviation", "hold", "heartbeat"]);
    expect(clock.last).to.deep.equal(at(9_951n, 3_780n));
  });

  it("prints on a slow slide, because deviation counts from the last print", function () {
    const clock = new FeedClock();
    const prints = Array.from({ length: 11 }, (_, i) => clock.observe(at(10_000n - BigInt(i) * 10n, BigInt(i))));
    expect(prints.map(({ kind }) => kind).filter((kind) => kind === "print")).to.have.length(3);
  });

  it("asks its own rule", function () {
    const rule = { deviationBps: 100n, heartbeatSeconds: 10n };
    expect(decidePrint(at(10_000n, 0n), at(10_099n, 9n), rule).kind).to.equal("hold");
    expect(decidePrint(at(10_000n, 0n), at(10_100n, 9n), rule)).to.include({ kind: "print", reason: "deviation" });
    expect(decidePrint(at(10_000n, 0n), at(10_000n, 10n), rule)).to.include({ kind: "print", reason: "heartbeat" });
  });
});
