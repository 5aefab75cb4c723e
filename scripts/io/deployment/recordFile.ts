/** Finds the record of a deployment by its name. */
import type { DeploymentRecord } from "../../core/deployment/report.js";
import type { CONTRACT_NAMES, ProtocolAddresses } from "../protocol.js";

import { readFile } from "node:fs/promises";
import path from "node:path";

import { config } from "hardhat";

import { checkRecord } from "../../core/deployment/record.js";
import { DeploymentError } from "./failures.js";

export interface NamedDeployment {
  readonly id: string;
  readonly network: string;
}

export async function readRecord({ id, network: name }: NamedDeployment): Promise<DeploymentRecord> {
  const file = path.join(config.paths.ignition, "deployments", `${id}.json`);
  const shown = path.relative(process.cwd(), file);
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    const message = `There is no deployment ${id} (no ${shown}): make one with npm run deploy -- --network ${name}, or name another --id.`;
    throw new DeploymentError("NO_DEPLOYMENT", message, 1, { cause });
  });
  const checked = checkRecord(parseJson(text, shown));
  if (checked.kind === "wrong") throw new DeploymentError("BAD_RECORD", `${shown} is no record: ${checked.why}.`);
  return checked.value;
}

function parseJson(text: string, shown: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DeploymentError("BAD_RECORD", `${shown} is no record: it is not JSON.`, 1, { cause });
  }
}

export function addressesInRecord({ contracts }: DeploymentRecord, id: string): ProtocolAddresses {
  const at = (name: (typeof CONTRACT_NAMES)[number]) => {
    const address = contracts[name];
    if (address === undefined) throw new DeploymentError("BAD_RECORD", `The record of ${id} has no ${name}.`);
    return address;
  };
  return {
    accessManager: at("accessManager"),
    vault: at("vault"),
    rebalancer: at("rebalancer"),
    shockLevels: at("shockLevels"),
    executor: at("executor"),
    access: at("access"),
    extension: at("extension"),
    trading: at("trading"),
    marginAccount: at("marginAccount"),
    exchange: at("exchange"),
    liquidator: at("liquidator"),
    lens: at("lens"),
  };
}
