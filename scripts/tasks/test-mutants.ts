/** `npm run test:mutants`: see `--help`. */
import { HouseError } from "../core/house/errors.js";
import { parseMutantOptions, type MutantOptions } from "../core/mutants/options.js";
import { runAtEdge } from "../io/run.js";
import { terminal } from "../io/terminal.js";

const argv = process.argv.slice(2);

await runAtEdge(
  async () => {
    const request = parseMutantOptions(argv);
    if (request.kind === "help") terminal.result(request.text.trimEnd());
    else await run(request.options);
  },
  { json: argv.includes("--json") },
);

/** The compiler and the engine are loaded only when the command line is seen to be right. */
async function run(options: MutantOptions): Promise<void> {
  const { runMutants } = await import("../io/mutants/run.js");
  const { print } = await import("../io/mutants/print.js");
  try {
    const finished = await runMutants(options);
    print(finished, options);
    const { report, outdated } = finished;
    const findings = [
      ...outdated.map((id) => `no such mutant any more: ${id}`),
      ...report.refuted.map((id) => `listed as equivalent, and killed: ${id}`),
    ];
    const open = report.survivors.length;
    if (open + findings.length === 0) return;
    throw new HouseError(
      "MUTANTS",
      `${open} mutants survive; ${findings.length} rows of the list are wrong.`,
      findings,
    );
  } catch (cause) {
    if (cause instanceof HouseError && !options.json)
      for (const finding of cause.findings) terminal.say(`  ${finding}`);
    throw cause;
  }
}
