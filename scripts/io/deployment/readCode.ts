/** The code at every address of a deployment, against what the compiler makes of the sources here. */
import type { ContractName, Protocol } from "../protocol.js";
import type { ImmutablePlaces } from "../../core/deployment/code.js";
import type { Compare } from "../../core/deployment/verification.js";
import type { DeploymentParameters } from "../../core/deployment/parameters.js";
import type { ProtocolAddresses } from "../protocol.js";

import { readFile } from "node:fs/promises";

import { TypedDataEncoder, encodeBytes32String, id } from "ethers";
import { artifacts } from "hardhat";
import { z } from "zod";

import { namesOf, splitCode } from "../../core/deployment/code.js";

const ARTIFACTS: Readonly<Record<ContractName, string>> = {
  accessManager: "AccessManager",
  vault: "CollateralVault",
  rebalancer: "Rebalancer",
  shockLevels: "ShockLevels",
  executor: "Executor",
  access: "MarginAccountAccess",
  extension: "MarginAccountExtension",
  trading: "MarginAccountTrading",
  marginAccount: "MarginAccount",
  exchange: "Exchange",
  liquidator: "Liquidator",
  lens: "MarginLens",
};

export interface ContractCode {
  readonly name: ContractName;
  /** As it is on the chain. */
  readonly code: string;
}

/** Compares code with immutables masked. Says whether all of it is the same. */
export async function compareCode(codes: readonly ContractCode[], compare: Compare): Promise<boolean> {
  let same = true;
  for (const { name, code } of codes) {
    const { deployedBytecode, places } = await builtCode(name);
    const found = splitCode(code, places).masked;
    const expected = splitCode(deployedBytecode, places).masked;
    compare(`code of the ${name}`, found, expected);
    same &&= found === expected;
  }
  return same;
}

/** Compares the immutables inside the code: by their names in the source, whatever the getters say. */
export async function compareImmutables(
  codes: readonly ContractCode[],
  { addresses, assets }: Pick<Protocol, "addresses" | "assets">,
  { quote, wrappedNative }: DeploymentParameters,
  chainId: bigint,
  compare: Compare,
): Promise<void> {
  const wrapped = assets.find(({ symbol }) => symbol === wrappedNative)?.token ?? "0x0";
  const expected = expectedImmutables(addresses, assets[0]?.token ?? "", wrapped, quote.decimals, chainId);
  for (const { name, code } of codes) {
    const { places, syntaxTrees } = await builtCode(name);
    const { immutables } = splitCode(code, places);
    const names =
      immutables.size === 0 ? new Map<string, string>() : namesOf(await syntaxTrees(), new Set(immutables.keys()));
    for (const [declaration, value] of immutables) {
      const variable = (names.get(declaration) ?? "").replace(/^_/, "");
      const wanted = expected.get(variable);
      if (wanted === undefined) throw new TypeError(`Nobody says what ${variable} of ${ARTIFACTS[name]} should be`);
      compare(`${variable} in the code of the ${name}`, hex(value), hex(wanted));
    }
  }
}

function expectedImmutables(
  addresses: ProtocolAddresses,
  quoteToken: string,
  wrappedNative: string,
  quoteDecimals: bigint,
  chainId: bigint,
): ReadonlyMap<string, bigint> {
  const domain = { name: "Ballast", version: "1", chainId, verifyingContract: addresses.exchange };
  return new Map([
    ["vault", BigInt(addresses.vault)],
    ["riskEngine", BigInt(addresses.rebalancer)],
    ["rebalancer", BigInt(addresses.rebalancer)],
    ["engine", BigInt(addresses.rebalancer)],
    ["executor", BigInt(addresses.executor)],
    ["wrapped", BigInt(wrappedNative)],
    ["access", BigInt(addresses.access)],
    ["extension", BigInt(addresses.extension)],
    ["trading", BigInt(addresses.trading)],
    ["marginAccount", BigInt(addresses.marginAccount)],
    ["liquidator", BigInt(addresses.liquidator)],
    ["quoteToken", BigInt(quoteToken)],
    ["quote", BigInt(quoteToken)],
    ["quoteScale", 10n ** (18n - quoteDecimals)],
    ["scale", 10n ** (18n - quoteDecimals)],
    // What OpenZeppelin's EIP712 keeps of the exchange's domain.
    ["cachedDomainSeparator", BigInt(TypedDataEncoder.hashDomain(domain))],
    ["cachedChainId", chainId],
    ["cachedThis", BigInt(addresses.exchange)],
    ["hashedName", BigInt(id(domain.name))],
    ["hashedVersion", BigInt(id(domain.version))],
    ["name", shortString(domain.name)],
    ["version", shortString(domain.version)],
  ]);
}

/** A string of up to 31 bytes in one word, its length in the last byte. */
function shortString(text: string): bigint {
  return BigInt(encodeBytes32String(text)) | BigInt(text.length);
}

function hex(value: bigint | null): string {
  return value === null ? "not one value" : `0x${value.toString(16)}`;
}

const Places = z.record(z.array(z.object({ start: z.number(), length: z.number() })));
const Output = z.object({ output: z.object({ sources: z.record(z.object({ ast: z.unknown() })) }) });

async function builtCode(name: ContractName): Promise<{
  readonly deployedBytecode: string;
  readonly places: ImmutablePlaces;
  readonly syntaxTrees: () => Promise<unknown>;
}> {
  const artifact = await artifacts.readArtifact(ARTIFACTS[name]);
  return {
    deployedBytecode: artifact.deployedBytecode,
    places: Places.parse(artifact.immutableReferences ?? {}),
    syntaxTrees: async () => {
      const id = await artifacts.getBuildInfoId(ARTIFACTS[name]);
      const file = id === undefined ? undefined : await artifacts.getBuildInfoOutputPath(id);
      if (file === undefined) throw new TypeError(`The build of ${ARTIFACTS[name]} left no output`);
      const { output } = Output.parse(JSON.parse(await readFile(file, "utf8")));
      return Object.values(output.sources).map(({ ast }) => ast);
    },
  };
}
