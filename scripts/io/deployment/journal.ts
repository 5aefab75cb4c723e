/**
 * Ignition's journal, where it needs a hand: it writes each step down before and after it sends, and continues from there,
 * but a run that was killed between the two, or in the middle of a line, would otherwise ask a person to repair it.
 */
import type { EthereumProvider } from "hardhat/types/providers";

import { readFile, rename, truncate, writeFile } from "node:fs/promises";
import path from "node:path";

import { trackTransaction } from "@nomicfoundation/ignition-core";
import { z } from "zod";

import { EXIT, ToolError } from "../../core/errors.js";
import { same } from "../../core/deployment/roles.js";

class JournalError extends ToolError {
  override readonly name = "JournalError";
}

/** What is read of the journal; all the rest is Ignition's own affair. */
const Message = z.union([
  z.object({ type: z.literal("TRANSACTION_PREPARE_SEND"), futureId: z.string(), nonce: z.number() }),
  z.object({
    type: z.literal("TRANSACTION_SEND"),
    futureId: z.string(),
    nonce: z.number(),
    transaction: z.object({ hash: z.string() }),
  }),
  z.object({
    type: z.enum(["DEPLOYMENT_EXECUTION_STATE_INITIALIZE", "CALL_EXECUTION_STATE_INITIALIZE"]),
    futureId: z.string(),
    from: z.string(),
  }),
  z.object({ type: z.literal("NETWORK_INTERACTION_REQUEST"), futureId: z.string() }),
  z.object({ type: z.literal("TRANSACTION_CONFIRM"), hash: z.string() }),
  z.object({
    type: z.literal("DEPLOYMENT_EXECUTION_STATE_COMPLETE"),
    futureId: z.string(),
    result: z.object({ type: z.literal("SUCCESS"), address: z.string() }),
  }),
  z.object({
    type: z.literal("CONTRACT_AT_EXECUTION_STATE_INITIALIZE"),
    futureId: z.string(),
    contractAddress: z.string(),
  }),
]);
type Message = z.infer<typeof Message>;

const Quantity = z.string().transform(Number);
const Block = z.object({ transactions: z.array(z.object({ hash: z.string(), from: z.string(), nonce: Quantity })) });

function journalOf(dir: string): string {
  return path.join(dir, "journal.jsonl");
}

/** The hashes of all transactions that the journal knows, oldest first. */
export async function sentHashes(dir: string): Promise<readonly string[]> {
  return (await messagesOf(dir)).flatMap((message) =>
    message.type === "TRANSACTION_SEND" ? [message.transaction.hash] : [],
  );
}

export type JournalState = "none" | "continues" | "of another chain";

/** Whether there is a journal, and whether this chain knows what it tells of: a restarted node has the same number. */
export async function journalState(dir: string, provider: EthereumProvider): Promise<JournalState> {
  const messages = await messagesOf(dir);
  if (messages.length === 0) return "none";
  const confirmed = messages.find(({ type }) => type === "TRANSACTION_CONFIRM");
  if (confirmed?.type !== "TRANSACTION_CONFIRM") return "continues";
  const known: unknown = await provider.request({ method: "eth_getTransactionReceipt", params: [confirmed.hash] });
  return known === null ? "of another chain" : "continues";
}

/** Puts a deployment aside, whole, under a name that says when. */
export async function setAside(dir: string, now: Date): Promise<string> {
  const aside = `${dir}-until-${now.toISOString().replace(/[:.]/g, "-")}`;
  await rename(dir, aside);
  return aside;
}

/** Makes a journal that was left in the middle of something fit to be continued. Says what it did, if anything. */
export async function repairJournal(dir: string, provider: EthereumProvider): Promise<readonly string[]> {
  const done: string[] = [];
  if (await dropBrokenLine(dir)) done.push("an incomplete line at the journal's end was dropped");

  if (await rewriteAddresses(dir))
    done.push("the list of addresses, which was cut off, was written anew from the journal");

  for (const futureId of await dropBeginnings(dir))
    done.push(`${futureId} had been begun and no more: it will be again`);

  const messages = await messagesOf(dir);
  for (const message of messages) {
    if (message.type !== "TRANSACTION_PREPARE_SEND") continue;
    const { futureId, nonce } = message;
    const known = messages.some(
      (other) => other.type === "TRANSACTION_SEND" && other.futureId === futureId && other.nonce === nonce,
    );
    if (!known) done.push(await settle(dir, provider, futureId, nonce, senderOf(messages, futureId)));
  }
  return done;
}

