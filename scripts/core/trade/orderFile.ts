/** A signed order as a file: what was signed, for which exchange of which chain, and the signature. */
import type { Checked } from "../deployment/parameters.js";
import type { Address } from "../mainnet.js";
import type { Order } from "../order.js";

import { z } from "zod";

import { AddressText } from "../deployment/parameters.js";

export interface SignedOrder {
  readonly chainId: number;
  readonly exchange: Address;
  readonly order: Order;
  /** Hex; of 65 bytes from a key, of any length from a contract. */
  readonly signature: string;
}

const WORD = 2n ** 256n;

/** In digits or in hex, since an account's hex shows its owner. */
const Word = z
  .string()
  .regex(/^(?:\d{1,78}|0x[0-9a-fA-F]{1,64})$/, "must be a whole number in quotes")
  .transform((text) => BigInt(text))
  .refine((value) => value < WORD, "does not fit 256 bits");

const Signed = z
  .string()
  .regex(/^-?\d{1,77}$/, "must be a whole number in quotes")
  .transform((text) => BigInt(text))
  .refine((value) => value < WORD / 2n && value > -WORD / 2n, "does not fit 256 bits")
  .refine((value) => value !== 0n, "must not be zero");

const Shape = z
  .object({
    chainId: z.number().int().positive(),
    exchange: AddressText,
    order: z
      .object({
        account: Word,
        instrument: Word,
        sizeE18: Signed,
        priceE18: Word,
        nonce: Word,
        expiry: Word,
        signer: AddressText,
        reduceOnly: z.boolean(),
      })
      .strict(),
    signature: z.string().regex(/^0x(?:[0-9a-fA-F]{2})+$/, "must be hex"),
  })
  .strict();

/** Checks a file's form; the sentence names the first mistake and where it is. */
export function checkOrderFile(text: string): Checked<SignedOrder> {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return { kind: "wrong", why: "it is not JSON" };
  }
  const parsed = Shape.safeParse(content);
  if (parsed.success) return { kind: "ok", value: parsed.data };
  const [issue] = parsed.error.issues;
  const place = issue?.path.join(".") ?? "";
  const why = issue?.message === "Required" ? "is missing" : (issue?.message ?? "is wrong");
  return { kind: "wrong", why: `${place === "" ? "it" : place} ${why.replace(/^Expected/, "should be")}` };
}

/** The file's text, which {@link checkOrderFile} reads back. */
export function orderFileOf({ chainId, exchange, order, signature }: SignedOrder): string {
  const plain = {
    chainId,
    exchange,
    order: {
      account: `0x${order.account.toString(16).padStart(64, "0")}`,
      instrument: order.instrument.toString(),
      sizeE18: order.sizeE18.toString(),
      priceE18: order.priceE18.toString(),
      nonce: order.nonce.toString(),
      expiry: order.expiry.toString(),
      signer: order.signer,
      reduceOnly: order.reduceOnly,
    },
    signature,
  };
  return JSON.stringify(plain, null, 2);
}
