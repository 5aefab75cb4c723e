/** JSON-RPC over HTTP with the failures a user meets told in one line each. A URL may hold a key: only its host is named. */
import type { Rpc } from "./rpc.js";

import { z } from "zod";

import { EXIT, ToolError } from "../core/errors.js";

const TIMEOUT_MS = 15_000;

const Envelope = z.union([
  z.object({ error: z.object({ code: z.number(), message: z.string() }) }),
  z.object({ result: z.unknown() }),
]);

/** The node does not answer now. */
export class RpcUnavailableError extends ToolError {
  override readonly name = "RpcUnavailableError";

  constructor(message: string, options?: ErrorOptions) {
    super("RPC_UNAVAILABLE", message, EXIT.RETRY, options);
  }
}

/** Something answers, but not as a node: a wrong address, a missing key. */
export class RpcNotANodeError extends ToolError {
  override readonly name = "RpcNotANodeError";

  constructor(message: string, options?: ErrorOptions) {
    super("RPC_NOT_A_NODE", message, EXIT.FAILED, options);
  }
}

/** The node answered with an error of its own. */
class RpcAnswerError extends ToolError {
  override readonly name = "RpcAnswerError";

  constructor(message: string, options?: ErrorOptions) {
    super("RPC_ANSWER", message, EXIT.FAILED, options);
  }
}

export function hostOf(url: string): string {
  if (!URL.canParse(url)) throw new RpcNotANodeError("The RPC address is not a URL; expected http://host:port.");
  const { protocol, host } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") {
    throw new RpcNotANodeError(`The RPC address starts with ${protocol}//; only http:// and https:// work for a fork.`);
  }
  return host;
}

export function httpRpc(url: string): Rpc {
  const host = hostOf(url);
  return {
    async request({ method, params = [] }) {
      const response = await post(url, host, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
      const answer = Envelope.safeParse(response);
      if (!answer.success) throw new RpcNotANodeError(`${host} does not answer as an Ethereum node does.`);
      if ("error" in answer.data) {
        const { code, message } = answer.data.error;
        throw new RpcAnswerError(`${host} refused ${method}: ${message} (${code}).`);
      }
      return answer.data.result;
    },
  };
}

async function post(url: string, host: string, body: string): Promise<unknown> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await response.text();
  } catch (cause) {
    throw new RpcUnavailableError(`No Ethereum node answers at ${host}; check the address, and that the node runs.`, {
      cause,
    });
  }
  if (response.status === 429 || response.status >= 500) {
    throw new RpcUnavailableError(`The node at ${host} is busy or down (HTTP ${response.status}).`);
  }
  try {
    // Nodes differ in the status of a JSON-RPC error, so the body decides when there is one.
    return JSON.parse(text);
  } catch (cause) {
    throw new RpcNotANodeError(`${host} does not answer as an Ethereum node does (HTTP ${response.status}).`, {
      cause,
    });
  }
}