/** A transaction was about to be sent. Was it? The sender's count of transactions tells. */
async function settle(
  dir: string,
  provider: EthereumProvider,
  futureId: string,
  nonce: number,
  sender: string,
): Promise<string> {
  if ((await countOf(provider, sender, "latest")) > nonce) {
    const hash = await minedHash(provider, sender, nonce);
    if (hash !== undefined) {
      await trackTransaction(dir, hash, provider, 1);
      return `${futureId} had been sent: its transaction was found on the chain`;
    }
    throw new JournalError(
      "TRANSACTION_LOST",
      `${futureId} was sent with nonce ${nonce}, but the node no longer tells by which transaction: find its hash in an ` +
        `explorer and run npx hardhat ignition track-tx <hash> ${path.basename(dir)}.`,
    );
  }
  if ((await countOf(provider, sender, "pending")) > nonce) {
    throw new JournalError(
      "TRANSACTION_PENDING",
      `${futureId} was sent with nonce ${nonce} and is not mined yet: try again in a minute.`,
      EXIT.RETRY,
    );
  }
  await dropPreparation(dir, futureId, nonce);
  return `${futureId} had not been sent: it will be`;
}

async function countOf(provider: EthereumProvider, sender: string, block: string): Promise<number> {
  return Quantity.parse(await provider.request({ method: "eth_getTransactionCount", params: [sender, block] }));
}

/** Halves the chain until one block is left in which the sender's count passed the nonce. */
async function minedHash(provider: EthereumProvider, sender: string, nonce: number): Promise<string | undefined> {
  const hex = (block: number): string => `0x${block.toString(16)}`;
  try {
    let low = 0;
    let high = Quantity.parse(await provider.request({ method: "eth_blockNumber", params: [] }));
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((await countOf(provider, sender, hex(middle))) > nonce) high = middle;
      else low = middle + 1;
    }
    const block = Block.parse(await provider.request({ method: "eth_getBlockByNumber", params: [hex(low), true] }));
    return block.transactions.find((found) => found.nonce === nonce && same(found.from, sender))?.hash;
  } catch {
    // A node that keeps no old state refuses the question; there is no other way to ask.
    return undefined;
  }
}

function senderOf(messages: readonly Message[], futureId: string): string {
  for (const message of messages) {
    if ("from" in message && message.futureId === futureId) return message.from;
  }
  throw new JournalError("JOURNAL_BROKEN", `The journal sends ${futureId} but does not say from where.`);
}

async function messagesOf(dir: string): Promise<readonly Message[]> {
  return (await readJournal(dir))
    .split("\n")
    .filter((line) => line !== "")
    .flatMap((line) => {
      const value: unknown = parseLine(line);
      const parsed = Message.safeParse(value);
      return parsed.success ? [parsed.data] : [];
    });
}

async function readJournal(dir: string): Promise<string> {
  try {
    return await readFile(journalOf(dir), "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return "";
    throw cause;
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** What a line did not say whole did not count yet: Ignition writes before it acts. */
async function dropBrokenLine(dir: string): Promise<boolean> {
  const text = await readJournal(dir);
  const start = text.lastIndexOf("\n") + 1;
  if (text.slice(start) === "" || parseLine(text.slice(start)) !== undefined) return false;
  await truncate(journalOf(dir), Buffer.byteLength(text.slice(0, Math.max(start - 1, 0))));
  return true;
}

/** Ignition writes its list of addresses over the last one: a run that dies meanwhile leaves a part of it, or nothing. */
async function rewriteAddresses(dir: string): Promise<boolean> {
  const file = path.join(dir, "deployed_addresses.json");
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined || parseLine(text) !== undefined) return false;
  const addresses = (await messagesOf(dir)).flatMap((message): readonly (readonly [string, string])[] => {
    if (message.type === "DEPLOYMENT_EXECUTION_STATE_COMPLETE") return [[message.futureId, message.result.address]];
    return message.type === "CONTRACT_AT_EXECUTION_STATE_INITIALIZE"
      ? [[message.futureId, message.contractAddress]]
      : [];
  });
  await writeFile(file, `${JSON.stringify(Object.fromEntries(addresses), null, 2)}\n`);
  return true;
}

/** Takes back steps that were begun and asked for nothing yet: Ignition cannot continue those. Says which. */
async function dropBeginnings(dir: string): Promise<readonly string[]> {
  const messages = await messagesOf(dir);
  const asked = new Set(
    messages.flatMap((message) => (message.type === "NETWORK_INTERACTION_REQUEST" ? [message.futureId] : [])),
  );
  const begun = messages.flatMap((message) =>
    "from" in message && !asked.has(message.futureId) ? [message.futureId] : [],
  );
  if (begun.length > 0) {
    await keepLines(dir, (message) => !("from" in message) || asked.has(message.futureId));
  }
  return begun;
}

/** Takes back the announcement of a transaction that was never sent. */
async function dropPreparation(dir: string, futureId: string, nonce: number): Promise<void> {
  await keepLines(
    dir,
    (message) =>
      message.type !== "TRANSACTION_PREPARE_SEND" || message.futureId !== futureId || message.nonce !== nonce,
  );
}

/** Drops the lines that `keeps` refuses; what it does not know stays. */
async function keepLines(dir: string, keeps: (message: Message) => boolean): Promise<void> {
  const lines = (await readJournal(dir)).split("\n");
  const kept = lines.filter((line) => {
    const parsed = Message.safeParse(parseLine(line));
    return !parsed.success || keeps(parsed.data);
  });
  const draft = `${journalOf(dir)}.draft`;
  await writeFile(draft, kept.join("\n"));
  await rename(draft, journalOf(dir));
}
