import { isError } from "ethers";

import { NodeSilentError } from "../core/errors.js";

/** Hardhat's own words for a refused connection and a timeout, HHE703 and HHE704; it exports no class to ask. */
const HARDHAT_NUMBERS: readonly unknown[] = [703, 704];

/** Socket failures as Node's fetch and undici name them, wrapped one or more causes deep. */
const SOCKET_CODES = ["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "UND_ERR_CONNECT_TIMEOUT"];

/** Whether the node failed to answer; one that answered nonsense is no reason to try again. */
export function isNodeSilent(error: unknown): boolean {
  return (
    isError(error, "NETWORK_ERROR") ||
    isError(error, "TIMEOUT") ||
    isError(error, "SERVER_ERROR") ||
    (error instanceof Error && "number" in error && HARDHAT_NUMBERS.includes(error.number)) ||
    (error instanceof Error && "code" in error && SOCKET_CODES.some((code) => code === error.code)) ||
    (error instanceof Error && error.cause !== undefined && isNodeSilent(error.cause))
  );
}

/** For {@link Edge}'s `classify`: a silent node is worth another try, everything else stays what it is. */
export function classifyNodeFailure(cause: unknown): unknown {
  if (!isNodeSilent(cause)) return cause;
  return new NodeSilentError("The node did not answer; check that it runs and try again.", { cause });
}
