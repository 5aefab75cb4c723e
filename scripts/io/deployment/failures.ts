/** Turns what Hardhat, Ignition and the node say into one sentence each, with a code that tells whether to try again. */
import { HardhatError } from "@nomicfoundation/hardhat-errors";

import { nameFields } from "../../core/deployment/refusal.js";
import { EXIT, ToolError } from "../../core/errors.js";
import { classifyNodeFailure, isNodeSilent } from "../node.js";

const { CORE, IGNITION } = HardhatError.ERRORS;

export class DeploymentError extends ToolError {
  override readonly name = "DeploymentError";
}

/** For the edge of the command: a failure that a person can act on becomes a {@link ToolError}; a bug stays what it is. */
export function classifyDeployFailure(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  return classifyHardhat(cause) ?? classifyFunds(cause) ?? classifyNodeFailure(cause);
}

function classifyHardhat(cause: Error): ToolError | undefined {
  if (!HardhatError.isHardhatError(cause)) return undefined;
  const options = { cause };
  const { errorCode } = cause;

  const variable = /(?:Variable|Key) "(\w+)" not found/.exec(cause.message)?.[1];
  if (variable !== undefined) {
    return new DeploymentError(
      "MISSING_VARIABLE",
      `${variable} is not set: export it, or keep it in the keystore with npx hardhat keystore set ${variable}.`,
      EXIT.FAILED,
      options,
    );
  }
  const malformed = /Invalid (.+) value for the configuration variable "(\w+)"/.exec(cause.message);
  if (malformed !== null) {
    return new DeploymentError(
      "WRONG_VARIABLE",
      `${malformed[2]} is not a valid ${malformed[1]}.`,
      EXIT.FAILED,
      options,
    );
  }
  if (HardhatError.isHardhatError(cause, CORE.NETWORK.INVALID_GLOBAL_CHAIN_ID)) {
    return new DeploymentError("WRONG_CHAIN", `${lineOf(cause)} Check the address of the node.`, EXIT.FAILED, options);
  }
  if (
    HardhatError.isHardhatError(cause, IGNITION.EXECUTION.WAITING_FOR_CONFIRMATIONS) ||
    HardhatError.isHardhatError(cause, IGNITION.EXECUTION.WAITING_FOR_NONCE)
  ) {
    const message = "Transactions of the deployer are not confirmed yet: try again in a minute.";
    return new DeploymentError("NOT_CONFIRMED", message, EXIT.RETRY, options);
  }
  if (HardhatError.isHardhatError(cause, IGNITION.INTERNAL.DEPLOYMENT_ERROR)) return classifyIgnition(cause);
  // What Hardhat says with a number it says to people: a wrong password of the keystore, a node that refuses a request.
  if (isNodeSilent(cause)) return undefined;
  return classifyFunds(cause) ?? new DeploymentError(errorCode, lineOf(cause), EXIT.FAILED, options);
}

/** Ignition reports the outcome of a deployment in prose only; its first sentence says which kind it is. */
function classifyIgnition(cause: Error): ToolError {
  const options = { cause };
  const details = nameFields([...cause.message.matchAll(/\* (.+)/g)].map(([, detail]) => detail).join("; "));
  if (cause.message.includes("reconciliation errors")) {
    const advice =
      "What is deployed was deployed with other parameters or contracts, and stays. Parameters now change through the " +
      "governor; for a second deployment choose another --id.";
    return new DeploymentError("CHANGED", `${advice} Different: ${details}`, EXIT.FAILED, options);
  }
  if (cause.message.includes("previous run")) {
    const advice = "An earlier run failed at this step; undo it with npx hardhat ignition wipe, then run this again:";
    return new DeploymentError("FAILED_BEFORE", `${advice} ${details}`, EXIT.FAILED, options);
  }
  if (cause.message.includes("Timed out:") && !cause.message.includes("Failures:")) {
    return new DeploymentError("TIMED_OUT", `Not mined in time, try again later: ${details}`, EXIT.RETRY, options);
  }
  return new DeploymentError("REFUSED", `The chain refused a step: ${details}`, EXIT.FAILED, options);
}

function classifyFunds(cause: Error): ToolError | undefined {
  if (!/insufficient funds|enough funds|exceeds balance/i.test(cause.message)) return undefined;
  const message = "The deployer has not enough ether for the next transaction; send it some and run this again.";
  return new DeploymentError("NO_FUNDS", message, EXIT.FAILED, { cause });
}

/** Without Hardhat's own number in front, and on one line. */
function lineOf(error: Error): string {
  const text = error.message.replace(/^HHE\d+: /, "").replace(/\s*\n\s*/g, " ");
  return text.endsWith(".") ? text : `${text}.`;
}
