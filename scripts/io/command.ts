import { parseArgs, type ParseArgsConfig } from "node:util";

import type { z } from "zod";

import { UsageError } from "../core/errors.js";
import { HouseError } from "../core/house/errors.js";
import { runAtEdge } from "./run.js";
import { terminal } from "./terminal.js";

/** Reads the command line; what follows works on the schema's type and sees no string. */
export function readOptions<Options>(
  schema: z.ZodType<Options, z.ZodTypeDef, unknown>,
  options: NonNullable<ParseArgsConfig["options"]>,
  args: readonly string[] = process.argv.slice(2),
): Options {
  let values: unknown;
  try {
    ({ values } = parseArgs({ args: [...args], options, strict: true }));
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `--${path.join(".")}: ${message}`);
  throw new UsageError(`${issues.join("; ")}.`, { cause: parsed.error });
}

/** Runs a command of the house: what a check found is listed, line by line, before the edge says what it comes to. */
export async function runCommand(body: () => Promise<void> | void): Promise<void> {
  const listed = async (): Promise<void> => {
    try {
      await body();
    } catch (cause) {
      if (cause instanceof HouseError) for (const finding of cause.findings) terminal.say(`  ${finding}`);
      throw cause;
    }
  };
  await runAtEdge(listed, { json: false });
}
