import cliProgress from "cli-progress";

export interface Progress {
  /** `done` steps of the total are behind; `note` says what is going on now, in a few words. */
  update(done: number, note?: string): void;
  /** Clears the bar, so that what is printed next starts on a line of its own. Safe to call twice. */
  stop(): void;
}

export interface ProgressOptions {
  readonly total: number;
  readonly label: string;
  /** With --json nothing may stand between the lines of a program that reads us. */
  readonly quiet: boolean;
  /** Stderr unless told: stdout is for results. */
  readonly stream?: Terminal;
}

/** What is asked of a stream: to take text, and to say whether a person watches. */
type Terminal = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** A log does not want a line a step; ten of them show that the command lives. */
const LINES = 10;

/** A bar on a terminal, an occasional line in a log, nothing when quiet. */
export function createProgress({ total, label, quiet, stream = process.stderr }: ProgressOptions): Progress {
  if (quiet) return { update: () => undefined, stop: () => undefined };
  return stream.isTTY ? barOn(stream, total, label) : linesOn(stream, total, label);
}

function barOn(stream: Terminal, total: number, label: string): Progress {
  const bar = new cliProgress.SingleBar(
    {
      stream,
      format: `${label} [{bar}] {value}/{total} {note}`,
      clearOnComplete: true,
      hideCursor: true,
      linewrap: false,
      barsize: 30,
    },
    cliProgress.Presets.shades_classic,
  );
  // Who breaks off finds his cursor again, and the process ends as it would have.
  const breakOff = (): void => {
    stop();
    process.kill(process.pid, "SIGINT");
  };
  const stop = (): void => {
    process.off("SIGINT", breakOff);
    bar.stop();
  };
  process.on("SIGINT", breakOff);
  bar.start(total, 0, { note: "" });
  return { update: (done, note) => bar.update(done, note === undefined ? {} : { note }), stop };
}

function linesOn(stream: Terminal, total: number, label: string): Progress {
  let printed = 0;
  return {
    update: (done, note) => {
      const tenth = Math.floor((done * LINES) / total);
      if (tenth <= printed) return;
      printed = tenth;
      stream.write(`${label}: ${done} of ${total}${note ? `, ${note}` : ""}\n`);
    },
    stop: () => undefined,
  };
}
