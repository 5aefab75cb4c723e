/** One run of `npm run verify-deployment`: a deployment's record and parameters on one side, the chain on the other. */
import type { NetworkConnection } from "hardhat/types/network";
import type { DeploymentParameters, Holders } from "../../core/deployment/parameters.js";
import type { DeploymentRecord } from "../../core/deployment/report.js";
import type { Verification } from "../../core/deployment/verification.js";
import type { VerifyOptions } from "../../core/deployment/verifyOptions.js";
import type { ProtocolAddresses } from "../protocol.js";
import type { ContractCode } from "./readCode.js";

import { network, tasks } from "hardhat";

import { HOLDERS, withHolders } from "../../core/deployment/parameters.js";
import { Checks, groupsOf } from "../../core/deployment/verification.js";
import { CONTRACT_NAMES, attachProtocol } from "../protocol.js";
import { DeploymentError } from "./failures.js";
import { parameterPath, readParameters } from "./parameterFile.js";
import { compareAll } from "./readBack.js";
import { compareCode, compareImmutables } from "./readCode.js";
import { isNoAnswer, readerAt } from "./reading.js";
import { addressesInRecord, readRecord } from "./recordFile.js";

export async function verifyDeployment(options: VerifyOptions): Promise<Verification> {
  const record = await readRecord(options);
  const parameters = await parametersOf(options, record);
  const addresses = addressesInRecord(record, options.id);
  const connection = await connect(options);
  try {
    return await verifyOn(connection, options, record, addresses, parameters);
  } finally {
    await connection.close();
  }
}

async function verifyOn(
  connection: NetworkConnection,
  { id }: VerifyOptions,
  record: DeploymentRecord,
  addresses: ProtocolAddresses,
  parameters: DeploymentParameters,
): Promise<Verification> {
  const { provider } = connection.ethers;
  const chainId = Number(await connection.provider.request({ method: "eth_chainId" }));
  if (chainId !== record.chainId) {
    const message = `The deployment ${id} was made on chain ${record.chainId}; the node is on chain ${chainId}.`;
    throw new DeploymentError("OTHER_CHAIN", message);
  }
  const block = await provider.getBlockNumber();
  const codes = await Promise.all(
    CONTRACT_NAMES.map(async (name): Promise<ContractCode> => ({
      name,
      code: await provider.getCode(addresses[name], block),
    })),
  );
  if (codes.every(({ code }) => code === "0x")) {
    const message = `Nothing of the deployment ${id} is on this chain: the node was restarted since, or is another.`;
    throw new DeploymentError("NOTHING_THERE", message);
  }

  await tasks.getTask("build").run({ quiet: true, noTests: true });
  const checks = new Checks();
  const outcome = (): Verification => ({
    id,
    network: record.network,
    chainId,
    block,
    contracts: record.contracts,
    groups: groupsOf(checks),
    differences: checks.differences,
  });
  const intact = await compareCode(codes, checks.compareIn("code"));
  try {
    const protocol = await attachProtocol(connection, addresses, readerAt(provider, block));
    compareRecord(checks, record, parameters, protocol.assets);
    await compareImmutables(codes, protocol, parameters, BigInt(chainId), checks.compareIn("code"));
    await compareAll(checks, protocol, parameters, { fromBlock: Math.min(record.fromBlock, block), toBlock: block });
  } catch (error) {
    // Where other code stands, its answers mean nothing; what was read until then is told.
    if (intact || !isNoAnswer(error)) throw error;
  }
  return outcome();
}

function compareRecord(
  checks: Checks,
  record: DeploymentRecord,
  { roles }: DeploymentParameters,
  listed: DeploymentRecord["assets"],
): void {
  const compare = checks.compareIn("record");
  compare("number of tokens in the record", listed.length, record.assets.length);
  for (const [asset, was] of record.assets.entries()) {
    const is = listed[asset];
    if (is === undefined) continue;
    compare(`token of ${was.symbol} in the record`, is.token, was.token);
    compare(`feed of ${was.symbol} in the record`, is.feed, was.feed);
  }
  for (const role of HOLDERS) compare(`${role} of the record`, record.roles[role], roles[role]);
}

/** The parameter file, with the command line's holders before its own, and the record's where neither names one. */
async function parametersOf(options: VerifyOptions, record: DeploymentRecord): Promise<DeploymentParameters> {
  const file = await readParameters(options.parameters ?? parameterPath(options.network));
  const open = Object.fromEntries(
    HOLDERS.flatMap((role) => (file.roles[role] === null ? [[role, record.roles[role]]] : [])),
  ) satisfies Partial<Holders>;
  const filled = withHolders(file, { ...open, ...options.holders });
  if (filled.kind === "open") throw new TypeError(`The record names no ${filled.role}`);
  return filled.value;
}

/** Nothing is signed: a key that is not there is not asked for. */
async function connect({ network: name, rpc }: VerifyOptions): Promise<NetworkConnection> {
  return await network.create({
    network: name,
    override: { accounts: "remote", ...(rpc === undefined ? {} : { url: rpc }) },
  });
}
