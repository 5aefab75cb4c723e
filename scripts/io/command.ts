import type { z } from "zod";

import { readArguments } from "../core/commandLine.js";
import { HouseError } from "../core/house/errors.js";
import { runAtEdge } from "./run.js";
import { terminal } from "./terminal.js";

/** Reads a command line of flags; what follows works on the schema's type. `--help` prints the usage and ends there. */
export function readFlags<Flags>(
  usage: string,
  schema: z.ZodObject<z.ZodRawShape, "strict", z.ZodTypeAny, Flags>,
  args: readonly string[] = process.argv.slice(2),
): Flags {
  const names = [...Object.keys(schema.shape), "help"];
  const options = Object.fromEntries(names.map((name) => [name, { type: "boolean" as const }]));
  const { help, ...flags } = readArguments(args, options, "--help");
  if (help === true) {
    terminal.result(usage);
    process.exit(0);
  }
  return schema.parse(flags);
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
  await runAtEdge(listed, { json: process.argv.includes("--json") });
}
