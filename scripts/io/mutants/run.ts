/** A run of `npm run test:mutants`: builds, records, judges, and says what it came to. */
import type { MutantOptions } from "../../core/mutants/options.js";
import type { Mutant } from "../../core/mutants/types.js";

import { outdated, parseEquivalents } from "../../core/mutants/equivalents.js";
import { chosen } from "../../core/mutants/options.js";
import { byMutant } from "../../core/mutants/reach.js";
import { reportOf, type MutantReport } from "../../core/mutants/report.js";
import { createProgress, type Progress } from "../progress.js";
import { terminal } from "../terminal.js";
import { readText } from "../tree.js";
import { judge } from "./judge.js";
import { eachOf, Pool } from "./pool.js";
import { PROJECT, buildProject, writeProject, type Planned } from "./project.js";
import { record } from "./record.js";
import { Verdicts } from "./store.js";

const PAGE = "docs/MUTANTS.md";

export interface Finished {
  readonly report: MutantReport;
  readonly chosen: readonly Mutant[];
  readonly omissions: Planned["omissions"];
  readonly outdated: readonly string[];
}

export async function runMutants(options: MutantOptions): Promise<Finished> {
  const { json: quiet, jobs } = options;
  const say = (text: string): void => {
    if (!quiet) terminal.say(text);
  };
  const start = (label: string, total: number): Progress => createProgress({ total, label, quiet });

  const { mutants, omissions, fingerprint } = writeProject();
  const wanted = chosen(mutants, options);
  say(`${mutants.length} mutants in one build; ${wanted.length} to judge. Building: some minutes, the first time.`);
  await buildProject();

  const pool = new Pool(PROJECT, jobs);
  const verdicts = new Verdicts();
  try {
    const tests = await record({ pool, fingerprint, start });
    await judgeAll({
      options,
      wanted,
      pool,
      verdicts,
      tests: byMutant(tests),
      progress: start("mutants", wanted.length),
    });
  } finally {
    pool.close();
    verdicts.save();
  }
  const equivalents = parseEquivalents(readText(PAGE));
  const judged = wanted.flatMap((mutant) => {
    const verdict = verdicts.get(mutant.id);
    return verdict === null ? [] : [{ mutant, verdict }];
  });
  return { report: reportOf(judged, equivalents), chosen: wanted, omissions, outdated: outdated(equivalents, mutants) };
}

interface Judging {
  readonly options: MutantOptions;
  readonly wanted: readonly Mutant[];
  readonly pool: Pool;
  readonly verdicts: Verdicts;
  readonly tests: ReturnType<typeof byMutant>;
  readonly progress: Progress;
}

async function judgeAll({ options, wanted, pool, verdicts, tests, progress }: Judging): Promise<void> {
  const { resume, survivors, quick } = options;
  const isOpen = ({ id }: Mutant): boolean => {
    const verdict = verdicts.get(id);
    if (verdict === null) return true;
    return survivors ? verdict.kind !== "killed" : !resume;
  };
  const rest = wanted.filter(isOpen);
  for (const { id } of rest) verdicts.forget(id);
  let done = wanted.length - rest.length;
  let open = 0;
  try {
    await eachOf(rest, pool.jobs, async (mutant) => {
      const verdict = await judge({ mutant, tests: tests.get(mutant.number) ?? [], last: quick ? "few" : "all" }, pool);
      verdicts.set(mutant.id, verdict);
      if (verdict.kind !== "killed") ++open;
      progress.update(++done, `${open} survive; ${mutant.file}:${mutant.line}`);
    });
  } finally {
    progress.stop();
  }
}
