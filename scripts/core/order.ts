/** Orders of the exchange, as their owners sign them: EIP-712, with the names of contracts/interfaces/IExchange.sol. */
import type { TypedDataDomain, TypedDataField } from "ethers";
import type { Address } from "./mainnet.js";

export interface Order {
  readonly account: bigint;
  readonly instrument: bigint;
  /** {unit E18} Positive buys. */
  readonly sizeE18: bigint;
  /** {quote/unit E18} */
  readonly priceE18: bigint;
  readonly nonce: bigint;
  /** {s} */
  readonly expiry: bigint;
  readonly signer: Address;
  readonly reduceOnly: boolean;
}

export const ORDER_TYPES: Record<string, TypedDataField[]> = {
  Order: [
    { name: "account", type: "uint256" },
    { name: "instrument", type: "uint256" },
    { name: "sizeE18", type: "int256" },
    { name: "priceE18", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "expiry", type: "uint256" },
    { name: "signer", type: "address" },
    { name: "reduceOnly", type: "bool" },
  ],
};

export function orderDomain(chainId: bigint, exchange: string): TypedDataDomain {
  return { name: "Ballast", version: "1", chainId, verifyingContract: exchange };
}

/** The account of an owner, by its index. */
export function accountId(owner: Address, index: bigint): bigint {
  return (BigInt(owner) << 96n) | index;
}
