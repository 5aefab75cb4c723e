/** `npm run verify-deployment`: see its --help. */
import { toJson } from "../core/deployment/report.js";
import { describeVerification, sentenceOf } from "../core/deployment/verification.js";
import { parseVerifyOptions } from "../core/deployment/verifyOptions.js";
import { DeploymentError, classifyDeployFailure } from "../io/deployment/failures.js";
import { runAtEdge } from "../io/run.js";
import { terminal } from "../io/terminal.js";

async function main(argv: readonly string[]): Promise<void> {
  const request = parseVerifyOptions(argv);
  if (request.kind === "help") {
    terminal.result(request.text.trimEnd());
    return;
  }
  // Hardhat takes seconds to load, and a wrong option needs none of it.
  const { verifyDeployment } = await import("../io/deployment/verify.js");
  const verification = await verifyDeployment(request.options);
  const { differences } = verification;
  terminal.result(request.options.json ? toJson(verification) : describeVerification(verification));
  if (differences.length > 0) throw new DeploymentError("DIFFERENT", sentenceOf(differences));
  if (!request.options.json) terminal.result("Everything on the chain is as the record and the parameters have it.");
}

const argv = process.argv.slice(2);
await runAtEdge(async () => await main(argv), { json: argv.includes("--json"), classify: classifyDeployFailure });
