/** What a deployment leaves behind: a record for programs and a table for people. */
import type { Address } from "../mainnet.js";
import type { Holders } from "./parameters.js";

import Table from "cli-table3";

export interface Cost {
  readonly transactions: number;
  readonly gas: bigint;
  readonly wei: bigint;
}

export interface DeploymentRecord {
  readonly network: string;
  readonly chainId: number;
  readonly deployer: Address;
  /** Of the first transaction: where to start reading events. */
  readonly fromBlock: number;
  /** Contracts of the protocol by their names in it. */
  readonly contracts: Readonly<Record<string, Address>>;
  readonly assets: readonly {
    readonly asset: number;
    readonly symbol: string;
    readonly token: Address;
    readonly decimals: number;
    readonly feed: Address;
  }[];
  readonly roles: Holders;
  /** Of the whole deployment, earlier runs included. */
  readonly cost: Cost;
}

/** JSON has no bigints: they become strings of digits. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? item.toString() : item), 2);
}

export function describe(record: DeploymentRecord): string {
  const { contracts, assets, roles, cost } = record;
  return [
    `Ballast on ${record.network} (chain ${record.chainId}), deployed by ${record.deployer}`,
    table(["contract", "address"], Object.entries(contracts)),
    table(
      ["asset", "token", "feed"],
      assets.map(({ asset, symbol, token, feed }) => [`${asset} ${symbol}`, token, feed]),
    ),
    table(["role", "held by"], Object.entries(roles)),
    describeCost(cost),
  ].join("\n");
}

export function describeCost({ transactions, gas, wei }: Cost): string {
  const gweiPrice = gas === 0n ? "0" : decimal(wei / gas, 9);
  return `${transactions} transactions, ${grouped(gas)} gas: ${decimal(wei, 18)} ETH at ${gweiPrice} gwei.`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  // No colours: the table is as often read from a log as from a terminal.
  const lines = new Table({ head: [...head], style: { head: [], border: [], compact: true } });
  lines.push(...rows.map((row) => [...row]));
  return lines.toString();
}

function grouped(value: bigint): string {
  return value.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A fixed-point number in plain digits, cut after the sixth decimal; not for sums. */
function decimal(value: bigint, decimals: number): string {
  const unit = 10n ** BigInt(decimals);
  const fraction = (value % unit).toString().padStart(decimals, "0").slice(0, 6).replace(/0+$/, "");
  return `${value / unit}${fraction === "" ? "" : `.${fraction}`}`;
}
