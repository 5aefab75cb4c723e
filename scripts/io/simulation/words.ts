/**
 * ABI answers cut into words by hand. A simulation decodes thousands of large answers, and a general decoder takes longer
 * for them than the node for the calls; positions come from the ABI itself, so that a moved field moves here too.
 */
import type { InterfaceAbi } from "ethers";

import { Interface } from "ethers";

const WORD = 64; // hex digits
const BYTES = 32;
const SIGN = 1n << 255n;
const WRAP = 1n << 256n;

/** The words of a hex string with 0x in front; reading past the end is a wrong ABI, and throws. */
export class Words {
  constructor(
    private readonly hex: string,
    /** In words. */
    private readonly start = 0,
  ) {}

  at(index: number): bigint {
    const from = 2 + (this.start + index) * WORD;
    const word = this.hex.slice(from, from + WORD);
    if (word.length !== WORD) throw new RangeError(`An answer ends before its word ${this.start + index}`);
    return BigInt(`0x${word}`);
  }

  /** The same, without the first `count` words. */
  from(count: number): Words {
    return new Words(this.hex, this.start + count);
  }

  signedAt(index: number): bigint {
    const word = this.at(index);
    return word >= SIGN ? word - WRAP : word;
  }

  /** What the offset at `index` points to, counted from `base` words further on. */
  follow(index: number, base = 0): Words {
    return new Words(this.hex, this.start + base + Number(this.at(index)) / BYTES);
  }

  /** The elements of a list of dynamic type: a length, then offsets from behind it. */
  list(): readonly Words[] {
    return Array.from({ length: Number(this.at(0)) }, (_, i) => this.follow(1 + i, 1));
  }

  /** The elements of a list of tuples that are `size` words each. */
  tuples(size: number): readonly Words[] {
    return Array.from({ length: Number(this.at(0)) }, (_, i) => new Words(this.hex, this.start + 1 + i * size));
  }
}

/** Where each field of the tuples that a function returns a list of begins, in words. */
export function fieldsOf(abi: InterfaceAbi, name: string): (field: string) => number {
  const [output] = new Interface(abi).getFunction(name)?.outputs ?? [];
  const components = output?.arrayChildren?.components ?? [];
  // A field of fixed size that fills more than a word would shift the others; there is none, and none may come unnoticed.
  if (components.some(({ baseType }) => baseType === "tuple")) throw new TypeError(`${name} returns nested tuples`);
  const positions = new Map(components.map((component, i) => [component.name, i]));
  return (field) => {
    const position = positions.get(field);
    if (position === undefined) throw new TypeError(`${name} returns no ${field}`);
    return position;
  };
}
