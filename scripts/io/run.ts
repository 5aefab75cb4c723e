import { ToolError } from "../core/errors.js";

export interface Edge {
  /** One line on stderr as JSON instead of words. */
  readonly json: boolean;
  /** Turns a foreign failure (a silent node, a full disk) into a {@link ToolError}, or gives it back as it is. */
  readonly classify?: (cause: unknown) => unknown;
  readonly stderr?: Pick<NodeJS.WriteStream, "write">;
}

/**
 * The edge of a command: an expected failure becomes one line on stderr and the exit code it carries; anything else is a
 * bug and leaves with its stack. The exit code is set, not taken at once, so that output still in a pipe is not lost.
 */
export async function runAtEdge(body: () => Promise<void>, { json, classify, stderr }: Edge): Promise<void> {
  try {
    await body();
  } catch (cause) {
    const error = classify ? classify(cause) : cause;
    if (!(error instanceof ToolError)) throw error;
    const { code, exitCode } = error;
    const out = stderr ?? process.stderr;
    const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, " ");
    if (json) out.write(`${JSON.stringify({ msg: oneLine(error.message), code, exitCode })}\n`);
    else for (const line of error.lines) out.write(`${oneLine(line)}\n`);
    process.exitCode = exitCode;
  }
}
