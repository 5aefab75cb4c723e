import type { Rpc } from "../../scripts/io/rpc.js";

/** Takes back what each test of a suite has done to a chain. Called in the suite, before its tests. */
export function takeBackEach(chain: () => Rpc): void {
  let snapshot: unknown;
  beforeEach(async function () {
    snapshot = await chain().request({ method: "evm_snapshot", params: [] });
  });
  afterEach(async function () {
    await chain().request({ method: "evm_revert", params: [snapshot] });
  });
}
