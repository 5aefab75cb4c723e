/** Verdicts by the mutants' identities, kept while they come, so that a run that is interrupted can go on. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { z } from "zod";

import type { Verdict } from "../../core/mutants/types.js";

import { EXIT, ToolError } from "../../core/errors.js";
import { FOLDER } from "./project.js";

const STORE = join(FOLDER, "verdicts.json");
const EVERY_MS = 5_000;

const StageName = z.enum(["few", "all"]);

const Kept = z.record(
  z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("killed"), stage: StageName, by: z.string() }).strict(),
    z.object({ kind: z.literal("survived"), tests: z.number(), stage: StageName }).strict(),
    z.object({ kind: z.literal("unreached") }).strict(),
  ]),
);

export class Verdicts {
  readonly #verdicts: Map<string, Verdict>;
  #saved = 0;

  constructor() {
    this.#verdicts = new Map(Object.entries(existsSync(STORE) ? readKept() : {}));
  }

  get(id: string): Verdict | null {
    return this.#verdicts.get(id) ?? null;
  }

  forget(id: string): void {
    this.#verdicts.delete(id);
  }

  set(id: string, verdict: Verdict): void {
    this.#verdicts.set(id, verdict);
    if (Date.now() - this.#saved > EVERY_MS) this.save();
  }

  save(): void {
    mkdirSync(dirname(STORE), { recursive: true });
    writeFileSync(`${STORE}.draft`, JSON.stringify(Object.fromEntries(this.#verdicts), null, 1));
    renameSync(`${STORE}.draft`, STORE);
    this.#saved = Date.now();
  }
}

/** Hours of verdicts are not thrown away by themselves, as a recording is. */
function readKept(): z.infer<typeof Kept> {
  try {
    return Kept.parse(JSON.parse(readFileSync(STORE, "utf8")));
  } catch (cause) {
    const message = "cache/mutants/verdicts.json cannot be read: delete it, and every mutant is judged anew.";
    throw new ToolError("MUTANTS_VERDICTS", message, EXIT.FAILED, { cause });
  }
}
