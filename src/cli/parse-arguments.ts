import type { ArgumentsCamelCase, Argv } from "yargs";
import type { Command } from "./command.js";
import { type DeclaredOptions, readDeclaredOptions, resultKeys } from "./declared-options.js";
import { environmentName, environmentOptions } from "./environment-options.js";
import { formatExamples } from "./help-text.js";
import { UsageError } from "./usage-error.js";
import { describeUsage } from "./usage-message.js";

/** What the parser needs besides the command line. */
export interface ParserSettings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Columns for help. */
  readonly width: number;
  readonly version: string;
}

/** What the command line asks for: to run the command, or to print a text (help, version). */
export type ParsedArguments =
  | { readonly kind: "run"; readonly args: ArgumentsCamelCase }
  | { readonly kind: "print"; readonly text: string };

const MAX_HELP_WIDTH = 100;

/** Sets up what all of ipamlab's parsers have in common. */
export function declareCommon(parser: Argv, settings: ParserSettings): Argv {
  return parser
    .scriptName("ipamlab")
    .locale("en")
    .parserConfiguration({
      "dot-notation": false,
      // `--tag a scenario.yaml` must not swallow the scenario.
      "greedy-arrays": false,
      // Numbers are read by `numberOption`, which refuses what is none.
      "parse-numbers": false,
      "parse-positional-numbers": false,
    })
    .option("color", { type: "boolean", describe: "Colours, or none: --no-color" })
    .option("debug", { type: "boolean", describe: "Show the stack of an error" })
    .help("help", "Show help")
    .alias("h", "help")
    .version("version", "Show the version", settings.version)
    .group(["color", "debug", "help", "version"], "Common options:")
    .wrap(Math.min(settings.width, MAX_HELP_WIDTH))
    .exitProcess(false);
}

/** Declares a command's own options, then what the frame lays over them. */
function declareOptions(command: Command, parser: Argv, env: ParserSettings["env"]): Argv {
  command.builder(parser);
  const declared = readDeclaredOptions(parser, command.command);
  for (const name of declared.names) {
    // Without this, `--format` with nothing behind it is silently ignored.
    if (takesValue(declared, name)) parser.nargs(name, 1);
  }
  const names = declared.names.filter((name) => name !== "help" && name !== "version");
  parser.config(environmentOptions(env, { names, booleans: declared.booleans }));
  return parser;
}

function takesValue(declared: DeclaredOptions, name: string): boolean {
  return !declared.booleans.has(name) && !declared.counts.has(name);
}

/** yargs ignores an array option without a value, and takes `--out=` as the empty text. */
function refuseMissingValues(argv: readonly string[], declared: DeclaredOptions): void {
  const valued = new Set(
    declared.names
      .filter((name) => takesValue(declared, name))
      .flatMap((name) => [name, ...(declared.aliases[name] ?? [])])
      .map((spelling) => (spelling.length === 1 ? `-${spelling}` : `--${spelling}`)),
  );
  const end = argv.indexOf("--");
  const tokens = end < 0 ? argv : argv.slice(0, end);
  for (const [index, token] of tokens.entries()) {
    const name = token.replace(/=$/, "");
    if (!valued.has(name)) continue;
    const next = tokens[index + 1];
    const isMissing = next === undefined || next === "" || /^-\D/.test(next);
    if (token !== name || isMissing) throw new UsageError(`${name} needs a value`);
  }
}

/** Takes the last value of a scalar option given twice, and refuses what is not a number. */
function settleOptions(args: Record<string, unknown>, declared: DeclaredOptions): void {
  const scalars = declared.names.filter((name) => !declared.arrays.has(name));
  for (const name of scalars) {
    for (const key of resultKeys(declared, name)) {
      const value = args[key];
      if (Array.isArray(value)) args[key] = value.at(-1);
      if (Number.isNaN(args[key])) throw new UsageError(`--${name}: expected a number`);
    }
  }
}

/** Refuses empty and non-numeric positional arguments. */
function settlePositionals(
  args: Record<string, unknown>,
  argv: readonly string[],
  declared: DeclaredOptions,
): void {
  for (const { name } of declared.positionals) {
    const settle = (value: unknown): unknown => {
      // yargs hands over `-`, the usual name of standard input, as the empty text.
      if (value === "" && argv.includes("-")) return "-";
      if (value === "") throw new UsageError(`<${name}> is empty`);
      if (Number.isNaN(value)) throw new UsageError(`<${name}>: expected a number`);
      return value;
    };
    const value = args[name];
    if (value !== undefined) args[name] = Array.isArray(value) ? value.map(settle) : settle(value);
  }
}

/** Says where a value comes from when the command line does not show it. */
function nameEnvironment(message: string, argv: readonly string[], env: ParserSettings["env"]) {
  const name = /^--([\w-]+): /.exec(message)?.[1];
  if (name === undefined || argv.some((token) => token.split("=", 1)[0] === `--${name}`)) {
    return message;
  }
  const variable = environmentName(name);
  return env[variable] ? `${message} (from the environment variable ${variable})` : message;
}

/**
 * Parses the command line of one command, `argv[0]` being its name.
 *
 * @throws UsageError when the command line (or an `IPAMLAB_…` variable) is wrong.
 */
export async function parseArguments(
  command: Command,
  argv: readonly string[],
  settings: ParserSettings,
): Promise<ParsedArguments> {
  const { default: yargs } = await import("yargs");
  let declared: DeclaredOptions | undefined;
  let args: ArgumentsCamelCase | undefined;
  // yargs goes on after a fault, and what it then finds may only follow from the first.
  const faults: (string | Error)[] = [];
  let output = "";
  const parser = declareCommon(yargs(), settings)
    .strict()
    .command(
      command.command,
      command.describe,
      (own) => {
        declareOptions(command, own, settings.env);
        declared = readDeclaredOptions(own, command.command);
        return own;
      },
      (parsed) => {
        args = parsed;
      },
    )
    .fail((message: string | undefined, error: Error | undefined) => {
      const isUsage = error === undefined || error.name === "YError";
      faults.push(isUsage ? (message ?? "wrong command line") : error);
    });
  await parser.parseAsync([...argv], {}, (_error, _args, text) => {
    output = text;
  });
  const [fault] = faults;
  if (fault instanceof Error) throw fault;
  if (declared === undefined) throw new Error(`${command.command} was not parsed: ${fault}`);
  if (fault !== undefined) {
    const text = describeUsage(fault, { declared, argv, command: command.command });
    throw new UsageError(nameEnvironment(text, argv, settings.env));
  }
  if (args === undefined) {
    const examples = output === settings.version ? "" : formatExamples(command.examples ?? []);
    return { kind: "print", text: `${output}\n${examples}` };
  }
  refuseMissingValues(argv, declared);
  settleOptions(args, declared);
  settlePositionals(args, argv, declared);
  // The rest of the command line behind `--`: no command takes any.
  const extra = args._[1];
  if (extra !== undefined) throw new UsageError(`unexpected argument "${extra}"`);
  return { kind: "run", args };
}
