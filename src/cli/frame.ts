import { ExitCode } from "../failure/exit-code.js";
import { didYouMean } from "../failure/nearest-name.js";
import type { Command, CommandEntry } from "./command.js";
import { createContext, type FrameContext, type Surroundings } from "./command-context.js";
import { environmentOptions } from "./environment-options.js";
import { formatExamples, TOP_EPILOGUE } from "./help-text.js";
import { Interrupted, type InterruptExitCode } from "./interruption.js";
import { declareCommon, parseArguments, type ParserSettings } from "./parse-arguments.js";
import { reportError } from "./report-error.js";
import { OutputClosed } from "./text-sink.js";
import { UsageError } from "./usage-error.js";

/**
 * Exit code of a command whose reader went away before it had written everything, as a shell
 * reports a program killed by SIGPIPE (128 + 13). Not 0: the command may have been a check.
 */
export const OUTPUT_CLOSED_EXIT_CODE = 141;

/** Every code that the process can end with. */
export type ProcessExitCode = ExitCode | InterruptExitCode | typeof OUTPUT_CLOSED_EXIT_CODE;

/** Help of ipamlab as a whole; loads no command. */
async function writeTopHelp(
  table: readonly CommandEntry[],
  settings: ParserSettings,
): Promise<string> {
  const { default: yargs } = await import("yargs");
  const parser = declareCommon(yargs(), settings).usage("ipamlab <command> [options]");
  for (const entry of table) {
    parser.command(entry.name, entry.describe);
  }
  const examples = table.flatMap((entry) => (entry.example === undefined ? [] : [entry.example]));
  return `${await parser.getHelp()}\n${formatExamples(examples)}${TOP_EPILOGUE}`;
}

/** The command that the first word names. */
async function loadCommand(name: string, table: readonly CommandEntry[]): Promise<Command> {
  const entry = table.find((candidate) => candidate.name === name);
  if (entry === undefined) {
    const names = table.map((candidate) => candidate.name);
    const hint = didYouMean(name, names) || "; ipamlab --help lists the commands";
    throw new UsageError(`unknown command "${name}"${hint}`);
  }
  return (await entry.load()).command;
}

/** `help` and `help simulate` are what `--help` and `simulate --help` are. */
function expandHelp(argv: readonly string[]): readonly string[] {
  return argv[0] === "help" ? [...argv.slice(1), "--help"] : argv;
}

/** What is known before a command is chosen: the command's name comes first or not at all. */
async function runWithoutCommand(
  argv: readonly string[],
  table: readonly CommandEntry[],
  settings: ParserSettings,
  context: FrameContext,
): Promise<ExitCode> {
  const unknown = argv.find(
    (token) => !/^(--help|-h|--version|--debug|--(no-)?color)$/.test(token),
  );
  if (unknown !== undefined) {
    const hint = didYouMean(unknown, ["--help", "--version", "--debug", "--color", "--no-color"]);
    throw new UsageError(`unknown option ${unknown}${hint || "; options follow the command"}`);
  }
  if (argv.includes("--version")) {
    context.stdout.write(`${settings.version}\n`);
    return ExitCode.ok;
  }
  const help = await writeTopHelp(table, settings);
  if (argv.includes("--help") || argv.includes("-h")) {
    context.stdout.write(help);
    return ExitCode.ok;
  }
  context.stderr.write(help);
  return ExitCode.badInput;
}

/** Runs what the command line asks for, and returns the exit code. */
async function dispatch(
  argv: readonly string[],
  table: readonly CommandEntry[],
  settings: ParserSettings,
  context: FrameContext,
): Promise<ExitCode> {
  const [name] = argv;
  if (name === undefined || name.startsWith("-")) {
    return await runWithoutCommand(argv, table, settings, context);
  }
  const command = await loadCommand(name, table);
  const parsed = await parseArguments(command, argv, settings);
  if (parsed.kind === "run") return await command.run(parsed.args, context);
  context.stdout.write(parsed.text);
  return ExitCode.ok;
}

/**
 * A common option as far as it is needed before parsing, whose own failure must be reported in the
 * way that the option asks for. A wrong value counts as absent; the parser complains about it.
 */
function readFlag(
  name: "color" | "debug",
  argv: readonly string[],
  env: Surroundings["env"],
): boolean | undefined {
  const spellings = new Map([
    [`--${name}`, true],
    [`--${name}=true`, true],
    [`--no-${name}`, false],
    [`--${name}=false`, false],
  ]);
  const given = argv.findLast((token) => spellings.has(token));
  if (given !== undefined) return spellings.get(given);
  try {
    const value = environmentOptions(env, { names: [name], booleans: new Set([name]) })[name];
    return value === undefined ? undefined : value === true;
  } catch {
    return undefined;
  }
}

/** Reports an error on standard error and returns the exit code that it means. */
function settleError(error: unknown, debug: boolean, context: FrameContext): ProcessExitCode {
  if (error instanceof OutputClosed) return OUTPUT_CLOSED_EXIT_CODE;
  const reason: unknown = context.signal.reason;
  const isAbort = error === reason || (error instanceof Error && error.name === "AbortError");
  if (reason instanceof Interrupted && isAbort) return reason.exitCode;
  const report = reportError(error, debug);
  try {
    context.stderr.write(report.text);
  } catch {
    // Nobody reads standard error; the exit code still tells.
  }
  return report.exitCode;
}

/**
 * Runs a command line from end to end: parses it, runs the command, reports what went wrong on
 * standard error, and returns the exit code. Does not throw and does not end the process.
 *
 * @param argv the command line without the interpreter and the program
 * @param table the commands; only the one that is named is loaded
 */
export async function runCommandLine(
  argv: readonly string[],
  table: readonly CommandEntry[],
  surroundings: Surroundings,
  version: string,
): Promise<ProcessExitCode> {
  const { env, signal } = surroundings;
  const context = createContext(surroundings, readFlag("color", argv, env));
  const settings: ParserSettings = { env, width: context.width, version };
  try {
    const exitCode = await dispatch(expandHelp(argv), table, settings, context);
    context.progress.clear();
    await context.stdout.flush();
    return signal.reason instanceof Interrupted ? signal.reason.exitCode : exitCode;
  } catch (error) {
    context.progress.clear();
    return settleError(error, readFlag("debug", argv, env) ?? false, context);
  }
}
