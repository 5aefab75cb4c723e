/** The command line of `npm run verify-deployment`: strings in, checked options out, one sentence for each mistake. */
import type { ParseArgsOptionsConfig } from "node:util";
import type { Holders } from "./parameters.js";

import { z } from "zod";

import { FilePath, NodeAddress, checkedValues, oneOf, readArguments } from "../commandLine.js";
import { DeploymentName, holdersIn } from "./options.js";
import { AddressText } from "./parameters.js";

/** A dry run on a fork leaves nothing to verify. */
export const VERIFIED_NETWORKS = ["localhost", "sepolia"] as const;
export type VerifiedNetwork = (typeof VERIFIED_NETWORKS)[number];

export const VERIFY_HELP = `Usage: npm run verify-deployment -- --network NETWORK [options]

Reads every address, role and parameter of a deployment back from the chain and compares them with the deployment's
record and the parameter file: the code at each address, which contract knows which, every function's role, every
member of every role, listed tokens, caps, feeds, risk parameters, the interest curve, what keepers and liquidators
are paid. Reads only, at one block; needs no key.

Networks
  localhost  a development node (npx hardhat node)
  sepolia    the test network; needs --rpc or SEPOLIA_RPC_URL, from the environment or the keystore

Options
  --network NETWORK   where the deployment is
  --rpc URL           the node, if not http://127.0.0.1:8545 or SEPOLIA_RPC_URL
  --id NAME           name of the deployment (default NETWORK): its record is deploy/deployments/NAME.json
  --parameters FILE   the parameters (default deploy/parameters/NETWORK.json5)
  --admin ADDRESS     who must hold the role; overrides the file, and where that is silent too, the record says
  --governor ADDRESS  as --admin, of this role
  --steward ADDRESS   as --admin, of this role
  --guardian ADDRESS  as --admin, of this role
  --json              print the outcome as JSON on stdout, errors as JSON on stderr
  --help              print this text

Examples
  npm run verify-deployment -- --network localhost
  npm run verify-deployment -- --network sepolia --rpc https://node.example --json

Exit codes
  0  everything is as expected
  1  something differs, and is named; or a bad option, no such deployment, another chain
  75 the node did not answer: try again later
`;

const ARGUMENTS = {
  network: { type: "string" },
  rpc: { type: "string" },
  id: { type: "string" },
  parameters: { type: "string" },
  admin: { type: "string" },
  governor: { type: "string" },
  steward: { type: "string" },
  guardian: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const satisfies ParseArgsOptionsConfig;

const Options = z
  .object({
    network: oneOf(VERIFIED_NETWORKS),
    rpc: NodeAddress.optional(),
    id: DeploymentName.optional(),
    parameters: FilePath.optional(),
    admin: AddressText.optional(),
    governor: AddressText.optional(),
    steward: AddressText.optional(),
    guardian: AddressText.optional(),
    json: z.boolean().default(false),
  })
  .strict();

export interface VerifyOptions {
  readonly network: VerifiedNetwork;
  readonly rpc: string | undefined;
  readonly id: string;
  readonly parameters: string | undefined;
  readonly holders: Partial<Holders>;
  readonly json: boolean;
}

export type VerifyRequest =
  { readonly kind: "help"; readonly text: string } | { readonly kind: "run"; readonly options: VerifyOptions };

/** Reads what follows `npm run verify-deployment --`. Throws a {@link UsageError} for the first mistake. */
export function parseVerifyOptions(argv: readonly string[]): VerifyRequest {
  const { help, ...values } = readArguments(argv, ARGUMENTS, "--network localhost");
  if (help) return { kind: "help", text: VERIFY_HELP };

  const { network, rpc, id, parameters, json, ...named } = checkedValues(Options, values);
  return { kind: "run", options: { network, rpc, id: id ?? network, parameters, holders: holdersIn(named), json } };
}
