/** Worker processes that take trials in turn; one whose run does not end is ended and replaced. */
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

import { ToolError } from "../../core/errors.js";
import { TrialOutcome, type Trial } from "../../core/mutants/trial.js";

const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));

/** A run's outcome, or that it took too long. */
export type Tried = { readonly kind: "done"; readonly outcome: TrialOutcome } | { readonly kind: "stuck" };

interface Worker {
  readonly child: ChildProcess;
  readonly ready: Promise<unknown>;
}

export class Pool {
  readonly #idle: Worker[] = [];
  readonly #waiting: ((worker: Worker) => void)[] = [];
  readonly #children = new Set<ChildProcess>();
  #closed = false;

  constructor(
    readonly project: string,
    readonly jobs: number,
  ) {
    for (let job = 0; job < jobs; ++job) this.#idle.push(this.#start());
  }

  #start(): Worker {
    const child = fork(WORKER, [this.project], { execArgv: ["--import", "tsx"], stdio: ["ignore", 2, 2, "ipc"] });
    this.#children.add(child);
    const ready = new Promise((resolve, reject) => {
      child.once("message", resolve);
      child.once("exit", () => reject(new ToolError("MUTANTS_ENGINE", "The engine broke off before its first test.")));
    });
    // Whoever takes the worker hears of it; until then it is nobody's.
    ready.catch(() => undefined);
    return { child, ready };
  }

  /** @param timeout In milliseconds; the worker's own start does not count. */
  async try(trial: Trial, timeout: number): Promise<Tried> {
    const worker = this.#idle.pop() ?? (await new Promise<Worker>((resolve) => this.#waiting.push(resolve)));
    await worker.ready;
    const tried = await ask(worker.child, trial, timeout);
    this.#release(tried.kind === "done" ? worker : this.#replace(worker));
    return tried;
  }

  #replace({ child }: Worker): Worker {
    child.kill("SIGKILL");
    this.#children.delete(child);
    return this.#start();
  }

  #release(worker: Worker): void {
    if (this.#closed) return;
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(worker);
    else next(worker);
  }

  close(): void {
    this.#closed = true;
    for (const child of this.#children) child.kill();
  }
}

/** Throws where the process ends by itself: that is the engine's failure, and says nothing of a mutant. */
async function ask(child: ChildProcess, trial: Trial, timeout: number): Promise<Tried> {
  return await new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      child.off("message", answered).off("exit", exited);
    };
    const answered = (message: unknown): void => {
      end();
      resolve({ kind: "done", outcome: TrialOutcome.parse(message) });
    };
    const exited = (): void => {
      end();
      reject(new ToolError("MUTANTS_ENGINE", `The engine broke off in ${trial.suite}, mutant ${trial.mutant}.`));
    };
    const timer = setTimeout(() => {
      end();
      resolve({ kind: "stuck" });
    }, timeout);
    child.on("message", answered).on("exit", exited);
    child.send(trial);
  });
}

/** Does `body` for each item, `jobs` at a time, in the items' order. */
export async function eachOf<Item>(
  items: readonly Item[],
  jobs: number,
  body: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const work = async (): Promise<void> => {
    for (const item of rest) await body(item);
  };
  await Promise.all(Array.from({ length: jobs }, work));
}
