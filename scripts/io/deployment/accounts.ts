import type { NetworkConnection } from "hardhat/types/network";

import { z } from "zod";

import { isNodeSilent } from "../node.js";
import { DeploymentError, classifyDeployFailure } from "./failures.js";

/** The accounts that a network signs for, in their order. */
export async function accountsOf({ provider }: NetworkConnection, name: string): Promise<readonly string[]> {
  try {
    return z.array(z.string()).parse(await provider.request({ method: "eth_accounts" }));
  } catch (cause) {
    // Keys are read here for the first time, and a wrong one fails inside a library that does not name it.
    const known = classifyDeployFailure(cause) !== cause || isNodeSilent(cause);
    if (known || name !== "sepolia") throw cause;
    const message = "SEPOLIA_PRIVATE_KEY is not a private key: 0x and 64 hex digits.";
    throw new DeploymentError("WRONG_VARIABLE", message, 1, { cause });
  }
}
