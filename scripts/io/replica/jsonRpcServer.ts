/**
 * A JSON-RPC server over HTTP in front of a chain in this process.
 *
 * Hardhat has one, but its `close` waits for connections that a client opened and never used, up to half a minute, and gives
 * no handle on them. A simulation must end when it is done.
 */
import type { AddressInfo } from "node:net";

import type { Rpc } from "../rpc.js";

import { createServer } from "node:http";
import { text } from "node:stream/consumers";

import { z } from "zod";

const Request = z.object({
  id: z.union([z.number(), z.string(), z.null()]).default(null),
  method: z.string(),
  params: z.array(z.unknown()).default([]),
});
const Body = z.union([Request, z.array(Request)]);
const NodeError = z.object({ code: z.number(), message: z.string() });

const HOST = "127.0.0.1";

export interface JsonRpcServer {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** Serves `rpc` on this machine only; port 0 is the system's choice. */
export async function serveJsonRpc(rpc: Rpc, port: number): Promise<JsonRpcServer> {
  const server = createServer((request, response) => {
    void text(request)
      .then(async (body) => await answer(rpc, body))
      .then((body) => response.writeHead(200, { "content-type": "application/json" }).end(body))
      .catch(() => response.writeHead(400).end());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, HOST, resolve);
  });
  const bound = portOf(server.address());
  return {
    host: HOST,
    port: bound,
    url: `http://${HOST}:${bound}`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(rpc: Rpc, body: string): Promise<string> {
  const request = Body.parse(JSON.parse(body));
  // Answered in order, one by one: a chain in the process gains nothing from more at once.
  if (!Array.isArray(request)) return JSON.stringify(await answerOne(rpc, request));
  const answers: unknown[] = [];
  for (const one of request) answers.push(await answerOne(rpc, one));
  return JSON.stringify(answers);
}

async function answerOne(rpc: Rpc, { id, method, params }: z.infer<typeof Request>): Promise<object> {
  try {
    return { jsonrpc: "2.0", id, result: (await rpc.request({ method, params })) ?? null };
  } catch (cause) {
    const known = NodeError.safeParse(cause);
    const error = known.success ? known.data : { code: -32_603, message: String(cause) };
    return { jsonrpc: "2.0", id, error };
  }
}

function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === "string") throw new TypeError("A server on TCP has a port");
  return address.port;
}
