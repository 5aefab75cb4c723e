/** What a shell learns from a command: 0 it is done, 1 trying again will not help, 75 (EX_TEMPFAIL) it may. */
export const EXIT = { DONE: 0, FAILED: 1, RETRY: 75 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * A failure that the person at the terminal can do something about. Its message is one line that says what is wrong and
 * what to do; `code` is for programs. Anything that is not a ToolError is a bug, and keeps its stack at the edge.
 */
export class ToolError extends Error {
  override readonly name: string = "ToolError";

  constructor(
    readonly code: string,
    message: string,
    readonly exitCode: ExitCode = EXIT.FAILED,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** For a person: one line for each thing that is wrong, which is one line nearly always. */
  get lines(): readonly string[] {
    return [this.message];
  }
}

/** The command line asks for something that cannot be. */
export class UsageError extends ToolError {
  override readonly name = "UsageError";

  constructor(message: string, options?: ErrorOptions) {
    super("USAGE", `${message} See --help.`, EXIT.FAILED, options);
  }
}

/** The node did not answer; the same command may succeed a minute later. */
export class NodeSilentError extends ToolError {
  override readonly name = "NodeSilentError";

  constructor(message: string, options?: ErrorOptions) {
    super("NODE_SILENT", message, EXIT.RETRY, options);
  }
}
