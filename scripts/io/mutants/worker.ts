/**
 * A process that runs tests by request: the engine and the build are loaded once, and each trial starts at once. It is a
 * process of its own because a run that does not end cannot be stopped but with its process.
 */
import {
  CollectStackTraces,
  EdrContext,
  FsAccessPermission,
  L1_CHAIN_TYPE,
  l1SolidityTestRunnerFactory,
  TestStatus,
  type SolidityTestRunnerConfigArgs,
  type SuiteResult,
} from "@nomicfoundation/edr";

import { FIRST_COINBASE, RECORDING_COINBASE } from "../../core/mutants/library.js";
import { patternOf, Trial, type TestOutcome, type TrialOutcome } from "../../core/mutants/trial.js";
import { loadSuites } from "./suites.js";

/** As in hardhat.config.ts. */
const FUZZ_SEED = "0xba11a57";
const INVARIANT = { runs: 8, depth: 60, failOnRevert: true };
/** Enough for any test, and an endless loop is over in seconds. */
const GAS_LIMIT = 1n << 32n;

const [project = "."] = process.argv.slice(2);
process.chdir(project);
const { suites, artifacts } = loadSuites(project);
const context = new EdrContext();
await context.registerSolidityTestRunnerFactory(L1_CHAIN_TYPE, l1SolidityTestRunnerFactory());

function coinbaseOf({ mutant }: Trial): Uint8Array {
  if (mutant === 0) return new Uint8Array(20);
  const address = mutant === null ? RECORDING_COINBASE : FIRST_COINBASE + BigInt(mutant);
  return Uint8Array.from(Buffer.from(address.toString(16).padStart(40, "0"), "hex"));
}

async function run(trial: Trial): Promise<TrialOutcome> {
  const suite = suites.get(trial.suite);
  if (suite === undefined) throw new Error(`${trial.suite} is no suite`);
  const asked = new Set<number>();
  const record = (hits: readonly Uint8Array[]): Promise<void> => {
    for (const hit of hits) asked.add(Number(`0x${Buffer.from(hit).toString("hex")}`));
    return Promise.resolve();
  };
  const config: SolidityTestRunnerConfigArgs = {
    projectRoot: project,
    hardfork: "osaka",
    fsPermissions: [{ access: FsAccessPermission.ReadDirectory, path: "./artifacts" }],
    fuzz: { runs: trial.fuzzRuns, seed: FUZZ_SEED },
    invariant: INVARIANT,
    disableBlockGasLimit: true,
    disableTransactionGasCap: true,
    gasLimit: GAS_LIMIT,
    blockCoinbase: coinbaseOf(trial),
    testPattern: patternOf(trial.tests),
    collectStackTraces: CollectStackTraces.OnFailure,
    ...(trial.mutant === null ? { observability: { codeCoverage: { onCollectedCoverageCallback: record } } } : {}),
  };
  const started = performance.now();
  const walks = trial.tests.some((name) => name.startsWith("invariant"));
  const known = walks ? [...artifacts] : [suite.artifact];
  const tracing = { buildInfos: [], ignoreContracts: false };
  // The suite's result may come after the run's.
  const result = await new Promise<SuiteResult>((resolve, reject) => {
    context.runSolidityTests(L1_CHAIN_TYPE, known, [suite.artifact.id], config, tracing, resolve).catch(reject);
  });
  const outcomes = result.testResults.map(outcomeOf);
  return { outcomes, asked: [...asked], ms: performance.now() - started };
}

function outcomeOf({ name, status, kind, durationNs, reason }: SuiteResult["testResults"][number]): TestOutcome {
  return {
    name: name.replace(/\(.*$/, ""),
    passed: status !== TestStatus.Failure,
    kind: "calls" in kind ? "invariant" : "runs" in kind ? "fuzz" : "unit",
    ms: Number(durationNs) / 1e6,
    reason: reason ?? "",
  };
}

process.on("message", (message) => {
  void run(Trial.parse(message)).then((outcome) => process.send?.(outcome));
});
process.send?.("ready");
