/** One run of `npm run deploy`, from the parameter file to the record of what is there. */
import type { NetworkConnection } from "hardhat/types/network";
import type { DeployOptions } from "../../core/deployment/options.js";
import type { DeploymentParameters } from "../../core/deployment/parameters.js";
import type { Cost, DeploymentRecord } from "../../core/deployment/report.js";
import type { Protocol } from "../protocol.js";
import type { Target } from "./networks.js";
import type { Difference } from "../../core/deployment/verification.js";

import { rename, writeFile } from "node:fs/promises";
import path from "node:path";

import { config, tasks } from "hardhat";

import { ballastModule } from "../../../deploy/ballast.js";
import { withHolders } from "../../core/deployment/parameters.js";
import { toJson } from "../../core/deployment/report.js";
import { addressesOf, attachProtocol, deployProtocol, openOwnFeeds } from "../protocol.js";
import { DeploymentError } from "./failures.js";
import { journalState, repairJournal, sentHashes, setAside } from "./journal.js";
import { withLock } from "./lock.js";
import { openTarget } from "./networks.js";
import { parameterPath, readParameters } from "./parameterFile.js";
import { checkHolders, checkMarket, rehearse } from "./preflight.js";
import { readBack } from "./readBack.js";

/** Hardhat's own chain, which a restarted node starts anew under the same number. */
const DEVELOPMENT_CHAIN = 31_337;

export interface Reporter {
  /** Something the person at the terminal should know, in one sentence. */
  note(sentence: string): void;
  /** Whether Ignition may draw its progress. */
  readonly drawsProgress: boolean;
}

export interface DeployOutcome {
  readonly kind: "dry run" | "deployed" | "nothing new";
  readonly record: DeploymentRecord;
  /** Where the record was written; none after a dry run. */
  readonly file: string | undefined;
}

export async function runDeployment(options: DeployOptions, reporter: Reporter): Promise<DeployOutcome> {
  const parameters = await parametersOf(options);
  const target = await openTarget(options.network, options.rpc);
  try {
    checkHolders(parameters, target.deployer);
    await checkMarket(target.connection, parameters);
    // After all that can be wrong with the command: with nothing to compile it still takes a second or two.
    await tasks.getTask("build").run({ quiet: true, noTests: true });
    if (target.dryRun) return await dryRun(target, options, parameters, reporter);

    await rehearse(parameters);
    const dir = path.join(config.paths.ignition, "deployments", options.id);
    return await withLock(dir, async () => await deployTo(target, options, parameters, reporter, dir));
  } finally {
    await target.close();
  }
}

async function parametersOf({ network, parameters, holders }: DeployOptions): Promise<DeploymentParameters> {
  const file = parameters ?? parameterPath(network);
  const filled = withHolders(await readParameters(file), holders);
  if (filled.kind === "ok") return filled.value;
  const name = path.relative(process.cwd(), file);
  throw new DeploymentError(
    "NO_HOLDER",
    `Nobody is named as ${filled.role}: add --${filled.role} 0x..., or name one in ${name}.`,
  );
}

async function dryRun(
  target: Target,
  options: DeployOptions,
  parameters: DeploymentParameters,
  reporter: Reporter,
): Promise<DeployOutcome> {
  const { connection, place } = target;
  const before = await connection.ethers.provider.getBlockNumber();
  const protocol = await deployProtocol(connection, parameters);
  requireNone(await readBack(protocol, parameters, { fromBlock: before + 1 }));
  reporter.note(`A dry run on ${place}: nothing was deployed.`);
  const hashes = await minedSince(connection, before);
  const record = await recordOf(target, options, parameters, protocol, hashes);
  return { kind: "dry run", record, file: undefined };
}

