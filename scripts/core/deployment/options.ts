/** The command line of `npm run deploy`: strings in, checked options out, one sentence for each mistake. */
import type { ParseArgsOptionsConfig } from "node:util";
import type { Holders } from "./parameters.js";

import { z } from "zod";

import { FilePath, NodeAddress, checkedValues, oneOf, readArguments } from "../commandLine.js";
import { UsageError } from "../errors.js";
import { AddressText, HOLDERS } from "./parameters.js";

const NETWORKS = ["localhost", "fork", "sepolia"] as const;
export type DeployNetwork = (typeof NETWORKS)[number];

export const DEPLOY_HELP = `Usage: npm run deploy -- --network NETWORK [options]

Deploys the protocol, sets every parameter, hands the roles over and reads all of it back. The deployer keeps nothing.
A run that was interrupted is continued by the same command; a run that has nothing left to do says so.

Networks
  localhost  a development node (npx hardhat node); tokens and feeds of our own come with it
  fork       a dry run inside this process on a copy of mainnet: shows what a deployment costs, changes nothing
  sepolia    the test network; needs SEPOLIA_RPC_URL and SEPOLIA_PRIVATE_KEY, from the environment or the keystore
             (npx hardhat keystore set SEPOLIA_PRIVATE_KEY), and --admin, --governor, --steward and --guardian

Options
  --network NETWORK   where to deploy
  --rpc URL           localhost: the node, if not http://127.0.0.1:8545; fork: a mainnet node to fork
  --parameters FILE   the parameters (default deploy/parameters/NETWORK.json5)
  --admin ADDRESS     who grants and revokes roles; overrides the file, as do the next three
  --governor ADDRESS  who changes parameters, after two days
  --steward ADDRESS   who changes what keepers are paid
  --guardian ADDRESS  who pauses, for three days at most, and cancels what governor and steward have scheduled
  --id NAME           name of the deployment (default NETWORK): its journal is deploy/deployments/NAME and its
                      addresses are written to deploy/deployments/NAME.json
  --json              print the result as JSON on stdout, errors as JSON on stderr, and no progress
  --help              print this text

Examples
  npm run deploy -- --network fork
  npm run deploy -- --network localhost --json
  npm run deploy -- --network sepolia --admin 0x... --governor 0x... --steward 0x... --guardian 0x...

Exit codes
  0  done, or nothing new to deploy
  1  failed, and would fail again: a bad option, a missing key, a parameter that the contracts refuse
  75 the node did not answer, or a transaction is not mined yet: try again later; nothing is lost
`;

const ARGUMENTS = {
  network: { type: "string" },
  rpc: { type: "string" },
  parameters: { type: "string" },
  admin: { type: "string" },
  governor: { type: "string" },
  steward: { type: "string" },
  guardian: { type: "string" },
  id: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const satisfies ParseArgsOptionsConfig;

/** Ignition's own rule for the name of a deployment. */
export const DeploymentName = z
  .string()
  .regex(/^[a-zA-Z][a-zA-Z0-9_-]*$/, "must be letters, digits, - and _, a letter first");

const Options = z
  .object({
    network: oneOf(NETWORKS),
    rpc: NodeAddress.optional(),
    parameters: FilePath.optional(),
    admin: AddressText.optional(),
    governor: AddressText.optional(),
    steward: AddressText.optional(),
    guardian: AddressText.optional(),
    id: DeploymentName.optional(),
    json: z.boolean().default(false),
  })
  .strict();

export interface DeployOptions {
  readonly network: DeployNetwork;
  readonly rpc: string | undefined;
  readonly parameters: string | undefined;
  readonly holders: Partial<Holders>;
  readonly id: string;
  readonly json: boolean;
}

export type DeployRequest =
  { readonly kind: "help"; readonly text: string } | { readonly kind: "run"; readonly options: DeployOptions };

/** Reads what follows `npm run deploy --`. Throws a {@link UsageError} for the first mistake. */
export function parseDeployOptions(argv: readonly string[]): DeployRequest {
  const { help, ...values } = readArguments(argv, ARGUMENTS, "--network localhost");
  if (help) return { kind: "help", text: DEPLOY_HELP };

  const { network, rpc, parameters, id, json, ...named } = checkedValues(Options, values);
  if (rpc !== undefined && network === "sepolia") {
    throw new UsageError("--rpc does not apply to sepolia: its node is SEPOLIA_RPC_URL.");
  }
  if (id !== undefined && network === "fork") {
    throw new UsageError("--id does not apply to fork: a dry run leaves no deployment behind.");
  }
  return { kind: "run", options: { network, rpc, parameters, holders: holdersIn(named), id: id ?? network, json } };
}

/** The roles that a command line names holders for. */
export function holdersIn(named: { readonly [role in keyof Holders]?: Holders[role] | undefined }): Partial<Holders> {
  return Object.fromEntries(HOLDERS.flatMap((role) => (named[role] === undefined ? [] : [[role, named[role]]])));
}
