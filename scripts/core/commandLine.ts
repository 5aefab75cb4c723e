/** What command lines have in common: words in, checked values out, one sentence for each mistake. */
import type { ParseArgsOptionsConfig } from "node:util";

import { parseArgs } from "node:util";
import { z } from "zod";

import { UsageError } from "./errors.js";
import { parseMoment } from "./prices/moment.js";

interface Read<Known extends ParseArgsOptionsConfig> {
  readonly values: ReturnType<
    typeof parseArgs<{ args: string[]; options: Known; strict: true; allowPositionals: true }>
  >["values"];
  /** What is no option, in its order. */
  readonly words: readonly string[];
}

/** What a command line says, by the names a command knows; `example` is one of its options, for whoever forgot the dashes. */
export function readArguments<const Known extends ParseArgsOptionsConfig>(
  argv: readonly string[],
  options: Known,
  example: string,
): Read<Known>["values"] {
  const { values, words } = readWithWords(argv, options);
  const [word] = words;
  if (word === undefined) return values;
  throw new UsageError(`Unexpected word "${word}": every option starts with --, such as ${example}.`);
}

/** The same of a command that takes words beside its options, such as names of files. */
export function readWithWords<const Known extends ParseArgsOptionsConfig>(
  argv: readonly string[],
  options: Known,
): Read<Known> {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, strict: true, allowPositionals: true });
    return { values, words: positionals };
  } catch (cause) {
    throw usageErrorOf(cause, argv, options);
  }
}

/** node:util's errors say which rule was broken in their code, and it over several sentences in their message. */
function usageErrorOf(cause: unknown, argv: readonly string[], options: ParseArgsOptionsConfig): unknown {
  if (!(cause instanceof TypeError) || !("code" in cause)) return cause;
  // An option's short name may stand before it, and its argument after it.
  const quoted = /'(?:-\w, )?(-[^' ]*)/.exec(cause.message)?.[1] ?? "";
  const name = quoted.replace(/^--?/, "").replace(/=.*/, "");
  switch (cause.code) {
    case "ERR_PARSE_ARGS_UNKNOWN_OPTION": {
      const guess = Object.keys(options).find((known) => known !== name && isSlip(name, known));
      return new UsageError(`Unknown option ${quoted}.${guess ? ` Did you mean --${guess}?` : ""}`, { cause });
    }
    case "ERR_PARSE_ARGS_INVALID_OPTION_VALUE": {
      if (options[name]?.type === "boolean") return new UsageError(`${quoted} takes no value.`, { cause });
      // It also refuses `--seed -5`, where the value only looks like an option; `--seed=-5` reaches the check of the number.
      const at = argv.findIndex((word, i) => word === `--${name}` && (argv[i + 1] ?? "-").startsWith("-"));
      const next = argv[at + 1];
      const found = at >= 0 && next !== undefined ? ` but is followed by ${next}` : "";
      return new UsageError(`--${name} needs a value${found}.`, { cause });
    }
    default:
      return cause;
  }
}

/** Whether a name was probably meant as another: the beginning of it, or one letter too many, too few, or swapped. */
function isSlip(typed: string, known: string): boolean {
  if (typed.length >= 2 && (known.startsWith(typed) || typed.startsWith(known))) return true;
  if (Math.abs(typed.length - known.length) > 1) return false;
  let i = 0;
  while (i < known.length && typed[i] === known[i]) i++;
  const rests = [
    [typed.slice(i + 1), known.slice(i + 1)],
    [typed.slice(i + 1), known.slice(i)],
    [typed.slice(i), known.slice(i + 1)],
    [
      typed.slice(i),
      known
        .slice(i, i + 2)
        .split("")
        .reverse()
        .join("") + known.slice(i + 2),
    ],
  ];
  return rests.some(([a, b]) => a === b);
}

/** The values by the rules of `shape`, or a {@link UsageError} for the first that breaks one. */
export function checkedValues<Output>(shape: z.ZodType<Output, z.ZodTypeDef, unknown>, values: unknown): Output {
  const parsed = shape.safeParse(values);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(`--${issue?.path[0] ?? ""} ${issue?.message ?? "is wrong"}.`);
}

/** For a transform: `message` finishes the sentence "--name ...". */
export function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: z.ZodIssueCode.custom, message });
  return z.NEVER;
}

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words): z.ZodType<Words[number]> {
  return z.enum(words, {
    errorMap: (_, { data }) => ({
      message: `must be one of ${words.join(", ")}${data === undefined ? "" : ` (found "${String(data)}")`}`,
    }),
  });
}

export const FilePath = z.string().min(1, "must be a file");

export const FolderPath = z.string().trim().min(1, "must be a folder");

const isHttp = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

export const NodeAddress = z
  .string()
  .refine(isHttp, "must be the http or https address of a node, such as http://127.0.0.1:8545");

/** {s} A UTC time. */
export const Moment = z.string().transform((text, context) => {
  return (
    parseMoment(text) ?? refuse(context, "must be a UTC time like 2020-03-12 or 2020-03-12T10:00, or unix seconds")
  );
});

/** In plain digits; `meaning` says what is counted, as in "the number of steps". */
export function wholeNumber(low: number, high: number, meaning: string): z.ZodType<number, z.ZodTypeDef, string> {
  const message = `must be ${meaning}, a whole number from ${low} to ${high}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, message)
    .transform(Number)
    .refine((value) => value >= low && value <= high, message);
}
