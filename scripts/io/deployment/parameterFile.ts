import type { ParameterFile } from "../../core/deployment/parameters.js";

import { access } from "node:fs/promises";
import path from "node:path";

import { readDeploymentParameters } from "@nomicfoundation/hardhat-ignition/helpers";
import { config } from "hardhat";

import { ToolError } from "../../core/errors.js";
import { checkParameters } from "../../core/deployment/parameters.js";

export class ParameterFileError extends ToolError {
  override readonly name = "ParameterFileError";

  constructor(message: string, options?: ErrorOptions) {
    super("PARAMETER_FILE", message, 1, options);
  }
}

/** Where the parameters of a network are kept. */
export function parameterPath(network: string): string {
  return path.join(config.paths.ignition, "parameters", `${network}.json5`);
}

/** Reads a parameter file: JSON5 with bigints as "7200n", as Ignition reads its own. */
export async function readParameters(file: string): Promise<ParameterFile> {
  const name = path.relative(process.cwd(), file);
  await access(file).catch((cause: unknown) => {
    throw new ParameterFileError(`There is no parameter file ${name}.`, { cause });
  });
  const content: unknown = await readDeploymentParameters(file).catch((cause: unknown) => {
    throw new ParameterFileError(`${name} is not JSON5: ${detailOf(cause)}.`, { cause });
  });
  const checked = checkParameters(content);
  if (checked.kind === "wrong") throw new ParameterFileError(`${name}: ${checked.why}.`);
  return checked.value;
}

/** Ignition says only that parsing failed; what it was is one cause deeper. */
function detailOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
