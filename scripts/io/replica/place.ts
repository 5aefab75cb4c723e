/** Puts a contract at an address of our choice, constructed as if it had been deployed there. */
import type { Address } from "../../core/mainnet.js";
import type { Rpc } from "../rpc.js";

import { Hex, send, setCode } from "../rpc.js";

/** Enough for any constructor here; storing code costs nothing, because the code is returned and not deposited. */
const CONSTRUCTOR_GAS = 5_000_000n;

/**
 * The creation code is made the code of the address itself. Calling it then returns the runtime code, with immutables
 * right even where they hold the contract's own address; sending the same call lets the constructor write its storage
 * and makes `deployer` the owner, where the constructor asks who that is.
 */
export async function place(rpc: Rpc, deployer: Address, at: Address, creationCode: string): Promise<void> {
  await setCode(rpc, at, creationCode);
  const request = { from: deployer, to: at, data: "0x" };
  const runtime = Hex.parse(await rpc.request({ method: "eth_call", params: [request, "latest"] }));
  await send(rpc, { ...request, gas: CONSTRUCTOR_GAS });
  await setCode(rpc, at, runtime);
  // A contract is born with nonce 1; the factory derives nothing from it, but what lives here should look alive.
  await rpc.request({ method: "hardhat_setNonce", params: [at, "0x1"] });
}