async function deployTo(
  target: Target,
  options: DeployOptions,
  parameters: DeploymentParameters,
  reporter: Reporter,
  dir: string,
): Promise<DeployOutcome> {
  const { connection, chainId } = target;
  if ((await journalState(dir, connection.provider)) === "of another chain") {
    if (chainId !== DEVELOPMENT_CHAIN) {
      const message = `The deployment ${options.id} was made on another chain than this; choose another --id.`;
      throw new DeploymentError("OTHER_CHAIN", message);
    }
    const aside = path.relative(process.cwd(), await setAside(dir, new Date()));
    reporter.note(`The node was restarted since the last deployment to it, which is now in ${aside}.`);
  }
  for (const repair of await repairJournal(dir, connection.provider)) reporter.note(`Continuing: ${repair}.`);

  const before = await sentHashes(dir);
  const contracts = await connection.ignition.deploy(ballastModule(parameters), {
    deploymentId: options.id,
    displayUi: reporter.drawsProgress,
    ...(chainId === DEVELOPMENT_CHAIN ? { config: { blockPollingInterval: 50 } } : {}),
  });
  const protocol = await attachProtocol(connection, await addressesOf(contracts));
  const opened = await openOwnFeeds(connection, protocol, parameters);

  const hashes = await sentHashes(dir);
  const record = await recordOf(target, options, parameters, protocol, hashes);
  const differences = await readBack(protocol, parameters, { fromBlock: record.fromBlock });
  const file = `${dir}.json`;
  await replaceFile(file, `${toJson(record)}\n`);

  if (hashes.length > before.length || opened > 0) {
    requireNone(differences);
    return { kind: "deployed", record, file };
  }
  // Governance has moved on since; that is its right, and worth a line.
  for (const { what, expected, found } of differences) {
    reporter.note(`Not as in the parameter file: ${what} is ${found}, not ${expected}.`);
  }
  return { kind: "nothing new", record, file };
}

function requireNone(differences: readonly Difference[]): void {
  if (differences.length === 0) return;
  const list = differences.map(({ what, expected, found }) => `${what} is ${found}, not ${expected}`).join("; ");
  throw new DeploymentError("READ_BACK", `What was read back is not what was asked for: ${list}.`);
}

async function recordOf(
  { connection, chainId, deployer }: Target,
  { network }: DeployOptions,
  { roles }: DeploymentParameters,
  protocol: Protocol,
  hashes: readonly string[],
): Promise<DeploymentRecord> {
  const { fromBlock, ...cost } = await costOf(connection, hashes);
  const holders = { admin: roles.admin, governor: roles.governor, steward: roles.steward, guardian: roles.guardian };
  const { addresses: contracts, assets } = protocol;
  return { network, chainId, deployer, fromBlock, contracts, assets, roles: holders, cost };
}

async function costOf({ ethers }: NetworkConnection, hashes: readonly string[]): Promise<Cost & { fromBlock: number }> {
  let [gas, wei, fromBlock] = [0n, 0n, Number.MAX_SAFE_INTEGER];
  for (const hash of hashes) {
    const receipt = await ethers.provider.getTransactionReceipt(hash);
    // Ignition may have replaced a transaction by one with a higher fee; only one of the two was mined.
    if (receipt === null) continue;
    gas += receipt.gasUsed;
    wei += receipt.fee;
    fromBlock = Math.min(fromBlock, receipt.blockNumber);
  }
  return { transactions: hashes.length, gas, wei, fromBlock };
}

async function minedSince({ ethers }: NetworkConnection, block: number): Promise<readonly string[]> {
  const head = await ethers.provider.getBlockNumber();
  const hashes: string[] = [];
  for (let number = block + 1; number <= head; number++) {
    hashes.push(...((await ethers.provider.getBlock(number))?.transactions ?? []));
  }
  return hashes;
}

/** The file is the old one or the new one, never half of either. */
async function replaceFile(file: string, text: string): Promise<void> {
  const draft = `${file}.draft`;
  await writeFile(draft, text);
  await rename(draft, file);
}
